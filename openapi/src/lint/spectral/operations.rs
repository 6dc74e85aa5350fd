//! Rules about operations and the keys of `paths`.

use std::collections::HashSet;

use serde_json::Value;

use super::{Operation, closest, items, members, operations};
use crate::lint::collector::Collector;
use crate::lint::json_schema::is_truthy;
use crate::lint::view::{View, children};
use crate::model::Format;

pub(super) fn run(view: &View<'_>, collector: &mut Collector) {
    let paths = view.get(view.root, "paths");
    for (path, _) in members(paths) {
        for (rule, is_found) in [
            ("path-declarations-must-exist", path.contains("{}")),
            (
                "path-keys-no-trailing-slash",
                path.chars().count() > 1 && path.ends_with('/'),
            ),
            ("path-not-include-query", path.contains('?')),
        ] {
            if is_found {
                let message = crate::lint::catalogue::rule(rule).map_or("", |rule| rule.description);
                collector.add(rule, closest(view, &["paths", path]), message);
            }
        }
    }
    let names: HashSet<&str> = items(view.get(view.root, "tags"))
        .filter_map(|(_, tag)| view.get(tag, "name")?.as_str())
        .collect();
    let mut ids: HashSet<String> = HashSet::new();
    for operation in operations(view) {
        fields(view, &operation, collector);
        tags(view, &operation, &names, collector);
        responses(view, &operation, collector);
        parameters(view, &operation, collector);
        security(view, &operation, collector);
        callbacks(view, &operation, collector);
        let value = operation
            .value
            .as_object()
            .filter(|map| map.contains_key("operationId"));
        if let Some(id) = value.and_then(|map| map.get("operationId"))
            && !ids.insert(id.to_string())
        {
            collector.describe("operation-operationId-unique", at(view, &operation, &["operationId"]));
        }
    }
    for (step, requirement) in view.get(view.root, "security").into_iter().flat_map(children) {
        let step = step.text();
        requirement_defined(view, view.value(requirement), &["security", &step], collector);
    }
    webhooks(view, collector);
}

fn at(view: &View<'_>, operation: &Operation<'_>, steps: &[&str]) -> Vec<String> {
    closest(view, &[&["paths", operation.path, operation.method], steps].concat())
}

fn fields(view: &View<'_>, operation: &Operation<'_>, collector: &mut Collector) {
    for (rule, key) in [
        ("operation-description", "description"),
        ("operation-operationId", "operationId"),
    ] {
        let is_there = if operation.value.is_object() || operation.value.is_array() {
            is_truthy(view.get(operation.value, key))
        } else {
            is_truthy(Some(operation.value))
        };
        if !is_there {
            collector.describe(rule, at(view, operation, &[key]));
        }
    }
    if let Some(Value::String(id)) = view.get(operation.value, "operationId") {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=".contains(&byte);
        if !id.bytes().all(is_allowed) {
            collector.describe(
                "operation-operationId-valid-in-url",
                at(view, operation, &["operationId"]),
            );
        }
    }
}

fn tags(view: &View<'_>, operation: &Operation<'_>, names: &HashSet<&str>, collector: &mut Collector) {
    let tags = view.get(operation.value, "tags");
    let list = tags.and_then(Value::as_array);
    if list.is_none_or(Vec::is_empty) {
        collector.describe("operation-tags", at(view, operation, &["tags"]));
    }
    let length = match tags {
        Some(Value::Array(list)) => list.len(),
        Some(Value::Object(map)) => map.len(),
        Some(Value::String(text)) => text.chars().count(),
        _ => 0,
    };
    if length > 1 {
        collector.describe("operation-singular-tag", at(view, operation, &["tags"]));
    }
    for (index, tag) in items(tags) {
        if !view.value(tag).as_str().is_some_and(|tag| names.contains(tag)) {
            collector.describe(
                "operation-tag-defined",
                at(view, operation, &["tags", &index.to_string()]),
            );
        }
    }
}

fn responses(view: &View<'_>, operation: &Operation<'_>, collector: &mut Collector) {
    let Some(Value::Object(responses)) = view.get(operation.value, "responses") else {
        return;
    };
    let is_v2 = collector.format() == Format::OpenApi20;
    let is_success = |status: &String| {
        let is_range = !is_v2 && matches!(status.as_str(), "2XX" | "3XX");
        is_range
            || status
                .trim()
                .parse::<f64>()
                .is_ok_and(|code| (200.0..400.0).contains(&code))
    };
    if !responses.keys().any(is_success) {
        collector.describe("operation-success-response", at(view, operation, &["responses"]));
    }
}

fn parameters(view: &View<'_>, operation: &Operation<'_>, collector: &mut Collector) {
    let Some(Value::Array(parameters)) = view.get(operation.value, "parameters") else {
        return;
    };
    let is_form = |parameter: &Value| view.get(parameter, "in").is_some_and(|place| *place == "formData");
    if let Some(Value::Array(consumes)) = view.get(operation.value, "consumes")
        && parameters.iter().any(is_form)
    {
        let types = ["application/x-www-form-urlencoded", "multipart/form-data"];
        let is_form_type = |value: &Value| {
            value
                .as_str()
                .is_some_and(|text| types.iter().any(|known| text.contains(known)))
        };
        if !consumes.iter().any(is_form_type) {
            collector.describe("oas2-operation-formData-consume-check", at(view, operation, &[]));
        }
    }
    if parameters.len() < 2 {
        return;
    }
    let rule = "operation-parameters";
    let mut known = HashSet::new();
    let (mut bodies, mut forms) = (Vec::new(), 0);
    for (index, parameter) in parameters.iter().enumerate() {
        let parameter = view.value(parameter);
        let Some(map) = parameter.as_object().filter(|map| !map.contains_key("$ref")) else {
            continue;
        };
        let text = |key: &str| {
            map.get(key).map_or_else(
                || "undefined".to_owned(),
                |value| match value {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                },
            )
        };
        if !known.insert((text("in"), text("name"))) {
            let message =
                "A parameter in this operation already exposes the same combination of \"name\" and \"in\" values.";
            collector.add(rule, at(view, operation, &["parameters", &index.to_string()]), message);
        }
        match text("in").as_str() {
            "body" => bodies.push(index),
            "formData" => forms += 1,
            _ => {}
        }
    }
    if !bodies.is_empty() && forms > 0 {
        let message = "Operation must not have both \"in:body\" and \"in:formData\" parameters.";
        collector.add(rule, at(view, operation, &["parameters"]), message);
    }
    for index in bodies.iter().skip(1) {
        let message = "Operation must not have more than a single instance of the \"in:body\" parameter.";
        collector.add(rule, at(view, operation, &["parameters", &index.to_string()]), message);
    }
}

fn security(view: &View<'_>, operation: &Operation<'_>, collector: &mut Collector) {
    for (step, requirement) in view.get(operation.value, "security").into_iter().flat_map(children) {
        let index = step.text();
        let path = ["paths", operation.path, operation.method, "security", &index];
        requirement_defined(view, view.value(requirement), &path, collector);
    }
}

fn requirement_defined(view: &View<'_>, requirement: &Value, path: &[&str], collector: &mut Collector) {
    let is_v2 = collector.format() == Format::OpenApi20;
    let (rule, location, schemes) = if is_v2 {
        let schemes = view.root.get("securityDefinitions");
        ("oas2-operation-security-defined", "securityDefinitions", schemes)
    } else {
        let schemes = view.root.pointer("/components/securitySchemes");
        ("oas3-operation-security-defined", "components.securitySchemes", schemes)
    };
    let is_list = |value: &Value| value.as_array().is_some_and(|list| list.iter().all(Value::is_string));
    let Some(requirement) = requirement.as_object().filter(|map| map.values().all(is_list)) else {
        return;
    };
    for (name, scopes) in requirement {
        let Some(scheme) = schemes.and_then(Value::as_object).and_then(|schemes| schemes.get(name)) else {
            let object = if path.len() == 2 { "API" } else { "Operation" };
            let message =
                format!("{object} \"security\" values must match a scheme defined in the \"{location}\" object.");
            collector.add(rule, closest(view, &[path, &[name]].concat()), message);
            continue;
        };
        for (index, scope) in items(Some(scopes)) {
            let scope = scope.as_str().unwrap_or_default();
            let has = |holder: Option<&Value>| {
                let scopes = holder
                    .and_then(|holder| holder.get("scopes"))
                    .and_then(Value::as_object);
                scopes.is_some_and(|scopes| scopes.contains_key(scope))
            };
            let is_listed = if is_v2 {
                has(Some(scheme))
            } else {
                members(scheme.get("flows")).any(|(_, flow)| has(Some(flow)))
            };
            if !is_listed {
                let message = format!("\"{scope}\" must be listed among scopes.");
                collector.add(
                    rule,
                    closest(view, &[path, &[name, &index.to_string()]].concat()),
                    message,
                );
            }
        }
    }
}

fn callbacks(view: &View<'_>, operation: &Operation<'_>, collector: &mut Collector) {
    for (name, callback) in members(view.get(operation.value, "callbacks")) {
        for (expression, item) in members(Some(view.value(callback))) {
            for (method, inner) in members(Some(view.value(item))) {
                if view.get(inner, "callbacks").is_some() {
                    let steps = ["callbacks", name, expression, method, "callbacks"];
                    collector.describe("oas3-callbacks-in-callbacks", at(view, operation, &steps));
                }
            }
        }
    }
}

fn webhooks(view: &View<'_>, collector: &mut Collector) {
    let webhooks = view.get(view.root, "webhooks");
    if webhooks.is_some_and(|webhooks| view.get(webhooks, "servers").is_some()) {
        collector.describe("oas3_1-servers-in-webhook", closest(view, &["webhooks", "servers"]));
    }
    for (name, item) in members(webhooks) {
        for (method, operation) in members(Some(view.value(item))) {
            for (rule, key) in [
                ("oas3_1-servers-in-webhook", "servers"),
                ("oas3_1-callbacks-in-webhook", "callbacks"),
            ] {
                if view.get(operation, key).is_some() {
                    collector.describe(rule, closest(view, &["webhooks", name, method, key]));
                }
            }
        }
    }
}
