//! Every refusal: status, fields, problem; and that it takes nothing and reaches no upstream.

use std::time::Duration;

use domain::{
    catalog::version::{Access, VersionState},
    plan::{Period, Quota, RateLimit},
    subscription::SubscriptionState,
};

use crate::{
    caller::{Caller, call, get},
    upstream::Upstream,
    world::{KEY, Setup, World, upstream_of},
};

const PETS: &str = "/acme/petstore/v1/pets";

#[tokio::test]
async fn before_the_first_configuration_nothing_passes() {
    let world = World::start_with(|_| {});
    assert!(!world.snapshot.is_ready());
    let reply = call(world.address(), get(PETS, "")).await;
    assert_eq!(reply.status, 503);
    reply.problem("not-ready");
    assert_eq!(reply.header("retry-after"), "2");
    assert!(reply.header("proxy-status").starts_with("turnpike; error="));
}

#[tokio::test]
async fn paths_and_methods_that_are_not_described_stay_outside() {
    let upstream = Upstream::mirror().await;
    let world = World::start(&Setup::new(Some(&upstream.url())));
    for (method, path, status, slug) in [
        ("GET", "/acme/petstore/v2/pets", 404, "unknown-api"),
        ("GET", "/acme/petstore", 404, "unknown-api"),
        ("GET", "/", 404, "unknown-api"),
        ("GET", "/ACME/petstore/v1/pets", 404, "unknown-api"),
        ("OPTIONS", "*", 404, "unknown-api"),
        ("GET", "/acme/petstore/v1/cats", 404, "unknown-operation"),
        ("GET", "/acme/petstore/v1/pets/", 404, "unknown-operation"),
        ("GET", "/acme/petstore/v1", 404, "unknown-operation"),
        ("DELETE", "/acme/petstore/v1/pets", 405, "method-not-allowed"),
        ("OPTIONS", "/acme/petstore/v1/pets", 405, "method-not-allowed"),
        ("GET", "/acme/petstore/v1/pets/../admin", 400, "ambiguous-path"),
        ("GET", "/acme/petstore/v1/pets/%2e%2e%2fadmin", 400, "ambiguous-path"),
    ] {
        let reply = call(
            world.address(),
            format!("{method} {path} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {KEY}\r\n\r\n"),
        )
        .await;
        assert_eq!(reply.status, status, "{method} {path}");
        let problem = reply.problem(slug);
        assert_eq!(problem["instance"], path, "{method} {path}");
        if status == 405 {
            assert_eq!(reply.header("allow"), "GET, HEAD, POST");
        }
    }
    assert_eq!(upstream.calls(), 0);
}

#[tokio::test]
async fn a_key_is_needed_and_looked_up() {
    let upstream = Upstream::mirror().await;
    let world = World::start(&Setup::new(Some(&upstream.url())));
    for (name, fields, status, slug) in [
        ("none", "", 401, "missing-key"),
        ("other scheme", "Authorization: Basic eDp5\r\n", 401, "missing-key"),
        ("unknown", "X-Api-Key: nobody\r\n", 401, "unknown-key"),
        ("unknown bearer", "Authorization: Bearer nobody\r\n", 401, "unknown-key"),
        (
            "two",
            "Authorization: Bearer one\r\nX-Api-Key: two\r\n",
            400,
            "conflicting-keys",
        ),
    ] {
        let reply = call(
            world.address(),
            format!("GET {PETS} HTTP/1.1\r\nHost: x\r\n{fields}\r\n"),
        )
        .await;
        assert_eq!(reply.status, status, "{name}");
        reply.problem(slug);
        assert_eq!(
            reply
                .header("www-authenticate")
                .starts_with("Bearer realm=\"turnpike\""),
            status == 401,
            "{name}"
        );
        assert!(!reply.has("ratelimit"), "{name}");
    }
    assert_eq!(upstream.calls(), 0);
    for fields in [
        format!("Authorization: Bearer {KEY}\r\n"),
        format!("x-api-key: {KEY}\r\n"),
    ] {
        let reply = call(
            world.address(),
            format!("GET {PETS} HTTP/1.1\r\nHost: x\r\n{fields}\r\n"),
        )
        .await;
        assert_eq!(reply.status, 200, "{fields}");
        let text = reply.text();
        assert!(!text.contains(KEY), "the key is not passed on: {text}");
    }
}

#[tokio::test]
async fn a_subscription_must_cover_the_api_and_be_active() {
    let upstream = Upstream::mirror().await;
    let mut setup = Setup::new(Some(&upstream.url()));
    let world = World::start(&setup);
    for (name, has, covered, state, slug) in [
        (
            "no subscription",
            false,
            true,
            SubscriptionState::Active,
            "not-subscribed",
        ),
        ("other api", true, false, SubscriptionState::Active, "not-subscribed"),
        (
            "pending",
            true,
            true,
            SubscriptionState::Pending,
            "subscription-pending",
        ),
        (
            "suspended",
            true,
            true,
            SubscriptionState::Suspended,
            "subscription-suspended",
        ),
    ] {
        setup.revision += 1;
        (setup.has_subscription, setup.is_covered, setup.subscription_state) = (has, covered, state);
        assert!(world.snapshot.apply(setup.config()).is_taken);
        let reply = call(world.address(), get(PETS, "")).await;
        assert_eq!(reply.status, 403, "{name}");
        reply.problem(slug);
    }
    assert_eq!(upstream.calls(), 0);
}

#[tokio::test]
async fn anonymous_calls_pass_where_allowed_but_a_wrong_key_does_not() {
    let upstream = Upstream::mirror().await;
    let mut setup = Setup::new(Some(&upstream.url()));
    setup.version.access = Access::Anonymous;
    let world = World::start(&setup);
    let without = call(world.address(), format!("GET {PETS} HTTP/1.1\r\nHost: x\r\n\r\n")).await;
    let wrong = call(
        world.address(),
        format!("GET {PETS} HTTP/1.1\r\nHost: x\r\nX-Api-Key: wrong-key\r\n\r\n"),
    )
    .await;
    assert_eq!((without.status, wrong.status), (200, 401));
}

#[tokio::test]
async fn limits_refuse_without_taking_and_say_when_to_come_back() {
    let upstream = Upstream::mirror().await;
    let mut setup = Setup::new(Some(&upstream.url()));
    setup.rate_limits = vec![RateLimit {
        requests: 6,
        per_s: 60,
        burst: 2,
    }];
    setup.quota = Some(Quota {
        requests: 3,
        per: Period::Month,
    });
    let world = World::start(&setup);
    let first = call(world.address(), get(PETS, "")).await;
    assert_eq!(first.header("ratelimit"), r#""minute";r=1;t=10, "month";r=2;t=914400"#);
    assert_eq!(
        first.header("ratelimit-policy"),
        r#""month";q=3;w=2592000, "minute";q=6;w=60"#
    );
    assert_eq!(call(world.address(), get(PETS, "")).await.status, 200);
    for _ in 0..5 {
        let reply = call(world.address(), get(PETS, "")).await;
        assert_eq!(reply.status, 429);
        let problem = reply.problem("rate-limited");
        assert_eq!(problem["violated-policies"], serde_json::json!(["minute"]));
        assert_eq!(reply.header("retry-after"), "10");
        assert_eq!(
            reply.header("ratelimit"),
            r#""minute";r=0;t=10, "month";r=1;t=914400"#,
            "a refused call takes nothing"
        );
        assert!(reply.has("ratelimit-policy"));
    }
    world.clock.advance(Duration::from_secs(20));
    assert_eq!(call(world.address(), get(PETS, "")).await.status, 200);
    let reply = call(world.address(), get(PETS, "")).await;
    assert_eq!(reply.status, 429);
    reply.problem("quota-exceeded");
    assert_eq!(reply.header("retry-after"), "914380");
    assert_eq!(upstream.calls(), 3);
}

#[tokio::test]
async fn what_fails_between_gateway_and_upstream_does_not_count() {
    let mut setup = Setup::new(Some("http://127.0.0.1:1"));
    setup.quota = Some(Quota {
        requests: 1,
        per: Period::Day,
    });
    let world = World::start(&setup);
    for _ in 0..3 {
        let reply = call(world.address(), get(PETS, "")).await;
        assert_eq!(reply.status, 502);
        reply.problem("upstream-unreachable");
        assert_eq!(reply.header("proxy-status"), "turnpike; error=connection_refused");
    }
    setup.revision += 1;
    setup.version.upstream = None;
    world.snapshot.apply(setup.config());
    let reply = call(world.address(), get(PETS, "")).await;
    assert_eq!(reply.status, 503);
    reply.problem("no-upstream");
    assert!(reply.has("retry-after"));

    let upstream = Upstream::mirror().await;
    setup.revision += 1;
    setup.version.upstream = Some(upstream_of(&[&upstream.url()]));
    world.snapshot.apply(setup.config());
    assert_eq!(
        call(world.address(), get(PETS, "")).await.status,
        200,
        "the one call of the day is still there"
    );
    assert_eq!(call(world.address(), get(PETS, "")).await.status, 429);
    let rows = world.stop().await;
    let counted: Vec<_> = rows
        .iter()
        .map(|(key, sums)| (key.status, key.is_refused, sums.calls, sums.units))
        .collect();
    assert_eq!(
        counted,
        [
            (200, false, 1, 1),
            (429, true, 1, 0),
            (502, true, 3, 0),
            (503, true, 1, 0)
        ]
    );
}

#[tokio::test]
async fn forbidden_addresses_are_not_connected_to() {
    let upstream = Upstream::mirror().await;
    for (allow_private, url) in [
        (false, upstream.url()),
        (true, "http://169.254.169.254".to_owned()),
        (false, format!("http://localhost:{}", upstream.address.port())),
    ] {
        let world = World::start_with(|options| options.addresses.allow_private = allow_private);
        world.snapshot.apply(Setup::new(Some(&url)).config());
        let reply = call(world.address(), get(PETS, "")).await;
        assert_eq!(reply.status, 502, "{url}");
        reply.problem("upstream-refused");
        assert_eq!(
            reply.header("proxy-status"),
            "turnpike; error=destination_ip_prohibited"
        );
    }
    assert_eq!(upstream.calls(), 0);
}

#[tokio::test]
async fn an_upstream_that_does_not_answer_is_given_up() {
    // Bound and listening, but nobody reads.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut setup = Setup::new(Some(&format!("http://{}", silent.local_addr().unwrap())));
    setup.version.upstream.as_mut().unwrap().response_timeout_ms = 50;
    let world = World::start(&setup);
    let reply = call(world.address(), get(PETS, "")).await;
    assert_eq!(reply.status, 504);
    reply.problem("upstream-timeout");
    assert_eq!(reply.header("proxy-status"), "turnpike; error=http_response_timeout");
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let upstream = Upstream::mirror().await;
    let world = World::start_with(|options| options.limits.body_bytes = Some(10));
    world.snapshot.apply(Setup::new(Some(&upstream.url())).config());
    let post = |rest: &str| format!("POST {PETS} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {KEY}\r\n{rest}");
    let announced = call(world.address(), post("Content-Length: 11\r\n\r\nhello world")).await;
    assert_eq!(announced.status, 413);
    announced.problem("body-too-large");
    let chunked = call(
        world.address(),
        post("Transfer-Encoding: chunked\r\n\r\nb\r\nhello world\r\n0\r\n\r\n"),
    )
    .await;
    assert_eq!(chunked.status, 413);
    let fits = call(world.address(), post("Content-Length: 10\r\n\r\nhello worl")).await;
    assert_eq!(fits.status, 200);
}

#[tokio::test]
async fn a_retired_version_says_where_to_go() {
    let upstream = Upstream::mirror().await;
    let mut setup = Setup::new(Some(&upstream.url()));
    setup.version.state = VersionState::Retired;
    let world = World::start(&setup);
    let reply = call(world.address(), get(PETS, "")).await;
    assert_eq!(reply.status, 410);
    reply.problem("version-retired");
    assert_eq!(upstream.calls(), 0);
}

#[tokio::test]
async fn a_refused_connection_goes_on() {
    let upstream = Upstream::mirror().await;
    let world = World::start(&Setup::new(Some(&upstream.url())));
    let mut caller = Caller::connect(world.address()).await;
    for status in [200, 404, 200] {
        let path = if status == 200 { PETS } else { "/nowhere" };
        caller.send(get(path, "")).await;
        assert_eq!(caller.reply().await.status, status);
    }
}

#[tokio::test]
async fn the_callers_trace_is_the_request_id() {
    let world = World::start_with(|_| {});
    let reply = call(
        world.address(),
        get(
            PETS,
            "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n",
        ),
    )
    .await;
    assert_eq!(reply.json()["request_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
}
