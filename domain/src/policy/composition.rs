//! `composition`: one call that is answered from several calls to the upstream.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Policy,
    paths::{misfits, path, pointer},
    problems::Problems,
    units::{ByteSize, TimeSpan},
};
use crate::error::FieldError;

/// Parts of one answer.
pub const MAX_PARTS: usize = 16;
/// Entries of each list and map of a part.
const MAX_ENTRIES: usize = 20;
/// Longest name or value, in bytes.
const MAX_TEXT: usize = 2_000;
/// Longest time-out of a part.
const MAX_TIMEOUT: TimeSpan = TimeSpan::seconds(60);
/// Member of the answer that says which parts failed.
pub const ERRORS: &str = "errors";

/// Answers a call from several calls to the upstream, its parts, which run at the same time: one JSON object with a member
/// for each part. A part is a `GET` without a body and without the caller's credentials.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Composition {
    /// Name of the member and how it is got, 1 to 16.
    pub parts: BTreeMap<String, Part>,
    /// Largest body of one part, 1 KiB to 4 MiB; by default 1 MiB.
    #[serde(default = "default_max_bytes")]
    pub max_bytes: ByteSize,
    /// Most that the bodies of all parts come to, 1 KiB to 16 MiB; by default 4 MiB.
    #[serde(default = "default_max_total_bytes")]
    pub max_total_bytes: ByteSize,
}

/// One member of the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Path on the upstream, before the target's own path is put in front; `{name}` stands for a parameter of the
    /// operation's path.
    pub path: String,
    /// Query parameters, up to 20, written decoded; `{name}` as in `path`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub query: BTreeMap<String, String>,
    /// Query parameters of the call that the part gets too, up to 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pass_query: Vec<String>,
    /// How long the part may take in all, 1 ms to 60 s; by default as long as the upstream lets calls take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<TimeSpan>,
    /// Whether there is no answer without this part; by default yes.
    #[serde(default = "yes")]
    pub required: bool,
    /// What stands in place of a part that failed and is not required; by default `null`.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub fallback: Value,
    /// What of the part's body is taken, as a JSON pointer (RFC 6901); by default all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pick: Option<String>,
    /// Statuses of a required part that become the status of the answer, 400 to 499, up to 20; by default 404 and 410.
    #[serde(default = "default_pass_status")]
    pub pass_status: Vec<u16>,
}

fn default_max_bytes() -> ByteSize {
    ByteSize::mib(1)
}

fn default_max_total_bytes() -> ByteSize {
    ByteSize::mib(4)
}

fn default_pass_status() -> Vec<u16> {
    vec![404, 410]
}

fn yes() -> bool {
    true
}

impl Policy for Composition {
    const SUMMARY: &'static str = "Answers a call from several calls to the upstream.";
    const EXAMPLE: &'static str = "\
parts:
  owner:
    path: /owners/me
    pick: /data
  pets:
    path: /pets
    query: { sort: name }
    pass_query: [limit]
    timeout: 2s
    required: false
    fallback: []
max_bytes: 1MiB
";

    fn validate(&self) -> Vec<FieldError> {
        let mut problems = Problems::default();
        problems.entries("parts", self.parts.len(), 1..=MAX_PARTS);
        for (name, part) in &self.parts {
            let at = format!("parts.{name}");
            if name.is_empty() || name.len() > 100 {
                problems.add(&at, "A name has 1 to 100 characters.");
            } else if name == ERRORS {
                problems.add(&at, "`errors` says which parts failed; use another name.");
            }
            part.check(&at, &mut problems);
        }
        problems.size("max_bytes", self.max_bytes, ByteSize::kib(1)..=ByteSize::mib(4));
        problems.size(
            "max_total_bytes",
            self.max_total_bytes,
            ByteSize::kib(1)..=ByteSize::mib(16),
        );
        problems.found()
    }

    fn misfits(&self, operation_path: &str) -> Vec<FieldError> {
        let of_part = |(name, part): (&String, &Part)| {
            let path = (format!("parts.{name}.path"), part.path.clone());
            let query = part.query.iter().map({
                let name = name.clone();
                move |(key, value)| (format!("parts.{name}.query.{key}"), value.clone())
            });
            std::iter::once(path).chain(query.collect::<Vec<_>>())
        };
        let templates = self.parts.iter().flat_map(of_part);
        let found = templates.filter_map(|(at, template)| {
            let message = misfits(&template, operation_path)?;
            Some(FieldError::new(at, message))
        });
        found.collect()
    }
}

impl Part {
    fn check(&self, at: &str, problems: &mut Problems) {
        if let Some(message) = path(&self.path, true) {
            problems.add(format!("{at}.path"), message);
        }
        let name = |text: &str| {
            (text.is_empty() || text.len() > MAX_TEXT).then(|| "A name has 1 to 2,000 characters.".to_owned())
        };
        problems.entries(&format!("{at}.query"), self.query.len(), 0..=MAX_ENTRIES);
        for (key, value) in &self.query {
            let too_long = || (value.len() > MAX_TEXT).then(|| "Use at most 2,000 characters.".to_owned());
            if let Some(message) = name(key).or_else(too_long) {
                problems.add(format!("{at}.query.{key}"), message);
            }
        }
        problems.entries(&format!("{at}.pass_query"), self.pass_query.len(), 0..=MAX_ENTRIES);
        problems.each(&format!("{at}.pass_query"), &self.pass_query, |text| name(text));
        if let Some(timeout) = self.timeout {
            problems.time(&format!("{at}.timeout"), timeout, TimeSpan::millis(1)..=MAX_TIMEOUT);
        }
        if self.required && !self.fallback.is_null() {
            problems.add(
                format!("{at}.fallback"),
                "A required part has no fallback; say `required: false`.",
            );
        }
        if let Some(message) = self.pick.as_deref().and_then(pointer) {
            problems.add(format!("{at}.pick"), message);
        }
        problems.entries(&format!("{at}.pass_status"), self.pass_status.len(), 0..=MAX_ENTRIES);
        problems.each(&format!("{at}.pass_status"), &self.pass_status, |status| {
            (!(400..=499).contains(status)).then(|| "Use a status between 400 and 499.".into())
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_named_at_their_part() {
        let policy: Composition = serde_json::from_value(serde_json::json!({
            "parts": {
                "a": { "path": "a", "query": { "": "x" }, "timeout": "2m", "fallback": 1, "pick": "x", "pass_status": [500] },
                "errors": { "path": "/a" },
            },
            "max_bytes": "8MiB",
        }))
        .unwrap();
        let fields: Vec<_> = policy.validate().into_iter().map(|error| error.field).collect();
        assert_eq!(
            fields,
            [
                "parts.a.path",
                "parts.a.query.",
                "parts.a.timeout",
                "parts.a.fallback",
                "parts.a.pick",
                "parts.a.pass_status[0]",
                "parts.errors",
                "max_bytes",
            ]
        );
    }

    #[test]
    fn parts_only_know_the_parameters_of_their_operation() {
        let policy: Composition = serde_json::from_value(serde_json::json!({
            "parts": { "a": { "path": "/a/{id}", "query": { "owner": "{owner}" } } },
        }))
        .unwrap();
        let fields = |path: &str| -> Vec<_> { policy.misfits(path).into_iter().map(|error| error.field).collect() };
        assert!(fields("/x/{id}/{owner}").is_empty());
        assert_eq!(fields("/x/{id}"), ["parts.a.query.owner"]);
        assert_eq!(fields("/x"), ["parts.a.path", "parts.a.query.owner"]);
    }
}
