//! OAuth clients from page to token: made by a consumer, given scopes by a provider, asked for at the gateway.

use crate::{
    browser::Browser,
    product::{PETS, Product, publish},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_gets_tokens_for_what_a_provider_grants() {
    let product = Product::start().await;
    let mut owner = product.signed_in("ada@acme.example").await;
    let organization = [("name", "Acme"), ("slug", "acme")];
    owner.post("/console/new", &organization).await.expect(303);
    publish(&mut owner, "acme", "pets", PETS.as_bytes(), "http://127.0.0.1:9").await;
    let api = owner.get("/console/acme/plans/new").await.expect(200).word("api_");
    let plan = [
        ("name", "Free"),
        ("slug", "free"),
        ("apis", api.as_str()),
        ("approval", "automatic"),
    ];
    owner.post("/console/acme/plans/new", &plan).await.expect(303);

    let mut consumer = product.signed_in("dev@consumer.example").await;
    let application = consumer
        .post("/subscribe/acme/free", &[("name", "Shop")])
        .await
        .location();
    let create = format!("{application}/clients");
    let refused = consumer.post(&create, &[("client_name", "")]).await.expect(422);
    refused.says("aria-invalid");
    let fields = [("client_name", "Billing"), ("mark", "once")];
    let made = consumer.post(&create, &fields).await.expect(200);
    assert!(made.header("cache-control").contains("no-store"), "{made:?}");
    let (id, secret) = (made.word("cli_"), made.word("tp_secret_"));
    consumer.post(&create, &fields).await.expect(303);
    let page = consumer.get(&application).await.expect(200).says("Billing").says(&id);
    assert!(!page.body.contains(&secret), "the secret is shown once");

    let subscriber = format!("/console/acme/subscribers/{}", page.word("sub_"));
    owner
        .get("/console/acme/subscribers")
        .await
        .expect(200)
        .says(&subscriber);
    let scopes = format!("{subscriber}/scopes");
    let refused = owner.post(&scopes, &[("scopes", "a\"b")]).await.expect(422);
    refused.says("is not a scope").says("a&quot;b");
    owner
        .submit(&subscriber, &scopes, &[("scopes", "pets:read, pets:write")])
        .await
        .expect(303);
    consumer
        .get(&application)
        .await
        .expect(200)
        .says("pets:read pets:write");
    product.running.wait_live().await.unwrap();

    let mut caller = Browser::new(product.gateway());
    let ask = [
        ("grant_type", "client_credentials"),
        ("client_id", &id),
        ("client_secret", &secret),
        ("scope", "pets:read admin"),
    ];
    let given = caller.post("/oauth2/token", &ask).await.expect(200);
    let given: serde_json::Value = serde_json::from_str(&given.body).unwrap();
    assert_eq!(
        (&given["scope"], &given["expires_in"]),
        (&"pets:read".into(), &900.into())
    );
    let metadata = caller.get("/.well-known/oauth-authorization-server").await.expect(200);
    metadata.says(&format!("http://{}/oauth2/token", product.gateway()));
    let metrics = Browser::new(product.operations()).get("/metrics").await.expect(200);
    metrics.says("turnpike_gateway_token_requests_total{outcome=\"issued\"} 1");

    // What was never made, and what is revoked.
    owner
        .post("/console/new", &[("name", "O"), ("slug", "oauth2")])
        .await
        .expect(422);
    let revoke = format!("{application}/clients/{id}/revoke");
    let refused = consumer.submit(&revoke, &revoke, &[]).await.expect(422);
    refused.says("Type Billing to revoke it.");
    consumer
        .submit(&revoke, &revoke, &[("confirm", "Billing")])
        .await
        .expect(303);
    product.running.wait_live().await.unwrap();
    caller
        .post("/oauth2/token", &ask)
        .await
        .expect(401)
        .says("invalid_client");
    product.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_maps_identities_to_a_subscriber() {
    let product = Product::start().await;
    let mut owner = product.signed_in("ada@acme.example").await;
    let organization = [("name", "Acme"), ("slug", "acme")];
    owner.post("/console/new", &organization).await.expect(303);
    publish(&mut owner, "acme", "pets", PETS.as_bytes(), "http://127.0.0.1:9").await;
    let api = owner.get("/console/acme/plans/new").await.expect(200).word("api_");
    let plan = [
        ("name", "Free"),
        ("slug", "free"),
        ("apis", api.as_str()),
        ("approval", "automatic"),
    ];
    owner.post("/console/acme/plans/new", &plan).await.expect(303);
    let application = owner.post("/subscribe/acme/free", &[("name", "Shop")]).await.location();
    let subscription = owner.get(&application).await.expect(200).word("sub_");
    let subscriber = format!("/console/acme/subscribers/{subscription}");
    let map = format!("{subscriber}/identities");
    let subject = [
        ("kind", "subject"),
        ("issuer", "https://login.example.com/"),
        ("name", "billing"),
    ];
    owner.submit(&subscriber, &map, &subject).await.expect(303);
    let thumbprint = "0a".repeat(32);
    let certificate = [("kind", "certificate"), ("certificate", thumbprint.as_str())];
    owner.submit(&subscriber, &map, &certificate).await.expect(303);
    let page = owner.get(&subscriber).await.expect(200);
    let page = page.says("https://login.example.com/").says(&thumbprint);

    owner.post(&map, &subject).await.expect(422).says("mapped already");
    let key = [("kind", "certificate"), ("certificate", "-----BEGIN PRIVATE KEY-----")];
    owner.post(&map, &key).await.expect(422).says("This is a private key");
    let empty = [
        ("kind", "subject"),
        ("issuer", "https://login.example.com/"),
        ("name", ""),
    ];
    owner.post(&map, &empty).await.expect(422).says("This is empty.");

    let remove = format!("{map}/{}/remove", page.word("idn_"));
    owner.post(&remove, &[]).await.expect(303);
    let page = owner.get(&subscriber).await.expect(200);
    assert_eq!(page.body.matches("/remove\"").count(), 1, "{page:?}");
    product.stop().await;
}
