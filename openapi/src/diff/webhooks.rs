//! Webhooks and callbacks: requests that the API makes and its callers answer, so the sides are the other way round. What
//! the API sends follows the rules of responses, and what it accepts as the answer those of requests.

use std::collections::HashMap;

use super::bodies::Body;
use super::change::{Direction, Side};
use super::comparison::Comparison;
use super::paths::{self, Endpoint};
use super::schema::quoted;
use super::source::At;
use super::walk::Family;

/// Compares the webhooks of both documents.
pub(super) fn compare(comparison: &mut Comparison<'_>) {
    let (old, new) = (comparison.graph.old.root(), comparison.graph.new.root());
    let before = comparison.graph.old.member(old, "webhooks");
    let after = comparison.graph.new.member(new, "webhooks");
    pairs(comparison, before, after, |comparison, name, found| match found {
        Found::Old(at) => {
            let message = format!("the webhook {} was removed", quoted(name));
            comparison.found("webhook-removed", None, (Side::Old, at.place), message);
        }
        Found::New(at) => {
            let message = format!("the webhook {} is new", quoted(name));
            comparison.found("webhook-added", None, (Side::New, at.place), message);
        }
        Found::Both(old, new) => item(comparison, &format!("webhook:{name}"), "the webhook", old, new),
    });
}

/// Compares the callbacks of an operation.
pub(super) fn callbacks<'d>(comparison: &mut Comparison<'d>, operation: u32, old: &Endpoint<'d>, new: &Endpoint<'d>) {
    let label = old.label();
    let before = comparison.graph.old.member(old.at, "callbacks");
    let after = comparison.graph.new.member(new.at, "callbacks");
    pairs(comparison, before, after, |comparison, name, found| match found {
        Found::Old(at) => {
            let message = format!("the callback {} was removed", quoted(name));
            comparison.found("callback-removed", Some(operation), (Side::Old, at.place), message);
        }
        Found::New(at) => {
            let message = format!("the callback {} is new", quoted(name));
            comparison.found("callback-added", Some(operation), (Side::New, at.place), message);
        }
        Found::Both(old, new) => {
            let named = format!("callback:{name} ({label})");
            pairs(comparison, Some(old), Some(new), |comparison, _, found| {
                if let Found::Both(old, new) = found {
                    item(comparison, &named, "the callback", old, new);
                }
            });
        }
    });
}

/// Where a name is.
enum Found<'d> {
    Old(At<'d>),
    New(At<'d>),
    Both(At<'d>, At<'d>),
}

/// Visits every name of two maps.
fn pairs<'d>(
    comparison: &mut Comparison<'d>,
    old: Option<At<'d>>,
    new: Option<At<'d>>,
    mut visit: impl FnMut(&mut Comparison<'d>, &'d str, Found<'d>),
) {
    let names = |at: Option<At<'d>>| -> Vec<&'d str> {
        let map = at.and_then(|at| at.value.as_object());
        let names = map.into_iter().flatten().map(|(name, _)| name.as_str());
        names.filter(|name| !name.starts_with("x-")).collect()
    };
    for name in names(old) {
        let Some(before) = old.and_then(|at| comparison.graph.old.member(at, name)) else {
            continue;
        };
        let before = comparison.graph.old.resolve(before);
        match new.and_then(|at| comparison.graph.new.member(at, name)) {
            Some(after) => {
                let after = comparison.graph.new.resolve(after);
                visit(comparison, name, Found::Both(before, after));
            }
            None => visit(comparison, name, Found::Old(before)),
        }
    }
    for name in names(new) {
        if old.is_none_or(|at| at.value.get(name).is_none())
            && let Some(after) = new.and_then(|at| comparison.graph.new.member(at, name))
        {
            let after = comparison.graph.new.resolve(after);
            visit(comparison, name, Found::New(after));
        }
    }
}

/// Compares the operations of a path item that the API calls.
fn item<'d>(comparison: &mut Comparison<'d>, label: &str, what: &str, old: At<'d>, new: At<'d>) {
    let before = paths::operations(&mut comparison.graph.old, "", old);
    let after = paths::operations(&mut comparison.graph.new, "", new);
    let mut open: HashMap<String, Endpoint<'d>> = after
        .iter()
        .map(|endpoint| (endpoint.method.to_ascii_uppercase(), *endpoint))
        .collect();
    for endpoint in before {
        let method = endpoint.method.to_ascii_uppercase();
        let Some(other) = open.remove(&method) else { continue };
        let id = other.operation_id().map(str::to_owned);
        let operation = comparison.report.operation(format!("{method} {label}"), id.as_deref());
        payload(comparison, operation, what, endpoint.at, other.at);
        answers(comparison, operation, what, endpoint.at, other.at);
    }
}

fn payload<'d>(comparison: &mut Comparison<'d>, operation: u32, what: &str, old: At<'d>, new: At<'d>) {
    let (Some(before), Some(after)) = comparison.members(old, new, "requestBody") else {
        return;
    };
    let body = Body {
        operation,
        family: Family::ResponseBody,
        thing: format!("the body of {what}"),
    };
    body.compare(comparison, before, after);
}

fn answers<'d>(comparison: &mut Comparison<'d>, operation: u32, what: &str, old: At<'d>, new: At<'d>) {
    let (before, after) = comparison.members(old, new, "responses");
    pairs(comparison, before, after, |comparison, status, found| match found {
        // Those who answered so before are no longer understood.
        Found::Old(at) if status.starts_with('2') => {
            let message = format!("{what} no longer accepts {} as its answer", quoted(status));
            let place = (Side::Old, at.place);
            comparison.found_towards(
                "response-success-status-removed",
                Some(operation),
                place,
                message,
                Direction::Request,
            );
        }
        Found::Both(old, new) => {
            let body = Body {
                operation,
                family: Family::RequestBody,
                thing: format!("the body of the {status} answer to {what}"),
            };
            body.compare(comparison, old, new);
        }
        _ => {}
    });
}
