//! References: out of the document, to nothing, or in circles.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::place::shortened;
use super::{Checker, Place};
use crate::reference::{self, Unresolved};

impl<'d> Checker<'d, '_> {
    /// Checks the `$ref` or `$dynamicRef` of an object; says whether it has one.
    pub(super) fn reference(&mut self, map: &'d Map<String, Value>, value: &'d Value, place: &Place<'_>) -> bool {
        let field = if map.contains_key("$ref") {
            "$ref"
        } else {
            "$dynamicRef"
        };
        let Some(target) = map.get(field) else { return false };
        let Some(text) = target.as_str() else {
            self.wrong_type(&place.key(field), super::Kind::Text, target);
            return false;
        };
        let place = place.key(field);
        let is_pointer = text.starts_with("#/");
        if is_pointer && !self.known.contains_key(text) {
            let problem = self.problem(value);
            self.known.insert(text, problem);
        }
        match self.known.get(text) {
            Some(None) => {}
            Some(Some((code, message))) => {
                let (code, message) = (*code, message.clone());
                self.error(code, &place, message);
            }
            None => self.deferred.push((value, place.pointer())),
        }
        true
    }

    fn problem(&self, value: &'d Value) -> Option<(&'static str, String)> {
        let unresolved = reference::resolve(self.root, &self.anchors, value).err()?;
        let reference = shortened(unresolved.reference());
        Some(match unresolved {
            Unresolved::External(_) => (
                "ref-external",
                format!("{reference:?} points out of the document; it is not followed"),
            ),
            Unresolved::Dangling(_) => ("ref-dangling", format!("{reference:?} points to nothing")),
            Unresolved::Cycle(_) => ("ref-cycle", format!("{reference:?} leads back to itself")),
        })
    }

    /// References by anchor or id, once all of these are known.
    pub(super) fn deferred_references(&mut self) {
        for (value, pointer) in std::mem::take(&mut self.deferred) {
            if let Some((code, message)) = self.problem(value) {
                self.findings.add(crate::Diagnostic::error(code, message).at(pointer));
            }
        }
    }

    /// Named schemas that inherit from themselves by `allOf`: nothing can satisfy the reader of such a schema.
    pub(super) fn inheritance_cycles(&mut self) {
        let (section, prefix) = if self.is_20() {
            (self.root.get("definitions"), "/definitions/")
        } else {
            (self.root.pointer("/components/schemas"), "/components/schemas/")
        };
        let Some(schemas) = section.and_then(Value::as_object) else {
            return;
        };
        for name in inheritance_cycles(schemas, prefix) {
            let mut pointer = prefix.to_owned();
            reference::push_escaped(&mut pointer, name);
            let message = format!("schema `{}` inherits from itself by allOf", shortened(name));
            self.findings
                .add(crate::Diagnostic::error("ref-cycle", message).at(pointer));
        }
    }
}

/// The names of schemas that are on a circle of `allOf` references, one for each circle found.
fn inheritance_cycles<'d>(schemas: &'d Map<String, Value>, prefix: &str) -> Vec<&'d str> {
    #[derive(Clone, Copy, PartialEq)]
    enum Mark {
        Open,
        Done,
    }
    let parents = |name: &str| -> Vec<&'d str> {
        let items = schemas
            .get(name)
            .and_then(|schema| schema.get("allOf"))
            .and_then(Value::as_array);
        let references = items
            .into_iter()
            .flatten()
            .filter_map(|item| item.get("$ref")?.as_str());
        references
            .filter_map(|reference| reference.strip_prefix('#')?.strip_prefix(prefix))
            .filter_map(|name| schemas.get_key_value(name).map(|(name, _)| name.as_str()))
            .collect()
    };
    let mut marks: HashMap<&str, Mark> = HashMap::new();
    let mut found = Vec::new();
    for start in schemas.keys() {
        if marks.contains_key(start.as_str()) {
            continue;
        }
        // An explicit stack: a chain of schemas may be longer than a thread's stack.
        marks.insert(start, Mark::Open);
        let mut stack = vec![(start.as_str(), parents(start))];
        while let Some((name, pending)) = stack.last_mut() {
            match pending.pop() {
                None => {
                    marks.insert(name, Mark::Done);
                    stack.pop();
                }
                Some(parent) => match marks.get(parent) {
                    Some(Mark::Open) => found.push(parent),
                    Some(Mark::Done) => {}
                    None => {
                        marks.insert(parent, Mark::Open);
                        stack.push((parent, parents(parent)));
                    }
                },
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn circles_of_inheritance() {
        let reference = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
        let schemas = json!({
            "A": {"allOf": [reference("B"), {"type": "object"}]}, "B": {"allOf": [reference("A")]},
            "C": {"allOf": [reference("D"), reference("E")]}, "D": {"allOf": [reference("E")]}, "E": {},
            "F": {"properties": {"f": reference("F")}}, "G": {"allOf": [reference("G")]},
        });
        let found = super::inheritance_cycles(schemas.as_object().unwrap(), "/components/schemas/");
        assert_eq!(found, ["A", "G"]);
    }
}
