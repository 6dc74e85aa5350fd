//! The log: to standard error, so that standard output stays for what a command was asked for.

use std::io::IsTerminal as _;

use tracing_subscriber::{EnvFilter, fmt};

use crate::config::{self, LogFormat};

/// What is logged unless `TURNPIKE_LOG` says otherwise: our own news, and only trouble of the libraries below.
const DEFAULT_FILTER: &str = "info,sqlx=warn,sea_orm=warn,sea_orm_migration=warn,hyper=warn,lettre=warn";

/// Starts the log of a process. A filter that cannot be read is replaced by the default, and the log says so.
pub fn start(format: LogFormat) {
    let wanted = config::log_filter();
    let parsed = wanted.as_deref().map(EnvFilter::try_new);
    let (filter, problem) = match parsed {
        Some(Ok(filter)) => (filter, None),
        Some(Err(error)) => (EnvFilter::new(DEFAULT_FILTER), Some(error)),
        None => (EnvFilter::new(DEFAULT_FILTER), None),
    };
    let builder = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second start in one process (tests) keeps the first log.
    let _ = match format {
        LogFormat::Text => builder
            .with_ansi(std::io::stderr().is_terminal())
            .with_target(false)
            .try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    if let Some(error) = problem {
        tracing::warn!(%error, "TURNPIKE_LOG cannot be read; using the default");
    }
}
