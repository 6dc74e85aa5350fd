//! The arguments of `turnpike spec`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// What to do with a document.
#[derive(Debug, Subcommand)]
pub enum SpecCommand {
    /// Says what a document holds and what is wrong with it; exit code 1 if it cannot be imported
    Inspect(InspectArgs),
    /// Says what could be better in a document; exit code 1 if there are errors, 2 if it cannot be judged
    Lint(LintArgs),
    /// Says what changed between two documents and what of it breaks callers; exit code 2 if they cannot be compared
    Diff(DiffArgs),
    /// Makes one document of several files that refer to each other
    Bundle(BundleArgs),
    /// Applies an overlay to a document and prints the result; exit code 1 if an action does not fit
    Overlay(OverlayArgs),
    /// Finds operations, schemas, parameters and tags of a document by words; exit code 1 if there are none
    Search(SearchArgs),
}

/// Arguments of `turnpike spec inspect`.
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// The document: OpenAPI 2.0 to 3.2, JSON or YAML, also gzip; or a folder or zip archive of files that refer to each other
    #[arg(value_name = "FILE|DIR|ZIP")]
    pub file: PathBuf,
    /// Of a folder or archive, the file that the document starts in; without it, the one that says that it is OpenAPI
    #[arg(long, value_name = "FILE")]
    pub entry: Option<String>,
    /// Form of the report
    #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
    pub format: ReportFormat,
}

/// Arguments of `turnpike spec lint`.
#[derive(Debug, Args)]
pub struct LintArgs {
    /// The document: OpenAPI 2.0 to 3.2, JSON or YAML, also gzip
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Which rules run, own rules and exceptions, as YAML or JSON; without it, the rules of `spectral:oas` and Turnpike's own
    #[arg(long, value_name = "FILE")]
    pub ruleset: Option<PathBuf>,
    /// Form of the report
    #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
    pub format: ReportFormat,
}

/// Arguments of `turnpike spec diff`.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// The document before; a file, or a folder or zip archive
    #[arg(value_name = "OLD")]
    pub old: PathBuf,
    /// The document after; a file, or a folder or zip archive
    #[arg(value_name = "NEW")]
    pub new: PathBuf,
    /// Form of the report
    #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
    pub format: ReportFormat,
    /// Ends with exit code 1 if there are changes of this level, or worse
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub fail_on: Option<BreakLevel>,
}

/// Arguments of `turnpike spec bundle`.
#[derive(Debug, Args)]
pub struct BundleArgs {
    /// The folder or zip archive
    #[arg(value_name = "DIR|ZIP")]
    pub source: PathBuf,
    /// The file that the document starts in; without it, the one that says that it is OpenAPI
    #[arg(long, value_name = "FILE")]
    pub entry: Option<String>,
    /// Form of the document
    #[arg(long, value_enum, default_value_t = DocumentFormat::Yaml)]
    pub format: DocumentFormat,
}

/// Arguments of `turnpike spec overlay`.
#[derive(Debug, Args)]
pub struct OverlayArgs {
    /// The document
    #[arg(value_name = "DOCUMENT")]
    pub document: PathBuf,
    /// Overlays (OpenAPI Overlay 1.0 or 1.1), applied in order
    #[arg(required = true, value_name = "OVERLAY")]
    pub overlays: Vec<PathBuf>,
    /// Form of the document
    #[arg(long, value_enum, default_value_t = DocumentFormat::Yaml)]
    pub format: DocumentFormat,
}

/// Arguments of `turnpike spec search`.
#[derive(Debug, Args)]
pub struct SearchArgs {
    /// The document; a file, or a folder or zip archive
    #[arg(value_name = "FILE|DIR|ZIP")]
    pub file: PathBuf,
    /// What to look for; typing errors are forgiven
    #[arg(required = true, value_name = "WORDS")]
    pub words: Vec<String>,
    /// Most results
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=200))]
    pub limit: u16,
    /// Form of the results
    #[arg(long, value_enum, default_value_t = ResultFormat::Text)]
    pub format: ResultFormat,
}

/// Form of results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ResultFormat {
    /// For people
    Text,
    /// For programs; a stable interface
    Json,
}

/// Form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For people
    Text,
    /// For programs; a stable interface
    Json,
    /// For people, on a page
    Markdown,
}

/// Form of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DocumentFormat {
    /// JSON, indented
    Json,
    /// YAML 1.2
    Yaml,
}

/// Changes that are too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BreakLevel {
    /// What breaks callers
    Error,
    /// What breaks callers or may do so
    Warning,
}
