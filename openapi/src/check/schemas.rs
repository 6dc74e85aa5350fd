//! Schemas: the shapes of their keywords, types and references.

use serde_json::{Map, Value};

use super::place::shortened;
use super::{Checker, Kind, Place};
use crate::diagnostics::Severity;
use crate::lift::{SCHEMA_FIELDS, SCHEMA_LISTS, SCHEMA_MAPS};
use crate::model::Format;

const TYPES: [&str; 7] = ["array", "boolean", "integer", "null", "number", "object", "string"];

impl<'d> Checker<'d, '_> {
    pub(super) fn schema(&mut self, value: &'d Value, place: &Place<'_>) {
        let Some(schema) = value.as_object() else {
            if !(value.is_boolean() && self.format >= Format::OpenApi31) {
                self.wrong_type(place, Kind::Object, value);
            }
            return;
        };
        let is_reference = self.reference(schema, value, place);
        if is_reference && schema.len() > 1 && self.format <= Format::OpenApi30 {
            self.ref_siblings(schema, place);
        }
        self.anchors_of(schema, place);
        self.keywords(schema, place);
        self.xml(schema, place);
        for (field, value) in schema {
            let name = field.as_str();
            let place = place.key(field);
            if SCHEMA_FIELDS.contains(&name) {
                self.single(name, value, &place);
            } else if SCHEMA_MAPS.contains(&name) {
                match value {
                    Value::Object(map) => map
                        .iter()
                        .for_each(|(name, value)| self.schema(value, &place.key(name))),
                    other => self.wrong_type(&place, Kind::Object, other),
                }
            } else if SCHEMA_LISTS.contains(&name) {
                match value {
                    Value::Array(items) => {
                        items
                            .iter()
                            .enumerate()
                            .for_each(|(at, value)| self.schema(value, &place.index(at)));
                    }
                    other => self.wrong_type(&place, Kind::List, other),
                }
            }
        }
    }

    fn single(&mut self, name: &str, value: &'d Value, place: &Place<'_>) {
        match value {
            Value::Bool(_) if name == "additionalProperties" => {}
            // The form of old drafts; `prefixItems` took its place.
            Value::Array(items) if name == "items" => {
                self.warn(
                    "schema-items",
                    place,
                    "a list of schemas in `items` is written `prefixItems` since 3.1",
                );
                items
                    .iter()
                    .enumerate()
                    .for_each(|(at, value)| self.schema(value, &place.index(at)));
            }
            value => self.schema(value, place),
        }
    }

    fn ref_siblings(&mut self, schema: &Map<String, Value>, place: &Place<'_>) {
        let is_ignored = |field: &&String| field.as_str() != "$ref" && !field.starts_with("x-");
        let names: Vec<String> = schema
            .keys()
            .filter(is_ignored)
            .take(5)
            .map(|field| format!("`{}`", shortened(field)))
            .collect();
        if names.is_empty() {
            return;
        }
        let message = format!("{} beside `$ref` has no meaning in this version", names.join(", "));
        // Texts are widely written there, and are shown; other keywords would change what is valid.
        let is_text = |field: &String| ["$ref", "description", "summary", "title"].contains(&field.as_str());
        let is_mild = schema.keys().all(is_text);
        self.report(
            if is_mild { Severity::Info } else { Severity::Warning },
            "no-$ref-siblings",
            place,
            message,
        );
    }

    fn anchors_of(&mut self, schema: &Map<String, Value>, place: &Place<'_>) {
        if self.format < Format::OpenApi31 {
            return;
        }
        for field in ["$anchor", "$dynamicAnchor"] {
            if let Some(name) = schema.get(field).and_then(Value::as_str) {
                self.anchors
                    .by_name
                    .entry(name.to_owned())
                    .or_insert_with(|| place.pointer());
            }
        }
        if let Some(id) = schema.get("$id").and_then(Value::as_str).filter(|id| !id.is_empty()) {
            self.anchors
                .by_id
                .entry(id.trim_end_matches('#').to_owned())
                .or_insert_with(|| place.pointer());
        }
    }

    /// The keywords of a schema that aren't schemas; in 2.0 parameters and headers have them too.
    pub(super) fn keywords(&mut self, schema: &'d Map<String, Value>, place: &Place<'_>) {
        for (field, value) in schema {
            let name = field.as_str();
            let here = place.key(field);
            match name {
                "type" => self.schema_type(value, &here),
                // A parameter of 2.0 has its own `required`.
                "required" if !(self.is_20() && schema.contains_key("in")) => self.texts(value, &here),
                "enum" => self.values(schema, value, &here),
                "minimum" | "maximum" if !value.is_number() => self.bad_number(&here, "a number"),
                "exclusiveMinimum" | "exclusiveMaximum" => {
                    let is_right = if self.format <= Format::OpenApi30 {
                        value.is_boolean()
                    } else {
                        value.is_number()
                    };
                    if !is_right {
                        let expected = if self.format <= Format::OpenApi30 {
                            "true or false"
                        } else {
                            "a number"
                        };
                        self.bad_number(&here, expected);
                    }
                }
                "multipleOf" if !value.as_f64().is_some_and(|number| number > 0.0) => {
                    self.bad_number(&here, "a number above zero");
                }
                "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties"
                    if !value
                        .as_f64()
                        .is_some_and(|number| number >= 0.0 && number.fract() == 0.0) =>
                {
                    self.bad_number(&here, "a whole number from zero");
                }
                "title" | "description" | "format" | "pattern" if !value.is_string() => {
                    self.wrong_type(&here, Kind::Text, value);
                }
                "nullable" | "readOnly" | "writeOnly" | "deprecated" | "uniqueItems" if !value.is_boolean() => {
                    self.wrong_type(&here, Kind::Flag, value);
                }
                _ => {}
            }
        }
        if self.format <= Format::OpenApi30
            && schema.get("type").is_some_and(|kind| kind == "array")
            && !schema.contains_key("items")
        {
            self.warn(
                "array-items",
                place,
                "a schema of type array needs `items` in this version",
            );
        }
    }

    fn bad_number(&mut self, place: &Place<'_>, expected: &str) {
        self.error("schema-number", place, format!("{} must be {expected}", place.label()));
    }

    fn schema_type(&mut self, value: &Value, place: &Place<'_>) {
        let is_old = self.format <= Format::OpenApi30;
        match value {
            Value::String(name) => {
                let is_known = match name.as_str() {
                    "null" => !is_old,
                    "file" => self.is_20(),
                    name => TYPES.contains(&name),
                };
                if !is_known {
                    self.error(
                        "schema-type",
                        place,
                        format!("`{}` is not a type in this version", shortened(name)),
                    );
                }
            }
            Value::Array(names) if !is_old => {
                let is_known = |name: &Value| name.as_str().is_some_and(|name| TYPES.contains(&name));
                if names.is_empty() || !names.iter().all(is_known) {
                    self.error("schema-type", place, "not all of these are types");
                }
            }
            Value::Array(_) => self.error(
                "schema-type",
                place,
                "more than one type is possible from OpenAPI 3.1 on",
            ),
            other => self.wrong_type(place, Kind::Text, other),
        }
    }

    fn texts(&mut self, value: &Value, place: &Place<'_>) {
        let Some(items) = value.as_array() else {
            self.wrong_type(place, Kind::List, value);
            return;
        };
        if let Some(at) = items.iter().position(|item| !item.is_string()) {
            self.wrong_type(&place.index(at), Kind::Text, &items[at]);
        }
    }

    /// `enum` values must fit the type, or they can never occur.
    fn values(&mut self, schema: &Map<String, Value>, value: &Value, place: &Place<'_>) {
        let Some(values) = value.as_array() else {
            self.wrong_type(place, Kind::List, value);
            return;
        };
        let Some(kind) = schema.get("type").and_then(Value::as_str) else {
            return;
        };
        let fits = |value: &Value| match kind {
            "string" => value.is_string(),
            "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            _ => true,
        };
        if let Some(at) = values.iter().position(|value| !value.is_null() && !fits(value)) {
            self.warn(
                "typed-enum",
                &place.index(at),
                format!("the value is not of the type {kind}"),
            );
        }
    }
}
