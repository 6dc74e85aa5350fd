//! Tokens that a server judges.

use std::time::Duration;

use base64::engine::general_purpose::STANDARD;
use tokio::{sync::Semaphore, task::JoinSet};

use super::*;

fn asking(url: &str, more: Value) -> Value {
    let mut introspection =
        json!({ "endpoint": url, "client_id": "turn pike", "client_secret": "s:1", "cache": "30s" });
    introspection
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    json!({ "access": { "accept": ["key", "oauth2"] }, "introspection": introspection })
}

fn with_server(upstream: &Upstream, server: &Server, more: Value) -> Setup {
    let mut setup = setup(upstream, asking(&server.url(), more));
    setup.map(subject(&server.url(), "billing"));
    setup
}

#[tokio::test]
async fn a_server_is_asked_once_in_a_while() {
    let upstream = Upstream::mirror().await;
    let server = Server::start(json!({ "active": true, "client_id": "billing", "scope": "pets:read" })).await;
    let mut setup = with_server(&upstream, &server, json!({}));
    setup.version.policies.scopes = serde_json::from_value(json!({ "required": ["pets:read"] })).ok();
    let world = World::start(&setup);
    for _ in 0..5 {
        let reply = with_token(&world, "opaque+token/1").await;
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
    assert_eq!(server.asked(), 1);
    let credentials = STANDARD.encode("turn%20pike:s%3A1");
    assert_eq!(
        *server.seen.lock().unwrap(),
        [format!(
            "Basic {credentials} token=opaque%2Btoken%2F1&token_type_hint=access_token"
        )]
    );
    // Withdrawn: it may pass until the answer is old.
    server.answer(200, json!({ "active": false }));
    world.clock.advance(Duration::from_secs(29));
    assert_eq!(with_token(&world, "opaque+token/1").await.status, 200);
    world.clock.advance(Duration::from_secs(1));
    with_token(&world, "opaque+token/1").await.problem("invalid-token");
    with_token(&world, "opaque+token/1").await.problem("invalid-token");
    assert_eq!(server.asked(), 2, "that it is not active is remembered too");
}

#[tokio::test]
async fn answers_that_say_no_or_nothing_let_nobody_in() {
    let upstream = Upstream::mirror().await;
    let server = Server::start("").await;
    let world = World::start(&with_server(&upstream, &server, json!({ "cache": "0s" })));
    let now = NOW.unix_timestamp();
    for (status, body, slug) in [
        (200, json!({ "active": false }).to_string(), "invalid-token"),
        (200, json!({ "active": true }).to_string(), "invalid-token"),
        (
            200,
            json!({ "active": true, "client_id": "billing", "exp": now - 30 }).to_string(),
            "invalid-token",
        ),
        (
            200,
            json!({ "active": true, "client_id": "other" }).to_string(),
            "unknown-consumer",
        ),
        (
            200,
            json!({ "active": "true", "client_id": "billing" }).to_string(),
            "token-not-checked",
        ),
        (
            200,
            r#"{"active":false,"active":true,"client_id":"billing"}"#.to_owned(),
            "token-not-checked",
        ),
        (200, "nonsense".to_owned(), "token-not-checked"),
        (200, " ".repeat(70_000), "token-not-checked"),
        (
            401,
            json!({ "active": true, "client_id": "billing" }).to_string(),
            "token-not-checked",
        ),
        (302, String::new(), "token-not-checked"),
    ] {
        server.answer(status, &body);
        with_token(&world, "t").await.problem(slug);
    }
    server.answer(200, json!({ "active": true, "client_id": "billing" }));
    assert_eq!(
        with_token(&world, "t").await.status,
        200,
        "nothing of that is remembered"
    );
    with_token(&world, &"t".repeat(17_000)).await.problem("invalid-token");
    assert_eq!(upstream.calls(), 1);
}

#[tokio::test]
async fn a_server_that_is_away_is_a_failure_of_its_own() {
    let upstream = Upstream::mirror().await;
    let server = Server::start("").await;
    let setup = with_server(&upstream, &server, json!({ "timeout": "200ms" }));
    drop(server);
    let world = World::start(&setup);
    let reply = with_token(&world, "t").await;
    assert_eq!(reply.status, 503);
    reply.problem("token-not-checked");
    // One that says nothing is not waited for, and keys pass as ever.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let world = World::start(&self::setup(&upstream, asking(&url, json!({ "timeout": "200ms" }))));
    with_token(&world, "t").await.problem("token-not-checked");
    assert_eq!(with_token(&world, crate::world::KEY).await.status, 200);
}

#[tokio::test]
async fn calls_with_one_token_share_the_question() {
    let upstream = Upstream::mirror().await;
    let (gate, asked) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
    let (waiting, asking_count) = (Arc::clone(&gate), Arc::clone(&asked));
    let server = Upstream::start(move |_| {
        let (waiting, asking) = (Arc::clone(&waiting), Arc::clone(&asking_count));
        async move {
            asking.fetch_add(1, SeqCst);
            waiting.acquire().await.unwrap().forget();
            Response::new(full(json!({ "active": true, "client_id": "billing" }).to_string()))
        }
    })
    .await;
    let url = format!("{}/", server.url());
    let mut setup = setup(&upstream, asking(&url, json!({ "timeout": "30s", "cache": "0s" })));
    setup.map(subject(&url, "billing"));
    let world = World::start(&setup);
    let mut calls = JoinSet::new();
    // The first caller leaves before there is an answer; nobody else loses it.
    let mut gone = crate::caller::Caller::connect(world.address()).await;
    gone.send(plain("Authorization: Bearer t\r\n")).await;
    while asked.load(SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    for _ in 0..20 {
        let address = world.address();
        calls.spawn(async move { call(address, plain("Authorization: Bearer t\r\n")).await.status });
    }
    for (in_flight, leaves) in [(21, Some(gone)), (20, None)] {
        while world.gateway.counters().read().in_flight != in_flight {
            tokio::task::yield_now().await;
        }
        drop(leaves);
    }
    gate.add_permits(1);
    assert!(calls.join_all().await.iter().all(|status| *status == 200));
    assert_eq!(asked.load(SeqCst), 1);
}

#[tokio::test]
async fn invented_tokens_are_asked_about_only_so_often() {
    let upstream = Upstream::mirror().await;
    let server = Server::start(json!({ "active": true, "client_id": "billing" })).await;
    let world = World::start(&with_server(&upstream, &server, json!({})));
    assert_eq!(with_token(&world, "good").await.status, 200);
    server.answer(200, json!({ "active": false }));
    for number in 0..100 {
        with_token(&world, &format!("invented-{number}"))
            .await
            .problem("invalid-token");
    }
    assert_eq!(server.asked(), 101);
    let reply = with_token(&world, "invented-100").await;
    assert_eq!((reply.status, reply.header("retry-after").as_str()), (429, "1"));
    reply.problem("too-many-unknown-tokens");
    with_token(&world, "invented-99").await.problem("invalid-token");
    assert_eq!(server.asked(), 101, "what is known needs no question");
    assert_eq!(with_token(&world, "good").await.status, 200);
    assert_eq!(with_token(&world, crate::world::KEY).await.status, 200);
    world.clock.advance(Duration::from_secs(1));
    for (number, slug) in [
        (101, "invalid-token"),
        (102, "invalid-token"),
        (103, "too-many-unknown-tokens"),
    ] {
        with_token(&world, &format!("invented-{number}")).await.problem(slug);
    }
    assert_eq!(server.asked(), 103);
}
