//! Parameters of one operation, those of its path included.

use std::collections::HashMap;

use serde_json::Value;

use super::change::{Direction, Side};
use super::comparison::Comparison;
use super::lifecycle::{self, Sunset};
use super::paths::Endpoint;
use super::schema::quoted;
use super::source::At;
use super::walk::{Family, Task};
use crate::media_type::MediaType;

/// One parameter of an operation.
#[derive(Clone, Copy, Debug)]
struct Parameter<'d> {
    name: &'d str,
    location: &'d str,
    at: At<'d>,
    is_of_path: bool,
}

impl<'d> Parameter<'d> {
    fn is_required(&self) -> bool {
        self.location == "path" || self.flag("required")
    }

    fn flag(&self, field: &str) -> bool {
        self.at.value.get(field) == Some(&Value::Bool(true))
    }

    /// What identifies it; header names compare without case, path parameters by the name they have now.
    fn key(&self, renamed: &HashMap<&str, &str>) -> (String, String) {
        let name = match self.location {
            "header" => self.name.to_ascii_lowercase(),
            "path" => renamed.get(self.name).unwrap_or(&self.name).to_string(),
            _ => self.name.to_owned(),
        };
        (self.location.to_owned(), name)
    }

    fn shown(&self) -> String {
        format!("the {} parameter {}", self.location, quoted(self.name))
    }

    fn style(&self) -> &'d str {
        let by_default = match self.location {
            "query" | "cookie" => "form",
            _ => "simple",
        };
        self.at.value.get("style").and_then(Value::as_str).unwrap_or(by_default)
    }

    fn is_exploded(&self) -> bool {
        let own = self.at.value.get("explode").and_then(Value::as_bool);
        own.unwrap_or_else(|| self.style() == "form")
    }
}

/// The parameters of an operation; its own replace those of its path.
fn parameters<'d>(comparison: &mut Comparison<'d>, side: Side, endpoint: &Endpoint<'d>) -> Vec<Parameter<'d>> {
    let source = comparison.source(side);
    let mut found: Vec<Parameter<'d>> = Vec::new();
    let mut places: HashMap<(String, String), usize> = HashMap::new();
    for (owner, is_of_path) in [(endpoint.item, true), (endpoint.at, false)] {
        let Some(list) = source.member(owner, "parameters") else {
            continue;
        };
        for (index, value) in list.value.as_array().into_iter().flatten().enumerate() {
            let place = source.item(list.place, index);
            let at = source.resolve(At { value, place });
            let text = |field: &str| at.value.get(field).and_then(Value::as_str);
            let (Some(name), Some(location)) = (text("name"), text("in")) else {
                continue;
            };
            let parameter = Parameter {
                name,
                location,
                at,
                is_of_path,
            };
            match places.entry(parameter.key(&HashMap::new())) {
                std::collections::hash_map::Entry::Occupied(known) => found[*known.get()] = parameter,
                std::collections::hash_map::Entry::Vacant(free) => {
                    free.insert(found.len());
                    found.push(parameter);
                }
            }
        }
    }
    found
}

pub(super) fn compare<'d>(
    comparison: &mut Comparison<'d>,
    operation: u32,
    old: &Endpoint<'d>,
    new: &Endpoint<'d>,
    renamed: &HashMap<&str, &str>,
) {
    let before = parameters(comparison, Side::Old, old);
    let after = parameters(comparison, Side::New, new);
    let unchanged = HashMap::new();
    let mut open: HashMap<(String, String), Parameter<'d>> = HashMap::new();
    for parameter in &after {
        open.insert(parameter.key(&unchanged), *parameter);
    }
    for parameter in &before {
        match open.remove(&parameter.key(renamed)) {
            Some(other) => same(comparison, operation, parameter, &other),
            None => removed(comparison, operation, parameter),
        }
    }
    for parameter in &after {
        if open.contains_key(&parameter.key(&unchanged)) {
            added(comparison, operation, parameter);
        }
    }
}

fn tell(comparison: &mut Comparison<'_>, rule: &str, operation: u32, place: (Side, &Parameter<'_>), message: String) {
    let place = (place.0, place.1.at.place);
    comparison.found_towards(rule, Some(operation), place, message, Direction::Request);
}

fn added(comparison: &mut Comparison<'_>, operation: u32, parameter: &Parameter<'_>) {
    let required = if parameter.is_required() {
        "required"
    } else {
        "optional"
    };
    let rule = match (parameter.location, parameter.is_of_path) {
        ("path", _) => "new-request-path-parameter".to_owned(),
        (_, true) => format!("new-{required}-request-default-parameter-to-existing-path"),
        (_, false) => format!("new-{required}-request-parameter"),
    };
    let message = format!("{} is new and {required}", parameter.shown());
    tell(comparison, &rule, operation, (Side::New, parameter), message);
}

fn removed(comparison: &mut Comparison<'_>, operation: u32, parameter: &Parameter<'_>) {
    let shown = parameter.shown();
    if parameter.is_of_path && !parameter.flag("deprecated") {
        let message = format!("{shown} was removed from the path");
        let place = (Side::Old, parameter);
        return tell(
            comparison,
            "request-default-parameter-removed",
            operation,
            place,
            message,
        );
    }
    let (rule, message) = match lifecycle::sunset(parameter.at.value.get("x-sunset")) {
        _ if !parameter.flag("deprecated") => ("request-parameter-removed", format!("{shown} was removed")),
        Sunset::None => (
            "request-parameter-removed-with-deprecation",
            format!("{shown} was removed; it was deprecated"),
        ),
        Sunset::Unreadable(text) => (
            "request-parameter-sunset-parse",
            format!("{shown} was removed, and its sunset is no date: {}", quoted(&text)),
        ),
        Sunset::On(date) if comparison.today.is_none_or(|today| today < date) => (
            "request-parameter-removed-before-sunset",
            format!("{shown} was removed before its sunset on {date}"),
        ),
        Sunset::On(_) => return,
    };
    tell(comparison, rule, operation, (Side::Old, parameter), message);
}

fn same<'d>(comparison: &mut Comparison<'d>, operation: u32, old: &Parameter<'d>, new: &Parameter<'d>) {
    let shown = new.shown();
    if old.name != new.name && new.location == "path" {
        let message = format!(
            "the path parameter {} is now called {}",
            quoted(old.name),
            quoted(new.name)
        );
        tell(
            comparison,
            "path-parameter-renamed",
            operation,
            (Side::New, new),
            message,
        );
    }
    if old.is_required() != new.is_required() {
        let word = if new.is_required() { "required" } else { "optional" };
        let rule = format!("request-parameter-became-{word}");
        tell(
            comparison,
            &rule,
            operation,
            (Side::New, new),
            format!("{shown} became {word}"),
        );
    }
    if old.style() != new.style() {
        let message = format!("{shown} changed its style from {} to {}", old.style(), new.style());
        tell(
            comparison,
            "request-parameter-style-changed",
            operation,
            (Side::New, new),
            message,
        );
    } else if old.is_exploded() != new.is_exploded()
        && has_parts(comparison, Side::Old, old)
        && has_parts(comparison, Side::New, new)
    {
        let message = format!(
            "{shown} is {} exploded",
            if new.is_exploded() { "now" } else { "no longer" }
        );
        tell(
            comparison,
            "request-parameter-explode-changed",
            operation,
            (Side::New, new),
            message,
        );
    }
    if old.at.value.get("description") != new.at.value.get("description") {
        let message = format!("the description of {shown} changed");
        tell(
            comparison,
            "documentation-changed",
            operation,
            (Side::New, new),
            message,
        );
    }
    deprecation(comparison, operation, old, new);
    let (before, after) = (schema(comparison, Side::Old, old), schema(comparison, Side::New, new));
    if let (Some((before, _)), Some((after, is_strict))) = (before, after) {
        let task = Task {
            operation,
            family: Family::Parameter,
            thing: shown,
            is_strict,
            is_header: new.location == "header",
            is_optional: !old.is_required() && !new.is_required(),
            node: 0,
        };
        comparison.later(before, after, task);
    }
}

/// Whether a parameter is a list or an object, so that it matters whether it is exploded.
fn has_parts<'d>(comparison: &mut Comparison<'d>, side: Side, parameter: &Parameter<'d>) -> bool {
    schema(comparison, side, parameter).is_some_and(|(schema, _)| {
        let schema = comparison.source(side).resolve(schema).value;
        matches!(schema.get("type").and_then(Value::as_str), Some("array" | "object"))
    })
}

/// The schema of a parameter, or of its one media type; and whether the media type tells numbers from texts.
fn schema<'d>(comparison: &mut Comparison<'d>, side: Side, parameter: &Parameter<'d>) -> Option<(At<'d>, bool)> {
    let source = comparison.source(side);
    if let Some(schema) = source.member(parameter.at, "schema") {
        return Some((schema, false));
    }
    let content = source.member(parameter.at, "content")?;
    let (media, _) = content.value.as_object()?.iter().next()?;
    let entry = source.member(content, media)?;
    let entry = source.resolve(entry);
    let is_json = MediaType::parse(media).is_some_and(|media| media.is_json());
    Some((source.member(entry, "schema")?, is_json))
}

fn deprecation(comparison: &mut Comparison<'_>, operation: u32, old: &Parameter<'_>, new: &Parameter<'_>) {
    let sunset = |parameter: &Parameter<'_>| lifecycle::sunset(parameter.at.value.get("x-sunset"));
    let today = comparison.today;
    let is_past = |date| today.is_some_and(|today| date < today);
    let shown = new.shown();
    let (rule, message) = match (old.flag("deprecated"), new.flag("deprecated"), sunset(old), sunset(new)) {
        (true, false, ..) => (
            "request-parameter-reactivated",
            format!("{shown} is no longer deprecated"),
        ),
        (false, true, _, Sunset::None) => ("request-parameter-deprecated", format!("{shown} is deprecated")),
        (false, true, _, Sunset::On(date)) if is_past(date) => (
            "request-parameter-sunset-date-too-small",
            format!("{shown} is deprecated with a sunset in the past, on {date}"),
        ),
        (false, true, _, Sunset::On(date)) => (
            "request-parameter-deprecated",
            format!("{shown} is deprecated and goes on {date}"),
        ),
        (false, true, _, Sunset::Unreadable(text)) => (
            "request-parameter-sunset-parse",
            format!("{shown} is deprecated, and its sunset is no date: {}", quoted(&text)),
        ),
        (true, true, before, Sunset::None) if before != Sunset::None => (
            "request-parameter-sunset-deleted",
            format!("{shown} is still deprecated, but its sunset is gone"),
        ),
        (true, true, before, Sunset::Unreadable(text))
            if before != Sunset::None && before != Sunset::Unreadable(text.clone()) =>
        {
            (
                "request-parameter-sunset-parse",
                format!("the sunset of {shown} is no date: {}", quoted(&text)),
            )
        }
        (true, true, Sunset::On(before), Sunset::On(after)) if after < before && is_past(after) => (
            "request-parameter-sunset-date-changed-too-small",
            format!("the sunset of {shown} moved from {before} to {after}, which is past"),
        ),
        _ => return,
    };
    tell(comparison, rule, operation, (Side::New, new), message);
}
