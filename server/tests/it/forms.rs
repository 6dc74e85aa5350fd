//! Forms that are refused: 422, what was typed is kept, errors stand with their fields.

use tokio::task::JoinSet;

use crate::product::{PETS, Product, create_api, publish, upstream_fields};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_typed_is_kept() {
    let product = Product::start().await;
    let mut browser = product.browser();
    let fields = [("name", "Ada Lovelace"), ("email", "no address"), ("password", "short")];
    let answer = browser.post("/signup", &fields).await.expect(422);
    assert!(
        answer.body.contains("Ada Lovelace") && answer.body.contains("no address"),
        "{answer:?}"
    );
    assert!(
        !answer.body.contains("\"short\""),
        "passwords are not sent back: {answer:?}"
    );
    assert!(answer.body.matches("aria-invalid").count() >= 2, "{answer:?}");

    let mut provider = product.signed_in("ada@acme.example").await;
    let answer = provider
        .post("/console/new", &[("name", "Acme Pets"), ("slug", "NOT A SLUG")])
        .await
        .expect(422);
    assert!(
        answer.body.contains("Acme Pets") && answer.body.contains("NOT A SLUG"),
        "{answer:?}"
    );
    let answer = provider
        .post("/console/new", &[("name", "Acme"), ("slug", "console")])
        .await
        .expect(422);
    assert!(answer.body.contains("aria-invalid"), "{answer:?}");
    product.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_that_cannot_be_read_names_the_line() {
    let product = Product::start().await;
    let mut provider = product.signed_in("ada@acme.example").await;
    provider
        .post("/console/new", &[("name", "Acme"), ("slug", "acme")])
        .await
        .expect(303);
    let broken = "openapi: 3.1.0\ninfo:\n  title: Pets\n  version: '1'\npaths:\n  /pets: [\n";
    let answer = create_api(&mut provider, "acme", "pets", broken.as_bytes())
        .await
        .expect(422);
    assert!(
        answer.body.contains("Line 7") || answer.body.contains("line 7") || answer.body.contains("7:"),
        "{answer:?}"
    );
    provider.get("/console/acme/apis/pets").await.expect(404);

    create_api(&mut provider, "acme", "pets", PETS.as_bytes())
        .await
        .expect(303);
    let version = "/console/acme/apis/pets/versions/v1";
    let answer = provider
        .upload(&format!("{version}/spec"), &[], ("file", "x.yaml", b"<html>"))
        .await
        .expect(422);
    assert!(answer.body.contains("cannot be imported"), "{answer:?}");
    provider.get(version).await.expect(200).says("listPets");
    product.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_setting_of_an_upstream_is_named_and_the_text_is_kept() {
    let product = Product::start().await;
    let mut provider = product.signed_in("ada@acme.example").await;
    let fields = [("name", "Acme"), ("slug", "acme")];
    provider.post("/console/new", &fields).await.expect(303);
    create_api(&mut provider, "acme", "pets", PETS.as_bytes())
        .await
        .expect(303);
    let form = "/console/acme/apis/pets/versions/v1/upstream";
    for (settings, words) in [
        (
            "breaker: { window: 1h }",
            "breaker.window: Use a time between 1s and 5m.",
        ),
        (
            "canary: { targets: [{ url: \"http://169.254.169.254\" }], percent: 5 }",
            "canary",
        ),
        (
            "balanse: round_robin",
            "unknown field <code class=\"inline-code\">balanse<",
        ),
    ] {
        let mut fields = upstream_fields("http://127.0.0.1:9").to_vec();
        fields.push(("settings", settings));
        let answer = provider.post(form, &fields).await.expect(422);
        let kept = settings.split('"').next().unwrap_or_default();
        assert!(
            answer.body.contains(words) && answer.body.contains(kept),
            "{settings}: {answer:?}"
        );
    }
    product.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_gets_a_place_of_its_own() {
    let product = Product::start().await;
    let mut provider = product.signed_in("ada@acme.example").await;
    let fields = [("name", "Acme"), ("slug", "acme")];
    provider.post("/console/new", &fields).await.expect(303);
    publish(&mut provider, "acme", "pets", PETS.as_bytes(), "http://127.0.0.1:9").await;
    let page = "/console/acme/apis/pets/versions/v1";
    let place = |host, header| {
        [
            ("host", host),
            ("base_path", "/v1"),
            ("match.header", header),
            ("match.value", ""),
            ("paths", "open"),
        ]
    };
    let answer = provider
        .post(&format!("{page}/routing"), &place("a b", "Api-Version"))
        .await
        .expect(422);
    for words in [
        "Write a host name",
        "Write the value that the field must have",
        "value=\"a b\"",
    ] {
        assert!(answer.body.contains(words), "{words}: {answer:?}");
    }
    provider
        .post(&format!("{page}/routing"), &place("API.acme.example", ""))
        .await
        .expect(303);
    let port = product.gateway().port();
    let url = format!("http://api.acme.example:{port}/v1");
    provider
        .get(page)
        .await
        .expect(200)
        .says("value=\"api.acme.example\"")
        .says(&url);
    // Strangers are shown it too.
    product.browser().get("/apis/acme/pets").await.expect(200).says(&url);
    product.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passwords_cannot_be_guessed_many_at_once() {
    const GUESSES: usize = 12;
    let product = Product::start().await;
    let signed_in = product.signed_in("ada@acme.example").await;
    product.account("bob@acme.example").await;
    for (form, browser, fields) in [
        (
            "/dashboard/settings",
            &signed_in,
            [
                ("name", "Ada"),
                ("current_password", "a wrong guess"),
                ("password", "a new password"),
            ],
        ),
        (
            "/signin",
            &product.browser(),
            [
                ("email", "bob@acme.example"),
                ("password", "a wrong guess"),
                ("next", ""),
            ],
        ),
    ] {
        let mut guesses = JoinSet::new();
        for _ in 0..GUESSES {
            let mut browser = browser.clone();
            guesses.spawn(async move { browser.post(form, &fields).await });
        }
        let answers = guesses.join_all().await;
        let slowed = answers
            .iter()
            .filter(|answer| answer.body.contains("too many attempts"))
            .count();
        // Five are free, the next one has to wait for a second; how many come after it depends on the machine.
        assert!((4..=GUESSES - 5).contains(&slowed), "{form}: {slowed} of {GUESSES}");
    }
    product.stop().await;
}
