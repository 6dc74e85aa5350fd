//! `turnpike spec inspect`.

use std::process::ExitCode;

use openapi::inspect::{Report, markdown, report};

use super::{
    print, print_json,
    source::{self, SourceError},
};
use crate::{
    cli::output,
    config::{InspectArgs, ReportFormat},
};

/// Prints the report; success if the document can be imported.
pub(super) fn run(args: &InspectArgs) -> ExitCode {
    let read = match source::read(&args.file, args.entry.as_deref()) {
        Ok(source) => Ok(source.document),
        Err(SourceError::Rejected(rejected)) => Err(rejected),
        Err(SourceError::Unreadable(error)) => {
            output::complaint(&error);
            return ExitCode::FAILURE;
        }
    };
    match args.format {
        ReportFormat::Json => print_json(&report(&read)),
        ReportFormat::Text => print_text(&report(&read)),
        ReportFormat::Markdown => output::text(&markdown(&read)),
    }
    if read.is_ok() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn print_text(report: &Report) {
    match report.format {
        Some(format) => {
            let title = report.title.as_deref().unwrap_or_default();
            let version = report.version.as_deref().unwrap_or_default();
            output::line(format_args!("{title} {version} ({})", format.label()));
            output::line(format_args!(
                "{} paths, {} operations, {} schemas, {} webhooks",
                report.paths, report.operations, report.schemas, report.webhooks
            ));
        }
        None => output::line("The document cannot be imported."),
    }
    report.diagnostics.iter().for_each(print);
}
