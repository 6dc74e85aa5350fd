//! Calls and answers that policies change on their way.

mod composing;
mod compressing;
mod transforming;

use bytes::Bytes;
use domain::policy::PolicySet;
use http::{HeaderMap, Request, Response};
use tokio::net::TcpStream;

use super::{
    upstream::Upstream,
    world::{KEY, Setup, World},
};

pub const PETS: &str = "/acme/petstore/v1/pets";

pub fn policies(json: serde_json::Value) -> PolicySet {
    serde_json::from_value(json).unwrap()
}

/// A world whose version has policies, in front of an upstream.
pub fn world(upstream: &Upstream, json: serde_json::Value) -> World {
    let mut setup = Setup::new(Some(&upstream.url()));
    setup.version.policies = policies(json);
    World::start(&setup)
}

/// Sends a request by HTTP/2.
pub async fn call_http2(
    world: &World,
    method: &str,
    path: &str,
    fields: &[(&'static str, &'static str)],
    body: &'static str,
) -> (http::response::Parts, Vec<u8>, Option<HeaderMap>) {
    let stream = TcpStream::connect(world.address()).await.unwrap();
    let (mut sender, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    std::future::poll_fn(|cx| sender.poll_ready(cx)).await.unwrap();
    let mut request = Request::builder()
        .method(method)
        .uri(format!("http://gateway.test{path}"))
        .header("x-api-key", KEY);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    let (answer, mut sending) = sender.send_request(request.body(()).unwrap(), body.is_empty()).unwrap();
    if !body.is_empty() {
        sending.send_data(Bytes::from_static(body.as_bytes()), true).unwrap();
    }
    let (parts, mut stream) = answer.await.unwrap().into_parts();
    let mut received = Vec::new();
    while let Some(piece) = stream.data().await {
        let piece = piece.unwrap();
        stream.flow_control().release_capacity(piece.len()).unwrap();
        received.extend(piece);
    }
    let trailers = stream.trailers().await.unwrap();
    (parts, received, trailers)
}

/// An answer of JSON.
pub fn json_answer(body: impl Into<Bytes>) -> Response<super::upstream::AnyBody> {
    Response::builder()
        .header("content-type", "application/json")
        .body(super::upstream::full(body))
        .unwrap()
}
