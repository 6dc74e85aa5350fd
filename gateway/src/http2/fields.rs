//! Header and trailer sections, between the form of the library and ours.

use h2::RecvStream;
use http::{HeaderMap, HeaderName, HeaderValue, header::CONTENT_LENGTH};

use crate::{
    http1::parse_length,
    message::{BodyLength, Fields, Known, KnownSet},
};

/// Fields that HTTP/2 does not have (RFC 9113 §8.2.2). `Host` is there too: `:authority` says it.
const NOT_IN_HTTP2: KnownSet = KnownSet::of(&[
    Known::Connection,
    Known::KeepAlive,
    Known::ProxyConnection,
    Known::TransferEncoding,
    Known::Upgrade,
    Known::Http2Settings,
    Known::Host,
]);

/// Fields as the library has them, without those that belong to one connection. What can't be sent is left out: nothing
/// that was read is like that.
pub(crate) fn header_map(fields: &Fields) -> HeaderMap {
    let mut map = HeaderMap::with_capacity(fields.len());
    for (name, value) in fields.iter().filter(|(name, _)| !NOT_IN_HTTP2.has(Known::of(name))) {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
            map.append(name, value);
        }
    }
    map
}

/// Adds fields that were read.
pub(crate) fn append_all(fields: &mut Fields, read: &HeaderMap) {
    for (name, value) in read {
        fields.append_named(name, value);
    }
}

/// Whether a section that was read may be passed on to a reader of HTTP/1.1. The library has refused names that are no
/// lower-case tokens and values with control characters; what is left is white space around a value, which another reader
/// would not see (RFC 9113 §8.2.1).
pub(crate) fn may_be_section(read: &HeaderMap) -> bool {
    let is_space = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    read.values().all(|value| {
        let value = value.as_bytes();
        !is_space(value.first()) && !is_space(value.last())
    })
}

/// The length of a body by the section before it; `None` if the section says two things.
///
/// The library checks that as many bytes come as were announced (RFC 9113 §8.1.1).
pub(crate) fn body_length(read: &HeaderMap, stream: &RecvStream) -> Option<BodyLength> {
    let mut lengths = read.get_all(CONTENT_LENGTH).iter();
    let announced = match (lengths.next(), lengths.next()) {
        (None, _) => None,
        (Some(length), None) => Some(parse_length(length.as_bytes())?),
        (Some(_), Some(_)) => return None,
    };
    Some(match announced {
        _ if stream.is_end_stream() => BodyLength::NONE,
        // Trailers may follow.
        None | Some(0) => BodyLength::Open,
        Some(length) => BodyLength::Exact(length),
    })
}
