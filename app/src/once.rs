//! Forms that may be sent once: what they make is shown only in their own answer, and a reload would make another one.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

/// Marks remembered; older ones may be sent again, hours later.
const CAPACITY: usize = 10_000;

/// The marks of forms that were sent to this process.
#[derive(Debug, Default)]
pub struct SentForms(Mutex<VecDeque<String>>);

impl SentForms {
    /// Whether a form with this mark comes for the first time; from then on it does not. A form without a mark always
    /// counts as new.
    pub fn is_first(&self, mark: &str) -> bool {
        if mark.is_empty() {
            return true;
        }
        let mut marks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if marks.iter().any(|sent| sent == mark) {
            return false;
        }
        if marks.len() == CAPACITY {
            marks.pop_front();
        }
        marks.push_back(mark.chars().take(64).collect());
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_counts_once() {
        let forms = SentForms::default();
        assert!(forms.is_first("a") && forms.is_first("b") && !forms.is_first("a"));
        assert!(forms.is_first("") && forms.is_first(""), "without a mark");
    }
}
