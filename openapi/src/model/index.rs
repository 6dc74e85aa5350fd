//! The list of operations, made once when a document is read.

use serde_json::Value;

use super::slug::Slugs;
use crate::reference::{self, Anchors};

/// One operation or webhook, as lists and menus need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationEntry {
    /// Unique in the document, at most 120 ASCII letters, digits, `-` and `_`. Made from the operationId, or else from
    /// method and path; stays the same as long as they do and no earlier operation takes it.
    pub slug: String,
    /// In upper case, for example `GET`.
    pub method: String,
    /// The path template, or the webhook's name.
    pub path: String,
    /// `operationId`.
    pub operation_id: Option<String>,
    /// `summary`.
    pub summary: Option<String>,
    /// In the order of the document.
    pub tags: Vec<String>,
    /// Whether the document calls it deprecated.
    pub deprecated: bool,
    /// A path, or a webhook.
    pub kind: OperationKind,
}

/// Who calls an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationKind {
    /// The consumer calls it under a path of the API.
    Path,
    /// The API calls it at the consumer.
    Webhook,
}

impl OperationEntry {
    /// The summary, or else the operationId, or else method and path.
    pub fn title(&self) -> String {
        let is_given = |text: &&String| !text.trim().is_empty();
        self.summary
            .as_ref()
            .filter(is_given)
            .or(self.operation_id.as_ref().filter(is_given))
            .cloned()
            .unwrap_or_else(|| format!("{} {}", self.method, self.path))
    }

    pub(super) fn weight(&self) -> usize {
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        size_of::<Self>()
            + size_of::<Location>()
            + 2 * self.slug.len()
            + self.method.len()
            + 2 * self.path.len()
            + text(&self.operation_id)
            + text(&self.summary)
            + self
                .tags
                .iter()
                .map(|tag| tag.len() + size_of::<String>())
                .sum::<usize>()
    }
}

/// Where an operation is in the document.
#[derive(Clone, Debug)]
pub(crate) struct Location {
    /// `paths` or `webhooks`.
    pub(crate) section: &'static str,
    /// The key of the path item in its section.
    pub(crate) item: String,
    /// The key of the operation in its path item, or in its `additionalOperations`.
    pub(crate) field: String,
    /// Whether it is one of `additionalOperations` (3.2).
    pub(crate) is_additional: bool,
}

/// The fields of a path item that are operations; `query` from 3.2.
pub(crate) const METHODS: [&str; 9] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace", "query",
];

pub(super) fn operations(root: &Value, anchors: &Anchors) -> (Vec<OperationEntry>, Vec<Location>) {
    let mut entries = Vec::new();
    let mut locations = Vec::new();
    let mut slugs = Slugs::default();
    for (section, kind) in [("paths", OperationKind::Path), ("webhooks", OperationKind::Webhook)] {
        for (path, item) in root.get(section).and_then(Value::as_object).into_iter().flatten() {
            if path.starts_with("x-") {
                continue;
            }
            let Ok(item) = reference::resolve(root, anchors, item) else {
                continue;
            };
            for (field, is_additional, operation) in operations_of(item.value) {
                let entry = entry(&mut slugs, path, field, operation, kind);
                entries.push(entry);
                locations.push(Location {
                    section,
                    item: path.clone(),
                    field: field.to_owned(),
                    is_additional,
                });
            }
        }
    }
    (entries, locations)
}

/// The operations of a path item, in the order of the document: key, whether additional, value.
fn operations_of(item: &Value) -> impl Iterator<Item = (&str, bool, &Value)> {
    let fixed = item
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(field, _)| METHODS.contains(&field.as_str()));
    let additional = item
        .get("additionalOperations")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    let is_method = |name: &str| {
        !name.is_empty() && name.len() <= 40 && !METHODS.contains(&name.to_ascii_lowercase().as_str()) && is_token(name)
    };
    fixed
        .map(|(field, value)| (field.as_str(), false, value))
        .chain(
            additional
                .filter(move |(name, _)| is_method(name))
                .map(|(name, value)| (name.as_str(), true, value)),
        )
        .filter(|(_, _, value)| value.is_object())
}

/// A token of RFC 9110 §5.6.2, as methods and header names are.
pub(crate) fn is_token(text: &str) -> bool {
    let is_tchar = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_tchar)
}

fn entry(slugs: &mut Slugs, path: &str, field: &str, operation: &Value, kind: OperationKind) -> OperationEntry {
    let text = |field: &str| {
        operation
            .get(field)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    let operation_id = text("operationId");
    let fallback = match kind {
        OperationKind::Path => format!("{field} {path}"),
        OperationKind::Webhook => format!("webhook {path} {field}"),
    };
    let slug = slugs.assign([operation_id.as_deref().unwrap_or_default(), &fallback]);
    OperationEntry {
        slug,
        method: field.to_ascii_uppercase(),
        path: path.to_owned(),
        operation_id,
        summary: text("summary"),
        tags: operation
            .get("tags")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        deprecated: operation.get("deprecated").and_then(Value::as_bool).unwrap_or(false),
        kind,
    }
}
