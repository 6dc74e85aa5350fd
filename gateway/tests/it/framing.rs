//! Messages that could be read in two ways, that are too large or too slow, over the wire.

use std::time::Duration;

use crate::{
    caller::{Caller, call, get},
    upstream::Upstream,
    world::{KEY, Setup, World},
};

const PETS: &str = "/acme/petstore/v1/pets";

#[tokio::test]
async fn ambiguous_messages_are_refused_and_the_connection_is_closed() {
    let upstream = Upstream::mirror().await;
    let world = World::start(&Setup::new(Some(&upstream.url())));
    let smuggled = format!("GET {PETS}/2 HTTP/1.1\r\nHost: x\r\nX-Api-Key: {KEY}\r\n\r\n");
    for (name, fields) in [
        ("two lengths", "Content-Length: 0\r\nContent-Length: 5\r\n".to_owned()),
        (
            "length and coding",
            "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n".to_owned(),
        ),
        (
            "coding and length",
            "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n".to_owned(),
        ),
        ("strange coding", "Transfer-Encoding: chunked, identity\r\n".to_owned()),
        ("hidden coding", "Transfer-Encoding\x0b: chunked\r\n".to_owned()),
        ("bare line feed", "A: b\nContent-Length: 5\r\n".to_owned()),
        ("folded", "A: b\r\n c\r\n".to_owned()),
        ("two hosts", "Host: y\r\n".to_owned()),
    ] {
        let mut caller = Caller::connect(world.address()).await;
        let request = format!("POST {PETS} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {KEY}\r\n{fields}\r\n0\r\n\r\n{smuggled}");
        caller.send(request).await;
        let reply = caller.reply().await;
        assert_eq!(reply.status, 400, "{name}");
        reply.problem("malformed-request");
        assert_eq!(reply.header("connection"), "close", "{name}");
        assert!(caller.is_closed().await, "{name}: nothing after the refusal");
    }
    assert_eq!(upstream.calls(), 0, "nothing was smuggled");
}

#[tokio::test]
async fn a_bad_chunk_ends_the_call() {
    let upstream = Upstream::mirror().await;
    let world = World::start(&Setup::new(Some(&upstream.url())));
    for body in [
        "zz\r\nhello\r\n0\r\n\r\n",
        "5\nhello\r\n0\r\n\r\n",
        "5\r\nhelloXX0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        "FFFFFFFFFFFFFFFFF\r\nx",
    ] {
        let mut caller = Caller::connect(world.address()).await;
        caller
            .send(format!(
                "POST {PETS} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {KEY}\r\nTransfer-Encoding: chunked\r\n\r\n{body}"
            ))
            .await;
        let reply = caller.reply().await;
        assert_eq!(reply.status, 400, "{body:?}");
        assert!(caller.is_closed().await, "{body:?}");
    }
}

#[tokio::test]
async fn a_refusal_waits_for_the_call_before_it() {
    let upstream = Upstream::mirror().await;
    let world = World::start(&Setup::new(Some(&upstream.url())));
    let mut caller = Caller::connect(world.address()).await;
    caller
        .send(format!("{}GET / HTTP/1.1\nHost: x\n\n", get(PETS, "")))
        .await;
    assert_eq!(caller.reply().await.status, 200);
    let refused = caller.reply().await;
    assert_eq!(refused.status, 400);
    refused.problem("malformed-request");
    assert!(caller.is_closed().await);
}

#[tokio::test]
async fn sizes_have_bounds() {
    let upstream = Upstream::mirror().await;
    let world = World::start(&Setup::new(Some(&upstream.url())));
    let long = "a".repeat(40_000);
    for (name, request, status, slug) in [
        (
            "target",
            get(&format!("{PETS}?{}", &long[..9_000]), ""),
            414,
            "url-too-long",
        ),
        (
            "one field",
            get(PETS, &format!("A: {long}\r\n")),
            431,
            "headers-too-large",
        ),
        (
            "many fields",
            get(PETS, &"a: b\r\n".repeat(150)),
            431,
            "headers-too-large",
        ),
    ] {
        let reply = call(world.address(), request).await;
        assert_eq!(reply.status, status, "{name}");
        reply.problem(slug);
    }
    let fits = call(
        world.address(),
        get(
            &format!("{PETS}?{}", &long[..8_000]),
            &format!("A: {}\r\n", &long[..20_000]),
        ),
    )
    .await;
    assert_eq!(fits.status, 200);
}

#[tokio::test]
async fn a_slow_header_section_is_given_up() {
    let world = World::start_with(|options| options.limits.header_timeout = Duration::ZERO);
    let mut caller = Caller::connect(world.address()).await;
    caller.send("GET /acme/petstore/v1/pets HTTP/1.1\r\nHost: ").await;
    let reply = caller.reply().await;
    assert_eq!(reply.status, 408);
    reply.problem("request-timeout");
    assert!(caller.is_closed().await);
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let upstream = Upstream::mirror().await;
    let world = World::start_with(|options| options.limits.idle_timeout = Duration::ZERO);
    world.snapshot.apply(Setup::new(Some(&upstream.url())).config());
    let mut never_used = Caller::connect(world.address()).await;
    let mut used = Caller::connect(world.address()).await;
    used.send(get(PETS, "")).await;
    assert_eq!(used.reply().await.status, 200);
    assert!(used.is_closed().await);
    assert!(never_used.is_closed().await);
}

#[tokio::test]
async fn a_connection_that_was_quiet_carries_further_calls() {
    let upstream = Upstream::mirror().await;
    let world = World::start(&Setup::new(Some(&upstream.url())));
    let clock = World::start_with(|options| options.limits.idle_timeout = Duration::from_millis(500));
    let mut caller = Caller::connect(world.address()).await;
    // The empty line is left over from the call before it.
    for rest in ["", "\r\n", ""] {
        caller.send(format!("{}{rest}", get(PETS, ""))).await;
        assert_eq!(caller.reply().await.status, 200, "{rest:?}");
        // What the call needed is given back long before a connection of the other gateway has waited for too long.
        assert!(Caller::connect(clock.address()).await.is_closed().await);
    }
}

#[tokio::test]
async fn an_empty_line_after_a_call_is_no_call() {
    let upstream = Upstream::mirror().await;
    let world = World::start_with(|options| {
        options.limits.idle_timeout = Duration::from_millis(200);
        options.limits.header_timeout = Duration::from_millis(200);
    });
    world.snapshot.apply(Setup::new(Some(&upstream.url())).config());
    let mut caller = Caller::connect(world.address()).await;
    let post = format!("POST {PETS} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {KEY}\r\nContent-Length: 2\r\n\r\nhi\r\n");
    for _ in 0..2 {
        caller.send(&post).await;
        assert_eq!(caller.reply().await.json()["body"], "hi");
    }
    assert!(caller.is_closed().await, "nothing was asked, so nothing is refused");
    assert_eq!(world.stop().await.iter().map(|(_, sums)| sums.calls).sum::<u64>(), 2);
}

#[tokio::test]
async fn a_head_may_come_byte_by_byte() {
    let upstream = Upstream::mirror().await;
    let world = World::start(&Setup::new(Some(&upstream.url())));
    let mut caller = Caller::connect(world.address()).await;
    caller.stream.set_nodelay(true).unwrap();
    for byte in get(PETS, "").bytes() {
        caller.send([byte]).await;
    }
    assert_eq!(caller.reply().await.status, 200);
}

#[tokio::test]
async fn pipelined_calls_are_answered_in_order() {
    let upstream = Upstream::mirror().await;
    let world = World::start(&Setup::new(Some(&upstream.url())));
    let mut caller = Caller::connect(world.address()).await;
    let post = format!("POST {PETS} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {KEY}\r\nContent-Length: 2\r\n\r\nhi");
    caller
        .send(format!(
            "{}{post}{}",
            get(&format!("{PETS}/1"), ""),
            get(&format!("{PETS}/2"), "")
        ))
        .await;
    let targets =
        [caller.reply().await, caller.reply().await, caller.reply().await].map(|reply| reply.json()["target"].clone());
    assert_eq!(targets, ["/pets/1", "/pets", "/pets/2"]);
}
