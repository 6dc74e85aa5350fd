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
    /// How long an answer is fresh that says nothing about it, up to 31 days; without it such an answer is not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_ttl: Option<TimeSpan>,
    /// How long a stale answer may be given while a new one is fetched, up to 31 days, where the answer says nothing about it
    /// (RFC 5861 §3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale_while_revalidate: Option<TimeSpan>,
    /// How long a stale answer may be given when the upstream fails, up to 31 days, where the answer says nothing about it
    /// (RFC 5861 §4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale_if_error: Option<TimeSpan>,
    /// Largest answer that is kept, 1 KiB to 64 MiB; by default 1 MiB.
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

/// Who shares kept answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CacheShare {
    /// All callers, for answers that may be shared: to calls without a credential, or marked `public`, `s-maxage` or
    /// `must-revalidate` (RFC 9111 §3.5). Other answers are not kept.
    #[default]
    Allowed,
    /// The calls of one application; answers to other applications are kept apart.
    Application,
    /// The calls with one key; answers to other keys are kept apart.
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
