//! Schemas as a bounded tree, ready for display.
//!
//! A schema of a real document, written out, can be endless. A tree follows references one by one, merges `allOf`, stops at
//! recursion and at a depth, and shares a fixed number of nodes fairly among its branches; what is missing is said in
//! [`SchemaNode::cut`].

mod build;
mod constraints;
mod label;
mod merge;
#[cfg(test)]
mod tests;

use serde_json::Value;

pub(crate) use merge::Merged;

use crate::model::Document;

/// Which way a value travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the consumer: `readOnly` properties are left out.
    Request,
    /// To the consumer: `writeOnly` properties are left out.
    Response,
}

/// How large a tree may become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeBudget {
    /// Most nodes in one tree. Default 400, about what a page can bear.
    pub nodes: usize,
    /// Most levels below the root. Default 6.
    pub depth: usize,
    /// Most enum values that are listed. Default 24.
    pub values: usize,
}

impl Default for TreeBudget {
    fn default() -> Self {
        Self {
            nodes: 400,
            depth: 6,
            values: 24,
        }
    }
}

/// One schema of a tree: a property, an item, an alternative, or the root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SchemaNode {
    /// The name of the property; `None` for the root, items and alternatives (which may have a `title`).
    pub name: Option<String>,
    /// The schema's own title, where it says more than the name.
    pub title: Option<String>,
    /// What it is, in words: `string`, `list of Pet`, `string or null`, `one of 3 objects`, `map of string`.
    pub type_label: String,
    /// The component schema it is, by name.
    pub reference: Option<String>,
    /// Whether its parent requires it.
    pub required: bool,
    /// Whether the document calls it deprecated.
    pub deprecated: bool,
    /// Only in responses.
    pub read_only: bool,
    /// Only in requests.
    pub write_only: bool,
    /// Whether null is allowed.
    pub nullable: bool,
    /// Markdown source.
    pub description: Option<String>,
    /// What else is asked of a value.
    pub constraints: Vec<Constraint>,
    /// Properties, items, additional properties or alternatives.
    pub children: Vec<SchemaNode>,
    /// What the children are, if they are alternatives or conditions.
    pub composition: Option<Composition>,
    /// Why children are missing, if they are.
    pub cut: Option<Cut>,
}

/// One thing asked of a value, or said about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraint {
    /// In words: `at most 64 characters`, `from 50 to 99`, `one of`, `pattern`.
    pub label: String,
    /// The values that go with the label, as text; empty if the label says it all.
    pub values: Vec<String>,
}

/// How alternatives combine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Composition {
    /// All of them hold (only where merging them wasn't possible).
    AllOf,
    /// Exactly one of them holds.
    OneOf,
    /// At least one of them holds.
    AnyOf,
    /// It must not hold.
    Not,
}

/// Why a node has fewer children than its schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cut {
    /// It is the schema of this name again, inside itself.
    Recursive(String),
    /// It is too deep.
    Depth,
    /// The tree is full.
    Budget {
        /// Children that are not shown.
        hidden: usize,
    },
}

/// The tree of a schema as it applies to values that travel in this direction.
pub fn tree(doc: &Document, schema: &Value, budget: &TreeBudget, direction: Direction) -> SchemaNode {
    build::tree(doc, schema, budget, direction)
}

/// The label of a schema alone, as in [`SchemaNode::type_label`]; cheap, for tables of parameters.
pub fn type_label(doc: &Document, schema: &Value) -> String {
    label::label(&Merged::of(doc, &[schema]), label::DEPTH)
}
