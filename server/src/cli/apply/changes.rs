//! What an application of a manifest does: told as it is done, or planned without doing it.

use std::fmt;

/// Changes in the order they were made or planned.
#[derive(Debug, Default)]
pub(crate) struct Changes(Vec<Change>);

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    verb: &'static str,
    thing: String,
}

impl Changes {
    pub(super) fn note(&mut self, verb: &'static str, thing: impl Into<String>) {
        self.0.push(Change {
            verb,
            thing: thing.into(),
        });
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Change> {
        self.0.iter()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

impl fmt::Display for Change {
    /// `create    version acme/petstore/v1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<10} {}", self.verb, self.thing)
    }
}
