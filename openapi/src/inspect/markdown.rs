//! The report as Markdown.

use std::fmt::{self, Write as _};

use crate::diagnostics::{Diagnostic, Rejected, push_visible};
use crate::model::{Document, OperationKind};
use crate::operation::SecuritySchemeKind;

/// Rows of the table of operations, and of the list of findings.
const MOST_ROWS: usize = 2_000;

/// What a document holds and what is wrong with it, as Markdown (GitHub's dialect, for its tables). Texts of the document can't
/// break the table they are in, or become markup.
///
/// ```
/// let read = openapi::read(b"openapi: 3.1.0\ninfo: {title: Pets, version: '2'}\npaths: {/pets: {get: {}}}", &openapi::Limits::default());
/// let report = openapi::inspect::markdown(&read);
/// assert!(report.starts_with("# Pets\n\nVersion 2, written in OpenAPI 3.1.\n"));
/// assert!(report.contains("| GET | `/pets` |"));
/// ```
pub fn markdown(read: &Result<Document, Rejected>) -> String {
    let mut text = String::new();
    match read {
        Ok(document) => {
            head(&mut text, document);
            operations(&mut text, document);
            servers(&mut text, document);
            security(&mut text, document);
            findings(&mut text, document.diagnostics());
        }
        Err(rejected) => {
            text.push_str("# This document can't be imported\n");
            findings(&mut text, &rejected.diagnostics);
        }
    }
    text
}

fn head(text: &mut String, document: &Document) {
    push(text, format_args!("# {}\n\n", plain(document.title())));
    let version = match document.version() {
        "" => "Without a version".to_owned(),
        version => format!("Version {}", plain(version)),
    };
    push(
        text,
        format_args!("{version}, written in {}.\n", document.format().title()),
    );
    if let Some(summary) = document.summary() {
        push(text, format_args!("\n{}\n", plain(summary)));
    }
    let counts = document.counts();
    text.push_str("\n| Paths | Operations | Schemas | Webhooks |\n|---:|---:|---:|---:|\n");
    push(
        text,
        format_args!(
            "| {} | {} | {} | {} |\n",
            counts.paths, counts.operations, counts.schemas, counts.webhooks
        ),
    );
}

fn operations(text: &mut String, document: &Document) {
    let entries = document.operations();
    if entries.is_empty() {
        return;
    }
    text.push_str("\n## Operations\n\n| Method | Path | Operation | Summary | Tags |\n|---|---|---|---|---|\n");
    for entry in entries.iter().take(MOST_ROWS) {
        let path = match entry.kind {
            OperationKind::Path => code(&entry.path),
            OperationKind::Webhook => format!("webhook {}", code(&entry.path)),
        };
        let mut summary = String::from(if entry.deprecated { "(deprecated) " } else { "" });
        summary.extend(entry.summary.as_deref().map(plain));
        let tags: Vec<String> = entry.tags.iter().map(|tag| plain(tag)).collect();
        let id = entry.operation_id.as_deref().map(code).unwrap_or_default();
        push(
            text,
            format_args!(
                "| {} | {path} | {id} | {summary} | {} |\n",
                plain(&entry.method),
                tags.join(", ")
            ),
        );
    }
    more(text, entries.len());
}

fn servers(text: &mut String, document: &Document) {
    if document.servers().is_empty() {
        return;
    }
    text.push_str("\n## Servers\n\n");
    for server in document.servers() {
        push(text, format_args!("- {}", code(&server.template)));
        if let Some(description) = &server.description {
            push(text, format_args!(": {}", plain(description)));
        }
        text.push('\n');
        for variable in &server.variables {
            push(
                text,
                format_args!("  - {}: {}", code(&variable.name), code(&variable.default)),
            );
            if !variable.choices.is_empty() {
                let choices: Vec<String> = variable.choices.iter().map(|choice| code(choice)).collect();
                push(text, format_args!(" of {}", choices.join(", ")));
            }
            text.push('\n');
        }
    }
}

fn security(text: &mut String, document: &Document) {
    let schemes = document.security_schemes();
    if schemes.is_empty() {
        return;
    }
    text.push_str("\n## Security schemes\n\n");
    for (name, scheme) in schemes {
        let kind = match scheme.kind {
            SecuritySchemeKind::ApiKey { location, name } => format!("a key in {} {}", plain(location), code(name)),
            SecuritySchemeKind::Http { scheme, .. } => format!("HTTP {}", plain(scheme)),
            SecuritySchemeKind::OAuth2 => "OAuth 2.0".to_owned(),
            SecuritySchemeKind::OpenIdConnect { .. } => "OpenID Connect".to_owned(),
            SecuritySchemeKind::MutualTls => "client certificates".to_owned(),
            SecuritySchemeKind::Unknown => "of an unknown type".to_owned(),
        };
        push(text, format_args!("- {}: {kind}\n", code(name)));
    }
}

fn findings(text: &mut String, found: &[Diagnostic]) {
    text.push_str("\n## Findings\n\n");
    if found.is_empty() {
        text.push_str("None.\n");
        return;
    }
    for finding in found.iter().take(MOST_ROWS) {
        push(text, format_args!("- **{}**", finding.severity.label()));
        let mut place = String::new();
        place.extend(finding.file.as_deref());
        if let (Some(line), Some(column)) = (finding.line, finding.column) {
            if !place.is_empty() {
                place.push(':');
            }
            push(&mut place, format_args!("{line}:{column}"));
        }
        if !place.is_empty() {
            push(text, format_args!(" {}", code(&place)));
        }
        push(
            text,
            format_args!(": {} ({})", plain(&finding.message), code(&finding.code)),
        );
        if !finding.pointer.is_empty() {
            push(text, format_args!(" at {}", code(&finding.pointer)));
        }
        if let Some(hint) = &finding.hint {
            push(text, format_args!(". {}", plain(hint)));
        }
        text.push('\n');
    }
    more(text, found.len());
}

fn push(text: &mut String, line: fmt::Arguments<'_>) {
    // Writing to a text can't fail.
    let _ = text.write_fmt(line);
}

fn more(text: &mut String, count: usize) {
    if count > MOST_ROWS {
        push(text, format_args!("\n… and {} more.\n", count - MOST_ROWS));
    }
}

/// A text on one line, at most 300 characters, with everything escaped that Markdown or HTML would act on.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let line = text.split_whitespace().take(300).collect::<Vec<_>>().join(" ");
    for (at, character) in line.chars().enumerate() {
        if at == 300 {
            plain.push('…');
            break;
        }
        match character {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '&' | '~' | '!' => {
                plain.extend(['\\', character]);
            }
            other => push_visible(&mut plain, other),
        }
    }
    plain
}

/// A text as code, at most 300 characters: in as many backticks as it takes, and without anything that ends a table's cell.
fn code(text: &str) -> String {
    let mut inner = String::new();
    for (at, character) in text.chars().enumerate() {
        match character {
            _ if at == 300 => {
                inner.push('…');
                break;
            }
            '|' => inner.push_str("\\|"),
            '\n' | '\r' | '\t' => inner.push(' '),
            other => push_visible(&mut inner, other),
        }
    }
    let longest = inner
        .split(|character| character != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let is_padded = inner.starts_with('`') || inner.ends_with('`');
    let pad = if is_padded || inner.trim().is_empty() { " " } else { "" };
    format!("{fence}{pad}{inner}{pad}{fence}")
}
