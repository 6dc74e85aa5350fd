//! `cache`: answers that are kept.

use serde::{Deserialize, Serialize};

use super::{
    Policy, names,
    problems::Problems,
    units::{ByteSize, TimeSpan},
};
use crate::error::FieldError;

/// Entries of each list.
const MAX_ENTRIES: usize = 20;
/// Longest time that can be set.
const MAX_TIME: TimeSpan = TimeSpan::seconds(31 * 86_400);

/// Keeps answers and gives them again, by RFC 9111 as a shared cache: what the upstream says about caching holds. Memory is
/// bounded by the gateway's own settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cache {
    /// Who shares kept answers; by default those callers whom RFC 9111 allows it.
    #[serde(default)]
    pub share: CacheShare,
    /// How long an answer is fresh that says nothing about it, up to 31 days; without it such an answer is only kept where it
    /// can be validated, and validated each time. Not for answers to calls with cookies, or that set some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_ttl: Option<TimeSpan>,
    /// Whether an answer that says nothing but when it was last changed is fresh for a tenth of the time since then, at most
    /// a day (RFC 9111 §4.2.2); by default no. `default_ttl` goes before it.
    #[serde(default)]
    pub heuristic: bool,
    /// How long a stale answer may be given while a new one is fetched, up to 31 days, where the answer says nothing about it
    /// (RFC 5861 §3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale_while_revalidate: Option<TimeSpan>,
    /// How long a stale answer may be given when the upstream fails, up to 31 days, where the answer says nothing about it
    /// (RFC 5861 §4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale_if_error: Option<TimeSpan>,
    /// Largest body that is kept, 1 KiB to 64 MiB; by default 1 MiB. The gateway keeps none that
    /// takes more than a sixteenth of its cache, which is 16 MiB by default.
    #[serde(default = "default_max_bytes")]
    pub max_bytes: ByteSize,
    /// Request headers by which answers are told apart beside those that `Vary` names; up to 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key_headers: Vec<String>,
    /// Query parameters by which answers are not told apart; up to 20. The upstream gets them all the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignore_query: Vec<String>,
    /// Whether callers may ask for a fresh answer with `Cache-Control` or `Pragma`; by default yes.
    #[serde(default = "yes")]
    pub request_directives: bool,
}

/// Who shares kept answers. Those that say that they may be shared, with `public`, `s-maxage` or `must-revalidate`
/// (RFC 9111 §3.5), are given to all in each case; an API key is a credential like any other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CacheShare {
    /// Calls without a credential share what they get among each other. Answers to calls with one are not kept unless they say
    /// that they may be shared.
    #[default]
    Allowed,
    /// Answers that do not say so are kept for the calls of one application.
    Application,
    /// Answers that do not say so are kept for the calls with one key.
    Key,
}

fn default_max_bytes() -> ByteSize {
    ByteSize::mib(1)
}

fn yes() -> bool {
    true
}

impl Policy for Cache {
    const SUMMARY: &'static str = "Keeps answers and gives them again while they are fresh.";
    const EXAMPLE: &'static str = "\
share: allowed
default_ttl: 1m
heuristic: false
stale_while_revalidate: 30s
stale_if_error: 1h
max_bytes: 1MiB
key_headers: [Accept-Language]
ignore_query: [utm_source]
request_directives: true
";

    fn validate(&self) -> Vec<FieldError> {
        let mut problems = Problems::default();
        for (field, time) in [
            ("default_ttl", self.default_ttl),
            ("stale_while_revalidate", self.stale_while_revalidate),
            ("stale_if_error", self.stale_if_error),
        ] {
            if let Some(time) = time {
                problems.time(field, time, TimeSpan::seconds(1)..=MAX_TIME);
                if !time.is_whole_seconds() {
                    problems.add(field, "Use whole seconds.");
                }
            }
        }
        problems.size("max_bytes", self.max_bytes, ByteSize::kib(1)..=ByteSize::mib(64));
        problems.entries("key_headers", self.key_headers.len(), 0..=MAX_ENTRIES);
        problems.each("key_headers", &self.key_headers, |name| names::header_name(name));
        problems.entries("ignore_query", self.ignore_query.len(), 0..=MAX_ENTRIES);
        problems.each("ignore_query", &self.ignore_query, |name| {
            (!(1..=200).contains(&name.len())).then(|| "A name has 1 to 200 characters.".into())
        });
        problems.found()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_ranges() {
        let policy: Cache = serde_json::from_str("{}").unwrap();
        assert!(policy.validate().is_empty());
        assert_eq!(policy.share, CacheShare::Allowed);
        let wrong: Cache = serde_json::from_value(serde_json::json!({
            "default_ttl": "0s", "stale_if_error": "1500ms", "max_bytes": "1GiB", "key_headers": ["a b"], "ignore_query": [""],
        }))
        .unwrap();
        let fields: Vec<_> = wrong.validate().into_iter().map(|error| error.field).collect();
        assert_eq!(
            fields,
            [
                "default_ttl",
                "stale_if_error",
                "max_bytes",
                "key_headers[0]",
                "ignore_query[0]"
            ]
        );
    }
}
