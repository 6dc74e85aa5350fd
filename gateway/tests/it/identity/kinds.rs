//! Where keys are, several kinds at once, and callers without any.

use base64::engine::general_purpose::STANDARD;
use domain::catalog::version::Access;
use gateway::AccessLog;

use super::*;
use crate::{
    caller::get,
    upstream::seen,
    world::{KEY, key_id},
};

#[tokio::test]
async fn a_key_is_taken_from_every_place_that_is_named_and_goes_no_further() {
    let upstream = Upstream::mirror().await;
    let access =
        json!({ "access": { "accept": ["key", "basic"], "key_header": "X-Acme-Key", "key_query": "api_key" } });
    let world = World::start(&setup(&upstream, access));
    let basic = |text: &str| format!("Authorization: Basic {}\r\n", STANDARD.encode(text));
    for (name, query, fields) in [
        ("bearer", "", format!("Authorization: Bearer {KEY}\r\n")),
        ("header", "", format!("X-Acme-Key: {KEY}\r\n")),
        ("password", "", basic(&format!("anybody:{KEY}"))),
        ("user name", "", basic(&format!("{KEY}:"))),
        ("query", &*format!("?api_key={KEY}&x=1"), String::new()),
        (
            "query in other letters",
            &format!("?x=1&api%5Fkey={KEY}"),
            String::new(),
        ),
        (
            "twice the same",
            &format!("?api_key={KEY}&x=1"),
            format!("X-ACME-KEY: {KEY}\r\n"),
        ),
    ] {
        let request = format!("GET {PETS}{query} HTTP/1.1\r\nHost: gateway.test\r\n{fields}\r\n");
        let reply = call(world.address(), request).await;
        assert_eq!(reply.status, 200, "{name}: {}", reply.text());
        assert!(!reply.text().contains(KEY), "{name}: {}", reply.text());
        let target = if query.is_empty() { "/pets" } else { "/pets?x=1" };
        assert_eq!(reply.json()["target"], target, "{name}");
    }
    for (name, query, fields, status, slug) in [
        (
            "the usual header is the upstream's",
            "",
            format!("X-Api-Key: {KEY}\r\n"),
            401,
            "missing-credential",
        ),
        ("unknown", "?api_key=nobody", String::new(), 401, "unknown-key"),
        ("unknown password", "", basic("a:nobody"), 401, "unknown-key"),
        ("no colon", "", basic("nobody"), 401, "unknown-key"),
        (
            "two",
            "?api_key=other",
            format!("X-Acme-Key: {KEY}\r\n"),
            400,
            "conflicting-keys",
        ),
        (
            "two in the query",
            &*format!("?api_key=other&api_key={KEY}"),
            String::new(),
            400,
            "conflicting-keys",
        ),
        ("empty", "?api_key=", String::new(), 401, "missing-credential"),
    ] {
        let request = format!("GET {PETS}{query} HTTP/1.1\r\nHost: gateway.test\r\n{fields}\r\n");
        let reply = call(world.address(), request).await;
        assert_eq!(reply.status, status, "{name}: {}", reply.text());
        reply.problem(slug);
        assert!(!reply.text().contains(KEY), "{name}");
        if status == 401 {
            let challenge = reply.header("www-authenticate");
            assert!(
                challenge.contains("Bearer realm") && challenge.contains("Basic realm"),
                "{name}: {challenge}"
            );
        }
    }
}

#[tokio::test]
async fn what_is_not_accepted_is_the_upstreams_business() {
    let upstream = Upstream::mirror().await;
    let anonymous = json!({ "access": { "accept": [], "anonymous": true } });
    let world = World::start(&setup(&upstream, anonymous));
    let reply = ask(&world, "Authorization: Bearer nobody\r\nX-Api-Key: theirs\r\n").await;
    assert_eq!(reply.status, 200);
    assert_eq!(seen(&reply.json(), "authorization"), ["Bearer nobody"]);
    assert_eq!(seen(&reply.json(), "x-api-key"), ["theirs"]);

    // A key is not: it opens the APIs of others too.
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("x:{KEY}"));
    for fields in [
        format!("Authorization: Bearer {KEY}\r\nX-Api-Key: {KEY}\r\n"),
        format!("Authorization: Basic {basic}\r\nX-Api-Key: tp_live_revoked\r\n"),
    ] {
        let reply = ask(&world, &fields).await;
        assert_eq!(reply.status, 200);
        assert!(seen(&reply.json(), "authorization").is_empty(), "{fields}");
        assert!(seen(&reply.json(), "x-api-key").is_empty(), "{fields}");
    }

    // But what is accepted is judged also where anonymous calls pass.
    let judged = json!({ "access": { "anonymous": true } });
    let world = World::start(&setup(&upstream, judged));
    assert_eq!(ask(&world, "").await.status, 200);
    ask(&world, "X-Api-Key: nobody\r\n").await.problem("unknown-key");
}

#[tokio::test]
async fn kinds_stand_beside_each_other_but_one_call_has_one() {
    let (upstream, signer) = (Upstream::mirror().await, Signer::new("a"));
    let world = World::start(&setup(&upstream, accepting(&[&signer])));
    let token = signer.token(claims(json!({})));
    assert_eq!(with_token(&world, &token).await.status, 200);
    assert_eq!(with_token(&world, KEY).await.status, 200);
    assert_eq!(ask(&world, &format!("X-Api-Key: {KEY}\r\n")).await.status, 200);
    let both = format!("Authorization: Bearer {token}\r\nX-Api-Key: {KEY}\r\n");
    ask(&world, &both).await.problem("conflicting-keys");
    let twice = format!("Authorization: Bearer {token}\r\nAuthorization: Bearer {KEY}\r\n");
    ask(&world, &twice).await.problem("conflicting-keys");
    // A token is no key, wherever else it stands.
    ask(&world, &format!("X-Api-Key: {token}\r\n"))
        .await
        .problem("unknown-key");
    let missing = ask(&world, "").await;
    let problem = missing.problem("missing-credential");
    assert_eq!(problem["detail"], "Send a key, or a signed token.");
    assert_eq!(missing.header("www-authenticate"), "Bearer realm=\"turnpike\"");
}

#[tokio::test]
async fn anonymous_calls_have_limits_of_their_own() {
    let upstream = Upstream::mirror().await;
    let world = World::start(&setup(
        &upstream,
        json!({
            "access": { "anonymous": true },
            "rate_limits": [{ "for": "anonymous", "by": "ip", "requests": 2, "per": "1m" },
                            { "for": "identified", "by": "key", "requests": 4, "per": "1m" }],
        }),
    ));
    let key = format!("X-Api-Key: {KEY}\r\n");
    for (fields, statuses) in [("", &[200, 200, 429][..]), (&*key, &[200, 200, 200, 200, 429])] {
        for status in statuses {
            assert_eq!(ask(&world, fields).await.status, *status, "{fields:?}");
        }
    }
}

#[tokio::test]
async fn the_log_says_what_the_identity_rests_on() {
    let (upstream, signer) = (Upstream::mirror().await, Signer::new("a"));
    let (log, mut lines) = AccessLog::channel(1.try_into().unwrap(), 8);
    let world = World::start_with(|options| {
        options.threads = 1;
        options.access_log = Some(log);
    });
    let mut setup = setup(&upstream, accepting(&[&signer]));
    setup.version.policies.access =
        serde_json::from_value(json!({ "accept": ["key", "jwt"], "key_query": "api_key" })).ok();
    world.snapshot.apply(setup.config());
    assert_eq!(with_token(&world, &signer.token(claims(json!({})))).await.status, 200);
    let request = format!("GET {PETS}?api_key={KEY} HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(call(world.address(), request).await.status, 200);
    world.stop().await;
    let mut text = String::new();
    while let Some(more) = lines.recv().await {
        text.push_str(&String::from_utf8(more).unwrap());
    }
    let read: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!([&read[0]["credential"], &read[1]["credential"]], ["jwt", "key"]);
    assert_eq!(read[0]["application"], read[1]["application"]);
    assert_eq!(
        (read[0]["key"].is_null(), read[1]["key"] == key_id().to_string()),
        (true, true)
    );
    assert!(!text.contains(KEY), "{text}");
}

#[tokio::test]
async fn a_key_in_basic_credentials_goes_no_further_where_they_are_the_upstreams() {
    let upstream = Upstream::mirror().await;
    let mut setup = Setup::new(Some(&upstream.url()));
    setup.version.access = Access::Anonymous;
    let world = World::start(&setup);
    for (credentials, arrives) in [
        (format!("anybody:{KEY}"), false),
        (format!("{KEY}:"), false),
        ("user:its own secret".to_owned(), true),
    ] {
        let encoded = STANDARD.encode(&credentials);
        let reply = call(
            world.address(),
            get(PETS, &format!("Authorization: Basic {encoded}\r\n")),
        )
        .await;
        assert_eq!(
            (reply.status, reply.text().contains(&encoded)),
            (200, arrives),
            "{credentials}"
        );
    }
}
