//! Breaking changes by what broke, with every operation that it touches.

use std::collections::HashMap;

use serde::Serialize;

use super::change::{Level, Side};
use super::changes::Changes;

/// One thing that breaks callers or may do so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Break {
    /// The rule that found it.
    pub rule: &'static str,
    /// `error` or `warning`.
    pub level: Level,
    /// Keys and indices from the root to the place.
    pub path: Vec<String>,
    /// Which document `path` is in.
    pub document: Side,
    /// What is said of it where it was found first.
    pub message: String,
    /// The operations that it touches, in the order of the document; empty if it belongs to the whole document.
    pub operations: Vec<String>,
}

impl Changes {
    /// Every breaking change once, however many operations reach it, with those operations.
    pub fn breaks(&self) -> Vec<Break> {
        let mut breaks: Vec<Break> = Vec::new();
        let mut known: HashMap<(&str, &[String], Side), usize> = HashMap::new();
        let mut seen: HashMap<usize, std::collections::HashSet<&str>> = HashMap::new();
        for change in self.list().iter().filter(|change| change.is_breaking()) {
            let key = (change.rule.name, change.path.as_slice(), change.document);
            let at = *known.entry(key).or_insert_with(|| {
                breaks.push(Break {
                    rule: change.rule.name,
                    level: change.level,
                    path: change.path.clone(),
                    document: change.document,
                    message: change.message.clone(),
                    operations: Vec::new(),
                });
                breaks.len() - 1
            });
            if let Some(operation) = &change.operation
                && seen.entry(at).or_default().insert(operation)
            {
                breaks[at].operations.push(operation.clone());
            }
        }
        breaks
    }
}
