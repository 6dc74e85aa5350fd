//! `Cache-Status` (RFC 9211): what the cache did, for those who look for reasons.

use std::fmt::Write as _;

use http::{HeaderName, HeaderValue};

use crate::message::Fields;

/// Name of the field.
const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// Why a call was forwarded (RFC 9211 §2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Forwarded {
    Method,
    UriMiss,
    VaryMiss,
    /// The caller asked for it.
    Request,
    Stale,
}

/// Why an answer is not kept: `detail` (RFC 9211 §2.8). The words are listed in `docs/policies/cache.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotKept {
    /// The caller forbids it with `no-store`.
    Request,
    /// The request is one whose answer is none that can be kept: a HEAD, or a change that doesn't say what its target is now.
    Method,
    /// Answers with this status are not kept, or not without a time of their own.
    Status,
    /// The answer forbids it with `no-store`.
    NoStore,
    /// The answer is `private`.
    Private,
    /// It was made for a credential and does not say that it may be shared.
    Share,
    /// It does not say how long it is fresh, nor does the policy, and it can't be validated.
    NoTime,
    /// It sets a cookie, or answers a call with cookies, and does not say how long it is fresh.
    Cookie,
    /// It is over at once and can't be validated.
    Stale,
    /// It varies by everything, or by a field that gateways set.
    Vary,
    /// It is larger than is kept, or there is no room now.
    Size,
    /// What is kept for the target was ended or purged while the answer was on its way.
    Changed,
    /// It ends with its connection, so that nobody can tell whether it is whole.
    OpenEnd,
}

impl NotKept {
    /// The word in `detail`.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request-no-store",
            Self::Method => "method",
            Self::Status => "status",
            Self::NoStore => "no-store",
            Self::Private => "private",
            Self::Share => "not-shareable",
            Self::NoTime => "no-lifetime",
            Self::Cookie => "cookie",
            Self::Stale => "stale",
            Self::Vary => "vary",
            Self::Size => "too-large",
            Self::Changed => "changed",
            Self::OpenEnd => "open-end",
        }
    }
}

/// What the cache did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Handled {
    /// Answered from what is kept, fresh for so many seconds; negative when stale.
    Hit { ttl_s: i64 },
    /// Answered with what another call brought, which it waited for. `why` it would have been forwarded.
    Collapsed { why: Forwarded, ttl_s: i64 },
    /// Passed on.
    Forwarded {
        why: Forwarded,
        /// Status of the upstream where the caller sees another.
        upstream_status: Option<u16>,
        /// Whether the answer is kept, and else why not.
        stored: Result<(), NotKept>,
        /// Whether it waited in vain for another call first.
        has_waited: bool,
    },
}

impl Forwarded {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Method => "method",
            Self::UriMiss => "uri-miss",
            Self::VaryMiss => "vary-miss",
            Self::Request => "request",
            Self::Stale => "stale",
        }
    }
}

impl Handled {
    /// Says it in an answer, after the caches before us.
    pub(crate) fn say(self, name: &str, fields: &mut Fields) {
        let mut text = name.to_owned();
        // Writing to a string can't fail.
        let _ = match self {
            Self::Hit { ttl_s } => write!(text, "; hit; ttl={ttl_s}"),
            Self::Collapsed { why, ttl_s } => write!(text, "; fwd={}; ttl={ttl_s}; collapsed", why.as_str()),
            Self::Forwarded {
                why,
                upstream_status,
                stored,
                has_waited,
            } => {
                text.push_str("; fwd=");
                text.push_str(why.as_str());
                if let Some(status) = upstream_status {
                    let _ = write!(text, "; fwd-status={status}");
                }
                text.push_str(if stored.is_ok() { "; stored" } else { "" });
                // RFC 9211 §2.6: it was to be answered with another's, and had to be forwarded.
                text.push_str(if has_waited { "; collapsed=?0" } else { "" });
                match stored {
                    Ok(()) => Ok(()),
                    // That says it already.
                    Err(_) if why == Forwarded::Method => Ok(()),
                    Err(why) => write!(text, "; detail={}", why.as_str()),
                }
            }
        };
        if let Ok(value) = HeaderValue::try_from(text) {
            fields.append_named(&CACHE_STATUS, &value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_follow_those_of_caches_before_us() {
        let mut fields = Fields::default();
        fields.append_named(&CACHE_STATUS, &HeaderValue::from_static("origin; hit"));
        Handled::Hit { ttl_s: -3 }.say("turnpike", &mut fields);
        let forwarded = Handled::Forwarded {
            why: Forwarded::Stale,
            upstream_status: Some(304),
            stored: Ok(()),
            has_waited: true,
        };
        forwarded.say("turnpike", &mut fields);
        let why = Forwarded::UriMiss;
        Handled::Collapsed { why, ttl_s: 9 }.say("turnpike", &mut fields);
        let not_kept = Handled::Forwarded {
            why,
            upstream_status: None,
            stored: Err(NotKept::Share),
            has_waited: false,
        };
        not_kept.say("turnpike", &mut fields);
        let values: Vec<_> = fields.all_named(b"cache-status").map(String::from_utf8_lossy).collect();
        assert_eq!(
            values,
            [
                "origin; hit",
                "turnpike; hit; ttl=-3",
                "turnpike; fwd=stale; fwd-status=304; stored; collapsed=?0",
                "turnpike; fwd=uri-miss; ttl=9; collapsed",
                "turnpike; fwd=uri-miss; detail=not-shareable",
            ]
        );
    }
}
