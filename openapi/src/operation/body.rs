//! Bodies, headers and examples: what travels in a request or response.

use serde_json::Value;

use super::{entries, flag, text};
use crate::model::{Document, is_token};

/// What is sent as the body of a request.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestBody<'d> {
    /// Whether the request needs it.
    pub required: bool,
    /// Markdown source.
    pub description: Option<&'d str>,
    /// The media types it may have, in the order of the document.
    pub content: Vec<MediaType<'d>>,
}

/// One answer of an operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Response<'d> {
    /// A status code, a class such as `4XX`, or `default`; as written.
    pub status: &'d str,
    /// Markdown source; the summary (3.2) where there is no description; may be empty.
    pub description: &'d str,
    /// Its headers, in the order of the document.
    pub headers: Vec<Header<'d>>,
    /// The media types it may have, in the order of the document.
    pub content: Vec<MediaType<'d>>,
}

/// One header of a response.
#[derive(Clone, Debug, PartialEq)]
pub struct Header<'d> {
    /// As written.
    pub name: &'d str,
    /// Whether it is always sent.
    pub required: bool,
    /// Whether the document calls it deprecated.
    pub deprecated: bool,
    /// Whether each property of an object is a `name=value` pair.
    pub explode: bool,
    /// Markdown source.
    pub description: Option<&'d str>,
    /// The media type its value is serialised in, instead of by `style`.
    pub content: Option<&'d str>,
    /// The schema of its value.
    pub schema: Option<&'d Value>,
    /// Its own examples, not those of its schema.
    pub examples: Vec<Example<'d>>,
}

/// One form a body may have.
#[derive(Clone, Debug, PartialEq)]
pub struct MediaType<'d> {
    /// For example `application/json`; as written.
    pub name: &'d str,
    /// The schema of the body.
    pub schema: Option<&'d Value>,
    /// The schema of each item of a stream (3.2).
    pub item_schema: Option<&'d Value>,
    /// Its own examples, not those of its schema.
    pub examples: Vec<Example<'d>>,
    /// `encoding`: how the properties of a form travel.
    pub encoding: Option<&'d Value>,
}

/// One example.
#[derive(Clone, Debug, PartialEq)]
pub struct Example<'d> {
    /// Its name; `None` for a lone `example`.
    pub name: Option<&'d str>,
    /// A short title.
    pub summary: Option<&'d str>,
    /// Markdown source.
    pub description: Option<&'d str>,
    /// The value.
    pub value: Option<&'d Value>,
    /// Where the value is instead. Untrusted text, never fetched.
    pub external_value: Option<&'d str>,
}

pub(super) fn request_body<'d>(doc: &'d Document, value: &'d Value) -> Option<RequestBody<'d>> {
    let body = doc.resolve(value).ok()?.value;
    body.as_object()?;
    Some(RequestBody {
        required: flag(body, "required"),
        description: text(value, "description").or_else(|| text(body, "description")),
        content: content(doc, body),
    })
}

pub(super) fn response<'d>(doc: &'d Document, status: &'d str, value: &'d Value) -> Option<Response<'d>> {
    let response = doc.resolve(value).ok()?.value;
    response.as_object()?;
    let description = text(value, "description").or_else(|| text(response, "description"));
    Some(Response {
        status,
        description: description.or_else(|| text(response, "summary")).unwrap_or_default(),
        headers: entries(response, "headers")
            .filter_map(|(name, value)| header(doc, name, value))
            .collect(),
        content: content(doc, response),
    })
}

fn header<'d>(doc: &'d Document, name: &'d str, value: &'d Value) -> Option<Header<'d>> {
    let header = doc.resolve(value).ok()?.value;
    if !is_token(name) || !header.is_object() {
        return None;
    }
    let media = content(doc, header).into_iter().next();
    Some(Header {
        name,
        required: flag(header, "required"),
        deprecated: flag(header, "deprecated"),
        explode: flag(header, "explode"),
        content: media.as_ref().map(|media| media.name),
        description: text(value, "description").or_else(|| text(header, "description")),
        schema: header.get("schema").or(media.and_then(|media| media.schema)),
        examples: examples(doc, header),
    })
}

pub(super) fn content<'d>(doc: &'d Document, owner: &'d Value) -> Vec<MediaType<'d>> {
    entries(owner, "content")
        .filter_map(|(name, value)| {
            // From 3.2 on, a media type may be a reference.
            let value = doc.resolve(value).ok()?.value;
            value.as_object()?;
            Some(MediaType {
                name,
                schema: value.get("schema"),
                item_schema: value.get("itemSchema"),
                examples: examples(doc, value),
                encoding: value.get("encoding"),
            })
        })
        .collect()
}

/// `example`, then `examples`, of a parameter, header or media type.
pub(super) fn examples<'d>(doc: &'d Document, owner: &'d Value) -> Vec<Example<'d>> {
    let lone = owner.get("example").map(|value| Example {
        name: None,
        summary: None,
        description: None,
        value: Some(value),
        external_value: None,
    });
    let named = entries(owner, "examples").filter_map(|(name, value)| {
        let example = doc.resolve(value).ok()?.value;
        example.as_object()?;
        Some(Example {
            name: Some(name),
            summary: text(value, "summary").or_else(|| text(example, "summary")),
            description: text(value, "description").or_else(|| text(example, "description")),
            value: example
                .get("value")
                .or_else(|| example.get("dataValue"))
                .or_else(|| example.get("serializedValue")),
            external_value: text(example, "externalValue"),
        })
    });
    lone.into_iter().chain(named).collect()
}
