//! Every page of somebody: a stranger is told that there is no such thing, a visitor to sign in.

use crate::{
    product::{PASSWORD, PETS, Product, create_api, upstream_fields},
    upstream,
};

/// Every route of dashboard and console that names something of somebody, with the methods it has.
const OWNED: [(&str, bool, bool); 30] = [
    // path, GET, POST
    ("/dashboard/applications/{app}", true, false),
    ("/dashboard/applications/{app}/edit", true, true),
    ("/dashboard/applications/{app}/delete", true, true),
    ("/dashboard/applications/{app}/keys", false, true),
    ("/dashboard/applications/{app}/keys/{key}/revoke", true, true),
    ("/dashboard/applications/{app}/subscriptions/{sub}/cancel", true, true),
    ("/dashboard/settings/sessions/{session}/end", false, true),
    ("/console/{org}", true, false),
    ("/console/{org}/apis", true, false),
    ("/console/{org}/apis/new", true, true),
    ("/console/{org}/apis/pets", true, false),
    ("/console/{org}/apis/pets/edit", true, true),
    ("/console/{org}/apis/pets/versions/new", true, true),
    ("/console/{org}/apis/pets/versions/v1", true, false),
    ("/console/{org}/apis/pets/versions/v1/spec", false, true),
    ("/console/{org}/apis/pets/versions/v1/upstream", false, true),
    ("/console/{org}/apis/pets/versions/v1/access", false, true),
    ("/console/{org}/apis/pets/versions/v1/publish", false, true),
    ("/console/{org}/apis/pets/versions/v1/deprecate", false, true),
    ("/console/{org}/apis/pets/versions/v1/restore", false, true),
    ("/console/{org}/apis/pets/versions/v1/retire", true, true),
    ("/console/{org}/plans", true, false),
    ("/console/{org}/plans/new", true, true),
    ("/console/{org}/plans/free", true, true),
    ("/console/{org}/plans/free/delete", true, true),
    ("/console/{org}/subscribers", true, false),
    ("/console/{org}/subscribers/{sub}/approve", false, true),
    ("/console/{org}/subscribers/{sub}/suspend", false, true),
    ("/console/{org}/audit", true, false),
    ("/console/{org}/settings", true, true),
];

/// Pages of whoever is signed in.
const OWN: [&str; 7] = [
    "/dashboard",
    "/dashboard/applications/new",
    "/dashboard/usage",
    "/dashboard/settings",
    "/console",
    "/console/new",
    "/subscribe/acme/free",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_yours_is_not_there() {
    let product = Product::start().await;
    // The first account of an installation is nobody a stranger is.
    product.account("first@turnpike.example").await;
    let (upstream, _) = upstream::start().await;
    let mut owner = product.signed_in("ada@acme.example").await;
    owner
        .post("/console/new", &[("name", "Acme"), ("slug", "acme")])
        .await
        .expect(303);
    create_api(&mut owner, "acme", "pets", PETS.as_bytes())
        .await
        .expect(303);
    let version = "/console/acme/apis/pets/versions/v1";
    let upstream = format!("http://{upstream}");
    owner
        .post(&format!("{version}/upstream"), &upstream_fields(&upstream))
        .await
        .expect(303);
    owner.post(&format!("{version}/publish"), &[]).await.expect(303);
    let api = owner.get("/console/acme/plans/new").await.expect(200).word("api_");
    let plan = [
        ("name", "Free"),
        ("slug", "free"),
        ("apis", api.as_str()),
        ("approval", "automatic"),
    ];
    owner.post("/console/acme/plans/new", &plan).await.expect(303);
    let application = owner.post("/subscribe/acme/free", &[("name", "Shop")]).await.location();
    owner
        .post(&format!("{application}/keys"), &[("name", "Key")])
        .await
        .expect(200);
    let page = owner.get(&application).await.expect(200);
    let id = application.rsplit('/').next().unwrap().to_owned();
    let (key, subscription) = (page.word("key_"), page.word("sub_"));
    // A browser can end the sessions of others only.
    product
        .browser()
        .post("/signin", &[("email", "ada@acme.example"), ("password", PASSWORD)])
        .await
        .expect(303);
    let session = owner.get("/dashboard/settings").await.expect(200).word("ses_");

    let mut stranger = product.signed_in("eve@evil.example").await;
    let mut visitor = product.browser();
    for (route, gets, posts) in OWNED {
        let path = route
            .replace("{org}", "acme")
            .replace("{app}", &id)
            .replace("{key}", &key)
            .replace("{sub}", &subscription)
            .replace("{session}", &session);
        if gets {
            let answer = stranger.get(&path).await;
            assert_eq!(answer.status, 404, "a stranger: {answer:?}");
            let answer = visitor.get(&path).await;
            // Organizations are looked up before the sign-in: a visitor learns no more than a stranger.
            let is_sign_in = answer.status == 303 && answer.header("location").starts_with("/signin?next=");
            assert!(is_sign_in || answer.status == 404, "a visitor: {answer:?}");
        }
        if posts {
            let answer = stranger.post(&path, &[("name", "Evil"), ("confirm", "v1")]).await;
            assert_eq!(answer.status, 404, "a stranger: {answer:?}");
            let answer = visitor.post(&path, &[("name", "Evil"), ("confirm", "v1")]).await;
            let is_sign_in = answer.status == 303 && answer.header("location").starts_with("/signin");
            assert!(is_sign_in || answer.status == 404, "a visitor: {answer:?}");
        }
    }
    for path in OWN {
        let to = visitor.get(path).await.location();
        assert!(to.starts_with("/signin?next="), "{path}: {to}");
    }
    // Nothing of it happened.
    owner.get(version).await.expect(200).says("Published");
    owner.get(&application).await.expect(200).says("Shop");
    product.stop().await;
}
