//! The header section of a request, as the upstream should see it.

use http::{HeaderValue, Version};

use super::forward::Outgoing;
use crate::{
    decision::Permit,
    message::{Fields, HopByHop, Known, KnownSet, RequestHead, strip_hop_by_hop},
};

/// What only proxies that are trusted may say about a caller; `forwarded` is that of RFC 7239.
const WORDS_OF_PROXIES: KnownSet = KnownSet::of(&[
    Known::Forwarded,
    Known::XForwardedFor,
    Known::XForwardedHost,
    Known::XForwardedProto,
    Known::XRealIp,
]);

/// Makes a caller's header section one of ours: without what was meant for this connection or for us, and with what the
/// upstream should know about the caller.
pub(super) fn prepare(outgoing: &mut Outgoing<'_>, permit: &Permit) -> HopByHop {
    let RequestHead {
        fields,
        authority,
        version,
        ..
    } = &mut *outgoing.request;
    let hop = strip_hop_by_hop(fields);
    let credential = permit.credential();
    if credential.authorization {
        fields.remove(Known::Authorization);
    }
    if credential.key_header {
        match &credential.access {
            Some(access) => fields.remove_named(access.key_header.as_bytes()),
            None => fields.remove(Known::XApiKey),
        }
    }
    if credential.has_stray_key {
        fields.remove(Known::XApiKey);
    }
    if *version == Version::HTTP_2 {
        join_cookies(fields);
    }
    // What anybody may write nobody should believe.
    let is_trusted = outgoing.worker.trusts(outgoing.peer.ip());
    if !is_trusted {
        fields.remove_all(WORDS_OF_PROXIES);
    }
    if !fields.contains(Known::XForwardedHost) {
        match authority {
            // The target's authority goes before `Host` (RFC 9112 §3.2.2).
            Some(authority) => fields.append_parts(Known::XForwardedHost, &[authority.as_bytes()]),
            None => fields.append_copy(Known::XForwardedHost, Known::Host),
        }
    }
    // The target has its own.
    fields.remove(Known::Host);
    if !fields.contains(Known::XForwardedProto) {
        let scheme = if outgoing.peer.is_tls() { "https" } else { "http" };
        fields.append(Known::XForwardedProto, &HeaderValue::from_static(scheme));
    }
    forwarded_for(fields, outgoing.peer.address());
    fields.append(Known::Via, outgoing.worker.via(*version));
    if hop.takes_trailers {
        fields.append(Known::Te, &HeaderValue::from_static("trailers"));
        fields.append(Known::Connection, &HeaderValue::from_static("te"));
    }
    let is_traced = |value: &[u8]| value.starts_with(outgoing.trace.as_bytes());
    if !fields.get(Known::Traceparent).is_some_and(is_traced) {
        // What can't be read begins anew (W3C Trace Context §3.2.4), and its state means nothing then.
        fields.remove(Known::Traceparent);
        fields.remove(Known::Tracestate);
        fields.append_parts(Known::Traceparent, &[outgoing.trace.as_bytes()]);
    }
    hop
}

/// Adds the caller's address to those that proxies before us have added: in one field, because many upstreams only read
/// the first.
fn forwarded_for(fields: &mut Fields, address: &HeaderValue) {
    if !fields.contains(Known::XForwardedFor) {
        fields.append(Known::XForwardedFor, address);
        return;
    }
    let mut all = joined(fields, Known::XForwardedFor, b", ");
    all.extend_from_slice(b", ");
    fields.remove(Known::XForwardedFor);
    fields.append_parts(Known::XForwardedFor, &[&all, address.as_bytes()]);
}

/// HTTP/2 may split cookies over fields, HTTP/1.1 may not (RFC 9113 §8.2.3).
fn join_cookies(fields: &mut Fields) {
    if fields.all(Known::Cookie).nth(1).is_some() {
        let all = joined(fields, Known::Cookie, b"; ");
        fields.remove(Known::Cookie);
        fields.append_parts(Known::Cookie, &[&all]);
    }
}

fn joined(fields: &Fields, name: Known, between: &[u8]) -> Vec<u8> {
    fields.all(name).collect::<Vec<_>>().join(between)
}
