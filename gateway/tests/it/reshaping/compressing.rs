use std::io::Read;

use domain::policy::compression::Coding;
use http::{Response, Version};
use http_body::Frame;
use serde_json::json;

use super::{PETS, call_http2, policies, world};
use crate::{
    caller::{Caller, Reply, call, get},
    streaming::{answering, written},
    upstream::{AnyBody, Upstream, full},
    world::{Setup, World},
};

fn text() -> String {
    let lines: Vec<_> = (0..3_000).map(|i| format!("{{\"number\":{}}}\n", i % 91)).collect();
    lines.concat()
}

fn decoded(coding: &str, bytes: &[u8]) -> String {
    let mut text = Vec::new();
    // What was sent so far ends in an error, after all that is there.
    let _ = match coding {
        "gzip" => flate2::read::GzDecoder::new(bytes).read_to_end(&mut text),
        "br" => brotli::Decompressor::new(bytes, 4_096).read_to_end(&mut text),
        coding => panic!("{coding:?}"),
    };
    String::from_utf8(text).unwrap()
}

fn answer(body: String, fields: &[(&str, &str)]) -> Response<AnyBody> {
    let mut response = Response::builder().header("etag", "\"v1\"").header("vary", "Origin");
    for (name, value) in fields {
        response = response.header(*name, *value);
    }
    response.body(full(body)).unwrap()
}

async fn texts() -> Upstream {
    Upstream::start(|_| async { answer(text(), &[("content-type", "text/plain"), ("accept-ranges", "bytes")]) }).await
}

#[tokio::test]
async fn answers_are_compressed_as_callers_like_it() {
    let upstream = texts().await;
    let world = world(&upstream, json!({ "compression": {} }));
    let mut caller = Caller::connect(world.address()).await;
    for (accepts, coding) in [
        ("Accept-Encoding: gzip, deflate, br\r\n", "br"),
        ("Accept-Encoding: br;q=0.1, gzip;q=0.9\r\n", "gzip"),
        ("Accept-Encoding: gzip\r\n", "gzip"),
        ("Accept-Encoding: *\r\n", "br"),
    ] {
        caller.send(get(PETS, accepts)).await;
        let reply = caller.reply().await;
        assert_eq!(reply.header("content-encoding"), coding, "{accepts}");
        assert_eq!(decoded(coding, &reply.body), text());
        assert!(reply.body.len() < text().len() / 10);
        assert_eq!(reply.header("vary"), "Origin, Accept-Encoding");
        assert_eq!(reply.header("etag"), "W/\"v1\"");
        assert!(!reply.has("content-length") && !reply.has("accept-ranges"), "{reply:?}");
    }
    for accepts in [
        "",
        "Accept-Encoding: deflate\r\n",
        "Accept-Encoding: identity, br;q=0.5\r\n",
    ] {
        caller.send(get(PETS, accepts)).await;
        let reply = caller.reply().await;
        assert_eq!(
            (reply.has("content-encoding"), reply.text()),
            (false, text()),
            "{accepts}"
        );
        assert_eq!(reply.header("vary"), "Origin, Accept-Encoding");
        assert_eq!(reply.header("etag"), "\"v1\"");
        assert_eq!(reply.header("content-length"), text().len().to_string());
    }
    let (parts, body, _) = call_http2(&world, "GET", PETS, &[("accept-encoding", "br")], "").await;
    assert_eq!(
        (parts.version, &parts.headers["content-encoding"]),
        (Version::HTTP_2, &"br".parse().unwrap())
    );
    assert_eq!(decoded("br", &body), text());
    let counters = world.gateway.counters().read();
    assert_eq!(counters.compressed_in, 5 * text().len() as u64);
    assert!(counters.compressed_out > 0 && counters.compressed_out < counters.compressed_in / 10);
}

#[tokio::test]
async fn head_says_what_get_would() {
    let upstream = texts().await;
    let world = world(&upstream, json!({ "compression": {} }));
    let mut caller = Caller::connect(world.address()).await;
    for _ in 0..2 {
        caller
            .send(get(PETS, "Accept-Encoding: gzip\r\n").replace("GET", "HEAD"))
            .await;
        let reply = caller.head().await;
        assert_eq!(
            (reply.header("content-encoding").as_str(), reply.header("etag").as_str()),
            ("gzip", "W/\"v1\"")
        );
        assert!(!reply.has("content-length"), "{reply:?}");
    }
    let (parts, body, _) = call_http2(&world, "HEAD", PETS, &[("accept-encoding", "br")], "").await;
    assert_eq!(
        (&parts.headers["content-encoding"], body.len()),
        (&"br".parse().unwrap(), 0)
    );
}

#[tokio::test]
async fn some_answers_stay_as_they_are() {
    for (name, body, fields) in [
        ("too small", "x".repeat(1_023), &[("content-type", "text/plain")][..]),
        ("an image", text(), &[("content-type", "image/png")]),
        ("no type", text(), &[]),
        (
            "coded",
            text(),
            &[("content-type", "text/plain"), ("content-encoding", "zstd")],
        ),
        (
            "no-transform",
            text(),
            &[("content-type", "text/plain"), ("cache-control", "no-transform")],
        ),
        ("events", text(), &[("content-type", "text/event-stream")]),
        (
            "a part",
            text(),
            &[("content-type", "text/plain"), ("content-range", "bytes 0-9/10")],
        ),
        ("gRPC", text(), &[("content-type", "application/grpc+json")]),
    ] {
        let sent = body.clone();
        let upstream = Upstream::start(move |_| {
            let response = answer(sent.clone(), fields);
            async move { response }
        })
        .await;
        let policy = json!({ "compression": { "content_types": ["text/*", "application/*+json"] } });
        let world = world(&upstream, policy);
        let reply = call(world.address(), get(PETS, "Accept-Encoding: br, gzip\r\n")).await;
        assert_eq!(reply.text(), body, "{name}");
        assert_eq!(reply.header("etag"), "\"v1\"", "{name}");
        assert_eq!(reply.header("content-length"), body.len().to_string(), "{name}");
    }
}

#[tokio::test]
async fn callers_may_forbid_it() {
    let upstream = texts().await;
    let world = world(&upstream, json!({ "compression": {} }));
    let fields = "Accept-Encoding: br\r\nCache-Control: no-transform\r\n";
    assert_eq!(call(world.address(), get(PETS, fields)).await.text(), text());
}

#[tokio::test]
async fn a_body_that_pauses_arrives() {
    for coding in [Coding::Br, Coding::Gzip] {
        let name = if coding == Coding::Br { "br" } else { "gzip" };
        let (writer, body) = written();
        let upstream = answering(body, &[("content-type", "application/json"), ("trailer", "x-sum")]).await;
        let world = world(&upstream, json!({ "compression": {} }));
        let mut caller = Caller::connect(world.address()).await;
        caller
            .send(get(PETS, &format!("TE: trailers\r\nAccept-Encoding: {name}\r\n")))
            .await;
        let head = caller.head().await;
        assert_eq!(head.header("content-encoding"), name);
        let mut received = Vec::new();
        let mut expected = String::new();
        for event in ["{\"one\":1}\n", "{\"two\":2}\n"] {
            writer.send(Frame::data(event.into())).await.unwrap();
            expected.push_str(event);
            while decoded(name, &received) != expected {
                let size = usize::from_str_radix(&caller.line().await, 16).unwrap();
                received.extend_from_slice(&caller.exactly(size + 2).await[..size]);
            }
        }
        let mut trailers = http::HeaderMap::new();
        trailers.insert("x-sum", "5".parse().unwrap());
        writer.send(Frame::trailers(trailers)).await.unwrap();
        drop(writer);
        loop {
            let size = usize::from_str_radix(&caller.line().await, 16).unwrap();
            if size == 0 {
                break;
            }
            received.extend_from_slice(&caller.exactly(size + 2).await[..size]);
        }
        assert_eq!(caller.line().await, "x-sum: 5");
        assert_eq!(decoded(name, &received), expected);
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_not_ended() {
    let upstream = crate::script::Script::start([(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5000\r\n\r\nhello",
        crate::script::Then::Close,
    )])
    .await;
    let mut setup = Setup::new(Some(&upstream.url()));
    setup.version.policies = policies(json!({ "compression": {} }));
    let world = World::start(&setup);
    let mut caller = Caller::connect(world.address()).await;
    caller.send(get(PETS, "Accept-Encoding: gzip\r\n")).await;
    assert_eq!(caller.any_reply().await, None, "the caller sees that it is not whole");
}

fn kept(reply: &Reply) -> bool {
    reply.header("cache-status").contains("; hit")
}

#[tokio::test]
async fn what_is_kept_is_compressed_on_its_way_out() {
    let upstream = Upstream::start(|_| async {
        answer(
            text(),
            &[("content-type", "text/plain"), ("cache-control", "public, max-age=60")],
        )
    })
    .await;
    let world = world(&upstream, json!({ "compression": {}, "cache": {} }));
    let mut caller = Caller::connect(world.address()).await;
    for (accepts, coding, is_kept) in [
        ("Accept-Encoding: br\r\n", "br", false),
        ("Accept-Encoding: br\r\n", "br", true),
        ("Accept-Encoding: gzip\r\n", "gzip", true),
        ("", "", true),
    ] {
        caller.send(get(PETS, accepts)).await;
        let reply = caller.reply().await;
        assert_eq!(
            (reply.header("content-encoding").as_str(), kept(&reply)),
            (coding, is_kept)
        );
        let body = if coding.is_empty() {
            reply.text()
        } else {
            decoded(coding, &reply.body)
        };
        assert_eq!(body, text());
    }
    assert_eq!(upstream.calls(), 1);
    // The tag that a caller got is good for asking, and is what is confirmed.
    caller
        .send(get(PETS, "Accept-Encoding: br\r\nIf-None-Match: W/\"v1\"\r\n"))
        .await;
    let reply = caller.reply().await;
    assert_eq!((reply.status, reply.header("etag").as_str()), (304, "W/\"v1\""));
    caller.send(get(PETS, "If-None-Match: \"v1\"\r\n")).await;
    let reply = caller.reply().await;
    assert_eq!((reply.status, reply.header("etag").as_str()), (304, "\"v1\""));
    // A part is one of what is not coded.
    caller
        .send(get(PETS, "Accept-Encoding: br\r\nRange: bytes=0-8\r\n"))
        .await;
    let reply = caller.reply().await;
    assert_eq!((reply.status, reply.text().as_str()), (206, &text()[..9]));
    assert_eq!(upstream.calls(), 1);
}
