//! Reads, checks and enriches OpenAPI documents of any version.
//!
//! The engine knows nothing of the product around it and imports no other member of the workspace. It takes bytes and gives
//! back a [`Document`]: one ordered JSON value in the shape of OpenAPI 3.1, whatever version was uploaded, with an index of
//! its operations and the list of what was found wrong. Documents are untrusted: everything is bounded by [`Limits`], no
//! file or host is ever opened, and no input makes it panic.
//!
//! Start reading at [`read`] (module `load`: decode, parse, check, lift, index), then [`Document`] and its [`Operation`].
//! [`files`] reads documents of several files, [`overlay`] changes documents, [`inspect`] reports what is in one.
//! [`schema`] turns a schema into a bounded tree for display, [`example`] makes a value for it, [`sample`] a request and
//! [`snippet`] the code that sends it, in nine languages. [`search`] finds operations, schemas and guides. [`validate`] checks
//! requests and responses against the document, and [`mock`] answers in the place of the API. [`diff`] compares two versions.
//!
//! ```
//! let text = r#"{
//!     "openapi": "3.0.3",
//!     "info": {"title": "Pets", "version": "1.0"},
//!     "paths": {"/pets/{id}": {"get": {
//!         "operationId": "getPet",
//!         "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "integer", "example": 7}}],
//!         "responses": {"200": {"description": "A pet"}}
//!     }}}
//! }"#;
//! let document = openapi::read(text.as_bytes(), &openapi::Limits::default())?;
//! assert_eq!(document.format().label(), "openapi-3.0");
//!
//! let operation = document.operation("getPet").expect("the index lists it");
//! assert_eq!(operation.parameters()[0].name, "id");
//!
//! let context = openapi::SampleContext { base_url: "https://api.example.com", credential: None };
//! let curl = openapi::snippet::curl(&document, &operation, &context);
//! assert!(curl.contains("https://api.example.com/pets/7"));
//! # Ok::<(), openapi::Rejected>(())
//! ```

mod advice;
mod check;
mod diagnostics;
pub mod diff;
pub mod example;
mod export;
pub mod files;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
pub mod inspect;
pub mod json_path;
mod lift;
pub mod lint;
mod load;
mod media_type;
pub mod mock;
mod model;
mod number;
mod operation;
pub mod overlay;
mod reference;
pub mod sample;
pub mod schema;
pub mod search;
pub mod snippet;
pub mod strict;
pub mod validate;

pub use diagnostics::{Diagnostic, Position, Rejected, Severity};
pub use export::to_yaml;
pub use load::{Limits, read};
pub use model::{Counts, Document, Format, OperationEntry, OperationKind, Server, ServerVariable, Tag};
pub use operation::{
    Example, ExternalDocs, Header, MediaType, Operation, Parameter, ParameterLocation, RequestBody, Response,
    SecurityAlternative, SecurityScheme, SecuritySchemeKind, SecurityUse,
};
pub use reference::{Resolved, Unresolved};
pub use sample::SampleContext;
pub use schema::Direction;
