//! What answers say beside their body: limits, the end of a version, who passed them on. The same for answers of
//! upstreams and for refusals.

use std::rc::Rc;

use bytes::{BufMut, Bytes, BytesMut};
use http::{
    HeaderMap, HeaderName, HeaderValue, Response, StatusCode, Version,
    header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, DATE, LINK, RETRY_AFTER, UPGRADE, VIA},
};

use super::{
    forward::{self, Answer},
    metering::Call,
};
use crate::{
    client::{AnswerBody, Slot},
    decision::{Permit, Refusal},
    limit::{Exhausted, Moment, RATE_LIMIT, RATE_LIMIT_POLICY, Taken},
    problem::{self, Occurrence, Reason},
    snapshot::http_date,
    trace_context::TraceContext,
    upstream::strip_hop_by_hop,
    worker::{InFlight, Peer, Worker},
};

/// `Deprecation` (RFC 9745).
const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
/// `Sunset` (RFC 8594).
const SUNSET: HeaderName = HeaderName::from_static("sunset");
/// `Proxy-Status` (RFC 9209).
const PROXY_STATUS: HeaderName = HeaderName::from_static("proxy-status");
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Seconds that a caller should wait where nothing better is known.
const RETRY_SOON: HeaderValue = HeaderValue::from_static("5");

/// Passes the upstream's answer on. From here the call counts.
pub(crate) fn pass_on(
    worker: &Rc<Worker>,
    peer: &Peer,
    slot: &Slot,
    call: &mut Call,
    answer: Answer,
    now: &Moment,
    in_flight: InFlight,
) -> Response<AnswerBody> {
    let Answer {
        mut response,
        lease,
        upgrade,
    } = answer;
    let tally = call.answered(response.status().as_u16());
    let is_switch = upgrade.is_some();
    if let Some(caller) = upgrade {
        slot.upgraded();
        peer.switch(caller, hyper::upgrade::on(&mut response));
    }
    let (mut parts, incoming) = response.into_parts();
    strip_hop_by_hop(&mut parts.headers);
    if is_switch {
        parts.headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        parts.headers.insert(UPGRADE, forward::WEBSOCKET);
    }
    let received = std::mem::replace(&mut parts.version, Version::HTTP_11);
    parts.headers.append(VIA, worker.via(received));
    if !parts.headers.contains_key(DATE) {
        insert(&mut parts.headers, DATE, worker.date());
    }
    let taken = call.permit().and_then(Permit::taken);
    let standing = taken.and_then(|Taken { standing, .. }| standing.clone());
    say_limits(&mut parts.headers, call, standing, now);
    say_end(&mut parts.headers, call);
    // The reason phrase and other leftovers of the connection.
    parts.extensions.clear();
    worker.counters().answered(parts.status.as_u16());
    Response::from_parts(
        parts,
        AnswerBody::passed(incoming, lease, worker.limits().stall_timeout, tally, in_flight),
    )
}

/// Answers with a problem. The call does not count.
pub(crate) fn refuse(
    worker: &Rc<Worker>,
    call: &mut Call,
    refusal: Refusal,
    path: &str,
    trace: &TraceContext,
    now: &Moment,
    in_flight: InFlight,
) -> Response<AnswerBody> {
    let Refusal {
        reason,
        detail,
        fields,
        exhausted,
        proxy_error,
    } = refusal;
    let tally = call.refused(reason.status());
    worker.counters().refused(reason);
    worker.counters().answered(reason.status());
    let names = exhausted.as_ref().map_or(&[][..], |exhausted| &exhausted.names);
    let occurrence = Occurrence {
        detail: &detail,
        instance: path,
        request_id: trace.trace_id(),
        violated_policies: names,
    };
    let body = problem::render(reason, worker.portal_url(), &occurrence);
    let mut response = Response::new(AnswerBody::made(body, tally, in_flight));
    *response.status_mut() = StatusCode::from_u16(reason.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(problem::MEDIA_TYPE));
    // A 404 or 410 could be kept by caches otherwise (RFC 9110 §15.1), and outlive its reason.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    insert(headers, DATE, worker.date());
    insert(headers, X_REQUEST_ID, HeaderValue::from_str(trace.trace_id()).ok());
    for (name, value) in fields {
        headers.insert(name, value);
    }
    if reason.status() == 503 && !headers.contains_key(RETRY_AFTER) {
        headers.insert(RETRY_AFTER, RETRY_SOON);
    }
    if matches!(reason.status(), 502..=504) {
        let error = proxy_error.unwrap_or("destination_unavailable");
        insert(
            headers,
            PROXY_STATUS,
            HeaderValue::try_from(format!("{}; error={error}", worker.name())).ok(),
        );
    }
    let standing = match (exhausted, call.permit().and_then(Permit::taken)) {
        (Some(exhausted), _) => {
            let Exhausted { standing, .. } = *exhausted;
            standing
        }
        (None, Some(taken)) => taken.standing.clone(),
        (None, None) => None,
    };
    say_limits(headers, call, standing, now);
    say_end(headers, call);
    response
}

/// `RateLimit` and `RateLimit-Policy`. Ours go before what an upstream says about limits of its own.
fn say_limits(headers: &mut HeaderMap, call: &Call, standing: Option<HeaderValue>, now: &Moment) {
    let (Some(standing), Some(plan)) = (standing, &call.known.plan) else {
        return;
    };
    if let Some(policy) = plan.limits.policy(now) {
        headers.insert(RATE_LIMIT_POLICY, policy.clone());
        headers.insert(RATE_LIMIT, standing);
    }
}

/// `Deprecation`, `Sunset` and `Link` of a version whose end is announced.
fn say_end(headers: &mut HeaderMap, call: &Call) {
    let Some(end) = call.known.version.as_ref().and_then(|version| version.end.as_ref()) else {
        return;
    };
    headers.insert(DEPRECATION, end.deprecation.clone());
    if let Some(sunset) = &end.sunset {
        headers.insert(SUNSET, sunset.clone());
    }
    headers.append(LINK, end.link.clone());
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: Option<HeaderValue>) {
    if let Some(value) = value {
        headers.insert(name, value);
    }
}

/// A whole answer in bytes, for a request that was refused before there was anything to answer with.
pub(crate) fn last_words(
    reason: Reason,
    portal_url: &str,
    trace: &TraceContext,
    now: domain::clock::Timestamp,
) -> Bytes {
    let kind = reason.problem();
    let body = problem::render(
        reason,
        portal_url,
        &Occurrence {
            request_id: trace.trace_id(),
            ..Occurrence::default()
        },
    );
    let phrase = StatusCode::from_u16(kind.status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or("Error");
    let date = http_date(now);
    let date = date.as_ref().and_then(|date| date.to_str().ok()).unwrap_or_default();
    let head = format!(
        "HTTP/1.1 {} {phrase}\r\ncontent-type: {}\r\ncontent-length: {}\r\ncache-control: no-store\r\ndate: {date}\r\n\
         x-request-id: {}\r\nconnection: close\r\n\r\n",
        kind.status,
        problem::MEDIA_TYPE,
        body.len(),
        trace.trace_id(),
    );
    let mut words = BytesMut::with_capacity(head.len() + body.len());
    words.put_slice(head.as_bytes());
    words.put_slice(&body);
    words.freeze()
}
