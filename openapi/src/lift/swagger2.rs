//! Swagger 2.0 to the shape of OpenAPI 3.0.

use serde_json::{Map, Value, json};

use super::parameters2::{self, Shared};
use super::{security2, take, take_object};
use crate::model::METHODS;

/// Brings a 2.0 document to the shape of 3.0.
pub(super) fn lift(root: &mut Value) {
    let Value::Object(map) = root else { return };
    let servers = servers(map, None);
    let shared = Shared::take(map);
    if let Some(paths) = map.get_mut("paths").and_then(Value::as_object_mut) {
        paths
            .values_mut()
            .for_each(|item| path_item(item, map_servers(&servers), &shared));
    }
    let components = components(map, &shared);
    for field in ["swagger", "host", "basePath", "schemes", "consumes", "produces"] {
        take(map, field);
    }
    let mut lifted = Map::new();
    lifted.insert("openapi".to_owned(), super::LIFTED.into());
    for (field, value) in std::mem::take(map) {
        let is_info = field == "info";
        lifted.insert(field, value);
        if is_info && !servers.is_empty() {
            lifted.insert("servers".to_owned(), Value::Array(servers.clone()));
        }
    }
    lifted.insert("components".to_owned(), Value::Object(components));
    *root = Value::Object(lifted);
    rewrite_references(root, &shared);
}

/// The host and base path of the document, for operations that name schemes of their own.
fn map_servers(servers: &[Value]) -> Option<&str> {
    let url = servers.first()?.get("url")?.as_str()?;
    url.split_once("//").map(|(_, rest)| rest)
}

/// `host`, `basePath` and `schemes` as servers. A host with anything but a name and a port in it is left out.
fn servers(map: &Map<String, Value>, schemes: Option<&Value>) -> Vec<Value> {
    let text = |field: &str| map.get(field).and_then(Value::as_str).unwrap_or_default();
    let base = text("basePath").trim_end_matches('/');
    let host = text("host");
    let is_plain = |host: &str| !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || "/@?#\\".contains(c));
    if !is_plain(host) {
        let server = if base.starts_with('/') {
            vec![json!({"url": base})]
        } else {
            Vec::new()
        };
        return server;
    }
    let base = if base.is_empty() || base.starts_with('/') {
        base.to_owned()
    } else {
        format!("/{base}")
    };
    let rest = format!("{host}{base}");
    with_schemes(schemes.or_else(|| map.get("schemes")), &rest)
}

fn with_schemes(schemes: Option<&Value>, rest: &str) -> Vec<Value> {
    let known = |scheme: &&str| ["https", "http", "wss", "ws"].contains(scheme);
    let schemes = schemes
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .filter(known);
    let mut servers: Vec<Value> = schemes
        .take(4)
        .map(|scheme| json!({"url": format!("{scheme}://{rest}")}))
        .collect();
    // Tools take the first server; the safer one goes first.
    servers.sort_by_key(|server| server["url"].as_str().is_some_and(|url| !url.starts_with("https:")));
    if servers.is_empty() {
        servers.push(json!({"url": format!("https://{rest}")}));
    }
    servers
}

fn components(map: &mut Map<String, Value>, shared: &Shared) -> Map<String, Value> {
    let mut components = Map::new();
    let mut put = |field: &str, value: Option<Map<String, Value>>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            components.insert(field.to_owned(), Value::Object(value));
        }
    };
    put("schemas", take_object(map, "definitions"));
    put("parameters", Some(shared.parameters()));
    put("requestBodies", Some(shared.request_bodies()));
    put(
        "responses",
        take_object(map, "responses").map(|mut responses| {
            responses
                .values_mut()
                .for_each(|value| response(value, &shared.produces, shared));
            responses
        }),
    );
    put(
        "securitySchemes",
        take_object(map, "securityDefinitions").map(|mut schemes| {
            schemes.values_mut().for_each(security2::lift);
            schemes
        }),
    );
    components
}

fn path_item(item: &mut Value, host_and_base: Option<&str>, shared: &Shared) {
    let Value::Object(item) = item else { return };
    let common = parameters2::split(item, shared);
    for method in METHODS {
        if let Some(Value::Object(operation)) = item.get_mut(method) {
            lift_operation(operation, host_and_base, &common, shared);
        }
    }
}

fn lift_operation(
    operation: &mut Map<String, Value>,
    host_and_base: Option<&str>,
    common: &parameters2::Bodies,
    shared: &Shared,
) {
    let consumes =
        parameters2::media_types(take(operation, "consumes").as_ref()).unwrap_or_else(|| shared.consumes.clone());
    let produces =
        parameters2::media_types(take(operation, "produces").as_ref()).unwrap_or_else(|| shared.produces.clone());
    let own = parameters2::split(operation, shared);
    if let Some(body) = own.or(common).request_body(&consumes, shared) {
        operation.insert("requestBody".to_owned(), body);
    }
    if let Some(Value::Object(responses)) = operation.get_mut("responses") {
        responses
            .values_mut()
            .for_each(|value| response(value, &produces, shared));
    }
    if let (Some(schemes), Some(rest)) = (take(operation, "schemes"), host_and_base) {
        operation.insert("servers".to_owned(), Value::Array(with_schemes(Some(&schemes), rest)));
    }
}

fn response(value: &mut Value, produces: &[String], shared: &Shared) {
    let Value::Object(response) = value else { return };
    if response.contains_key("$ref") {
        return;
    }
    if let Some(Value::Object(headers)) = response.get_mut("headers") {
        headers.values_mut().for_each(|header| {
            if let Value::Object(header) = header {
                parameters2::move_schema(header);
            }
        });
    }
    let schema = take(response, "schema");
    let mut examples = take_object(response, "examples").unwrap_or_default();
    if schema.is_none() && examples.is_empty() {
        return;
    }
    let mut types: Vec<String> = produces.to_vec();
    types.extend(examples.keys().filter(|name| !produces.contains(name)).cloned());
    let mut content = Map::new();
    for name in types {
        let mut media = Map::new();
        if let Some(schema) = schema.as_ref().and_then(|schema| shared.copy(schema)) {
            media.insert("schema".to_owned(), schema);
        }
        if let Some(example) = take(&mut examples, &name) {
            media.insert("example".to_owned(), example);
        }
        content.insert(name, Value::Object(media));
    }
    response.insert("content".to_owned(), Value::Object(content));
}

/// References of 2.0 name other places.
fn rewrite_references(value: &mut Value, shared: &Shared) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| rewrite_references(item, shared)),
        Value::Object(map) => {
            for (field, value) in map.iter_mut() {
                match value {
                    Value::String(reference) if field == "$ref" => {
                        if let Some(moved) = moved(reference, shared) {
                            *reference = moved;
                        }
                    }
                    value => rewrite_references(value, shared),
                }
            }
        }
        _ => {}
    }
}

fn moved(reference: &str, shared: &Shared) -> Option<String> {
    if let Some(rest) = reference.strip_prefix("#/definitions/") {
        return Some(format!("#/components/schemas/{rest}"));
    }
    if let Some(rest) = reference.strip_prefix("#/responses/") {
        return Some(format!("#/components/responses/{rest}"));
    }
    let rest = reference.strip_prefix("#/parameters/")?;
    let section = if shared.is_body(rest) {
        "requestBodies"
    } else {
        "parameters"
    };
    Some(format!("#/components/{section}/{rest}"))
}
