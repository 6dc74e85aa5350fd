//! An answer reaches the call that it belongs to and no other, whatever callers and upstreams do in between.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use crate::{
    caller::{Caller, get},
    script::request,
    world::{KEY, Setup, World},
};

const PETS: &str = "/acme/petstore/v1/pets";
const CALLERS: u64 = 24;
const CALLS: u64 = 60;

/// Numbers without an order that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// Answers `GET /pets/{number}` with the number, in a manner that depends on it.
async fn serve(mut stream: TcpStream) -> Option<()> {
    let mut received = Vec::new();
    loop {
        let head = request(&mut stream, &mut received).await?;
        let number: u64 = head.split(' ').nth(1)?.rsplit('/').next()?.parse().ok()?;
        let text = number.to_string();
        let length = text.len();
        for _ in 0..number % 40 {
            tokio::task::yield_now().await;
        }
        let answer = match number % 12 {
            0 => format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{length:x}\r\n{text}\r\n0\r\n\r\n"),
            1 => format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{text}"),
            // Less than was said.
            2 => format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{text}", length + 5),
            // More than was said: an answer that nobody asked for.
            3 => format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{text}HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong"
            ),
            4 => "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n".to_owned(),
            5 => format!("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{text}"),
            // Never.
            6 => {
                std::future::pending::<()>().await;
                return None;
            }
            7 => String::new(),
            _ => format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{text}"),
        };
        let (first, second) = answer.split_at(answer.len() / 2);
        stream.write_all(first.as_bytes()).await.ok()?;
        tokio::task::yield_now().await;
        stream.write_all(second.as_bytes()).await.ok()?;
        match number % 12 {
            1 | 2 | 7 => return None,
            4 => stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong")
                .await
                .ok()?,
            // Gone without a word, after a whole answer.
            8 if number.is_multiple_of(5) => return None,
            _ => {}
        }
    }
}

/// Calls, and leaves now and then in the middle of something; how many answers came whole.
async fn calls(address: std::net::SocketAddr, caller_number: u64) -> u64 {
    let mut numbers = Numbers(caller_number * 7_919 + 1);
    let mut caller = Caller::connect(address).await;
    let mut whole = 0;
    for call in 0..CALLS {
        let number = 1_000_000 + (caller_number * CALLS + call) * 17 + numbers.below(17);
        let path = format!("{PETS}/{number}");
        let (is_sent, is_left) = match numbers.below(6) {
            // Half a body, and gone.
            0 => {
                let head =
                    format!("DELETE {path} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {KEY}\r\nContent-Length: 10\r\n\r\nhello");
                (caller.stream.write_all(head.as_bytes()).await.is_ok(), true)
            }
            // Asked, and gone.
            1 => (caller.stream.write_all(get(&path, "").as_bytes()).await.is_ok(), true),
            2 => {
                let body =
                    format!("DELETE {path} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {KEY}\r\nContent-Length: 5\r\n\r\nhello");
                (caller.stream.write_all(body.as_bytes()).await.is_ok(), false)
            }
            _ => (caller.stream.write_all(get(&path, "").as_bytes()).await.is_ok(), false),
        };
        if is_left || !is_sent {
            caller = Caller::connect(address).await;
            continue;
        }
        let Some((status, body)) = caller.any_reply().await else {
            caller = Caller::connect(address).await;
            continue;
        };
        match status {
            200 => {
                assert_eq!(
                    String::from_utf8_lossy(&body),
                    number.to_string(),
                    "somebody else's answer"
                );
                whole += 1;
            }
            204 => assert_eq!((number % 12, body.len()), (4, 0), "somebody else's answer"),
            502 | 504 => {}
            other => panic!("{other} for {number}"),
        }
    }
    whole
}

#[tokio::test]
async fn answers_reach_their_own_call() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut setup = Setup::new(Some(&format!("http://{}", listener.local_addr().unwrap())));
    setup.version.upstream.as_mut().unwrap().response_timeout_ms = 100;
    // One worker, so that all share its connections.
    let world = World::start_with(|options| options.threads = 1);
    world.snapshot.apply(setup.config());
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    let accepting = tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            count.fetch_add(1, SeqCst);
            tokio::spawn(serve(stream));
        }
    });
    let mut callers = JoinSet::new();
    for number in 0..CALLERS {
        callers.spawn(calls(world.address(), number));
    }
    let whole: u64 = callers.join_all().await.into_iter().sum();
    accepting.abort();
    assert!(whole > CALLERS * CALLS / 8, "only {whole} calls were answered");
    let connections = connections.load(SeqCst) as u64;
    assert!(
        connections < CALLERS * CALLS,
        "{connections} connections: none was used twice"
    );
}
