//! Requests that fit an operation: its required parameters and its body, filled in from examples. Code in any language starts
//! from here; [`crate::snippet`] writes it.
//!
//! [`request`] makes the usual one. [`build`] lets a caller say which values, which body, which server and which credentials
//! go into it, as an editable sample needs:
//!
//! ```
//! use openapi::ParameterLocation;
//! use openapi::sample::{Access, Override, SampleOptions, build};
//! use openapi::snippet::{Language, write};
//!
//! let text = r#"{"openapi": "3.1.0", "info": {"title": "Pets", "version": "1"}, "paths": {"/pets/{id}": {"get": {
//!     "operationId": "getPet", "responses": {},
//!     "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}},
//!                    {"name": "tags", "in": "query", "style": "pipeDelimited", "explode": false, "schema": {"type": "array"}}]}}}}"#;
//! let document = openapi::read(text.as_bytes(), &openapi::Limits::default())?;
//! let operation = document.operation("getPet").expect("the index lists it");
//!
//! let tags = serde_json::json!(["a", "b"]);
//! let options = SampleOptions {
//!     access: Access::Key("$PETS_KEY"),
//!     overrides: &[Override { location: ParameterLocation::Query, name: "tags", value: Some(&tags) }],
//!     ..SampleOptions::at("https://api.example.com")
//! };
//! let request = build(&operation, &options);
//! assert_eq!(request.url, "https://api.example.com/pets/1?tags=a%7Cb");
//! assert!(write(Language::Python, &request).contains("requests.get("));
//! # Ok::<(), openapi::Rejected>(())
//! ```

mod body;
mod credential;
mod encode;
mod style;
mod xml;

use serde_json::Value;

pub use credential::{Access, SampleCredential, Secret};

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

/// What a caller wants in a sample.
#[derive(Clone, Copy, Debug)]
pub struct SampleOptions<'c> {
    /// Where the API answers, without a slash at the end: one of its servers, or a gateway.
    pub base_url: &'c str,
    /// How the caller is let in.
    pub access: Access<'c>,
    /// Values of parameters that are not those of the document's examples.
    pub overrides: &'c [Override<'c>],
    /// The body, if it isn't the document's example.
    pub body: GivenBody<'c>,
    /// The media type of the body, as the document writes it; the one that is easiest to write if `None` or unknown.
    pub media_type: Option<&'c str>,
    /// Whether optional parameters are filled in as well. Deprecated ones never are.
    pub has_optional: bool,
}

impl<'c> SampleOptions<'c> {
    /// The document's own request, sent to this server, without credentials.
    pub const fn at(base_url: &'c str) -> Self {
        Self {
            base_url,
            access: Access::None,
            overrides: &[],
            body: GivenBody::Example,
            media_type: None,
            has_optional: false,
        }
    }
}

/// A value for one parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Override<'c> {
    /// Where the parameter travels.
    pub location: ParameterLocation,
    /// Its name.
    pub name: &'c str,
    /// Its value; `None` leaves it out, unless it belongs to the path.
    pub value: Option<&'c Value>,
}

/// A body in the place of the document's example.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum GivenBody<'c> {
    /// The document's example, or one made for its schema.
    Example,
    /// A value, written as its media type asks for.
    Value(&'c Value),
    /// A text that is sent as it is.
    Text(&'c str),
    /// No body at all.
    Nothing,
}

/// A request that fits an operation.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleRequest {
    /// In upper case.
    pub method: String,
    /// Absolute, with path and query filled in and percent-encoded; without credentials that belong into the query.
    pub url: String,
    /// Name and value, in order, without credentials; visible ASCII and inner spaces only.
    pub headers: Vec<(String, String)>,
    /// What lets the caller in.
    pub credentials: Vec<SampleCredential>,
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
        /// Its media type, if the document says.
        media_type: Option<String>,
    },
}

/// A request that fits the operation, which belongs to this document.
pub fn request(_: &Document, operation: &Operation<'_>, context: &SampleContext<'_>) -> SampleRequest {
    let options = SampleOptions {
        access: context.credential.map_or(Access::None, Access::Key),
        ..SampleOptions::at(context.base_url)
    };
    build(operation, &options)
}

/// A request that fits the operation, as the caller wants it.
pub fn build(operation: &Operation<'_>, options: &SampleOptions<'_>) -> SampleRequest {
    let doc = operation.document();
    let entry = operation.entry();
    let mut path = if entry.kind == OperationKind::Path {
        entry.path.clone()
    } else {
        String::new()
    };
    let (mut query, mut headers, mut cookies) = (Vec::new(), Vec::new(), Vec::new());
    let mut filled = Vec::new();
    for parameter in &operation.parameters() {
        let Some(value) = chosen(doc, parameter, options) else {
            continue;
        };
        // A parameter with `content` is one text in that media type; no style applies.
        let content = parameter.content.as_ref().map(|_| style::scalar(&value));
        let pair = |text: &str| format!("{}={}", encode::component(parameter.name), encode::component(text));
        match (parameter.location, content) {
            (ParameterLocation::Path, content) => {
                let text = content.map_or_else(|| style::in_path(parameter, &value), |text| encode::component(&text));
                filled.push((format!("{{{}}}", parameter.name), text));
            }
            (ParameterLocation::QueryString, _) => query.extend(query_string(parameter, &value)),
            (ParameterLocation::Query, Some(text)) => query.push(pair(&text)),
            (ParameterLocation::Query, None) => query.extend(style::in_query(parameter, &value)),
            (ParameterLocation::Header, _) if is_described_elsewhere(parameter.name) => {}
            (ParameterLocation::Header, content) => {
                let text = content.unwrap_or_else(|| style::in_header(parameter, &value));
                headers.push((parameter.name.to_owned(), encode::header(&text)));
            }
            (ParameterLocation::Cookie, Some(text)) => cookies.push(pair(&text)),
            (ParameterLocation::Cookie, None) => cookies.extend(style::in_query(parameter, &value)),
        }
    }
    if !cookies.is_empty() {
        headers.push(("Cookie".to_owned(), cookies.join("; ")));
    }
    path = fill(&path, &filled);
    let body = body::of(operation, options).map(|(media_type, body)| {
        if !matches!(body, SampleBody::Multipart(_)) {
            headers.push(("Content-Type".to_owned(), encode::header(media_type)));
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
    let base = encode::base(options.base_url.trim_end_matches('/'));
    SampleRequest {
        method: entry.method.clone(),
        url: format!("{base}{slash}{path}{query}"),
        headers,
        credentials: credential::of(operation, options.access),
        body,
    }
}

/// The value a parameter gets; `None` if it is left out.
fn chosen(doc: &Document, parameter: &Parameter<'_>, options: &SampleOptions<'_>) -> Option<Value> {
    let own = options
        .overrides
        .iter()
        .find(|own| own.location == parameter.location && own.name == parameter.name);
    match own.map(|own| own.value) {
        Some(Some(value)) => Some(value.clone()),
        Some(None) if parameter.location != ParameterLocation::Path => None,
        _ if parameter.required || options.has_optional && !parameter.deprecated => {
            Some(parameter_value(doc, parameter))
        }
        _ => None,
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
        Value::Array(items) if items.is_empty() && parameter.content.is_none() => {
            Value::String(parameter.name.to_owned())
        }
        Value::Object(map) if map.is_empty() && parameter.content.is_none() => Value::String(parameter.name.to_owned()),
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
        Value::Object(map) if is_form => body::fields(map, None)
            .iter()
            .map(|(key, value)| format!("{}={}", encode::component(key), encode::component(value)))
            .collect(),
        Value::String(text) => vec![encode::reserved(text)],
        other => vec![encode::component(&other.to_string())],
    }
}

/// Described by media types and security schemes, not by parameters, as OpenAPI says; or the sender's own business, which a
/// sample would break by setting it.
fn is_described_elsewhere(name: &str) -> bool {
    const NAMES: [&str; 12] = [
        "accept",
        "content-type",
        "authorization",
        "content-length",
        "transfer-encoding",
        "connection",
        "host",
        "expect",
        "upgrade",
        "te",
        "trailer",
        "keep-alive",
    ];
    NAMES.contains(&name.to_ascii_lowercase().as_str())
}
