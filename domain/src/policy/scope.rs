//! What a policy is attached to.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::PolicyLevel;
use crate::{
    gateway_config::OperationRecord,
    id::{ApiId, OrganizationId, VersionId},
};

/// One thing that has policies.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PolicyScope {
    /// All apis of an organization.
    Organization(OrganizationId),
    /// All versions of an api.
    Api(ApiId),
    /// All operations of a version.
    Version(VersionId),
    /// One operation of a version.
    Operation(VersionId, OperationKey),
}

impl PolicyScope {
    /// Its level.
    pub const fn level(&self) -> PolicyLevel {
        match self {
            Self::Organization(_) => PolicyLevel::Organization,
            Self::Api(_) => PolicyLevel::Api,
            Self::Version(_) => PolicyLevel::Version,
            Self::Operation(..) => PolicyLevel::Operation,
        }
    }
}

impl fmt::Display for PolicyScope {
    /// For the audit log: `ver_…`, `ver_… GET /pets`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Organization(id) => id.fmt(f),
            Self::Api(id) => id.fmt(f),
            Self::Version(id) => id.fmt(f),
            Self::Operation(id, operation) => write!(f, "{id} {operation}"),
        }
    }
}

/// Method and path template: what an operation keeps from one revision of the document to the next.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OperationKey(String);

impl OperationKey {
    /// The key of an operation that gateways know.
    pub fn of(operation: &OperationRecord) -> Self {
        Self::new(&operation.method, &operation.path)
    }

    /// Finds the operation that a text means: `GET /pets/{id}`, or its operationId.
    pub fn find(document: &openapi::Document, text: &str) -> Option<Self> {
        let text = text.trim();
        let mut operations = document.operations().iter();
        operations
            .find(|entry| {
                let key = text.split_once(' ').map(|(method, path)| (method, path.trim_start()));
                entry.kind == openapi::OperationKind::Path
                    && (key == Some((&entry.method, &entry.path)) || entry.operation_id.as_deref() == Some(text))
            })
            .map(|entry| Self::new(&entry.method, &entry.path))
    }

    /// Every operation of a document that callers can call.
    pub fn all(document: &openapi::Document) -> impl Iterator<Item = Self> {
        let operations = document.operations().iter();
        operations
            .filter(|entry| entry.kind == openapi::OperationKind::Path)
            .map(|entry| Self::new(&entry.method, &entry.path))
    }

    fn new(method: &str, path: &str) -> Self {
        Self(format!("{method} {path}"))
    }

    /// `GET /pets/{id}`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `/pets/{id}`.
    pub fn path(&self) -> &str {
        self.0.split_once(' ').map_or("", |(_method, path)| path)
    }

    /// A key that was stored.
    #[cfg(feature = "store")]
    pub(crate) const fn stored(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for OperationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
