//! Headers that every answer of the portal carries.

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};
use rand::RngExt as _;

/// Scripts, styles and images come from our own origin only; WebAssembly may be compiled; nothing else is loaded, and
/// nobody may put our pages into a frame.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Name of the header with the request's id.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Identifies a request in the log and on error pages; in the request's extensions.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// Whether the portal is reached over https.
#[derive(Clone, Copy, Debug)]
pub(super) struct IsHttps(pub(super) bool);

/// The layer: gives the request an id and the answer its headers. A handler's own value of a header stays.
pub(super) async fn secure(State(IsHttps(is_https)): State<IsHttps>, mut request: Request, next: Next) -> Response {
    let id = format!("{:016x}", rand::rng().random::<u64>());
    request.extensions_mut().insert(RequestId(id.clone()));
    let mut response = next.run(request).await;
    if response.status().is_server_error() {
        tracing::warn!(request.id = %id, status = response.status().as_u16(), "answered with an error");
    }
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "same-origin");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    if is_https {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, id);
    }
    response
}
