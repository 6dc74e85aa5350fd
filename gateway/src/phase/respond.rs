//! What answers say beside their body: limits, the end of a version, who passed them on. The same for answers of
//! upstreams and for refusals.

use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderValue, StatusCode};

use super::metering::{Call, Tally};
use crate::{
    decision::{Permit, Refusal},
    limit::{Exhausted, Moment, Taken},
    message::{AnswerHead, Fields, Known, RequestHead, strip_hop_by_hop, vary_by},
    problem::{self, Occurrence, Reason},
    rules::{Preflight, Rules},
    snapshot::http_date,
    trace_context::TraceContext,
    worker::Worker,
};

/// Seconds that a caller should wait where nothing better is known.
const RETRY_SOON: HeaderValue = HeaderValue::from_static("5");

/// Makes the upstream's answer one of ours. From here the call counts.
pub(crate) fn adapt(
    worker: &Worker,
    call: &mut Call,
    request: &RequestHead,
    answer: &mut AnswerHead,
    now: &Moment,
) -> Tally {
    let tally = call.answered(answer.status.as_u16());
    let fields = &mut answer.fields;
    strip_hop_by_hop(fields);
    fields.append(Known::Via, worker.via(answer.version));
    if !fields.contains(Known::Date)
        && let Some(date) = worker.date()
    {
        fields.append(Known::Date, &date);
    }
    let taken = call.permit().and_then(Permit::taken);
    let standing = taken.and_then(|Taken { standing, .. }| standing.clone());
    if let Some(rules) = &call.known.rules {
        if let Some(headers) = &rules.headers {
            headers.answer.apply(fields);
        }
        if let Some(cors) = &rules.cors {
            cors.say(request.fields.get(Known::Origin), fields);
        }
    }
    if let Some(vary) = call.known.version.as_ref().and_then(|version| version.vary.as_ref()) {
        vary_by(fields, vary.as_bytes());
    }
    say_limits(fields, call, standing, now);
    say_end(fields, call);
    worker.counters().answered(answer.status.as_u16());
    tally
}

/// Makes an answer to a browser's question before a call.
pub(crate) fn preflight(
    worker: &Worker,
    call: &mut Call,
    rules: &Rules,
    request: &RequestHead,
    answer: &mut AnswerHead,
) -> Tally {
    let status = StatusCode::NO_CONTENT;
    answer.clear();
    answer.status = status;
    if let (Some(cors), Some(asked)) = (&rules.cors, Preflight::of(&request.fields)) {
        cors.answer(&asked, &mut answer.fields);
    }
    if let Some(date) = worker.date() {
        answer.fields.append(Known::Date, &date);
    }
    worker.counters().answered(status.as_u16());
    call.answered_here(status.as_u16())
}

/// Makes an answer of a problem; returns its body. The call does not count.
pub(crate) fn refuse(
    worker: &Worker,
    call: &mut Call,
    refusal: Refusal,
    request: &RequestHead,
    trace: &TraceContext,
    now: &Moment,
    answer: &mut AnswerHead,
) -> (Bytes, Tally) {
    let Refusal {
        reason,
        status,
        detail,
        fields,
        exhausted,
        proxy_error,
        violations,
    } = refusal;
    let tally = call.refused(reason, status);
    worker.counters().refused(reason);
    worker.counters().answered(status);
    let names = exhausted.as_ref().map_or(&[][..], |exhausted| &exhausted.names);
    let occurrence = Occurrence {
        status: Some(status),
        detail: &detail,
        instance: request.path(),
        request_id: trace.trace_id(),
        violated_policies: names,
        errors: &violations,
    };
    let body = problem::render(reason, worker.portal_url(), &occurrence);
    answer.clear();
    answer.status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let say = &mut answer.fields;
    say.append(Known::ContentType, &HeaderValue::from_static(problem::MEDIA_TYPE));
    say.append_parts(Known::ContentLength, &[body.len().to_string().as_bytes()]);
    // A 404 or 410 could be kept by caches otherwise (RFC 9110 §15.1), and outlive its reason.
    say.append(Known::CacheControl, &HeaderValue::from_static("no-store"));
    if let Some(date) = worker.date() {
        say.append(Known::Date, &date);
    }
    say.append_parts(Known::XRequestId, &[trace.trace_id().as_bytes()]);
    for (name, value) in &fields {
        say.set_named(name, value);
    }
    if status == 503 && !say.contains(Known::RetryAfter) {
        say.append(Known::RetryAfter, &RETRY_SOON);
    }
    if matches!(reason.status(), 502..=504) && !matches!(reason, Reason::NotKept | Reason::TokenNotChecked) {
        let error = proxy_error.unwrap_or("destination_unavailable");
        let parts: [&[u8]; 3] = [worker.name().as_bytes(), b"; error=", error.as_bytes()];
        say.append_parts(Known::ProxyStatus, &parts);
    }
    let standing = match (exhausted, call.permit().and_then(Permit::taken)) {
        (Some(exhausted), _) => {
            let Exhausted { standing, .. } = *exhausted;
            standing
        }
        (None, Some(taken)) => taken.standing.clone(),
        (None, None) => None,
    };
    say_limits(say, call, standing, now);
    say_end(say, call);
    // So that a page can read what went wrong.
    if let Some(cors) = call.known.rules.as_ref().and_then(|rules| rules.cors.as_ref()) {
        cors.say(request.fields.get(Known::Origin), say);
    }
    (body, tally)
}

/// `RateLimit` and `RateLimit-Policy`. Ours go before what an upstream says about limits of its own.
fn say_limits(fields: &mut Fields, call: &Call, standing: Option<HeaderValue>, now: &Moment) {
    let (Some(standing), Some(plan)) = (standing, &call.known.plan) else {
        return;
    };
    if let Some(policy) = plan.limits.policy(now) {
        fields.set(Known::RateLimitPolicy, policy);
        fields.set(Known::RateLimit, &standing);
    }
}

/// `Deprecation` (RFC 9745), `Sunset` (RFC 8594) and `Link` of a version whose end is announced.
fn say_end(fields: &mut Fields, call: &Call) {
    let Some(end) = call.known.version.as_ref().and_then(|version| version.end.as_ref()) else {
        return;
    };
    fields.set(Known::Deprecation, &end.deprecation);
    if let Some(sunset) = &end.sunset {
        fields.set(Known::Sunset, sunset);
    }
    fields.append(Known::Link, &end.link);
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
