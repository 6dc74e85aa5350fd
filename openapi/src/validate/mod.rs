//! Checks requests and responses against a document.
//!
//! An [`OperationValidator`] is compiled from one operation, owns all it needs (the document may go), doesn't change, and is
//! `Send + Sync`. Compile it when the first request for its operation comes, and count [`OperationValidator::weight`] against
//! a memory bound.
//!
//! ```
//! use openapi::validate::{OperationValidator, RequestView, Settings};
//!
//! let text = r#"{
//!     "openapi": "3.1.0",
//!     "info": {"title": "Pets", "version": "1.0"},
//!     "paths": {"/pets/{id}": {"put": {
//!         "operationId": "putPet",
//!         "parameters": [
//!             {"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}},
//!             {"name": "tags", "in": "query", "explode": false, "schema": {"type": "array", "items": {"enum": ["cat", "dog"]}}}
//!         ],
//!         "requestBody": {"required": true, "content": {"application/json": {"schema": {
//!             "type": "object", "required": ["name"], "properties": {"name": {"type": "string", "maxLength": 20}}
//!         }}}},
//!         "responses": {"204": {"description": "Stored"}}
//!     }}}
//! }"#;
//! let document = openapi::read(text.as_bytes(), &openapi::Limits::default())?;
//! let operation = document.operation("putPet").expect("the index lists it");
//! let validator = OperationValidator::compile(&operation, &Settings::default())?;
//!
//! let request = RequestView {
//!     path_parameters: &[("id", "7")],
//!     query: Some("tags=cat,dog"),
//!     headers: &|_, _| {},
//!     content_type: Some(b"application/json"),
//!     body: Some(br#"{"name": "Rex"}"#),
//! };
//! assert!(validator.check_request(&request).is_ok());
//!
//! let wrong = RequestView { query: Some("tags=cow"), body: Some(b"{}"), ..request };
//! let invalid = validator.check_request(&wrong).unwrap_err();
//! assert_eq!(invalid.kind.status(), 400);
//! let texts: Vec<String> = invalid.violations.iter().map(ToString::to_string).collect();
//! assert_eq!(texts, ["query tags /0: must be one of \"cat\", \"dog\"", "body /name: is missing"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is checked
//!
//! **Schemas** by JSON Schema 2020-12, to which documents of every version were lifted. Of the formats, `date-time`, `date`,
//! `uuid`, `email`, `ipv4`, `ipv6`, `uri`, `int32` and `int64` are checked; the others are notes for people
//! ([`Settings::are_formats_checked`] switches all off). `readOnly` properties are refused in requests
//! ([`Settings::is_read_only_refused`]) and never required there, `writeOnly` ones the same in responses. A discriminator
//! that names one of the alternatives picks it; otherwise `oneOf` and `anyOf` decide.
//!
//! **Parameters** of every place and style. A text becomes a number, boolean or null where its schema asks for one. In a list
//! with a delimiter, an encoded delimiter separates too if there is no other. Query parameters that the document doesn't
//! name pass unless [`Settings::is_query_strict`].
//!
//! **Bodies**: JSON (a property that appears twice is refused, since two readers may read it in two ways), JSON Lines with an
//! `itemSchema`, forms, multipart and plain text. Bodies of other types (XML, binary) are checked by their type only, as are
//! texts in a charset other than UTF-8. Files in multipart bodies are checked for being there and for their type.
//!
//! What a document asks for and is not checked (a pattern with look-around, a reference to another file, …) lets everything
//! pass and is listed by [`OperationValidator::unchecked`].
//!
//! Nothing is fetched, ever: references out of the document are not followed.

mod body;
mod form;
mod headers;
mod json;
mod judge;
mod multipart;
mod operation;
mod parameter;
mod query;
mod response;
mod schema;
mod shape;
mod style;
mod value;
mod violation;

use serde::Serialize;
use serde_json::Value;

pub use headers::Headers;
pub(crate) use judge::Judge;
pub use operation::{OperationValidator, RequestView};
pub use response::ResponseView;
pub(crate) use schema::{Pattern, translate};
pub use violation::{Invalid, InvalidKind, Place, Violation};

use crate::model::Document;
use crate::schema::Direction;
use schema::{Compiler, SchemaId, Schemas, Steps};
use violation::MOST_VIOLATIONS;

/// What is checked, and within which limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Whether validators check requests. Default true.
    pub checks_requests: bool,
    /// Whether validators check responses. Default false: it doubles the memory.
    pub checks_responses: bool,
    /// Whether query parameters that the document doesn't name are refused. Default false.
    pub is_query_strict: bool,
    /// Whether `readOnly` properties are refused in requests. Default true; consumers that send back what they got need it
    /// false.
    pub is_read_only_refused: bool,
    /// Whether formats are checked. Default true.
    pub are_formats_checked: bool,
    /// Bounds on work and memory.
    pub limits: ValidationLimits,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            checks_requests: true,
            checks_responses: false,
            is_query_strict: false,
            is_read_only_refused: true,
            are_formats_checked: true,
            limits: ValidationLimits::default(),
        }
    }
}

/// Bounds on compiling an operation and on checking one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidationLimits {
    /// Schemas in one direction of one operation. Default 20,000; the largest of GitHub's operations has 614
    /// with its responses.
    pub nodes: usize,
    /// Memory in bytes that one direction of one operation takes. Default 8 MiB; all 935 operations of GitHub together take
    /// 1.2 MB for requests, and 6.7 MB with responses.
    pub bytes: usize,
    /// Schemas visited for one message, whatever its size. Default 50,000.
    pub steps: u64,
    /// Schemas visited for one message, for each of its bytes in addition. Default 16; real documents
    /// need less than a quarter of it. A message that needs more is refused, since a half check would let through what it shouldn't.
    pub steps_per_byte: u64,
}

impl Default for ValidationLimits {
    fn default() -> Self {
        Self {
            nodes: 20_000,
            bytes: 8 * 1024 * 1024,
            steps: 50_000,
            steps_per_byte: 16,
        }
    }
}

impl ValidationLimits {
    fn steps_for(&self, bytes: usize) -> Steps {
        Steps::new(
            self.steps
                .saturating_add(self.steps_per_byte.saturating_mul(bytes as u64)),
        )
    }
}

/// Why an operation or schema can't be compiled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// It leads to more schemas than [`ValidationLimits::nodes`].
    #[error("the operation leads to more than {limit} schemas")]
    Nodes {
        /// The limit.
        limit: usize,
    },
    /// It takes more memory than [`ValidationLimits::bytes`].
    #[error("checking the operation takes more than {limit} bytes of memory")]
    Bytes {
        /// The limit.
        limit: usize,
    },
}

/// Something a document asks for that is not checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unchecked {
    /// The keyword: `pattern`, `$ref`, `$dynamicRef` or `content`.
    pub keyword: &'static str,
    /// Why, in words.
    pub reason: String,
}

/// Checks values against one schema.
#[derive(Debug)]
pub struct SchemaValidator {
    schemas: Schemas,
    root: SchemaId,
    limits: ValidationLimits,
    unchecked: Vec<Unchecked>,
    weight: usize,
}

impl SchemaValidator {
    /// Compiles a schema of the document, and those it refers to.
    ///
    /// # Errors
    /// [`CompileError`] if it crosses a limit.
    pub fn compile(
        document: &Document,
        schema: &Value,
        direction: Direction,
        settings: &Settings,
    ) -> Result<Self, CompileError> {
        let mut compiler = Compiler::new(document, direction, settings);
        let root = compiler.add(schema);
        let compiled = compiler.finish()?;
        Ok(Self {
            schemas: compiled.schemas,
            root,
            limits: settings.limits.clone(),
            unchecked: compiled.unchecked,
            weight: size_of::<Self>() + compiled.weight,
        })
    }

    /// What is wrong with a value, at most 20 violations, as if it were a body; empty if it fits.
    pub fn check(&self, value: &Value) -> Vec<Violation> {
        let mut steps = self
            .limits
            .steps_for(crate::model::weight(value) / size_of::<Value>() * 4);
        let found = self.schemas.check(self.root, value, &mut steps, &[], MOST_VIOLATIONS);
        let mut violations = violation::Violations::default();
        violations.found(InvalidKind::Unprocessable, (Place::Body, ""), found, &steps);
        violations.into_list()
    }

    /// What the schema asks for and is not checked.
    pub fn unchecked(&self) -> &[Unchecked] {
        &self.unchecked
    }

    /// Bytes it takes in memory, approximately.
    pub fn weight(&self) -> usize {
        self.weight
    }
}
