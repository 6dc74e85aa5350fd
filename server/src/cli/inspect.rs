//! `turnpike spec inspect`.

use std::process::ExitCode;

use anyhow::Context as _;
use openapi::inspect::{Report, report};

use crate::{
    cli::{file, output},
    config::{InspectArgs, ReportFormat},
};

/// Prints the report; success if the document can be imported.
pub(super) fn run(args: &InspectArgs) -> ExitCode {
    let bytes = match file::read(&args.file).with_context(|| format!("{} cannot be read", args.file.display())) {
        Ok(bytes) => bytes,
        Err(error) => {
            output::complaint(&error);
            return ExitCode::FAILURE;
        }
    };
    let read = openapi::read(&bytes, &openapi::Limits::default());
    let report = report(&read);
    match args.format {
        ReportFormat::Json => match serde_json::to_string_pretty(&report) {
            Ok(json) => output::line(json),
            Err(error) => output::complaint(&error.into()),
        },
        ReportFormat::Text => print_text(&report),
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
    for diagnostic in &report.diagnostics {
        output::line(diagnostic);
        if let Some(hint) = &diagnostic.hint {
            output::line(format_args!("    {hint}"));
        }
    }
}
