//! The answers of one operation: statuses, headers, bodies.

use std::collections::HashMap;

use serde_json::Value;

use super::bodies::Body;
use super::change::{Direction, Side};
use super::comparison::Comparison;
use super::schema::quoted;
use super::source::At;
use super::walk::{Family, Task};

/// Compares the responses of an operation.
pub(super) fn compare<'d>(comparison: &mut Comparison<'d>, operation: u32, old: At<'d>, new: At<'d>) {
    let before = statuses(comparison, Side::Old, old);
    let after = statuses(comparison, Side::New, new);
    let mut open: HashMap<&str, At<'d>> = after.iter().copied().collect();
    for (status, at) in before {
        match open.remove(status) {
            Some(other) => same(comparison, operation, status, at, other),
            None => {
                let message = format!("there is no {status} response any more");
                tell(comparison, operation, status, "removed", (Side::Old, at), message);
            }
        }
    }
    for (status, at) in after {
        if open.contains_key(status) {
            let message = format!("there is a new {status} response");
            tell(comparison, operation, status, "added", (Side::New, at), message);
        }
    }
}

fn statuses<'d>(comparison: &mut Comparison<'d>, side: Side, at: At<'d>) -> Vec<(&'d str, At<'d>)> {
    let source = comparison.source(side);
    let Some(responses) = source.member(at, "responses") else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (status, _) in responses.value.as_object().into_iter().flatten() {
        if status.starts_with("x-") {
            continue;
        }
        if let Some(response) = source.member(responses, status) {
            found.push((status.as_str(), source.resolve(response)));
        }
    }
    found
}

fn tell(
    comparison: &mut Comparison<'_>,
    operation: u32,
    status: &str,
    word: &str,
    (side, at): (Side, At<'_>),
    message: String,
) {
    let success = if status.starts_with('2') {
        "success"
    } else {
        "non-success"
    };
    let rule = format!("response-{success}-status-{word}");
    comparison.found_towards(&rule, Some(operation), (side, at.place), message, Direction::Response);
}

fn same<'d>(comparison: &mut Comparison<'d>, operation: u32, status: &str, old: At<'d>, new: At<'d>) {
    if old.value.get("description") != new.value.get("description") {
        let message = format!("the description of the {status} response changed");
        let place = (Side::New, new.place);
        comparison.found_towards(
            "documentation-changed",
            Some(operation),
            place,
            message,
            Direction::Response,
        );
    }
    headers(comparison, operation, status, old, new);
    let body = Body {
        operation,
        family: Family::ResponseBody,
        thing: format!("the body of the {status} response"),
    };
    body.compare(comparison, old, new);
}

fn headers<'d>(comparison: &mut Comparison<'d>, operation: u32, status: &str, old: At<'d>, new: At<'d>) {
    let read = |comparison: &mut Comparison<'d>, side: Side, at: At<'d>| -> Vec<(&'d str, At<'d>)> {
        let source = comparison.source(side);
        let Some(headers) = source.member(at, "headers") else {
            return Vec::new();
        };
        let names = headers.value.as_object().into_iter().flatten();
        let mut found = Vec::new();
        for (name, _) in names {
            if let Some(header) = source.member(headers, name) {
                found.push((name.as_str(), source.resolve(header)));
            }
        }
        found
    };
    let before = read(comparison, Side::Old, old);
    let after = read(comparison, Side::New, new);
    let mut open: HashMap<String, At<'d>> = after
        .iter()
        .map(|(name, at)| (name.to_ascii_lowercase(), *at))
        .collect();
    let is_required = |at: At<'_>| at.value.get("required") == Some(&Value::Bool(true));
    let shown = |name: &str| format!("the header {} of the {status} response", quoted(name));
    let tell = |comparison: &mut Comparison<'d>, rule: &str, place: (Side, At<'d>), message: String| {
        let place = (place.0, place.1.place);
        comparison.found_towards(rule, Some(operation), place, message, Direction::Response);
    };
    for (name, at) in before {
        let thing = shown(name);
        let Some(other) = open.remove(&name.to_ascii_lowercase()) else {
            let rule = if is_required(at) {
                "required-response-header-removed"
            } else {
                "optional-response-header-removed"
            };
            tell(comparison, rule, (Side::Old, at), format!("{thing} was removed"));
            continue;
        };
        if is_required(at) && !is_required(other) {
            let rule = "response-header-became-optional";
            tell(comparison, rule, (Side::New, other), format!("{thing} became optional"));
        }
        let before = comparison.source(Side::Old).member(at, "schema");
        let after = comparison.source(Side::New).member(other, "schema");
        if let (Some(before), Some(after)) = (before, after) {
            let task = Task {
                operation,
                family: Family::ResponseHeader,
                thing,
                is_strict: false,
                is_header: false,
                is_optional: false,
                node: 0,
            };
            comparison.later(before, after, task);
        }
    }
    for (name, at) in after {
        if open.contains_key(&name.to_ascii_lowercase()) {
            let message = format!("{} is new", shown(name));
            tell(comparison, "response-header-added", (Side::New, at), message);
        }
    }
}
