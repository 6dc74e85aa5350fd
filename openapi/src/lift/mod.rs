//! From any version to the shape of OpenAPI 3.1, in place: values are moved, not copied, and what isn't understood stays
//! where it is.
//!
//! 2.0 is first brought to the shape of 3.0 ([`swagger2`]), then both to 3.1 ([`schema30`]). 3.1 and 3.2 stay as they are:
//! what 3.2 adds is read by name, and no 3.1 document means anything else by those names.

mod parameters2;
mod schema30;
mod security2;
mod swagger2;
#[cfg(test)]
mod tests;
mod walk;

use serde_json::{Map, Value};

use crate::model::Format;

pub(crate) use walk::{SCHEMA_FIELDS, SCHEMA_LISTS, SCHEMA_MAPS};

/// The version a lifted document claims.
const LIFTED: &str = "3.1.1";

/// Brings a checked document to the shape of 3.1. Never fails: a malformed part is left as it is.
pub(crate) fn lift(root: &mut Value, format: Format) {
    info_texts(root);
    if format == Format::OpenApi20 {
        swagger2::lift(root);
    }
    if format <= Format::OpenApi30 {
        walk::schemas(root, &mut schema30::lift);
        if let Some(version) = root.get_mut("openapi") {
            *version = Value::String(LIFTED.to_owned());
        }
    }
}

/// `"version": 1.0` is meant as a text.
fn info_texts(root: &mut Value) {
    let Some(info) = root.get_mut("info") else { return };
    for field in ["title", "version", "summary", "description"] {
        if let Some(value @ (Value::Number(_) | Value::Bool(_))) = info.get_mut(field) {
            *value = Value::String(value.to_string());
        }
    }
}

/// Takes a field out, keeping the order of the others.
fn take(map: &mut Map<String, Value>, field: &str) -> Option<Value> {
    map.shift_remove(field)
}

/// Takes a field that is an object.
fn take_object(map: &mut Map<String, Value>, field: &str) -> Option<Map<String, Value>> {
    match map.get(field) {
        Some(Value::Object(_)) => match map.shift_remove(field) {
            Some(Value::Object(object)) => Some(object),
            _ => None,
        },
        _ => None,
    }
}
