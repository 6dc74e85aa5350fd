//! The list that findings are put on while the rules run.

use std::collections::{HashMap, HashSet};

use crate::diagnostics::Severity;
use crate::model::Format;

use super::catalogue;
use super::place::Place;

/// A finding before its position is known.
#[derive(Clone, Debug)]
pub(super) struct Raw {
    pub(super) rule: String,
    pub(super) severity: Severity,
    pub(super) path: Vec<String>,
    pub(super) message: String,
}

/// Keeps findings of the rules that are on.
pub(super) struct Collector {
    severities: HashMap<String, Severity>,
    format: Format,
    most: usize,
    found: Vec<Raw>,
    known: HashSet<(String, Vec<String>, String)>,
    dropped: usize,
    bytes: usize,
}

/// Bytes of the paths and messages of all findings.
const MOST_BYTES: usize = 64 * 1024 * 1024;

impl Collector {
    /// `severities` has the rules that are on.
    pub(super) fn new(severities: HashMap<String, Severity>, format: Format, most: usize) -> Self {
        Self {
            severities,
            format,
            most,
            found: Vec::new(),
            known: HashSet::new(),
            dropped: 0,
            bytes: 0,
        }
    }

    pub(super) fn format(&self) -> Format {
        self.format
    }

    /// Whether the rule is on and meant for this document.
    pub(super) fn is_on(&self, rule: &str) -> bool {
        self.severities.contains_key(rule) && catalogue::rule(rule).is_none_or(|rule| rule.applies_to(self.format))
    }

    /// Whether another finding is kept.
    pub(super) fn has_room(&self) -> bool {
        self.found.len() < self.most && self.bytes < MOST_BYTES
    }

    /// Counts a finding that isn't kept.
    pub(super) fn drop_one(&mut self) {
        self.dropped += 1;
    }

    /// Adds a finding, unless the same one is there.
    pub(super) fn add(&mut self, rule: &str, path: Vec<String>, message: impl Into<String>) {
        let Some(severity) = self.severities.get(rule).copied().filter(|_| self.is_on(rule)) else {
            return;
        };
        if !self.has_room() {
            self.dropped += 1;
            return;
        }
        let message = message.into();
        if self.known.insert((rule.to_owned(), path.clone(), message.clone())) {
            let steps = path.iter().map(|step| size_of::<String>() + step.len());
            self.bytes += steps.sum::<usize>() + message.len();
            self.found.push(Raw {
                rule: rule.to_owned(),
                severity,
                path,
                message,
            });
        }
    }

    /// Adds a finding whose message is the rule's description.
    pub(super) fn describe(&mut self, rule: &str, path: Vec<String>) {
        let description = catalogue::rule(rule).map_or("", |rule| rule.description);
        self.add(rule, path, description);
    }

    /// As [`Collector::describe`], at a place of the walk.
    pub(super) fn describe_at(&mut self, rule: &str, place: &Place<'_>) {
        if self.is_on(rule) {
            self.describe(rule, place.path());
        }
    }

    /// Everything found, and how many findings were not kept.
    pub(super) fn finish(self) -> (Vec<Raw>, usize) {
        (self.found, self.dropped)
    }
}
