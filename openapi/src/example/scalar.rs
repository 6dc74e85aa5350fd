//! Texts, numbers and booleans that fit their keywords. Patterns are not solved.

use serde_json::{Number, Value};

use crate::schema::Merged;

/// A scalar of this JSON Schema type.
pub(super) fn value(schema: &Merged<'_>, kind: &str) -> Value {
    match kind {
        "string" => Value::String(text(schema)),
        "integer" => number(schema, true),
        "number" => number(schema, false),
        "boolean" => Value::Bool(true),
        _ => Value::Null,
    }
}

/// Addresses and ids reserved for documentation (RFC 2606, 5737, 3849).
fn of_format(format: &str) -> Option<&'static str> {
    Some(match format {
        "date" => "2026-01-15",
        "date-time" => "2026-01-15T09:30:00Z",
        "time" => "09:30:00Z",
        "duration" => "PT1H",
        "email" | "idn-email" => "user@example.com",
        "hostname" | "idn-hostname" => "api.example.com",
        "ipv4" | "ip" => "192.0.2.1",
        "ipv6" => "2001:db8::1",
        "uri" | "url" | "iri" => "https://example.com",
        "uri-reference" | "iri-reference" => "/path",
        "uri-template" => "/items/{id}",
        "uuid" => "6f1c2e4a-9b7d-4c3e-8a5f-0d1e2f3a4b5c",
        "byte" | "base64" | "base64url" => "dHVybnBpa2U=",
        "json-pointer" => "/a/0",
        "regex" => "^[a-z]+$",
        "password" => "correct horse battery staple",
        "phone" => "+15555550100",
        _ => return None,
    })
}

fn text(schema: &Merged<'_>) -> String {
    if let Some(text) = schema.text("format").and_then(of_format) {
        return text.to_owned();
    }
    let bound = |keyword: &str| schema.get(keyword).and_then(Value::as_u64);
    let mut text = "string".to_owned();
    let least = bound("minLength").unwrap_or(0).min(200) as usize;
    while text.len() < least {
        text.push_str("string");
    }
    if least > 6 {
        text.truncate(least);
    }
    if let Some(most) = bound("maxLength").filter(|most| *most < text.len() as u64) {
        text.truncate(most as usize);
    }
    text
}

fn number(schema: &Merged<'_>, is_integer: bool) -> Value {
    let bound = |keyword: &str| {
        schema
            .get(keyword)
            .and_then(Value::as_f64)
            .filter(|bound| bound.abs() < 1e15)
    };
    let step = bound("multipleOf").filter(|step| *step > 0.0);
    let unit = step.unwrap_or(1.0);
    let lower = match (bound("minimum"), bound("exclusiveMinimum")) {
        (least, Some(above)) if least.is_none_or(|least| above >= least) => Some(above + unit),
        (least, _) => least,
    };
    let upper = match (bound("maximum"), bound("exclusiveMaximum")) {
        (most, Some(below)) if most.is_none_or(|most| below <= most) => Some(below - unit),
        (most, _) => most,
    };
    let mut number = lower.unwrap_or_else(|| upper.map_or(1.0, |upper| upper.min(1.0)));
    if let Some(step) = step {
        let up = (number / step).ceil() * step;
        number = if upper.is_some_and(|upper| up > upper) {
            (number / step).floor() * step
        } else {
            up
        };
    }
    if is_integer || number.fract() == 0.0 {
        return Value::Number((number.ceil() as i64).into());
    }
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::schema::Direction;

    #[test]
    fn scalars_fit_their_bounds() {
        let document = json!({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {}});
        let doc = crate::read(document.to_string().as_bytes(), &crate::Limits::default()).unwrap();
        for (schema, expected) in [
            (json!({"type": "integer"}), json!(1)),
            (json!({"type": "integer", "minimum": 50, "maximum": 99}), json!(50)),
            (json!({"type": "integer", "exclusiveMinimum": 5}), json!(6)),
            (json!({"type": "integer", "maximum": -3}), json!(-3)),
            (json!({"type": "integer", "minimum": 10, "multipleOf": 7}), json!(14)),
            (json!({"type": "number", "minimum": 0.5}), json!(0.5)),
            (json!({"type": "number", "minimum": -1e300}), json!(1)),
            (json!({"type": "string", "minLength": 8}), json!("stringst")),
            (json!({"type": "string", "maxLength": 3}), json!("str")),
            (
                json!({"type": "string", "format": "uuid"}),
                json!("6f1c2e4a-9b7d-4c3e-8a5f-0d1e2f3a4b5c"),
            ),
        ] as [(Value, Value); 10]
        {
            assert_eq!(
                crate::example::for_schema(&doc, &schema, Direction::Request),
                expected,
                "{schema}"
            );
        }
    }
}
