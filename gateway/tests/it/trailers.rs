//! Trailer sections of requests: an upstream that reads them as if they were headers must not take a caller's word for ours.

use crate::{
    caller::call,
    upstream::Upstream,
    world::{KEY, Setup, World},
};

#[tokio::test]
async fn what_the_gateway_says_is_not_said_in_trailers() {
    let upstream = Upstream::mirror().await;
    let world = World::start(&Setup::new(Some(&upstream.url())));
    let names = [
        "X-Real-IP",
        "Forwarded",
        "Via",
        "Traceparent",
        "Tracestate",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "X-Request-Id",
        "Host",
        "Authorization",
        "X-Api-Key",
        "Content-Length",
    ];
    let trailers = names.map(|name| format!("{name}: 203.0.113.1\r\n")).concat();
    let request = format!(
        "POST /acme/petstore/v1/echo HTTP/1.1\r\nHost: x\r\nX-Api-Key: {KEY}\r\nTransfer-Encoding: chunked\r\n\r\n\
         1\r\na\r\n0\r\n{trailers}X-Checksum: 7\r\n\r\n"
    );
    let reply = call(world.address(), request).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.json()["trailers"], serde_json::json!([["x-checksum", "7"]]));
}
