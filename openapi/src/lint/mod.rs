//! Finds what could be better in a document: the rules of Spectral's `spectral:oas`, and our own.

mod catalogue;
mod collector;
mod json_schema;
mod place;
mod spectral;
mod view;
mod walk;

use std::collections::HashMap;

use serde::Serialize;

pub use catalogue::{Area, Origin, Rule, rule, rules};

use crate::diagnostics::{Diagnostic, Severity};
use crate::load::{Limits, Source};
use collector::Collector;
use view::View;

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule that made it.
    pub rule: String,
    /// How much it matters.
    pub severity: Severity,
    /// Where, as steps from the root of the uploaded document; empty for the whole document.
    pub path: Vec<String>,
    /// What is wrong.
    pub message: String,
    /// Line in the uploaded text, from 1.
    pub line: Option<u32>,
    /// Column, from 1 and in characters.
    pub column: Option<u32>,
}

/// Lints.
pub fn lint_all(bytes: &[u8], limits: &Limits, all: bool) -> Vec<Finding> {
    let source = Source::read(bytes, limits).expect("reads");
    let severities: HashMap<String, Severity> = rules()
        .iter()
        .filter(|rule| all || rule.is_recommended)
        .map(|rule| (rule.name.to_owned(), rule.severity))
        .collect();
    let format = spectral::detect(&source.value).expect("format");
    let mut collector = Collector::new(severities, format, 1_000_000);
    let view = View::new(&source.value);
    for found in &source.diagnostics {
        let path = found.pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~"));
        collector.add("parser", path.collect(), found.message.clone());
    }
    spectral::run(&view, &mut collector);
    let (found, _) = collector.finish();
    let mut diagnostics: Vec<Diagnostic> = found
        .iter()
        .map(|raw| {
            let mut pointer = String::new();
            for step in &raw.path {
                pointer.push('/');
                crate::reference::push_escaped(&mut pointer, step);
            }
            Diagnostic::error("x", "").at(pointer)
        })
        .collect();
    source.locate(&mut diagnostics);
    found
        .into_iter()
        .zip(diagnostics)
        .map(|(raw, at)| Finding {
            rule: raw.rule,
            severity: raw.severity,
            path: raw.path,
            message: raw.message,
            line: at.line,
            column: at.column,
        })
        .collect()
}
