//! What the answers to other methods than GET do to what is kept.

use std::time::Duration;

use domain::{catalog::version::Access, gateway_config::ConfigUpdate};
use serde_json::json;

use super::{OTHER_KEY, PETS, Scripted, anonymous, as_other, pets};
use crate::{
    caller::{Caller, Reply, call, get},
    world::World,
};

const HERE: (&str, &str) = ("content-location", "/pets");

async fn post(world: &World, fields: &str) -> Reply {
    let fields = format!("Content-Length: 0\r\n{fields}");
    call(world.address(), anonymous("POST", PETS, &fields)).await
}

async fn head(world: &World) -> Reply {
    let mut caller = Caller::connect(world.address()).await;
    caller.send(anonymous("HEAD", PETS, "")).await;
    caller.head().await
}

#[tokio::test]
async fn a_post_may_say_what_its_target_is_now() {
    let script = Scripted::start().await;
    let fresh = ("cache-control", "max-age=60");
    script.say(200, &[fresh]);
    let world = script.world(json!({ "heuristic": true }), Access::Anonymous);
    assert_eq!(pets(&world, "").await.text(), "1");
    script.say(200, &[fresh, HERE]);
    let posted = post(&world, "").await;
    assert_eq!(
        (posted.text().as_str(), posted.header("cache-status").as_str()),
        ("2", "turnpike; fwd=method; stored")
    );
    let kept = pets(&world, "").await;
    assert_eq!(
        (kept.text().as_str(), kept.header("cache-status").as_str()),
        ("2", "turnpike; hit; ttl=60")
    );
    let changed = ("last-modified", "Mon, 01 Jan 2024 00:00:00 GMT");
    for (status, fields) in [
        (200, &[fresh][..]),
        (200, &[fresh, ("content-location", "/pets/7")]),
        (200, &[fresh, HERE, ("content-location", "/pets/7")]),
        (201, &[fresh, HERE]),
        // Neither says for how long.
        (200, &[HERE]),
        (200, &[changed, HERE]),
        (200, &[("cache-control", "max-age=60, private"), HERE]),
    ] {
        script.say(status, fields);
        let posted = post(&world, "").await;
        assert_eq!(
            posted.header("cache-status"),
            "turnpike; fwd=method",
            "{status} {fields:?}"
        );
        assert_eq!(
            world.gateway.cache().usage().answers,
            0,
            "what was kept is over: {status} {fields:?}"
        );
    }
    script.say(200, &[fresh, HERE]);
    let forbidden = post(&world, "Cache-Control: no-store\r\n").await;
    assert_eq!(forbidden.header("cache-status"), "turnpike; fwd=method");
}

#[tokio::test]
async fn the_answer_to_a_post_is_for_whom_it_was_made() {
    let script = Scripted::start().await;
    script.say(200, &[("cache-control", "max-age=60"), HERE]);
    let world = script.world(json!({ "share": "application" }), Access::Key);
    let post = format!(
        "POST {PETS} HTTP/1.1\r\nHost: gateway.test\r\nAuthorization: Bearer {OTHER_KEY}\r\nContent-Length: 0\r\n\r\n"
    );
    assert_eq!(call(world.address(), post).await.text(), "1");
    assert_eq!(call(world.address(), as_other(PETS)).await.text(), "1");
    assert_eq!(call(world.address(), get(PETS, "")).await.text(), "2");
}

#[tokio::test]
async fn a_head_tells_whether_what_is_kept_still_holds() {
    let script = Scripted::start().await;
    let fresh = ("cache-control", "max-age=60");
    script.say(200, &[fresh, ("etag", "\"a\""), ("x-pet", "cat")]);
    let world = script.world(json!({}), Access::Anonymous);
    assert_eq!(pets(&world, "").await.text(), "1");
    script.clock.advance(Duration::from_secs(61));
    script.say(
        200,
        &[("cache-control", "max-age=100"), ("etag", "\"a\""), ("x-pet", "dog")],
    );
    let asked = head(&world).await;
    assert_eq!(
        (asked.status, asked.header("cache-status").as_str()),
        (200, "turnpike; fwd=stale; detail=method")
    );
    let kept = pets(&world, "").await;
    assert_eq!((kept.text().as_str(), kept.header("x-pet").as_str()), ("1", "dog"));
    assert_eq!(kept.header("cache-status"), "turnpike; hit; ttl=100");
    script.clock.advance(Duration::from_secs(101));
    script.say(404, &[]);
    assert_eq!(head(&world).await.status, 404);
    assert_eq!(world.gateway.cache().usage().answers, 1, "nothing is said of it");
    script.say(200, &[fresh, ("etag", "\"b\"")]);
    assert_eq!(head(&world).await.status, 200);
    assert_eq!(world.gateway.cache().usage().answers, 0, "there is another now");
    assert_eq!(
        pets(&world, "").await.header("cache-status"),
        "turnpike; fwd=uri-miss; stored"
    );
    script.clock.advance(Duration::from_secs(61));
    script.say(200, &[("cache-control", "no-store"), ("etag", "\"b\"")]);
    assert_eq!(head(&world).await.status, 200);
    assert_eq!(world.gateway.cache().usage().answers, 0, "nothing may be kept any more");
}

#[tokio::test]
async fn what_was_kept_without_regard_to_a_field_is_not_used_where_it_counts() {
    let script = Scripted::start().await;
    script.say(200, &[("cache-control", "max-age=60")]);
    let world = script.world(json!({}), Access::Anonymous);
    assert_eq!(pets(&world, "X-Tenant: a\r\n").await.text(), "1");
    let policy = json!({ "key_headers": ["X-Tenant"] });
    assert!(
        world
            .snapshot
            .apply(script.config(policy, Access::Anonymous, 2))
            .is_taken
    );
    for (tenant, text) in [("b", "2"), ("a", "3"), ("b", "2"), ("a", "3")] {
        assert_eq!(pets(&world, &format!("X-Tenant: {tenant}\r\n")).await.text(), text);
    }
}

#[tokio::test]
async fn what_a_post_says_is_not_kept_where_gets_have_policies_of_their_own() {
    let script = Scripted::start().await;
    let fresh = ("cache-control", "max-age=60");
    let world = World::start_with(|options| options.clock = script.clock.clone());
    let policy = json!({ "heuristic": true });
    let ConfigUpdate::Full(mut config) = script.config(policy.clone(), Access::Anonymous, 1) else {
        unreachable!()
    };
    let own = json!({ "cache": policy, "headers": { "response": { "remove": ["x-internal"] } } });
    let operations = &mut config.catalog.versions[0].operations;
    let of_get = operations
        .iter_mut()
        .find(|operation| operation.method == "GET" && operation.path == "/pets")
        .unwrap();
    of_get.policies = Some(serde_json::from_value(own).unwrap());
    assert!(world.snapshot.apply(ConfigUpdate::Full(config)).is_taken);
    script.say(200, &[fresh, HERE, ("x-internal", "secret")]);
    let posted = post(&world, "").await;
    assert_eq!(posted.header("cache-status"), "turnpike; fwd=method");
    let asked = pets(&world, "").await;
    assert_eq!(asked.header("cache-status"), "turnpike; fwd=uri-miss; stored");
    assert!(!asked.has("x-internal"), "{asked:?}");
    world.stop().await;
}
