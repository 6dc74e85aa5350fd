//! gRPC and gRPC-Web callers in front of an upstream that speaks gRPC.

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use domain::plan::RateLimit;
use h2::client::SendRequest;
use http::{HeaderMap, Request, Response};
use serde_json::json;
use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};

use crate::{
    caller::{Reply, call},
    upstream_http2::{Http2Upstream, fields, read, send},
    world::{KEY, Setup, World, upstream_of},
};

const ECHO: &str = "/acme/petstore/v1/echo";
/// Longer than anything here takes.
const SOON: Duration = Duration::from_secs(10);

/// A message as gRPC frames it.
fn message(text: &str) -> Vec<u8> {
    let mut frame = vec![0];
    frame.extend_from_slice(&u32::try_from(text.len()).unwrap().to_be_bytes());
    frame.extend_from_slice(text.as_bytes());
    frame
}

fn setup(url: &str) -> Setup {
    let mut setup = Setup::new(None);
    let mut upstream = serde_json::to_value(upstream_of(&[url])).unwrap();
    upstream["protocol"] = "http2".into();
    setup.version.upstream = Some(serde_json::from_value(upstream).unwrap());
    setup
}

fn world(setup: &Setup) -> World {
    let world = World::start_with(|options| options.threads = 1);
    assert!(world.snapshot.apply(setup.config()).is_taken);
    world
}

/// Answers every message with itself as it comes, and then with what it was asked by; `fail: true` fails at once, and
/// `wait: true` never answers.
async fn server() -> Http2Upstream {
    Http2Upstream::start(|mut received| async move {
        let asked = received.request.headers().clone();
        let says = |name: &str| {
            asked
                .get(name)
                .map_or(String::new(), |v| v.to_str().unwrap().to_owned())
        };
        if says("wait") == "true" {
            std::future::pending::<()>().await;
        }
        if says("fail") == "true" {
            let status = [
                ("content-type", "application/grpc"),
                ("grpc-status", "5"),
                ("grpc-message", "no%20pet"),
            ];
            return send(&mut received.respond, 200, &status, &[], &[]);
        }
        assert_eq!(says("te"), "trailers");
        assert_eq!(says("content-type"), "application/grpc+proto");
        let mut response = Response::new(());
        *response.headers_mut() = fields(&[("content-type", "application/grpc+proto"), ("trailer", "grpc-status")]);
        let mut stream = received.respond.send_response(response, false).unwrap();
        let body = received.request.body_mut();
        while let Some(Ok(piece)) = body.data().await {
            body.flow_control().release_capacity(piece.len()).unwrap();
            stream.send_data(piece, false).unwrap();
        }
        stream
            .send_trailers(fields(&[
                ("grpc-status", "0"),
                ("grpc-message", ""),
                ("sum-bin", "AAE"),
            ]))
            .unwrap();
    })
    .await
}

async fn connect(address: SocketAddr) -> SendRequest<Bytes> {
    let stream = TcpStream::connect(address).await.unwrap();
    let (requests, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    requests.ready().await.unwrap()
}

fn request(address: SocketAddr, path: &str, header: &[(&str, &str)]) -> Request<()> {
    let mut request = Request::post(format!("http://{address}{path}")).body(()).unwrap();
    *request.headers_mut() = fields(header);
    request
        .headers_mut()
        .entry("content-type")
        .or_insert("application/grpc+proto".parse().unwrap());
    request.headers_mut().insert("te", "trailers".parse().unwrap());
    request
}

/// A call with one message; its header section, whether that was all, its body and its trailers.
async fn unary(address: SocketAddr, path: &str, header: &[(&str, &str)]) -> (HeaderMap, bool, Vec<u8>, HeaderMap) {
    let mut requests = connect(address).await;
    let (response, mut stream) = requests.send_request(request(address, path, header), false).unwrap();
    stream.send_data(message("hello").into(), true).unwrap();
    let response = timeout(SOON, response).await.unwrap().unwrap();
    assert_eq!(response.status(), 200);
    let header = response.headers().clone();
    let mut body = response.into_body();
    let is_over = body.is_end_stream();
    let (data, trailers) = read(&mut body).await;
    (header, is_over, data, trailers)
}

#[tokio::test]
async fn messages_pass_both_ways_as_they_come() {
    let server = server().await;
    let world = world(&setup(&server.url()));
    let mut requests = connect(world.address()).await;
    let sent = request(world.address(), ECHO, &[("x-api-key", KEY)]);
    let (response, mut stream) = requests.send_request(sent, false).unwrap();
    let mut body = timeout(SOON, response).await.unwrap().unwrap().into_body();
    for text in ["one", "two", "three"] {
        stream.send_data(message(text).into(), false).unwrap();
        let piece = timeout(SOON, body.data()).await.unwrap().unwrap().unwrap();
        body.flow_control().release_capacity(piece.len()).unwrap();
        assert_eq!(piece, message(text), "before the next was sent");
    }
    stream.send_data(Bytes::new(), true).unwrap();
    let (rest, trailers) = timeout(SOON, read(&mut body)).await.unwrap();
    assert!(rest.is_empty());
    assert_eq!(
        (&trailers["grpc-status"], &trailers["sum-bin"]),
        (&"0".parse().unwrap(), &"AAE".parse().unwrap())
    );
}

#[tokio::test]
async fn an_answer_of_trailers_only_stays_one() {
    let server = server().await;
    let world = world(&setup(&server.url()));
    let (header, is_over, ..) = unary(world.address(), ECHO, &[("x-api-key", KEY), ("fail", "true")]).await;
    assert!(is_over);
    assert_eq!(
        (&header["grpc-status"], &header["grpc-message"]),
        (&"5".parse().unwrap(), &"no%20pet".parse().unwrap())
    );
}

#[tokio::test]
async fn refusals_are_told_in_the_callers_language() {
    let server = server().await;
    let mut setup = setup(&server.url());
    let world = world(&setup);
    let key = ("x-api-key", KEY);
    let refused = async |path: &str, header: &[(&str, &str)], status: &str| {
        let (header, is_over, ..) = unary(world.address(), path, header).await;
        assert_eq!(header["grpc-status"], status, "{path} {header:?}");
        assert_eq!(header["content-type"], "application/grpc");
        assert!(is_over && header.contains_key("x-request-id") && !header.contains_key("content-length"));
        let message = header["grpc-message"].to_str().unwrap();
        assert!(
            message.ends_with('.') && message.bytes().all(|b| (b' '..=b'~').contains(&b)),
            "{message}"
        );
        header
    };
    refused(ECHO, &[], "16").await;
    refused("/acme/petstore/v1/nothing", &[key], "12").await;
    let waiting = [key, ("wait", "true"), ("grpc-timeout", "100m")];
    refused(ECHO, &waiting, "4").await;
    drop(server);
    setup.revision = 2;
    setup.version.upstream.as_mut().unwrap().targets[0].url = "http://127.0.0.1:9".parse().unwrap();
    world.snapshot.apply(setup.config());
    refused(ECHO, &[key], "14").await;
    setup.revision = 3;
    setup.rate_limits = vec![RateLimit {
        requests: 1,
        per_s: 60,
        burst: 1,
    }];
    world.snapshot.apply(setup.config());
    refused(ECHO, &[key], "14").await;
    let header = refused(ECHO, &[key], "8").await;
    assert!(header.contains_key("retry-after") && header.contains_key("ratelimit"));
}

#[tokio::test]
async fn others_are_told_a_problem() {
    let server = server().await;
    let world = world(&setup(&server.url()));
    let mut requests = connect(world.address()).await;
    let sent = request(world.address(), ECHO, &[("content-type", "application/json")]);
    let (response, _stream) = requests.send_request(sent, true).unwrap();
    let response = timeout(SOON, response).await.unwrap().unwrap();
    assert_eq!(response.status(), 401);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    // gRPC without HTTP/2 is none.
    let reply = call(
        world.address(),
        format!("POST {ECHO} HTTP/1.1\r\nHost: x\r\nContent-Type: application/grpc\r\nContent-Length: 0\r\n\r\n"),
    )
    .await;
    assert_eq!(reply.status, 401);
    reply.problem("missing-key");
}

async fn web(address: SocketAddr, media_type: &str, header: &str, body: &[u8]) -> Reply {
    let head = format!(
        "POST {ECHO} HTTP/1.1\r\nHost: x\r\nContent-Type: {media_type}\r\nX-Grpc-Web: 1\r\n{header}Content-Length: {}\r\n\r\n",
        body.len()
    );
    call(address, [head.as_bytes(), body].concat()).await
}

#[tokio::test]
async fn browsers_call_by_grpc_web() {
    const TRAILERS: &[u8] = b"\x80\0\0\0\x2egrpc-status: 0\r\ngrpc-message: \r\nsum-bin: AAE\r\n";
    let server = server().await;
    let world = world(&setup(&server.url()));
    let key = format!("X-Api-Key: {KEY}\r\n");
    let reply = web(world.address(), "application/grpc-web+proto", &key, &message("hello")).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.header("content-type"), "application/grpc-web+proto");
    let whole = [&message("hello")[..], TRAILERS].concat();
    assert_eq!(reply.body, whole, "{:?}", String::from_utf8_lossy(&reply.body));

    // `message("hello")` in two pieces with padding of their own: four bytes, and six.
    let text = b"AAAAAA==BWhlbGxv";
    let reply = web(world.address(), "application/grpc-web-text+proto", &key, text).await;
    assert_eq!(reply.header("content-type"), "application/grpc-web-text+proto");
    let groups: Vec<u8> = reply.text().as_bytes().chunks(4).flat_map(decoded).collect();
    assert_eq!(groups, whole, "{}", reply.text());

    let reply = web(world.address(), "application/grpc-web+proto", "", &message("hello")).await;
    assert_eq!((reply.status, reply.header("grpc-status").as_str()), (200, "16"));
    assert_eq!(reply.header("content-type"), "application/grpc-web+proto");
    let failing = format!("{key}Fail: true\r\n");
    let reply = web(world.address(), "application/grpc-web-text", &failing, b"").await;
    assert_eq!(
        (reply.header("grpc-status").as_str(), reply.body.len()),
        ("5", 0),
        "{reply:?}"
    );
    let reply = web(world.address(), "application/grpc-web-text+proto", &key, b"AAAAA").await;
    assert_eq!(reply.header("grpc-status"), "3", "{reply:?}");
}

/// One group of base64.
fn decoded(group: &[u8]) -> Vec<u8> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits = group.iter().fold(0_u32, |bits, letter| {
        let value = LETTERS.iter().position(|candidate| candidate == letter).unwrap_or(0);
        bits << 6 | u32::try_from(value).unwrap()
    });
    let letters = group.iter().position(|letter| *letter == b'=').unwrap_or(group.len());
    bits.to_be_bytes()[1..letters].to_vec()
}

#[tokio::test]
async fn a_call_in_the_queue_ends_with_its_time() {
    let server = server().await;
    let mut setup = setup(&server.url());
    let queue = json!({ "concurrency": { "max": 1, "queue": { "length": 5, "wait": "1m" } } });
    setup.version.policies = serde_json::from_value(queue).unwrap();
    let world = world(&setup);
    let mut requests = connect(world.address()).await;
    let first = request(world.address(), ECHO, &[("x-api-key", KEY), ("wait", "true")]);
    let _first = requests.send_request(first, true).unwrap();
    while world.gateway.counters().read().in_flight < 1 {
        tokio::task::yield_now().await;
    }
    let limited = [("x-api-key", KEY), ("grpc-timeout", "100m")];
    let (header, ..) = timeout(SOON, unary(world.address(), ECHO, &limited)).await.unwrap();
    assert_eq!(header["grpc-status"], "4", "{header:?}");
}

#[tokio::test]
async fn a_call_without_a_connection_says_that_the_server_is_unavailable() {
    // It takes connections and never begins TLS.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", silent.local_addr().unwrap());
    for (connect_ms, header, status) in [
        (100, &[("x-api-key", KEY)][..], "14"),
        // Here it is the caller's own time that is up.
        (30_000, &[("x-api-key", KEY), ("grpc-timeout", "100m")], "4"),
    ] {
        let mut setup = setup(&url);
        setup.version.upstream.as_mut().unwrap().connect_timeout_ms = connect_ms;
        let world = world(&setup);
        let (header, is_over, ..) = timeout(SOON, unary(world.address(), ECHO, header)).await.unwrap();
        assert!(is_over);
        assert_eq!(header["grpc-status"], status, "{header:?}");
    }
}

#[tokio::test]
async fn a_call_beyond_the_connections_that_there_may_be_is_told_so_on_both_protocols() {
    for protocol in ["http2", "auto"] {
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}", silent.local_addr().unwrap());
        let mut setup = setup(&url);
        let upstream = setup.version.upstream.as_mut().unwrap();
        upstream.connect_timeout_ms = 300;
        upstream.settings.connections = serde_json::from_value(json!({ "max": 1 })).unwrap();
        upstream.settings.protocol = serde_json::from_value(json!(protocol)).unwrap();
        let world = world(&setup);
        // One of them connects, the other finds no room or waits for it: there is no connection for either.
        let header = [("x-api-key", KEY)];
        let calls = [0, 1, 2].map(|_| unary(world.address(), ECHO, &header));
        let [one, two, three] = calls;
        let (one, two, three) = tokio::join!(one, two, three);
        for (header, ..) in [one, two, three] {
            assert_eq!(header["grpc-status"], "14", "{protocol}: {header:?}");
        }
    }
}
