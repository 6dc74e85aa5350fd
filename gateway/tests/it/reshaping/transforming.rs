use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use http::Response;
use http_body_util::BodyExt;
use serde_json::json;

use super::{PETS, call_http2, json_answer, policies, world};
use crate::{
    caller::{Reply, call, get},
    script::{Script, Then},
    upstream::{Upstream, full, seen},
    world::{KEY, Setup, World, upstream_of},
};

fn post(path: &str, fields: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {KEY}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n{fields}\r\n{body}"
    )
}

#[tokio::test]
async fn path_and_query_are_what_the_upstream_wants() {
    let upstream = Upstream::mirror().await;
    let mut setup = Setup::new(Some(&format!("{}/base", upstream.url())));
    setup.version.policies = policies(json!({ "transform": { "request": {
        "path": { "remove_prefix": "/pets", "add_prefix": "/internal/animals" },
        "query": { "rename": { "q": "search" }, "remove": ["debug"], "set": { "source": "turn pike" } },
    }}}));
    setup.version.operations[2].policies = Some(Box::new(policies(json!({ "transform": { "request": {
        "path": { "template": "/by-id/{id}.json" },
    }}}))));
    let world = World::start(&setup);
    for (asked, expected) in [
        (
            "/pets?q=a+b&debug=1&x=%7E",
            "/base/internal/animals?search=a+b&x=%7E&source=turn%20pike",
        ),
        ("/p%65ts", "/base/internal/animals?source=turn%20pike"),
        ("/pets/a%2Fb?q=1", "/base/by-id/a%2Fb.json?q=1"),
    ] {
        let reply = call(world.address(), get(&format!("/acme/petstore/v1{asked}"), "")).await;
        assert_eq!(reply.json()["target"], expected, "{asked}");
        let (_, body, _) = call_http2(&world, "GET", &format!("/acme/petstore/v1{asked}"), &[], "").await;
        let mirror: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(mirror["target"], expected, "{asked}");
    }
}

#[tokio::test]
async fn a_template_leads_nobody_out_of_its_path() {
    let upstream = Upstream::mirror().await;
    let mut setup = Setup::new(Some(&upstream.url()));
    setup.version.operations[2].path = "/pets/v{id}".into();
    setup.version.operations[2].policies = Some(Box::new(policies(json!({
        "transform": { "request": { "path": { "template": "/a/b/{id}" } } },
        "rate_limits": [{ "by": "all", "requests": 1, "per": "1m" }],
    }))));
    let world = World::start(&setup);
    for _ in 0..3 {
        call(world.address(), get("/acme/petstore/v1/pets/v..", ""))
            .await
            .problem("ambiguous-path");
    }
    assert_eq!(upstream.calls(), 0);
    let reply = call(world.address(), get("/acme/petstore/v1/pets/v1", "")).await;
    assert_eq!(reply.json()["target"], "/a/b/1", "refusals took nothing from the limit");
    call(world.address(), get("/acme/petstore/v1/pets/v1", ""))
        .await
        .problem("calls-limited");
}

#[tokio::test]
async fn an_operation_without_the_parameter_is_not_routed() {
    let upstream = Upstream::mirror().await;
    let mut setup = Setup::new(Some(&upstream.url()));
    setup.version.policies = policies(json!({ "transform": { "request": { "path": { "template": "/{id}" } } } }));
    let world = World::start_with(|_| {});
    let applied = world.snapshot.apply(setup.config());
    let about = |text: &str| applied.warnings.iter().any(|warning| warning.reason.contains(text));
    assert!(about("list-pets") && !about("get-pet"), "{applied:?}");
    assert_eq!(call(world.address(), get(PETS, "")).await.status, 404);
    assert_eq!(
        call(world.address(), get(&format!("{PETS}/7"), "")).await.json()["target"],
        "/7"
    );
}

#[tokio::test]
async fn a_mirror_sees_what_the_upstream_sees() {
    let upstream = Upstream::mirror().await;
    let copied = Script::start([("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Then::Stay)]).await;
    let mut setup = Setup::new(None);
    let mut record = upstream_of(&[&upstream.url()]);
    record.settings.mirror = Some(serde_json::from_value(json!({ "target": copied.url() })).unwrap());
    setup.version.upstream = Some(record);
    setup.version.policies = policies(json!({ "transform": { "request": { "path": { "add_prefix": "/new" } } } }));
    let world = World::start(&setup);
    assert_eq!(call(world.address(), get(PETS, "")).await.json()["target"], "/new/pets");
    while copied.heads.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(copied.heads.lock().unwrap()[0].starts_with("get /new/pets http/1.1\r\n"));
}

#[tokio::test]
async fn bodies_of_requests_are_changed() {
    let upstream = Upstream::mirror().await;
    let world = world(
        &upstream,
        json!({ "transform": { "request": { "body": {
            "move": { "/name": "/title" }, "remove": ["/secret"], "set": { "/channel": "api" }, "max_bytes": "1KiB",
        }}}}),
    );
    let sent = r#"{"name":"a", "price": 1.10000000000000000001,"secret":[1]}"#;
    let expected = r#"{"price":1.10000000000000000001,"title":"a","channel":"api"}"#;
    let check = |mirror: serde_json::Value, body: &str| {
        assert_eq!(mirror["body"], body);
        assert_eq!(seen(&mirror, "content-length"), [body.len().to_string()], "{mirror}");
        assert!(seen(&mirror, "content-digest").is_empty());
    };
    check(
        call(world.address(), post(PETS, "Content-Digest: x\r\n", sent))
            .await
            .json(),
        expected,
    );
    let chunked = format!(
        "POST {PETS} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {KEY}\r\nContent-Type: application/vnd.pet+json\r\n\
         Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{sent}\r\n0\r\n\r\n",
        sent.len()
    );
    check(call(world.address(), chunked).await.json(), expected);
    let fields = [("content-type", "application/json")];
    let (_, body, _) = call_http2(&world, "POST", PETS, &fields, r#"{"name":1}"#).await;
    check(serde_json::from_slice(&body).unwrap(), r#"{"title":1,"channel":"api"}"#);
    // What is no JSON, too long or encoded goes on as it is.
    let long = format!(r#"{{"secret":"{}"}}"#, "x".repeat(2_000));
    for (body, fields) in [("{\"secret\":", ""), (&long, ""), (sent, "Content-Encoding: x-own\r\n")] {
        let reply = call(world.address(), post(PETS, fields, body)).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        assert_eq!(reply.json()["body"], body);
    }
}

fn tagged(body: &'static str) -> Response<crate::upstream::AnyBody> {
    let mut response = json_answer(body);
    for (name, value) in [
        ("etag", "\"a\""),
        ("content-md5", "x"),
        ("repr-digest", "x"),
        ("x-kept", "1"),
        ("cache-control", "public, max-age=60"),
    ] {
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}

const ANSWER: &str = r#"{"data":{"items":[ 1,2 ],"n":12345678901234567890123},"internal":true}"#;
const CHANGED: &str = r#"{"data":{"n":12345678901234567890123},"items":[ 1,2 ]}"#;

#[tokio::test]
async fn bodies_of_answers_are_changed() {
    let upstream = Upstream::start(|request| async move {
        assert_eq!(request.headers()["accept-encoding"], "identity");
        assert!(!request.headers().contains_key("range"));
        tagged(ANSWER)
    })
    .await;
    let change = json!({ "transform": { "response": { "body": {
        "move": { "/data/items": "/items" }, "remove": ["/internal"],
    }}}});
    let world = world(&upstream, change);
    let check = |reply: &Reply| {
        assert_eq!((reply.status, reply.text().as_str()), (200, CHANGED));
        assert_eq!(reply.header("content-length"), CHANGED.len().to_string());
        assert_eq!(reply.header("x-kept"), "1");
        for gone in ["etag", "content-md5", "repr-digest"] {
            assert!(!reply.has(gone), "{gone}: {reply:?}");
        }
    };
    let mut caller = crate::caller::Caller::connect(world.address()).await;
    for _ in 0..2 {
        caller
            .send(get(PETS, "Accept-Encoding: gzip, br\r\nRange: bytes=0-3\r\n"))
            .await;
        check(&caller.reply().await);
    }
    caller.send(post(PETS, "", "{}")).await;
    check(&caller.reply().await);
    let (parts, body, _) = call_http2(&world, "GET", PETS, &[], "").await;
    assert_eq!(body, CHANGED.as_bytes());
    assert_eq!(parts.headers["content-length"], CHANGED.len().to_string());
    // Its length is not known without it.
    caller.send(get(PETS, "").replace("GET", "HEAD")).await;
    let head = caller.head().await;
    assert_eq!(
        (head.status, head.has("content-length"), head.has("etag")),
        (200, false, false)
    );
}

#[tokio::test]
async fn answers_that_can_not_be_changed_go_on_as_they_are() {
    let long = format!(r#"{{"internal":"{}"}}"#, "x".repeat(5_000));
    let body = long.clone();
    let upstream = Upstream::start(move |request| {
        let body = body.clone();
        async move {
            match request.uri().path() {
                "/pets/long" => json_answer(body),
                "/pets/bad" => json_answer("{\"internal\":"),
                "/pets/empty" => Response::builder().status(204).body(full("")).unwrap(),
                _ => Response::new(full("internal")),
            }
        }
    })
    .await;
    let change = json!({ "transform": { "response": { "body": { "remove": ["/internal"], "max_bytes": "4KiB" } } } });
    let world = world(&upstream, change);
    let mut caller = crate::caller::Caller::connect(world.address()).await;
    for (name, status, expected) in [
        ("long", 200, long.as_str()),
        ("bad", 200, "{\"internal\":"),
        ("empty", 204, ""),
        ("text", 200, "internal"),
    ] {
        caller.send(get(&format!("{PETS}/{name}"), "")).await;
        let reply = caller.reply().await;
        assert_eq!((reply.status, reply.text().as_str()), (status, expected), "{name}");
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_while_it_is_held_is_a_refusal() {
    let upstream = Script::start([(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"a\":",
        Then::Close,
    )])
    .await;
    let mut setup = Setup::new(Some(&upstream.url()));
    setup.version.policies = policies(json!({
        "transform": { "response": { "body": { "remove": ["/internal"] } } },
        "cache": { "share": "key", "default_ttl": "1m" },
    }));
    let world = World::start(&setup);
    for _ in 0..2 {
        let reply = call(world.address(), get(PETS, "")).await;
        assert_eq!(reply.status, 502);
        reply.problem("upstream-broken");
    }
    assert_eq!(upstream.connections(), 2, "a refusal is not kept");
}

#[tokio::test]
async fn an_answer_that_is_fetched_beside_a_call_is_changed_too() {
    let numbers = Arc::new(AtomicUsize::new(0));
    let upstream = Upstream::start(move |_| {
        let number = numbers.fetch_add(1, SeqCst);
        async move {
            let mut response = json_answer(format!(r#"{{"number":{number},"internal":true}}"#));
            let directives = "public, max-age=1, stale-while-revalidate=60";
            let fields = response.headers_mut();
            fields.insert("cache-control", directives.parse().unwrap());
            fields.insert("date", "Fri, 20 Nov 2026 10:00:00 GMT".parse().unwrap());
            response
        }
    })
    .await;
    let world = world(
        &upstream,
        json!({ "transform": { "response": { "body": { "remove": ["/internal"] } } }, "cache": {} }),
    );
    let ask = async || call(world.address(), get(PETS, "")).await.text();
    assert_eq!(ask().await, r#"{"number":0}"#);
    world.clock.advance(Duration::from_secs(10));
    loop {
        match ask().await.as_str() {
            r#"{"number":0}"# => {}
            other => {
                assert!(
                    other.starts_with(r#"{"number":"#) && !other.contains("internal"),
                    "{other}"
                );
                break;
            }
        }
    }
}

#[tokio::test]
async fn kept_answers_are_changed_once_and_say_the_same() {
    let upstream = Upstream::start(|request| async move {
        let _ = request.into_body().collect().await;
        tagged(ANSWER)
    })
    .await;
    let mut setup = Setup::new(Some(&upstream.url()));
    let both = |remove: &str| {
        policies(json!({
            "transform": { "request": { "query": { "remove": ["x"] } },
                "response": { "body": { "move": { "/data/items": "/items" }, "remove": [remove] } } },
            "cache": {},
        }))
    };
    setup.version.policies = both("/internal");
    let world = World::start(&setup);
    for calls in [1, 1] {
        let reply = call(world.address(), get(&format!("{PETS}?x=1"), "")).await;
        assert_eq!(
            (reply.text().as_str(), reply.has("etag")),
            (CHANGED, false),
            "{reply:?}"
        );
        assert_eq!(reply.header("content-length"), CHANGED.len().to_string());
        assert_eq!(upstream.calls(), calls);
    }
    // What is kept is told apart by what was asked for, not by what the upstream was asked.
    call(world.address(), get(&format!("{PETS}?x=2"), "")).await;
    assert_eq!(upstream.calls(), 2);
    // Another change begins anew.
    setup.revision += 1;
    setup.version.policies = both("/data");
    world.snapshot.apply(setup.config());
    let reply = call(world.address(), get(&format!("{PETS}?x=1"), "")).await;
    assert_eq!(reply.text(), r#"{"internal":true,"items":[ 1,2 ]}"#);
}
