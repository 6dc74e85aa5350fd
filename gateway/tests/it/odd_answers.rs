//! Upstreams that answer what they should not: nothing of it may confuse a caller or another call.

use tokio::io::AsyncReadExt;

use crate::{
    caller::{Caller, call, get},
    script::{Script, Then},
    world::{KEY, Setup, World},
};

const PETS: &str = "/acme/petstore/v1/pets";

/// All that a caller receives until the connection is closed, after the upstream has said `answer`.
async fn received(answer: impl Into<Vec<u8>>, then: Then) -> String {
    let upstream = Script::start([(answer, then)]).await;
    let world = World::start(&Setup::new(Some(&upstream.url())));
    let mut caller = Caller::connect(world.address()).await;
    caller.send(get(PETS, "Connection: close\r\n")).await;
    let mut all = Vec::new();
    while let Ok(1..) = caller.stream.read_buf(&mut all).await {}
    String::from_utf8_lossy(&all).into_owned()
}

#[tokio::test]
async fn what_can_not_be_passed_on_is_refused() {
    // A name whose length, taken modulo 65,536, makes it look like another.
    let wrapped = format!("transfer-encoding{}:chunked\r\n", "x".repeat(65_536));
    for (name, answer) in [
        ("garbage", "hello\r\n\r\n".to_owned()),
        ("nothing", String::new()),
        ("half a head", "HTTP/1.1 200 OK\r\nContent-Le".to_owned()),
        ("HTTP/2", "HTTP/2 200\r\n\r\n".to_owned()),
        (
            "two lengths",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab".to_owned(),
        ),
        (
            "length list",
            "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nab".to_owned(),
        ),
        (
            "length and coding",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_owned(),
        ),
        (
            "folded",
            "HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n".to_owned(),
        ),
        (
            "space before the colon",
            "HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n".to_owned(),
        ),
        (
            "a null",
            "HTTP/1.1 200 OK\r\nA: b\0\r\nContent-Length: 0\r\n\r\n".to_owned(),
        ),
        (
            "a bare return",
            "HTTP/1.1 200 OK\r\nA: b\rSet-Cookie: c\r\nContent-Length: 0\r\n\r\n".to_owned(),
        ),
        (
            "a name that wraps",
            format!("HTTP/1.1 200 OK\r\n{wrapped}Content-Length: 2\r\n\r\nab"),
        ),
        (
            "too much",
            format!("HTTP/1.1 200 OK\r\nA: {}\r\n\r\n", "b".repeat(300_000)),
        ),
        ("too many", format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(600))),
        (
            "unasked change",
            "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n".to_owned(),
        ),
        (
            "endless hints",
            "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".repeat(40),
        ),
    ] {
        let seen = received(answer, Then::Close).await;
        let last = seen.rsplit("HTTP/1.1 ").next().unwrap();
        assert!(last.starts_with("502 "), "{name}: {seen}");
        assert!(last.contains("/problems/upstream-"), "{name}: {seen}");
        assert!(!seen.contains("transfer-encoding"), "{name}: {seen}");
    }
}

#[tokio::test]
async fn answers_go_out_in_one_form() {
    for (name, answer, body) in [
        ("line feeds", "HTTP/1.1 200 OK\nX-A: b\nContent-Length: 2\n\nab", "ab"),
        (
            "a space before a line feed",
            "HTTP/1.1 200 OK\r\nX-A: b \nX-B: \t \nContent-Length: 2\r\n\r\nab",
            "ab",
        ),
        (
            "a length twice",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\ncontent-length: 2\r\n\r\nab",
            "ab",
        ),
        (
            "more than was said",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabHTTP/1.1 200 OK\r\n\r\n",
            "ab",
        ),
        (
            "chunks",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x=\"y\"\r\na\r\n01\r\nb\r\n0\r\n\r\n",
            "1\r\na\r\n1\r\nb\r\n0\r\n\r\n",
        ),
        ("to the end", "HTTP/1.0 200 OK\r\n\r\nab", "2\r\nab\r\n0\r\n\r\n"),
        (
            "hints",
            "HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab",
            "ab",
        ),
        (
            "204 with a body",
            "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nab",
            "",
        ),
        (
            "304 with a body",
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\nab",
            "",
        ),
    ] {
        let seen = received(answer, Then::Close).await;
        let (heads, found) = seen.rsplit_once("\r\n\r\n").unwrap_or_default();
        let found = if body.ends_with("\r\n\r\n") {
            seen.split_once("\r\n\r\n").unwrap().1
        } else {
            found
        };
        assert_eq!(found, body, "{name}: {seen}");
        let bare = seen.replace("\r\n", "");
        assert!(!bare.contains(['\r', '\n']), "{name}: {seen:?}");
        let last = heads.rsplit("HTTP/1.1 ").next().unwrap().to_ascii_lowercase();
        assert!(last.matches("content-length").count() <= 1, "{name}: {seen}");
    }
}

#[tokio::test]
async fn a_connection_with_a_rest_carries_no_other_call() {
    let fake = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfake";
    for (name, first) in [
        (
            "more than was said",
            format!("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab{fake}"),
        ),
        (
            "204 with a length",
            format!("HTTP/1.1 204 No Content\r\nContent-Length: {}\r\n\r\n", fake.len()),
        ),
        (
            "204 in chunks",
            "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned(),
        ),
        (
            "chunks of HTTP/1.0",
            "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_owned(),
        ),
        (
            "said to close",
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nab".to_owned(),
        ),
        ("HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nab".to_owned()),
    ] {
        let right = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nright".to_owned();
        let upstream = Script::start([(first, Then::Stay), (right, Then::Stay)]).await;
        let world = World::start_with(|options| options.threads = 1);
        world.snapshot.apply(Setup::new(Some(&upstream.url())).config());
        let mut caller = Caller::connect(world.address()).await;
        caller.send(get(PETS, "")).await;
        assert!(caller.reply().await.status < 300, "{name}");
        caller.send(get(PETS, "")).await;
        assert_eq!(caller.reply().await.text(), "right", "{name}");
        assert_eq!(upstream.connections(), 2, "{name}");
    }
}

#[tokio::test]
async fn head_and_old_callers_get_their_form() {
    let chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX-T: 1\r\n\r\n";
    let seen = {
        let upstream = Script::start([(chunks, Then::Stay)]).await;
        let world = World::start(&Setup::new(Some(&upstream.url())));
        let old = format!("GET {PETS} HTTP/1.0\r\nX-Api-Key: {KEY}\r\nConnection: keep-alive\r\n\r\n");
        call(world.address(), old).await
    };
    assert_eq!(
        (seen.text().as_str(), seen.header("connection").as_str()),
        ("ab", "close")
    );
    assert!(!seen.has("transfer-encoding"), "{seen:?}");

    let upstream = Script::start([("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", Then::Stay)]).await;
    let world = World::start(&Setup::new(Some(&upstream.url())));
    let mut caller = Caller::connect(world.address()).await;
    for _ in 0..2 {
        caller
            .send(format!(
                "GET {PETS} HTTP/1.0\r\nX-Api-Key: {KEY}\r\nConnection: keep-alive\r\n\r\n"
            ))
            .await;
        let reply = caller.reply().await;
        assert_eq!(
            (reply.text().as_str(), reply.header("connection").as_str()),
            ("ab", "keep-alive")
        );
    }
    caller
        .send(format!("GET {PETS} HTTP/1.0\r\nX-Api-Key: {KEY}\r\n\r\n"))
        .await;
    assert_eq!(caller.reply().await.header("connection"), "close");
    assert!(caller.is_closed().await);
}

#[tokio::test]
async fn an_answer_without_a_length_that_breaks_off_is_no_whole_one() {
    for (name, answer, is_whole) in [
        (
            "whole",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
            true,
        ),
        (
            "broken",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
            false,
        ),
    ] {
        let upstream = Script::start([(answer, Then::Close)]).await;
        let world = World::start(&Setup::new(Some(&upstream.url())));
        let mut caller = Caller::connect(world.address()).await;
        caller
            .send(format!("GET {PETS} HTTP/1.0\r\nX-Api-Key: {KEY}\r\n\r\n"))
            .await;
        let mut all = Vec::new();
        let end = loop {
            match caller.stream.read_buf(&mut all).await {
                Ok(1..) => {}
                end => break end,
            }
        };
        // In HTTP/1.0 a closed connection is the end; only a reset says that it is not.
        assert_eq!(
            end.is_ok(),
            is_whole,
            "{name}: {end:?} after {:?}",
            String::from_utf8_lossy(&all)
        );
    }
}
