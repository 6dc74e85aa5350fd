//! What both parsers share: the budget of one reading, the place they are at, and the findings.

use std::time::Instant;

use super::Limits;
use crate::diagnostics::{Diagnostic, Position, Rejected};

/// One step of the way from the root to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

/// The JSON pointer (RFC 6901) of a way.
pub(super) fn pointer(path: &[Step]) -> String {
    let mut pointer = String::new();
    for step in path {
        pointer.push('/');
        match step {
            Step::Key(key) => crate::reference::push_escaped(&mut pointer, key),
            Step::Index(index) => pointer.push_str(&index.to_string()),
        }
    }
    pointer
}

/// Counts what a reading costs against its limits.
pub(super) struct Budget<'l> {
    limits: &'l Limits,
    nodes: usize,
    alias_bytes: usize,
    started: Instant,
}

impl<'l> Budget<'l> {
    pub(super) fn new(limits: &'l Limits) -> Self {
        Self {
            limits,
            nodes: 0,
            alias_bytes: 0,
            started: Instant::now(),
        }
    }

    /// Values, and bytes of copies, that were paid for.
    pub(super) fn spent(&self) -> (usize, usize) {
        (self.nodes, self.alias_bytes)
    }

    /// Pays for one more value at this depth.
    pub(super) fn node(&mut self, depth: usize, position: impl FnOnce() -> Position) -> Result<(), Rejected> {
        self.nodes += 1;
        if depth > self.limits.depth {
            let message = format!("the document is nested more than {} levels deep", self.limits.depth);
            return Err(Diagnostic::error("too-deep", message).on(position()).into());
        }
        if self.nodes > self.limits.nodes {
            let message = format!("the document has more than {} values", self.limits.nodes);
            return Err(Diagnostic::error("too-many-values", message).on(position()).into());
        }
        // Looking at the clock costs more than a value; every 1,024th is often enough.
        if self.nodes.is_multiple_of(1024) {
            self.time(position)
        } else {
            Ok(())
        }
    }

    /// The deepest level allowed.
    pub(super) fn depth(&self) -> usize {
        self.limits.depth
    }

    /// Pays for a copy made for a YAML alias or anchor.
    pub(super) fn copy(&mut self, bytes: usize, position: impl FnOnce() -> Position) -> Result<(), Rejected> {
        self.alias_bytes += bytes;
        if self.alias_bytes > self.limits.alias_bytes {
            let message = format!(
                "YAML anchors and aliases expand to more than {} MiB",
                self.limits.alias_bytes / (1024 * 1024)
            );
            return Err(Diagnostic::error("alias-expansion", message)
                .on(position())
                .hint("Use $ref instead of aliases.")
                .into());
        }
        self.time(position)
    }

    fn time(&self, position: impl FnOnce() -> Position) -> Result<(), Rejected> {
        if self.started.elapsed() <= self.limits.time {
            return Ok(());
        }
        let message = format!(
            "reading the document takes longer than {} s",
            self.limits.time.as_secs_f32()
        );
        Err(Diagnostic::error("too-slow", message).on(position()).into())
    }
}

/// The position of a byte offset, which must be at a character.
pub(super) fn position_at(text: &str, offset: usize) -> Position {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.rfind('\n').map_or(before, |at| &before[at + 1..]);
    Position {
        line: before.matches('\n').count() as u32 + 1,
        column: line.chars().count() as u32 + 1,
    }
}
