//! The portal's listener.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, extract::ConnectInfo};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Notify, Semaphore},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt as _;

use super::patience::Patient;

/// How long to wait after an accept that failed for want of file descriptors or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What strangers can take of the portal.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Connections at once; more wait until one is closed.
    pub connections: usize,
    /// For the headers of a request, the first one of a connection included.
    pub headers: Duration,
    /// For the next piece of a body.
    pub body_pause: Duration,
    /// For a whole body: 20 MiB at 1 Mbit/s take under three minutes.
    pub body: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connections: 2_000,
            headers: Duration::from_secs(15),
            body_pause: Duration::from_secs(30),
            body: Duration::from_mins(5),
        }
    }
}

/// Accepts connections until `stop`, then lets requests that are under way finish. Returns when the last connection is
/// closed; a caller that cannot wait that long drops the future and `connections`.
pub async fn serve(listener: TcpListener, router: Router, bounds: Bounds, stop: CancellationToken) {
    let connections = TaskTracker::new();
    let slots = Arc::new(Semaphore::new(bounds.connections));
    loop {
        let accepted = tokio::select! {
            // A permit first: what is not accepted waits in the system's queue.
            accepted = async { (Arc::clone(&slots).acquire_owned().await, listener.accept().await) } => accepted,
            () = stop.cancelled() => break,
        };
        match accepted {
            (slot, Ok((stream, peer))) => {
                // Answers are small and complete: waiting to fill packets would only delay them.
                let _ = stream.set_nodelay(true);
                let served = serve_connection(stream, peer, router.clone(), bounds, stop.clone());
                connections.spawn(async move {
                    served.await;
                    drop(slot);
                });
            }
            (_, Err(error)) => {
                tracing::warn!(%error, "the portal could not accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

async fn serve_connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    bounds: Bounds,
    stop: CancellationToken,
) {
    let first = Arc::new(Notify::new());
    let asked = Arc::clone(&first);
    let service = router.map_request(move |request: http::Request<hyper::body::Incoming>| {
        asked.notify_one();
        let mut request = request.map(|body| axum::body::Body::new(Patient::new(body, bounds.body_pause, bounds.body)));
        request.extensions_mut().insert(ConnectInfo(peer));
        request
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.headers);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(bounds.headers)
        .max_concurrent_streams(100);
    let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
        // Before the first request, the time for headers does not run yet: it is not known which protocol it is.
        never = nothing_asked(&first, bounds.headers) => match never {
            Ok(never) => match never {},
            Err(_) => return,
        },
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection to the portal ended early");
    }
}

/// Ends only if no request came in time.
async fn nothing_asked(first: &Notify, patience: Duration) -> Result<Infallible, tokio::time::error::Elapsed> {
    tokio::time::timeout(patience, first.notified()).await?;
    std::future::pending().await
}

#[cfg(test)]
mod tests {
    use axum::{body::Bytes, routing::post};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    const SHORT: Duration = Duration::from_millis(150);

    async fn start(bounds: Bounds) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/", post(async |body: Bytes| format!("took {}", body.len())));
        tokio::spawn(serve(listener, router, bounds, CancellationToken::new()));
        address
    }

    /// Sends and reads until the server closes the connection.
    async fn send(address: SocketAddr, text: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await;
        let _ = read.expect("the connection is closed");
        String::from_utf8_lossy(&answer).into_owned()
    }

    const WHOLE: &str = "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\nab";

    #[tokio::test]
    async fn slow_callers_are_not_waited_for() {
        let bounds = Bounds {
            headers: SHORT,
            body_pause: SHORT,
            ..Bounds::default()
        };
        let address = start(bounds).await;
        assert!(send(address, WHOLE).await.ends_with("took 2"));
        for silent in [
            "",
            "PRI * HT",
            "POST / HTTP/1.1\r\nHost",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        ] {
            assert!(!send(address, silent).await.contains("took"), "{silent}");
        }
        let stalled = send(address, &WHOLE[..WHOLE.len() - 1]).await;
        assert!(stalled.starts_with("HTTP/1.1 4"), "{stalled}");
        let drips = Bounds {
            body: SHORT,
            ..Bounds::default()
        };
        let stalled = send(start(drips).await, &WHOLE[..WHOLE.len() - 1]).await;
        assert!(stalled.starts_with("HTTP/1.1 4"), "{stalled}");
    }

    #[tokio::test]
    async fn connections_are_bounded() {
        let bounds = Bounds {
            connections: 2,
            ..Bounds::default()
        };
        let address = start(bounds).await;
        let first = TcpStream::connect(address).await.unwrap();
        let _second = TcpStream::connect(address).await.unwrap();
        let third = tokio::spawn(send(address, WHOLE));
        tokio::task::yield_now().await;
        assert!(
            tokio::time::timeout(SHORT, async {
                while !third.is_finished() {
                    tokio::task::yield_now().await;
                }
            })
            .await
            .is_err()
        );
        drop(first);
        assert!(third.await.unwrap().ends_with("took 2"));
    }
}
