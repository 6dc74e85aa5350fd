//! One count everywhere: what the upstream saw, what the ledger has, what the consumer's page shows.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use domain::plan::grouped;
use http::{Request, header};
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use server::temporary::TemporaryFolder;
use tokio::net::TcpStream;

use crate::{
    browser::{Browser, call},
    corpus,
    product::{PETS, Product, publish},
    upstream,
};

const CALLS: usize = 10_000;
const CONNECTIONS: usize = 8;
/// What is promised, two seconds, and a little for the pages that are asked for meanwhile.
const SHOWN_WITHIN: Duration = Duration::from_millis(2_500);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_calls_are_ten_thousand_everywhere() {
    let upstream = upstream::Process::start();
    let folder = TemporaryFolder::new("turnpike-it").unwrap();
    let product = Product::start_in(folder.path()).await;
    product.account("first@turnpike.example").await;
    let (mut consumer, application, key) = world(&product, &format!("http://{}", upstream.address)).await;
    let gateway = product.gateway();

    let large = corpus::first_path(&corpus::large_document());
    let paths = Arc::new(vec![
        "/acme/petstore/v1/pets/pet_1".to_owned(),
        format!("/acme/large/v1{large}"),
    ]);
    let calling = drive(gateway, &key, Arc::clone(&paths));
    // The configuration changes under the calls; nothing is lost by that and no counter starts again.
    let gateway_config = &product.running.services().gateway_config;
    let before = gateway_config.revision().await.unwrap();
    let page = consumer.get(&application).await.expect(200).body;
    let used = revocations(&page).next().expect("the key can be revoked");
    let changing = async {
        for n in 0..5 {
            let name = format!("Other {n}");
            let keys = format!("{application}/keys");
            let shown = consumer.post(&keys, &[("name", &name)]).await.expect(200);
            call(gateway, &shown.word("tp_live_"), "/acme/petstore/nowhere")
                .await
                .expect(404);
            let page = consumer.get(&application).await.expect(200).body;
            let revoke = revocations(&page)
                .find(|action| *action != used)
                .expect("the new key can be revoked");
            consumer.post(revoke, &[("confirm", &name)]).await.expect(303);
        }
    };
    let (passed, ()) = tokio::join!(calling, changing);
    assert_eq!(passed, CALLS);
    let changes = gateway_config.revision().await.unwrap() - before;
    assert!(changes >= 10, "the configuration changed {changes} times");

    let seen = Browser::new(upstream.address)
        .get("/calls-so-far")
        .await
        .body
        .parse::<usize>()
        .unwrap();
    assert_eq!(seen, CALLS, "the upstream's count");
    let words = grouped(CALLS as u64);
    let since = Instant::now();
    while !consumer.get("/dashboard/usage").await.expect(200).body.contains(&words) {
        assert!(since.elapsed() < SHOWN_WITHIN, "the page does not show {words}");
    }
    // Refused calls count nowhere.
    call(gateway, "tp_live_nobody", &paths[0]).await.expect(401);
    let remaining = month_left(&call(gateway, &key, &paths[0]).await.expect(200));
    assert_eq!(remaining, 1_000_000 - CALLS as u64 - 1);

    product.stop().await;
    let product = Product::start_in(folder.path()).await;
    let remaining = month_left(&call(product.gateway(), &key, &paths[0]).await.expect(200));
    assert_eq!(remaining, 1_000_000 - CALLS as u64 - 2, "counters survive a restart");
    product.stop().await;
}

/// Petstore and a large document, published from files, with one plan and one subscribed application with a key: the
/// consumer, the page of the application, the key.
async fn world(product: &Product, upstream: &str) -> (Browser, String, String) {
    let mut provider = product.signed_in("ada@acme.example").await;
    provider
        .post("/console/new", &[("name", "Acme"), ("slug", "acme")])
        .await
        .expect(303);
    publish(&mut provider, "acme", "petstore", PETS.as_bytes(), upstream).await;
    publish(&mut provider, "acme", "large", &corpus::large_document(), upstream).await;
    let form = provider.get("/console/acme/plans/new").await.expect(200).body;
    let mut fields = vec![
        ("name", "Wide".to_owned()),
        ("slug", "wide".into()),
        ("quota", "1000000".into()),
        ("quota_per", "month".into()),
        ("approval", "automatic".into()),
    ];
    let mut ids: Vec<String> = form
        .match_indices("api_")
        .map(|(at, _)| form[at..at + 36].to_owned())
        .collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 2, "{ids:?}");
    fields.extend(ids.into_iter().map(|id| ("apis", id)));
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    provider.post("/console/acme/plans/new", &fields).await.expect(303);

    let mut consumer = product.signed_in("dev@consumer.example").await;
    let application = consumer
        .post("/subscribe/acme/wide", &[("name", "Shop")])
        .await
        .location();
    let shown = consumer
        .post(&format!("{application}/keys"), &[("name", "Key")])
        .await
        .expect(200);
    (consumer, application, shown.word("tp_live_"))
}

/// Calls from several connections; returns how many were answered with 200.
async fn drive(gateway: SocketAddr, key: &str, paths: Arc<Vec<String>>) -> usize {
    let mut connections = tokio::task::JoinSet::new();
    for connection in 0..CONNECTIONS {
        let (key, paths) = (key.to_owned(), Arc::clone(&paths));
        connections.spawn(async move {
            let stream = TcpStream::connect(gateway).await.unwrap();
            let (mut sender, task) = http1::handshake(TokioIo::new(stream)).await.unwrap();
            tokio::spawn(task);
            let mut passed = 0;
            for n in 0..CALLS / CONNECTIONS {
                sender.ready().await.unwrap();
                let request = Request::get(&paths[(n + connection) % 2])
                    .header(header::HOST, gateway.to_string())
                    .header("x-api-key", &key)
                    .body(Empty::<Bytes>::new())
                    .unwrap();
                let answer = sender.send_request(request).await.unwrap();
                passed += usize::from(answer.status() == 200);
                answer.into_body().collect().await.unwrap();
            }
            passed
        });
    }
    connections.join_all().await.into_iter().sum()
}

/// Where the active keys on the page of an application are revoked.
fn revocations(page: &str) -> impl Iterator<Item = &str> {
    page.split('"')
        .filter(|text| text.contains("/keys/key_") && text.ends_with("/revoke"))
}

/// What is left of the month, by the `RateLimit` header.
fn month_left(answer: &crate::browser::Answer) -> u64 {
    let header = answer.header("ratelimit");
    let rest = &header[header.find("r=").unwrap_or_else(|| panic!("{answer:?}")) + 2..];
    rest.split(';').next().unwrap().parse().unwrap()
}
