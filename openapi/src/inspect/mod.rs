//! The report of `turnpike spec inspect`: for machines as [`Report`], for people as [`markdown`].

mod markdown;

use std::fmt::Write as _;

use serde::Serialize;

pub use markdown::markdown;

use crate::diagnostics::{Diagnostic, Rejected};
use crate::lint::inline;
use crate::model::{Document, Format, OperationKind};

/// Operations that are listed in Markdown; the rest is counted.
const MOST_LISTED: usize = 2_000;

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

/// The report for people: what the document holds, its operations, and everything that was found. Texts of the document can't
/// add markup.
pub fn markdown(read: &Result<Document, Rejected>) -> String {
    let report = report(read);
    let mut text = String::new();
    match (read, report.format) {
        (Ok(document), Some(format)) => {
            let title = report.title.as_deref().unwrap_or_default();
            let version = report.version.as_deref().unwrap_or_default();
            let _ = writeln!(text, "# {} {}\n", inline(title), inline(version));
            let _ = writeln!(
                text,
                "{}: {} paths, {} operations, {} schemas, {} webhooks.",
                format.label(),
                report.paths,
                report.operations,
                report.schemas,
                report.webhooks
            );
            servers(&mut text, document);
            operations(&mut text, document);
        }
        _ => text.push_str("# The document can't be imported\n"),
    }
    diagnostics(&mut text, &report.diagnostics);
    text
}

fn servers(text: &mut String, document: &Document) {
    if document.servers().is_empty() {
        return;
    }
    text.push_str("\n## Servers\n\n");
    for server in document.servers() {
        let _ = writeln!(text, "- {}", inline(&server.url));
    }
}

fn operations(text: &mut String, document: &Document) {
    let listed = document
        .operations()
        .iter()
        .filter(|entry| entry.kind == OperationKind::Path);
    let count = listed.clone().count();
    if count == 0 {
        return;
    }
    let _ = write!(text, "\n## Operations ({count})\n\n");
    for entry in listed.take(MOST_LISTED) {
        let end = if entry.deprecated { ", deprecated" } else { "" };
        let _ = writeln!(text, "- {}{end}", inline(&format!("{} {}", entry.method, entry.path)));
    }
    if count > MOST_LISTED {
        let _ = writeln!(text, "\nAnd {} more.", count - MOST_LISTED);
    }
}

fn diagnostics(text: &mut String, found: &[Diagnostic]) {
    if found.is_empty() {
        return;
    }
    let _ = write!(text, "\n## Findings ({})\n\n", found.len());
    for diagnostic in found {
        let _ = write!(text, "- {}", inline(&diagnostic.to_string()));
        if let Some(hint) = &diagnostic.hint {
            let _ = write!(text, ": {}", inline(hint));
        }
        text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use crate::{Limits, read};

    #[test]
    fn a_report_in_markdown_takes_no_markup_of_the_document() {
        let document = br##"{"openapi": "3.1.0", "info": {"title": "# `Pets`\n# x", "version": "1"},
            "servers": [{"url": "https://a.example/"}],
            "paths": {"/pets": {"get": {"deprecated": true, "responses": {"200": {"description": "ok"}}}}}}"##;
        let text = super::markdown(&read(document, &Limits::default()));
        assert!(
            text.starts_with("# ``# `Pets`\\u{a}# x`` `1`\n\nopenapi-3.1: 1 paths, 1 operations"),
            "{text}"
        );
        assert!(
            text.contains("\n## Operations (1)\n\n- `GET /pets`, deprecated\n"),
            "{text}"
        );
        let text = super::markdown(&read(b"[", &Limits::default()));
        assert!(
            text.starts_with("# The document can't be imported\n\n## Findings"),
            "{text}"
        );
    }
}
