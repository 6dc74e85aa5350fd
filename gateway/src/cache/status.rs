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

/// What the cache did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Handled {
    /// Answered from what is kept, fresh for so many seconds; negative when stale.
    Hit { ttl_s: i64 },
    /// Passed on.
    Forwarded {
        why: Forwarded,
        /// Status of the upstream where the caller sees another.
        upstream_status: Option<u16>,
        is_stored: bool,
        /// Whether it waited for another call first.
        is_collapsed: bool,
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
            Self::Forwarded {
                why,
                upstream_status,
                is_stored,
                is_collapsed,
            } => {
                text.push_str("; fwd=");
                text.push_str(why.as_str());
                if let Some(status) = upstream_status {
                    let _ = write!(text, "; fwd-status={status}");
                }
                text.push_str(if is_stored { "; stored" } else { "" });
                text.push_str(if is_collapsed { "; collapsed" } else { "" });
                Ok(())
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
            is_stored: true,
            is_collapsed: true,
        };
        forwarded.say("turnpike", &mut fields);
        let values: Vec<_> = fields.all_named(b"cache-status").map(String::from_utf8_lossy).collect();
        assert_eq!(
            values,
            [
                "origin; hit",
                "turnpike; hit; ttl=-3",
                "turnpike; fwd=stale; fwd-status=304; stored; collapsed"
            ]
        );
    }
}
