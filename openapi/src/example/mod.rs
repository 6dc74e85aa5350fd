//! Values that fit a schema: what the document gives as an example, or else something made from its keywords. The same
//! document always gets the same values.

mod scalar;

use serde_json::{Map, Value};

use crate::model::{Document, weight};
use crate::reference;
use crate::schema::{Direction, Merged};

/// Values in one example.
const MOST_NODES: usize = 400;
/// Levels below which only what is required is filled in, and below which nothing is.
const FULL_DEPTH: usize = 4;
const MOST_DEPTH: usize = 10;
/// Memory that examples copied from the document may take in one value.
const MOST_BYTES: usize = 256 * 1024;
/// Items of a list, even where a schema asks for more.
const MOST_ITEMS: usize = 3;

/// A value for a schema, as it travels in this direction: properties of the other direction are left out.
///
/// It is bounded in size and depth; where that cuts something required, the value doesn't fit its schema.
pub fn for_schema(doc: &Document, schema: &Value, direction: Direction) -> Value {
    let mut builder = Builder {
        direction,
        open: Vec::new(),
        nodes_left: MOST_NODES,
        bytes_left: MOST_BYTES,
    };
    builder.value(&Merged::of(doc, &[schema]), 0)
}

struct Builder {
    direction: Direction,
    open: Vec<usize>,
    nodes_left: usize,
    bytes_left: usize,
}

impl Builder {
    fn value(&mut self, schema: &Merged<'_>, depth: usize) -> Value {
        self.nodes_left = self.nodes_left.saturating_sub(1);
        if let Some(given) = self.given(schema) {
            return given;
        }
        if self.open.contains(&schema.identity) || depth > MOST_DEPTH {
            return empty(schema);
        }
        self.open.push(schema.identity);
        let value = self.made(schema, depth);
        self.open.pop();
        value
    }

    /// What the document says is a value.
    fn given(&mut self, schema: &Merged<'_>) -> Option<Value> {
        let listed = |keyword: &str| schema.get(keyword).and_then(Value::as_array);
        let first = schema
            .get("example")
            .or_else(|| listed("examples").and_then(|examples| examples.first()))
            .or_else(|| schema.get("const"))
            .or_else(|| schema.get("default").filter(|value| !value.is_null()))
            .or_else(|| {
                listed("enum").and_then(|values| values.iter().find(|value| !value.is_null()).or(values.first()))
            })?;
        self.bytes_left = self.bytes_left.checked_sub(weight(first))?;
        Some(first.clone())
    }

    fn made(&mut self, schema: &Merged<'_>, depth: usize) -> Value {
        if schema.is_never {
            return Value::Null;
        }
        let kind = schema.kind().or_else(|| schema.types().first().copied());
        let choice = schema
            .choices()
            .into_iter()
            .next()
            .and_then(|(_, list)| list.into_iter().next());
        match (kind, choice) {
            (Some("object"), None) => self.object(schema, depth),
            (Some("object"), Some(first)) => {
                let mut value = self.object(schema, depth);
                let alternative = self.value(&Merged::of(schema.doc, &[first]), depth + 1);
                if let (Value::Object(all), Value::Object(more)) = (&mut value, alternative) {
                    all.extend(more);
                }
                discriminate(schema, first, &mut value);
                value
            }
            (None, Some(first)) => {
                let mut value = self.value(&Merged::of(schema.doc, &[first]), depth + 1);
                discriminate(schema, first, &mut value);
                value
            }
            (Some("array"), _) => self.list(schema, depth),
            (Some(kind), _) => scalar::value(schema, kind),
            (None, None) if schema.is_nullable() => Value::Null,
            (None, None) => Value::Object(Map::new()),
        }
    }

    fn list(&mut self, schema: &Merged<'_>, depth: usize) -> Value {
        let wanted = schema
            .get("minItems")
            .and_then(Value::as_u64)
            .unwrap_or(1)
            .clamp(1, MOST_ITEMS as u64) as usize;
        let fixed = schema
            .get("prefixItems")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .take(MOST_NODES);
        let mut items = Vec::new();
        for item in fixed {
            if self.nodes_left == 0 {
                break;
            }
            items.push(self.value(&Merged::of(schema.doc, &[item]), depth + 1));
        }
        let Some(item) = schema.get("items").filter(|items| items.is_object()) else {
            return Value::Array(items);
        };
        let item = Merged::of(schema.doc, &[item]);
        let is_open = self.open.contains(&item.identity);
        while items.len() < wanted && self.nodes_left > 0 && !is_open && depth < MOST_DEPTH {
            items.push(self.value(&item, depth + 1));
        }
        Value::Array(items)
    }

    fn object(&mut self, schema: &Merged<'_>, depth: usize) -> Value {
        let required = schema.required();
        let mut object = Map::new();
        for (name, schemas) in schema.properties() {
            if self.nodes_left == 0 {
                break;
            }
            let property = Merged::of(schema.doc, &schemas);
            let is_required = required.contains(name);
            let is_hidden = match self.direction {
                Direction::Request => property.flag("readOnly"),
                Direction::Response => property.flag("writeOnly"),
            };
            let is_spare = depth >= FULL_DEPTH || property.flag("deprecated") || self.open.contains(&property.identity);
            if !is_hidden && (is_required || !is_spare) {
                object.insert(name.to_owned(), self.value(&property, depth + 1));
            }
        }
        if object.is_empty()
            && depth < FULL_DEPTH
            && let Some(values) = schema.get("additionalProperties").filter(|values| values.is_object())
        {
            let values = Merged::of(schema.doc, &[values]);
            if !self.open.contains(&values.identity) {
                object.insert("name".to_owned(), self.value(&values, depth + 1));
            }
        }
        Value::Object(object)
    }
}

/// The smallest value, where a schema contains itself.
fn empty(schema: &Merged<'_>) -> Value {
    match schema.kind() {
        _ if schema.is_nullable() => Value::Null,
        Some("array") => Value::Array(Vec::new()),
        Some("object") | None => Value::Object(Map::new()),
        Some(kind) => scalar::value(schema, kind),
    }
}

/// Sets the property that tells alternatives apart to what stands for the one chosen.
fn discriminate(schema: &Merged<'_>, chosen: &Value, value: &mut Value) {
    let Some(discriminator) = schema.get("discriminator") else {
        return;
    };
    let Some(property) = discriminator.get("propertyName").and_then(Value::as_str) else {
        return;
    };
    let Some(target) = reference::of(chosen) else { return };
    let name = reference::component_name(target);
    let mapping = discriminator
        .get("mapping")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    let mapped = mapping
        .filter_map(|(key, mapped)| Some((key, mapped.as_str()?)))
        .find(|(_, mapped)| *mapped == target || Some(*mapped) == name.as_deref())
        .map(|(key, _)| key.clone());
    if let (Value::Object(object), Some(name)) = (value, mapped.or(name)) {
        object.insert(property.to_owned(), Value::String(name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn examples_of_schemas() {
        let document = json!({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {}, "components": {"schemas": {
            "Pet": {"type": "object", "required": ["id", "kind"], "properties": {
                "id": {"type": "integer", "readOnly": true}, "kind": {"type": "string"}, "name": {"type": "string", "example": "Rex"},
                "parent": {"$ref": "#/components/schemas/Pet"}, "friends": {"type": "array", "items": {"$ref": "#/components/schemas/Pet"}},
                "old": {"type": "string", "deprecated": true}}},
            "Any": {"oneOf": [{"$ref": "#/components/schemas/Pet"}], "discriminator": {"propertyName": "kind"}},
            "Choice": {"oneOf": [{"$ref": "#/components/schemas/Pet"}, {"type": "string"}],
                "discriminator": {"propertyName": "kind", "mapping": {"pet": "#/components/schemas/Pet"}}},
        }}});
        let doc = crate::read(document.to_string().as_bytes(), &crate::Limits::default()).unwrap();
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
}
