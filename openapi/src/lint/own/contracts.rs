//! Rules about what callers can rely on: answers to mistakes, and lists that don't grow without end.

use serde_json::Value;

use crate::lint::collector::Collector;
use crate::lint::spectral::{Operation, closest, items, members, operations};
use crate::lint::view::View;
use crate::model::Format;

pub(super) fn run(view: &View<'_>, collector: &mut Collector) {
    for operation in operations(view) {
        errors(view, &operation, collector);
        paging(view, &operation, collector);
    }
}

fn is_error(status: &str) -> bool {
    status == "default" || (status.len() == 3 && status.starts_with(['4', '5']))
}

fn errors(view: &View<'_>, operation: &Operation<'_>, collector: &mut Collector) {
    let base = ["paths", operation.path, operation.method];
    let Some(responses @ Value::Object(map)) = view.get(operation.value, "responses") else {
        return;
    };
    if !map.keys().any(|status| is_error(status)) {
        collector.describe(
            "operation-error-response",
            closest(view, &[&base[..], &["responses"]].concat()),
        );
    }
    let is_problem = |name: &str| name.to_ascii_lowercase().starts_with("application/problem+");
    for (status, response) in members(Some(responses)).filter(|(status, _)| is_error(status)) {
        let response = view.value(response);
        let has_other = if collector.format() == Format::OpenApi20 {
            let produces = view
                .get(operation.value, "produces")
                .or_else(|| view.get(view.root, "produces"));
            let has_problem = items(produces).any(|(_, name)| name.as_str().is_some_and(is_problem));
            response.get("schema").is_some() && !has_problem
        } else {
            let content = view.get(response, "content").and_then(Value::as_object);
            content.is_some_and(|content| !content.is_empty() && !content.keys().any(|name| is_problem(name)))
        };
        if has_other {
            let path = closest(view, &[&base[..], &["responses", status]].concat());
            collector.describe("error-not-problem-json", path);
        }
    }
}

/// Parts of the names of parameters that limit or continue a list.
const PAGING: [&str; 16] = [
    "page", "limit", "offset", "cursor", "skip", "top", "after", "before", "token", "size", "count", "max", "start",
    "rows", "first", "last",
];
/// Names of the list in an object that carries one.
const CARRIERS: [&str; 8] = [
    "items", "data", "results", "values", "entries", "records", "content", "list",
];

fn paging(view: &View<'_>, operation: &Operation<'_>, collector: &mut Collector) {
    let is_collection = operation.method == "get" && !operation.path.ends_with('}');
    if !is_collection || !collector.is_on("collection-without-paging") {
        return;
    }
    let Some(response) = ["200", "2XX"]
        .iter()
        .find_map(|status| view.get(view.get(operation.value, "responses")?, status))
    else {
        return;
    };
    let schema = view.get(response, "schema").or_else(|| {
        let content = view.get(response, "content")?.as_object()?;
        let (_, media) = content
            .iter()
            .find(|(name, _)| name.to_ascii_lowercase().contains("json"))?;
        view.get(media, "schema")
    });
    let is_list = |schema: &Value| schema.get("type").is_some_and(|name| *name == "array");
    let carries = |schema| {
        let properties = view.get(schema, "properties");
        let mut named = CARRIERS.iter().filter_map(|name| view.get(properties?, name));
        named.any(is_list)
    };
    if !schema.is_some_and(|schema| is_list(schema) || carries(schema)) {
        return;
    }
    let shared = view
        .get(view.root, "paths")
        .and_then(|paths| view.get(view.get(paths, operation.path)?, "parameters"));
    let is_paging = |parameter: &Value| {
        let name = view_text(view, parameter, "name").to_ascii_lowercase();
        view_text(view, parameter, "in") == "query" && PAGING.iter().any(|part| name.contains(part))
    };
    let own = view.get(operation.value, "parameters");
    let mut parameters = items(own)
        .chain(items(shared))
        .map(|(_, parameter)| view.value(parameter));
    let has_link = view
        .get(response, "headers")
        .is_some_and(|headers| members(Some(headers)).any(|(name, _)| name.eq_ignore_ascii_case("link")));
    if !has_link && !parameters.any(is_paging) {
        let path = closest(view, &["paths", operation.path, operation.method]);
        collector.describe("collection-without-paging", path);
    }
}

fn view_text<'d>(_: &View<'d>, value: &'d Value, key: &str) -> &'d str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}
