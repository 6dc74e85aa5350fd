//! The names of the rules and their levels.
//!
//! The three long lists are those of oasdiff 1.15 (Apache-2.0), whose names others know and filter by. `LATER` are rules
//! that oasdiff got after 1.15; `OWN` are ours, for what oasdiff doesn't look at.

mod errors;
mod infos;
mod warnings;

use std::collections::HashMap;
use std::sync::LazyLock;

use super::change::Level;

/// Where a rule comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// oasdiff 1.15 has it, with this name and level.
    Oasdiff,
    /// A later oasdiff than 1.15 has it, with this name and level.
    LaterOasdiff,
    /// oasdiff has nothing like it.
    Own,
}

/// One rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name, for example `request-property-removed`.
    pub name: &'static str,
    /// How much a change of this kind matters.
    pub level: Level,
    /// Where it comes from.
    pub origin: Origin,
}

use Level::{Error, Info, Warning};

/// Rules of oasdiff after 1.15.
const LATER: &[(&str, Level)] = &[
    ("api-stability-increased", Info),
    ("request-body-media-type-schema-added", Error),
    ("request-body-media-type-schema-removed", Info),
    ("request-parameter-became-not-nullable", Error),
    ("request-parameter-became-nullable", Info),
    ("request-parameter-property-became-not-nullable", Error),
    ("request-parameter-property-became-nullable", Info),
    ("request-parameter-property-enum-value-added", Info),
    ("request-parameter-property-enum-value-removed", Error),
    ("request-property-stability-decreased", Error),
    ("request-property-stability-increased", Info),
    ("response-body-became-not-nullable", Info),
    ("response-body-media-type-schema-added", Info),
    ("response-body-media-type-schema-removed", Warning),
    ("response-header-added", Info),
    ("response-header-became-not-nullable", Info),
    ("response-header-became-nullable", Error),
    ("response-header-type-changed", Error),
    ("response-property-became-not-nullable", Info),
    ("response-property-stability-decreased", Error),
    ("response-property-stability-increased", Info),
];

/// Rules of our own.
const OWN: &[(&str, Level)] = &[
    ("api-server-added", Info),
    ("api-server-removed", Warning),
    ("callback-added", Info),
    ("callback-removed", Error),
    ("documentation-changed", Info),
    ("path-parameter-renamed", Info),
    ("request-body-additional-properties-allowed", Info),
    ("request-body-additional-properties-forbidden", Error),
    ("request-body-max-items-decreased", Error),
    ("request-body-max-items-increased", Info),
    ("request-body-max-items-set", Warning),
    ("request-body-max-properties-decreased", Error),
    ("request-body-max-properties-increased", Info),
    ("request-body-max-properties-set", Warning),
    ("request-body-min-properties-decreased", Info),
    ("request-body-min-properties-increased", Error),
    ("request-body-multiple-of-changed", Warning),
    ("request-body-multiple-of-set", Warning),
    ("request-body-not-added", Error),
    ("request-body-not-changed", Warning),
    ("request-body-not-removed", Info),
    ("request-default-parameter-removed", Warning),
    ("request-parameter-explode-changed", Error),
    ("request-parameter-max-items-set", Warning),
    ("request-parameter-multiple-of-changed", Warning),
    ("request-parameter-multiple-of-set", Warning),
    ("request-parameter-style-changed", Error),
    ("request-property-additional-properties-allowed", Info),
    ("request-property-additional-properties-forbidden", Error),
    ("request-property-max-items-decreased", Error),
    ("request-property-max-items-increased", Info),
    ("request-property-max-items-set", Warning),
    ("request-property-max-properties-decreased", Error),
    ("request-property-max-properties-increased", Info),
    ("request-property-max-properties-set", Warning),
    ("request-property-min-properties-decreased", Info),
    ("request-property-min-properties-increased", Error),
    ("request-property-multiple-of-changed", Warning),
    ("request-property-multiple-of-set", Warning),
    ("request-property-not-added", Error),
    ("request-property-not-changed", Warning),
    ("request-property-not-removed", Info),
    ("response-body-not-added", Info),
    ("response-body-not-changed", Warning),
    ("response-body-not-removed", Error),
    ("response-property-not-added", Info),
    ("response-property-not-changed", Warning),
    ("response-property-not-removed", Error),
];

static BY_NAME: LazyLock<HashMap<&'static str, Rule>> = LazyLock::new(|| {
    let listed = [
        (errors::ERRORS, Error),
        (warnings::WARNINGS, Warning),
        (infos::INFOS, Info),
    ];
    let known = listed
        .into_iter()
        .flat_map(|(names, level)| names.iter().map(move |name| (*name, level, Origin::Oasdiff)));
    let later = LATER.iter().map(|(name, level)| (*name, *level, Origin::LaterOasdiff));
    let own = OWN.iter().map(|(name, level)| (*name, *level, Origin::Own));
    known
        .chain(later)
        .chain(own)
        .map(|(name, level, origin)| (name, Rule { name, level, origin }))
        .collect()
});

/// A rule by its name.
pub fn rule(name: &str) -> Option<Rule> {
    BY_NAME.get(name).copied()
}

/// Every rule, by name.
pub fn all() -> Vec<Rule> {
    let mut rules: Vec<Rule> = BY_NAME.values().copied().collect();
    rules.sort_by_key(|rule| rule.name);
    rules
}
