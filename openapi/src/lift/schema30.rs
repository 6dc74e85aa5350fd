//! Schemas of 3.0 (and of 2.0, which are a subset) to JSON Schema 2020-12.

use serde_json::{Map, Value};

use super::take;

/// Lifts one schema object; its subschemas are visited on their own.
pub(super) fn lift(schema: &mut Map<String, Value>) {
    nullable(schema);
    exclusive(schema, "exclusiveMinimum", "minimum");
    exclusive(schema, "exclusiveMaximum", "maximum");
    if schema.get("type").is_some_and(|kind| kind == "file") {
        schema.insert("type".to_owned(), "string".into());
        schema.insert("format".to_owned(), "binary".into());
    }
    if !schema.contains_key("examples")
        && let Some(example) = take(schema, "example")
    {
        schema.insert("examples".to_owned(), Value::Array(vec![example]));
    }
    // 2.0 has the bare name of the property.
    if let Some(Value::String(name)) = schema.get("discriminator") {
        let property = Value::String(name.clone());
        schema.insert(
            "discriminator".to_owned(),
            Value::Object(Map::from_iter([("propertyName".to_owned(), property)])),
        );
    }
}

/// `nullable` beside a type becomes a second type. Without a type (beside `$ref` or `allOf`) 3.1 has no keyword that means
/// the same in place, so it stays.
fn nullable(schema: &mut Map<String, Value>) {
    let field = if schema.contains_key("nullable") {
        "nullable"
    } else {
        "x-nullable"
    };
    let Some(is_nullable) = schema.get(field).and_then(Value::as_bool) else {
        return;
    };
    match schema.get_mut("type") {
        Some(kind @ Value::String(_)) if is_nullable => {
            let types = vec![kind.take(), "null".into()];
            *kind = Value::Array(types);
            take(schema, field);
        }
        _ if !is_nullable => {
            take(schema, field);
        }
        _ if field == "x-nullable" => {
            schema.insert("nullable".to_owned(), true.into());
        }
        _ => {}
    }
}

/// `minimum: 5, exclusiveMinimum: true` becomes `exclusiveMinimum: 5`.
fn exclusive(schema: &mut Map<String, Value>, flag: &str, bound: &str) {
    match schema.get(flag) {
        Some(Value::Bool(true)) => match take(schema, bound) {
            Some(limit) => {
                schema.insert(flag.to_owned(), limit);
            }
            None => {
                take(schema, flag);
            }
        },
        Some(Value::Bool(false)) => {
            take(schema, flag);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keywords_of_30_become_those_of_31() {
        for (name, from, to) in [
            (
                "nullable",
                json!({"type": "string", "nullable": true}),
                json!({"type": ["string", "null"]}),
            ),
            (
                "not nullable",
                json!({"type": "string", "nullable": false}),
                json!({"type": "string"}),
            ),
            (
                "nullable reference",
                json!({"$ref": "#/x", "nullable": true}),
                json!({"$ref": "#/x", "nullable": true}),
            ),
            (
                "x-nullable",
                json!({"type": "string", "x-nullable": true}),
                json!({"type": ["string", "null"]}),
            ),
            (
                "exclusive",
                json!({"minimum": 5, "exclusiveMinimum": true}),
                json!({"exclusiveMinimum": 5}),
            ),
            (
                "inclusive",
                json!({"maximum": 5, "exclusiveMaximum": false}),
                json!({"maximum": 5}),
            ),
            ("exclusive without bound", json!({"exclusiveMaximum": true}), json!({})),
            (
                "file",
                json!({"type": "file"}),
                json!({"type": "string", "format": "binary"}),
            ),
            ("example", json!({"example": null}), json!({"examples": [null]})),
            (
                "discriminator",
                json!({"discriminator": "kind"}),
                json!({"discriminator": {"propertyName": "kind"}}),
            ),
            (
                "malformed",
                json!({"nullable": 1, "type": 2, "minimum": "x"}),
                json!({"nullable": 1, "type": 2, "minimum": "x"}),
            ),
        ] {
            let Value::Object(mut schema) = from else {
                unreachable!()
            };
            lift(&mut schema);
            assert_eq!(Value::Object(schema), to, "{name}");
        }
    }
}
