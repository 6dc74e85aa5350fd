//! Lints a document:
//!
//! ```text
//! cargo run -p openapi --example lint -- FILE [--ruleset FILE | --spectral | --spectral-all] [--format json|markdown]
//! ```
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command prints")]

use openapi::lint::{Ruleset, lint};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let file = arguments.first().ok_or("which file?")?;
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    let after = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1)
    };
    let ruleset = match after("--ruleset") {
        Some(file) => Ruleset::read(&std::fs::read(file)?)?,
        None if has("--spectral-all") => Ruleset::spectral_all(),
        None if has("--spectral") => Ruleset::spectral(),
        None => Ruleset::turnpike(),
    };
    let bytes = std::fs::read(file)?;
    let started = std::time::Instant::now();
    let report = lint(&bytes, &openapi::Limits::default(), &ruleset);
    let took = started.elapsed();
    match after("--format").map(String::as_str) {
        Some("json") => println!("{}", serde_json::to_string(&report.findings)?),
        _ => print!("{}", report.to_markdown()),
    }
    eprintln!(
        "{} findings, {} accepted, score {}, {} ms",
        report.findings.len(),
        report.excepted.len(),
        report.score.total,
        took.as_millis()
    );
    Ok(())
}
