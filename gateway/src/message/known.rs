//! Field names that the gateway looks for. They are told apart once, when a field is read; after that a look-up compares
//! numbers.

macro_rules! known {
    ($($variant:ident = $text:literal,)*) => {
        /// A field name, as far as the gateway knows it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub(crate) enum Known {
            /// Any other name.
            Other,
            $(#[doc = concat!("`", $text, "`")] $variant,)*
        }

        /// In the order of the variants.
        const TEXTS: &[&str] = &["", $($text,)*];
        const ALL: &[Known] = &[Known::Other, $(Known::$variant,)*];
    };
}

known! {
    Accept = "accept",
    AcceptEncoding = "accept-encoding",
    Age = "age",
    Allow = "allow",
    Authorization = "authorization",
    CacheControl = "cache-control",
    Connection = "connection",
    ContentEncoding = "content-encoding",
    ContentLength = "content-length",
    ContentType = "content-type",
    Cookie = "cookie",
    Date = "date",
    Deprecation = "deprecation",
    Etag = "etag",
    Expect = "expect",
    Expires = "expires",
    Forwarded = "forwarded",
    Host = "host",
    Http2Settings = "http2-settings",
    IfModifiedSince = "if-modified-since",
    IfNoneMatch = "if-none-match",
    KeepAlive = "keep-alive",
    LastModified = "last-modified",
    Link = "link",
    Origin = "origin",
    ProxyAuthenticate = "proxy-authenticate",
    ProxyAuthorization = "proxy-authorization",
    ProxyConnection = "proxy-connection",
    ProxyStatus = "proxy-status",
    Range = "range",
    RateLimit = "ratelimit",
    RateLimitPolicy = "ratelimit-policy",
    RetryAfter = "retry-after",
    SetCookie = "set-cookie",
    Sunset = "sunset",
    Te = "te",
    Traceparent = "traceparent",
    Tracestate = "tracestate",
    Trailer = "trailer",
    TransferEncoding = "transfer-encoding",
    Upgrade = "upgrade",
    Vary = "vary",
    Via = "via",
    WwwAuthenticate = "www-authenticate",
    XApiKey = "x-api-key",
    XForwardedFor = "x-forwarded-for",
    XForwardedHost = "x-forwarded-host",
    XForwardedProto = "x-forwarded-proto",
    XRealIp = "x-real-ip",
    XRequestId = "x-request-id",
}

/// Sets of names are bits of a number.
const _: () = assert!(ALL.len() < 128);

/// Place in [`TABLE`] of a name that is not empty: its length and three of its letters, whatever their case.
const fn place(name: &[u8]) -> usize {
    let length = name.len();
    let (first, middle, last) = (name[0] | 0x20, name[length / 2] | 0x20, name[length - 1] | 0x20);
    (length * 13 + first as usize * 57 + middle as usize * 85 + last as usize * 67) % 512
}

/// A name for each place; two known names never share one.
const TABLE: [Known; 512] = {
    let mut table = [Known::Other; 512];
    let mut i = 1;
    while i < ALL.len() {
        let at = place(TEXTS[i].as_bytes());
        assert!(
            matches!(table[at], Known::Other),
            "two known names share a place: change `place`"
        );
        table[at] = ALL[i];
        i += 1;
    }
    table
};

impl Known {
    /// Which name this is; case does not matter (RFC 9110 §5.1).
    pub(crate) fn of(name: &[u8]) -> Self {
        if name.is_empty() {
            return Self::Other;
        }
        let known = TABLE[place(name)];
        if known.text().len() == name.len() && known.text().as_bytes().eq_ignore_ascii_case(name) {
            known
        } else {
            Self::Other
        }
    }

    /// The name in lower case.
    pub(crate) const fn text(self) -> &'static str {
        TEXTS[self as usize]
    }

    /// Bits of all names but [`Self::Other`].
    pub(super) const ALL_BITS: u128 = (1 << ALL.len()) - 1 - Self::Other.bit();

    /// The name's bit in a set of names.
    pub(super) const fn bit(self) -> u128 {
        1 << self as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_name_is_found_in_any_case() {
        for known in &ALL[1..] {
            assert_eq!(Known::of(known.text().as_bytes()), *known);
            assert_eq!(Known::of(known.text().to_ascii_uppercase().as_bytes()), *known);
            let other = format!("{}x", known.text());
            assert_eq!(Known::of(other.as_bytes()), Known::Other);
        }
        assert_eq!(Known::of(b""), Known::Other);
        assert_eq!(Known::of(b"x-unknown"), Known::Other);
    }
}
