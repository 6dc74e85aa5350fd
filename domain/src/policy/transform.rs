//! `transform`: changes to path, query and JSON bodies.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Policy,
    paths::{misfits, path, pointer},
    problems::Problems,
    units::ByteSize,
};
use crate::error::FieldError;

/// Entries of each list and map.
const MAX_ENTRIES: usize = 50;
/// Longest path, name, pointer or value, in bytes.
const MAX_TEXT: usize = 2_000;

/// Changes what the upstream is asked and what it answers. Headers have a policy of their own: `headers`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transform {
    /// Changes to requests, after they were matched and judged.
    #[serde(default, skip_serializing_if = "is_default")]
    pub request: RequestTransform,
    /// Changes to answers of the upstream.
    #[serde(default, skip_serializing_if = "is_default")]
    pub response: ResponseTransform,
}

/// Changes to requests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestTransform {
    /// The path that the upstream sees, before the target's own path is put in front.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<PathTransform>,
    /// Changes to the query.
    #[serde(default, skip_serializing_if = "is_default")]
    pub query: QueryTransform,
    /// Changes to JSON bodies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<BodyTransform>,
}

/// Changes to answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResponseTransform {
    /// Changes to JSON bodies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<BodyTransform>,
}

/// The path that the upstream sees: either `template`, or a changed beginning.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PathTransform {
    /// A whole path; `{name}` stands for a parameter of the matched operation's path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// What is taken from the beginning, where it stands there as whole segments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remove_prefix: Option<String>,
    /// What is put in front then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub add_prefix: Option<String>,
}

/// Changes to the query, done in this order; names and values are written decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueryTransform {
    /// Old name and new name; up to 50.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rename: BTreeMap<String, String>,
    /// Names that are taken out; up to 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<String>,
    /// Name and value, in place of whatever stands there; up to 50.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, String>,
}

/// Changes to bodies whose content type is JSON, done in this order; places are JSON pointers (RFC 6901). What is not
/// there is passed over. A body that is too large or no JSON goes on unchanged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BodyTransform {
    /// Old place and new place; up to 50.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub r#move: BTreeMap<String, String>,
    /// Places that are taken out; up to 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<String>,
    /// Place and value; the object or array around it must be there. Up to 50.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, Value>,
    /// Largest body that is changed, 1 KiB to 16 MiB, by default 1 MiB: it is held in memory as a whole.
    #[serde(default = "default_max_bytes")]
    pub max_bytes: ByteSize,
}

fn default_max_bytes() -> ByteSize {
    ByteSize::mib(1)
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Policy for Transform {
    const SUMMARY: &'static str = "Changes the path, the query and JSON bodies on the way.";
    const EXAMPLE: &'static str = "\
request:
  path:
    remove_prefix: /pets
    add_prefix: /internal/animals
  query:
    rename: { q: search }
    remove: [debug]
    set: { source: turnpike }
  body:
    set: { /channel: api }
response:
  body:
    move: { /data/items: /items }
    remove: [/internal]
    max_bytes: 1MiB
";

    fn validate(&self) -> Vec<FieldError> {
        let mut problems = Problems::default();
        if *self == Self::default() {
            problems.add("request", "Name a change, in `request` or in `response`.");
        }
        if let Some(path) = &self.request.path {
            path.check(&mut problems);
        }
        self.request.query.check(&mut problems);
        for (field, body) in [
            ("request.body", &self.request.body),
            ("response.body", &self.response.body),
        ] {
            if let Some(body) = body {
                body.check(field, &mut problems);
            }
        }
        problems.found()
    }

    fn misfits(&self, operation_path: &str) -> Vec<FieldError> {
        let template = self.request.path.as_ref().and_then(|path| path.template.as_deref());
        let message = template.and_then(|template| misfits(template, operation_path));
        let at_template = |message| FieldError::new("request.path.template", message);
        message.map(at_template).into_iter().collect()
    }
}

impl PathTransform {
    fn check(&self, problems: &mut Problems) {
        const FIELD: &str = "request.path";
        if *self == Self::default() {
            problems.add(FIELD, "Give a `template`, a `remove_prefix` or an `add_prefix`.");
        }
        if self.template.is_some() && (self.remove_prefix.is_some() || self.add_prefix.is_some()) {
            problems.add(
                format!("{FIELD}.template"),
                "Give either a template or prefixes: a template is the whole path.",
            );
        }
        for (name, text, has_parameters) in [
            ("template", &self.template, true),
            ("remove_prefix", &self.remove_prefix, false),
            ("add_prefix", &self.add_prefix, false),
        ] {
            if let Some(text) = text
                && let Some(message) = path(text, has_parameters)
            {
                problems.add(format!("{FIELD}.{name}"), message);
            }
        }
    }
}

impl QueryTransform {
    fn check(&self, problems: &mut Problems) {
        let name = |text: &str| {
            (text.is_empty() || text.len() > MAX_TEXT).then(|| "A name has 1 to 2,000 characters.".to_owned())
        };
        for (field, map) in [("request.query.rename", &self.rename), ("request.query.set", &self.set)] {
            problems.entries(field, map.len(), 0..=MAX_ENTRIES);
            for (key, value) in map {
                let is_renamed_to_nothing = field.ends_with("rename") && value.is_empty();
                let message = name(key).or_else(|| {
                    (is_renamed_to_nothing || value.len() > MAX_TEXT).then(|| "Use 1 to 2,000 characters.".to_owned())
                });
                if let Some(message) = message {
                    problems.add(format!("{field}.{key}"), message);
                }
            }
        }
        problems.entries("request.query.remove", self.remove.len(), 0..=MAX_ENTRIES);
        problems.each("request.query.remove", &self.remove, |text| name(text));
    }
}

impl BodyTransform {
    fn check(&self, at: &str, problems: &mut Problems) {
        if self.r#move.is_empty() && self.remove.is_empty() && self.set.is_empty() {
            problems.add(at, "Name a place to move, remove or set.");
        }
        problems.entries(&format!("{at}.move"), self.r#move.len(), 0..=MAX_ENTRIES);
        for (from, to) in &self.r#move {
            // Into itself: nothing could stand at the new place.
            let is_inside = to
                .strip_prefix(from.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            let inside = is_inside.then(|| "A value cannot be moved into itself.".to_owned());
            if let Some(message) = pointer(from).or_else(|| pointer(to)).or(inside) {
                problems.add(format!("{at}.move.{from}"), message);
            }
        }
        problems.entries(&format!("{at}.remove"), self.remove.len(), 0..=MAX_ENTRIES);
        problems.each(&format!("{at}.remove"), &self.remove, |place| pointer(place));
        problems.entries(&format!("{at}.set"), self.set.len(), 0..=MAX_ENTRIES);
        for place in self.set.keys() {
            if let Some(message) = pointer(place) {
                problems.add(format!("{at}.set.{place}"), message);
            }
        }
        problems.size(
            &format!("{at}.max_bytes"),
            self.max_bytes,
            ByteSize::kib(1)..=ByteSize::mib(16),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_named_at_their_change() {
        let policy: Transform = serde_json::from_value(serde_json::json!({
            "request": {
                "path": { "template": "/a", "add_prefix": "b" },
                "query": { "rename": { "a": "" }, "remove": [""] },
                "body": {},
            },
            "response": { "body": { "move": { "/a": "/a/b" }, "set": { "x": 1 }, "max_bytes": 1 } },
        }))
        .unwrap();
        let fields: Vec<_> = policy.validate().into_iter().map(|error| error.field).collect();
        assert_eq!(
            fields,
            [
                "request.path.template",
                "request.path.add_prefix",
                "request.query.rename.a",
                "request.query.remove[0]",
                "request.body",
                "response.body.move./a",
                "response.body.set.x",
                "response.body.max_bytes",
            ]
        );
    }
}
