//! Connections that change to WebSocket, and those that may not change to anything.

use std::time::Duration;

use http::Response;
use hyper_util::rt::TokioIo;
use tokio::{io::AsyncWriteExt, net::TcpStream, time::timeout};

use crate::{
    caller::{Caller, Reply, call, get},
    upstream::{Upstream, full, seen},
    world::{Setup, World},
};

const SOCKET: &str = "/acme/petstore/v1/socket";
const HANDSHAKE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
/// Longer than anything here takes.
const SOON: Duration = Duration::from_secs(10);

/// An upstream that changes to `protocol` and then says everything back.
async fn echo(protocol: &'static str) -> Upstream {
    Upstream::start(move |mut request| async move {
        let upgrade = hyper::upgrade::on(&mut request);
        tokio::spawn(async move {
            let Ok(upgraded) = upgrade.await else { return };
            let (mut reader, mut writer) = tokio::io::split(TokioIo::new(upgraded));
            let _ = tokio::io::copy(&mut reader, &mut writer).await;
        });
        Response::builder()
            .status(101)
            .header("connection", "upgrade")
            .header("upgrade", protocol)
            .header("x-asked", request.headers()["upgrade"].clone())
            .header("x-asked-connection", request.headers()["connection"].clone())
            .body(full(""))
            .unwrap()
    })
    .await
}

async fn handshake(world: &World) -> (Caller, Reply) {
    let mut caller = Caller::connect(world.address()).await;
    caller.send(get(SOCKET, HANDSHAKE)).await;
    let reply = caller.reply().await;
    (caller, reply)
}

#[tokio::test]
async fn a_change_to_websocket_is_passed_through() {
    let upstream = echo("websocket").await;
    let world = World::start(&Setup::new(Some(&upstream.url())));
    let (mut caller, reply) = handshake(&world).await;
    let told = ["upgrade", "connection", "x-asked", "x-asked-connection"].map(|name| reply.header(name));
    assert_eq!(
        (reply.status, told),
        (101, ["websocket", "upgrade", "websocket", "upgrade"].map(str::to_owned))
    );
    for words in [&b"not HTTP at all\n"[..], b"\0\x01\xff", b"GET / HTTP/1.1\n\n"] {
        caller.send(words).await;
        assert_eq!(caller.exactly(words.len()).await, words);
    }
    caller.stream.shutdown().await.unwrap();
    assert!(caller.is_closed().await);
}

#[tokio::test]
async fn no_other_protocol_is_asked_for() {
    let upstream = Upstream::mirror().await;
    let world = World::start(&Setup::new(Some(&upstream.url())));
    for fields in [
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
        "Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
        "Upgrade: websocket\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
    ] {
        let reply = call(world.address(), get(SOCKET, fields)).await;
        assert_eq!(reply.status, 200, "{fields}");
        let mirror = reply.json();
        for name in ["upgrade", "connection", "http2-settings"] {
            assert_eq!(seen(&mirror, name), [""; 0], "{name} of {fields}");
        }
    }
}

#[tokio::test]
async fn a_change_to_what_was_not_asked_for_is_a_502() {
    let upstream = echo("h2c").await;
    let world = World::start(&Setup::new(Some(&upstream.url())));
    let (_, reply) = handshake(&world).await;
    assert_eq!(reply.status, 502);
    reply.problem("upstream-broken");
}

#[tokio::test]
async fn a_websocket_is_one_of_the_open_connections() {
    let upstream = echo("websocket").await;
    let world = World::start_with(|options| {
        options.threads = 1;
        options.limits.connections = 1;
    });
    world.snapshot.apply(Setup::new(Some(&upstream.url())).config());
    let (mut socket, reply) = handshake(&world).await;
    assert_eq!(reply.status, 101);
    socket.send("ping").await;
    assert_eq!(socket.exactly(4).await, b"ping");
    assert_eq!(world.gateway.counters().read().open_connections, 1);
    // The system accepts it, the gateway does not until there is room.
    let mut waiting = Caller::connect(world.address()).await;
    waiting.send(get("/acme/petstore/v1/nothing", "")).await;
    socket.send("pong").await;
    assert_eq!(socket.exactly(4).await, b"pong");
    assert_eq!(world.gateway.counters().read().connections, 1);
    drop(socket);
    assert_eq!(waiting.reply().await.status, 404);
}

#[tokio::test]
async fn a_silent_websocket_is_closed() {
    let upstream = echo("websocket").await;
    let world = World::start_with(|options| options.limits.websocket_timeout = Duration::ZERO);
    world.snapshot.apply(Setup::new(Some(&upstream.url())).config());
    let (mut socket, reply) = handshake(&world).await;
    assert_eq!(reply.status, 101);
    let closed = timeout(SOON, socket.is_closed()).await;
    assert!(closed.expect("it does not stay open"));
}

#[tokio::test]
async fn a_websocket_ends_with_the_grace_of_a_drain() {
    let upstream = echo("websocket").await;
    let world = World::start(&Setup::new(Some(&upstream.url())));
    let (mut socket, reply) = handshake(&world).await;
    assert_eq!(reply.status, 101);
    let address = world.address();
    let draining = tokio::spawn(async move { world.gateway.shutdown(Duration::from_millis(300)).await });
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    socket.send("last").await;
    assert_eq!(socket.exactly(4).await, b"last", "it goes on for the grace");
    let drained = timeout(SOON, draining).await.expect("it does not hold the drain up");
    assert_eq!(drained.unwrap().cut, 1);
    assert!(socket.is_closed().await);
}
