//! Bodies that would be held for longer, or become larger, than they may.

use std::time::Duration;

use bytes::Bytes;
use http::Request;

use super::{ADD, JSON, PETS, ask, chunked, described, gzip, pets, post};
use crate::{
    caller::Caller,
    upstream::Upstream,
    world::{KEY, World},
};

const REX: &[u8] = br#"{"name": "Rex"}"#;

fn bounded() -> serde_json::Value {
    serde_json::json!({ "validation": { "body_bytes": "1KiB" } })
}

/// A pet that takes so many bytes.
fn sized(bytes: usize) -> Vec<u8> {
    let mut body = REX.to_vec();
    body.resize(bytes, b' ');
    body
}

#[tokio::test]
async fn a_body_of_the_bound_passes_and_one_byte_more_does_not() {
    let upstream = Upstream::mirror().await;
    let (world, _) = pets(Some(&upstream.url()), bounded());
    let zipped = format!("{JSON}Content-Encoding: gzip\r\n");
    for (size, status) in [(1_024, 200), (1_025, 413)] {
        let body = sized(size);
        assert_eq!(ask(&world, post(ADD, JSON, &body)).await.status, status, "{size}");
        let reply = ask(&world, chunked(ADD, JSON, &[&body[..1_000], &body[1_000..]], "")).await;
        assert_eq!(reply.status, status, "{size} in chunks");
        assert_eq!(
            ask(&world, post(ADD, &zipped, &gzip(&body))).await.status,
            status,
            "{size} compressed"
        );
    }
    ask(&world, post(ADD, &zipped, &gzip(&vec![b' '; 10_000_000])))
        .await
        .problem("body-too-large");
    assert_eq!(upstream.calls(), 3);
}

#[tokio::test]
async fn what_can_not_be_read_is_refused() {
    let upstream = Upstream::mirror().await;
    let (world, _) = pets(Some(&upstream.url()), bounded());
    for (fields, body, status) in [
        ("Content-Encoding: br\r\n", REX.to_vec(), 415),
        ("Content-Encoding: gzip, gzip\r\n", gzip(&gzip(REX)), 415),
        ("Content-Encoding: gzip\r\n", REX.to_vec(), 400),
        ("Content-Encoding: gzip\r\n", gzip(REX)[..20].to_vec(), 400),
        ("Content-Encoding: identity\r\n", REX.to_vec(), 200),
        ("", b"\xff\xfe{}".to_vec(), 400),
        ("", format!("{}{}", "[".repeat(500), "]".repeat(500)).into_bytes(), 400),
    ] {
        let reply = ask(&world, post(ADD, &format!("{JSON}{fields}"), &body)).await;
        assert_eq!(reply.status, status, "{fields} {}", reply.text());
    }
    let reply = ask(&world, post(ADD, &format!("{JSON}Content-Encoding: br\r\n"), REX)).await;
    assert_eq!(reply.header("accept-encoding"), "gzip, identity");
    // A body in a broken frame.
    let head =
        format!("POST {ADD} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {KEY}\r\n{JSON}Transfer-Encoding: chunked\r\n\r\nzz\r\n");
    ask(&world, head).await.problem("malformed-request");
    assert_eq!(upstream.calls(), 1);
}

#[tokio::test]
async fn a_caller_that_waits_for_a_word_gets_it_once() {
    let upstream = Upstream::mirror().await;
    let (world, _) = pets(Some(&upstream.url()), bounded());
    let head = |length: usize| {
        format!(
            "POST {ADD} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {KEY}\r\n{JSON}Content-Length: {length}\r\n\
             Expect: 100-continue\r\n\r\n"
        )
    };
    let mut caller = Caller::connect(world.address()).await;
    for body in [REX, b"{\"name\": 7}"] {
        caller.send(head(body.len())).await;
        assert_eq!(caller.head().await.status, 100);
        caller.send(body).await;
        let reply = caller.reply().await;
        assert_eq!(reply.status, if body == REX { 200 } else { 400 });
    }
    // A body that is too large is not asked for.
    caller.send(head(1_025)).await;
    let reply = caller.reply().await;
    assert_eq!((reply.status, reply.header("connection")), (413, "close".to_owned()));
    assert!(caller.is_closed().await);
}

#[tokio::test]
async fn a_body_that_stands_still_is_given_up() {
    let upstream = Upstream::mirror().await;
    let world = World::start_with(|options| options.limits.header_timeout = Duration::from_millis(200));
    world
        .snapshot
        .apply(described(Some(&upstream.url()), PETS.as_bytes(), bounded()).config());
    let mut caller = Caller::connect(world.address()).await;
    let request = post(ADD, JSON, REX);
    caller.send(&request[..request.len() - 3]).await;
    caller.reply().await.problem("request-timeout");
    // One that leaves is nobody to answer.
    let mut caller = Caller::connect(world.address()).await;
    caller.send(&request[..request.len() - 3]).await;
    drop(caller);
    assert_eq!(ask(&world, &request).await.status, 200);
    assert_eq!(upstream.calls(), 1);
}

#[tokio::test]
async fn all_bodies_together_are_bounded() {
    let upstream = Upstream::mirror().await;
    let world = World::start_with(|options| {
        options.threads = 1;
        options.limits.held_bytes = 1_700;
    });
    let policy = serde_json::json!({ "validation": {} });
    world
        .snapshot
        .apply(described(Some(&upstream.url()), PETS.as_bytes(), policy).config());
    let body = sized(1_000);
    let request = post(ADD, JSON, &body);
    let mut first = Caller::connect(world.address()).await;
    first.send(&request[..request.len() - 1]).await;
    // Until what the first has sent is held.
    let busy = loop {
        let reply = ask(&world, &request).await;
        if reply.status != 200 {
            break reply;
        }
    };
    busy.problem("gateway-busy");
    assert!(busy.has("retry-after"));
    first.send(&request[request.len() - 1..]).await;
    assert_eq!(first.reply().await.status, 200);
    assert_eq!(ask(&world, &request).await.status, 200, "there is room again");
}

#[tokio::test]
async fn callers_of_http2_are_judged_alike() {
    let upstream = Upstream::mirror().await;
    let (world, _) = pets(Some(&upstream.url()), bounded());
    let stream = tokio::net::TcpStream::connect(world.address()).await.unwrap();
    let (mut sender, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    for (body, status) in [
        (REX.to_vec(), 200),
        (b"{}".to_vec(), 400),
        (sized(1_024), 200),
        (sized(1_025), 413),
        (sized(200_000), 413),
    ] {
        std::future::poll_fn(|cx| sender.poll_ready(cx)).await.unwrap();
        let request = Request::post(format!("http://gateway.test{ADD}"))
            .header("x-api-key", KEY)
            .header("content-type", "application/json");
        let (answer, mut sending) = sender.send_request(request.body(()).unwrap(), false).unwrap();
        // Refused before all of it was taken, the stream may be gone.
        let _ = sending.send_data(Bytes::from(body), true);
        let mut answer = answer.await.unwrap();
        assert_eq!(answer.status(), status);
        while let Some(piece) = answer.body_mut().data().await {
            let Ok(piece) = piece else { break };
            let _ = answer.body_mut().flow_control().release_capacity(piece.len());
        }
    }
}
