//! The body of a sample request.

use serde_json::Value;

use super::{SampleBody, SamplePart, first_value, style};
use crate::example;
use crate::model::Document;
use crate::operation::{MediaType, Operation};
use crate::schema::{Direction, Merged};

/// The media type and body of a sample; the type of the document that is easiest to write.
pub(super) fn of<'d>(doc: &Document, operation: &Operation<'d>) -> Option<(&'d str, SampleBody)> {
    let body = operation.request_body()?;
    let is_usual = ["POST", "PUT", "PATCH", "QUERY"].contains(&operation.entry().method.as_str());
    if !body.required && !is_usual {
        return None;
    }
    let media = body.content.iter().min_by_key(|media| effort(media.name))?;
    let body = match effort(media.name) {
        0 => SampleBody::Json(value(doc, media)),
        1 => form(&value(doc, media)),
        2 => multipart(doc, media),
        3 => text(doc, media),
        _ => SampleBody::File("body.bin".to_owned()),
    };
    Some((
        if media.name == "*/*" {
            "application/json"
        } else {
            media.name
        },
        body,
    ))
}

fn effort(name: &str) -> u8 {
    let essence = name.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        "application/json" | "*/*" | "application/*" => 0,
        name if name.ends_with("+json") || name == "text/json" => 0,
        "application/x-www-form-urlencoded" => 1,
        "multipart/form-data" => 2,
        name if name.starts_with("text/") || name.contains("xml") || name.contains("yaml") || name.contains("json") => {
            3
        }
        _ => 4,
    }
}

fn value(doc: &Document, media: &MediaType<'_>) -> Value {
    first_value(&media.examples)
        .cloned()
        .or_else(|| {
            let schema = media.schema.or(media.item_schema)?;
            Some(example::for_schema(doc, schema, Direction::Request))
        })
        .unwrap_or_else(|| Value::Object(serde_json::Map::new()))
}

/// Text as it is; where the example is no text, JSON Lines for streams of JSON and a file for all else.
fn text(doc: &Document, media: &MediaType<'_>) -> SampleBody {
    let is_json_lines = media.name.contains("json");
    match value(doc, media) {
        Value::String(text) => SampleBody::Text(text),
        Value::Object(map) if map.is_empty() => SampleBody::File("body.txt".to_owned()),
        value if is_json_lines || media.name.starts_with("text/") => SampleBody::Text(value.to_string()),
        _ if media.name.contains("xml") => SampleBody::File("body.xml".to_owned()),
        _ => SampleBody::File("body.txt".to_owned()),
    }
}

fn form(value: &Value) -> SampleBody {
    let mut fields = Vec::new();
    for (name, value) in value.as_object().into_iter().flatten() {
        match value {
            Value::Array(items) if items.iter().all(|item| !item.is_object() && !item.is_array()) => {
                fields.extend(items.iter().map(|item| (name.clone(), style::scalar(item))));
            }
            value => fields.push((name.clone(), style::scalar(value))),
        }
    }
    SampleBody::Form(fields)
}

fn multipart(doc: &Document, media: &MediaType<'_>) -> SampleBody {
    let values = value(doc, media);
    let schema = media.schema.map(|schema| Merged::of(doc, &[schema]));
    let properties = schema.as_ref().map(Merged::properties).unwrap_or_default();
    let is_file = |name: &str| {
        properties
            .iter()
            .find(|(known, _)| *known == name)
            .is_some_and(|(_, schemas)| {
                let property = Merged::of(doc, schemas);
                let item = property.get("items").map(|items| Merged::of(doc, &[items]));
                is_binary(&property) || item.as_ref().is_some_and(is_binary)
            })
    };
    let parts = values.as_object().into_iter().flatten().map(|(name, value)| {
        if is_file(name) {
            return SamplePart::File {
                name: name.clone(),
                file: "file.bin".to_owned(),
            };
        }
        let encoding = media
            .encoding
            .and_then(|encoding| encoding.get(name)?.get("contentType")?.as_str());
        let is_json = value.is_object() || value.is_array();
        SamplePart::Field {
            name: name.clone(),
            value: style::scalar(value),
            media_type: encoding
                .map(str::to_owned)
                .or_else(|| is_json.then(|| "application/json".to_owned())),
        }
    });
    SampleBody::Multipart(parts.collect())
}

fn is_binary(schema: &Merged<'_>) -> bool {
    schema.text("format").is_some_and(|format| format == "binary")
        || schema
            .text("contentMediaType")
            .is_some_and(|name| !name.starts_with("text/") && !name.contains("json"))
}
