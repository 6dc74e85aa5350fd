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

    /// Whether a finding of this severity would be dropped. Then only the number matters, and it need not be written out.
    pub(crate) fn is_full_for(&self, severity: Severity) -> bool {
        let most = if severity == Severity::Error {
            2 * self.most
        } else {
            self.most
        };
        self.list.len() >= most
    }

    /// Counts a finding that is not kept.
    pub(crate) fn drop_one(&mut self, severity: Severity) {
        self.dropped[usize::from(severity != Severity::Error)] += 1;
    }

    /// Adds a finding. Above the limit only errors are kept, and above twice the limit nothing: one document full of
    /// mistakes must not become a list larger than itself.
    pub(crate) fn add(&mut self, diagnostic: Diagnostic) {
        if self.is_full_for(diagnostic.severity) {
            self.drop_one(diagnostic.severity);
        } else {
            self.list.push(diagnostic);
        }
    }

    /// Everything that was kept, and a closing entry if some was dropped.
    pub(crate) fn into_diagnostics(self) -> (Vec<Diagnostic>, Option<Diagnostic>) {
        let [errors, others] = self.dropped;
        let closing = (errors + others > 0).then(|| {
            let message = format!(
                "{} more findings are not listed, {errors} of them errors",
                errors + others
            );
            Diagnostic::new(Severity::Info, "more-findings", message)
        });
        (self.list, closing)
    }
}
