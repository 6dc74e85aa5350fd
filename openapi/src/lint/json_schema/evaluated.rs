//! Which properties and items a schema has looked at, for `unevaluatedProperties` and `unevaluatedItems`.

use std::collections::HashSet;

/// Properties that were looked at.
#[derive(Clone, Debug, Default)]
pub(super) enum Properties<'d> {
    #[default]
    None,
    These(Vec<&'d str>),
    All,
}

/// What a schema has looked at.
#[derive(Clone, Debug, Default)]
pub(super) struct Evaluated<'d> {
    pub(super) properties: Properties<'d>,
    /// How many items from the first.
    pub(super) items: usize,
}

impl<'d> Evaluated<'d> {
    pub(super) fn merge(&mut self, other: Self) {
        match (&mut self.properties, other.properties) {
            (Properties::All, _) | (_, Properties::None) => {}
            (mine, Properties::All) => *mine = Properties::All,
            (Properties::These(mine), Properties::These(theirs)) => mine.extend(theirs),
            (mine, theirs) => *mine = theirs,
        }
        self.items = self.items.max(other.items);
    }

    pub(super) fn add(&mut self, names: impl IntoIterator<Item = &'d str>) {
        match &mut self.properties {
            Properties::All => {}
            Properties::These(known) => known.extend(names),
            Properties::None => self.properties = Properties::These(names.into_iter().collect()),
        }
    }

    /// The names, for asking about many; `None` if all were looked at.
    pub(super) fn names(&self) -> Option<HashSet<&'d str>> {
        match &self.properties {
            Properties::All => None,
            Properties::These(known) => Some(known.iter().copied().collect()),
            Properties::None => Some(HashSet::new()),
        }
    }
}
