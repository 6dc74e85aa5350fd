//! The typed view of one operation. It borrows from the document and follows references as it goes; what is malformed is
//! left out (reading the document has reported it).

mod body;
mod parameter;
mod security;
mod status;

use serde_json::Value;

pub use body::{Example, Header, MediaType, RequestBody, Response};
pub use parameter::{Parameter, ParameterLocation};
pub use security::{SecurityAlternative, SecurityScheme, SecuritySchemeKind, SecurityUse};

pub(crate) use status::StatusKey;

use crate::model::{Document, Location, OperationEntry, Server, servers_of};

/// One operation of a document.
#[derive(Clone, Copy, Debug)]
pub struct Operation<'d> {
    doc: &'d Document,
    entry: &'d OperationEntry,
    item: &'d Value,
    value: &'d Value,
}

/// A link to documentation elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExternalDocs<'d> {
    /// Untrusted text: check its scheme before linking to it.
    pub url: &'d str,
    /// Markdown source.
    pub description: Option<&'d str>,
}

/// A text field that isn't empty.
pub(crate) fn text<'d>(value: &'d Value, field: &str) -> Option<&'d str> {
    value.get(field).and_then(Value::as_str).filter(|text| !text.is_empty())
}

pub(crate) fn flag(value: &Value, field: &str) -> bool {
    value.get(field).and_then(Value::as_bool).unwrap_or(false)
}

/// The entries of an object field, without extensions.
pub(crate) fn entries<'d>(value: &'d Value, field: &str) -> impl Iterator<Item = (&'d str, &'d Value)> {
    let map = value.get(field).and_then(Value::as_object);
    map.into_iter()
        .flatten()
        .map(|(name, value)| (name.as_str(), value))
        .filter(|(name, _)| !name.starts_with("x-"))
}

impl<'d> Operation<'d> {
    pub(crate) fn new(doc: &'d Document, entry: &'d OperationEntry, location: &Location) -> Option<Self> {
        let item = doc.root().get(location.section)?.get(&location.item)?;
        let item = doc.resolve(item).ok()?.value;
        let owner = if location.is_additional {
            item.get("additionalOperations")?
        } else {
            item
        };
        Some(Self {
            doc,
            entry,
            item,
            value: owner.get(&location.field)?,
        })
    }

    /// The document it belongs to.
    pub fn document(&self) -> &'d Document {
        self.doc
    }

    /// Its line in the index: slug, method, path, tags.
    pub fn entry(&self) -> &'d OperationEntry {
        self.entry
    }

    /// Its JSON, in the 3.1 shape.
    pub fn value(&self) -> &'d Value {
        self.value
    }

    /// The description of the operation, or else of its path item, as Markdown source.
    pub fn description(&self) -> Option<&'d str> {
        text(self.value, "description").or_else(|| text(self.item, "description"))
    }

    /// Whether the document calls it deprecated.
    pub fn deprecated(&self) -> bool {
        self.entry.deprecated
    }

    /// The parameters of the path item and of the operation, the latter replacing those of the same name and place; path
    /// parameters first, otherwise in the order of the document.
    pub fn parameters(&self) -> Vec<Parameter<'d>> {
        parameter::parameters(self.doc, self.item, self.value)
    }

    /// What is sent as the body.
    pub fn request_body(&self) -> Option<RequestBody<'d>> {
        body::request_body(self.doc, self.value.get("requestBody")?)
    }

    /// The answers, in the order of the document.
    pub fn responses(&self) -> Vec<Response<'d>> {
        entries(self.value, "responses")
            .filter_map(|(status, value)| body::response(self.doc, status, value))
            .collect()
    }

    /// The ways to be let in, any one of which is enough; empty if none is needed.
    pub fn security(&self) -> Vec<SecurityAlternative<'d>> {
        let own = self.value.get("security").or_else(|| self.doc.root().get("security"));
        security::alternatives(self.doc, own)
    }

    /// Its own servers, or else those of its path item, or else those of the document.
    pub fn servers(&self) -> Vec<Server> {
        [self.value, self.item]
            .into_iter()
            .map(servers_of)
            .find(|servers| !servers.is_empty())
            .unwrap_or_else(|| self.doc.servers().to_vec())
    }

    /// A link to more documentation.
    pub fn external_docs(&self) -> Option<ExternalDocs<'d>> {
        let docs = self.value.get("externalDocs")?;
        Some(ExternalDocs {
            url: text(docs, "url")?,
            description: text(docs, "description"),
        })
    }

    /// The names of its callbacks.
    pub fn callbacks(&self) -> Vec<&'d str> {
        entries(self.value, "callbacks").map(|(name, _)| name).collect()
    }
}
