//! The words of Ajv.

use serde_json::{Number, Value};

/// A number as JavaScript prints it.
pub(super) fn number(number: &Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 1e21 => format!("{float:.0}"),
        _ => number.to_string(),
    }
}

/// A value as JavaScript compares it: two values are equal if their texts are.
pub(in crate::lint) fn canonical(value: &Value, text: &mut String) {
    match value {
        Value::Number(value) => text.push_str(&number(value)),
        Value::Array(items) => {
            text.push('[');
            for item in items {
                canonical(item, text);
                text.push(',');
            }
            text.push(']');
        }
        Value::Object(map) => {
            let mut members: Vec<(&String, &Value)> = map.iter().collect();
            members.sort_unstable_by_key(|(key, _)| *key);
            text.push('{');
            for (key, value) in members {
                text.push_str(&Value::from(key.as_str()).to_string());
                text.push(':');
                canonical(value, text);
                text.push(',');
            }
            text.push('}');
        }
        other => text.push_str(&other.to_string()),
    }
}

/// Whether JavaScript takes the values for equal.
pub(in crate::lint) fn are_equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| are_equal(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            let is_same = |(key, value): (&String, &Value)| right.get(key).is_some_and(|other| are_equal(value, other));
            left.len() == right.len() && left.iter().all(is_same)
        }
        _ => left == right,
    }
}
