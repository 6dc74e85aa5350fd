//! What reaches the upstream and what comes back.

use std::time::Duration;

use http::Response;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::{
    caller::{Caller, call, get},
    upstream::{Upstream, full, seen},
    world::{KEY, Setup, World, upstream_of},
};

const PETS: &str = "/acme/petstore/v1/pets";

#[tokio::test]
async fn the_upstream_sees_its_own_path_and_host() {
    let upstream = Upstream::mirror().await;
    let mut setup = Setup::new(Some(&format!("{}/base/", upstream.url())));
    let world = World::start(&setup);
    for (path, target) in [
        ("/pets?limit=1&a=%20b", "/base/pets?limit=1&a=%20b"),
        ("/pets/a%2Fb", "/base/pets/a%2Fb"),
        ("/pets/caf%C3%A9?", "/base/pets/caf%C3%A9?"),
    ] {
        let reply = call(world.address(), get(&format!("/acme/petstore/v1{path}"), "")).await;
        assert_eq!(reply.status, 200, "{path}");
        let mirror = reply.json();
        assert_eq!(mirror["target"], target, "{path}");
        assert_eq!(seen(&mirror, "host"), [upstream.address.to_string()]);
    }
    let absolute = call(world.address(), get(&format!("http://other.test{PETS}?x=1"), ""))
        .await
        .json();
    assert_eq!(absolute["target"], "/base/pets?x=1");
    assert_eq!(seen(&absolute, "x-forwarded-host"), ["other.test"]);

    setup.revision += 1;
    setup.version.upstream = Some(upstream_of(&[&upstream.url()]));
    world.snapshot.apply(setup.config());
    assert_eq!(
        call(world.address(), get(&format!("{PETS}?x"), "")).await.json()["target"],
        "/pets?x"
    );
}

#[tokio::test]
async fn fields_for_one_connection_stay_there_and_the_way_is_told() {
    let upstream = Upstream::start(|request| async move {
        let headers: Vec<_> = request
            .headers()
            .iter()
            .map(|(n, v)| (n.to_string(), v.to_str().unwrap().to_owned()))
            .collect();
        Response::builder()
            .header("connection", "x-hop")
            .header("x-hop", "1")
            .header("keep-alive", "timeout=5")
            .header("proxy-authenticate", "Basic")
            .header("via", "1.1 inner")
            .header("x-end", "1")
            .header("ratelimit", "\"theirs\";r=1;t=1")
            .body(full(serde_json::json!({ "headers": headers }).to_string()))
            .unwrap()
    })
    .await;
    let world = World::start(&Setup::new(Some(&upstream.url())));
    let fields = "Connection: close, X-Secret\r\nX-Secret: 1\r\nKeep-Alive: 5\r\nProxy-Authorization: Basic eDp5\r\nTE: trailers, gzip\r\n\
                  X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: gopher\r\nVia: 1.1 outer\r\nAccept: */*\r\n";
    let reply = call(world.address(), get(PETS, fields)).await;
    assert_eq!(reply.status, 200);
    let mirror = reply.json();
    for name in ["x-secret", "keep-alive", "proxy-authorization", "x-api-key"] {
        assert_eq!(seen(&mirror, name), Vec::<String>::new(), "{name}");
    }
    for (name, value) in [
        // The words of a peer that nobody trusts.
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-host", "gateway.test"),
        ("te", "trailers"),
        ("accept", "*/*"),
    ] {
        assert_eq!(seen(&mirror, name), [value], "{name}");
    }
    assert_eq!(seen(&mirror, "via"), ["1.1 outer", "1.1 turnpike"]);
    assert_eq!(seen(&mirror, "traceparent")[0].len(), 55);
    for name in ["x-hop", "keep-alive", "proxy-authenticate"] {
        assert!(!reply.has(name), "{name}");
    }
    assert_eq!(reply.header("via"), "1.1 inner, 1.1 turnpike");
    assert_eq!(reply.header("x-end"), "1");
    assert_eq!(
        reply.header("ratelimit"),
        "\"theirs\";r=1;t=1",
        "a plan without limits says nothing of its own"
    );
    assert!(reply.has("date"));
}

#[tokio::test]
async fn answers_pass_as_they_are() {
    let upstream = Upstream::start(|request| async move {
        let status: u16 = request.uri().path().rsplit('/').next().unwrap().parse().unwrap();
        let body = if matches!(status, 204 | 304) {
            full("")
        } else {
            full("x")
        };
        Response::builder()
            .status(status)
            .header("date", "Thu, 01 Jan 1970 00:00:00 GMT")
            .body(body)
            .unwrap()
    })
    .await;
    let world = World::start(&Setup::new(Some(&upstream.url())));
    let mut caller = Caller::connect(world.address()).await;
    for status in [200, 201, 204, 301, 304, 400, 401, 404, 418, 429, 500, 503] {
        caller.send(get(&format!("{PETS}/{status}"), "")).await;
        let reply = caller.reply().await;
        assert_eq!(reply.status, status);
        assert_eq!(
            reply.header("date"),
            "Thu, 01 Jan 1970 00:00:00 GMT",
            "the upstream's, once"
        );
        assert!(!reply.header("content-type").contains("problem"));
    }
    caller
        .send(get(&format!("{PETS}/200"), "").replace("GET", "HEAD"))
        .await;
    let head = caller.head().await;
    assert_eq!((head.status, head.header("content-length").as_str()), (200, "1"));
    caller.send(get(&format!("{PETS}/200"), "")).await;
    assert_eq!(caller.reply().await.text(), "x", "nothing of a body came with the HEAD");
}

#[tokio::test]
async fn connections_to_the_upstream_are_used_again() {
    let upstream = Upstream::mirror().await;
    let world = World::start_with(|options| options.threads = 1);
    world.snapshot.apply(Setup::new(Some(&upstream.url())).config());
    for _ in 0..5 {
        let mut caller = Caller::connect(world.address()).await;
        for _ in 0..20 {
            caller.send(get(PETS, "")).await;
            assert_eq!(caller.reply().await.status, 200);
        }
    }
    assert_eq!(upstream.calls(), 100);
    let made = world.gateway.counters().read().upstream_connections;
    assert!(made <= 2, "{made} connections for calls that follow each other");
}

/// Answers one request on each connection with `answer` and then closes it without a word.
async fn abrupt(answer: &'static str) -> (std::net::SocketAddr, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut piece = [0; 4_096];
                if stream.read(&mut piece).await.unwrap_or(0) > 0 && !answer.is_empty() {
                    let _ = stream.write_all(answer.as_bytes()).await;
                    // Reads the next request and closes instead of answering it: a keep-alive that died in between.
                    let _ = stream.read(&mut piece).await;
                }
            });
        }
    });
    (address, serving)
}

#[tokio::test]
async fn a_call_on_a_dead_connection_is_sent_again_if_that_is_safe() {
    let (address, serving) = abrupt("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
    let world = World::start_with(|options| {
        options.threads = 1;
    });
    world
        .snapshot
        .apply(Setup::new(Some(&format!("http://{address}"))).config());
    let mut caller = Caller::connect(world.address()).await;
    for _ in 0..6 {
        caller.send(get(PETS, "")).await;
        assert_eq!(caller.reply().await.status, 200);
    }
    let post = format!("POST {PETS} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {KEY}\r\nContent-Length: 2\r\n\r\nhi");
    caller.send(post).await;
    let reply = caller.reply().await;
    assert_eq!(reply.status, 502, "it may have had an effect");
    reply.problem("upstream-broken");
    serving.abort();
}

#[tokio::test]
async fn nonsense_from_the_upstream_is_a_502() {
    for answer in [
        "nonsense\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nxx",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nxx\r\n0\r\n\r\n",
        "",
    ] {
        let (address, serving) = abrupt(answer).await;
        let world = World::start(&Setup::new(Some(&format!("http://{address}"))));
        let reply = call(world.address(), get(PETS, "")).await;
        assert_eq!(reply.status, 502, "{answer:?}");
        reply.problem("upstream-broken");
        serving.abort();
    }
}

#[tokio::test]
async fn calls_are_spread_and_a_dead_target_is_stepped_over() {
    let (one, two) = (Upstream::mirror().await, Upstream::mirror().await);
    let mut setup = Setup::new(None);
    setup.version.upstream = Some(upstream_of(&[&one.url(), &two.url()]));
    let world = World::start(&setup);
    for _ in 0..10 {
        assert_eq!(call(world.address(), get(PETS, "")).await.status, 200);
    }
    assert_eq!((one.calls(), two.calls()), (5, 5));
    setup.revision += 1;
    setup.version.upstream = Some(upstream_of(&["http://127.0.0.1:1", &two.url()]));
    world.snapshot.apply(setup.config());
    for _ in 0..4 {
        assert_eq!(call(world.address(), get(PETS, "")).await.status, 200);
    }
    assert_eq!(two.calls(), 9);
}

#[tokio::test]
async fn http_2_without_tls_is_served() {
    let upstream = Upstream::mirror().await;
    let world = World::start(&Setup::new(Some(&upstream.url())));
    let stream = TcpStream::connect(world.address()).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    let mut answers = Vec::new();
    for number in 0..20 {
        let request = http::Request::builder()
            .uri(format!("http://gateway.test{PETS}/{number}"))
            .header("x-api-key", KEY)
            .header("cookie", "a=1")
            .header("cookie", "b=2")
            .body(full(""))
            .unwrap();
        answers.push(sender.send_request(request));
    }
    for (number, answer) in answers.into_iter().enumerate() {
        let answer = answer.await.unwrap();
        assert_eq!(answer.status(), 200);
        let body = http_body_util::BodyExt::collect(answer.into_body())
            .await
            .unwrap()
            .to_bytes();
        let mirror: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(mirror["target"], format!("/pets/{number}"));
        assert_eq!(seen(&mirror, "cookie"), ["a=1; b=2"]);
        assert_eq!(seen(&mirror, "via"), ["2.0 turnpike"]);
        assert_eq!(seen(&mirror, "x-forwarded-host"), ["gateway.test"]);
    }
    let refused = sender
        .send_request(
            http::Request::builder()
                .uri("http://gateway.test/nowhere")
                .body(full(""))
                .unwrap(),
        )
        .await
        .unwrap();
    assert_eq!(refused.status(), 404);
    drop(sender);
    let rows = world.stop().await;
    assert_eq!(rows.iter().map(|(_, sums)| sums.calls).sum::<u64>(), 21);
}

#[tokio::test]
async fn a_name_is_resolved_and_an_unknown_one_is_told() {
    let upstream = Upstream::mirror().await;
    let mut setup = Setup::new(Some(&format!("http://localhost:{}", upstream.address.port())));
    let world = World::start(&setup);
    assert_eq!(call(world.address(), get(PETS, "")).await.status, 200);
    setup.revision += 1;
    setup.version.upstream = Some(upstream_of(&["http://no-such-host.invalid"]));
    world.snapshot.apply(setup.config());
    let reply = call(world.address(), get(PETS, "")).await;
    assert_eq!(reply.status, 502);
    reply.problem("upstream-unreachable");
    assert_eq!(reply.header("proxy-status"), "turnpike; error=dns_error");
}

#[tokio::test]
async fn tls_is_verified() {
    // Speaks no TLS: a caller that did not verify would not even notice.
    let upstream = Upstream::mirror().await;
    let world = World::start(&Setup::new(Some(&format!("https://{}", upstream.address))));
    let reply = call(world.address(), get(PETS, "")).await;
    assert_eq!(reply.status, 502);
    assert_eq!(reply.header("proxy-status"), "turnpike; error=tls_protocol_error");
}

#[tokio::test]
async fn expectations_are_met() {
    let upstream = Upstream::mirror().await;
    let world = World::start(&Setup::new(Some(&upstream.url())));
    let mut caller = Caller::connect(world.address()).await;
    caller
        .send(format!(
            "POST {PETS} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {KEY}\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
        ))
        .await;
    assert_eq!(caller.head().await.status, 100);
    caller.send("hello").await;
    let reply = caller.reply().await;
    assert_eq!((reply.status, reply.json()["body"].as_str()), (200, Some("hello")));
    // Refused without asking for the body.
    let mut caller = Caller::connect(world.address()).await;
    caller
        .send(format!(
            "POST {PETS} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
        ))
        .await;
    assert_eq!(caller.reply().await.status, 401);
}

#[tokio::test]
async fn a_slow_connect_is_given_up_in_time() {
    // A listener whose queue is full drops further attempts.
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket
        .bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into())
        .unwrap();
    socket.listen(0).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let mut waiting = Vec::new();
    // Until one is left waiting: then the queue is full.
    while let Ok(Ok(stream)) = tokio::time::timeout(Duration::from_millis(100), TcpStream::connect(address)).await {
        waiting.push(stream);
    }
    let mut setup = Setup::new(Some(&format!("http://{address}")));
    setup.version.upstream.as_mut().unwrap().connect_timeout_ms = 50;
    let world = World::start(&setup);
    let reply = call(world.address(), get(PETS, "")).await;
    assert_eq!(reply.status, 504);
    reply.problem("upstream-connect-timeout");
    assert_eq!(reply.header("proxy-status"), "turnpike; error=connection_timeout");
}

#[tokio::test]
async fn proxies_that_are_trusted_say_who_called_and_how() {
    let upstream = Upstream::mirror().await;
    let world = World::start_with(|options| options.trusted_proxies = vec!["127.0.0.1".parse().unwrap()]);
    world.snapshot.apply(Setup::new(Some(&upstream.url())).config());
    let fields = "X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: api.example\r\n\
                  Forwarded: for=203.0.113.7\r\n";
    let mirror = call(world.address(), get(PETS, fields)).await.json();
    for (name, value) in [
        ("x-forwarded-for", "203.0.113.7, 127.0.0.1"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "api.example"),
        ("forwarded", "for=203.0.113.7"),
    ] {
        assert_eq!(seen(&mirror, name), [value], "{name}");
    }
}
