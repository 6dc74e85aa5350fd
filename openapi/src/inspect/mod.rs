//! The report of `turnpike spec inspect`: for machines as [`Report`], for people as [`markdown`].

mod markdown;

use serde::Serialize;

pub use markdown::markdown;

use crate::diagnostics::{Diagnostic, Rejected};
use crate::model::{Document, Format};

/// What one document holds, and what is wrong with it. Its JSON is a stable interface: fields are added, never renamed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// `swagger-2.0`, `openapi-3.0`, `openapi-3.1` or `openapi-3.2`; null if the document can't be imported.
    pub format: Option<Format>,
    /// `info.title`.
    pub title: Option<String>,
    /// `info.version`.
    pub version: Option<String>,
    /// Number of paths.
    pub paths: usize,
    /// Number of operations under paths.
    pub operations: usize,
    /// Number of named schemas.
    pub schemas: usize,
    /// Number of webhooks.
    pub webhooks: usize,
    /// Everything that was found.
    pub diagnostics: Vec<Diagnostic>,
}

/// The report about a document that was read, or couldn't be.
pub fn report(read: &Result<Document, Rejected>) -> Report {
    match read {
        Ok(document) => {
            let counts = document.counts();
            Report {
                format: Some(document.format()),
                title: Some(document.title().to_owned()),
                version: Some(document.version().to_owned()),
                paths: counts.paths,
                operations: counts.operations,
                schemas: counts.schemas,
                webhooks: counts.webhooks,
                diagnostics: document.diagnostics().to_vec(),
            }
        }
        Err(rejected) => Report {
            format: None,
            title: None,
            version: None,
            paths: 0,
            operations: 0,
            schemas: 0,
            webhooks: 0,
            diagnostics: rejected.diagnostics.clone(),
        },
    }
}
