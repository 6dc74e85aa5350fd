//! Upstreams that speak HTTP/2 with prior knowledge; every frame's content is the test's.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use bytes::Bytes;
use h2::{
    RecvStream,
    server::{Builder, SendResponse},
};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use tokio::{net::TcpListener, task::JoinHandle};

/// A server that counts its connections and the calls on them.
pub struct Http2Upstream {
    pub address: SocketAddr,
    pub connections: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

impl Drop for Http2Upstream {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// A call, as an upstream has it.
pub struct Received {
    pub request: Request<RecvStream>,
    pub respond: SendResponse<Bytes>,
}

impl Http2Upstream {
    /// A server that permits so many streams at once on a connection, and says GOAWAY after so many calls.
    pub async fn start_with<F, A>(streams: u32, calls_per_connection: usize, answer: F) -> Self
    where
        F: Fn(Received) -> A + Clone + Send + 'static,
        A: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        let accepting = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                count.fetch_add(1, SeqCst);
                let answer = answer.clone();
                tokio::spawn(async move {
                    let mut builder = Builder::new();
                    let Ok(mut calls) = builder.max_concurrent_streams(streams).handshake(stream).await else {
                        return;
                    };
                    let mut number = 0;
                    while let Some(Ok((request, respond))) = calls.accept().await {
                        number += 1;
                        if number == calls_per_connection {
                            calls.graceful_shutdown();
                        }
                        tokio::spawn(answer(Received { request, respond }));
                    }
                });
            }
        });
        Self {
            address,
            connections,
            accepting,
        }
    }

    pub async fn start<F, A>(answer: F) -> Self
    where
        F: Fn(Received) -> A + Clone + Send + 'static,
        A: Future<Output = ()> + Send + 'static,
    {
        Self::start_with(100, usize::MAX, answer).await
    }

    /// Answers every request with a JSON document about it.
    pub async fn mirror() -> Self {
        Self::start(|mut received| async move {
            let (body, trailers) = read(received.request.body_mut()).await;
            let seen = serde_json::json!({
                "method": received.request.method().as_str(),
                "target": received.request.uri().to_string(),
                "headers": pairs(received.request.headers()),
                "trailers": pairs(&trailers),
                "body": String::from_utf8_lossy(&body),
            });
            let fields = [("content-type", "application/json")];
            send(&mut received.respond, 200, &fields, &[seen.to_string().as_bytes()], &[]);
        })
        .await
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn connections(&self) -> usize {
        self.connections.load(SeqCst)
    }
}

fn pairs(map: &HeaderMap) -> Vec<(String, String)> {
    map.iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect()
}

/// A section.
pub fn fields(pairs: &[(&str, &str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| {
            (
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_str(value).unwrap(),
            )
        })
        .collect()
}

/// Reads a body and its trailers to the end; what breaks off counts as over.
pub async fn read(stream: &mut RecvStream) -> (Vec<u8>, HeaderMap) {
    let mut body = Vec::new();
    while let Some(Ok(piece)) = stream.data().await {
        stream.flow_control().release_capacity(piece.len()).unwrap();
        body.extend_from_slice(&piece);
    }
    let trailers = stream.trailers().await.ok().flatten().unwrap_or_default();
    (body, trailers)
}

/// Answers, in pieces that are small enough for any window.
pub fn send(
    respond: &mut SendResponse<Bytes>,
    status: u16,
    header: &[(&str, &str)],
    pieces: &[&[u8]],
    trailers: &[(&str, &str)],
) {
    let mut response = Response::builder().status(status).body(()).unwrap();
    *response.headers_mut() = fields(header);
    let is_over = pieces.is_empty() && trailers.is_empty();
    // It fails when the gateway has given the stream up.
    let Ok(mut stream) = respond.send_response(response, is_over) else {
        return;
    };
    for (at, piece) in pieces.iter().enumerate() {
        let is_last = at + 1 == pieces.len() && trailers.is_empty();
        stream.send_data(Bytes::copy_from_slice(piece), is_last).unwrap();
    }
    if !trailers.is_empty() {
        stream.send_trailers(fields(trailers)).unwrap();
    }
}
