//! Finds every schema of a 3.x document.

use serde_json::{Map, Value};

type Visit<'v> = &'v mut dyn FnMut(&mut Map<String, Value>);

/// Fields of a schema that hold one schema. `items` and `additionalItems` may hold a list of them in old drafts.
pub(crate) const SCHEMA_FIELDS: [&str; 12] = [
    "items",
    "additionalProperties",
    "not",
    "if",
    "then",
    "else",
    "contains",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
    "contentSchema",
    "additionalItems",
];
/// Fields of a schema that hold named schemas.
pub(crate) const SCHEMA_MAPS: [&str; 5] = [
    "properties",
    "patternProperties",
    "$defs",
    "definitions",
    "dependentSchemas",
];
/// Fields of a schema that hold a list of schemas.
pub(crate) const SCHEMA_LISTS: [&str; 4] = ["allOf", "oneOf", "anyOf", "prefixItems"];

/// Calls `visit` for every schema object in the places where the specification has schemas, outer ones first.
pub(super) fn schemas(root: &mut Value, visit: Visit<'_>) {
    for section in ["paths", "webhooks"] {
        each(root.get_mut(section), |item| path_item(item, visit));
    }
    let Some(components) = root.get_mut("components") else {
        return;
    };
    each(components.get_mut("schemas"), |value| schema(value, visit));
    each(components.get_mut("parameters"), |value| parameter(value, visit));
    each(components.get_mut("headers"), |value| parameter(value, visit));
    each(components.get_mut("requestBodies"), |value| content(value, visit));
    each(components.get_mut("responses"), |value| response(value, visit));
    each(components.get_mut("pathItems"), |value| path_item(value, visit));
    each(components.get_mut("callbacks"), |callback| {
        each(Some(callback), |item| path_item(item, visit));
    });
}

fn each(values: Option<&mut Value>, mut visit: impl FnMut(&mut Value)) {
    match values {
        Some(Value::Object(map)) => map.values_mut().for_each(visit),
        Some(Value::Array(items)) => items.iter_mut().for_each(&mut visit),
        _ => {}
    }
}

fn path_item(item: &mut Value, visit: Visit<'_>) {
    each(item.get_mut("parameters"), |value| parameter(value, visit));
    for method in crate::model::METHODS {
        if let Some(value) = item.get_mut(method) {
            operation(value, visit);
        }
    }
    each(item.get_mut("additionalOperations"), |value| operation(value, visit));
}

fn operation(value: &mut Value, visit: Visit<'_>) {
    each(value.get_mut("parameters"), |value| parameter(value, visit));
    if let Some(body) = value.get_mut("requestBody") {
        content(body, visit);
    }
    each(value.get_mut("responses"), |value| response(value, visit));
    each(value.get_mut("callbacks"), |callback| {
        each(Some(callback), |item| path_item(item, visit));
    });
}

fn response(value: &mut Value, visit: Visit<'_>) {
    each(value.get_mut("headers"), |value| parameter(value, visit));
    content(value, visit);
}

fn parameter(value: &mut Value, visit: Visit<'_>) {
    if let Some(value) = value.get_mut("schema") {
        schema(value, visit);
    }
    content(value, visit);
}

fn content(owner: &mut Value, visit: Visit<'_>) {
    each(owner.get_mut("content"), |media| {
        for field in ["schema", "itemSchema"] {
            if let Some(value) = media.get_mut(field) {
                schema(value, visit);
            }
        }
        each(media.get_mut("encoding"), |encoding| {
            each(encoding.get_mut("headers"), |header| parameter(header, visit));
        });
    });
}

fn schema(value: &mut Value, visit: Visit<'_>) {
    let Value::Object(map) = value else { return };
    visit(map);
    for (field, value) in map.iter_mut() {
        let field = field.as_str();
        if SCHEMA_FIELDS.contains(&field) {
            match value {
                Value::Array(_) => each(Some(value), |value| schema(value, visit)),
                value => schema(value, visit),
            }
        } else if SCHEMA_MAPS.contains(&field) || SCHEMA_LISTS.contains(&field) {
            each(Some(value), |value| schema(value, visit));
        }
    }
}
