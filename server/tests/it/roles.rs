//! The work divided between processes over one PostgreSQL database: portal, gateway, worker.

use std::time::{Duration, Instant};

use domain::fixture::{Engine, World};
use server::config::{Role, Store};

use crate::{
    browser::call,
    product::{PASSWORD, PETS, Product, publish},
    upstream,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn portal_gateway_and_worker_are_three_processes() {
    if World::start(Engine::Postgres).await.is_none() {
        return;
    }
    let world = World::empty(Engine::Postgres).await;
    let start = |role| Product::with_role(Store::Postgres(world.url().to_owned()), role);
    // Whichever comes first brings the schema up to date.
    let (gateway, portal, worker) = tokio::join!(start(Role::Gateway), start(Role::Portal), start(Role::Worker));
    assert!(portal.running.gateway_addr().is_none() && worker.running.portal_addr().is_none());

    // A mail that the portal queues is sent by the worker.
    let mut consumer = portal.browser();
    let email = "dev@consumer.example";
    let fields = [("name", "Dev"), ("email", email), ("password", PASSWORD)];
    consumer.post("/signup", &fields).await.expect(303);
    let path = worker.mailed_path(email, "/verify?token=").await;
    let token = path.split_once('=').unwrap().1;
    consumer
        .post("/verify", &[("token", token), ("password", PASSWORD)])
        .await
        .expect(303);

    let (upstream, _) = upstream::start().await;
    let mut provider = portal.signed_in("ada@acme.example").await;
    provider
        .post("/console/new", &[("name", "Acme"), ("slug", "acme")])
        .await
        .expect(303);
    publish(
        &mut provider,
        "acme",
        "petstore",
        PETS.as_bytes(),
        &format!("http://{upstream}"),
    )
    .await;
    let api = provider.get("/console/acme/plans/new").await.expect(200).word("api_");
    let plan = [
        ("name", "Free"),
        ("slug", "free"),
        ("apis", api.as_str()),
        ("quota", "1000"),
        ("quota_per", "month"),
        ("approval", "automatic"),
    ];
    provider.post("/console/acme/plans/new", &plan).await.expect(303);
    let application = consumer
        .post("/subscribe/acme/free", &[("name", "Shop")])
        .await
        .location();
    let shown = consumer
        .post(&format!("{application}/keys"), &[("name", "Key")])
        .await
        .expect(200);
    let key = shown.word("tp_live_");

    // The page has waited for the gateway's process: the key works at once.
    let pets = "/acme/petstore/v1/pets/pet_1";
    call(gateway.gateway(), &key, pets).await.expect(200);
    let since = Instant::now();
    while !consumer
        .get("/dashboard/usage")
        .await
        .expect(200)
        .body
        .contains("/pets/{petId}")
    {
        assert!(since.elapsed() < Duration::from_secs(4), "usage is not on the page");
    }
    let page = consumer.get(&application).await.expect(200);
    let revoke = page
        .body
        .split('"')
        .find(|text| text.ends_with("/revoke"))
        .unwrap()
        .to_owned();
    let refused = consumer.post(&revoke, &[("confirm", "key")]).await.expect(422);
    refused.says("Type Key to revoke it.");
    call(gateway.gateway(), &key, pets).await.expect(200);
    consumer.post(&revoke, &[("confirm", "Key")]).await.expect(303);
    call(gateway.gateway(), &key, pets).await.expect(401);

    portal.stop().await;
    gateway.stop().await;
    worker.stop().await;
}
