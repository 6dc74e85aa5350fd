//! Applies one keyword.

use std::rc::Rc;

use serde_json::Value;

use super::Engine;
use super::evaluated::Evaluated;
use super::fault::Detail;
use super::messages::are_equal;
use super::node::{Bound, NodeId, Rule};
use super::run::Scope;

pub(super) fn is_crossed(length: usize, bound: &Bound, is_upper: bool) -> bool {
    if is_upper {
        length as f64 > bound.limit
    } else {
        (length as f64) < bound.limit
    }
}

impl<'d> Engine<'_, 'd> {
    pub(super) fn rule(
        &mut self,
        rule: &Rule<'d>,
        id: NodeId,
        value: &'d Value,
        scope: &Scope<'_>,
        evaluated: &mut Evaluated<'d>,
    ) {
        match rule {
            Rule::DynamicAnchor => {
                self.dynamic.get_or_insert(id);
            }
            Rule::DynamicRef(own) => {
                let target = self.dynamic.unwrap_or(*own);
                evaluated.merge(self.call(target, value, scope));
            }
            Rule::Ref(target) => evaluated.merge(self.call(*target, value, scope)),
            Rule::Const(expected) => {
                if !are_equal(expected, value) {
                    self.fault(scope, "const", || "must be equal to constant".to_owned());
                }
            }
            Rule::Enum(values) => {
                if !values.iter().any(|allowed| are_equal(allowed, value)) {
                    let message = || "must be equal to one of the allowed values".to_owned();
                    self.fault_with(scope, "enum", message, || Detail::Allowed(values.to_vec()));
                }
            }
            Rule::Not(_) | Rule::AnyOf(_) | Rule::OneOf(_) | Rule::AllOf(_) | Rule::If { .. } => {
                self.combinator(rule, value, scope, evaluated);
            }
            Rule::Limit { .. } | Rule::MultipleOf(..) => self.number(rule, value, scope),
            Rule::Format(format, name) => {
                if !format.accepts(value) {
                    self.fault(scope, "format", || format!("must match format \"{name}\""));
                }
            }
            Rule::Length(bound, is_upper) => {
                let length = value.as_str().map_or(0, |text| text.chars().count());
                self.bounded(length, bound, *is_upper, "characters", scope);
            }
            Rule::Pattern(pattern, text) => {
                let is_matched =
                    |pattern: &Rc<crate::validate::Pattern>| value.as_str().is_none_or(|value| pattern.matches(value));
                if !pattern.as_ref().is_none_or(is_matched) {
                    self.fault(scope, "pattern", || format!("must match pattern \"{text}\""));
                }
            }
            _ => match value {
                Value::Array(items) => self.list(rule, items, scope, evaluated),
                Value::Object(map) => self.object(rule, value, map, scope, evaluated),
                _ => {}
            },
        }
    }

    pub(super) fn bounded(&mut self, length: usize, bound: &Bound, is_upper: bool, what: &str, scope: &Scope<'_>) {
        if is_crossed(length, bound, is_upper) {
            let comparison = if is_upper { "more" } else { "fewer" };
            self.fault(scope, bound.keyword, || {
                format!("must NOT have {comparison} than {} {what}", bound.words)
            });
        }
    }

    fn number(&mut self, rule: &Rule<'d>, value: &Value, scope: &Scope<'_>) {
        let Some(number) = value.as_f64() else { return };
        match rule {
            Rule::Limit {
                bound,
                is_upper,
                is_exclusive,
            } => {
                let is_within = match (is_upper, is_exclusive) {
                    (true, false) => number <= bound.limit,
                    (true, true) => number < bound.limit,
                    (false, false) => number >= bound.limit,
                    (false, true) => number > bound.limit,
                };
                if !is_within {
                    let sign = if *is_upper { "<" } else { ">" };
                    let equal = if *is_exclusive { "" } else { "=" };
                    self.fault(scope, bound.keyword, || {
                        format!("must be {sign}{equal} {}", bound.words)
                    });
                }
            }
            Rule::MultipleOf(divisor, words) => {
                let quotient = number / divisor;
                if *divisor == 0.0 || quotient.fract() != 0.0 || quotient.abs() >= 1e21 {
                    self.fault(scope, "multipleOf", || format!("must be multiple of {words}"));
                }
            }
            _ => {}
        }
    }

    fn combinator(&mut self, rule: &Rule<'d>, value: &'d Value, scope: &Scope<'_>, evaluated: &mut Evaluated<'d>) {
        let before = self.faults.len();
        let composite = Scope {
            is_composite: true,
            ..*scope
        };
        let silent = Scope {
            has_texts: false,
            has_all: false,
            ..composite
        };
        match rule {
            Rule::Not(schema) => {
                self.under(*schema, value, &silent, "not");
                let is_valid = self.faults.len() == before;
                self.faults.truncate(before);
                if is_valid {
                    self.fault(scope, "not", || "must NOT be valid".to_owned());
                }
            }
            Rule::AnyOf(schemas) => {
                let mut is_valid = false;
                for schema in schemas {
                    let start = self.faults.len();
                    let inner = self.under(*schema, value, &composite, "anyOf");
                    if self.faults.len() == start {
                        is_valid = true;
                        evaluated.merge(inner);
                        if !self.has_unevaluated {
                            break;
                        }
                    }
                }
                if is_valid {
                    self.faults.truncate(before);
                } else {
                    self.fault(scope, "anyOf", || "must match a schema in anyOf".to_owned());
                }
            }
            Rule::OneOf(schemas) => {
                let mut passing = 0;
                for schema in schemas {
                    let start = self.faults.len();
                    let inner = self.under(*schema, value, &composite, "oneOf");
                    if self.faults.len() == start {
                        passing += 1;
                        evaluated.merge(inner);
                        if passing > 1 {
                            break;
                        }
                    }
                }
                if passing == 1 {
                    self.faults.truncate(before);
                } else {
                    let detail = || if passing > 1 { Detail::SeveralPass } else { Detail::None };
                    let message = || "must match exactly one schema in oneOf".to_owned();
                    self.fault_with(scope, "oneOf", message, detail);
                }
            }
            Rule::AllOf(schemas) => {
                for schema in schemas {
                    let inner = self.under(*schema, value, scope, "allOf");
                    evaluated.merge(inner);
                    if self.faults.len() > before && !scope.has_all {
                        return;
                    }
                }
            }
            Rule::If {
                condition,
                then,
                otherwise,
            } => {
                let inner = self.under(*condition, value, &silent, "if");
                let is_met = self.faults.len() == before;
                self.faults.truncate(before);
                evaluated.merge(inner);
                let (keyword, branch) = if is_met { ("then", then) } else { ("else", otherwise) };
                if let Some(branch) = branch {
                    let inner = self.under(*branch, value, scope, keyword);
                    if self.faults.len() == before {
                        evaluated.merge(inner);
                    } else if scope.has_all || scope.is_composite {
                        self.fault(scope, "if", || format!("must match \"{keyword}\" schema"));
                    }
                }
            }
            _ => {}
        }
    }
}
