//! Applies `propertyNames`. Names are no values of the document, so their schemas are looked at here.

use serde_json::{Map, Value};

use super::Engine;
use super::containers::in_order;
use super::node::{NodeId, Rule, Verdict};
use super::run::Scope;

/// Deepest nesting of schemas for names.
const MOST_DEPTH: usize = 20;

impl<'d> Engine<'_, 'd> {
    pub(super) fn property_names(&mut self, schema: NodeId, map: &'d Map<String, Value>, scope: &Scope<'_>) {
        for (name, _) in in_order(map) {
            let faults = self.name_faults(schema, name, 0);
            if faults.is_empty() {
                continue;
            }
            for (keyword, message) in faults {
                self.fault(scope, keyword, || message);
            }
            self.fault(scope, "propertyNames", || "property name must be valid".to_owned());
            if !scope.has_all {
                return;
            }
        }
    }

    /// What is wrong with a name.
    fn name_faults(&self, schema: NodeId, name: &str, depth: usize) -> Vec<(&'static str, String)> {
        let node = &self.nodes[schema.0];
        let mut faults = Vec::new();
        match node.verdict {
            Verdict::Always => return faults,
            Verdict::Never => return vec![("false schema", "boolean schema is false".to_owned())],
            Verdict::Rules if depth > MOST_DEPTH => return faults,
            Verdict::Rules => {}
        }
        let inner = |schema: &NodeId| self.name_faults(*schema, name, depth + 1);
        if node.types.0 != 0 && node.types.0 & 16 == 0 {
            faults.push(("type", format!("must be {}", node.type_words)));
        }
        for rule in node.groups.iter().take(3).flatten() {
            match rule {
                Rule::Pattern(Some(pattern), text) if !pattern.matches(name) => {
                    faults.push(("pattern", format!("must match pattern \"{text}\"")));
                }
                Rule::Enum(values) if !values.iter().any(|value| value.as_str() == Some(name)) => {
                    faults.push(("enum", "must be equal to one of the allowed values".to_owned()));
                }
                Rule::Const(value) if value.as_str() != Some(name) => {
                    faults.push(("const", "must be equal to constant".to_owned()));
                }
                Rule::Length(bound, is_upper) => {
                    let length = name.chars().count() as f64;
                    if (*is_upper && length > bound.limit) || (!is_upper && length < bound.limit) {
                        let comparison = if *is_upper { "more" } else { "fewer" };
                        faults.push((
                            bound.keyword,
                            format!("must NOT have {comparison} than {} characters", bound.words),
                        ));
                    }
                }
                Rule::Format(format, text) if !format.accepts_text(name) => {
                    faults.push(("format", format!("must match format \"{text}\"")));
                }
                Rule::Not(schema) if inner(schema).is_empty() => faults.push(("not", "must NOT be valid".to_owned())),
                Rule::Ref(schema) => faults.extend(inner(schema)),
                Rule::AllOf(schemas) => faults.extend(schemas.iter().flat_map(inner)),
                Rule::AnyOf(schemas) | Rule::OneOf(schemas) => {
                    let all: Vec<_> = schemas.iter().map(inner).collect();
                    if !all.iter().any(Vec::is_empty) {
                        faults.extend(all.into_iter().flatten());
                        faults.push(("anyOf", "must match a schema in anyOf".to_owned()));
                    }
                }
                _ => {}
            }
        }
        faults
    }
}
