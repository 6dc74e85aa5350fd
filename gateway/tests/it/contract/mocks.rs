//! Answers from the document, without an upstream.

use domain::{
    plan::{Period, Quota},
    policy::PolicySet,
};

use super::{ADD, JSON, PETS, ask, described, pets, post};
use crate::{
    caller::{Caller, call, get},
    upstream::Upstream,
    world::World,
};

const REX: &[u8] = br#"{"name": "Rex"}"#;

#[tokio::test]
async fn answers_come_from_the_document() {
    let (world, _) = pets(None, serde_json::json!({ "mock": {} }));
    let reply = ask(&world, post(ADD, JSON, REX)).await;
    assert_eq!((reply.status, reply.text()), (201, r#"{"name":"Rex"}"#.to_owned()));
    assert_eq!(reply.header("content-type"), "application/json");
    assert!(reply.has("location") && reply.has("date") && !reply.has("preference-applied"));
    for (prefer, status, body, applied) in [
        ("example=cat", 201, r#"{"name":"Tom"}"#, "example=cat"),
        ("code=409", 409, "", "code=409"),
        (
            "code=201, example=cat",
            201,
            r#"{"name":"Tom"}"#,
            "code=201, example=cat",
        ),
        // What can't be done is ignored.
        ("code=418", 201, r#"{"name":"Rex"}"#, ""),
        ("example=cow", 201, r#"{"name":"Rex"}"#, ""),
    ] {
        let reply = ask(&world, post(ADD, &format!("{JSON}Prefer: {prefer}\r\n"), REX)).await;
        assert_eq!((reply.status, &*reply.text()), (status, body), "{prefer}");
        assert_eq!(reply.header("preference-applied"), applied, "{prefer}");
    }
    for (accept, status, content_type) in [
        ("*/*", 200, "application/json"),
        ("text/plain", 200, "text/plain"),
        ("image/png", 406, "application/problem+json"),
    ] {
        let reply = call(
            world.address(),
            get(&format!("{ADD}/7"), &format!("Accept: {accept}\r\n")),
        )
        .await;
        assert_eq!((reply.status, &*reply.header("content-type")), (status, content_type));
    }
    // A connection carries one after the other, also with bodies.
    let mut caller = Caller::connect(world.address()).await;
    for _ in 0..3 {
        caller.send(post(ADD, JSON, REX)).await;
        assert_eq!(caller.reply().await.status, 201);
    }
}

#[tokio::test]
async fn the_provider_chooses() {
    let policy = serde_json::json!({ "mock": { "from": "schemas", "status": 201, "prefer": false, "delay": "60ms" } });
    let (world, _) = pets(None, policy);
    let reply = ask(&world, post(ADD, &format!("{JSON}Prefer: example=cat\r\n"), REX)).await;
    assert_eq!(reply.status, 201);
    assert!(
        reply.json()["name"].is_string() && reply.json()["name"] != "Tom",
        "{}",
        reply.text()
    );
    assert!(!reply.has("preference-applied"));
    // Where there is no such answer it is the usual one.
    assert_eq!(call(world.address(), get(&format!("{ADD}/7"), "")).await.status, 200);
}

#[tokio::test]
async fn keys_limits_and_validation_hold_as_ever() {
    let policy = serde_json::json!({ "mock": {}, "validation": {} });
    let mut setup = described(None, PETS.as_bytes(), policy);
    setup.quota = Some(Quota {
        requests: 2,
        per: Period::Month,
    });
    let world = World::start(&setup);
    let reply = call(world.address(), format!("GET {ADD} HTTP/1.1\r\nHost: x\r\n\r\n")).await;
    reply.problem("missing-key");
    assert_eq!(ask(&world, post(ADD, JSON, b"{}")).await.status, 400);
    assert_eq!(ask(&world, post(ADD, JSON, REX)).await.status, 201);
    let reply = call(world.address(), get(ADD, "")).await;
    assert!(reply.has("ratelimit"), "{reply:?}");
    call(world.address(), get(ADD, "")).await.problem("quota-exceeded");
    let counted = world.stop().await;
    assert_eq!(counted.iter().map(|(_, sums)| sums.units).sum::<u64>(), 2, "they count");
}

#[tokio::test]
async fn one_operation_is_mocked_and_the_others_are_passed_on() {
    let upstream = Upstream::mirror().await;
    let mut setup = described(Some(&upstream.url()), PETS.as_bytes(), serde_json::json!({}));
    let mock: PolicySet = serde_json::from_value(serde_json::json!({ "mock": {} })).unwrap();
    setup.version.operations[1].policies = Some(Box::new(mock));
    let world = World::start(&setup);
    assert_eq!(ask(&world, post(ADD, JSON, REX)).await.status, 201);
    assert_eq!(upstream.calls(), 0);
    assert_eq!(call(world.address(), get(ADD, "")).await.json()["method"], "GET");
    assert_eq!(upstream.calls(), 1);
}
