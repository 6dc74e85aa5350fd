use serde_json::{Value, json};

use super::*;

fn read(schemas: Value) -> Document {
    let document = json!({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {}, "components": {"schemas": schemas}});
    crate::read(document.to_string().as_bytes(), &crate::Limits::default()).unwrap()
}

#[test]
fn examples_of_schemas() {
    let doc = read(json!({
        "Pet": {"type": "object", "required": ["id", "kind"], "properties": {
            "id": {"type": "integer", "readOnly": true}, "kind": {"type": "string"}, "name": {"type": "string", "example": "Rex"},
            "parent": {"$ref": "#/components/schemas/Pet"}, "friends": {"type": "array", "items": {"$ref": "#/components/schemas/Pet"}},
            "old": {"type": "string", "deprecated": true}}},
        "Any": {"oneOf": [{"$ref": "#/components/schemas/Pet"}], "discriminator": {"propertyName": "kind"}},
        "Choice": {"oneOf": [{"$ref": "#/components/schemas/Pet"}, {"type": "string"}],
            "discriminator": {"propertyName": "kind", "mapping": {"pet": "#/components/schemas/Pet"}}},
    }));
    let pet = json!({"$ref": "#/components/schemas/Pet"});
    for (schema, direction, expected) in [
        (
            pet.clone(),
            Direction::Request,
            json!({"kind": "string", "name": "Rex", "friends": []}),
        ),
        (
            pet,
            Direction::Response,
            json!({"id": 1, "kind": "string", "name": "Rex", "friends": []}),
        ),
        (
            json!({"$ref": "#/components/schemas/Choice"}),
            Direction::Request,
            json!({"kind": "pet", "name": "Rex", "friends": []}),
        ),
        (
            json!({"type": "array", "items": {"type": "string", "format": "date"}}),
            Direction::Request,
            json!(["2026-01-15"]),
        ),
        (
            json!({"type": "object", "additionalProperties": {"type": "boolean"}}),
            Direction::Request,
            json!({"name": true}),
        ),
        (json!({"enum": [null, "b"]}), Direction::Request, json!("b")),
        (
            json!({"type": "string", "default": "d"}),
            Direction::Request,
            json!("d"),
        ),
        (json!({"$ref": "#/nope"}), Direction::Request, json!({})),
        (json!(true), Direction::Request, json!({})),
    ] {
        assert_eq!(for_schema(&doc, &schema, direction), expected, "{schema} {direction:?}");
    }
}

#[test]
fn scalars_fit_their_bounds() {
    let doc = read(json!({}));
    for (schema, expected) in [
        (json!({"type": "integer"}), json!(1)),
        (json!({"type": "integer", "minimum": 50, "maximum": 99}), json!(50)),
        (json!({"type": "integer", "exclusiveMinimum": 5}), json!(6)),
        (json!({"type": "integer", "maximum": -3}), json!(-3)),
        (json!({"type": "integer", "minimum": 10, "multipleOf": 7}), json!(14)),
        (json!({"type": "number", "minimum": 0.5}), json!(0.5)),
        (json!({"type": "number", "minimum": -1e300}), json!(1)),
        (
            json!({"type": "number", "exclusiveMinimum": 0, "maximum": 1, "multipleOf": 0.07}),
            json!(0.07),
        ),
        (
            json!({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}),
            json!(0.1),
        ),
        (json!({"type": "string", "minLength": 8}), json!("stringst")),
        (json!({"type": "string", "maxLength": 3}), json!("str")),
        (
            json!({"type": "string", "format": "uuid"}),
            json!("6f1c2e4a-9b7d-4c3e-8a5f-0d1e2f3a4b5c"),
        ),
        (
            json!({"type": "string", "pattern": "^[A-Z]{2}\\d{4}$"}),
            json!("AB3456"),
        ),
        (json!({"type": "string", "pattern": "^(?!a)[a-z]{3}$"}), json!("byv")),
        // A number written as text is meant as a number.
        (json!({"type": "integer", "example": "12"}), json!(12)),
        (json!({"type": "string", "example": 12}), json!("12")),
    ] {
        let made = for_schema(&doc, &schema, Direction::Request);
        assert_eq!(made, expected, "{schema}");
    }
}

#[test]
fn wrong_examples_are_not_repeated() {
    let doc = read(json!({}));
    for (schema, expected) in [
        (
            json!({"type": "string", "format": "date", "example": "tomorrow"}),
            json!("2026-01-15"),
        ),
        (json!({"type": "boolean", "default": "maybe"}), json!(true)),
        (
            json!({"type": "array", "items": {"type": "integer"}, "example": "a"}),
            json!([1]),
        ),
    ] {
        assert_eq!(for_schema(&doc, &schema, Direction::Request), expected, "{schema}");
    }
}

#[test]
fn what_combines_is_fulfilled_together() {
    let doc = read(json!({
        "Tree": {"type": "object", "required": ["left"], "properties": {"left": {"oneOf": [
            {"$ref": "#/components/schemas/Tree"}, {"type": "object", "required": ["leaf"], "properties": {"leaf": {"const": 1}}, "additionalProperties": false}]}}}
    }));
    let object = |more: Value| {
        let mut schema = json!({"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}});
        schema
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        schema
    };
    for (schema, expected) in [
        (
            object(json!({"oneOf": [{"required": ["a"]}, {"required": ["b"]}]})),
            json!({"a": "string"}),
        ),
        (object(json!({"not": {"required": ["a"]}})), json!({"b": "string"})),
        (object(json!({"not": {"required": ["a", "b"]}})), json!({"a": "string"})),
        (object(json!({"maxProperties": 1})), json!({"a": "string"})),
        (
            object(json!({"dependentRequired": {"a": ["c"]}})),
            json!({"a": "string", "c": {}, "b": "string"}),
        ),
        (
            object(
                json!({"if": {"properties": {"a": {"const": "x"}}}, "then": {"required": ["c"], "properties": {"c": {"type": "integer"}}}}),
            ),
            json!({"a": "x", "b": "string", "c": 1}),
        ),
        (
            json!({"type": "array", "items": {"type": "integer"}, "uniqueItems": true, "minItems": 3}),
            json!([1, 2, 3]),
        ),
        (
            json!({"type": "array", "contains": {"const": 5}, "minContains": 2, "items": {"type": "integer"}}),
            json!([5, 5]),
        ),
        (
            json!({"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "items": false}),
            json!(["string", 1]),
        ),
        (
            json!({"type": "object", "propertyNames": {"pattern": "^x-"}, "minProperties": 1}),
            json!({"x-": {}}),
        ),
        (
            json!({"allOf": [{"type": "number"}, {"type": "integer", "minimum": 3}, {"maximum": 3}]}),
            json!(3),
        ),
        (
            json!({"$ref": "#/components/schemas/Tree"}),
            json!({"left": {"leaf": 1}}),
        ),
    ] {
        assert_eq!(for_schema(&doc, &schema, Direction::Request), expected, "{schema}");
    }
}
