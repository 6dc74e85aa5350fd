//! What an application of a manifest does: told as it is done, or planned without doing it.

use std::fmt;

/// Changes in the order they were made or planned.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    made: Vec<Change>,
    warnings: Vec<String>,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    verb: &'static str,
    thing: String,
}

impl Changes {
    pub(super) fn note(&mut self, verb: &'static str, thing: impl Into<String>) {
        self.made.push(Change {
            verb,
            thing: thing.into(),
        });
    }

    /// Something that is not wrong, but hardly meant.
    pub(super) fn warn(&mut self, warning: String) {
        self.warnings.push(warning);
    }

    pub(super) fn warnings(&self) -> &[String] {
        &self.warnings
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Change> {
        self.made.iter()
    }

    pub(crate) fn len(&self) -> usize {
        self.made.len()
    }
}

impl fmt::Display for Change {
    /// `create    version acme/petstore/v1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<10} {}", self.verb, self.thing)
    }
}
