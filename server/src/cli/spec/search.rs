//! `turnpike spec search`.

use std::process::ExitCode;

use openapi::search::{EntryKind, Hit, IndexBuilder, Query};
use serde::Serialize;

use super::{print_json, source, unusable};
use crate::{
    cli::output,
    config::{ResultFormat, SearchArgs},
};

/// One result, as programs read it.
#[derive(Serialize)]
struct Found<'i> {
    kind: EntryKind,
    /// Slug of the operation, or name of the schema or tag.
    name: &'i str,
    title: &'i str,
    detail: &'i str,
    text: &'i str,
    is_deprecated: bool,
    score: f32,
}

/// Prints what was found, best first; success if there is anything.
pub(super) fn run(args: &SearchArgs) -> ExitCode {
    let document = match source::read(&args.file, None) {
        Ok(source) => source.document,
        Err(error) => return unusable(&error.into()),
    };
    let mut builder = IndexBuilder::default();
    builder.document("", &document);
    let index = builder.build();
    let words = args.words.join(" ");
    let query = Query {
        limit: usize::from(args.limit),
        ..Query::new(&words)
    };
    let results = index.search(&query);
    match args.format {
        ResultFormat::Json => print_json(&results.hits.iter().map(found).collect::<Vec<_>>()),
        ResultFormat::Text => {
            results.hits.iter().for_each(print_text);
            let rest = results.total - results.hits.len();
            if rest > 0 {
                output::remark(format_args!("{rest} more are not listed; --limit lists up to so many"));
            }
        }
    }
    if results.hits.is_empty() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

fn found<'i>(hit: &Hit<'i>) -> Found<'i> {
    Found {
        kind: hit.entry.kind,
        name: &hit.entry.anchor,
        title: &hit.entry.title,
        detail: &hit.entry.detail,
        text: hit.excerpt,
        is_deprecated: hit.entry.is_deprecated,
        score: hit.score,
    }
}

/// Two lines: what it is, and what its description says.
fn print_text(hit: &Hit<'_>) {
    let entry = hit.entry;
    let kind = match entry.kind {
        EntryKind::Operation => "operation",
        EntryKind::Webhook => "webhook",
        EntryKind::Schema => "schema",
        EntryKind::Tag => "tag",
        EntryKind::Parameter => "parameter",
        EntryKind::Guide => "guide",
    };
    let deprecated = if entry.is_deprecated { " (deprecated)" } else { "" };
    let title = format!("{kind} {}: {}{deprecated}", entry.anchor, entry.title);
    if entry.detail.is_empty() {
        output::line(visible(&title));
    } else {
        output::line(visible(&format!("{title}, {}", entry.detail)));
    }
    if !hit.excerpt.is_empty() {
        output::line(format_args!("    {}", visible(hit.excerpt)));
    }
}

/// A document's text on one line, with nothing in it that moves the cursor of a terminal.
fn visible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
