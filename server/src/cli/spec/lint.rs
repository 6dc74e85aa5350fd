//! `turnpike spec lint`.

use std::{path::Path, process::ExitCode};

use anyhow::{Context as _, anyhow};
use openapi::{
    Limits, Severity,
    lint::{Report, Ruleset, lint},
};

use super::{print, print_json, unusable};
use crate::{
    cli::{file, output},
    config::{LintArgs, ReportFormat},
};

/// Prints the findings; success if none is an error.
pub(super) fn run(args: &LintArgs) -> ExitCode {
    let read = read_ruleset(args).and_then(|ruleset| Ok((ruleset, read_document(&args.file)?)));
    let (ruleset, bytes) = match read {
        Ok(read) => read,
        Err(error) => return unusable(&error),
    };
    let report = lint(&bytes, &Limits::default(), &ruleset);
    match args.format {
        ReportFormat::Json => print_json(&report.findings),
        ReportFormat::Markdown => output::text(&report.to_markdown()),
        ReportFormat::Text => print_text(&report, args),
    }
    if report.findings.iter().any(|finding| finding.rule == NO_DOCUMENT) {
        return unusable(&anyhow!("{} is no OpenAPI document", args.file.display()));
    }
    if report.count(Severity::Error) == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// The rule that says that something is no OpenAPI document at all.
const NO_DOCUMENT: &str = "unrecognized-format";

/// Documents of several files are linted as the one that they make: lines would be those of no file.
fn read_document(path: &Path) -> anyhow::Result<Vec<u8>> {
    let bundle = || {
        let path = path.display();
        anyhow!("{path} holds several files; make one of them first: turnpike spec bundle {path} > bundled.json")
    };
    if path.is_dir() {
        return Err(bundle());
    }
    let bytes = file::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    if bytes.starts_with(b"PK\x03\x04") {
        return Err(bundle());
    }
    Ok(bytes)
}

fn read_ruleset(args: &LintArgs) -> anyhow::Result<Ruleset> {
    let Some(path) = &args.ruleset else {
        return Ok(Ruleset::default());
    };
    let bytes = file::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    Ruleset::read(&bytes).with_context(|| format!("{} is no ruleset", path.display()))
}

/// A line for each finding, as compilers write them, and one for the whole.
fn print_text(report: &Report, args: &LintArgs) {
    let file = args.file.display().to_string();
    for finding in &report.findings {
        print(&finding.to_diagnostic().in_file(file.clone()));
    }
    let count = |severity| report.count(severity);
    output::line(format_args!(
        "Score {} of 100: {} errors, {} warnings, {} notes",
        report.score.total,
        count(Severity::Error),
        count(Severity::Warning),
        count(Severity::Info) + count(Severity::Hint),
    ));
    if report.dropped > 0 {
        output::line(format_args!("{} more findings are not listed.", report.dropped));
    }
    if !report.excepted.is_empty() {
        output::line(format_args!(
            "{} findings are accepted by the ruleset.",
            report.excepted.len()
        ));
    }
    for exception in &report.unused_exceptions {
        output::line(format_args!(
            "The exception from {} at {:?} covers nothing.",
            exception.rule, exception.path
        ));
    }
}
