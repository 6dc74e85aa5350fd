//! What is said of a revision when it comes: how good its document is, and what it changes for callers.

use openapi::{
    Diagnostic, Severity,
    diff::{Changes, Level},
    lint::{Finding, Report},
};
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

/// Findings and changes that are kept of a revision, each; the rest is counted.
pub const MOST_KEPT: usize = 500;

/// Longest sentence that is kept, in characters: names in it come from the document.
const LONGEST_SENTENCE: usize = 1_000;

/// Longest place that is kept, in characters.
const LONGEST_PLACE: usize = 1_000;

/// Longest name of a rule that is kept, in characters.
const LONGEST_NAME: usize = 100;

/// What was said of a revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionReport {
    /// SHA-256 of the organization's ruleset at that time, in hexadecimal; empty for the default.
    pub ruleset: String,
    /// How good the document is.
    pub checks: Checks,
    /// What is different from the revision before of the same version; `None` for the first one.
    pub changes: Option<RevisionChanges>,
    /// When it was made.
    pub made_at: Timestamp,
}

/// How good a document is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checks {
    /// 0 to 100.
    pub score: u8,
    /// What the score is made of: the name of each area with its own score.
    pub areas: Vec<(String, u8)>,
    /// Findings with severity error.
    pub errors: usize,
    /// With severity warning.
    pub warnings: usize,
    /// With severity info or hint.
    pub notes: usize,
    /// The findings, worst first, at most [`MOST_KEPT`]; the code is the name of the rule.
    pub findings: Vec<Diagnostic>,
    /// Findings that the ruleset accepts, at most [`MOST_KEPT`].
    pub accepted: Vec<AcceptedFinding>,
    /// Findings beyond those that are kept.
    pub omitted: usize,
}

/// A finding that an exception of the ruleset covers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptedFinding {
    /// The finding.
    pub finding: Diagnostic,
    /// Why it is accepted.
    pub reason: String,
}

/// What is different between two documents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionChanges {
    /// What it was compared with, for people: `revision 3`, `v1`.
    pub before: String,
    /// Changes that break callers.
    pub errors: usize,
    /// Changes that may break callers.
    pub warnings: usize,
    /// Changes that break nobody.
    pub infos: usize,
    /// The changes, worst first, at most [`MOST_KEPT`].
    pub list: Vec<ChangeLine>,
    /// Changes beyond those that are kept.
    pub omitted: usize,
    /// Whether everything was looked at.
    pub is_complete: bool,
    /// `info.version` that follows that of the document before; `None` where its form says nothing of compatibility.
    pub suggested_version: Option<String>,
    /// Why, in one sentence without a full stop.
    pub reason: String,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeLine {
    /// Name of the rule that found it.
    pub rule: String,
    /// How much it matters.
    pub level: ChangeLevel,
    /// `GET /pets/{id}`; `None` for what belongs to the whole document.
    pub operation: Option<String>,
    /// JSON pointer to the place.
    pub pointer: String,
    /// Whether the place is in the document before, as it is for what was removed.
    pub is_before: bool,
    /// Line of the place, from 1, where it is known.
    pub line: Option<u32>,
    /// One sentence without a full stop.
    pub message: String,
}

/// How much a change matters to callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeLevel {
    /// It breaks them.
    Error,
    /// It may break them.
    Warning,
    /// It breaks nobody.
    Info,
}

impl ChangeLevel {
    /// Every level, worst first.
    pub const ALL: [Self; 3] = [Self::Error, Self::Warning, Self::Info];
}

impl From<Level> for ChangeLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Error => Self::Error,
            Level::Warning => Self::Warning,
            Level::Info => Self::Info,
        }
    }
}

/// The findings that are kept, worst first: those of a severity leave room for some of each milder one.
fn kept(report: &Report) -> Vec<&Finding> {
    /// Findings of each milder severity that there is room for.
    const ROOM: usize = 50;
    let mut by_severity = [Severity::Error, Severity::Warning, Severity::Info, Severity::Hint].map(|severity| {
        report
            .findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .collect::<Vec<_>>()
    });
    let mut left = MOST_KEPT;
    for at in 0..by_severity.len() {
        let room: usize = by_severity[at + 1..].iter().map(|milder| milder.len().min(ROOM)).sum();
        by_severity[at].truncate(left.saturating_sub(room));
        left -= by_severity[at].len();
    }
    by_severity.concat()
}

impl Checks {
    /// What of a report is kept.
    pub fn of(report: &Report) -> Self {
        let findings = kept(report);
        let omitted = report.dropped + (report.findings.len() - findings.len());
        let findings = findings
            .into_iter()
            .map(|finding| cut_finding(finding.to_diagnostic()))
            .collect();
        let accepted = report.excepted.iter().take(MOST_KEPT).map(|excepted| AcceptedFinding {
            finding: cut_finding(excepted.finding.to_diagnostic()),
            reason: cut(&excepted.reason, LONGEST_SENTENCE),
        });
        let areas = report.score.areas.iter();
        Self {
            score: report.score.total,
            areas: areas.map(|area| (area.area.label().to_owned(), area.score)).collect(),
            errors: report.count(Severity::Error),
            warnings: report.count(Severity::Warning),
            notes: report.count(Severity::Info) + report.count(Severity::Hint),
            omitted,
            findings,
            accepted: accepted.collect(),
        }
    }
}

impl Checks {
    /// The same without lines, as of a text that nobody wrote.
    #[must_use]
    pub fn without_lines(mut self) -> Self {
        let accepted = self.accepted.iter_mut().map(|accepted| &mut accepted.finding);
        for finding in self.findings.iter_mut().chain(accepted) {
            (finding.line, finding.column) = (None, None);
        }
        self
    }
}

impl RevisionChanges {
    /// The same without the lines of the document before, or of the one now: of a text that nobody wrote.
    #[must_use]
    pub fn without_lines(mut self, before: bool, now: bool) -> Self {
        for change in &mut self.list {
            let is_dropped = if change.is_before { before } else { now };
            if is_dropped {
                change.line = None;
            }
        }
        self
    }

    /// What of a comparison is kept. `before` says what it was compared with, `version` is `info.version` of that.
    pub fn of(changes: &Changes, before: String, version: &str) -> Self {
        let suggestion = changes.suggested_version(version);
        let list = changes.list();
        let kept = list.iter().take(MOST_KEPT).map(|change| ChangeLine {
            rule: change.rule.name.to_owned(),
            level: change.level.into(),
            operation: change.operation.as_ref().map(|operation| cut(operation, LONGEST_PLACE)),
            pointer: cut(&change.pointer(), LONGEST_PLACE),
            is_before: change.document == openapi::diff::Side::Old,
            line: change.line,
            message: cut(&change.message, LONGEST_SENTENCE),
        });
        Self {
            before,
            errors: changes.count(Level::Error),
            warnings: changes.count(Level::Warning),
            infos: changes.count(Level::Info),
            list: kept.collect(),
            omitted: changes.omitted() + list.len().saturating_sub(MOST_KEPT),
            is_complete: changes.is_complete(),
            suggested_version: suggestion.version.map(|version| cut(&version, LONGEST_NAME)),
            reason: suggestion.reason,
        }
    }

    /// How many changes of a level there are.
    pub const fn count(&self, level: ChangeLevel) -> usize {
        match level {
            ChangeLevel::Error => self.errors,
            ChangeLevel::Warning => self.warnings,
            ChangeLevel::Info => self.infos,
        }
    }

    /// About what it takes in memory, in bytes.
    #[cfg(feature = "store")]
    pub(super) fn weight(&self) -> usize {
        let texts = |change: &ChangeLine| {
            let operation = change.operation.as_ref().map_or(0, String::len);
            change.rule.len() + operation + change.pointer.len() + change.message.len()
        };
        let lines = self.list.iter().map(texts).sum::<usize>() + self.list.len() * size_of::<ChangeLine>();
        size_of::<Self>() + lines + self.before.len() + self.reason.len()
    }

    /// Whether nothing is different.
    pub const fn is_empty(&self) -> bool {
        self.errors + self.warnings + self.infos == 0
    }
}

/// At most so many characters of a text, with a sign where the rest is missing.
fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A finding that is no longer than what is kept.
fn cut_finding(mut finding: Diagnostic) -> Diagnostic {
    finding.message = cut(&finding.message, LONGEST_SENTENCE);
    finding.pointer = cut(&finding.pointer, LONGEST_PLACE);
    finding.hint = finding.hint.map(|hint| cut(&hint, LONGEST_SENTENCE));
    finding.file = finding.file.map(|file| cut(&file, LONGEST_PLACE));
    finding.code = cut(&finding.code, LONGEST_NAME).into();
    finding
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_of_a_text_is_bounded() {
        assert_eq!(cut("größer", 6), "größer");
        assert_eq!(cut("größer", 4), "größ…");
        let long = Diagnostic::error("code", "x".repeat(5_000)).at("/".repeat(5_000));
        let kept = cut_finding(long);
        assert_eq!(
            (kept.message.chars().count(), kept.pointer.chars().count()),
            (1_001, 1_001)
        );
    }
}
