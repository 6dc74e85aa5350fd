//! `headers`: headers that are set, added or removed on the way.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Policy, names, problems::Problems};
use crate::error::FieldError;

/// Entries of each list and map.
const MAX_ENTRIES: usize = 50;

/// Changes to the headers of requests before they are sent to the upstream, and of answers before they reach the caller.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Headers {
    /// Changes to requests.
    #[serde(default, skip_serializing_if = "HeaderChanges::is_empty")]
    pub request: HeaderChanges,
    /// Changes to answers of the upstream; the gateway's own answers stay as they are.
    #[serde(default, skip_serializing_if = "HeaderChanges::is_empty")]
    pub response: HeaderChanges,
}

/// Changes to a header section, done in this order. Names are case-insensitive; those of the connection and of framing
/// (`Host`, `Content-Length`, `Transfer-Encoding` and the like) cannot be changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeaderChanges {
    /// First these are taken out, every line of the name; up to 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<String>,
    /// Then these are set: name and value, in place of whatever stands there; up to 50.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, String>,
    /// Then these are added: name and value, beside what stands there; up to 50.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub add: BTreeMap<String, String>,
}

impl HeaderChanges {
    /// Whether nothing is changed.
    pub fn is_empty(&self) -> bool {
        self.remove.is_empty() && self.set.is_empty() && self.add.is_empty()
    }

    fn check(&self, side: &str, problems: &mut Problems) {
        let remove = format!("{side}.remove");
        problems.entries(&remove, self.remove.len(), 0..=MAX_ENTRIES);
        problems.each(&remove, &self.remove, |name| names::changeable_header(name));
        for (what, map) in [("set", &self.set), ("add", &self.add)] {
            let field = format!("{side}.{what}");
            problems.entries(&field, map.len(), 0..=MAX_ENTRIES);
            let mut seen: Vec<String> = Vec::new();
            for (name, value) in map {
                let lower = name.to_ascii_lowercase();
                let twice = seen.contains(&lower).then(|| "This is named twice.".to_owned());
                let wrong = names::changeable_header(name)
                    .or(twice)
                    .or_else(|| names::header_value(value));
                if let Some(message) = wrong {
                    problems.add(format!("{field}.{name}"), message);
                }
                seen.push(lower);
            }
        }
    }
}

impl Policy for Headers {
    const SUMMARY: &'static str = "Sets, adds and removes headers of requests and answers.";
    const EXAMPLE: &'static str = "\
request:
  remove: [X-Debug]
  set:
    X-Source: turnpike
response:
  remove: [Server, X-Powered-By]
  set:
    Strict-Transport-Security: max-age=31536000
  add:
    Vary: Accept-Language
";

    fn validate(&self) -> Vec<FieldError> {
        let mut problems = Problems::default();
        if self.request.is_empty() && self.response.is_empty() {
            problems.add(
                "request",
                "Name a header to remove, set or add, in `request` or in `response`.",
            );
        }
        self.request.check("request", &mut problems);
        self.response.check("response", &mut problems);
        problems.found()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_named_at_their_header() {
        let headers: Headers = serde_json::from_value(serde_json::json!({
            "request": { "remove": ["ok", "Connection"], "set": { "X-A": "1", "x-a": "2" }, "add": { "X-B": "a\nb" } },
            "response": { "set": { "Content-Length": "1" } },
        }))
        .unwrap();
        let fields: Vec<_> = headers.validate().into_iter().map(|error| error.field).collect();
        assert_eq!(
            fields,
            [
                "request.remove[1]",
                "request.set.x-a",
                "request.add.X-B",
                "response.set.Content-Length"
            ]
        );
        assert_eq!(Headers::default().validate()[0].field, "request");
    }
}
