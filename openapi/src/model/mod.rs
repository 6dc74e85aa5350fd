//! The one model of a document, whatever version it was written in.

mod format;
mod index;
mod server;
mod slug;
mod tag;

use std::collections::HashMap;

use serde_json::Value;

pub use format::Format;
pub use index::{OperationEntry, OperationKind};
pub use server::{Server, ServerVariable};
pub use tag::Tag;

use crate::check::Checked;
use crate::diagnostics::Diagnostic;
use crate::number::NumberTexts;
use crate::operation::Operation;
use crate::reference::{self, Anchors, Resolved, Unresolved};

pub(crate) use index::{Location, METHODS, is_token};
pub(crate) use server::servers_of;
pub(crate) use tag::cycles;

/// A document that was read: an ordered JSON value in the shape of OpenAPI 3.1, and an index of it.
///
/// It doesn't change and is `Send + Sync`; share it behind an `Arc`.
#[derive(Debug)]
pub struct Document {
    root: Value,
    format: Format,
    counts: Counts,
    operations: Vec<OperationEntry>,
    locations: Vec<Location>,
    by_slug: HashMap<String, usize>,
    servers: Vec<Server>,
    tags: Vec<Tag>,
    anchors: Anchors,
    numbers: NumberTexts,
    diagnostics: Vec<Diagnostic>,
    weight: usize,
}

/// How much there is in a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Entries of `paths`.
    pub paths: usize,
    /// Operations under `paths` (webhooks not counted).
    pub operations: usize,
    /// Named schemas.
    pub schemas: usize,
    /// Named webhooks.
    pub webhooks: usize,
}

impl Document {
    pub(crate) fn index(root: Value, checked: Checked, numbers: NumberTexts, diagnostics: Vec<Diagnostic>) -> Self {
        let anchors = checked.anchors;
        let (operations, locations) = index::operations(&root, &anchors);
        let by_slug = operations
            .iter()
            .enumerate()
            .map(|(at, entry)| (entry.slug.clone(), at))
            .collect();
        let tags = tag::tags(&root, &operations);
        let servers = servers_of(&root);
        let length = |value: Option<&Value>| value.and_then(Value::as_object).map_or(0, serde_json::Map::len);
        let named_paths = root.get("paths").and_then(Value::as_object);
        let counts = Counts {
            paths: named_paths.map_or(0, |paths| paths.keys().filter(|path| !path.starts_with("x-")).count()),
            operations: operations
                .iter()
                .filter(|entry| entry.kind == OperationKind::Path)
                .count(),
            schemas: length(root.pointer("/components/schemas")),
            webhooks: length(root.get("webhooks")),
        };
        let entries: usize = operations.iter().map(OperationEntry::weight).sum();
        let weight = weight(&root) + entries + numbers.weight() + diagnostics.len() * 300;
        Self {
            root,
            format: checked.format,
            counts,
            operations,
            locations,
            by_slug,
            servers,
            tags,
            anchors,
            numbers,
            diagnostics,
            weight,
        }
    }

    /// The version of the specification it was written in.
    pub fn format(&self) -> Format {
        self.format
    }

    /// `info.title`, or a stand-in where the document has none.
    pub fn title(&self) -> &str {
        self.info("title")
            .filter(|title| !title.trim().is_empty())
            .unwrap_or("Untitled API")
    }

    /// `info.version`; empty where the document has none.
    pub fn version(&self) -> &str {
        self.info("version").unwrap_or_default()
    }

    /// `info.summary` (from 3.1).
    pub fn summary(&self) -> Option<&str> {
        self.info("summary").filter(|text| !text.is_empty())
    }

    /// `info.description`, as Markdown source.
    pub fn description(&self) -> Option<&str> {
        self.info("description").filter(|text| !text.is_empty())
    }

    fn info(&self, field: &str) -> Option<&str> {
        self.root.get("info")?.get(field)?.as_str()
    }

    /// The servers of the whole document, with their variables at their defaults.
    pub fn servers(&self) -> &[Server] {
        &self.servers
    }

    /// Declared tags in their order, then those that only operations name, in the order they appear.
    pub fn tags(&self) -> &[Tag] {
        &self.tags
    }

    /// Every operation and webhook, in document order.
    pub fn operations(&self) -> &[OperationEntry] {
        &self.operations
    }

    /// One operation by its [`OperationEntry::slug`].
    pub fn operation(&self, slug: &str) -> Option<Operation<'_>> {
        let at = *self.by_slug.get(slug)?;
        Operation::new(self, self.operations.get(at)?, self.locations.get(at)?)
    }

    /// The names of `components.schemas`, in document order.
    pub fn schemas(&self) -> impl Iterator<Item = &str> {
        let schemas = self
            .root
            .get("components")
            .and_then(|components| components.get("schemas"));
        schemas
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .map(|(name, _)| name.as_str())
    }

    /// A schema by its name.
    pub fn schema(&self, name: &str) -> Option<&Value> {
        self.component("schemas", name)
    }

    pub(crate) fn component(&self, section: &str, name: &str) -> Option<&Value> {
        self.root.get("components")?.get(section)?.get(name)
    }

    /// How much there is in it.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// What was found when it was read, worst first, then in the order of the text.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// Bytes it takes in memory, approximately; for caches.
    pub fn weight(&self) -> usize {
        self.weight
    }

    /// The whole document in the shape of OpenAPI 3.1 (and 3.2, where that adds something).
    pub fn root(&self) -> &Value {
        &self.root
    }

    /// Follows the value's `$ref`, if it has one, until a value that is no reference.
    ///
    /// # Errors
    /// [`Unresolved`] if the reference points out of the document, to nothing, or in a circle.
    pub fn resolve<'d>(&'d self, value: &'d Value) -> Result<Resolved<'d>, Unresolved> {
        reference::resolve(&self.root, &self.anchors, value)
    }

    /// The direct target of a reference.
    pub(crate) fn target(&self, reference: &str) -> Result<&Value, Unresolved> {
        reference::target(&self.root, &self.anchors, reference)
    }

    /// Whether schemas of it are resources of their own (`$id`).
    pub(crate) fn has_resources(&self) -> bool {
        !self.anchors.by_id.is_empty()
    }

    pub(crate) fn numbers(&self) -> &NumberTexts {
        &self.numbers
    }

    /// A value as one line of text, with numbers exactly as the document has them.
    pub fn display(&self, value: &Value) -> String {
        self.numbers.display(value)
    }
}

/// Bytes a value takes in memory, approximately.
pub(crate) fn weight(value: &Value) -> usize {
    const VALUE: usize = size_of::<Value>();
    // An entry of an ordered map: key, value, hash, and its slot in the hash table.
    const ENTRY: usize = size_of::<String>() + VALUE + 2 * size_of::<usize>();
    match value {
        Value::String(text) => VALUE + text.capacity(),
        Value::Array(items) => VALUE + items.iter().map(weight).sum::<usize>(),
        Value::Object(map) => {
            VALUE
                + map
                    .iter()
                    .map(|(key, value)| ENTRY - VALUE + key.capacity() + weight(value))
                    .sum::<usize>()
        }
        _ => VALUE,
    }
}
