//! Callers of HTTP/2 that try to have their request read in two ways once it is HTTP/1.1, and callers that leave.

use bytes::Bytes;
use h2::client::SendRequest;
use http::{HeaderMap, HeaderValue, Request};
use tokio::net::TcpStream;

use crate::{
    script::{Script, Then},
    upstream::Upstream,
    world::{KEY, Setup, World},
};

const PETS: &str = "/acme/petstore/v1/pets";
const FINE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

async fn connect(world: &World) -> SendRequest<Bytes> {
    let stream = TcpStream::connect(world.address()).await.unwrap();
    let (sender, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    sender
}

fn post(fields: &[(&'static str, &'static str)]) -> Request<()> {
    let mut request = Request::builder()
        .method("POST")
        .uri(format!("http://gateway.test{PETS}"));
    request = request.header("x-api-key", KEY);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap()
}

/// The status of the answer; none if the stream was refused.
async fn status(sender: &mut SendRequest<Bytes>, request: Request<()>, body: &'static [u8]) -> Option<u16> {
    std::future::poll_fn(|cx| sender.poll_ready(cx)).await.ok()?;
    let (answer, mut stream) = sender.send_request(request, body.is_empty()).ok()?;
    if !body.is_empty() {
        // It may have been refused already.
        let _ = stream.send_data(Bytes::from_static(body), true);
    }
    Some(answer.await.ok()?.status().as_u16())
}

#[tokio::test]
async fn a_request_is_not_made_ambiguous_by_translation() {
    let upstream = Script::start([(FINE, Then::Stay)]).await;
    let world = World::start(&Setup::new(Some(&upstream.url())));
    for (name, fields, body) in [
        (
            "two lengths",
            &[("content-length", "5"), ("content-length", "6")][..],
            &b"hello"[..],
        ),
        (
            "same length twice",
            &[("content-length", "5"), ("content-length", "5")],
            b"hello",
        ),
        ("a sign", &[("content-length", "+5")], b"hello"),
        ("another length", &[("content-length", "4")], b"hello"),
        ("a list", &[("content-length", "5, 5")], b"hello"),
        ("no body", &[("content-length", "5")], b""),
        (
            "a coding",
            &[("transfer-encoding", "chunked")],
            b"5\r\nhello\r\n0\r\n\r\n",
        ),
        ("two hosts", &[("host", "a.test"), ("host", "b.test")], b"hello"),
        ("a host that is none", &[("host", "a.test/x")], b"hello"),
    ] {
        let mut sender = connect(&world).await;
        let status = status(&mut sender, post(fields), body).await;
        assert!(status.is_none_or(|status| status == 400), "{name}: {status:?}");
    }
    // The gateway reads a body while it passes it on; the head may have gone out, and the connection is cut then.
    for head in upstream.heads.lock().unwrap().iter() {
        let lengths = head.matches("\r\ncontent-length:").count();
        let codings = head.matches("\r\ntransfer-encoding:").count();
        assert_eq!(lengths + codings, 1, "{head}");
        assert_eq!(head.matches("\r\nhost:").count(), 1, "{head}");
    }
    let mut sender = connect(&world).await;
    assert_eq!(
        status(&mut sender, post(&[("content-length", "5")]), b"hello").await,
        Some(200)
    );
}

#[tokio::test]
async fn trailers_say_nothing_about_framing() {
    let upstream = Upstream::mirror().await;
    let world = World::start(&Setup::new(Some(&upstream.url())));
    let mut sender = connect(&world).await;
    std::future::poll_fn(|cx| sender.poll_ready(cx)).await.unwrap();
    let (answer, mut stream) = sender.send_request(post(&[]), false).unwrap();
    stream.send_data(Bytes::from_static(b"hello"), false).unwrap();
    let mut trailers = HeaderMap::new();
    for name in [
        "x-sum",
        "content-length",
        "host",
        "authorization",
        "x-api-key",
        "x-forwarded-for",
    ] {
        trailers.insert(name, HeaderValue::from_static("5"));
    }
    stream.send_trailers(trailers).unwrap();
    let mut body = answer.await.unwrap().into_body();
    let mut text = Vec::new();
    while let Some(piece) = body.data().await {
        text.extend(piece.unwrap());
    }
    let mirror: serde_json::Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(mirror["trailers"], serde_json::json!([["x-sum", "5"]]), "{mirror}");
}

#[tokio::test]
async fn streams_that_are_reset_leave_the_others_alone() {
    let upstream = Upstream::mirror().await;
    let world = World::start_with(|options| options.threads = 1);
    world.snapshot.apply(Setup::new(Some(&upstream.url())).config());
    let mut sender = connect(&world).await;
    for round in 0..200 {
        std::future::poll_fn(|cx| sender.poll_ready(cx)).await.unwrap();
        let request = |number: u32| {
            let uri = format!("http://gateway.test{PETS}/{number}");
            Request::builder().uri(uri).header("x-api-key", KEY).body(()).unwrap()
        };
        let (_, mut given_up) = sender.send_request(request(round), true).unwrap();
        std::future::poll_fn(|cx| sender.poll_ready(cx)).await.unwrap();
        let (answer, _) = sender.send_request(request(round + 1_000), true).unwrap();
        if round % 3 == 0 {
            tokio::task::yield_now().await;
        }
        given_up.send_reset(h2::Reason::CANCEL);
        let mut body = answer.await.unwrap().into_body();
        let mut text = Vec::new();
        while let Some(piece) = body.data().await {
            text.extend(piece.unwrap());
        }
        let mirror: serde_json::Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(mirror["target"], format!("/pets/{}", round + 1_000));
    }
}
