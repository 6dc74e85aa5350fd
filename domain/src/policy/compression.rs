//! `compression`: smaller answers.

use serde::{Deserialize, Serialize};

use super::{Policy, names, problems::Problems, units::ByteSize};
use crate::error::FieldError;

/// Entries of the list of content types.
const MAX_TYPES: usize = 50;

/// Compresses answers for callers that accept it (RFC 9110 §12.5.3). Answers that are compressed already, that say
/// `Cache-Control: no-transform`, and event streams stay as they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compression {
    /// Codings, the preferred one first; by default `br`, then `gzip`.
    #[serde(default = "default_algorithms")]
    pub algorithms: Vec<Coding>,
    /// Smallest answer that is compressed, up to 1 MiB; by default 1 KiB. One of unknown length always is.
    #[serde(default = "default_min_bytes")]
    pub min_bytes: ByteSize,
    /// Content types that are compressed, 1 to 50: `application/json`, `text/*`, `application/*+json`; by default those of texts.
    #[serde(default = "default_content_types")]
    pub content_types: Vec<String>,
}

/// A content coding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Coding {
    /// Brotli (RFC 7932).
    Br,
    /// Gzip (RFC 1952).
    Gzip,
}

fn default_algorithms() -> Vec<Coding> {
    vec![Coding::Br, Coding::Gzip]
}

fn default_min_bytes() -> ByteSize {
    ByteSize::kib(1)
}

fn default_content_types() -> Vec<String> {
    [
        "text/*",
        "application/json",
        "application/*+json",
        "application/xml",
        "application/*+xml",
        "application/javascript",
        "image/svg+xml",
    ]
    .map(str::to_owned)
    .into()
}

impl Policy for Compression {
    const SUMMARY: &'static str = "Compresses answers with Brotli or gzip.";
    const EXAMPLE: &'static str = "\
algorithms: [br, gzip]
min_bytes: 1KiB
content_types: [application/json, application/*+json, text/*]
";

    fn validate(&self) -> Vec<FieldError> {
        let mut problems = Problems::default();
        problems.entries("algorithms", self.algorithms.len(), 1..=2);
        problems.once("algorithms", &self.algorithms);
        problems.size("min_bytes", self.min_bytes, ByteSize::default()..=ByteSize::mib(1));
        problems.entries("content_types", self.content_types.len(), 1..=MAX_TYPES);
        problems.each("content_types", &self.content_types, |text| content_type(text));
        problems.found()
    }
}

/// What is wrong with a pattern of content types: type and subtype, the subtype whole, `*` or `*+suffix`.
fn content_type(text: &str) -> Option<String> {
    let is_plain = |part: &str| names::is_token(part) && !part.contains('*');
    let is_pattern = text.split_once('/').is_some_and(|(kind, subtype)| {
        is_plain(kind) && (subtype == "*" || is_plain(subtype.strip_prefix("*+").unwrap_or(subtype)))
    });
    (!is_pattern)
        .then(|| format!("`{text}` is not a content type; write application/json, text/* or application/*+json."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_types_are_patterns() {
        for (text, ok) in [
            ("application/json", true),
            ("text/*", true),
            ("application/*+json", true),
            ("*/*", false),
            ("text", false),
            ("text/", false),
            ("text/html; charset=utf-8", false),
            ("application/*json", false),
        ] {
            assert_eq!(content_type(text).is_none(), ok, "{text}");
        }
    }

    #[test]
    fn texts_are_compressed_by_default() {
        let policy: Compression = serde_json::from_str("{}").unwrap();
        assert_eq!(policy.algorithms, [Coding::Br, Coding::Gzip]);
        assert_eq!(policy.min_bytes, ByteSize::kib(1));
        assert!(policy.validate().is_empty());
        let twice: Compression =
            serde_json::from_str(r#"{ "algorithms": ["br", "br"], "min_bytes": "2MiB" }"#).unwrap();
        let fields: Vec<_> = twice.validate().into_iter().map(|error| error.field).collect();
        assert_eq!(fields, ["algorithms[1]", "min_bytes"]);
    }
}
