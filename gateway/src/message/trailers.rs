//! What a trailer section can't say.

use super::{Known, KnownSet};

/// Trailer fields of one body at most.
pub(crate) const MAX_TRAILERS: usize = 64;

/// Fields that mean something only before a body (RFC 9110 §6.5.1) are not taken from a trailer section.
pub(crate) const NOT_IN_TRAILERS: KnownSet = KnownSet::of(&[
    Known::TransferEncoding,
    Known::ContentLength,
    Known::Host,
    Known::Connection,
    Known::Te,
    Known::Trailer,
    Known::Upgrade,
    Known::KeepAlive,
    Known::ProxyConnection,
    Known::ProxyAuthenticate,
    Known::ProxyAuthorization,
    Known::Http2Settings,
    Known::Authorization,
    Known::XApiKey,
    Known::Cookie,
    Known::SetCookie,
    Known::Expect,
    Known::CacheControl,
    Known::ContentType,
    Known::ContentEncoding,
    Known::Range,
    Known::XForwardedFor,
    Known::XForwardedHost,
    Known::XForwardedProto,
]);
