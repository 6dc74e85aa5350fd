//! What is kept, how much of it, and when it is forgotten.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use domain::catalog::version::Access;
use http::Response;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::Semaphore,
};

use super::{PETS, Scripted, anonymous, pets};
use crate::{
    caller::{Caller, call},
    upstream::{Upstream, full},
    world::{Setup, World, id, upstream_of},
};

#[tokio::test]
async fn calls_for_the_same_are_one_call_upstream() {
    let gate = Arc::new(Semaphore::new(0));
    let waiting = Arc::clone(&gate);
    let upstream = Upstream::start(move |_| {
        let gate = Arc::clone(&waiting);
        async move {
            gate.acquire().await.unwrap().forget();
            Response::builder()
                .header("cache-control", "max-age=600000000")
                .body(full("one"))
                .unwrap()
        }
    })
    .await;
    let mut setup = Setup::new(Some(&upstream.url()));
    setup.version.access = Access::Anonymous;
    setup.version.policies = serde_json::from_value(json!({ "cache": {} })).unwrap();
    let world = World::start(&setup);
    let mut callers = Vec::new();
    for _ in 0..50 {
        let mut caller = Caller::connect(world.address()).await;
        caller.send(anonymous("GET", PETS, "")).await;
        callers.push(caller);
    }
    // A second would go through too.
    gate.add_permits(2);
    let mut collapsed = 0;
    for caller in &mut callers {
        let reply = caller.reply().await;
        assert_eq!((reply.status, reply.text().as_str()), (200, "one"));
        // One that came late found what was kept.
        let status = reply.header("cache-status");
        let is_hit = status.starts_with("turnpike; hit; ttl=");
        let has_waited = status.starts_with("turnpike; fwd=uri-miss; ttl=") && status.ends_with("; collapsed");
        collapsed += usize::from(is_hit || has_waited);
    }
    assert_eq!((upstream.calls(), collapsed), (1, 49));
}

#[tokio::test]
async fn nobody_waits_for_what_is_not_kept() {
    let gate = Arc::new(Semaphore::new(0));
    let (waiting, arrived) = (Arc::clone(&gate), Arc::new(AtomicUsize::new(0)));
    let counting = Arc::clone(&arrived);
    let upstream = Upstream::start(move |_| {
        let (gate, arrived) = (Arc::clone(&waiting), Arc::clone(&counting));
        async move {
            // Only the first is let through at once; the others go when all have come.
            if arrived.fetch_add(1, SeqCst) > 0 {
                gate.acquire().await.unwrap().forget();
            }
            Response::builder()
                .header("cache-control", "no-store")
                .body(full("x"))
                .unwrap()
        }
    })
    .await;
    let mut setup = Setup::new(Some(&upstream.url()));
    setup.version.access = Access::Anonymous;
    setup.version.policies = serde_json::from_value(json!({ "cache": {} })).unwrap();
    let world = World::start(&setup);
    assert_eq!(pets(&world, "").await.status, 200);
    let mut callers = Vec::new();
    for _ in 0..10 {
        let mut caller = Caller::connect(world.address()).await;
        caller.send(anonymous("GET", PETS, "")).await;
        callers.push(caller);
    }
    while arrived.load(SeqCst) < 11 {
        tokio::task::yield_now().await;
    }
    gate.add_permits(10);
    for caller in &mut callers {
        assert_eq!(caller.reply().await.status, 200);
    }
}

#[tokio::test]
async fn parts_and_heads_come_from_what_is_kept() {
    let script = Scripted::start().await;
    script.script.lock().unwrap().body = "0123456789-";
    script.say(200, &[("cache-control", "max-age=60"), ("etag", "\"a\"")]);
    let world = script.world(json!({}), Access::Anonymous);
    assert_eq!(pets(&world, "").await.text(), "0123456789-1");
    let part = pets(&world, "Range: bytes=2-4\r\nIf-Range: \"a\"\r\n").await;
    assert_eq!((part.status, part.text().as_str()), (206, "234"));
    assert_eq!(
        (part.header("content-range"), part.header("content-length")),
        ("bytes 2-4/12".into(), "3".into())
    );
    let nothing = pets(&world, "Range: bytes=12-\r\n").await;
    assert_eq!(
        (nothing.status, nothing.header("content-range")),
        (416, "bytes */12".into())
    );
    assert_eq!(
        pets(&world, "Range: bytes=2-4\r\nIf-Range: \"b\"\r\n").await.status,
        200
    );
    let mut caller = Caller::connect(world.address()).await;
    caller.send(anonymous("HEAD", PETS, "")).await;
    let head = caller.head().await;
    assert_eq!((head.status, head.header("content-length")), (200, "12".into()));
    assert_eq!(script.upstream.calls(), 1);
}

#[tokio::test]
async fn what_changes_a_resource_ends_its_answers() {
    let script = Scripted::start().await;
    let pet = "/acme/petstore/v1/pets/7";
    let fresh = [("cache-control", "max-age=60")];
    script.say(200, &fresh);
    let world = script.world(json!({}), Access::Anonymous);
    let one = async |path: &str| call(world.address(), anonymous("GET", path, "")).await.text();
    assert_eq!((one(PETS).await.as_str(), one(pet).await.as_str()), ("1", "2"));
    let post = anonymous("POST", PETS, "Content-Length: 0\r\n");
    script.say(500, &[]);
    assert_eq!(call(world.address(), &post).await.status, 500);
    assert_eq!(
        (one(PETS).await.as_str(), one(pet).await.as_str()),
        ("1", "2"),
        "nothing was changed"
    );
    script.say(201, &[("location", "/pets/7")]);
    let reply = call(world.address(), &post).await;
    assert_eq!(
        (reply.status, reply.header("cache-status")),
        (201, "turnpike; fwd=method".into())
    );
    script.say(200, &fresh);
    assert_eq!((one(PETS).await.as_str(), one(pet).await.as_str()), ("5", "6"));
}

#[tokio::test]
async fn callers_may_ask_for_more_unless_they_may_not() {
    let script = Scripted::start().await;
    script.say(200, &[("cache-control", "max-age=60")]);
    let world = script.world(json!({}), Access::Anonymous);
    let refused = pets(&world, "Cache-Control: only-if-cached\r\n").await;
    refused.problem("not-cached");
    assert_eq!((refused.status, script.upstream.calls()), (504, 0));
    assert_eq!(pets(&world, "").await.text(), "1");
    assert_eq!(pets(&world, "Cache-Control: only-if-cached\r\n").await.text(), "1");
    let asked = pets(&world, "Cache-Control: no-cache\r\n").await;
    assert_eq!(
        (asked.text().as_str(), asked.header("cache-status").as_str()),
        ("2", "turnpike; fwd=request; stored")
    );
    let asked = pets(&world, "Cache-Control: no-store\r\n").await;
    assert_eq!(
        (asked.text().as_str(), asked.header("cache-status").as_str()),
        ("3", "turnpike; fwd=request; detail=request-no-store")
    );
    assert_eq!(pets(&world, "").await.text(), "2");
    let world = script.world(json!({ "request_directives": false }), Access::Anonymous);
    let first = pets(&world, "Cache-Control: no-store\r\n").await.text();
    assert_eq!(
        pets(&world, "Pragma: no-cache\r\nCache-Control: no-cache\r\n")
            .await
            .text(),
        first
    );
}

#[tokio::test]
async fn memory_is_bounded() {
    let script = Scripted::start().await;
    script.script.lock().unwrap().body = Box::leak("x".repeat(4_000).into_boxed_str());
    script.say(200, &[("cache-control", "max-age=60")]);
    let world = script.world_with(json!({ "max_bytes": "1KiB" }), Access::Anonymous, |_| {});
    let too_large = pets(&world, "").await;
    assert_eq!(
        too_large.header("cache-status"),
        "turnpike; fwd=uri-miss; detail=too-large"
    );
    let world = script.world_with(json!({}), Access::Anonymous, |options| options.cache_bytes = 64 * 1024);
    let mut caller = Caller::connect(world.address()).await;
    for number in 0..100 {
        caller
            .send(anonymous("GET", &format!("/acme/petstore/v1/pets/{number}"), ""))
            .await;
        let reply = caller.reply().await;
        assert_eq!((reply.status, reply.body.len() > 4_000), (200, true));
        assert!(world.gateway.cache().usage().bytes <= 64 * 1024);
    }
    assert!((5..=16).contains(&world.gateway.cache().usage().answers));
}

#[tokio::test]
async fn answers_are_forgotten_when_they_are_told_to() {
    let script = Scripted::start().await;
    script.say(200, &[("cache-control", "max-age=60")]);
    let world = script.world(json!({}), Access::Anonymous);
    let pet = anonymous("GET", "/acme/petstore/v1/pets/7", "");
    let fill = async || (pets(&world, "").await.text(), call(world.address(), &pet).await.text());
    fill().await;
    let cache = world.gateway.cache();
    assert_eq!(cache.usage().answers, 2);
    assert_eq!(cache.purge_path(id("ver", 1), "/pets/"), 1);
    assert_eq!(fill().await, ("1".into(), "3".into()));
    assert_eq!(
        (cache.purge_version(id("ver", 2)), cache.purge_version(id("ver", 1))),
        (0, 2)
    );
    assert_eq!(fill().await, ("4".into(), "5".into()));
    assert_eq!((cache.clear(), cache.usage().bytes), (2, 0));
    fill().await;
    let other = Scripted::start().await;
    other.say(200, &[("cache-control", "max-age=60")]);
    other.script.lock().unwrap().body = "other";
    let applied = world.snapshot.apply(other.config(json!({}), Access::Anonymous, 2));
    assert!(applied.is_taken);
    assert_eq!(
        pets(&world, "").await.text(),
        "other1",
        "what another upstream said is nothing"
    );
}

#[tokio::test]
async fn what_broke_off_is_not_kept() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let served = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&served);
    let answers = [
        "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 10\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        // Its end looks like any end.
        "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 5\r\n\r\nwhole",
    ];
    let serving = tokio::spawn(async move {
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            count.fetch_add(1, SeqCst);
            let mut request = [0; 4_096];
            let _ = stream.read(&mut request).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    let mut setup = Setup::new(None);
    setup.version.upstream = Some(upstream_of(&[&format!("http://{address}")]));
    setup.version.access = Access::Anonymous;
    setup.version.policies = serde_json::from_value(json!({ "cache": {} })).unwrap();
    let world = World::start(&setup);
    for calls in 1..=3 {
        let mut caller = Caller::connect(world.address()).await;
        caller.send(anonymous("GET", PETS, "Connection: close\r\n")).await;
        let mut bytes = Vec::new();
        // However it ends.
        let _ = caller.stream.read_to_end(&mut bytes).await;
        assert_eq!((served.load(SeqCst), world.gateway.cache().usage().answers), (calls, 0));
    }
    assert_eq!(pets(&world, "").await.text(), "whole");
    assert_eq!(pets(&world, "").await.text(), "whole");
    serving.await.unwrap();
}
