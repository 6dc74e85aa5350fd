//! Requests that fit an operation: its required parameters and its body, filled in from examples. Code in any language starts
//! from here; [`crate::snippet`] writes it.

mod body;
mod encode;
mod style;

use serde_json::Value;

use crate::example;
use crate::model::{Document, OperationKind};
use crate::operation::{Example, Operation, Parameter, ParameterLocation};
use crate::schema::Direction;

pub(crate) use encode::component as percent_encode;

/// What a sample can't know from the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleContext<'c> {
    /// Where the API answers: `https://gateway.example.com/acme/petstore/v1`.
    pub base_url: &'c str,
    /// The key, or a shell variable such as `$TURNPIKE_KEY`; sent as `Authorization: Bearer`.
    pub credential: Option<&'c str>,
}

/// A request that fits an operation.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleRequest {
    /// In upper case.
    pub method: String,
    /// Absolute, with path and query filled in and percent-encoded.
    pub url: String,
    /// Name and value, in order; values without line ends or other control characters.
    pub headers: Vec<(String, String)>,
    /// The body, if there is one. Its `Content-Type` is in the headers, except for `multipart/form-data`, which needs a
    /// boundary that only the sender can choose.
    pub body: Option<SampleBody>,
}

/// The body of a sample.
#[derive(Clone, Debug, PartialEq)]
pub enum SampleBody {
    /// JSON.
    Json(Value),
    /// `application/x-www-form-urlencoded` fields, not yet encoded.
    Form(Vec<(String, String)>),
    /// `multipart/form-data` parts.
    Multipart(Vec<SamplePart>),
    /// Any other text, ready to send.
    Text(String),
    /// The content of a file of this name, which the caller has to provide.
    File(String),
}

/// One part of a multipart body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SamplePart {
    /// A field.
    Field {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
        /// Its media type, if it isn't plain text.
        media_type: Option<String>,
    },
    /// A file.
    File {
        /// Name of the field.
        name: String,
        /// Name of the file, which the caller has to provide.
        file: String,
    },
}

/// A request that fits the operation.
pub fn request(doc: &Document, operation: &Operation<'_>, context: &SampleContext<'_>) -> SampleRequest {
    let entry = operation.entry();
    let mut path = if entry.kind == OperationKind::Path {
        entry.path.clone()
    } else {
        String::new()
    };
    let (mut query, mut headers, mut cookies) = (Vec::new(), Vec::new(), Vec::new());
    if let Some(credential) = context.credential {
        headers.push((
            "Authorization".to_owned(),
            format!("Bearer {}", header_text(credential)),
        ));
    }
    let mut filled = Vec::new();
    for parameter in operation.parameters().iter().filter(|parameter| parameter.required) {
        let value = parameter_value(doc, parameter);
        match parameter.location {
            ParameterLocation::Path => {
                filled.push((format!("{{{}}}", parameter.name), style::in_path(parameter, &value)));
            }
            ParameterLocation::Query if parameter.content.is_some() => {
                query.push(format!(
                    "{}={}",
                    encode::component(parameter.name),
                    encode::component(&style::scalar(&value))
                ));
            }
            ParameterLocation::Query => query.extend(style::in_query(parameter, &value)),
            ParameterLocation::QueryString => query.extend(query_string(parameter, &value)),
            ParameterLocation::Header if is_described_elsewhere(parameter.name) => {}
            ParameterLocation::Header => {
                headers.push((
                    parameter.name.to_owned(),
                    header_text(&style::in_header(parameter, &value)),
                ));
            }
            ParameterLocation::Cookie => cookies.extend(style::in_query(parameter, &value)),
        }
    }
    if !cookies.is_empty() {
        headers.push(("Cookie".to_owned(), cookies.join("; ")));
    }
    path = fill(&path, &filled);
    let body = body::of(doc, operation).map(|(media_type, body)| {
        if !matches!(body, SampleBody::Multipart(_)) {
            headers.push(("Content-Type".to_owned(), header_text(media_type)));
        }
        body
    });
    let separator = if path.contains('?') { "&" } else { "?" };
    let query = if query.is_empty() {
        String::new()
    } else {
        format!("{separator}{}", query.join("&"))
    };
    let slash = if path.is_empty() || path.starts_with('/') {
        ""
    } else {
        "/"
    };
    let base = context.base_url.trim_end_matches('/');
    SampleRequest {
        method: entry.method.clone(),
        url: format!("{base}{slash}{path}{query}"),
        headers,
        body,
    }
}

/// The path with its parameters; fixed text is encoded, and a name that no parameter declares stands for itself.
fn fill(template: &str, filled: &[(String, String)]) -> String {
    let mut path = String::new();
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        path.push_str(&encode::path(&rest[..at]));
        let Some(end) = rest[at..].find('}') else {
            rest = &rest[at..];
            break;
        };
        let name = &rest[at..=at + end];
        match filled.iter().find(|(known, _)| known == name) {
            Some((_, value)) => path.push_str(value),
            None => path.push_str(&encode::component(&name[1..name.len() - 1])),
        }
        rest = &rest[at + end + 1..];
    }
    path + &encode::path(rest)
}

fn parameter_value(doc: &Document, parameter: &Parameter<'_>) -> Value {
    let of_content = parameter
        .content
        .as_ref()
        .and_then(|media| first_value(&media.examples));
    let value = first_value(&parameter.examples)
        .or(of_content)
        .cloned()
        .or_else(|| {
            parameter
                .schema
                .map(|schema| example::for_schema(doc, schema, Direction::Request))
        })
        .unwrap_or_else(|| Value::String(parameter.name.to_owned()));
    match value {
        // Nothing at all would change the path, or leave a parameter without a value.
        Value::Null => Value::String(parameter.name.to_owned()),
        Value::String(text) if text.is_empty() => Value::String(parameter.name.to_owned()),
        Value::Object(map) if map.is_empty() && parameter.location != ParameterLocation::QueryString => {
            Value::String(parameter.name.to_owned())
        }
        value => value,
    }
}

fn first_value<'d>(examples: &[Example<'d>]) -> Option<&'d Value> {
    examples.iter().find_map(|example| example.value)
}

/// A value that is the whole query string (3.2).
fn query_string(parameter: &Parameter<'_>, value: &Value) -> Vec<String> {
    let is_form = parameter
        .content
        .as_ref()
        .is_some_and(|media| media.name.contains("form-urlencoded"));
    match value {
        Value::Object(map) if is_form => map
            .iter()
            .map(|(key, value)| {
                format!(
                    "{}={}",
                    encode::component(key),
                    encode::component(&style::scalar(value))
                )
            })
            .collect(),
        Value::String(text) => vec![encode::reserved(text)],
        other => vec![encode::component(&other.to_string())],
    }
}

/// OpenAPI says these are described by media types and security schemes, not by parameters.
fn is_described_elsewhere(name: &str) -> bool {
    ["accept", "content-type", "authorization"].contains(&name.to_ascii_lowercase().as_str())
}

/// A header's value without what could end the header.
fn header_text(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).collect()
}
