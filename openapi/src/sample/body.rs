//! The body of a sample request.

use serde_json::{Map, Value};

use super::{GivenBody, SampleBody, SampleOptions, SamplePart, first_value, style, xml};
use crate::example;
use crate::model::Document;
use crate::operation::{MediaType, Operation};
use crate::reference::percent_decode;
use crate::schema::{Direction, Merged};

/// The media type and body of a sample: the type that was asked for, or the one that is easiest to write.
pub(super) fn of<'d>(operation: &Operation<'d>, options: &SampleOptions<'_>) -> Option<(&'d str, SampleBody)> {
    let doc = operation.document();
    let body = operation.request_body()?;
    let method = operation.entry().method.as_str();
    let is_usual = ["POST", "PUT", "PATCH", "QUERY"].contains(&method);
    // Nothing can send a body with these (RFC 9110 §9.3.2, §9.3.8).
    let is_impossible = ["HEAD", "TRACE"].contains(&method);
    let is_wanted = match options.body {
        GivenBody::Example => body.required || is_usual,
        GivenBody::Nothing => false,
        GivenBody::Value(_) | GivenBody::Text(_) => true,
    };
    if !is_wanted || is_impossible {
        return None;
    }
    let asked_for = body.content.iter().find(|media| Some(media.name) == options.media_type);
    let media = asked_for.or_else(|| body.content.iter().min_by_key(|media| effort(media.name)))?;
    let name = match media.name {
        "*/*" | "application/*" => "application/json",
        "text/*" => "text/plain",
        name if name.ends_with("/*") => "application/octet-stream",
        name => name,
    };
    let value = match options.body {
        GivenBody::Text(text) => return Some((name, given_text(media.name, text))),
        GivenBody::Value(value) => value.clone(),
        GivenBody::Example | GivenBody::Nothing => value(doc, media),
    };
    let body = match effort(media.name) {
        0 => SampleBody::Json(value),
        1 => form(&value, media),
        2 => multipart(doc, media, &value),
        3 => text(doc, media, value),
        _ => SampleBody::File(file_name("body", media.name)),
    };
    Some((name, body))
}

/// A text that the caller wrote; JSON keeps its type, so that code can show it as such.
fn given_text(media_type: &str, text: &str) -> SampleBody {
    match serde_json::from_str(text) {
        Ok(value) if effort(media_type) == 0 => SampleBody::Json(value),
        _ => SampleBody::Text(text.to_owned()),
    }
}

fn effort(name: &str) -> u8 {
    let essence = name.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        "application/json" | "*/*" | "application/*" => 0,
        name if name.ends_with("+json") || name == "text/json" => 0,
        "application/x-www-form-urlencoded" => 1,
        "multipart/form-data" => 2,
        name if name.starts_with("text/") || is_xml(name) || name.contains("yaml") || name.contains("json") => 3,
        _ => 4,
    }
}

fn is_xml(name: &str) -> bool {
    let essence = name.split(';').next().unwrap_or_default().trim();
    essence.ends_with("/xml") || essence.ends_with("+xml")
}

fn value(doc: &Document, media: &MediaType<'_>) -> Value {
    first_value(&media.examples)
        .cloned()
        .or_else(|| {
            let schema = media.schema.or(media.item_schema)?;
            Some(example::for_schema(doc, schema, Direction::Request))
        })
        .unwrap_or_else(|| Value::Object(Map::new()))
}

/// Text as it is; where the value is none, XML as the schema says, JSON Lines for streams of JSON, and a file for all else.
fn text(doc: &Document, media: &MediaType<'_>, value: Value) -> SampleBody {
    match value {
        Value::String(text) => SampleBody::Text(text),
        value if is_xml(media.name) => match media.schema {
            Some(schema) => SampleBody::Text(xml::document(doc, schema, &value)),
            None => SampleBody::File("body.xml".to_owned()),
        },
        Value::Object(map) if map.is_empty() => SampleBody::File("body.txt".to_owned()),
        Value::Array(items) if media.name.contains("json") => {
            SampleBody::Text(items.iter().map(|item| item.to_string() + "\n").collect())
        }
        value if media.name.contains("json") => SampleBody::Text(value.to_string() + "\n"),
        value if media.name.starts_with("text/") => SampleBody::Text(value.to_string()),
        _ => SampleBody::File("body.txt".to_owned()),
    }
}

fn form(value: &Value, media: &MediaType<'_>) -> SampleBody {
    let map = value.as_object();
    SampleBody::Form(map.map(|map| fields(map, media.encoding)).unwrap_or_default())
}

/// The fields of a form, as the `encoding` of each says (3.1.1 §4.8.15); without one, lists repeat and objects are JSON.
pub(super) fn fields(map: &Map<String, Value>, encoding: Option<&Value>) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    for (name, value) in map {
        let own = encoding.and_then(|encoding| encoding.get(name));
        let has_style = own.is_some_and(|own| {
            ["style", "explode", "allowReserved"]
                .iter()
                .any(|field| own.get(field).is_some())
        });
        let is_scalar = |item: &Value| !item.is_object() && !item.is_array();
        match (value, own) {
            (Value::Object(_) | Value::Array(_), Some(own)) if has_style => {
                let style = own.get("style").and_then(Value::as_str).unwrap_or("form");
                let explode = own.get("explode").and_then(Value::as_bool).unwrap_or(style == "form");
                let pairs = style::pairs_in_query(name, (style, explode, false), value);
                // The sender encodes, so what the style encoded is taken back.
                fields.extend(pairs.iter().map(|pair| {
                    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                    (percent_decode(name).into_owned(), percent_decode(value).into_owned())
                }));
            }
            (Value::Array(items), _) if items.iter().all(is_scalar) => {
                fields.extend(items.iter().map(|item| (name.clone(), style::scalar(item))));
            }
            (value, _) => fields.push((name.clone(), style::scalar(value))),
        }
    }
    fields
}

fn multipart(doc: &Document, media: &MediaType<'_>, values: &Value) -> SampleBody {
    let schema = media.schema.map(|schema| Merged::of(doc, &[schema]));
    let properties = schema.as_ref().map(Merged::properties).unwrap_or_default();
    let mut parts = Vec::new();
    for (name, value) in values.as_object().into_iter().flatten() {
        let property = properties
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, schemas)| Merged::of(doc, schemas));
        let item = property
            .as_ref()
            .and_then(|property| property.get("items"))
            .map(|items| Merged::of(doc, &[items]));
        let encoding = media.encoding.and_then(|encoding| encoding.get(name));
        let media_type = encoding
            .and_then(|own| own.get("contentType")?.as_str())
            // Of several types, the first that is one.
            .and_then(|types| types.split(',').map(str::trim).find(|kind| !kind.is_empty() && !kind.contains('*')))
            .map(super::encode::header);
        let is_file = [&property, &item].into_iter().flatten().any(is_binary);
        if is_file {
            let file = file_name("file", media_type.as_deref().unwrap_or_default());
            parts.push(SamplePart::File {
                name: name.clone(),
                file,
                media_type,
            });
            continue;
        }
        // Each item of a list is a part of its own (3.1.1 §4.8.15.1.1).
        let items = match value {
            Value::Array(items) => items.iter().collect(),
            value => vec![value],
        };
        parts.extend(items.into_iter().map(|value| {
            let is_json = value.is_object() || value.is_array();
            SamplePart::Field {
                name: name.clone(),
                value: style::scalar(value),
                media_type: media_type
                    .clone()
                    .or_else(|| is_json.then(|| "application/json".to_owned())),
            }
        }));
    }
    SampleBody::Multipart(parts)
}

fn is_binary(schema: &Merged<'_>) -> bool {
    schema.text("format").is_some_and(|format| format == "binary")
        || schema
            .text("contentMediaType")
            .is_some_and(|name| !name.starts_with("text/") && !name.contains("json"))
}

/// A file with the usual ending of its media type.
fn file_name(stem: &str, media_type: &str) -> String {
    const ENDINGS: [(&str, &str); 12] = [
        ("image/png", "png"),
        ("image/jpeg", "jpg"),
        ("image/gif", "gif"),
        ("image/svg+xml", "svg"),
        ("image/webp", "webp"),
        ("application/pdf", "pdf"),
        ("application/zip", "zip"),
        ("application/gzip", "gz"),
        ("text/csv", "csv"),
        ("text/plain", "txt"),
        ("audio/mpeg", "mp3"),
        ("video/mp4", "mp4"),
    ];
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    let known = ENDINGS.iter().find(|(known, _)| known.eq_ignore_ascii_case(essence));
    format!("{stem}.{}", known.map_or("bin", |(_, ending)| ending))
}
