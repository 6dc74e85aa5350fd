//! Finds what could be better in a document: the rules of Spectral's ruleset `spectral:oas` by the same names and with the same
//! findings, rules of our own, and those of an organization.
//!
//! [`lint`] takes the bytes as they were uploaded, since findings point into what the author wrote: a document of version 2.0 is
//! judged as one. Which rules run, how much they matter, own rules and exceptions are data: a [`Ruleset`]. Nothing is fetched;
//! references out of the document are a finding.
//!
//! ```
//! use openapi::lint::{Ruleset, lint};
//!
//! let text = br#"{
//!     "openapi": "3.0.3",
//!     "info": {"title": "Pets", "version": "1.0"},
//!     "servers": [{"url": "https://api.example.com/"}],
//!     "paths": {"/pets/{id}": {"get": {"responses": {"200": {"description": "A pet"}}}}}
//! }"#;
//! let report = lint(text, &openapi::Limits::default(), &Ruleset::spectral());
//! let finding = report.findings.iter().find(|finding| finding.rule == "path-params").expect("the parameter is missing");
//! assert_eq!(finding.path, ["paths", "/pets/{id}", "get"]);
//! assert_eq!(finding.line, Some(5));
//! assert!(report.score.total < 100);
//! # Ok::<(), openapi::lint::RulesetError>(())
//! ```

mod catalogue;
mod circles;
mod collector;
mod json_schema;
mod own;
mod place;
mod report;
mod ruleset;
mod score;
mod spectral;
mod view;
mod walk;

use std::collections::HashMap;

use serde_json::Value;

pub use catalogue::{Area, Origin, Rule, rule, rules};
pub use report::{AreaScore, Excepted, Finding, Report, Score};
use ruleset::Work;
pub use ruleset::{Exception, Ruleset, RulesetError};

use crate::diagnostics::{Diagnostic, Severity};
use crate::load::{Limits, Source};
use crate::model::Format;
use crate::number::NumberTexts;
use crate::reference::unescape;
use collector::{Collector, Raw};
use view::View;

/// Findings that are kept; the rest is counted.
const MOST_FINDINGS: usize = 20_000;

/// Lints a document as it was uploaded (JSON or YAML, perhaps gzipped).
///
/// Text that can't be parsed, or isn't OpenAPI, has findings too, so there is always a report.
pub fn lint(bytes: &[u8], limits: &Limits, ruleset: &Ruleset) -> Report {
    lint_up_to(bytes, limits, ruleset, MOST_FINDINGS)
}

/// As [`lint`], keeping another number of findings.
pub fn lint_up_to(bytes: &[u8], limits: &Limits, ruleset: &Ruleset, most: usize) -> Report {
    let severities: HashMap<String, Severity> = ruleset.severities().clone().into_iter().collect();
    let source = match Source::read(bytes, limits, NumberTexts::default()) {
        Ok(source) => source,
        Err(rejected) => {
            let mut collector = Collector::new(severities, Format::OpenApi31, most);
            let mut positions = Vec::new();
            for found in rejected.diagnostics {
                collector.add("parser", steps(&found.pointer), found.message.clone());
                positions.push(found);
            }
            return finish(collector, positions, ruleset, None);
        }
    };
    let Source { text, parsed } = source;
    let format = spectral::detect(&parsed.value);
    let mut collector = Collector::new(severities, format.unwrap_or(Format::OpenApi31), most);
    for found in &parsed.diagnostics {
        let path = steps(&found.pointer);
        if found.code == "duplicate-key" {
            let message = format!("Duplicate key: {}", path.last().cloned().unwrap_or_default());
            collector.add("parser", path, message);
        } else {
            collector.add("guessed-value", path, found.message.clone());
        }
    }
    if format.is_none() {
        let message = "The document says neither \"openapi\" with a version from 3.0 to 3.2 nor \"swagger\": \"2.0\".";
        collector.add("unrecognized-format", Vec::new(), message);
    } else {
        let view = View::new(&parsed.value);
        spectral::run(&view, &mut collector);
        own::run(&view, &mut collector);
        let mut work = Work::default();
        for rule in ruleset.custom() {
            rule.run(&view, &mut collector, &mut work);
        }
    }
    let size = format.map(|_| size(&parsed.value));
    let (raw, dropped) = collector.finish();
    let mut positions: Vec<Diagnostic> = raw
        .iter()
        .map(|raw| Diagnostic::error("", "").at(report::pointer(&raw.path)))
        .collect();
    text.fill(&mut positions);
    assemble(raw, positions, dropped, ruleset, size)
}

fn finish(collector: Collector, positions: Vec<Diagnostic>, ruleset: &Ruleset, size: Option<usize>) -> Report {
    let (raw, dropped) = collector.finish();
    assemble(raw, positions, dropped, ruleset, size)
}

fn steps(pointer: &str) -> Vec<String> {
    let steps = pointer.split('/').skip(1);
    steps.map(|step| unescape(step).into_owned()).collect()
}

/// Operations and named schemas.
fn size(root: &Value) -> usize {
    let members = |value: Option<&Value>| value.and_then(Value::as_object).map_or(0, serde_json::Map::len);
    let items = root.get("paths").and_then(Value::as_object).into_iter().flatten();
    let operations = items.map(|(_, item)| {
        let methods = item.as_object().into_iter().flatten();
        methods
            .filter(|(method, _)| crate::model::METHODS.contains(&method.as_str()))
            .count()
    });
    operations.sum::<usize>() + members(root.pointer("/components/schemas")) + members(root.get("definitions"))
}

fn assemble(
    raw: Vec<Raw>,
    positions: Vec<Diagnostic>,
    dropped: usize,
    ruleset: &Ruleset,
    size: Option<usize>,
) -> Report {
    let mut findings: Vec<Finding> = raw
        .into_iter()
        .zip(positions)
        .map(|(raw, position)| Finding {
            rule: raw.rule,
            severity: raw.severity,
            path: raw.path,
            message: raw.message,
            line: position.line,
            column: position.column,
        })
        .collect();
    findings.sort_by(|left, right| {
        let key = |finding: &Finding| (finding.line, finding.column);
        key(left)
            .cmp(&key(right))
            .then_with(|| left.rule.cmp(&right.rule))
            .then_with(|| left.path.cmp(&right.path))
    });
    let mut is_used = vec![false; ruleset.exceptions().len()];
    let mut excepted = Vec::new();
    findings.retain(|finding| {
        let exceptions = ruleset.exceptions().iter();
        let covering = exceptions
            .enumerate()
            .find(|(_, exception)| exception.covers(&finding.rule, &finding.path));
        let Some((at, exception)) = covering else { return true };
        is_used[at] = true;
        excepted.push(Excepted {
            finding: finding.clone(),
            reason: exception.reason.clone(),
        });
        false
    });
    let unused = ruleset.exceptions().iter().zip(is_used).filter(|(_, is_used)| !is_used);
    Report {
        score: score::score(&findings, size),
        unused_exceptions: unused.map(|(exception, _)| exception.clone()).collect(),
        findings,
        excepted,
        dropped,
    }
}
