//! Passing a call on to its upstream.

use std::{rc::Rc, time::Duration};

use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Uri, Version,
    header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH, COOKIE, Entry, HOST, TE, TRANSFER_ENCODING, UPGRADE, VIA},
    uri::PathAndQuery,
};
use http_body::Body as _;
use hyper::{body::Incoming, client::conn::TrySendError, upgrade::OnUpgrade};
use tokio::time::timeout;

use super::{credential::X_API_KEY, metering::Call};
use crate::{
    decision::{Permit, Refusal},
    problem::Reason,
    trace_context::{TRACEPARENT, TraceContext},
    upstream::{BodyProgress, BodyState, ConnectError, HopByHop, Lease, RequestBody, Target, strip_hop_by_hop},
    worker::{Peer, Worker},
};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The one protocol that a connection may change to.
pub(super) const WEBSOCKET: HeaderValue = HeaderValue::from_static("websocket");

/// Fields that the gateway adds to a request at most, and a few more so that the map never has to grow twice.
const ADDED_FIELDS: usize = 8;

/// Targets that are tried before giving up; only as long as none of them was sent anything.
const MAX_TARGETS_TRIED: usize = 3;

/// A call on its way, taken apart.
pub(crate) struct Outgoing<'a> {
    pub(crate) method: Method,
    pub(crate) uri: &'a Uri,
    pub(crate) version: Version,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Incoming,
    pub(crate) trace: TraceContext,
    /// The caller's side of a protocol change.
    pub(crate) upgrade: Option<OnUpgrade>,
}

/// What the upstream answered.
pub(crate) struct Answer {
    pub(crate) response: Response<Incoming>,
    /// The connection it comes on.
    pub(crate) lease: Lease,
    /// The caller's side of a protocol change that the upstream agreed to.
    pub(crate) upgrade: Option<OnUpgrade>,
}

/// Sends a call that has a permit to its upstream and waits for the head of the answer. Dropping the future closes the
/// upstream connection.
pub(crate) async fn forward(
    worker: &Rc<Worker>,
    peer: &Peer,
    call: &mut Call,
    outgoing: Outgoing<'_>,
) -> Result<Answer, Box<Refusal>> {
    let Some(permit) = call.permit() else {
        return Err(Box::new(Refusal::new(Reason::NoUpstream)));
    };
    let targets = std::sync::Arc::clone(permit.targets());
    let base_length = permit.base_length();
    let Outgoing {
        method,
        uri,
        version,
        mut headers,
        body,
        trace,
        upgrade,
    } = outgoing;
    let hop = prepare(worker, peer, permit, version, uri, &mut headers, &trace);
    // A handshake is a GET without a body (RFC 6455 §4.1); anything else is a normal request.
    let upgrade = upgrade
        .filter(|_| hop.is_websocket && version == Version::HTTP_11 && method == Method::GET && body.is_end_stream());
    if upgrade.is_some() {
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, WEBSOCKET);
    }
    let body = if body.is_end_stream() {
        RequestBody::Empty
    } else {
        let progress = BodyProgress::new();
        call.body = Some(Rc::clone(&progress));
        RequestBody::Streamed {
            incoming: body,
            progress,
            max_bytes: worker.limits().body_bytes.unwrap_or(u64::MAX),
        }
    };
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.headers_mut() = headers;

    let mut failure = ConnectError::Forbidden;
    for target in targets.next().take(MAX_TARGETS_TRIED) {
        address(&mut request, target, uri, base_length)?;
        match send(
            worker,
            call,
            target,
            targets.connect_timeout,
            targets.response_timeout,
            request,
        )
        .await
        {
            Ok((response, lease)) => {
                let is_switch = response.status() == http::StatusCode::SWITCHING_PROTOCOLS;
                if is_switch && !(upgrade.is_some() && is_websocket(response.headers())) {
                    return Err(Box::new(broken(
                        "The API's server changed to a protocol that it was not asked for.",
                    )));
                }
                if is_unclear(response.headers()) {
                    return Err(Box::new(broken(
                        "The API's server says in two ways where its answer ends.",
                    )));
                }
                return Ok(Answer {
                    response,
                    lease,
                    upgrade: upgrade.filter(|_| is_switch),
                });
            }
            Err(Failed::BeforeSending(error, unsent)) => {
                tracing::debug!(host = %target.authority.host, port = target.authority.port, error = ?error, "can't connect to an upstream");
                failure = error;
                request = *unsent;
            }
            Err(Failed::Refused(refusal)) => return Err(refusal),
        }
    }
    Err(Box::new(unreachable(&failure)))
}

/// Why sending failed.
enum Failed {
    /// Nothing was sent: another target may be tried.
    BeforeSending(ConnectError, Box<Request<RequestBody>>),
    /// Something may have been sent.
    Refused(Box<Refusal>),
}

async fn send(
    worker: &Rc<Worker>,
    call: &mut Call,
    target: &Target,
    connect_timeout: Duration,
    response_timeout: Duration,
    mut request: Request<RequestBody>,
) -> Result<(Response<Incoming>, Lease), Failed> {
    // A connection that waited may have died unnoticed. What was not sent at all may be sent again, and so may what
    // has no body and no effect (RFC 9110 §9.2.2); that once.
    let mut may_repeat = true;
    loop {
        let mut lease = match worker.pool().take(&target.authority) {
            Some(lease) => lease,
            None => match worker.connector().connect(&target.authority, connect_timeout).await {
                Ok(sender) => {
                    worker.counters().upstream_connected();
                    worker.pool().adopt(&target.authority, sender)
                }
                Err(error) => return Err(Failed::BeforeSending(error, Box::new(request))),
            },
        };
        let may_be_dead = lease.is_reused && u64::from(lease.idle_s) >= worker.limits().fresh_for.as_secs();
        let copy = (may_be_dead && may_repeat).then(|| repeatable(&request)).flatten();
        let is_reused = lease.is_reused;
        let Some(sender) = lease.sender() else { continue };
        call.passed_on(true);
        match respond_in_time(call, response_timeout, sender.try_send_request(request)).await {
            Ok(Ok(response)) => return Ok((response, lease)),
            Ok(Err(mut error)) => {
                if let Some(body_failure) = call.body.as_ref().and_then(|body| body_failure(body.state())) {
                    return Err(Failed::Refused(body_failure));
                }
                let unsent = error.take_message();
                call.passed_on(unsent.is_none());
                let again = unsent.filter(|_| is_reused).or(copy);
                tracing::debug!(error = %error.error(), is_reused, repeats = again.is_some(), "an upstream connection failed");
                match again {
                    Some(again) => {
                        may_repeat = false;
                        request = again;
                    }
                    None => return Err(Failed::Refused(Box::new(broken("")))),
                }
            }
            Err(refusal) => return Err(Failed::Refused(refusal)),
        }
    }
}

/// Waits for the head of an answer. The time runs from the moment the body was passed on, or from its last piece.
async fn respond_in_time<F>(call: &Call, limit: Duration, answer: F) -> Result<F::Output, Box<Refusal>>
where
    F: Future<Output = Result<Response<Incoming>, TrySendError<Request<RequestBody>>>>,
{
    let mut answer = std::pin::pin!(answer);
    let mut wait = limit;
    loop {
        if let Ok(answer) = timeout(wait, &mut answer).await {
            return Ok(answer);
        }
        let Some(body) = &call.body else {
            return Err(Box::new(timed_out(limit)));
        };
        wait = limit.saturating_sub(body.quiet_for());
        if wait.is_zero() {
            return Err(match body.state() {
                BodyState::WaitsForCaller => Box::new(
                    Refusal::new(Reason::HeadersTooSlow).detail("The body of the request did not go on in time."),
                ),
                _ => Box::new(timed_out(limit)),
            });
        }
    }
}

/// The same request again, if sending it twice does no harm.
fn repeatable(request: &Request<RequestBody>) -> Option<Request<RequestBody>> {
    if !matches!(request.body(), RequestBody::Empty) || !request.method().is_idempotent() {
        return None;
    }
    let mut copy = Request::new(RequestBody::Empty);
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    Some(copy)
}

/// Makes a caller's header section one of ours: without what was meant for this connection or for us, and with what the
/// upstream should know about the caller.
fn prepare(
    worker: &Worker,
    peer: &Peer,
    permit: &Permit,
    version: Version,
    uri: &Uri,
    headers: &mut HeaderMap,
    trace: &TraceContext,
) -> HopByHop {
    let hop = strip_hop_by_hop(headers);
    // Once for all that is added below.
    headers.reserve(ADDED_FIELDS);
    let credential = permit.credential();
    if credential.authorization {
        headers.remove(AUTHORIZATION);
    }
    if credential.api_key {
        headers.remove(X_API_KEY);
    }
    if version == Version::HTTP_2 {
        join_cookies(headers);
    }
    // The target's authority goes before `Host` (RFC 9112 §3.2.2).
    let host = match uri.authority() {
        Some(authority) => HeaderValue::try_from(authority.as_str()).ok(),
        None => headers.get(HOST).cloned(),
    };
    // Without a host of its own, a call must not bring one that it made up.
    match host {
        Some(host) => headers.insert(X_FORWARDED_HOST, host),
        None => headers.remove(X_FORWARDED_HOST),
    };
    headers.insert(X_FORWARDED_PROTO, HeaderValue::from_static("http"));
    forwarded_for(headers, peer.address());
    headers.append(VIA, worker.via(version));
    if hop.takes_trailers {
        headers.insert(TE, HeaderValue::from_static("trailers"));
        headers.append(CONNECTION, HeaderValue::from_static("te"));
    }
    if let Entry::Vacant(place) = headers.entry(TRACEPARENT)
        && let Some(value) = trace.header()
    {
        place.insert(value);
    }
    hop
}

/// Adds the caller's address to those that proxies before us have added: in one field, because many upstreams only read
/// the first.
fn forwarded_for(headers: &mut HeaderMap, address: &HeaderValue) {
    if let Entry::Vacant(place) = headers.entry(X_FORWARDED_FOR) {
        place.insert(address.clone());
        return;
    }
    let earlier = headers.get_all(X_FORWARDED_FOR).iter().map(HeaderValue::as_bytes);
    let all: Vec<&[u8]> = earlier.chain([address.as_bytes()]).collect();
    if let Ok(value) = HeaderValue::from_bytes(&all.join(&b", "[..])) {
        headers.insert(X_FORWARDED_FOR, value);
    }
}

/// HTTP/2 may split cookies over fields, HTTP/1.1 may not (RFC 9113 §8.2.3).
fn join_cookies(headers: &mut HeaderMap) {
    let mut parts = headers.get_all(COOKIE).iter();
    if parts.next().is_none() || parts.next().is_none() {
        return;
    }
    let joined = headers
        .get_all(COOKIE)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect::<Vec<_>>()
        .join(&b"; "[..]);
    if let Ok(value) = HeaderValue::from_bytes(&joined) {
        headers.insert(COOKIE, value);
    }
}

/// Points a request to a target: its `Host`, and its base path before the operation's path.
fn address(
    request: &mut Request<RequestBody>,
    target: &Target,
    uri: &Uri,
    base_length: usize,
) -> Result<(), Box<Refusal>> {
    let from_base = uri
        .path_and_query()
        .map_or("/", PathAndQuery::as_str)
        .get(base_length..)
        .unwrap_or_default();
    let slash = if from_base.starts_with('/') { "" } else { "/" };
    let mut path = Vec::with_capacity(target.base_path.len() + 1 + from_base.len());
    for part in [&*target.base_path, slash, from_base] {
        path.extend_from_slice(part.as_bytes());
    }
    let path = PathAndQuery::from_maybe_shared(bytes::Bytes::from(path))
        .map_err(|_| Box::new(Refusal::new(Reason::Malformed)))?;
    *request.uri_mut() = Uri::from(path);
    request.headers_mut().insert(HOST, target.authority.header.clone());
    Ok(())
}

/// Whether an answer could be read in two ways (RFC 9112 §6.3): it has a length and a transfer coding, or a coding other
/// than `chunked` alone, which would go out undecoded.
fn is_unclear(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let Some(first) = codings.next() else { return false };
    let is_chunked = first.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked");
    !is_chunked || codings.next().is_some() || headers.contains_key(CONTENT_LENGTH)
}

/// Whether an answer of 101 changes to the protocol that was asked for, and to no other on top of it.
fn is_websocket(headers: &HeaderMap) -> bool {
    let mut protocols = headers.get_all(UPGRADE).iter();
    let is_websocket = |value: &HeaderValue| value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"websocket");
    protocols.next().is_some_and(is_websocket) && protocols.next().is_none()
}

fn body_failure(state: BodyState) -> Option<Box<Refusal>> {
    match state {
        BodyState::TooLarge => Some(Box::new(Refusal::new(Reason::BodyTooLarge))),
        BodyState::Broken => Some(Box::new(
            Refusal::new(Reason::Malformed).detail("The body of the request broke off or is not well-formed."),
        )),
        BodyState::WaitsForCaller | BodyState::WaitsForUpstream | BodyState::Complete => None,
    }
}

/// Value of the `error` parameter of `Proxy-Status` (RFC 9209 §2.3) goes along with each refusal.
fn unreachable(error: &ConnectError) -> Refusal {
    let (reason, kind) = match error {
        ConnectError::Resolve(_) => (Reason::UpstreamUnreachable, "dns_error"),
        ConnectError::Forbidden => (Reason::UpstreamForbidden, "destination_ip_prohibited"),
        ConnectError::Connect(_) => (Reason::UpstreamUnreachable, "connection_refused"),
        ConnectError::Tls(_) => (Reason::UpstreamUnreachable, "tls_protocol_error"),
        ConnectError::Http(_) => (Reason::UpstreamUnreachable, "connection_terminated"),
        ConnectError::Timeout(_) => (Reason::ConnectTimeout, "connection_timeout"),
    };
    Refusal::new(reason).proxy_error(kind)
}

fn broken(detail: &'static str) -> Refusal {
    Refusal::new(Reason::UpstreamBroken)
        .detail(detail)
        .proxy_error("connection_terminated")
}

fn timed_out(limit: Duration) -> Refusal {
    let detail = format!(
        "The API's server did not begin to answer within {} ms.",
        limit.as_millis()
    );
    Refusal::new(Reason::UpstreamTimeout)
        .detail(detail)
        .proxy_error("http_response_timeout")
}
