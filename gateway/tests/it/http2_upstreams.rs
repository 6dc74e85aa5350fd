//! Calls to upstreams that speak HTTP/2.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use bytes::Bytes;
use h2::Reason;
use http::Response;
use tokio::{
    sync::{Barrier, mpsc},
    time::timeout,
};

use crate::{
    caller::{Caller, call, get},
    upstream::seen,
    upstream_http2::{Http2Upstream, send},
    world::{KEY, Setup, World, upstream_of},
};

const PETS: &str = "/acme/petstore/v1/pets";
/// Longer than anything here takes.
const SOON: Duration = Duration::from_secs(10);

fn setup(url: &str) -> Setup {
    let mut setup = Setup::new(None);
    let mut upstream = serde_json::to_value(upstream_of(&[url])).unwrap();
    upstream["protocol"] = "http2".into();
    setup.version.upstream = Some(serde_json::from_value(upstream).unwrap());
    setup
}

/// A gateway with one worker: its connections are those of the gateway.
fn world(setup: &Setup) -> World {
    let world = World::start_with(|options| options.threads = 1);
    assert!(world.snapshot.apply(setup.config()).is_taken);
    world
}

#[tokio::test]
async fn a_call_is_translated_to_http2() {
    let upstream = Http2Upstream::mirror().await;
    let world = world(&setup(&format!("{}/base", upstream.url())));
    let reply = call(
        world.address(),
        format!(
            "POST {PETS}?a=b HTTP/1.1\r\nHost: gateway.test\r\nX-Api-Key: {KEY}\r\nTransfer-Encoding: chunked\r\n\
             Connection: x-private, keep-alive, te\r\nX-Private: 1\r\nKeep-Alive: timeout=5\r\nTE: trailers\r\n\
             Cookie: a=b; c=d\r\nX-Own: Yes\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 11\r\nContent-Length: 3\r\n\r\n"
        ),
    )
    .await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.header("via"), "2.0 turnpike");
    let mirror = reply.json();
    assert_eq!(mirror["target"], format!("{}/base/pets?a=b", upstream.url()));
    assert_eq!(mirror["body"], "hello world");
    assert_eq!(mirror["trailers"], serde_json::json!([["x-sum", "11"]]));
    for (name, value) in [
        ("x-own", "Yes"),
        ("te", "trailers"),
        ("cookie", "a=b; c=d"),
        ("x-forwarded-host", "gateway.test"),
        ("via", "1.1 turnpike"),
    ] {
        assert_eq!(seen(&mirror, name), [value], "{name}");
    }
    for name in [
        "host",
        "connection",
        "transfer-encoding",
        "keep-alive",
        "x-private",
        "x-api-key",
        "content-length",
    ] {
        assert!(seen(&mirror, name).is_empty(), "{name}");
    }
    let reply = call(
        world.address(),
        format!("POST {PETS} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {KEY}\r\nContent-Length: 5\r\n\r\nhello"),
    )
    .await;
    assert_eq!(seen(&reply.json(), "content-length"), ["5"]);
    assert_eq!(
        upstream.connections(),
        1,
        "one connection carries one call after the other"
    );
}

#[tokio::test]
async fn an_answer_is_translated_from_http2() {
    let upstream = Http2Upstream::start(|mut received| async move {
        match received.request.uri().path() {
            "/pets" => send(
                &mut received.respond,
                200,
                &[("x-own", "1"), ("set-cookie", "a=b"), ("set-cookie", "c=d")],
                &[b"hello ", b"world"],
                &[("x-sum", "11"), ("cache-control", "public")],
            ),
            "/pets/length" => send(&mut received.respond, 200, &[("content-length", "5")], &[b"hello"], &[]),
            "/pets/empty" => send(&mut received.respond, 204, &[], &[], &[]),
            _ => {
                let mut hints = Response::builder().status(103).body(()).unwrap();
                hints.headers_mut().insert("link", "</a.css>".parse().unwrap());
                received.respond.send_informational(hints).unwrap();
                send(&mut received.respond, 200, &[], &[], &[]);
            }
        }
    })
    .await;
    let world = world(&setup(&upstream.url()));
    let mut caller = Caller::connect(world.address()).await;
    caller.send(get(PETS, "")).await;
    let reply = caller.reply().await;
    assert_eq!((reply.status, reply.text().as_str()), (200, "hello world"));
    assert_eq!(reply.header("transfer-encoding"), "chunked");
    assert_eq!(reply.header("set-cookie"), "a=b, c=d");
    assert_eq!(reply.header("trailer:x-sum"), "11");
    assert!(!reply.has("trailer:cache-control"), "{reply:?}");
    caller.send(get(&format!("{PETS}/length"), "")).await;
    let reply = caller.reply().await;
    assert_eq!(
        (reply.header("content-length").as_str(), reply.text().as_str()),
        ("5", "hello")
    );
    caller.send(get(&format!("{PETS}/empty"), "")).await;
    assert_eq!(caller.reply().await.status, 204);
    caller.send(get(&format!("{PETS}/hints"), "")).await;
    let hints = caller.head().await;
    assert_eq!((hints.status, hints.header("link").as_str()), (103, "</a.css>"));
    let reply = caller.reply().await;
    assert_eq!((reply.status, reply.header("content-length").as_str()), (200, "0"));
}

#[tokio::test]
async fn calls_share_a_connection_for_as_long_as_the_upstream_permits() {
    for (streams, connections) in [(100, 1), (2, 3)] {
        let together = Arc::new(Barrier::new(6));
        let upstream = Http2Upstream::start_with(streams, usize::MAX, move |mut received| {
            let together = Arc::clone(&together);
            async move {
                // The first comes alone, so that the gateway knows how many it may send.
                if received.request.uri().path() == "/pets/1" {
                    together.wait().await;
                }
                send(&mut received.respond, 200, &[], &[b"done"], &[]);
            }
        })
        .await;
        let world = world(&setup(&upstream.url()));
        assert_eq!(call(world.address(), get(PETS, "")).await.status, 200);
        let calls: Vec<_> = (0..6)
            .map(|_| tokio::spawn(call(world.address(), get(&format!("{PETS}/1"), ""))))
            .collect();
        for call in calls {
            assert_eq!(timeout(SOON, call).await.unwrap().unwrap().text(), "done");
        }
        assert_eq!(upstream.connections(), connections, "with {streams} streams on each");
    }
}

#[tokio::test]
async fn calls_that_come_together_wait_for_one_connection() {
    let together = Arc::new(Barrier::new(8));
    let upstream = Http2Upstream::start(move |mut received| {
        let together = Arc::clone(&together);
        async move {
            together.wait().await;
            send(&mut received.respond, 200, &[], &[], &[]);
        }
    })
    .await;
    let world = world(&setup(&upstream.url()));
    let calls: Vec<_> = (0..8)
        .map(|_| tokio::spawn(call(world.address(), get(PETS, ""))))
        .collect();
    for call in calls {
        assert_eq!(timeout(SOON, call).await.unwrap().unwrap().status, 200);
    }
    assert_eq!(upstream.connections(), 1);
}

#[tokio::test]
async fn a_connection_that_says_goodbye_gets_no_more_calls() {
    let upstream = Http2Upstream::start_with(100, 3, |mut received| async move {
        send(&mut received.respond, 200, &[], &[b"done"], &[]);
    })
    .await;
    let world = world(&setup(&upstream.url()));
    let mut caller = Caller::connect(world.address()).await;
    for _ in 0..10 {
        caller.send(get(PETS, "")).await;
        let reply = caller.reply().await;
        assert_eq!((reply.status, reply.text().as_str()), (200, "done"), "{reply:?}");
    }
    assert!(upstream.connections() >= 3, "{}", upstream.connections());
}

#[tokio::test]
async fn a_call_that_was_refused_is_sent_again() {
    let refusals = Arc::new(AtomicUsize::new(2));
    let left = Arc::clone(&refusals);
    let upstream = Http2Upstream::start(move |mut received| {
        let left = Arc::clone(&left);
        async move {
            if left.try_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok() {
                received.respond.send_reset(Reason::REFUSED_STREAM);
            } else {
                send(&mut received.respond, 200, &[], &[b"done"], &[]);
            }
        }
    })
    .await;
    let world = world(&setup(&upstream.url()));
    let path = format!("{PETS}/1");
    let delete = format!("DELETE {path} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {KEY}\r\n\r\n");
    assert_eq!(call(world.address(), &delete).await.status, 200);
    refusals.store(100, SeqCst);
    let reply = call(world.address(), &delete).await;
    reply.problem("upstream-broken");
    assert_eq!(
        (reply.status, refusals.load(SeqCst)),
        (502, 97),
        "three times is enough"
    );
}

#[tokio::test]
async fn failures_of_the_upstream_are_told() {
    let upstream = Http2Upstream::start(|mut received| async move {
        let respond = &mut received.respond;
        match received.request.uri().path() {
            "/pets/reset" => respond.send_reset(Reason::INTERNAL_ERROR),
            "/pets/lengths" => send(
                respond,
                200,
                &[("content-length", "5"), ("content-length", "5")],
                &[b"hello"],
                &[],
            ),
            "/pets/space" => send(respond, 200, &[("x-a", "b ")], &[], &[]),
            "/pets/short" => send(respond, 200, &[("content-length", "9")], &[b"hello"], &[]),
            "/pets/half" => {
                let mut stream = respond.send_response(Response::new(()), false).unwrap();
                stream.send_data(Bytes::from_static(b"hello"), false).unwrap();
                stream.reserve_capacity(1);
                let _ = std::future::poll_fn(|cx| stream.poll_capacity(cx)).await;
                stream.send_reset(Reason::INTERNAL_ERROR);
            }
            _ => std::future::pending().await,
        }
    })
    .await;
    let mut setup = setup(&upstream.url());
    setup.version.upstream.as_mut().unwrap().response_timeout_ms = 200;
    let world = world(&setup);
    for (path, status, slug, error) in [
        ("reset", 502, "upstream-broken", "http_protocol_error"),
        ("lengths", 502, "upstream-broken", "connection_terminated"),
        ("space", 502, "upstream-broken", "connection_terminated"),
        ("never", 504, "upstream-timeout", "http_response_timeout"),
    ] {
        let reply = call(world.address(), get(&format!("{PETS}/{path}"), "")).await;
        assert_eq!(reply.status, status, "{path}");
        reply.problem(slug);
        assert_eq!(
            reply.header("proxy-status"),
            format!("turnpike; error={error}"),
            "{path}"
        );
    }
    for path in ["short", "half"] {
        let mut caller = Caller::connect(world.address()).await;
        // When the stream is reset before its head was looked at, the answer is a whole one: a problem.
        caller
            .send(get(&format!("{PETS}/{path}"), "Connection: close\r\n"))
            .await;
        while !caller.is_closed().await {
            // A problem if the failure came first; else fields, chunks or the beginning of the body. Never the end of a whole one.
            assert_ne!(
                caller.line_or_rest().await,
                "0",
                "{path}: not as if the answer were whole"
            );
        }
    }
}

#[tokio::test]
async fn a_caller_that_leaves_resets_its_stream() {
    let (events, mut happened) = mpsc::channel(2);
    let upstream = Http2Upstream::start(move |mut received| {
        let events = events.clone();
        async move {
            events.send(None).await.unwrap();
            let reason = std::future::poll_fn(|cx| received.respond.poll_reset(cx)).await;
            events.send(reason.ok()).await.unwrap();
        }
    })
    .await;
    let world = world(&setup(&upstream.url()));
    let mut caller = Caller::connect(world.address()).await;
    caller.send(get(PETS, "")).await;
    assert_eq!(happened.recv().await.unwrap(), None);
    drop(caller);
    let reason = timeout(SOON, happened.recv()).await.unwrap().unwrap();
    assert_eq!(reason, Some(Reason::CANCEL));
    assert_eq!(upstream.connections(), 1);
}

#[tokio::test]
async fn a_slow_reader_holds_the_stream_back_and_nobody_else() {
    let (sizes, mut sent) = mpsc::unbounded_channel();
    let upstream = Http2Upstream::start(move |mut received| {
        let sizes = sizes.clone();
        async move {
            if received.request.uri().path() == "/pets/1" {
                return send(&mut received.respond, 200, &[], &[b"quick"], &[]);
            }
            let mut stream = received.respond.send_response(Response::new(()), false).unwrap();
            for _ in 0..64 {
                let mut left = 1 << 20;
                while left > 0 {
                    stream.reserve_capacity(left);
                    let Some(Ok(count)) = std::future::poll_fn(|cx| stream.poll_capacity(cx)).await else {
                        return;
                    };
                    left -= count;
                    stream.send_data(vec![b'x'; count].into(), false).unwrap();
                }
                sizes.send(1 << 20).unwrap();
            }
            stream.send_data(Bytes::new(), true).unwrap();
        }
    })
    .await;
    let world = world(&setup(&upstream.url()));
    let mut slow = Caller::connect(world.address()).await;
    slow.send(get(PETS, "")).await;
    assert_eq!(slow.head().await.status, 200);
    let mut total = 0;
    while let Ok(Some(size)) = timeout(Duration::from_millis(300), sent.recv()).await {
        total += size;
    }
    assert!(total < 64 << 20, "64 MB went into a caller that reads nothing");
    let quick = timeout(SOON, call(world.address(), get(&format!("{PETS}/1"), ""))).await;
    assert_eq!(quick.unwrap().text(), "quick", "other streams of the connection go on");
    let mut received = 0;
    loop {
        let size = usize::from_str_radix(&slow.line().await, 16).unwrap();
        if size == 0 {
            break;
        }
        received += slow.exactly(size + 2).await.len() - 2;
    }
    assert_eq!(received, 64 << 20);
}

#[tokio::test]
async fn an_upstream_without_http2_is_told() {
    let upstream = crate::upstream::Upstream::mirror().await;
    let world = world(&setup(&upstream.url()));
    let reply = call(world.address(), get(PETS, "")).await;
    assert_eq!(reply.status, 502);
    reply.problem("upstream-broken");
}
