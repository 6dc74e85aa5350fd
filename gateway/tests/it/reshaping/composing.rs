use std::sync::Arc;

use http::Response;
use serde_json::json;
use tokio::sync::{Barrier, mpsc, oneshot};

use super::{PETS, call_http2, json_answer, policies};
use crate::{
    caller::{Caller, call, get},
    upstream::{Upstream, full, seen},
    world::{Setup, World},
};

/// A world whose operation `GET /pets/{id}` is composed.
fn world(upstream: &Upstream, composition: serde_json::Value) -> World {
    world_with(upstream, composition, |_| {})
}

fn world_with(upstream: &Upstream, composition: serde_json::Value, change: impl FnOnce(&mut Setup)) -> World {
    let mut setup = Setup::new(Some(&upstream.url()));
    setup.version.operations[2].policies = Some(Box::new(policies(json!({ "composition": composition }))));
    change(&mut setup);
    World::start(&setup)
}

/// Answers by path.
async fn farm() -> Upstream {
    Upstream::start(|request| async move {
        match request.uri().path() {
            "/pets/7" => json_answer(r#"{"data":{"id": 7.00, "name":"Rex"}}"#),
            "/toys" => json_answer(r#"["ball"]"#),
            "/text" => Response::new(full("no json")),
            "/large" => json_answer(format!("\"{}\"", "x".repeat(3_000))),
            "/coded" => {
                let mut response = json_answer("1");
                response
                    .headers_mut()
                    .insert("content-encoding", "gzip".parse().unwrap());
                response
            }
            "/busy" => Response::builder().status(503).body(full("busy")).unwrap(),
            _ => Response::builder().status(404).body(full("nothing")).unwrap(),
        }
    })
    .await
}

#[tokio::test]
async fn one_answer_is_made_of_many() {
    let upstream = farm().await;
    let world = world(
        &upstream,
        json!({ "parts": {
            "pet": { "path": "/pets/{id}", "pick": "/data" },
            "toys": { "path": "/toys" },
        }}),
    );
    let expected = r#"{"pet":{"id": 7.00, "name":"Rex"},"toys":["ball"]}"#;
    let mut caller = Caller::connect(world.address()).await;
    for _ in 0..2 {
        caller.send(get(&format!("{PETS}/7"), "")).await;
        let reply = caller.reply().await;
        assert_eq!((reply.status, reply.text().as_str()), (200, expected));
        assert_eq!(reply.header("content-type"), "application/json");
        assert_eq!(reply.header("cache-control"), "no-store");
        assert_eq!(reply.header("content-length"), expected.len().to_string());
    }
    let (parts, body, _) = call_http2(&world, "GET", &format!("{PETS}/7"), &[], "").await;
    assert_eq!((parts.status.as_u16(), body.as_slice()), (200, expected.as_bytes()));
    caller.send(get(&format!("{PETS}/7"), "").replace("GET", "HEAD")).await;
    let head = caller.head().await;
    assert_eq!(head.header("content-length"), expected.len().to_string());
    // What it consists of is not counted.
    drop(caller);
    let usage = world.stop().await;
    assert_eq!(usage.len(), 1, "{usage:?}");
    assert_eq!((usage[0].1.calls, usage[0].1.units), (4, 4));
}

#[tokio::test]
async fn parts_run_at_the_same_time_with_their_own_requests() {
    // Nobody is answered before both have asked.
    let barrier = Arc::new(Barrier::new(2));
    let upstream = Upstream::start(move |request| {
        let barrier = Arc::clone(&barrier);
        async move {
            barrier.wait().await;
            let headers: Vec<_> = request
                .headers()
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
                .collect();
            json_answer(
                json!({ "method": request.method().as_str(), "target": request.uri().to_string(), "headers": headers })
                    .to_string(),
            )
        }
    })
    .await;
    let parts = json!({ "parts": {
        "a": { "path": "/a/{id}", "query": { "owner of": "{id}" }, "pass_query": ["limit"] },
        "b": { "path": "/b" },
    }});
    let world = world_with(&upstream, parts, |setup| {
        setup.version.operations[2].policies.as_mut().unwrap().headers =
            policies(json!({ "headers": { "request": { "set": { "X-Tenant": "acme" } } } })).headers;
    });
    let fields = "Authorization: Basic eDp5\r\nCookie: a=b\r\nIf-None-Match: \"a\"\r\nRange: bytes=0-1\r\nX-Own: 1\r\n\
                  traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n";
    let reply = call(world.address(), get(&format!("{PETS}/a%2Fb?limit=5&other=1"), fields)).await;
    let both = reply.json();
    assert_eq!(both["a"]["target"], "/a/a%2Fb?owner%20of=a%2Fb&limit=5", "{both}");
    assert_eq!(both["b"]["target"], "/b");
    for part in [&both["a"], &both["b"]] {
        assert_eq!(part["method"], "GET");
        for gone in ["authorization", "cookie", "x-api-key", "if-none-match", "range"] {
            assert!(seen(part, gone).is_empty(), "{gone}: {part}");
        }
        assert_eq!(seen(part, "x-tenant"), ["acme"]);
        assert_eq!(seen(part, "x-own"), ["1"]);
        assert_eq!(seen(part, "accept"), ["application/json"]);
        assert!(seen(part, "traceparent")[0].starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
        assert_eq!(seen(part, "x-forwarded-for").len(), 1);
    }
}

#[tokio::test]
async fn parts_that_may_fail_are_replaced_and_told() {
    let upstream = farm().await;
    let world = world(
        &upstream,
        json!({ "max_bytes": "2KiB", "parts": {
            "busy": { "path": "/busy", "required": false, "fallback": { "n": [] } },
            "coded": { "path": "/coded", "required": false },
            "gone": { "path": "/none", "required": false },
            "large": { "path": "/large", "required": false },
            "picked": { "path": "/toys", "pick": "/5", "required": false },
            "text": { "path": "/text", "required": false },
            "toys": { "path": "/toys" },
        }}),
    );
    let reply = call(world.address(), get(&format!("{PETS}/7"), "")).await;
    let answer = reply.json();
    assert_eq!(reply.status, 200);
    assert_eq!(
        (&answer["toys"][0], &answer["busy"]),
        (&json!("ball"), &json!({ "n": [] }))
    );
    assert_eq!(answer["errors"]["busy"]["status"], 503);
    assert_eq!(answer["errors"]["gone"]["status"], 404);
    for (name, says) in [
        ("coded", "encoded"),
        ("large", "larger"),
        ("picked", "picked"),
        ("text", "JSON"),
    ] {
        assert!(answer[name].is_null() && answer.get(name).is_some(), "{name}");
        assert!(
            answer["errors"][name]["detail"].as_str().unwrap().contains(says),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn parts_that_must_not_fail_end_the_call() {
    let upstream = farm().await;
    for (path, status, slug) in [
        ("/busy", 502, "part-failed"),
        ("/text", 502, "part-failed"),
        ("/none", 404, "part-not-found"),
    ] {
        let world = world(
            &upstream,
            json!({ "parts": { "toys": { "path": "/toys" }, "wrong": { "path": path } } }),
        );
        let reply = call(world.address(), get(&format!("{PETS}/7"), "")).await;
        assert_eq!(reply.status, status, "{path}");
        let problem = if status == 404 {
            reply.json()
        } else {
            reply.problem(slug)
        };
        assert!(problem["type"].as_str().unwrap().ends_with(slug), "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains("`wrong`"), "{problem}");
    }
    let upstream = Upstream::mirror().await;
    let nowhere = world_with(&upstream, json!({ "parts": { "a": { "path": "/a" } } }), |setup| {
        setup.version.upstream = Some(crate::world::upstream_of(&["http://127.0.0.1:1"]));
    });
    let reply = call(nowhere.address(), get(&format!("{PETS}/7"), "")).await;
    assert_eq!(reply.status, 502);
    reply.problem("part-failed");
}

#[tokio::test]
async fn parts_have_a_time_and_their_end_is_the_end_of_the_others() {
    // Says when a call was given up.
    let (gone, mut are_gone) = mpsc::channel::<()>(10);
    let upstream = Upstream::start(move |_| {
        let gone = gone.clone();
        async move {
            let (held, forever) = oneshot::channel::<()>();
            let _said = GoneGuard(gone);
            let _held = held;
            let _ = forever.await;
            Response::new(full(""))
        }
    })
    .await;
    let world = world(
        &upstream,
        json!({ "parts": {
            "slow": { "path": "/slow", "timeout": "100ms" },
            "slower": { "path": "/slower", "required": false },
        }}),
    );
    let reply = call(world.address(), get(&format!("{PETS}/7"), "")).await;
    assert_eq!(reply.status, 504);
    assert!(
        reply.problem("part-timeout")["detail"]
            .as_str()
            .unwrap()
            .contains("`slow`")
    );
    for _ in 0..2 {
        are_gone.recv().await.unwrap();
    }
}

/// Says that it is dropped.
struct GoneGuard(mpsc::Sender<()>);

impl Drop for GoneGuard {
    fn drop(&mut self) {
        let _ = self.0.try_send(());
    }
}

#[tokio::test]
async fn a_caller_that_leaves_ends_the_parts() {
    let (begun, mut have_begun) = mpsc::channel::<()>(10);
    let (gone, mut are_gone) = mpsc::channel::<()>(10);
    let upstream = Upstream::start(move |_| {
        let (begun, gone) = (begun.clone(), gone.clone());
        async move {
            let _said = GoneGuard(gone);
            begun.send(()).await.unwrap();
            std::future::pending::<()>().await;
            Response::new(full(""))
        }
    })
    .await;
    let parts = json!({ "parts": { "a": { "path": "/a" }, "b": { "path": "/b", "required": false } } });
    let world = world(&upstream, parts);
    let mut caller = Caller::connect(world.address()).await;
    caller.send(get(&format!("{PETS}/7"), "")).await;
    for _ in 0..2 {
        have_begun.recv().await.unwrap();
    }
    drop(caller);
    for _ in 0..2 {
        are_gone.recv().await.unwrap();
    }
    let usage = world.stop().await;
    assert_eq!((usage[0].0.status, usage[0].1.calls), (499, 1), "{usage:?}");
}

#[tokio::test]
async fn composed_answers_are_compressed_and_have_headers_but_are_not_kept() {
    let upstream = farm().await;
    let parts = json!({ "parts": { "toys": { "path": "/toys" } } });
    let world = world_with(&upstream, parts, |setup| {
        let all = policies(json!({
            "composition": { "parts": { "toys": { "path": "/toys" } } },
            "compression": { "min_bytes": 0 },
            "cache": { "share": "key", "default_ttl": "1h" },
            "headers": { "response": { "set": { "X-Made": "here" } } },
        }));
        setup.version.operations[2].policies = Some(Box::new(all));
    });
    for _ in 0..2 {
        let reply = call(world.address(), get(&format!("{PETS}/7"), "Accept-Encoding: gzip\r\n")).await;
        assert_eq!(
            (
                reply.header("content-encoding").as_str(),
                reply.header("x-made").as_str()
            ),
            ("gzip", "here")
        );
    }
    assert_eq!(upstream.calls(), 2);
}

#[tokio::test]
async fn all_parts_together_have_a_bound() {
    let upstream = farm().await;
    let large = |required: bool| json!({ "path": "/large", "required": required });
    let world = world(
        &upstream,
        json!({ "max_total_bytes": "4KiB", "parts": { "a": large(false), "b": large(false) } }),
    );
    let answer = call(world.address(), get(&format!("{PETS}/7"), "")).await.json();
    let failed = answer["errors"].as_object().unwrap();
    assert_eq!(failed.len(), 1, "{answer}");
}

#[tokio::test]
async fn a_part_leads_nobody_out_of_its_path() {
    let upstream = farm().await;
    let setup = |setup: &mut Setup| {
        setup.version.operations[2].path = "/pets/v{id}".into();
        let operation = setup.version.operations[2].policies.as_mut().unwrap();
        operation.rate_limits =
            policies(json!({ "rate_limits": [{ "by": "all", "requests": 1, "per": "1m" }] })).rate_limits;
    };
    let world = world_with(
        &upstream,
        json!({ "parts": { "pet": { "path": "/pets/{id}" } } }),
        setup,
    );
    for _ in 0..3 {
        call(world.address(), get(&format!("{PETS}/v.."), ""))
            .await
            .problem("ambiguous-path");
    }
    assert_eq!(upstream.calls(), 0);
    let reply = call(world.address(), get(&format!("{PETS}/v7"), "")).await;
    assert_eq!(
        reply.status,
        200,
        "refusals took nothing from the limit: {}",
        reply.text()
    );
    call(world.address(), get(&format!("{PETS}/v7"), ""))
        .await
        .problem("calls-limited");
}
