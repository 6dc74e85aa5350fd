//! Policies, from outside: what they let through, what they refuse, and what they change.

use std::{sync::Arc, time::Duration};

use domain::{plan::RateLimit, policy::PolicySet};
use http::Response;
use tokio::sync::Semaphore;

use crate::{
    caller::{Caller, call, get},
    upstream::{Upstream, full, seen},
    world::{Setup, World},
};

const PETS: &str = "/acme/petstore/v1/pets";

fn policies(json: serde_json::Value) -> PolicySet {
    serde_json::from_value(json).unwrap()
}

/// A world whose version has policies.
async fn world(json: serde_json::Value) -> (World, Upstream) {
    let upstream = Upstream::mirror().await;
    let mut setup = Setup::new(Some(&upstream.url()));
    setup.version.policies = policies(json);
    (World::start(&setup), upstream)
}

#[tokio::test]
async fn addresses_are_kept_out() {
    let (world, upstream) = world(serde_json::json!({ "ip": { "deny": ["127.0.0.0/8"] } })).await;
    let reply = call(world.address(), get(PETS, "X-Forwarded-For: 203.0.113.1\r\n")).await;
    assert_eq!(reply.status, 403, "nobody trusts the field");
    reply.problem("address-forbidden");
    assert_eq!(upstream.calls(), 0);
}

#[tokio::test]
async fn trusted_proxies_say_where_a_call_comes_from() {
    let upstream = Upstream::mirror().await;
    let mut setup = Setup::new(Some(&upstream.url()));
    setup.version.policies = policies(serde_json::json!({ "ip": { "allow": ["203.0.113.0/24"] } }));
    let world = World::start_with(|options| options.trusted_proxies = vec!["127.0.0.1".parse().unwrap()]);
    world.snapshot.apply(setup.config());
    for (forwarded, status) in [
        ("203.0.113.1", 200),
        ("198.51.100.1, 203.0.113.1", 200),
        ("203.0.113.1, 198.51.100.1", 403),
    ] {
        let reply = call(world.address(), get(PETS, &format!("X-Forwarded-For: {forwarded}\r\n"))).await;
        assert_eq!(reply.status, status, "{forwarded}");
    }
}

#[tokio::test]
async fn browsers_ask_before_they_call() {
    let (world, upstream) = world(serde_json::json!({ "cors": {
        "origins": ["https://app.example.com", "https://*.preview.example.com"],
        "methods": ["GET", "POST"], "headers": ["X-Api-Key"], "exposed_headers": ["RateLimit"], "credentials": true,
    }}))
    .await;
    let ask = |origin: &str, method: &str| {
        format!(
            "OPTIONS {PETS} HTTP/1.1\r\nHost: x\r\nOrigin: {origin}\r\nAccess-Control-Request-Method: {method}\r\n\
             Access-Control-Request-Headers: x-api-key, x-other\r\n\r\n"
        )
    };
    let mut caller = Caller::connect(world.address()).await;
    caller.send(ask("https://app.example.com", "POST")).await;
    let reply = caller.reply().await;
    assert_eq!(reply.status, 204);
    assert_eq!(reply.header("access-control-allow-origin"), "https://app.example.com");
    assert_eq!(reply.header("access-control-allow-methods"), "GET, POST");
    assert_eq!(reply.header("access-control-allow-headers"), "x-api-key");
    assert_eq!(reply.header("access-control-allow-credentials"), "true");
    assert_eq!(reply.header("access-control-max-age"), "600");
    assert!(reply.header("vary").contains("Origin"));
    for (origin, allowed) in [
        ("https://x.preview.example.com", "https://x.preview.example.com"),
        ("https://preview.example.com", ""),
        ("https://evil.com/.preview.example.com", ""),
        ("https://app.example.com.evil.com", ""),
        ("http://app.example.com", ""),
        ("null", ""),
    ] {
        caller.send(ask(origin, "GET")).await;
        let reply = caller.reply().await;
        assert_eq!(
            (reply.status, reply.header("access-control-allow-origin").as_str()),
            (204, allowed),
            "{origin}"
        );
    }
    assert_eq!(upstream.calls(), 0);
    // A question about an operation that is not described is a request like any other.
    caller
        .send(ask("https://app.example.com", "GET").replace(PETS, "/acme/petstore/v1/cats"))
        .await;
    assert_eq!(caller.reply().await.status, 404);

    caller.send(get(PETS, "Origin: https://app.example.com\r\n")).await;
    let reply = caller.reply().await;
    assert_eq!(
        (
            reply.status,
            reply.header("access-control-allow-origin").as_str(),
            reply.header("access-control-expose-headers").as_str()
        ),
        (200, "https://app.example.com", "RateLimit")
    );
    caller.send(get(PETS, "")).await;
    let reply = caller.reply().await;
    assert_eq!(
        (reply.header("vary").as_str(), reply.has("access-control-allow-origin")),
        ("Origin", false)
    );
    // A page can read why it was refused.
    caller
        .send(format!(
            "GET {PETS} HTTP/1.1\r\nHost: x\r\nOrigin: https://app.example.com\r\n\r\n"
        ))
        .await;
    let reply = caller.reply().await;
    assert_eq!(
        (reply.status, reply.header("access-control-allow-origin").as_str()),
        (401, "https://app.example.com")
    );
}

#[tokio::test]
async fn headers_are_changed_both_ways() {
    let upstream = Upstream::start(|request| async move {
        let seen: Vec<_> = request
            .headers()
            .iter()
            .map(|(n, v)| format!("{n}: {}", v.to_str().unwrap()))
            .collect();
        Response::builder()
            .header("x-powered-by", "secret")
            .body(full(seen.join("\n")))
            .unwrap()
    })
    .await;
    let mut setup = Setup::new(Some(&upstream.url()));
    setup.version.policies = policies(serde_json::json!({ "headers": {
        "request": { "remove": ["X-Debug"], "set": { "X-Tenant": "acme" }, "add": { "X-Tag": "b" } },
        "response": { "remove": ["X-Powered-By"], "set": { "X-Frame-Options": "DENY" } },
    }}));
    let world = World::start(&setup);
    let reply = call(
        world.address(),
        get(PETS, "x-debug: 1\r\nX-Tenant: other\r\nX-Tag: a\r\n"),
    )
    .await;
    let body = reply.text();
    assert!(
        !body.contains("x-debug") && body.contains("x-tenant: acme") && !body.contains("other"),
        "{body}"
    );
    assert!(body.contains("x-tag: a\n") && body.contains("x-tag: b"), "{body}");
    assert_eq!(
        (reply.has("x-powered-by"), reply.header("x-frame-options").as_str()),
        (false, "DENY")
    );
}

#[tokio::test]
async fn windows_take_all_or_nothing() {
    let upstream = Upstream::mirror().await;
    let mut setup = Setup::new(Some(&upstream.url()));
    setup.rate_limits = vec![RateLimit {
        requests: 10,
        per_s: 60,
        burst: 10,
    }];
    setup.version.policies = policies(serde_json::json!({ "rate_limits": [
        { "by": "ip", "requests": 3, "per": "1m" },
        { "by": "all", "requests": 100, "per": "1s" },
    ]}));
    let world = World::start(&setup);
    let mut caller = Caller::connect(world.address()).await;
    for _ in 0..3 {
        caller.send(get(PETS, "")).await;
        assert_eq!(caller.reply().await.status, 200);
    }
    for _ in 0..5 {
        caller.send(get(PETS, "")).await;
        let reply = caller.reply().await;
        assert_eq!((reply.status, reply.header("retry-after").as_str()), (429, "20"));
        let problem = reply.problem("calls-limited");
        assert!(problem["detail"].as_str().unwrap().contains("ip-minute"), "{problem}");
    }
    // The plan's limit lost nothing to the refused ones, and a change of configuration refills no window.
    setup.revision += 1;
    world.snapshot.apply(setup.config());
    world.clock.advance(Duration::from_secs(20));
    caller.send(get(PETS, "")).await;
    let reply = caller.reply().await;
    assert_eq!(
        (reply.status, reply.header("ratelimit").split(';').nth(1)),
        (200, Some("r=9")),
        "{reply:?}"
    );
    caller.send(get(PETS, "")).await;
    assert_eq!(caller.reply().await.status, 429);
}

#[tokio::test]
async fn calls_wait_for_a_place_or_are_refused() {
    let gate = Arc::new(Semaphore::new(0));
    let at_gate = Arc::clone(&gate);
    let upstream = Upstream::start(move |_| {
        let gate = Arc::clone(&at_gate);
        async move {
            gate.acquire().await.unwrap().forget();
            Response::new(full("ok"))
        }
    })
    .await;
    let mut setup = Setup::new(Some(&upstream.url()));
    setup.quota = Some(domain::plan::Quota {
        requests: 100,
        per: domain::plan::Period::Day,
    });
    setup.version.policies = policies(serde_json::json!({ "concurrency": {
        "by": "application", "max": 1, "queue": { "length": 1, "wait": "30s" },
    }}));
    let world = World::start(&setup);
    let calls = || async {
        let mut caller = Caller::connect(world.address()).await;
        caller.send(get(PETS, "")).await;
        caller
    };
    let mut first = calls().await;
    while upstream.calls() < 1 {
        tokio::task::yield_now().await;
    }
    // Of two that come now one waits, and one is refused at once.
    let (mut second, mut third) = (calls().await, calls().await);
    let (refused, mut waiting) = tokio::select! {
        reply = second.reply() => (reply, third),
        reply = third.reply() => (reply, second),
    };
    assert_eq!(refused.status, 429);
    refused.problem("too-many-concurrent");
    assert_eq!(upstream.calls(), 1);
    gate.add_permits(2);
    assert_eq!(first.reply().await.status, 200);
    let reply = waiting.reply().await;
    assert_eq!(reply.status, 200);
    assert!(
        reply.header("ratelimit").contains("r=98"),
        "the refused call took nothing: {reply:?}"
    );
}

#[tokio::test]
async fn a_place_in_the_queue_is_given_up_in_time() {
    let upstream = Upstream::start(|_| std::future::pending()).await;
    let mut setup = Setup::new(Some(&upstream.url()));
    setup.version.policies = policies(serde_json::json!({ "concurrency": {
        "max": 1, "queue": { "length": 5, "wait": "50ms" },
    }}));
    let world = World::start(&setup);
    let mut first = Caller::connect(world.address()).await;
    first.send(get(PETS, "")).await;
    while upstream.calls() < 1 {
        tokio::task::yield_now().await;
    }
    let reply = tokio::time::timeout(Duration::from_secs(20), call(world.address(), get(PETS, "")))
        .await
        .unwrap();
    assert_eq!(reply.status, 429);
    // The place is free again as soon as its caller is gone.
    drop(first);
    let mut next = Caller::connect(world.address()).await;
    loop {
        next.send(get(PETS, "")).await;
        let answered = tokio::time::timeout(Duration::from_millis(200), next.reply()).await;
        match answered {
            Ok(reply) => assert_eq!(reply.status, 429),
            Err(_) => break,
        }
    }
    assert_eq!(upstream.calls(), 2);
}

#[tokio::test]
async fn an_operation_has_rules_of_its_own() {
    let upstream = Upstream::mirror().await;
    let mut setup = Setup::new(Some(&upstream.url()));
    setup.version.policies =
        policies(serde_json::json!({ "headers": { "request": { "set": { "X-Level": "version" } } } }));
    for operation in &mut setup.version.operations {
        if operation.slug == "add-pet" {
            let own = serde_json::json!({ "headers": { "request": { "set": { "X-Level": "operation" } } } });
            operation.policies = Some(Box::new(policies(own)));
        }
    }
    let world = World::start(&setup);
    let mirror = call(world.address(), get(PETS, "")).await.json();
    assert_eq!(seen(&mirror, "x-level"), ["version"]);
    let mirror = call(world.address(), get(PETS, "").replace("GET", "POST")).await.json();
    assert_eq!(seen(&mirror, "x-level"), ["operation"]);
}

#[tokio::test]
async fn a_policy_that_is_not_understood_closes_the_version() {
    let upstream = Upstream::mirror().await;
    let mut setup = Setup::new(Some(&upstream.url()));
    setup.version.policies = policies(serde_json::json!({ "ip": { "allow": [], "deny": [] } }));
    let world = World::start_with(|_| {});
    let applied = world.snapshot.apply(setup.config());
    assert!(
        applied.warnings.iter().any(|w| w.reason.contains("policies.ip.allow")),
        "{applied:?}"
    );
    let reply = call(world.address(), get(PETS, "")).await;
    assert_eq!(reply.status, 404);
    assert_eq!(upstream.calls(), 0);
}

#[tokio::test]
async fn conditions_decide_over_request_consumer_and_plan() {
    let (world, upstream) = world(serde_json::json!({ "expression": [
        { "when": "request.method == 'POST' && plan.slug == 'free'", "status": 402, "detail": "The free plan can't write." },
        { "when": "'x-legacy' in request.headers", "status": 410 },
        { "when": "request.operation == '/pets/{id}' && int(request.path_parameters['id']) > 100" },
        { "when": "has(request.query.debug) && request.ip == '127.0.0.1'" },
    ]}))
    .await;
    let one = |id: &str| format!("/acme/petstore/v1/pets/{id}");
    let mut caller = Caller::connect(world.address()).await;
    for (request, status) in [
        (get(PETS, ""), 200),
        (get(PETS, "").replace("GET", "POST"), 402),
        (get(PETS, "X-Legacy: 1\r\n"), 410),
        (get(&one("100"), ""), 200),
        (get(&one("101"), ""), 403),
        // What can't be evaluated refuses.
        (get(&one("rex"), ""), 403),
        (get(&format!("{PETS}?debug=1"), ""), 403),
        (get(&format!("{PETS}?bug=1"), ""), 200),
    ] {
        caller.send(&request).await;
        let reply = caller.reply().await;
        assert_eq!(reply.status, status, "{request}");
        if status != 200 {
            let problem = reply.problem("not-permitted");
            assert!(
                status != 402 || problem["detail"] == "The free plan can't write.",
                "{problem}"
            );
        }
    }
    assert_eq!(upstream.calls(), 3);
}

#[tokio::test]
async fn sizes_and_shapes_have_limits() {
    let (world, _upstream) = world(serde_json::json!({ "limits": {
        "header_bytes": "1KiB", "url_bytes": 64, "body_bytes": 100,
        "json": { "depth": 3, "keys": 2, "string_bytes": 10, "array_items": 3 },
        "xml": { "depth": 2, "elements": 3 },
    }}))
    .await;
    let send = |media_type: &str, body: &str| {
        format!(
            "POST {PETS} HTTP/1.1\r\nHost: x\r\nX-Api-Key: tp_live_test_key\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    for (name, request, status, slug) in [
        ("small", send("application/json", r#"{"a":[1,2,{}]}"#), 200, ""),
        (
            "deep",
            send("application/json; charset=utf-8", "[[[[1]]]]"),
            400,
            "body-shape",
        ),
        (
            "keys",
            send("application/problem+json", r#"{"a":1,"b":2,"c":3}"#),
            400,
            "body-shape",
        ),
        ("text", send("application/json", r#""12345678901""#), 400, "body-shape"),
        ("items", send("application/json", "[1,2,3,4]"), 400, "body-shape"),
        ("twice", send("application/json", r#"{"a":1,"a":2}"#), 400, "body-shape"),
        ("broken", send("application/json", "{"), 400, "body-shape"),
        ("text is not judged", send("text/plain", "[[[[[["), 200, ""),
        ("xml", send("application/xml", "<a><b/></a>"), 200, ""),
        (
            "entities",
            send("text/xml", "<!DOCTYPE a [<!ENTITY b 'c'>]><a/>"),
            400,
            "body-shape",
        ),
        (
            "deep xml",
            send("application/atom+xml", "<a><b><c/></b></a>"),
            400,
            "body-shape",
        ),
        ("large", send("text/plain", &"x".repeat(101)), 413, "body-too-large"),
        (
            "url",
            get(&format!("{PETS}?{}", "x".repeat(64)), ""),
            414,
            "url-too-long",
        ),
        (
            "headers",
            get(PETS, &format!("X-Long: {}\r\n", "x".repeat(1_024))),
            431,
            "headers-too-large",
        ),
    ] {
        let reply = call(world.address(), &request).await;
        assert_eq!(reply.status, status, "{name}: {}", reply.text());
        if status != 200 {
            reply.problem(slug);
        }
    }
    // A body of unknown length ends where it becomes too large.
    let chunk = format!("40\r\n{}\r\n", "x".repeat(64));
    let request = format!(
        "POST {PETS} HTTP/1.1\r\nHost: x\r\nX-Api-Key: tp_live_test_key\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}{chunk}0\r\n\r\n"
    );
    let reply = call(world.address(), &request).await;
    assert_eq!(reply.status, 413);
}
