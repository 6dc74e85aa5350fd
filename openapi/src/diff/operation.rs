//! Two versions of one operation.

use std::collections::HashMap;

use serde_json::Value;

use super::change::Side;
use super::comparison::Comparison;
use super::lifecycle::{self, Sunset};
use super::paths::Endpoint;
use super::schema::quoted;
use super::{bodies, parameters, responses, security, webhooks};

/// Compares two versions of one operation. `renamed` has the names of path parameters, old to new.
pub(super) fn compare<'d>(
    comparison: &mut Comparison<'d>,
    operation: u32,
    old: &Endpoint<'d>,
    new: &Endpoint<'d>,
    renamed: &HashMap<&str, &str>,
) {
    identity(comparison, operation, old, new);
    tags(comparison, operation, old, new);
    deprecation(comparison, operation, old, new);
    security::of_operation(comparison, operation, old.at, new.at);
    parameters::compare(comparison, operation, old, new, renamed);
    bodies::request(comparison, operation, old.at, new.at);
    responses::compare(comparison, operation, old.at, new.at);
    webhooks::callbacks(comparison, operation, old, new);
    words(comparison, operation, old, new);
}

fn identity(comparison: &mut Comparison<'_>, operation: u32, old: &Endpoint<'_>, new: &Endpoint<'_>) {
    let id = |endpoint: &Endpoint<'_>| endpoint.operation_id().filter(|id| !id.is_empty()).map(str::to_owned);
    match (id(old), id(new)) {
        (None, Some(after)) => {
            let message = format!("the endpoint has the new operationId {}", quoted(&after));
            comparison.found(
                "api-operation-id-added",
                Some(operation),
                (Side::New, new.at.place),
                message,
            );
        }
        (Some(before), after) if after.as_ref() != Some(&before) => {
            let message = match after {
                Some(after) => format!("the operationId changed from {} to {}", quoted(&before), quoted(&after)),
                None => format!("the endpoint no longer has the operationId {}", quoted(&before)),
            };
            comparison.found(
                "api-operation-id-removed",
                Some(operation),
                (Side::Old, old.at.place),
                message,
            );
        }
        _ => {}
    }
}

fn tags(comparison: &mut Comparison<'_>, operation: u32, old: &Endpoint<'_>, new: &Endpoint<'_>) {
    let tags = |endpoint: &Endpoint<'_>| -> Vec<String> {
        let tags = endpoint.at.value.get("tags").and_then(Value::as_array);
        let mut names: Vec<String> = tags
            .into_iter()
            .flatten()
            .filter_map(|tag| Some(tag.as_str()?.to_owned()))
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    };
    let (before, after) = (tags(old), tags(new));
    for tag in before.iter().filter(|tag| after.binary_search(tag).is_err()) {
        let message = format!("the endpoint no longer has the tag {}", quoted(tag));
        comparison.found("api-tag-removed", Some(operation), (Side::Old, old.at.place), message);
    }
    for tag in after.iter().filter(|tag| before.binary_search(tag).is_err()) {
        let message = format!("the endpoint has the new tag {}", quoted(tag));
        comparison.found("api-tag-added", Some(operation), (Side::New, new.at.place), message);
    }
}

fn deprecation(comparison: &mut Comparison<'_>, operation: u32, old: &Endpoint<'_>, new: &Endpoint<'_>) {
    let is_deprecated = |endpoint: &Endpoint<'_>| endpoint.at.value.get("deprecated") == Some(&Value::Bool(true));
    let sunset = |endpoint: &Endpoint<'_>| lifecycle::sunset(endpoint.at.value.get("x-sunset"));
    let today = comparison.today;
    let is_past = |date| today.is_some_and(|today| date < today);
    let place = (Side::New, new.at.place);
    let (rule, message) = match (is_deprecated(old), is_deprecated(new), sunset(old), sunset(new)) {
        (true, false, ..) => (
            "endpoint-reactivated",
            "the endpoint is no longer deprecated".to_owned(),
        ),
        (false, true, _, Sunset::None) => ("endpoint-deprecated", "the endpoint is deprecated".to_owned()),
        (false, true, _, Sunset::On(date)) if is_past(date) => (
            "api-sunset-date-too-small",
            format!("the endpoint is deprecated with a sunset in the past, on {date}"),
        ),
        (false, true, _, Sunset::On(date)) => (
            "endpoint-deprecated-with-sunset",
            format!("the endpoint is deprecated and goes on {date}"),
        ),
        (false, true, _, Sunset::Unreadable(text)) => (
            "api-deprecated-sunset-parse",
            format!(
                "the endpoint is deprecated, and its sunset is no date: {}",
                quoted(&text)
            ),
        ),
        (true, true, before, Sunset::None) if before != Sunset::None => (
            "sunset-deleted",
            "the endpoint is still deprecated, but its sunset is gone".to_owned(),
        ),
        (true, true, before, Sunset::Unreadable(text))
            if before != Sunset::None && before != Sunset::Unreadable(text.clone()) =>
        {
            (
                "api-path-sunset-parse",
                format!("the sunset of the endpoint is no date: {}", quoted(&text)),
            )
        }
        (true, true, Sunset::On(before), Sunset::On(after)) if after < before && is_past(after) => (
            "api-sunset-date-changed-too-small",
            format!("the sunset of the endpoint moved from {before} to {after}, which is past"),
        ),
        _ => return,
    };
    comparison.found(rule, Some(operation), place, message);
}

/// Summary, description and the like, of the operation and of what it has directly.
fn words(comparison: &mut Comparison<'_>, operation: u32, old: &Endpoint<'_>, new: &Endpoint<'_>) {
    let changed: Vec<&str> = ["summary", "description", "externalDocs"]
        .into_iter()
        .filter(|field| old.at.value.get(*field) != new.at.value.get(*field))
        .collect();
    if !changed.is_empty() {
        let message = format!("the documentation of the endpoint changed: {}", changed.join(", "));
        let place = (Side::New, new.at.place);
        comparison.found("documentation-changed", Some(operation), place, message);
    }
}
