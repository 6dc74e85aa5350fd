//! The main job over forms, without a script: from a document to a metered call, and to its end.

use std::time::{Duration, Instant};

use domain::fixture::Engine;

use crate::{
    browser::{Answer, Browser, call},
    product::{PASSWORD, PETS, Product, create_api, upstream_fields},
    upstream,
};

const VERSION: &str = "/console/acme/apis/petstore/versions/v1";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_a_document_to_its_end_on_sqlite() {
    walk(Product::on(Engine::Sqlite).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_a_document_to_its_end_on_postgres() {
    walk(Product::on(Engine::Postgres).await).await;
}

async fn walk(product: Option<Product>) {
    let Some(product) = product else { return };
    let (upstream, _) = upstream::start().await;
    let mut provider = sign_up(&product, "ada@acme.example").await;
    publish(&mut provider, &format!("http://{upstream}")).await;
    make_plan(&mut provider).await;

    let mut consumer = sign_up(&product, "dev@consumer.example").await;
    let application = subscribe(&mut consumer).await;
    let keys = format!("{application}/keys");
    let shown = consumer
        .submit(&application, &keys, &[("name", "Website")])
        .await
        .expect(200);
    let key = shown.word("tp_live_");
    assert_eq!(key.len(), 46, "{key}");
    let gateway = product.gateway();

    let answer = call(gateway, &key, "/acme/petstore/v1/pets/pet_1").await.expect(200);
    assert!(answer.header("ratelimit").contains("r="), "{answer:?}");
    usage_shows(&mut consumer, "/pets/{petId}").await;
    call(gateway, "tp_live_wrong", "/acme/petstore/v1/pets/pet_1")
        .await
        .expect(401);

    deprecate(&mut provider).await;
    let answer = call(gateway, &key, "/acme/petstore/v1/pets").await.expect(200);
    assert!(answer.header("deprecation").starts_with('@'), "{answer:?}");
    assert!(answer.header("sunset").ends_with("GMT"), "{answer:?}");
    provider.get("/apis/acme/petstore").await.expect(200).says("2099");

    revoke(&mut consumer, &application, gateway, &key).await;

    provider
        .submit(
            &format!("{VERSION}/retire"),
            &format!("{VERSION}/retire"),
            &[("confirm", "v1")],
        )
        .await
        .expect(303);
    product.running.wait_live().await.unwrap();
    let refused = call(gateway, &key, "/acme/petstore/v1/pets").await.expect(410);
    assert_eq!(refused.header("content-type"), "application/problem+json");
    product.stop().await;
}

/// Creates an account, follows the link of the mail and ends signed in.
async fn sign_up(product: &Product, email: &str) -> Browser {
    let mut browser = product.browser();
    let fields = [("name", "Ada"), ("email", email), ("password", PASSWORD)];
    browser.submit("/signup", "/signup", &fields).await.expect(303);
    let path = product.mailed_path(email, "/verify?token=").await;
    let token = path.split_once('=').unwrap().1.to_owned();
    browser.get(&path).await.expect(200).says(&token);
    let answer = browser
        .post("/verify", &[("token", &token), ("password", PASSWORD)])
        .await;
    assert_eq!(answer.location(), "/dashboard");
    browser.get("/dashboard").await.expect(200);
    browser
}

async fn publish(provider: &mut Browser, upstream: &str) {
    let fields = [("name", "Acme"), ("slug", "acme")];
    provider
        .submit("/console/new", "/console/new", &fields)
        .await
        .expect(303);
    let created = create_api(provider, "acme", "petstore", PETS.as_bytes()).await;
    assert_eq!(created.location(), VERSION);
    provider.get(VERSION).await.expect(200).says("listPets");
    // Strangers do not see a draft.
    let refused = provider.post(&format!("{VERSION}/publish"), &[]).await.expect(422);
    assert!(refused.body.contains("upstream"), "{refused:?}");
    let action = format!("{VERSION}/upstream");
    provider
        .submit(VERSION, &action, &upstream_fields(upstream))
        .await
        .expect(303);
    provider
        .submit(VERSION, &format!("{VERSION}/publish"), &[])
        .await
        .expect(303);
    provider
        .get("/apis/acme/petstore/v1/operations/getPet")
        .await
        .expect(200)
        .says("/pets/{petId}");
}

async fn make_plan(provider: &mut Browser) {
    let form = provider.get("/console/acme/plans/new").await.expect(200);
    let api = form.word("api_");
    let fields = [
        ("name", "Free"),
        ("slug", "free"),
        ("apis", api.as_str()),
        ("rate_limits.0.requests", "100"),
        ("rate_limits.0.per_s", "1"),
        ("quota", "1000"),
        ("quota_per", "month"),
        ("approval", "automatic"),
    ];
    provider.post("/console/acme/plans/new", &fields).await.expect(303);
}

/// Finds the api, subscribes a new application and returns its page.
async fn subscribe(consumer: &mut Browser) -> String {
    consumer
        .get("/apis?q=petstore")
        .await
        .expect(200)
        .says("/apis/acme/petstore");
    consumer
        .get("/apis/acme/petstore")
        .await
        .expect(200)
        .says("/subscribe/acme/free");
    let answer = consumer
        .submit("/subscribe/acme/free", "/subscribe/acme/free", &[("name", "Shop")])
        .await;
    let application = answer.location();
    assert!(application.starts_with("/dashboard/applications/app_"), "{application}");
    application
}

/// The consumer's page counts the call within two seconds.
async fn usage_shows(consumer: &mut Browser, route: &str) {
    let since = Instant::now();
    let shown = |answer: &Answer| answer.body.contains(route);
    while !shown(&consumer.get("/dashboard/usage").await.expect(200)) {
        assert!(since.elapsed() < Duration::from_secs(4), "usage is not on the page");
    }
}

async fn deprecate(provider: &mut Browser) {
    let fields = [
        ("since", "2026-01-01T00:00"),
        ("sunset", "2099-01-01T00:00"),
        ("successor", ""),
        ("guide", "# Move on"),
    ];
    provider
        .submit(VERSION, &format!("{VERSION}/deprecate"), &fields)
        .await
        .expect(303);
}

/// Revokes the key; the answer says so, and 100 ms later no call passes.
async fn revoke(consumer: &mut Browser, application: &str, gateway: std::net::SocketAddr, key: &str) {
    call(gateway, key, "/acme/petstore/v1/pets").await.expect(200);
    let id = consumer.get(application).await.expect(200).word("key_");
    let action = format!("{application}/keys/{id}/revoke");
    consumer
        .submit(&action, &action, &[("confirm", "Website")])
        .await
        .expect(303);
    let answered = Instant::now();
    while call(gateway, key, "/acme/petstore/v1/pets").await.status != 401 {
        assert!(
            answered.elapsed() < Duration::from_millis(100),
            "a revoked key still passes"
        );
    }
}
