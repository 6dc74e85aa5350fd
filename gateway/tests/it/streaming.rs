//! Bodies pass piece by piece in both directions, and stop when the other side stops.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use domain::plan::{Period, Quota};
use http::{HeaderMap, HeaderValue, Response};
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use tokio::{
    io::AsyncWriteExt,
    sync::{mpsc, oneshot},
    time::timeout,
};

use crate::{
    caller::{Caller, call, get},
    upstream::{AnyBody, Upstream, full},
    world::{KEY, Setup, World},
};

const PETS: &str = "/acme/petstore/v1/pets";
/// Longer than anything here takes.
const SOON: Duration = Duration::from_secs(10);

/// A body that a test writes frame by frame.
pub struct Written(mpsc::Receiver<Frame<Bytes>>);

impl Body for Written {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(cx).map(|frame| frame.map(Ok))
    }
}

pub fn written() -> (mpsc::Sender<Frame<Bytes>>, AnyBody) {
    let (sender, receiver) = mpsc::channel(1);
    (sender, Written(receiver).boxed())
}

/// An upstream that answers the first call with a body of the test.
pub async fn answering(body: AnyBody, fields: &'static [(&'static str, &'static str)]) -> Upstream {
    let body = Arc::new(Mutex::new(Some(body)));
    Upstream::start(move |_| {
        let body = body.lock().unwrap().take().unwrap();
        async move {
            let mut response = Response::new(body);
            for (name, value) in fields {
                response.headers_mut().insert(*name, HeaderValue::from_static(value));
            }
            response
        }
    })
    .await
}

#[tokio::test]
async fn an_answer_arrives_while_the_upstream_is_still_writing() {
    let (writer, body) = written();
    let upstream = answering(body, &[("content-type", "text/event-stream")]).await;
    let world = World::start(&Setup::new(Some(&upstream.url())));
    let mut caller = Caller::connect(world.address()).await;
    caller.send(get(PETS, "")).await;
    assert_eq!(caller.head().await.status, 200);
    for event in ["data: one\n\n", "data: two\n\n"] {
        writer.send(Frame::data(event.into())).await.unwrap();
        assert_eq!(usize::from_str_radix(&caller.line().await, 16), Ok(event.len()));
        assert_eq!(caller.exactly(event.len() + 2).await, format!("{event}\r\n").as_bytes());
    }
    drop(writer);
    assert_eq!(caller.line().await, "0");
}

#[tokio::test]
async fn a_body_arrives_while_the_caller_is_still_sending() {
    let (seen, mut has_seen) = mpsc::channel(10);
    let upstream = Upstream::start(move |request| {
        let seen = seen.clone();
        async move {
            let mut body = request.into_body();
            while let Some(Ok(frame)) = body.frame().await {
                if let Ok(data) = frame.into_data() {
                    seen.send(data).await.unwrap();
                }
            }
            Response::new(full("done"))
        }
    })
    .await;
    let world = World::start(&Setup::new(Some(&upstream.url())));
    let mut caller = Caller::connect(world.address()).await;
    caller
        .send(format!(
            "POST {PETS} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {KEY}\r\nContent-Length: 10\r\n\r\nhello"
        ))
        .await;
    assert_eq!(
        has_seen.recv().await.unwrap(),
        "hello",
        "the second half was not sent yet"
    );
    caller.send("world").await;
    assert_eq!(has_seen.recv().await.unwrap(), "world");
    assert_eq!(caller.reply().await.text(), "done");
}

#[tokio::test]
async fn an_upstream_may_answer_before_the_body_is_over() {
    let upstream = Upstream::start(|_| async { Response::builder().status(413).body(full("enough")).unwrap() }).await;
    let world = World::start(&Setup::new(Some(&upstream.url())));
    let mut caller = Caller::connect(world.address()).await;
    caller
        .send(format!(
            "POST {PETS} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {KEY}\r\nContent-Length: 1000000\r\n\r\nhello"
        ))
        .await;
    let reply = caller.reply().await;
    assert_eq!((reply.status, reply.text().as_str()), (413, "enough"));
}

#[tokio::test]
async fn a_slow_reader_holds_the_upstream_back() {
    let (writer, body) = written();
    let upstream = answering(body, &[]).await;
    let world = World::start(&Setup::new(Some(&upstream.url())));
    let mut caller = Caller::connect(world.address()).await;
    caller.send(get(PETS, "")).await;
    assert_eq!(caller.head().await.status, 200);
    let piece = Bytes::from(vec![b'x'; 1 << 20]);
    let mut sent = 0;
    // Nobody reads: after the buffers of the system are full, nothing more is taken.
    while timeout(Duration::from_millis(300), writer.send(Frame::data(piece.clone())))
        .await
        .is_ok()
    {
        sent += 1;
        assert!(sent < 64, "64 MB went into a caller that reads nothing");
    }
    drop(writer);
    let mut received = 0;
    loop {
        let size = usize::from_str_radix(&caller.line().await, 16).unwrap();
        if size == 0 {
            break;
        }
        received += caller.exactly(size + 2).await.len() - 2;
    }
    assert_eq!(received, sent * (1 << 20), "all of it came in the end");
}

#[tokio::test]
async fn a_caller_that_leaves_takes_its_call_along() {
    struct Guard(Option<oneshot::Sender<()>>);
    impl Drop for Guard {
        fn drop(&mut self) {
            let _ = self.0.take().unwrap().send(());
        }
    }
    let (gone, is_gone) = oneshot::channel();
    let (begun, mut has_begun) = mpsc::channel(1);
    let guard = Arc::new(Mutex::new(Some(Guard(Some(gone)))));
    let upstream = Upstream::start(move |_| {
        let guard = guard.lock().unwrap().take();
        let begun = begun.clone();
        async move {
            let _guard = guard;
            begun.send(()).await.unwrap();
            std::future::pending().await
        }
    })
    .await;
    let mut setup = Setup::new(Some(&upstream.url()));
    setup.quota = Some(Quota {
        requests: 1,
        per: Period::Day,
    });
    let world = World::start(&setup);
    let mut caller = Caller::connect(world.address()).await;
    caller.send(get(PETS, "")).await;
    has_begun.recv().await.unwrap();
    drop(caller);
    timeout(SOON, is_gone)
        .await
        .expect("the upstream's call is cancelled")
        .unwrap();
    let next = call(world.address(), get(PETS, "")).await;
    assert_eq!(next.status, 429, "the upstream has done the work");
    let rows = world.stop().await;
    let counted: Vec<_> = rows
        .iter()
        .map(|(key, sums)| (key.status, sums.calls, sums.units))
        .collect();
    assert_eq!(counted, [(429, 1, 0), (499, 1, 1)]);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_seen_to_break_off() {
    let (writer, body) = written();
    let upstream = answering(body, &[("content-length", "10")]).await;
    let world = World::start(&Setup::new(Some(&upstream.url())));
    let mut caller = Caller::connect(world.address()).await;
    caller.send(get(PETS, "")).await;
    assert_eq!(caller.head().await.header("content-length"), "10");
    writer.send(Frame::data("hello".into())).await.unwrap();
    assert_eq!(caller.exactly(5).await, b"hello");
    drop(writer);
    assert!(caller.is_closed().await, "not kept open as if the answer were whole");
}

#[tokio::test]
async fn an_answer_that_stands_still_is_broken_off() {
    let (writer, body) = written();
    let upstream = answering(body, &[]).await;
    let world = World::start_with(|options| options.limits.stall_timeout = Duration::from_millis(200));
    world.snapshot.apply(Setup::new(Some(&upstream.url())).config());
    let mut caller = Caller::connect(world.address()).await;
    caller.send(get(PETS, "")).await;
    assert_eq!(caller.head().await.status, 200);
    for _ in 0..3 {
        writer.send(Frame::data("hello".into())).await.unwrap();
        assert_eq!(caller.line().await, "5");
        assert_eq!(caller.exactly(7).await, b"hello\r\n");
    }
    assert!(
        timeout(SOON, caller.is_closed())
            .await
            .expect("it does not wait for ever")
    );
    let rows = world.stop().await;
    assert_eq!((rows[0].1.units, rows[0].1.bytes_out), (1, 15), "it was answered");
    drop(writer);
}

#[tokio::test]
async fn a_caller_that_takes_nothing_is_let_go() {
    let (writer, body) = written();
    let upstream = answering(body, &[]).await;
    let world = World::start_with(|options| options.limits.stall_timeout = Duration::from_secs(1));
    world.snapshot.apply(Setup::new(Some(&upstream.url())).config());
    let mut caller = Caller::connect(world.address()).await;
    caller.send(get(PETS, "")).await;
    let piece = Bytes::from(vec![b'x'; 1 << 20]);
    let filling = async { while writer.send(Frame::data(piece.clone())).await.is_ok() {} };
    timeout(SOON, filling)
        .await
        .expect("the upstream is let go with its caller");
    drop(caller);
}

#[tokio::test]
async fn trailers_pass_in_both_directions() {
    let (writer, body) = written();
    let upstream = answering(body, &[("trailer", "x-sum")]).await;
    let world = World::start(&Setup::new(Some(&upstream.url())));
    let mut caller = Caller::connect(world.address()).await;
    caller.send(get(PETS, "TE: trailers\r\n")).await;
    writer.send(Frame::data("hello".into())).await.unwrap();
    let mut trailers = HeaderMap::new();
    trailers.insert("x-sum", HeaderValue::from_static("5"));
    writer.send(Frame::trailers(trailers)).await.unwrap();
    drop(writer);
    let reply = caller.reply().await;
    assert_eq!(
        (reply.text().as_str(), reply.header("trailer:x-sum").as_str()),
        ("hello", "5")
    );

    let mirror = Upstream::mirror().await;
    let world = World::start(&Setup::new(Some(&mirror.url())));
    let mut caller = Caller::connect(world.address()).await;
    let request = format!(
        "POST {PETS} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {KEY}\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 5\r\n\r\n"
    );
    caller.send(request).await;
    let mirror = caller.reply().await.json();
    assert_eq!(
        (&mirror["body"], &mirror["trailers"]),
        (&"hello".into(), &serde_json::json!([["x-sum", "5"]]))
    );
}

#[tokio::test]
async fn a_body_that_stops_is_given_up() {
    let upstream = Upstream::mirror().await;
    let mut setup = Setup::new(Some(&upstream.url()));
    setup.version.upstream.as_mut().unwrap().response_timeout_ms = 100;
    let world = World::start(&setup);
    let mut caller = Caller::connect(world.address()).await;
    caller
        .send(format!(
            "POST {PETS} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {KEY}\r\nContent-Length: 10\r\n\r\nhello"
        ))
        .await;
    let reply = caller.reply().await;
    assert_eq!(reply.status, 408);
    reply.problem("request-timeout");
}

#[tokio::test]
async fn large_bodies_pass_unchanged() {
    let upstream = Upstream::start(|request| async move {
        Response::new(full(request.into_body().collect().await.unwrap().to_bytes()))
    })
    .await;
    let world = World::start(&Setup::new(Some(&upstream.url())));
    let body: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    let caller = Caller::connect(world.address()).await;
    let (reader, mut writer) = caller.stream.into_split();
    let head = format!(
        "POST {PETS} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {KEY}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let sent = body.clone();
    let sending = tokio::spawn(async move {
        writer.write_all(head.as_bytes()).await.unwrap();
        writer.write_all(&sent).await.unwrap();
        writer
    });
    let writer = sending.await.unwrap();
    let mut caller = Caller::connect(world.address()).await;
    caller.stream = reader.reunite(writer).unwrap();
    let reply = caller.reply().await;
    assert_eq!(reply.body.len(), body.len());
    assert!(reply.body == body);
    let rows = world.stop().await;
    let [(_, sums)] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!((sums.bytes_in, sums.bytes_out), (3_000_000, 3_000_000));
}
