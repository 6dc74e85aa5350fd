//! Mock answers: what an operation would say, from the document's examples or else made from its schemas.
//!
//! ```
//! use openapi::mock::{self, Preference};
//!
//! let text = r#"{"openapi": "3.1.0", "info": {"title": "Pets", "version": "1"}, "paths": {"/pets/{id}": {"get": {
//!     "operationId": "getPet", "responses": {
//!         "200": {"description": "A pet", "content": {"application/json": {"examples": {
//!             "dog": {"value": {"name": "Rex"}}, "cat": {"value": {"name": "Tom"}}}}}},
//!         "404": {"description": "No such pet"}}}}}}"#;
//! let document = openapi::read(text.as_bytes(), &openapi::Limits::default())?;
//! let operation = document.operation("getPet").expect("the index lists it");
//!
//! let answer = mock::answer(&operation, &Preference::parse(["example=cat"]), None)?;
//! assert_eq!((answer.status, &answer.body[..]), (200, &br#"{"name":"Tom"}"#[..]));
//! let answer = mock::answer(&operation, &Preference::parse(["code=404"]), None)?;
//! assert_eq!((answer.status, answer.content_type), (404, None));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod preference;

use serde_json::Value;

pub use preference::Preference;

use crate::example;
use crate::media_type::MediaType;
use crate::model::Document;
use crate::operation::{Example, Header, MediaType as Listed, Operation, Response, StatusKey};
use crate::schema::Direction;

/// Headers that belong to the one who sends the answer, not to the document.
const OWN_HEADERS: [&str; 12] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "keep-alive",
    "preference-applied",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
/// Bytes of one header's value.
const MOST_HEADER: usize = 1024;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MockAnswer {
    /// Its status code.
    pub status: u16,
    /// `Content-Type`; `None` if it has no body.
    pub content_type: Option<String>,
    /// Other headers that the document describes, without those that belong to the connection, and `Preference-Applied`
    /// (RFC 7240 §3) if the consumer got what it preferred.
    pub headers: Vec<(String, String)>,
    /// Empty if the document describes none.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// The operation has no response, or none of the status that was asked for.
    #[error("the document describes no such response")]
    NoResponse,
    /// The response has no example of the name that was asked for.
    #[error("the response has no example of this name")]
    NoExample,
    /// The response has no content type that is accepted and can be written.
    #[error("the response has no content type that is acceptable")]
    NotAcceptable,
}

/// The answer of an operation.
///
/// Without a preferred status it is the lowest success that the document describes, else `default` (as 200), else the first
/// response. `accept` is the text of `Accept` (RFC 9110 §12.5.1).
///
/// # Errors
/// [`NoAnswer`] if the document has nothing like what was asked for.
pub fn answer(
    operation: &Operation<'_>,
    preference: &Preference,
    accept: Option<&str>,
) -> Result<MockAnswer, NoAnswer> {
    let doc = operation.document();
    let responses = operation.responses();
    let (status, response) = choose(&responses, preference.status).ok_or(NoAnswer::NoResponse)?;
    let mut answer = MockAnswer {
        status,
        content_type: None,
        headers: response.headers.iter().filter_map(|named| header(doc, named)).collect(),
        body: Vec::new(),
    };
    // RFC 9110 §6.4.1.
    let may_have_body = !matches!(status, 100..=199 | 204 | 304);
    if may_have_body && !response.content.is_empty() {
        let (content_type, body) = body(doc, response, preference, accept)?;
        answer.content_type = Some(content_type);
        answer.body = body;
    } else if preference.example.is_some() {
        return Err(NoAnswer::NoExample);
    }
    let applied = [
        preference.status.map(|status| format!("code={status}")),
        preference.example.as_ref().and_then(|name| applied_example(name)),
    ];
    let applied: Vec<String> = applied.into_iter().flatten().collect();
    if !applied.is_empty() {
        answer
            .headers
            .push(("Preference-Applied".to_owned(), applied.join(", ")));
    }
    Ok(answer)
}

fn applied_example(name: &str) -> Option<String> {
    crate::model::is_token(name).then(|| format!("example={name}"))
}

fn choose<'r, 'd>(responses: &'r [Response<'d>], status: Option<u16>) -> Option<(u16, &'r Response<'d>)> {
    let mut keyed: Vec<(StatusKey, &Response<'d>)> = responses
        .iter()
        .filter_map(|response| Some((StatusKey::parse(response.status)?, response)))
        // An informational answer is no answer.
        .filter(|(key, _)| !matches!(key, StatusKey::Exact(100..200) | StatusKey::Class(1)))
        .collect();
    let first = keyed.first().copied();
    keyed.sort_by_key(|(key, _)| *key);
    if let Some(status) = status {
        let found = keyed.iter().find(|(key, _)| key.describes(status))?;
        return Some((status, found.1));
    }
    let code = |key: StatusKey| match key {
        StatusKey::Exact(status) => status,
        StatusKey::Class(class) => class * 100,
        StatusKey::Default => 200,
    };
    let is_success = |key: StatusKey| key != StatusKey::Default && code(key) / 100 == 2;
    let success = keyed.iter().find(|(key, _)| is_success(*key));
    let default = keyed.iter().find(|(key, _)| *key == StatusKey::Default);
    let (key, response) = success.or(default).copied().or(first)?;
    Some((code(key), response))
}

fn body(
    doc: &Document,
    response: &Response<'_>,
    preference: &Preference,
    accept: Option<&str>,
) -> Result<(String, Vec<u8>), NoAnswer> {
    let mut failure = NoAnswer::NotAcceptable;
    for (name, media) in acceptable(&response.content, accept) {
        let Some(value) = value(doc, media, preference) else {
            failure = NoAnswer::NoExample;
            continue;
        };
        if let Some(body) = written(&name, value) {
            let content_type = if media.name.contains('*') {
                name.name()
            } else {
                media.name.to_owned()
            };
            let is_header = content_type.bytes().all(|byte| (b' '..=b'~').contains(&byte));
            return Ok((if is_header { content_type } else { name.name() }, body));
        }
    }
    Err(failure)
}

/// The media types of a response that are accepted, best first; ranges become a type that lies in them.
fn acceptable<'m, 'd>(content: &'m [Listed<'d>], accept: Option<&str>) -> Vec<(MediaType, &'m Listed<'d>)> {
    let ranges: Vec<(MediaType, f32)> = accept
        .unwrap_or("*/*")
        .split(',')
        .filter_map(|range| {
            let range = MediaType::parse(range)?;
            let quality = range.parameter("q").map_or(Ok(1.0), str::parse).unwrap_or(0.0);
            Some((range, quality))
        })
        .collect();
    let mut found: Vec<(f32, MediaType, &Listed<'d>)> = Vec::new();
    for media in content {
        let Some(listed) = MediaType::parse(media.name) else {
            continue;
        };
        let candidates: Vec<MediaType> = if listed.is_range() {
            let usual = ["application/json", "text/plain"]
                .into_iter()
                .filter_map(MediaType::parse);
            usual.filter(|kind| listed.closeness(kind).is_some()).collect()
        } else {
            vec![listed]
        };
        for kind in candidates {
            let close = ranges
                .iter()
                .filter_map(|(range, quality)| Some((range.closeness(&kind)?, *quality)));
            let quality = close
                .max_by_key(|(closeness, _)| *closeness)
                .map_or(0.0, |(_, quality)| quality);
            if quality > 0.0 {
                found.push((quality, kind, media));
            }
        }
    }
    // Stable: of equals, the first in the document.
    found.sort_by(|(left, ..), (right, ..)| right.total_cmp(left));
    found.into_iter().map(|(_, kind, media)| (kind, media)).collect()
}

/// The value of a body; `None` if there is no example of the name asked for.
fn value(doc: &Document, media: &Listed<'_>, preference: &Preference) -> Option<Value> {
    let given = |example: &Example<'_>| example.value.cloned();
    if let Some(name) = &preference.example {
        return media
            .examples
            .iter()
            .find(|example| example.name == Some(name))
            .and_then(given);
    }
    let example = media.examples.iter().find_map(given).filter(|_| !preference.is_dynamic);
    Some(example.unwrap_or_else(|| match media.schema.or(media.item_schema) {
        Some(schema) => example::for_schema(doc, schema, Direction::Response),
        None => Value::Object(serde_json::Map::new()),
    }))
}

/// A value as a body of this type; `None` if it can't be written.
fn written(kind: &MediaType, value: Value) -> Option<Vec<u8>> {
    if kind.is_json() {
        return serde_json::to_vec(&value).ok();
    }
    if kind.is_json_lines() {
        let lines: Result<Vec<String>, _> = match &value {
            Value::Array(items) => items.iter().map(serde_json::to_string).collect(),
            value => serde_json::to_string(value).map(|line| vec![line]),
        };
        return Some((lines.ok()?.join("\n") + "\n").into_bytes());
    }
    match value {
        Value::String(text) => Some(text.into_bytes()),
        Value::Object(_) | Value::Array(_) | Value::Null => None,
        scalar => kind.is_text().then(|| scalar.to_string().into_bytes()),
    }
}

fn header(doc: &Document, header: &Header<'_>) -> Option<(String, String)> {
    if OWN_HEADERS.contains(&header.name.to_ascii_lowercase().as_str()) {
        return None;
    }
    let given = header.examples.iter().find_map(|example| example.value).cloned();
    let value = given.or_else(|| Some(example::for_schema(doc, header.schema?, Direction::Response)))?;
    let scalar = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let text = match (&value, header.content) {
        (value, Some(_)) => value.to_string(),
        (Value::Array(items), None) => items.iter().map(scalar).collect::<Vec<_>>().join(","),
        (Value::Object(map), None) => {
            let between = if header.explode { "=" } else { "," };
            let pairs = map.iter().map(|(name, value)| [name, between, &scalar(value)].concat());
            pairs.collect::<Vec<_>>().join(",")
        }
        (value, None) => scalar(value),
    };
    // What could end the header, or isn't ASCII, may not stand in one (RFC 9110 §5.5).
    let text: String = text
        .chars()
        .filter(|character| (' '..='~').contains(character))
        .take(MOST_HEADER)
        .collect();
    Some((header.name.to_owned(), text.trim().to_owned()))
}
