//! Rules that a ruleset brings along: an expression, and functions for what it finds.

use serde_json::Value;

use super::engines::Engines;
use super::functions::{Found, Function};
use super::message;
use super::read::RulesetError;
use super::work::Work;
use crate::diagnostics::Severity;
use crate::json_path::{Budget, JsonPath, Step};
use crate::lint::collector::Collector;
use crate::lint::place::Place;
use crate::lint::report;
use crate::lint::view::{View, child};
use crate::model::Format;

/// A rule of a ruleset's own.
#[derive(Clone, Debug)]
pub(in crate::lint) struct CustomRule {
    pub(in crate::lint) name: String,
    pub(in crate::lint) description: String,
    pub(super) message: Option<String>,
    /// `None` if it is off.
    pub(super) severity: Option<Severity>,
    /// Looks at the document with references followed.
    pub(super) is_resolved: bool,
    /// Versions it is meant for; `None` for all.
    pub(super) formats: Option<Vec<Format>>,
    pub(super) given: Vec<JsonPath>,
    pub(super) then: Vec<Then>,
}

/// Steps of one expression.
const STEPS_OF_EXPRESSION: u64 = 10_000_000;

/// What a rule needs while it runs.
struct Run<'r, 'v, 'd> {
    view: &'v View<'d>,
    engines: &'r mut Engines<'v, 'd>,
    collector: &'r mut Collector,
    work: &'r mut Work,
}

/// What is asked of what an expression finds.
#[derive(Clone, Debug)]
pub(super) struct Then {
    pub(super) target: Target,
    pub(super) function: Function,
}

/// What of it is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Itself,
    /// Each of its keys.
    Keys,
    /// Something in it, by the steps to it.
    Field(Vec<String>),
}

impl Target {
    pub(super) fn read(text: &str, field: &str) -> Result<Self, RulesetError> {
        if text == "@key" {
            return Ok(Self::Keys);
        }
        if text.starts_with('$') {
            return Err(RulesetError::new(
                field,
                "an expression here is not supported; write it in given",
            ));
        }
        let mut steps = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(inner) = rest.strip_prefix('[') {
                let Some((step, after)) = inner.split_once(']') else {
                    return Err(RulesetError::new(field, "has a bracket that isn't closed"));
                };
                steps.push(step.trim_matches(['\'', '"']).to_owned());
                rest = after.strip_prefix('.').unwrap_or(after);
            } else {
                let end = rest.find(['.', '[']).unwrap_or(rest.len());
                steps.push(rest[..end].to_owned());
                rest = &rest[end..];
                rest = rest.strip_prefix('.').unwrap_or(rest);
            }
        }
        Ok(Self::Field(steps))
    }
}

impl CustomRule {
    /// Runs the rule, as far as the work that is left allows.
    pub(in crate::lint) fn run<'d>(&'d self, view: &View<'d>, collector: &mut Collector, work: &mut Work) {
        let is_meant = self
            .formats
            .as_ref()
            .is_none_or(|formats| formats.contains(&collector.format()));
        if !is_meant || !collector.is_on(&self.name) {
            return;
        }
        let mut engines = Engines::default();
        for given in &self.given {
            let budget = Budget {
                steps: work.left().min(STEPS_OF_EXPRESSION),
                nodes: 500_000,
            };
            let follow = |value| view.value(value);
            let mut left = budget.steps;
            let found = given.search(view.root, &budget, self.is_resolved.then_some(&follow), &mut left);
            if !work.pay(budget.steps - left) || (found.is_err() && budget.steps < STEPS_OF_EXPRESSION) {
                work.end();
                break;
            }
            let Ok(nodes) = found else {
                collector.add(
                    &self.name,
                    Vec::new(),
                    format!("not checked: {given} looks at too many values of this document"),
                );
                continue;
            };
            for node in nodes {
                let path: Vec<String> = node.path.iter().map(Step::to_string).collect();
                if !work.pay(path.len() as u64) || !work.pay_text(path.iter().map(String::len).sum()) {
                    break;
                }
                let mut run = Run {
                    view,
                    engines: &mut engines,
                    collector,
                    work,
                };
                if node.is_key {
                    let key = path.last().cloned().unwrap_or_default();
                    self.ask_about(&mut run, (None, Some(&key)), &path);
                } else {
                    self.ask_about(&mut run, (Some(node.value), None), &path);
                }
            }
        }
        if work.is_over() {
            let message = "not completed: the rules of the ruleset look at too many values of this document together";
            collector.add(&self.name, Vec::new(), message);
        }
    }

    fn ask_about<'d>(
        &'d self,
        run: &mut Run<'_, '_, 'd>,
        (value, key): (Option<&'d Value>, Option<&str>),
        path: &[String],
    ) {
        let view = run.view;
        for then in &self.then {
            if let Some(key) = key {
                for found in then.function.check_text(key, run.work) {
                    self.tell(run, path, Some(&Value::from(key)), &found);
                }
                continue;
            }
            let Some(value) = value else { continue };
            match &then.target {
                Target::Field(steps) if value.is_object() || value.is_array() => {
                    let target = steps
                        .iter()
                        .try_fold(value, |value, step| Some(self.followed(view, child(value, step)?)));
                    let path: Vec<String> = path.iter().chain(steps).cloned().collect();
                    for found in then.function.check(view, run.engines, target, run.work) {
                        self.tell(run, &path, target, &found);
                    }
                }
                Target::Keys if value.is_object() => {
                    for key in value.as_object().into_iter().flat_map(|map| map.keys()) {
                        for found in then.function.check_text(key, run.work) {
                            let path: Vec<String> = path.iter().chain([key]).cloned().collect();
                            self.tell(run, &path, Some(&Value::from(key.as_str())), &found);
                        }
                    }
                }
                _ => {
                    for found in then.function.check(view, run.engines, Some(value), run.work) {
                        self.tell(run, path, Some(value), &found);
                    }
                }
            }
        }
    }

    fn followed<'d>(&self, view: &View<'d>, value: &'d Value) -> &'d Value {
        if self.is_resolved { view.value(value) } else { value }
    }

    fn tell(&self, run: &mut Run<'_, '_, '_>, path: &[String], value: Option<&Value>, found: &Found) {
        let view = run.view;
        // A place may be far down, and under long keys.
        let bytes = path.iter().chain(&found.path).map(|step| 1 + step.len());
        if !run.work.pay_text(bytes.sum()) {
            return;
        }
        if !run.collector.has_room() {
            run.collector.drop_one();
            return;
        }
        let steps = path.iter().chain(&found.path).map(String::as_str);
        let place = if self.is_resolved {
            view.closest(&Place::ROOT, steps)
        } else {
            view.written(steps)
        };
        let property = path.last().map_or("", String::as_str);
        let error = if found.is_whole {
            found.message.clone()
        } else if property.is_empty() {
            format!("The document {}", found.message)
        } else {
            format!("\"{property}\" property {}", found.message)
        };
        let message = match &self.message {
            None if self.description.is_empty() => message::cut(&error),
            None => message::cut(&self.description),
            Some(template) => message::filled(template, |name| {
                Some(match name {
                    "error" => error.clone(),
                    "property" => property.to_owned(),
                    "path" => format!("#{}", report::pointer(&place)),
                    "value" => shown(value),
                    "description" => message::cut(&self.description),
                    _ => return None,
                })
            }),
        };
        run.collector.add(&self.name, place, message);
    }
}

/// A value as a message names it.
fn shown(value: Option<&Value>) -> String {
    match value {
        None => "undefined".to_owned(),
        Some(Value::Array(_)) => "Array[]".to_owned(),
        Some(Value::Object(_)) => "Object{}".to_owned(),
        Some(Value::String(text)) => Value::from(message::cut(text)).to_string(),
        Some(value) => value.to_string(),
    }
}
