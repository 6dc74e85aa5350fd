//! `mock`: answers without an upstream.

use serde::{Deserialize, Serialize};

use super::{Policy, problems::Problems, units::TimeSpan};
use crate::error::FieldError;

/// The gateway answers from the version's document; the upstream is not called. Keys, limits and validation hold as ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mock {
    /// Where bodies come from; by default from examples, and where there are none from schemas.
    #[serde(default)]
    pub from: MockSource,
    /// Which answer of the operation is given, 200 to 599; by default its first 2xx, otherwise `default`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// How long an answer takes: 0 (the default) to 30 s.
    #[serde(default)]
    pub delay: TimeSpan,
    /// Whether a caller may choose with `Prefer: code=404` or `Prefer: example=NAME` (RFC 7240); by default yes.
    #[serde(default = "yes")]
    pub prefer: bool,
}

/// Where the bodies of mock answers come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MockSource {
    /// The document's examples; where there are none, made from the schema.
    #[default]
    Examples,
    /// Always made from the schema.
    Schemas,
}

fn yes() -> bool {
    true
}

impl Policy for Mock {
    const SUMMARY: &'static str =
        "Answers from the specification's examples or schemas instead of calling the upstream.";
    const EXAMPLE: &'static str = "\
from: examples
status: 200
delay: 100ms
prefer: true
";

    fn validate(&self) -> Vec<FieldError> {
        let mut problems = Problems::default();
        if let Some(status) = self.status {
            problems.number("status", status.into(), 200..=599);
        }
        problems.time("delay", self.delay, TimeSpan::default()..=TimeSpan::seconds(30));
        problems.found()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_ranges() {
        for (body, fields) in [
            ("{}", &[][..]),
            (r#"{ "status": 404, "delay": "30s" }"#, &[]),
            (r#"{ "status": 101, "delay": "31s" }"#, &["status", "delay"]),
        ] {
            let errors = serde_json::from_str::<Mock>(body).unwrap().validate();
            assert_eq!(
                errors.iter().map(|e| e.field.as_str()).collect::<Vec<_>>(),
                fields,
                "{body}"
            );
        }
    }
}
