//! `duplicated-entry-in-enum` and `typed-enum`.

use std::collections::HashMap;

use serde_json::Value;

use crate::lint::collector::Collector;
use crate::lint::json_schema::canonical;
use crate::lint::view::View;
use crate::lint::walk::{Key, Visit};
use crate::model::Format;

pub(super) fn check(view: &View<'_>, visit: &Visit<'_, '_>, collector: &mut Collector) {
    let Some(Value::Array(values)) = view.get(visit.value, "enum") else {
        return;
    };
    if visit.key != Key::Properties
        && let Some((first, second)) = duplicates(view, values)
    {
        let message =
            format!("\"enum\" property must not have duplicate items (items ## {first} and {second} are identical)");
        collector.add("duplicated-entry-in-enum", view.closest(visit.place, ["enum"]), message);
    }
    let types: Vec<&str> = match view.get(visit.value, "type") {
        Some(Value::String(name)) if !name.is_empty() => vec![name],
        Some(Value::Array(names)) => {
            let names: Option<Vec<&str>> = names.iter().map(Value::as_str).collect();
            let Some(names) = names else { return };
            names
        }
        _ => return,
    };
    let flag = |key: &str| view.get(visit.value, key).is_some_and(|flag| *flag == true);
    let is_nullable = match collector.format() {
        Format::OpenApi20 => flag("x-nullable"),
        Format::OpenApi30 => flag("nullable"),
        _ => false,
    };
    let is_whole_wanted = types.contains(&"integer");
    let mut words = types.join(",");
    if is_nullable {
        words.push_str(",null");
    }
    for (index, value) in values.iter().enumerate() {
        let value = view.value(value);
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(number) => {
                let is_whole = number.as_f64().is_some_and(|number| number.fract() == 0.0);
                if is_whole && is_whole_wanted {
                    "integer"
                } else {
                    "number"
                }
            }
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        if types.contains(&kind) || (is_nullable && kind == "null") {
            continue;
        }
        let printed = match value {
            Value::Array(_) => "Array[]".to_owned(),
            Value::Object(_) => "Object{}".to_owned(),
            other => other.to_string(),
        };
        let path = view.closest(visit.place, ["enum", &index.to_string()]);
        collector.add("typed-enum", path, format!("Enum value {printed} must be \"{words}\"."));
    }
}

fn duplicates(view: &View<'_>, values: &[Value]) -> Option<(usize, usize)> {
    let mut known: HashMap<String, usize> = HashMap::with_capacity(values.len());
    let mut last = None;
    for (index, value) in values.iter().enumerate() {
        let mut text = String::new();
        canonical(view.value(value), &mut text);
        if let Some(earlier) = known.insert(text, index) {
            last = Some((earlier, index));
        }
    }
    last
}
