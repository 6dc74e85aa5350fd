//! Interim answers reach the caller whose call goes to the upstream, and are not kept.

use std::time::Duration;

use domain::{catalog::version::Access, clock::Clock};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::oneshot,
};

use super::{PETS, anonymous};
use crate::{
    caller::Caller,
    world::{NOW, Setup, World, upstream_of},
};

const EARLY: &str = "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\nX-Early: 1\r\n\r\n";
const KEPT: &str = "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nETag: \"a\"\r\nContent-Length: 4\r\n\r\nkept";
const NOT_MODIFIED: &str = "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n";

async fn hints(caller: &mut Caller) {
    assert_eq!(caller.head().await.status, 102);
    let hints = caller.head().await;
    assert_eq!(
        (hints.status, hints.header("link"), hints.header("x-early")),
        (103, "</a>".into(), "1".into())
    );
}

#[tokio::test]
async fn interim_answers_are_passed_on_and_not_kept() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (go, gone) = oneshot::channel::<()>();
    let serving = tokio::spawn(async move {
        let mut request = vec![0; 64 * 1024];
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut request).await.unwrap();
        stream.write_all(EARLY.as_bytes()).await.unwrap();
        gone.await.unwrap();
        stream.write_all(KEPT.as_bytes()).await.unwrap();
        let count = stream.read(&mut request).await.unwrap();
        let text = String::from_utf8_lossy(&request[..count]).to_lowercase();
        assert!(text.contains("if-none-match: \"a\""), "{text}");
        stream
            .write_all(format!("{EARLY}{NOT_MODIFIED}").as_bytes())
            .await
            .unwrap();
        // The connection stays open as long as it is used.
        let _ = stream.read(&mut request).await;
    });
    let clock = Clock::fixed(NOW);
    let mut setup = Setup::new(None);
    setup.version.upstream = Some(upstream_of(&[&format!("http://{address}")]));
    setup.version.access = Access::Anonymous;
    setup.version.policies = serde_json::from_value(json!({ "cache": {} })).unwrap();
    // The upstream takes one connection, and each worker has its own.
    let world = World::start_with(|options| {
        options.threads = 1;
        options.clock = clock.clone();
    });
    assert!(world.snapshot.apply(setup.config()).is_taken);
    let (mut first, mut second) = (
        Caller::connect(world.address()).await,
        Caller::connect(world.address()).await,
    );
    first.send(anonymous("GET", PETS, "")).await;
    hints(&mut first).await;
    // It waits for the first, and hears nothing before it.
    second.send(anonymous("GET", PETS, "")).await;
    go.send(()).unwrap();
    let reply = first.reply().await;
    assert_eq!((reply.status, reply.text().as_str()), (200, "kept"));
    assert!(!reply.has("x-early") && !reply.has("link"), "{reply:?}");
    let waited = second.reply().await;
    first.send(anonymous("GET", PETS, "")).await;
    let hit = first.reply().await;
    for (reply, says) in [
        (waited, "turnpike; fwd=uri-miss; ttl=60; collapsed"),
        (hit, "turnpike; hit; ttl=60"),
    ] {
        assert_eq!(
            (
                reply.status,
                reply.text().as_str(),
                reply.header("cache-status").as_str()
            ),
            (200, "kept", says)
        );
        assert!(!reply.has("x-early") && !reply.has("link"), "{reply:?}");
    }
    clock.advance(Duration::from_secs(61));
    second.send(anonymous("GET", PETS, "")).await;
    hints(&mut second).await;
    let reply = second.reply().await;
    assert_eq!(
        (
            reply.status,
            reply.text().as_str(),
            reply.header("cache-status").as_str()
        ),
        (200, "kept", "turnpike; fwd=stale; fwd-status=304; stored")
    );
    drop((first, second));
    world.stop().await;
    serving.abort();
}
