//! Rules that a ruleset brings along: an expression, and functions for what it finds.

use serde_json::Value;

use super::engines::Engines;
use super::functions::{Found, Function};
use super::read::RulesetError;
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
    /// Runs the rule; an error if its expressions look at too much of this document.
    pub(in crate::lint) fn run<'d>(&'d self, view: &View<'d>, collector: &mut Collector) {
        let is_meant = self
            .formats
            .as_ref()
            .is_none_or(|formats| formats.contains(&collector.format()));
        if !is_meant || !collector.is_on(&self.name) {
            return;
        }
        let budget = Budget {
            steps: 10_000_000,
            nodes: 500_000,
        };
        let mut engines = Engines::default();
        for given in &self.given {
            let found = if self.is_resolved {
                given.find_through(view.root, &budget, &|value| view.value(value))
            } else {
                given.find_within(view.root, &budget)
            };
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
                if node.is_key {
                    let key = path.last().cloned().unwrap_or_default();
                    self.ask_about(view, &mut engines, (None, Some(&key)), &path, collector);
                } else {
                    self.ask_about(view, &mut engines, (Some(node.value), None), &path, collector);
                }
            }
        }
    }

    fn ask_about<'v, 'd>(
        &'d self,
        view: &'v View<'d>,
        engines: &mut Engines<'v, 'd>,
        (value, key): (Option<&'d Value>, Option<&str>),
        path: &[String],
        collector: &mut Collector,
    ) {
        for then in &self.then {
            if let Some(key) = key {
                for found in then.function.check_text(key) {
                    self.tell(view, path, Some(&Value::from(key)), &found, collector);
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
                    for found in then.function.check(view, engines, target) {
                        self.tell(view, &path, target, &found, collector);
                    }
                }
                Target::Keys if value.is_object() => {
                    for key in value.as_object().into_iter().flat_map(|map| map.keys()) {
                        let path: Vec<String> = path.iter().chain([key]).cloned().collect();
                        for found in then.function.check_text(key) {
                            self.tell(view, &path, Some(&Value::from(key.as_str())), &found, collector);
                        }
                    }
                }
                _ => {
                    for found in then.function.check(view, engines, Some(value)) {
                        self.tell(view, path, Some(value), &found, collector);
                    }
                }
            }
        }
    }

    fn followed<'d>(&self, view: &View<'d>, value: &'d Value) -> &'d Value {
        if self.is_resolved { view.value(value) } else { value }
    }

    fn tell(&self, view: &View<'_>, path: &[String], value: Option<&Value>, found: &Found, collector: &mut Collector) {
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
            None if self.description.is_empty() => error,
            None => self.description.clone(),
            Some(template) => {
                let pointer = format!("#{}", report::pointer(&place));
                let value = match value {
                    None => "undefined".to_owned(),
                    Some(Value::Array(_)) => "Array[]".to_owned(),
                    Some(Value::Object(_)) => "Object{}".to_owned(),
                    Some(value) => value.to_string(),
                };
                template
                    .replace("{{error}}", &error)
                    .replace("{{property}}", property)
                    .replace("{{path}}", &pointer)
                    .replace("{{value}}", &value)
                    .replace("{{description}}", &self.description)
            }
        };
        collector.add(&self.name, place, message);
    }
}
