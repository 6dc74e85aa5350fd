//! Upstreams of the tests.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpListener, task::JoinHandle};

pub type AnyBody = BoxBody<Bytes, Infallible>;

/// A server that counts what it answers.
pub struct Upstream {
    pub address: SocketAddr,
    pub calls: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Upstream {
    pub async fn start<F, A>(answer: F) -> Self
    where
        F: Fn(Request<Incoming>) -> A + Clone + Send + 'static,
        A: Future<Output = Response<AnyBody>> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let calls = Arc::new(AtomicUsize::new(0));
        let call_count = Arc::clone(&calls);
        let accepting = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (answer, calls) = (answer.clone(), Arc::clone(&call_count));
                let service = service_fn(move |request| {
                    calls.fetch_add(1, SeqCst);
                    let answer = answer(request);
                    async move { Ok::<_, Infallible>(answer.await) }
                });
                let connection =
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                tokio::spawn(connection.with_upgrades());
            }
        });
        Self {
            address,
            calls,
            accepting,
        }
    }

    /// Answers every request with a JSON document about it.
    pub async fn mirror() -> Self {
        Self::start(|request| async move {
            let (parts, body) = request.into_parts();
            let Ok(collected) = body.collect().await else {
                return Response::builder()
                    .status(400)
                    .body(full("the body broke off"))
                    .unwrap();
            };
            let trailers: Vec<_> = collected
                .trailers()
                .into_iter()
                .flatten()
                .map(|(n, v)| (n.to_string(), v.to_str().unwrap().to_owned()))
                .collect();
            let headers: Vec<_> = parts
                .headers
                .iter()
                .map(|(n, v)| (n.to_string(), v.to_str().unwrap().to_owned()))
                .collect();
            let seen = serde_json::json!({
                "method": parts.method.as_str(),
                "target": parts.uri.to_string(),
                "headers": headers,
                "trailers": trailers,
                "body": String::from_utf8_lossy(&collected.to_bytes()),
            });
            Response::builder()
                .header("content-type", "application/json")
                .body(full(seen.to_string()))
                .unwrap()
        })
        .await
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn calls(&self) -> usize {
        self.calls.load(SeqCst)
    }
}

pub fn full(text: impl Into<Bytes>) -> AnyBody {
    Full::new(text.into()).boxed()
}

/// Values of a field that a mirror has seen.
pub fn seen(mirror: &serde_json::Value, name: &str) -> Vec<String> {
    let headers = mirror["headers"].as_array().unwrap().iter();
    headers
        .filter(|pair| pair[0] == name)
        .map(|pair| pair[1].as_str().unwrap().to_owned())
        .collect()
}
