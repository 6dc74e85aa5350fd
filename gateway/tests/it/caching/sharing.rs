//! Who is answered from the cache, with what, and for how long.

use std::time::Duration;

use domain::catalog::version::Access;
use serde_json::json;

use super::{PETS, Scripted, anonymous, as_other, pets};
use crate::{
    caller::{call, get},
    world::{Setup, World},
};

#[tokio::test]
async fn a_hit_counts_like_any_call_and_tells_its_age() {
    let script = Scripted::start().await;
    script.say(200, &[("cache-control", "public, max-age=60"), ("x-pet", "cat")]);
    let world = script.world(json!({}), Access::Key);
    let first = call(world.address(), get(PETS, "")).await;
    assert_eq!((first.status, first.text().as_str()), (200, "1"));
    assert_eq!(first.header("cache-status"), "turnpike; fwd=uri-miss; stored");
    assert!(!first.has("age"));
    script.clock.advance(Duration::from_secs(10));
    let second = call(world.address(), get(PETS, "")).await;
    assert_eq!((second.status, second.text().as_str()), (200, "1"));
    assert_eq!(second.header("cache-status"), "turnpike; hit; ttl=50");
    assert_eq!(
        (second.header("age"), second.header("x-pet")),
        ("10".into(), "cat".into())
    );
    assert_eq!(second.header("via"), "1.1 turnpike");
    let other = call(world.address(), as_other(PETS)).await;
    assert_eq!(other.header("cache-status"), "turnpike; hit; ttl=50", "it is public");
    assert_eq!(
        call(world.address(), anonymous("GET", PETS, "")).await.status,
        401,
        "a hit needs a key too"
    );
    assert_eq!(script.upstream.calls(), 1);
    let usage = world.stop().await;
    let units: u64 = usage.iter().map(|(_, sums)| sums.units).sum();
    assert_eq!(units, 3);
}

#[tokio::test]
async fn nothing_is_kept_without_the_policy() {
    let script = Scripted::start().await;
    script.say(200, &[("cache-control", "public, max-age=60")]);
    let mut setup = Setup::new(Some(&script.upstream.url()));
    setup.version.access = Access::Anonymous;
    let world = World::start(&setup);
    for number in ["1", "2"] {
        let reply = pets(&world, "").await;
        assert_eq!(reply.text(), number);
        assert!(!reply.has("cache-status"));
    }
}

#[tokio::test]
async fn applications_never_see_each_others_answers() {
    for (share, kept) in [("allowed", false), ("application", true), ("key", true)] {
        let script = Scripted::start().await;
        script.say(200, &[("cache-control", "max-age=60")]);
        let world = script.world(json!({ "share": share }), Access::Anonymous);
        let mine = call(world.address(), get(PETS, "")).await.text();
        let others = call(world.address(), as_other(PETS)).await.text();
        let anonymous_one = pets(&world, "").await.text();
        assert_eq!([&*mine, &*others, &*anonymous_one], ["1", "2", "3"], "{share}");
        let again = [
            call(world.address(), get(PETS, "")).await.text() == mine,
            call(world.address(), as_other(PETS)).await.text() == others,
            pets(&world, "").await.text() == anonymous_one,
        ];
        assert_eq!(again, [kept, kept, true], "{share}");
        // Another credential goes to the upstream: whose it is nobody knows here.
        let foreign = get(PETS, "Authorization: Basic eDp5\r\n");
        assert_ne!(call(world.address(), &foreign).await.text(), mine, "{share}");
        script.say(200, &[("cache-control", "max-age=60, private")]);
        let path = "/acme/petstore/v1/pets/1";
        let first = call(world.address(), get(path, "")).await;
        assert_eq!(first.header("cache-status"), "turnpike; fwd=uri-miss; detail=private");
        assert_ne!(call(world.address(), get(path, "")).await.text(), first.text());
    }
}

#[tokio::test]
async fn answers_are_told_apart_by_what_they_vary_by() {
    let script = Scripted::start().await;
    script.say(200, &[("cache-control", "max-age=60"), ("vary", "Accept-Language")]);
    let world = script.world(
        json!({ "key_headers": ["X-Tenant"], "ignore_query": ["utm"] }),
        Access::Anonymous,
    );
    assert_eq!(pets(&world, "Accept-Language: de\r\n").await.text(), "1");
    let other = pets(&world, "Accept-Language: en\r\n").await;
    assert_eq!(
        (other.text().as_str(), other.header("cache-status").as_str()),
        ("2", "turnpike; fwd=vary-miss; stored")
    );
    assert_eq!(pets(&world, "Accept-Language:  DE \r\n").await.text(), "1");
    assert_eq!(pets(&world, "Accept-Language: de\r\nX-Tenant: a\r\n").await.text(), "3");
    assert_eq!(pets(&world, "").await.text(), "4");
    let with_query = |query: &str| anonymous("GET", &format!("{PETS}?{query}"), "Accept-Language: de\r\n");
    assert_eq!(call(world.address(), with_query("utm=x")).await.text(), "1");
    assert_eq!(call(world.address(), with_query("a=1&utm=x")).await.text(), "5");
    assert_eq!(call(world.address(), with_query("a=1")).await.text(), "5");
    let host = format!("GET {PETS} HTTP/1.1\r\nHost: evil.test\r\nAccept-Language: de\r\n\r\n");
    assert_eq!(
        call(world.address(), host).await.text(),
        "6",
        "an upstream may write it into its answer"
    );
}

#[tokio::test]
async fn a_stale_answer_is_validated() {
    let script = Scripted::start().await;
    script.say(
        200,
        &[
            ("cache-control", "max-age=10"),
            ("etag", "\"a\""),
            ("x-old", "1"),
            ("x-both", "1"),
        ],
    );
    let world = script.world(json!({}), Access::Anonymous);
    assert_eq!(pets(&world, "").await.text(), "1");
    script.clock.advance(Duration::from_secs(11));
    script.say(
        304,
        &[("cache-control", "max-age=20"), ("etag", "\"a\""), ("x-both", "2")],
    );
    let reply = pets(&world, "If-None-Match: \"other\"\r\n").await;
    assert_eq!((reply.status, reply.text().as_str()), (200, "1"));
    assert_eq!(
        reply.header("cache-status"),
        "turnpike; fwd=stale; fwd-status=304; stored"
    );
    assert_eq!(
        (reply.header("x-old"), reply.header("x-both")),
        ("1".into(), "2".into())
    );
    assert_eq!(script.last("if-none-match").as_deref(), Some("\"a\""));
    script.clock.advance(Duration::from_secs(19));
    let reply = pets(&world, "If-None-Match: \"x\", W/\"a\"\r\n").await;
    assert_eq!((reply.status, reply.text().as_str()), (304, ""));
    assert_eq!(reply.header("cache-status"), "turnpike; hit; ttl=1");
    assert_eq!(script.upstream.calls(), 2);
    script.clock.advance(Duration::from_secs(5));
    script.say(200, &[("cache-control", "no-store")]);
    assert_eq!(pets(&world, "").await.text(), "3");
    assert_eq!(
        world.gateway.cache().usage().answers,
        0,
        "what is kept is not what the upstream says now"
    );
}

#[tokio::test]
async fn a_stale_answer_is_given_while_it_is_validated() {
    let script = Scripted::start().await;
    script.say(200, &[("cache-control", "max-age=10, stale-while-revalidate=30")]);
    let world = script.world(json!({}), Access::Anonymous);
    assert_eq!(pets(&world, "").await.text(), "1");
    script.clock.advance(Duration::from_secs(20));
    let stale = pets(&world, "Range: bytes=0-0\r\n").await;
    assert_eq!((stale.status, stale.text().as_str()), (206, "1"));
    assert_eq!(stale.header("cache-status"), "turnpike; hit; ttl=-10");
    loop {
        let reply = pets(&world, "").await;
        if reply.text() == "2" {
            assert_eq!(reply.header("cache-status"), "turnpike; hit; ttl=10");
            break;
        }
        assert_eq!(reply.text(), "1");
    }
    assert_eq!(script.upstream.calls(), 2);
    assert_eq!(script.last("range"), None, "the whole is asked for");
    script.clock.advance(Duration::from_secs(41));
    assert_eq!(pets(&world, "").await.text(), "3", "later it is too old");
    let usage = world.stop().await;
    let (calls, units) = usage
        .iter()
        .fold((0, 0), |(c, u), (_, sums)| (c + sums.calls, u + sums.units));
    assert_eq!(calls, units, "every call of a caller counts");
}

#[tokio::test]
async fn a_stale_answer_is_better_than_an_error() {
    let script = Scripted::start().await;
    script.say(200, &[("cache-control", "max-age=10")]);
    let world = script.world(json!({ "stale_if_error": "1m" }), Access::Anonymous);
    let strict = "/acme/petstore/v1/pets/strict";
    assert_eq!(pets(&world, "").await.text(), "1");
    script.say(200, &[("cache-control", "max-age=10, must-revalidate")]);
    assert_eq!(call(world.address(), anonymous("GET", strict, "")).await.text(), "2");
    script.clock.advance(Duration::from_secs(20));
    script.say(503, &[]);
    let reply = pets(&world, "").await;
    assert_eq!((reply.status, reply.text().as_str()), (200, "1"));
    assert_eq!(reply.header("cache-status"), "turnpike; hit; ttl=-10");
    assert_eq!(call(world.address(), anonymous("GET", strict, "")).await.status, 503);
    let Scripted { upstream, clock, .. } = script;
    drop(upstream);
    let reply = pets(&world, "").await;
    assert_eq!(
        (reply.status, reply.text().as_str()),
        (200, "1"),
        "nor does it matter how it fails"
    );
    assert!(matches!(
        call(world.address(), anonymous("GET", strict, "")).await.status,
        502..=504
    ));
    clock.advance(Duration::from_mins(1));
    assert!(matches!(pets(&world, "").await.status, 502..=504), "but not for ever");
}

#[tokio::test]
async fn a_caller_that_stops_reading_keeps_nobody_waiting() {
    let script = Scripted::start().await;
    script.say(200, &[("cache-control", "max-age=60")]);
    script.script.lock().unwrap().body = Box::leak("x".repeat(300_000).into_boxed_str());
    let world = script.world(json!({}), Access::Anonymous);
    let stream = tokio::net::TcpStream::connect(world.address()).await.unwrap();
    let (mut sender, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let request = http::Request::get(format!("http://gateway.test{PETS}"))
        .body(())
        .unwrap();
    let (answer, _) = sender.send_request(request, true).unwrap();
    // Its window is full long before the end.
    let mut slow = answer.await.unwrap().into_body();
    let reply = pets(&world, "").await;
    assert_eq!(reply.status, 200);
    assert!(reply.text().ends_with("x2"), "another call went in its place");
    assert_eq!(
        reply.header("cache-status"),
        "turnpike; fwd=uri-miss; stored; collapsed=?0"
    );
    let hit = pets(&world, "").await;
    assert!(hit.text().ends_with("x2"));
    let mut received = Vec::new();
    while let Some(piece) = slow.data().await {
        let piece = piece.unwrap();
        slow.flow_control().release_capacity(piece.len()).unwrap();
        received.extend_from_slice(&piece);
    }
    assert!(
        received.len() == 300_001 && received.ends_with(b"x1"),
        "it gets its own"
    );
    assert_eq!(script.upstream.calls(), 2);
}

#[tokio::test]
async fn answers_to_calls_with_and_without_tls_are_told_apart() {
    let script = Scripted::start().await;
    script.say(200, &[("cache-control", "max-age=60")]);
    let trusting = |options: &mut gateway::GatewayOptions| options.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    let world = script.world_with(json!({}), Access::Anonymous, trusting);
    assert_eq!(pets(&world, "").await.text(), "1");
    assert_eq!(pets(&world, "X-Forwarded-Proto: https\r\n").await.text(), "2");
    assert_eq!(pets(&world, "X-Forwarded-Proto: HTTPS\r\n").await.text(), "2");
    assert_eq!(pets(&world, "X-Forwarded-Proto: http\r\n").await.text(), "1");
    world.stop().await;
}
