//! `turnpike spec`: work on OpenAPI documents, without an installation.

mod bundle;
mod diff;
mod inspect;
mod lint;
mod overlay;
mod search;
pub(super) mod source;

use std::process::ExitCode;

use openapi::{Diagnostic, Limits, Rejected};

use crate::{
    cli::output,
    config::{DocumentFormat, SpecCommand},
};

/// The exit code of a command that could not do what it was asked for, where 1 says something about the document.
const UNUSABLE: u8 = 2;

/// Runs a command to its end.
pub(super) fn run(command: &SpecCommand) -> ExitCode {
    match command {
        SpecCommand::Inspect(args) => inspect::run(args),
        SpecCommand::Lint(args) => lint::run(args),
        SpecCommand::Diff(args) => diff::run(args),
        SpecCommand::Bundle(args) => bundle::run(args),
        SpecCommand::Overlay(args) => overlay::run(args),
        SpecCommand::Search(args) => search::run(args),
    }
}

/// Says why a command could not be done.
fn unusable(error: &anyhow::Error) -> ExitCode {
    output::complaint(error);
    ExitCode::from(UNUSABLE)
}

/// A finding and what to do about it, on standard output.
fn print(diagnostic: &Diagnostic) {
    output::line(diagnostic);
    if let Some(hint) = &diagnostic.hint {
        output::line(format_args!("    {hint}"));
    }
}

/// Findings on standard error, where standard output has the document.
fn warn(diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics {
        output::remark(diagnostic);
        if let Some(hint) = &diagnostic.hint {
            output::remark(format_args!("    {hint}"));
        }
    }
}

/// Prints a value as JSON.
fn print_json(value: &impl serde::Serialize) {
    match serde_json::to_string_pretty(value) {
        Ok(json) => output::json(&json),
        Err(error) => output::complaint(&error.into()),
    }
}

/// Prints a document that is there as JSON.
fn print_document(json: &str, format: DocumentFormat) -> Result<(), Rejected> {
    match format {
        DocumentFormat::Json => output::exact(json),
        DocumentFormat::Yaml => output::exact(&openapi::to_yaml(json.as_bytes(), &Limits::default())?),
    }
    Ok(())
}
