//! Applies compiled schemas to values.

use std::rc::Rc;

use serde_json::Value;

use super::evaluated::Evaluated;
use super::fault::{Detail, Fault};
use super::node::{Group, Node, NodeId, Verdict};
use super::{Engine, Relaxed};
use crate::lint::place::{Place, Step};
use crate::lint::view::address;

/// Deepest nesting of schemas within values.
const MOST_DEPTH: usize = 500;

/// Where in a schema: steps from the schema whose function this is.
#[derive(Clone, Copy)]
pub(super) enum SchemaPlace<'p> {
    Function,
    Below(&'p SchemaPlace<'p>, &'p str),
}

impl SchemaPlace<'_> {
    pub(super) fn steps(&self) -> Vec<String> {
        let (mut steps, mut place) = (Vec::new(), *self);
        while let SchemaPlace::Below(above, step) = place {
            steps.push(step.to_owned());
            place = *above;
        }
        steps.reverse();
        steps
    }
}

/// What surrounds the schema that is applied.
#[derive(Clone, Copy)]
pub(super) struct Scope<'p> {
    pub(super) place: &'p Place<'p>,
    pub(super) schema: &'p SchemaPlace<'p>,
    /// Goes on after a mistake.
    pub(super) has_all: bool,
    /// Somebody will read the mistakes.
    pub(super) has_texts: bool,
    /// Within `anyOf`, `oneOf` and the like, where a mistake needn't be one of the whole.
    pub(super) is_composite: bool,
    /// The first mistake of the function that is running.
    pub(super) function: usize,
}

impl<'d> Engine<'_, 'd> {
    /// Checks a value; `None` if that takes more steps than it may.
    pub(in crate::lint) fn check(
        &mut self,
        schema: NodeId,
        value: &'d Value,
        relaxed: Relaxed,
        steps: usize,
    ) -> Option<Vec<Fault>> {
        self.steps = steps;
        self.depth = 0;
        self.relaxed = relaxed;
        self.dynamic = None;
        self.faults.clear();
        let scope = Scope {
            place: &Place::ROOT,
            schema: &SchemaPlace::Function,
            has_all: self.settings.has_all_errors,
            has_texts: true,
            is_composite: false,
            function: 0,
        };
        self.apply(schema, value, &scope);
        let faults = std::mem::take(&mut self.faults);
        (self.steps > 0).then_some(faults)
    }

    pub(super) fn fault(&mut self, scope: &Scope<'_>, keyword: &'static str, message: impl FnOnce() -> String) {
        self.fault_with(scope, keyword, message, || Detail::None);
    }

    pub(super) fn fault_with(
        &mut self,
        scope: &Scope<'_>,
        keyword: &'static str,
        message: impl FnOnce() -> String,
        detail: impl FnOnce() -> Detail,
    ) {
        self.faults.push(if scope.has_texts {
            let mut schema_path = Vec::new();
            if self.has_messages {
                schema_path = scope.schema.steps();
                schema_path.push(keyword.to_owned());
            }
            Fault {
                keyword,
                path: scope.place.path(),
                schema_path,
                message: message(),
                detail: detail(),
                is_used: false,
            }
        } else {
            Fault::default()
        });
    }

    /// Applies a schema; says what it looked at. Mistakes are appended to the list.
    pub(super) fn apply(&mut self, id: NodeId, value: &'d Value, scope: &Scope<'_>) -> Evaluated<'d> {
        let mut evaluated = Evaluated::default();
        let node = Rc::clone(&self.nodes[id.0]);
        match node.verdict {
            Verdict::Always => return evaluated,
            Verdict::Never => {
                self.fault(scope, "false schema", || "boolean schema is false".to_owned());
                return evaluated;
            }
            Verdict::Rules => {}
        }
        if self.steps <= 1 || self.depth >= MOST_DEPTH {
            self.steps = 0;
            return evaluated;
        }
        self.steps -= 1;
        self.depth += 1;
        let value = self.data(value);
        self.rules(&node, id, value, scope, &mut evaluated);
        self.depth -= 1;
        evaluated
    }

    fn rules(
        &mut self,
        node: &Node<'d>,
        id: NodeId,
        value: &'d Value,
        scope: &Scope<'_>,
        evaluated: &mut Evaluated<'d>,
    ) {
        let before = self.faults.len();
        let is_typed = node.types.0 == 0 || node.types.accepts(value);
        if !is_typed && node.late_type.is_none() {
            self.type_fault(node, scope);
            if !scope.has_all {
                return;
            }
        }
        for group in Group::ALL {
            if group.accepts(value) {
                for rule in &node.groups[group as usize] {
                    self.rule(rule, id, value, scope, evaluated);
                    if self.faults.len() > before && !scope.has_all {
                        return;
                    }
                }
            } else if node.late_type == Some(group) {
                self.type_fault(node, scope);
            }
            if self.faults.len() > before && !scope.has_all {
                return;
            }
        }
        if let Some(messages) = node.messages.filter(|_| scope.has_texts) {
            self.replace_messages(messages, scope);
        }
    }

    fn type_fault(&mut self, node: &Node<'d>, scope: &Scope<'_>) {
        let detail = || {
            if node.is_nullable {
                Detail::Nullable
            } else {
                Detail::None
            }
        };
        self.fault_with(scope, "type", || format!("must be {}", node.type_words), detail);
    }

    /// Applies a schema that is a function of its own, such as the target of a reference.
    pub(super) fn call(&mut self, id: NodeId, value: &'d Value, scope: &Scope<'_>) -> Evaluated<'d> {
        let key = (id, address(value));
        if self.is_remembering && self.passed.contains(&key) {
            return Evaluated::default();
        }
        let before = self.faults.len();
        let inner = Scope {
            schema: &SchemaPlace::Function,
            function: before,
            ..*scope
        };
        let evaluated = self.apply(id, value, &inner);
        if self.is_remembering && self.faults.len() == before && self.steps > 0 {
            self.passed.insert(key);
        }
        evaluated
    }

    /// Applies a schema of a keyword to the same value.
    pub(super) fn under(&mut self, id: NodeId, value: &'d Value, scope: &Scope<'_>, keyword: &str) -> Evaluated<'d> {
        let schema = SchemaPlace::Below(scope.schema, keyword);
        let inner = Scope {
            schema: &schema,
            ..*scope
        };
        self.apply(id, value, &inner)
    }

    /// Applies a schema of a keyword to a part of the value.
    pub(super) fn part(&mut self, id: NodeId, value: &'d Value, scope: &Scope<'_>, keywords: &[&str], step: Step<'_>) {
        let place = Place::Below(scope.place, step);
        let outer = SchemaPlace::Below(scope.schema, keywords[0]);
        let inner;
        let schema = match keywords.get(1) {
            Some(keyword) => {
                inner = SchemaPlace::Below(&outer, keyword);
                &inner
            }
            None => &outer,
        };
        let inner = Scope {
            place: &place,
            schema,
            ..*scope
        };
        self.apply(id, value, &inner);
    }
}
