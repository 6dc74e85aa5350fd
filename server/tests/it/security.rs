//! Cookies, headers, cross-site requests, guessing of passwords, addresses that are not connected to.

use bytes::Bytes;
use http::Method;

use crate::product::{PASSWORD, PETS, Product, create_api, upstream_fields};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_has_its_headers() {
    let product = Product::start().await;
    let mut browser = product.browser();
    for path in ["/", "/nope", "/healthz", "/assets/site.css", "/dashboard"] {
        let answer = browser.get(path).await;
        let policy = answer.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self' 'wasm-unsafe-eval';"),
            "{path}: {policy}"
        );
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("strict-transport-security", ""),
        ] {
            assert_eq!(answer.header(name), value, "{path}: {name}");
        }
        assert_eq!(answer.header("x-request-id").len(), 16, "{path}");
    }
    let missing = browser.get("/nope").await.expect(404);
    assert!(
        missing.body.contains(missing.header("x-request-id")),
        "error pages show the id of the request"
    );
    assert!(
        !browser.get("/").await.body.contains("style=\""),
        "inline styles would break the policy"
    );
    browser.get("/readyz").await.expect(200);
    product.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_session_cookie_is_only_for_the_browser() {
    let product = Product::start().await;
    product.account("ada@acme.example").await;
    let mut browser = product.browser();
    let answer = browser
        .post("/signin", &[("email", "ada@acme.example"), ("password", PASSWORD)])
        .await
        .expect(303);
    let cookie = answer.header("set-cookie").to_owned();
    for part in ["session=", "; Path=/", "; HttpOnly", "; SameSite=Lax", "; Max-Age="] {
        assert!(cookie.contains(part), "{part}: {cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
    let page = browser.get("/dashboard").await.expect(200);
    assert_eq!(page.header("cache-control"), "no-store");
    // Signing out ends the session itself, not only the cookie.
    let stolen = browser.clone();
    browser.post("/signout", &[]).await.expect(303);
    assert!(!browser.cookies.contains_key("session"));
    let mut thief = stolen;
    assert!(thief.get("/dashboard").await.location().starts_with("/signin"));
    product.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_site_cannot_change_anything() {
    let product = Product::start().await;
    let mut browser = product.signed_in("ada@acme.example").await;
    let form = Bytes::from_static(b"name=Evil&slug=evil");
    let kind = ("content-type", "application/x-www-form-urlencoded");
    for headers in [
        vec![kind, ("sec-fetch-site", "cross-site")],
        vec![kind, ("sec-fetch-site", "same-site")],
        vec![kind, ("origin", "https://evil.example")],
        vec![kind, ("origin", "null")],
    ] {
        let answer = browser
            .send(Method::POST, "/console/new", &headers, form.clone())
            .await
            .expect(403);
        assert!(
            answer.body.contains("another site") && answer.body.contains("<h1"),
            "{answer:?}"
        );
    }
    browser.get("/console/evil").await.expect(404);
    let answer = browser
        .send(
            Method::POST,
            "/console/new",
            &[kind, ("sec-fetch-site", "same-origin")],
            form,
        )
        .await;
    assert_eq!(answer.location(), "/console/evil");
    product.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guessing_a_password_is_slowed_down() {
    let product = Product::start().await;
    product.account("ada@acme.example").await;
    let mut browser = product.browser();
    let mut statuses = Vec::new();
    for attempt in 0..7 {
        let guess = format!("wrong guess {attempt}");
        let answer = browser
            .post("/signin", &[("email", "ada@acme.example"), ("password", &guess)])
            .await;
        statuses.push(answer.status.as_u16());
    }
    assert_eq!(statuses[..5], [422; 5], "{statuses:?}");
    assert_eq!(statuses[6], 429, "{statuses:?}");
    // The right one waits too: otherwise the answer would tell it.
    browser
        .post("/signin", &[("email", "ada@acme.example"), ("password", PASSWORD)])
        .await
        .expect(429);
    product.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metadata_addresses_are_no_upstreams_and_no_documents() {
    let product = Product::start().await;
    let mut provider = product.signed_in("ada@acme.example").await;
    provider
        .post("/console/new", &[("name", "Acme"), ("slug", "acme")])
        .await
        .expect(303);
    create_api(&mut provider, "acme", "petstore", PETS.as_bytes())
        .await
        .expect(303);
    let upstream = "/console/acme/apis/petstore/versions/v1/upstream";
    for url in [
        "http://169.254.169.254/latest",
        "http://[::ffff:169.254.169.254]/",
        "http://2852039166/",
        "ftp://h.example/",
    ] {
        let answer = provider.post(upstream, &upstream_fields(url)).await.expect(422);
        assert!(answer.body.contains(url), "what was typed is kept: {answer:?}");
    }
    for url in ["http://169.254.169.254/latest/meta-data", "file:///etc/passwd"] {
        let fields = [("name", ""), ("slug", "meta"), ("version", "v1"), ("url", url)];
        let answer = provider.post("/console/acme/apis/new", &fields).await.expect(422);
        assert!(answer.body.contains(url), "what was typed is kept: {answer:?}");
    }
    provider.get("/console/acme/apis/meta").await.expect(404);
    product.stop().await;
}
