//! What linting says in the end.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde::{Serialize, Serializer};

use super::catalogue::Area;
use super::ruleset::Exception;
use crate::diagnostics::{Diagnostic, Severity};

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule that made it.
    pub rule: String,
    /// How much it matters; `error`, `warn`, `info` or `hint` in JSON.
    #[serde(serialize_with = "level")]
    pub severity: Severity,
    /// Where, as steps from the root of the uploaded document; empty for the whole document.
    pub path: Vec<String>,
    /// What is wrong, or what to do.
    pub message: String,
    /// Line in the uploaded text, from 1, where it is known.
    pub line: Option<u32>,
    /// Column in the uploaded text, from 1 and in characters, where it is known.
    pub column: Option<u32>,
}

impl Finding {
    /// The place as a JSON pointer (RFC 6901).
    pub fn pointer(&self) -> String {
        pointer(&self.path)
    }

    /// The finding in the form of the engine's diagnostics, with the rule as its code.
    pub fn to_diagnostic(&self) -> Diagnostic {
        Diagnostic {
            severity: self.severity,
            code: Cow::Owned(self.rule.clone()),
            message: self.message.clone(),
            file: None,
            pointer: self.pointer(),
            line: self.line,
            column: self.column,
            hint: None,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn level<S: Serializer>(severity: &Severity, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(word(*severity))
}

/// The word of Spectral for a severity.
const fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Warning => "warn",
        other => other.label(),
    }
}

/// A finding that an exception of the ruleset covers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Excepted {
    /// The finding.
    #[serde(flatten)]
    pub finding: Finding,
    /// Why it is accepted.
    pub reason: String,
}

/// The score of one area.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AreaScore {
    /// The area.
    pub area: Area,
    /// 0 to 100.
    pub score: u8,
    /// How much it counts in the whole, in percent.
    pub weight: u8,
    /// Findings with severity error, of rules in this area.
    pub errors: usize,
    /// With severity warn.
    pub warnings: usize,
    /// With severity info or hint.
    pub notes: usize,
}

/// How good the document is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Score {
    /// 0 to 100.
    pub total: u8,
    /// Operations and named schemas, at least 10: what findings are seen in proportion to.
    pub size: usize,
    /// The parts it is made of.
    pub areas: Vec<AreaScore>,
}

/// Everything that linting says about a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// In the order of the text.
    pub findings: Vec<Finding>,
    /// Findings that the ruleset accepts.
    pub excepted: Vec<Excepted>,
    /// Exceptions of the ruleset that cover nothing here.
    pub unused_exceptions: Vec<Exception>,
    /// Findings beyond the number that is kept.
    pub dropped: usize,
    /// How good the document is.
    pub score: Score,
}

impl Report {
    /// How many findings have this severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .count()
    }

    /// The report as Markdown: the score, then the findings by rule. Texts of the document can't add markup.
    pub fn to_markdown(&self) -> String {
        let mut text = format!("# Lint: {} of 100\n\n", self.score.total);
        text.push_str("| Area | Score | Weight | Errors | Warnings | Notes |\n|---|---:|---:|---:|---:|---:|\n");
        for area in &self.score.areas {
            let _ = writeln!(
                text,
                "| {} | {} | {} % | {} | {} | {} |",
                area.area.label(),
                area.score,
                area.weight,
                area.errors,
                area.warnings,
                area.notes
            );
        }
        let mut rules: Vec<&str> = self.findings.iter().map(|finding| finding.rule.as_str()).collect();
        rules.sort_unstable();
        rules.dedup();
        for rule in rules {
            let found: Vec<&Finding> = self.findings.iter().filter(|finding| finding.rule == rule).collect();
            let _ = write!(text, "\n## {} ({})\n\n", inline(rule), found.len());
            for finding in found {
                let _ = write!(text, "- {}", word(finding.severity));
                if let (Some(line), Some(column)) = (finding.line, finding.column) {
                    let _ = write!(text, ", {line}:{column}");
                }
                let _ = writeln!(
                    text,
                    ", {}: {}",
                    inline(&pointer(&finding.path)),
                    inline(&finding.message)
                );
            }
        }
        if !self.excepted.is_empty() {
            let _ = write!(text, "\n## Accepted ({})\n\n", self.excepted.len());
            for excepted in &self.excepted {
                let finding = &excepted.finding;
                let place = inline(&pointer(&finding.path));
                let _ = writeln!(
                    text,
                    "- {}, {place}: {}",
                    inline(&finding.rule),
                    inline(&excepted.reason)
                );
            }
        }
        if self.dropped > 0 {
            let _ = write!(text, "\n{} more findings are not listed.\n", self.dropped);
        }
        text
    }
}

/// The JSON pointer of a path.
pub(super) fn pointer(path: &[String]) -> String {
    let mut pointer = String::new();
    for step in path {
        pointer.push('/');
        crate::reference::push_escaped(&mut pointer, step);
    }
    pointer
}

/// A text as code, on one line and with nothing in it that Markdown or a terminal acts on.
pub(crate) fn inline(text: &str) -> String {
    const MOST: usize = 300;
    let mut visible = String::new();
    for character in text.chars().take(MOST) {
        crate::diagnostics::push_visible(&mut visible, character);
    }
    let longest = visible
        .split(|character| character != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let space = if visible.starts_with('`') || visible.ends_with('`') || visible.is_empty() {
        " "
    } else {
        ""
    };
    format!("{fence}{space}{visible}{space}{fence}")
}
