//! Forms: `application/x-www-form-urlencoded` bodies, and the `encoding` that they share with multipart ones.

use serde_json::{Map, Value};

use super::json;
use super::query::{FieldValue, Fields, How};
use super::schema::Compiler;
use super::shape::Shape;
use super::style::Style;
use super::value::Reader;
use crate::media_type::MediaType;

/// How the properties of a form travel.
#[derive(Debug, Default)]
pub(super) struct FormRule {
    fields: Box<[(Box<str>, FieldEncoding)]>,
}

/// `encoding` of one property (3.1.1 §4.8.15).
#[derive(Debug)]
pub(super) struct FieldEncoding {
    /// The media types a part may have; empty if any may.
    pub(super) types: Box<[MediaType]>,
    how: Option<How>,
}

impl FormRule {
    pub(super) fn compile(compiler: &mut Compiler<'_>, encoding: Option<&Value>) -> Self {
        let entries = encoding.and_then(Value::as_object).into_iter().flatten();
        let fields: Vec<(Box<str>, FieldEncoding)> = entries
            .map(|(name, encoding)| {
                let text = |field: &str| encoding.get(field).and_then(Value::as_str);
                let explode = encoding.get("explode").and_then(Value::as_bool);
                let style = text("style").map(|style| Style::named(style, Style::Form));
                let how = (style.is_some() || explode.is_some()).then(|| How {
                    style: style.unwrap_or(Style::Form),
                    is_exploded: explode.unwrap_or(style.is_none_or(|style| style == Style::Form)),
                    may_be_empty: false,
                });
                let types = text("contentType").unwrap_or_default().split(',');
                let types: Vec<MediaType> = types.filter_map(MediaType::parse).collect();
                let weight: usize = types.iter().map(MediaType::weight).sum();
                compiler.charge(size_of::<FieldEncoding>() + name.len() + weight);
                let types = types.into();
                (name.as_str().into(), FieldEncoding { types, how })
            })
            .collect();
        Self { fields: fields.into() }
    }

    pub(super) fn encoding(&self, name: &str) -> Option<&FieldEncoding> {
        self.fields
            .iter()
            .find(|(known, _)| **known == *name)
            .map(|(_, encoding)| encoding)
    }

    /// Reads a form as an object of this shape.
    ///
    /// # Errors
    /// In words, if a field can't be read.
    pub(super) fn read(&self, text: &str, shape: &Shape, reader: &mut Reader<'_>) -> Result<Value, String> {
        let mut fields = Fields::parse(text);
        let mut map = Map::new();
        for (name, property) in &shape.properties {
            let encoding = self.encoding(name);
            let is_json = encoding.is_some_and(|encoding| encoding.types.iter().any(MediaType::is_json));
            let value = Self::field(name, encoding, is_json, property, &mut fields, reader);
            if let FieldValue::Value(value) = value.map_err(|problem| format!("field {name:?} {problem}"))? {
                map.insert(name.to_string(), value);
            }
        }
        for name in fields.unused() {
            let untyped = Shape::untyped();
            let shape = shape.additional.as_deref().unwrap_or(&untyped);
            let value = fields.read(&name, How::FORM, shape, &|_| true, reader);
            if let FieldValue::Value(value) = value? {
                map.insert(name, value);
            }
        }
        Ok(Value::Object(map))
    }

    fn field(
        name: &str,
        encoding: Option<&FieldEncoding>,
        is_json: bool,
        shape: &Shape,
        fields: &mut Fields<'_>,
        reader: &mut Reader<'_>,
    ) -> Result<FieldValue, String> {
        let stated = encoding.and_then(|encoding| encoding.how);
        let is_deep = (shape.is_object() || shape.is_list()) && !fields.has(name);
        // Libraries write lists and objects with brackets, whether the document says so or not.
        if stated.is_none() && is_deep && !is_json {
            let deep = How {
                style: Style::DeepObject,
                ..How::FORM
            };
            return Ok(fields.read(name, deep, shape, &|_| true, reader)?);
        }
        let holds_json = is_json || (stated.is_none() && shape.is_object() && !shape.may_be_scalar());
        if !holds_json {
            return Ok(fields.read(name, stated.unwrap_or(How::FORM), shape, &|_| true, reader)?);
        }
        match fields.read(name, How::FORM, &Shape::of_text(), &|_| true, reader)? {
            FieldValue::Value(Value::String(text)) => Ok(FieldValue::Value(json::parse(text.as_bytes())?)),
            other => Ok(other),
        }
    }
}
