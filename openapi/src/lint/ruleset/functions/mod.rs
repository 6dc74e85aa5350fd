//! The functions of Spectral's rulesets, as far as they look at data.

mod order;
mod read;

use std::sync::Arc;

use serde_json::Value;

use super::engines::Engines;
use super::message::joined;
use super::work::Work;
use crate::json_path::BYTES_OF_STEP;
use crate::lint::json_schema::{Dialect, Settings, are_equal, is_truthy};
use crate::lint::view::View;
use crate::load::Extent;
use crate::validate::Pattern;
use order::unsorted;

/// What compiling a schema costs, in values looked at.
const COMPILING: u64 = 5_000;

/// What is wrong with a value: words that follow its name, and where in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) message: String,
    pub(super) path: Vec<String>,
    /// The words name the value themselves.
    pub(super) is_whole: bool,
}

/// A function with its options.
#[derive(Clone, Debug)]
pub(super) enum Function {
    Truthy,
    Falsy,
    Defined,
    Undefined,
    Pattern {
        must: Option<Expression>,
        must_not: Option<Expression>,
    },
    Casing {
        name: String,
        pattern: Arc<Pattern>,
        separator: Option<String>,
    },
    Length {
        least: Option<f64>,
        most: Option<f64>,
    },
    Enumeration(Allowed),
    Alphabetical(Option<String>),
    Schema {
        schema: Box<Value>,
        dialect: Dialect,
        has_all_errors: bool,
    },
    Xor(Vec<String>),
    Or(Vec<String>),
    /// The pointer of the objects, as steps.
    Unreferenced(Vec<String>),
}

/// A pattern, as the ruleset has it.
#[derive(Clone, Debug)]
pub(super) struct Expression {
    pattern: Arc<Pattern>,
    text: String,
}

/// The values of an enumeration, and their text.
#[derive(Clone, Debug)]
pub(super) struct Allowed {
    values: Vec<Value>,
    text: String,
    /// What comparing with all of them costs.
    cost: u64,
}

impl Function {
    /// What looking at a value costs, beside what schemas pay themselves.
    fn cost(&self, value: Option<&Value>) -> u64 {
        let text = |value: &Value| value.as_str().map_or(0, |text| (text.len() / BYTES_OF_STEP) as u64);
        match (self, value) {
            (Self::Pattern { must, must_not }, Some(value)) => {
                let patterns = must.iter().chain(must_not);
                let effort: u64 = patterns.map(|expression| expression.pattern.effort()).sum();
                1 + text(value) * effort
            }
            (Self::Casing { .. } | Self::Length { .. }, Some(value)) => 1 + text(value),
            (Self::Enumeration(allowed), Some(_)) => allowed.cost,
            (Self::Alphabetical(None), Some(Value::Array(items))) => {
                let items = items.iter().map(Extent::of);
                items
                    .map(|extent| (extent.nodes + extent.bytes / BYTES_OF_STEP) as u64)
                    .sum()
            }
            (Self::Alphabetical(_), Some(Value::Array(items))) => 1 + items.len() as u64,
            (Self::Alphabetical(_), Some(Value::Object(map))) => 1 + map.len() as u64,
            (Self::Xor(names) | Self::Or(names), Some(_)) => names.len() as u64,
            _ => 1,
        }
    }

    /// Looks at a text that is no value of the document, such as a key.
    pub(super) fn check_text(&self, text: &str, work: &mut Work) -> Vec<Found> {
        let value = Value::from(text);
        match self {
            Self::Schema { .. } => {
                let root = Value::Null;
                let view = View::new(&root);
                if !work.pay(COMPILING) {
                    return Vec::new();
                }
                self.check(&view, &mut Engines::default(), Some(&value), work)
            }
            _ if work.pay(self.cost(Some(&value))) => self.look(Some(&value)),
            _ => Vec::new(),
        }
    }

    /// Looks at a value; `None` is one that isn't there.
    pub(super) fn check<'v, 'd>(
        &'d self,
        view: &'v View<'d>,
        engines: &mut Engines<'v, 'd>,
        value: Option<&'d Value>,
        work: &mut Work,
    ) -> Vec<Found> {
        match (self, value) {
            (Self::Schema { .. }, None) => vec![found("must exist")],
            (
                Self::Schema {
                    schema,
                    dialect,
                    has_all_errors,
                },
                Some(value),
            ) => {
                let settings = Settings {
                    dialect: *dialect,
                    has_all_errors: *has_all_errors,
                    has_x_nullable: false,
                };
                engines.check(view, schema, settings, value, work)
            }
            (Self::Unreferenced(location), Some(Value::Object(map))) => {
                let Some(used) = engines
                    .used(view, location, work)
                    .filter(|_| work.pay(map.len() as u64))
                else {
                    return Vec::new();
                };
                let orphan = |name: &String| Found {
                    message: "is not referred to by anything".to_owned(),
                    path: vec![name.clone()],
                    is_whole: false,
                };
                let orphans = map.keys().filter(|name| !used.contains(name.as_str()));
                orphans.map(orphan).collect()
            }
            _ if work.pay(self.cost(value)) => self.look(value),
            _ => Vec::new(),
        }
    }

    fn look(&self, value: Option<&Value>) -> Vec<Found> {
        let mut list = Vec::new();
        match (self, value) {
            (Self::Truthy, _) if !is_truthy(value) => list.push(found("must be truthy")),
            (Self::Falsy, _) if is_truthy(value) => list.push(found("must be falsy")),
            (Self::Defined, None) => list.push(found("must be defined")),
            (Self::Undefined, Some(_)) => list.push(found("must be undefined")),
            (Self::Pattern { must, must_not }, Some(Value::String(text))) => {
                if let Some(must) = must.as_ref().filter(|must| !must.pattern.matches(text)) {
                    list.push(found(format!("must match the pattern {:?}", must.text)));
                }
                if let Some(must_not) = must_not.as_ref().filter(|must_not| must_not.pattern.matches(text)) {
                    list.push(found(format!("must not match the pattern {:?}", must_not.text)));
                }
            }
            (
                Self::Casing {
                    name,
                    pattern,
                    separator,
                },
                Some(Value::String(text)),
            ) => {
                let is_separator = separator.as_ref().is_some_and(|separator| separator == text);
                if !text.is_empty() && !is_separator && !pattern.matches(text) {
                    list.push(found(format!("must be {name} case")));
                }
            }
            (Self::Length { least, most }, Some(value)) => {
                let length = match value {
                    Value::Array(items) => items.len() as f64,
                    Value::Object(map) => map.len() as f64,
                    Value::String(text) => text.encode_utf16().count() as f64,
                    Value::Number(number) => number.as_f64().unwrap_or_default(),
                    _ => return list,
                };
                list.extend(
                    least
                        .filter(|least| length < *least)
                        .map(|least| found(format!("must be longer than {least}"))),
                );
                list.extend(
                    most.filter(|most| length > *most)
                        .map(|most| found(format!("must be shorter than {most}"))),
                );
            }
            (Self::Enumeration(Allowed { values, text, .. }), Some(value))
                if !value.is_object()
                    && !value.is_array()
                    && !values.iter().any(|allowed| are_equal(allowed, value)) =>
            {
                list.push(found(format!("must be equal to one of the allowed values: {text}")));
            }
            (Self::Alphabetical(keyed_by), Some(value)) => list.extend(unsorted(value, keyed_by.as_deref())),
            (Self::Xor(names) | Self::Or(names), Some(Value::Object(map))) => {
                let there: Vec<&String> = names.iter().filter(|name| map.contains_key(*name)).collect();
                let quoted =
                    |names: &[&String], word: &str| joined(names.iter().map(|name| format!("\"{name}\"")), word);
                if there.is_empty() {
                    let names = quoted(&names.iter().collect::<Vec<_>>(), " or ");
                    list.push(found(format!("must have at least one of {names}")));
                } else if there.len() > 1 && matches!(self, Self::Xor(_)) {
                    list.push(found(format!("must have just one of {}", quoted(&there, " and "))));
                }
            }
            _ => {}
        }
        list
    }
}

fn found(message: impl Into<String>) -> Found {
    Found {
        message: message.into(),
        path: Vec::new(),
        is_whole: false,
    }
}
