//! Compares two documents: `cargo run -p openapi --example diff -- OLD NEW [json|markdown|breaks|version]`.

use std::io::Write;
use std::process::ExitCode;

use openapi::diff::{Date, Options, diff_with};
use openapi::{Limits, read};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (Some(old), Some(new)) = (arguments.first(), arguments.get(1)) else {
        let _ = writeln!(std::io::stderr(), "usage: diff OLD NEW [json|markdown|breaks|version]");
        return ExitCode::from(2);
    };
    match run(old, new, arguments.get(2).map_or("json", String::as_str)) {
        Ok(text) => {
            let _ = writeln!(std::io::stdout(), "{text}");
            ExitCode::SUCCESS
        }
        Err(reason) => {
            let _ = writeln!(std::io::stderr(), "{reason}");
            ExitCode::FAILURE
        }
    }
}

fn run(old: &str, new: &str, format: &str) -> Result<String, Box<dyn std::error::Error>> {
    let limits = Limits::default();
    let (old_text, new_text) = (std::fs::read(old)?, std::fs::read(new)?);
    let (old, new) = (read(&old_text, &limits)?, read(&new_text, &limits)?);
    let options = Options {
        today: today(),
        ..Options::default()
    };
    let started = std::time::Instant::now();
    let mut changes = diff_with(&old, &new, &options);
    writeln!(
        std::io::stderr(),
        "{} changes in {:?}{}",
        changes.list().len(),
        started.elapsed(),
        if changes.is_complete() { "" } else { ", not complete" }
    )?;
    Ok(match format {
        "markdown" => changes.markdown(),
        "breaks" => serde_json::to_string_pretty(&changes.breaks())?,
        "version" => serde_json::to_string_pretty(&changes.suggested_version(old.version()))?,
        _ => {
            changes.locate(&old_text, &new_text, &limits)?;
            serde_json::to_string_pretty(changes.list())?
        }
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "a program without a clock that could be passed to it"
)]
fn today() -> Option<Date> {
    let now = std::time::SystemTime::now();
    let passed = now.duration_since(std::time::UNIX_EPOCH).ok()?;
    Date::from_unix(i64::try_from(passed.as_secs()).ok()?)
}
