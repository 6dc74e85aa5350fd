//! How connections to upstreams are made, how many there are, and copies of calls.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use http::Response;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{ServerConfig, pki_types::PrivateKeyDer};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::{Notify, mpsc},
    time::timeout,
};
use tokio_rustls::TlsAcceptor;

use crate::{
    caller::{Caller, Reply, call, get},
    upstream::{Upstream, full},
    world::{Setup, World},
};

const PETS: &str = "/acme/petstore/v1/pets";
/// Longer than anything here takes.
const SOON: Duration = Duration::from_secs(20);

/// A gateway of one worker whose upstream has this target and settings.
fn world(url: &str, mut settings: Value) -> World {
    settings["targets"] = json!([{ "url": url }]);
    let upstream: domain::upstream::Upstream = serde_json::from_value(settings).unwrap();
    assert_eq!(upstream.check(), Ok(()), "it can be saved");
    let mut setup = Setup::new(None);
    setup.version.upstream = Some(upstream);
    let world = World::start_with(|options| options.threads = 1);
    assert!(world.snapshot.apply(setup.config()).is_taken);
    world
}

async fn pets(world: &World) -> Reply {
    timeout(SOON, call(world.address(), get(PETS, ""))).await.unwrap()
}

#[tokio::test]
async fn there_are_no_more_connections_than_there_may_be() {
    let go_on = Arc::new(Notify::new());
    let (began, mut begun) = mpsc::channel(1);
    let gate = Arc::clone(&go_on);
    let upstream = Upstream::start(move |_| {
        let (gate, began) = (Arc::clone(&gate), began.clone());
        async move {
            began.send(()).await.unwrap();
            gate.notified().await;
            Response::new(full("here"))
        }
    })
    .await;
    let world = world(&upstream.url(), json!({"connections": {"max": 1}}));
    let mut first = Caller::connect(world.address()).await;
    first.send(get(PETS, "")).await;
    begun.recv().await.unwrap();
    let refused = pets(&world).await;
    assert_eq!(refused.status, 503);
    refused.problem("upstream-busy");
    assert!(refused.header("proxy-status").contains("connection_limit_reached"));
    go_on.notify_one();
    assert_eq!(first.reply().await.text(), "here");
    // The connection is free now and serves the next.
    go_on.notify_one();
    assert_eq!(pets(&world).await.text(), "here");
    assert_eq!(upstream.calls(), 2);
}

/// Answers with the number of the connection, over TLS if there is a configuration.
async fn numbering(tls: Option<Arc<ServerConfig>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let acceptor = tls.map(TlsAcceptor::from);
    let numbers = Arc::new(AtomicUsize::new(0));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, numbers) = (acceptor.clone(), Arc::clone(&numbers));
            tokio::spawn(async move {
                let number = numbers.fetch_add(1, SeqCst);
                match acceptor {
                    Some(acceptor) => {
                        if let Ok(stream) = acceptor.accept(stream).await {
                            answer(stream, number).await;
                        }
                    }
                    None => answer(stream, number).await,
                }
            });
        }
    });
    address
}

async fn answer(mut stream: impl AsyncReadExt + AsyncWriteExt + Unpin, number: usize) {
    let text = format!("connection {number}");
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{text}", text.len());
    let mut received = Vec::new();
    while stream.read_buf(&mut received).await.is_ok_and(|count| count > 0) {
        if received.ends_with(b"\r\n\r\n") {
            received.clear();
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    }
}

#[tokio::test]
async fn connections_are_kept_until_they_are_too_old() {
    let address = numbering(None).await;
    let world = world(&format!("http://{address}"), json!({"connections": {"max_age": "1s"}}));
    let replaced = async { while pets(&world).await.text() == "connection 0" {} };
    timeout(SOON, replaced).await.unwrap();
}

#[tokio::test]
async fn names_are_remembered_where_that_is_asked_for() {
    let upstream = Upstream::mirror().await;
    let url = format!("http://localhost:{}", upstream.address.port());
    let world = world(&url, json!({"dns": {"refresh": "1s"}}));
    for _ in 0..3 {
        assert_eq!(pets(&world).await.status, 200);
    }
}

#[tokio::test]
async fn certificates_are_judged_as_the_upstream_says() {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["a.internal".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let url = format!("https://{}", numbering(Some(Arc::new(config))).await);
    let ca = issuer.pem();
    for (case, tls, status) in [
        ("browsers' authorities", json!({}), 502),
        ("its own, another name", json!({ "ca": ca }), 502),
        (
            "its own and its name",
            json!({"ca": ca, "server_name": "a.internal"}),
            200,
        ),
        ("not looked at", json!({"verify": false}), 200),
    ] {
        let world = world(&url, json!({ "tls": tls }));
        assert_eq!(pets(&world).await.status, status, "{case}");
    }
}

#[tokio::test]
async fn copies_go_to_the_mirror_and_nobody_waits_for_it() {
    let upstream = Upstream::mirror().await;
    let (seen, mut copies) = mpsc::channel(8);
    let watched = Upstream::start(move |request| {
        let seen = seen.clone();
        async move {
            let has_key = request.headers().contains_key("x-api-key");
            seen.send((request.method().to_string(), request.uri().to_string(), has_key))
                .await
                .unwrap();
            // Never answers.
            std::future::pending().await
        }
    })
    .await;
    let mirror = json!({"mirror": {"target": format!("{}/copy", watched.url())}});
    let world = world(&upstream.url(), mirror);
    let reply = call(world.address(), get(&format!("{PETS}?a=1"), "")).await;
    assert_eq!(reply.json()["target"], "/pets?a=1");
    let copy = timeout(SOON, copies.recv()).await.unwrap().unwrap();
    assert_eq!(copy, ("GET".to_owned(), "/copy/pets?a=1".to_owned(), false));
    // Calls with a body are not copied: the next copy is that of the call after it.
    let key = crate::world::KEY;
    let with_body =
        format!("POST {PETS} HTTP/1.1\r\nHost: gateway.test\r\nX-Api-Key: {key}\r\nContent-Length: 2\r\n\r\n{{}}");
    assert_eq!(call(world.address(), with_body).await.status, 200);
    assert_eq!(pets(&world).await.status, 200);
    assert_eq!(timeout(SOON, copies.recv()).await.unwrap().unwrap().0, "GET");
    let usage = world.stop().await;
    let calls: u64 = usage.iter().map(|(_, sums)| sums.calls).sum();
    assert_eq!(calls, 3, "a copy counts nothing");
}
