//! Requests that fit an operation.

use crate::model::Document;
use crate::operation::Operation;
use serde_json::Value;

/// What a sample can't know from the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleContext<'c> {
    /// Where the API answers, without a slash at the end: `https://gateway.example.com/acme/petstore/v1`.
    pub base_url: &'c str,
    /// The key, or a placeholder such as `$TURNPIKE_KEY`; sent as `Authorization: Bearer`.
    pub credential: Option<&'c str>,
}

/// A request that fits an operation.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleRequest {
    /// In upper case.
    pub method: String,
    /// Absolute, with path and query filled in and encoded.
    pub url: String,
    /// Name and value, in order.
    pub headers: Vec<(String, String)>,
    /// The body, if there is one.
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
    /// Bytes from a file of this name.
    File(String),
}

/// One part of a multipart body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SamplePart {
    /// A text field: name, value, and its own media type if it isn't plain text.
    Field {
        /// Name of the field.
        name: String,
        /// Its value.
        value: String,
        /// Its media type, if it isn't plain text.
        media_type: Option<String>,
    },
    /// A file: name of the field, name of the file.
    File {
        /// Name of the field.
        name: String,
        /// Name of the file.
        file: String,
    },
}

/// A request that fits the operation.
pub fn request(_doc: &Document, operation: &Operation<'_>, context: &SampleContext<'_>) -> SampleRequest {
    SampleRequest {
        method: operation.entry().method.clone(),
        url: context.base_url.to_owned(),
        headers: Vec::new(),
        body: None,
    }
}
