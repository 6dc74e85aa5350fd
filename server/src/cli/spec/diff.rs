//! `turnpike spec diff`.

use std::{borrow::Cow, path::Path, process::ExitCode};

use openapi::{
    Diagnostic, Document, Limits, Severity,
    diff::{Change, Changes, Level, Side, diff},
};

use super::{print, print_json, source, unusable};
use crate::{
    cli::output,
    config::{BreakLevel, DiffArgs, ReportFormat},
};

/// Prints the changes; failure only if there are some that were said to be too much.
pub(super) fn run(args: &DiffArgs) -> ExitCode {
    let (old, changes) = match compare(args) {
        Ok(compared) => compared,
        Err(error) => return unusable(&error),
    };
    match args.format {
        ReportFormat::Json => print_json(&changes.list()),
        ReportFormat::Markdown => output::text(&changes.markdown()),
        ReportFormat::Text => print_text(&changes, &old, args),
    }
    let is_too_much = match args.fail_on {
        None => false,
        Some(BreakLevel::Error) => changes.count(Level::Error) > 0,
        Some(BreakLevel::Warning) => changes.is_breaking(),
    };
    if is_too_much {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

fn compare(args: &DiffArgs) -> anyhow::Result<(Document, Changes)> {
    let read = |path: &Path| {
        let source = source::read(path, None);
        source.map_err(|error| anyhow::Error::new(error).context(path.display().to_string()))
    };
    let (old, new) = (read(&args.old)?, read(&args.new)?);
    let mut changes = diff(&old.document, &new.document);
    // Of several files, the one text that was made of them is nowhere for the reader to look at.
    if !old.is_bundle && !new.is_bundle {
        changes.locate(&old.text, &new.text, &Limits::default())?;
    }
    Ok((old.document, changes))
}

fn print_text(changes: &Changes, old: &Document, args: &DiffArgs) {
    for change in changes.list() {
        print(&diagnostic(change, args));
    }
    if changes.list().is_empty() {
        output::line("Nothing changed.");
        return;
    }
    let count = |level| changes.count(level);
    output::line(format_args!(
        "{} breaking, {} possibly breaking, {} other changes",
        count(Level::Error),
        count(Level::Warning),
        count(Level::Info)
    ));
    if changes.omitted() > 0 {
        output::line(format_args!("{} more are not listed.", changes.omitted()));
    }
    if !changes.is_complete() {
        output::line("The documents are too large to be compared completely: there may be more.");
    }
    let suggestion = changes.suggested_version(old.version());
    match suggestion.version {
        Some(version) => output::line(format_args!("Suggested version: {version} ({})", suggestion.reason)),
        None => output::line(format_args!("No version is suggested: {}", suggestion.reason)),
    }
}

/// A change as compilers write their findings: file and place first.
fn diagnostic(change: &Change, args: &DiffArgs) -> Diagnostic {
    let file = match change.document {
        Side::Old => &args.old,
        Side::New => &args.new,
    };
    let severity = match change.level {
        Level::Error => Severity::Error,
        Level::Warning => Severity::Warning,
        Level::Info => Severity::Info,
    };
    let message = match &change.operation {
        Some(operation) => format!("{operation}: {}", change.message),
        None => change.message.clone(),
    };
    Diagnostic {
        severity,
        code: Cow::Borrowed(change.rule.name),
        message,
        file: Some(file.display().to_string()),
        pointer: change.pointer(),
        line: change.line,
        column: change.column,
        hint: None,
    }
}
