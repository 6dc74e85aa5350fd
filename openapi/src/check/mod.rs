//! What is wrong with a document as it was written: shapes, references, names. It runs on the uploaded form, before lifting, so
//! that every pointer is one the author can find.
//!
//! A document is refused only if its root or `info` can't be used at all; everything else is a finding about a part that is
//! skipped or read leniently later on.

mod bodies;
mod exclusions;
mod findings;
mod operations;
mod parameters;
mod place;
mod references;
mod root;
mod schemas;
mod security;
mod templates;
mod version;

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

pub(crate) use findings::Findings;
pub(crate) use place::shortened;
pub(crate) use version::format;

use crate::diagnostics::{Diagnostic, Severity};
use crate::model::Format;
use crate::reference::Anchors;
use place::Place;

/// What checking found out about a document that can be imported.
pub(crate) struct Checked {
    pub(crate) format: Format,
    pub(crate) anchors: Anchors,
}

/// Checks a parsed document; `None` if it can't be imported, and then at least one finding is an error.
pub(crate) fn document(root: &Value, findings: &mut Findings) -> Option<Checked> {
    let format = version::format(root, findings)?;
    let map = root.as_object()?;
    let mut checker = Checker {
        root,
        format,
        findings,
        is_fatal: false,
        anchors: Anchors::default(),
        known: HashMap::new(),
        deferred: Vec::new(),
        operation_ids: HashSet::new(),
    };
    checker.root(map);
    checker.deferred_references();
    checker.inheritance_cycles();
    (!checker.is_fatal).then_some(Checked {
        format,
        anchors: checker.anchors,
    })
}

struct Checker<'d, 'f> {
    root: &'d Value,
    format: Format,
    findings: &'f mut Findings,
    /// Whether the document can't be imported.
    is_fatal: bool,
    anchors: Anchors,
    /// References that were looked up already, with what is wrong with them.
    known: HashMap<&'d str, Option<(&'static str, String)>>,
    /// References that need all anchors, and where they are.
    deferred: Vec<(&'d Value, String)>,
    operation_ids: HashSet<&'d str>,
}

/// The JSON types a field may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Flag,
    Object,
    List,
}

impl Kind {
    const fn label(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Flag => "true or false",
            Self::Object => "an object",
            Self::List => "a list",
        }
    }

    fn is(self, value: &Value) -> bool {
        match self {
            Self::Text => value.is_string(),
            Self::Flag => value.is_boolean(),
            Self::Object => value.is_object(),
            Self::List => value.is_array(),
        }
    }
}

impl<'d> Checker<'d, '_> {
    fn report(&mut self, severity: Severity, code: &'static str, place: &Place<'_>, message: impl Into<String>) {
        if self.findings.is_full_for(severity) {
            self.findings.drop_one(severity);
        } else {
            self.findings
                .add(Diagnostic::new(severity, code, message).at(place.pointer()));
        }
    }

    fn error(&mut self, code: &'static str, place: &Place<'_>, message: impl Into<String>) {
        self.report(Severity::Error, code, place, message);
    }

    fn warn(&mut self, code: &'static str, place: &Place<'_>, message: impl Into<String>) {
        self.report(Severity::Warning, code, place, message);
    }

    /// Something without which the document can't be imported.
    fn fatal(&mut self, code: &'static str, place: &Place<'_>, message: impl Into<String>) {
        self.is_fatal = true;
        self.error(code, place, message);
    }

    fn wrong_type(&mut self, place: &Place<'_>, expected: Kind, found: &Value) {
        let message = format!("{} must be {}, not {}", place.label(), expected.label(), kind(found));
        // An empty text or flag loses nothing; a number or flag can stand for a text. The rest is skipped.
        let is_mild = match expected {
            Kind::Text => !matches!(found, Value::Array(_) | Value::Object(_)),
            Kind::Flag => found.is_null(),
            Kind::Object | Kind::List => false,
        };
        self.report(
            if is_mild { Severity::Warning } else { Severity::Error },
            "wrong-type",
            place,
            message,
        );
    }

    /// Checks the types of those fields that are there.
    fn types(&mut self, map: &Map<String, Value>, place: &Place<'_>, fields: &[(&str, Kind)]) {
        for (field, expected) in fields {
            if let Some(value) = map.get(*field).filter(|value| !expected.is(value)) {
                self.wrong_type(&place.key(field), *expected, value);
            }
        }
    }

    /// The field, if it is an object; a finding if it is something else.
    fn object(
        &mut self,
        map: &'d Map<String, Value>,
        place: &Place<'_>,
        field: &str,
    ) -> Option<&'d Map<String, Value>> {
        let value = map.get(field)?;
        if !value.is_object() {
            self.wrong_type(&place.key(field), Kind::Object, value);
        }
        value.as_object()
    }

    /// The field, if it is a list; a finding if it is something else.
    fn list(&mut self, map: &'d Map<String, Value>, place: &Place<'_>, field: &str) -> Option<&'d Vec<Value>> {
        let value = map.get(field)?;
        if !value.is_array() {
            self.wrong_type(&place.key(field), Kind::List, value);
        }
        value.as_array()
    }

    /// Calls `check` for every object in a field that holds named objects; what isn't an object is a finding.
    fn each_object(
        &mut self,
        map: &'d Map<String, Value>,
        place: &Place<'_>,
        field: &str,
        mut check: impl FnMut(&mut Self, &'d str, &'d Map<String, Value>, &Place<'_>),
    ) {
        let Some(named) = self.object(map, place, field) else {
            return;
        };
        let place = place.key(field);
        for (name, value) in named {
            let place = place.key(name);
            match value {
                Value::Object(value) => check(self, name, value, &place),
                _ if name.starts_with("x-") => {}
                other => self.wrong_type(&place, Kind::Object, other),
            }
        }
    }

    fn is_20(&self) -> bool {
        self.format == Format::OpenApi20
    }

    /// A field that its owner can't do without.
    fn required(&mut self, map: &Map<String, Value>, place: &Place<'_>, field: &str) {
        if !map.contains_key(field) {
            self.error("missing-field", place, format!("{} has no `{field}`", place.label()));
        }
    }
}

/// What a value is, with its article, for messages.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "empty",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
