//! What all own rules of a ruleset may cost together on one document.

use crate::json_path::BYTES_OF_STEP;

/// Values that are looked at: a hundred passes over GitHub's document.
const STEPS: u64 = 40_000_000;

/// The work that is left.
pub(in crate::lint) struct Work {
    left: u64,
    is_over: bool,
}

impl Default for Work {
    fn default() -> Self {
        Self {
            left: STEPS,
            is_over: false,
        }
    }
}

impl Work {
    /// Steps that are left.
    pub(super) fn left(&self) -> u64 {
        self.left
    }

    /// Whether there was more to do than may be done.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    /// Pays for looking at so many values; whether that could be paid.
    pub(super) fn pay(&mut self, steps: u64) -> bool {
        match self.left.checked_sub(steps).filter(|_| !self.is_over) {
            Some(left) => self.left = left,
            None => self.end(),
        }
        !self.is_over
    }

    /// Pays for a text of so many bytes.
    pub(super) fn pay_text(&mut self, bytes: usize) -> bool {
        self.pay((bytes / BYTES_OF_STEP) as u64)
    }

    /// There was more to do.
    pub(super) fn end(&mut self) {
        (self.left, self.is_over) = (0, true);
    }
}
