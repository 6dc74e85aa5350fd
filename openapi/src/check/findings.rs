//! The list of findings, kept to a bounded length.

use crate::diagnostics::{Diagnostic, Severity};

/// Collects diagnostics up to a limit.
pub(crate) struct Findings {
    most: usize,
    list: Vec<Diagnostic>,
    /// How many didn't fit, by severity: errors, then everything else.
    dropped: [usize; 2],
}

impl Findings {
    /// Starts with what the parser found.
    pub(crate) fn new(most: usize, parsed: Vec<Diagnostic>) -> Self {
        let mut findings = Self {
            most: most.max(1),
            list: Vec::new(),
            dropped: [0; 2],
        };
        for diagnostic in parsed {
            findings.add(diagnostic);
        }
        findings
    }

    /// Adds a finding. Above the limit only errors are kept, and above twice the limit nothing: one document full of
    /// mistakes must not become a list larger than itself.
    pub(crate) fn add(&mut self, diagnostic: Diagnostic) {
        let is_error = diagnostic.severity == Severity::Error;
        if self.list.len() < self.most || (is_error && self.list.len() < 2 * self.most) {
            self.list.push(diagnostic);
        } else {
            self.dropped[usize::from(!is_error)] += 1;
        }
    }

    /// Everything that was kept, with a closing entry if some was dropped.
    pub(crate) fn into_diagnostics(mut self) -> Vec<Diagnostic> {
        let [errors, others] = self.dropped;
        if errors + others > 0 {
            let message = format!(
                "{} more findings are not listed, {errors} of them errors",
                errors + others
            );
            self.list
                .push(Diagnostic::new(Severity::Info, "more-findings", message));
        }
        self.list
    }
}
