//! JSON Schema 2020-12, compiled for checking many values.
//!
//! Own code, because of what a gateway needs and general validators don't promise: a schema is untrusted, so compiling it is
//! bounded in nodes and bytes and checking it in steps; a schema that contains itself, even in place, ends; patterns take
//! linear time; `readOnly`, `writeOnly`, `nullable` and `discriminator` mean what OpenAPI says; and messages never quote
//! what was sent. The official test suite runs against it (`tests/it/json_schema.rs`).

mod check;
mod compile;
mod containers;
mod format;
mod keywords;
mod node;
mod number;
mod pattern;
mod run;
mod unevaluated;
mod words;

pub(super) use compile::Compiler;
pub(super) use node::{SchemaId, TypeSet};
pub(crate) use pattern::{Pattern, translate};
pub(super) use run::{Found, Steps};

/// Compiled schemas that refer to each other.
#[derive(Debug, Default)]
pub(super) struct Schemas {
    nodes: Vec<node::Node>,
}
