//! `validation`: requests and answers against the spec.

use serde::{Deserialize, Serialize};

use super::{Policy, problems::Problems, units::ByteSize};
use crate::error::FieldError;

/// Judges requests and answers by the operation in the version's document: parameters, headers, content type, and bodies
/// by their JSON Schema. What the document does not describe is not judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Validation {
    /// What happens to a request that does not fit; by default it is answered with 400 and the mistakes.
    #[serde(default)]
    pub request: RequestValidation,
    /// What happens to an answer that does not fit; by default answers are not looked at.
    #[serde(default)]
    pub response: ResponseValidation,
    /// Largest body that is judged, 1 KiB to 16 MiB, by default 1 MiB: it is held in memory until it has been judged. A larger
    /// request is answered with 413 where requests are blocked, otherwise its body is not judged.
    #[serde(default = "default_body_bytes")]
    pub body_bytes: ByteSize,
}

/// What happens to a request that does not fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestValidation {
    /// Requests are not judged.
    Off,
    /// It passes and is noted in the access log and the metrics.
    Report,
    /// It is answered with 400 (415 for its content type) and the mistakes.
    #[default]
    Block,
}

/// What happens to an answer that does not fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseValidation {
    /// Answers are not judged.
    #[default]
    Off,
    /// It passes and is noted in the access log and the metrics.
    Report,
}

fn default_body_bytes() -> ByteSize {
    ByteSize::mib(1)
}

impl Policy for Validation {
    const SUMMARY: &'static str = "Judges requests and answers by the API's specification.";
    const EXAMPLE: &'static str = "\
request: block
response: report
body_bytes: 1MiB
";

    fn validate(&self) -> Vec<FieldError> {
        let mut problems = Problems::default();
        if self.request == RequestValidation::Off && self.response == ResponseValidation::Off {
            problems.add("request", "Judge requests or answers, or switch the whole policy off.");
        }
        problems.size("body_bytes", self.body_bytes, ByteSize::kib(1)..=ByteSize::mib(16));
        problems.found()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_blocked_by_default() {
        let policy: Validation = serde_json::from_str("{}").unwrap();
        assert_eq!(policy.request, RequestValidation::Block);
        assert_eq!(policy.response, ResponseValidation::Off);
        assert!(policy.validate().is_empty());
        let nothing: Validation = serde_json::from_str(r#"{ "request": "off" }"#).unwrap();
        assert_eq!(nothing.validate()[0].field, "request");
        assert!(serde_json::from_str::<Validation>(r#"{ "response": "block" }"#).is_err());
    }
}
