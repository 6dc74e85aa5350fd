//! What a trailer section can't say.

use super::{Known, KnownSet};

/// Trailer fields of one body at most.
pub(crate) const MAX_TRAILERS: usize = 64;

/// Fields that mean something only before a body (RFC 9110 §6.5.1) are not taken from a trailer section, nor is any other
/// that we look for or set ourselves: who reads trailers as if they were headers would take a caller's word for ours.
pub(crate) const NOT_IN_TRAILERS: KnownSet = KnownSet::all_but(&[
    // RFC 9110 §8.8.3 and RFC 9209 §2 have them there.
    Known::Etag,
    Known::ProxyStatus,
]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_we_say_ourselves_is_not_said_in_trailers() {
        for name in [
            "x-real-ip",
            "forwarded",
            "via",
            "traceparent",
            "tracestate",
            "x-forwarded-for",
            "x-forwarded-host",
            "x-forwarded-proto",
            "x-request-id",
            "content-length",
            "authorization",
            "ratelimit",
        ] {
            assert!(NOT_IN_TRAILERS.has(Known::of(name.as_bytes())), "{name}");
        }
        for name in [
            "x-checksum",
            "grpc-status",
            "server-timing",
            "content-digest",
            "etag",
            "proxy-status",
        ] {
            assert!(!NOT_IN_TRAILERS.has(Known::of(name.as_bytes())), "{name}");
        }
    }
}
