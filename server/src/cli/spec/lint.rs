//! `turnpike spec lint`.

use std::process::ExitCode;

use anyhow::Context as _;
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
    let read = read_ruleset(args).and_then(|ruleset| {
        let bytes = file::read(&args.file).with_context(|| format!("{} cannot be read", args.file.display()))?;
        Ok((ruleset, bytes))
    });
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
    if report.count(Severity::Error) == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
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
