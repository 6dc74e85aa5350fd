//! `unevaluatedProperties` and `unevaluatedItems`: what no other keyword of the schema, or of a schema applied in its place,
//! has looked at. What was looked at is found by a second walk, so that schemas without these keywords pay nothing.

use serde_json::{Map, Value};

use super::Schemas;
use super::node::{Node, Rule, SchemaId};
use super::run::{Run, Segment};

/// Levels of schemas in place of each other.
const MOST_DEPTH: usize = 64;

impl Schemas {
    pub(super) fn unevaluated_properties<'r>(
        &'r self,
        node: &'r Node,
        schema: SchemaId,
        value: &'r Value,
        map: &'r Map<String, Value>,
        run: &mut Run<'r>,
    ) -> bool {
        let mut seen = vec![false; map.len()];
        self.mark(node, value, run, &mut seen, 0);
        let mut is_valid = true;
        for ((name, value), _) in map.iter().zip(seen).filter(|(_, is_seen)| !is_seen) {
            is_valid &= run.at(Segment::Key(name), |run| {
                self.additional("unevaluatedProperties", schema, value, run)
            });
            if !is_valid && run.is_done() {
                break;
            }
        }
        is_valid
    }

    pub(super) fn unevaluated_items<'r>(
        &'r self,
        node: &'r Node,
        schema: SchemaId,
        value: &'r Value,
        items: &'r [Value],
        run: &mut Run<'r>,
    ) -> bool {
        let mut seen = vec![false; items.len()];
        self.mark(node, value, run, &mut seen, 0);
        let mut is_valid = true;
        for (at, item) in items.iter().enumerate().filter(|(at, _)| !seen[*at]) {
            is_valid &= run.at(Segment::Index(at), |run| {
                self.additional("unevaluatedItems", schema, item, run)
            });
            if !is_valid && run.is_done() {
                break;
            }
        }
        is_valid
    }

    /// Marks the properties or items that the schema speaks of.
    fn mark<'r>(&'r self, node: &'r Node, value: &'r Value, run: &mut Run<'r>, seen: &mut [bool], depth: usize) {
        if depth > MOST_DEPTH || !run.steps.take(1 + seen.len() as u64) {
            return;
        }
        let mut inner = |schema: SchemaId, run: &mut Run<'r>| {
            self.mark(self.node(schema), value, run, seen, depth + 1);
        };
        for rule in &node.rules {
            match (rule, value) {
                (Rule::Reference(target), _) => inner(*target, run),
                (Rule::AllOf(members), _) => members.iter().for_each(|member| inner(*member, run)),
                (Rule::AnyOf(choice) | Rule::OneOf(choice), _) => match Self::named_alternative(choice, value) {
                    Some(named) => inner(named, run),
                    None => {
                        for alternative in &choice.alternatives {
                            if run.probe(|run| self.visit(*alternative, value, run)) {
                                inner(*alternative, run);
                            }
                        }
                    }
                },
                (Rule::If(condition), _) => {
                    let is_met = run.probe(|run| self.visit(condition.test, value, run));
                    if is_met {
                        inner(condition.test, run);
                    }
                    let branch = if is_met { condition.then } else { condition.otherwise };
                    if let Some(branch) = branch {
                        inner(branch, run);
                    }
                }
                (Rule::DependentSchemas(entries), Value::Object(map)) => {
                    for (_, schema) in entries.iter().filter(|(name, _)| map.contains_key(&**name)) {
                        inner(*schema, run);
                    }
                }
                _ => {}
            }
        }
        self.mark_own(node, value, run, seen, depth);
    }

    /// Marks what the schema's own keywords speak of.
    fn mark_own<'r>(&'r self, node: &'r Node, value: &'r Value, run: &mut Run<'r>, seen: &mut [bool], depth: usize) {
        for rule in &node.rules {
            match (rule, value) {
                (Rule::Opaque, _) => seen.fill(true),
                (Rule::Properties(properties), Value::Object(map)) => {
                    for (name, seen) in map.keys().zip(seen.iter_mut()) {
                        *seen |= properties.is_open
                            || properties.additional.is_some()
                            || properties.named(name).is_some()
                            || properties.patterns.iter().any(|(pattern, _)| pattern.matches(name));
                    }
                }
                (Rule::Items(items), Value::Array(_)) => {
                    let most = if items.rest.is_some() {
                        seen.len()
                    } else {
                        items.first.len().min(seen.len())
                    };
                    seen[..most].fill(true);
                }
                (Rule::Contains { schema, .. }, Value::Array(items)) => {
                    for (item, seen) in items.iter().zip(seen.iter_mut()).filter(|(_, seen)| !**seen) {
                        *seen = run.probe(|run| self.visit(*schema, item, run));
                    }
                }
                // Of a schema within: that one has looked at all the rest.
                (Rule::UnevaluatedItems(_), Value::Array(_)) | (Rule::UnevaluatedProperties(_), Value::Object(_))
                    if depth > 0 =>
                {
                    seen.fill(true);
                }
                _ => {}
            }
        }
    }
}
