//! Which path and operation of before is which of after, and those that are only on one side.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::change::Side;
use super::comparison::Comparison;
use super::lifecycle::{self, Stability, Sunset};
use super::operation;
use super::schema::quoted;
use super::source::At;
use crate::model::METHODS;

/// A path template without the names of its parameters, and those names.
fn shape(path: &str) -> (String, Vec<&str>) {
    let mut shape = String::with_capacity(path.len());
    let mut names = Vec::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        shape.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            shape.push('{');
            rest = after;
            continue;
        };
        shape.push_str("{}");
        names.push(name);
        rest = after;
    }
    shape.push_str(rest);
    (shape, names)
}

/// An operation of one document.
#[derive(Clone, Copy, Debug)]
pub(super) struct Endpoint<'d> {
    pub(super) path: &'d str,
    pub(super) method: &'d str,
    pub(super) item: At<'d>,
    pub(super) at: At<'d>,
}

impl Endpoint<'_> {
    /// `GET /pets/{id}`.
    pub(super) fn label(&self) -> String {
        format!("{} {}", self.method.to_ascii_uppercase(), self.path)
    }

    pub(super) fn operation_id(&self) -> Option<&str> {
        self.at.value.get("operationId").and_then(Value::as_str)
    }

    /// Its stability, or the text that is none.
    pub(super) fn stability(&self) -> Result<Option<Stability>, String> {
        match self.at.value.get("x-stability-level") {
            None | Some(Value::Null) => Ok(None),
            Some(value) => Stability::read(value)
                .map(Some)
                .ok_or_else(|| super::schema::value(value)),
        }
    }
}

/// One path item of a document, with its operations.
#[derive(Clone, Debug)]
struct Item<'d> {
    path: &'d str,
    operations: Vec<Endpoint<'d>>,
}

/// Compares everything under `paths`.
pub(super) fn compare(comparison: &mut Comparison<'_>) {
    let old = items(comparison, Side::Old);
    let new = items(comparison, Side::New);
    let mut open: Vec<bool> = vec![true; new.len()];
    let mut exact: HashMap<&str, usize> = HashMap::new();
    let mut by_shape: HashMap<String, Vec<usize>> = HashMap::new();
    for (at, item) in new.iter().enumerate().rev() {
        exact.insert(item.path, at);
        by_shape.entry(shape(item.path).0).or_default().push(at);
    }
    let known: HashSet<&str> = old.iter().map(|item| item.path).collect();
    for item in &old {
        let found = exact.get(item.path).copied().or_else(|| {
            let candidates = by_shape.get_mut(&shape(item.path).0)?;
            // A path that is there with its own names belongs to itself.
            std::iter::from_fn(|| candidates.pop()).find(|at| open[*at] && !known.contains(new[*at].path))
        });
        match found {
            Some(at) => {
                open[at] = false;
                same_path(comparison, item, &new[at]);
            }
            None => {
                for endpoint in &item.operations {
                    removed(comparison, endpoint, true);
                }
            }
        }
    }
    for (_, item) in new.iter().enumerate().filter(|(at, _)| open[*at]) {
        for endpoint in &item.operations {
            added(comparison, endpoint);
        }
    }
}

fn items<'d>(comparison: &mut Comparison<'d>, side: Side) -> Vec<Item<'d>> {
    let source = comparison.source(side);
    let root = source.root();
    let Some(paths) = source.member(root, "paths") else {
        return Vec::new();
    };
    let mut items = Vec::new();
    for (path, _) in paths.value.as_object().into_iter().flatten() {
        if path.starts_with("x-") {
            continue;
        }
        if let Some(item) = source.member(paths, path) {
            let item = source.resolve(item);
            let operations = operations(source, path, item);
            items.push(Item { path, operations });
        }
    }
    items
}

/// The operations of a path item.
pub(super) fn operations<'d>(source: &mut super::source::Source<'d>, path: &'d str, item: At<'d>) -> Vec<Endpoint<'d>> {
    let mut operations = Vec::new();
    let additional = source.member(item, "additionalOperations");
    for owner in [Some(item), additional].into_iter().flatten() {
        let is_item = owner.place == item.place;
        for (method, value) in owner.value.as_object().into_iter().flatten() {
            if is_item && !METHODS.contains(&method.as_str()) || !value.is_object() {
                continue;
            }
            let place = source.below(owner.place, method);
            operations.push(Endpoint {
                path,
                method,
                item,
                at: At { value, place },
            });
        }
    }
    operations
}

fn same_path<'d>(comparison: &mut Comparison<'d>, old: &Item<'d>, new: &Item<'d>) {
    let (_, old_names) = shape(old.path);
    let (_, new_names) = shape(new.path);
    let mut renamed: HashMap<&str, &str> = HashMap::new();
    if old_names.len() == new_names.len() {
        renamed.extend(old_names.iter().copied().zip(new_names.iter().copied()));
    }
    let mut open: HashMap<String, &Endpoint<'d>> = HashMap::new();
    for endpoint in new.operations.iter().rev() {
        open.insert(endpoint.method.to_ascii_uppercase(), endpoint);
    }
    for endpoint in &old.operations {
        match open.remove(&endpoint.method.to_ascii_uppercase()) {
            Some(other) => both(comparison, endpoint, other, &renamed),
            None => removed(comparison, endpoint, false),
        }
    }
    for endpoint in &new.operations {
        if open.remove(&endpoint.method.to_ascii_uppercase()).is_some() {
            added(comparison, endpoint);
        }
    }
}

fn added(comparison: &mut Comparison<'_>, endpoint: &Endpoint<'_>) {
    let operation = comparison.operation(endpoint);
    comparison.found(
        "endpoint-added",
        Some(operation),
        (Side::New, endpoint.at.place),
        "the endpoint is new".to_owned(),
    );
}

fn removed(comparison: &mut Comparison<'_>, endpoint: &Endpoint<'_>, is_path: bool) {
    let operation = comparison.operation(endpoint);
    let place = (Side::Old, endpoint.at.place);
    match endpoint.stability() {
        Err(text) => {
            let message = format!("the stability level is none of draft, alpha, beta, stable: {text}");
            return comparison.found("api-invalid-stability-level", Some(operation), place, message);
        }
        Ok(Some(stability)) if stability.is_early() => return,
        Ok(_) => {}
    }
    let what = if is_path { "api-path" } else { "api" };
    let is_deprecated = endpoint.at.value.get("deprecated") == Some(&Value::Bool(true));
    let sunset = lifecycle::sunset(endpoint.at.value.get("x-sunset"));
    let (rule, message) = match sunset {
        _ if !is_deprecated => (
            format!("{what}-removed-without-deprecation"),
            "the endpoint was removed without being deprecated before".to_owned(),
        ),
        Sunset::None => (
            format!("{what}-removed-with-deprecation"),
            "the endpoint was removed; it was deprecated".to_owned(),
        ),
        Sunset::Unreadable(text) => (
            "api-path-sunset-parse".to_owned(),
            format!("the endpoint was removed, and its sunset is no date: {}", quoted(&text)),
        ),
        Sunset::On(date) if comparison.today.is_none_or(|today| today < date) => (
            format!("{what}-removed-before-sunset"),
            format!("the endpoint was removed before its sunset on {date}"),
        ),
        // It was announced, and the day has come.
        Sunset::On(_) => return,
    };
    comparison.found(&rule, Some(operation), place, message);
}

fn both<'d>(comparison: &mut Comparison<'d>, old: &Endpoint<'d>, new: &Endpoint<'d>, renamed: &HashMap<&str, &str>) {
    let id = new.operation_id().or_else(|| old.operation_id()).map(str::to_owned);
    let operation = comparison.report.operation(old.label(), id.as_deref());
    let (before, after) = (old.stability(), new.stability());
    for (side, place, found) in [(Side::Old, old.at.place, &before), (Side::New, new.at.place, &after)] {
        if let Err(text) = found {
            let message = format!("the stability level is none of draft, alpha, beta, stable: {text}");
            comparison.found("api-invalid-stability-level", Some(operation), (side, place), message);
            break;
        }
    }
    if let (Ok(before), Ok(after)) = (before, after) {
        let label = |level: Option<Stability>| level.map_or("none", Stability::label);
        if before != after && before.is_some() {
            let word = if after < before { "decreased" } else { "increased" };
            let message = format!(
                "the stability of the endpoint {word} from {} to {}",
                label(before),
                label(after)
            );
            let rule = format!("api-stability-{word}");
            comparison.found(&rule, Some(operation), (Side::New, new.at.place), message);
            if after < before {
                return operation::compare(comparison, operation, old, new, renamed);
            }
        }
        // Nothing is promised of a draft.
        if after.is_some_and(Stability::is_early) {
            return;
        }
    }
    operation::compare(comparison, operation, old, new, renamed);
}

#[cfg(test)]
mod tests {
    use super::shape;

    #[test]
    fn shapes() {
        for (path, expected, names) in [
            ("/a/{b}/c", "/a/{}/c", vec!["b"]),
            ("/{a}{b}", "/{}{}", vec!["a", "b"]),
            ("/{a", "/{a", vec![]),
            ("/a}/{}", "/a}/{}", vec![""]),
            ("", "", vec![]),
        ] {
            assert_eq!(shape(path), (expected.to_owned(), names), "{path}");
        }
    }
}
