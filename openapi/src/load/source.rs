//! What both parsers share: the budget of one reading, the place they are at, and the findings.

use std::time::Instant;

use serde_json::Value;

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
    spent: Spent,
    /// Bytes of the pointer to where the reading is.
    pointer: usize,
    started: Instant,
}

/// What a reading cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spent {
    /// Values in the text.
    pub(crate) nodes: usize,
    /// Bytes that anchors and aliases took.
    pub(crate) alias_bytes: usize,
    /// Bytes of the pointers to all values.
    pub(crate) all_pointers_bytes: usize,
}

impl<'l> Budget<'l> {
    pub(super) fn new(limits: &'l Limits) -> Self {
        Self {
            limits,
            spent: Spent::default(),
            pointer: 0,
            started: Instant::now(),
        }
    }

    /// What was paid for.
    pub(super) fn spent(&self) -> Spent {
        self.spent
    }

    /// Goes below a key; gives what [`Self::leave`] wants.
    pub(super) fn enter(&mut self, key: &str, position: impl FnOnce() -> Position) -> Result<usize, Rejected> {
        if key.len() > self.limits.key_bytes {
            let message = format!("a key has {} bytes, more than {}", key.len(), self.limits.key_bytes);
            return Err(Diagnostic::error("key-too-long", message).on(position()).into());
        }
        let above = self.pointer;
        self.pointer += key_step_bytes(key);
        Ok(above)
    }

    /// Goes to an item of a list; gives what [`Self::leave`] wants.
    pub(super) fn enter_item(&mut self, index: usize) -> usize {
        let above = self.pointer;
        self.pointer += item_step_bytes(index);
        above
    }

    /// Goes back up.
    pub(super) fn leave(&mut self, above: usize) {
        self.pointer = above;
    }

    /// Pays for the pointers to the values inside of a copy.
    pub(super) fn pointers(&mut self, extent: &Extent, position: impl FnOnce() -> Position) -> Result<(), Rejected> {
        let inside = extent
            .pointers
            .saturating_add(self.pointer.saturating_mul(extent.nodes));
        self.pay_pointers(inside, self.pointer + extent.longest, position)
    }

    fn pay_pointers(
        &mut self,
        together: usize,
        longest: usize,
        position: impl FnOnce() -> Position,
    ) -> Result<(), Rejected> {
        if longest > self.limits.pointer_bytes {
            let message = format!(
                "the names of the keys around this value have more than {} bytes together",
                self.limits.pointer_bytes
            );
            return Err(Diagnostic::error("pointer-too-long", message).on(position()).into());
        }
        let spent = self.spent.all_pointers_bytes.saturating_add(together);
        if spent > self.limits.all_pointers_bytes {
            let message = format!(
                "the JSON pointers to all values have more than {} bytes together",
                self.limits.all_pointers_bytes
            );
            return Err(Diagnostic::error("pointers-too-long", message).on(position()).into());
        }
        self.spent.all_pointers_bytes = spent;
        Ok(())
    }

    /// Pays for one more value at this depth.
    pub(super) fn node(&mut self, depth: usize, position: impl FnOnce() -> Position) -> Result<(), Rejected> {
        self.spent.nodes += 1;
        if depth > self.limits.depth {
            let message = format!("the document is nested more than {} levels deep", self.limits.depth);
            return Err(Diagnostic::error("too-deep", message).on(position()).into());
        }
        if self.spent.nodes > self.limits.nodes {
            let message = format!("the document has more than {} values", self.limits.nodes);
            return Err(Diagnostic::error("too-many-values", message).on(position()).into());
        }
        if self.pointer > self.limits.pointer_bytes
            || self.spent.all_pointers_bytes + self.pointer > self.limits.all_pointers_bytes
        {
            return self.pay_pointers(self.pointer, self.pointer, position);
        }
        self.spent.all_pointers_bytes += self.pointer;
        // Looking at the clock costs more than a value; every 1,024th is often enough.
        if self.spent.nodes.is_multiple_of(1024) {
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
        self.spent.alias_bytes += bytes;
        if self.spent.alias_bytes > self.limits.alias_bytes {
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

/// Bytes that a key adds to a pointer.
pub(crate) fn key_step_bytes(key: &str) -> usize {
    key.len() + 1 + memchr::memchr2_iter(b'~', b'/', key.as_bytes()).count()
}

/// Bytes that the place in a list adds to a pointer.
pub(crate) fn item_step_bytes(index: usize) -> usize {
    index.checked_ilog10().unwrap_or_default() as usize + 2
}

/// How large a value is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extent {
    /// Values, itself included.
    pub(crate) nodes: usize,
    /// Levels of nesting below it.
    pub(crate) depth: usize,
    /// Bytes of all keys and texts, and one for each value.
    pub(crate) bytes: usize,
    /// Bytes of the pointers from it to everything in it.
    pub(crate) pointers: usize,
    /// Bytes of the longest of them.
    pub(crate) longest: usize,
}

impl Extent {
    /// Bounded, because every value was bounded when it was read.
    pub(crate) fn of(value: &Value) -> Self {
        let mut extent = Self {
            nodes: 1,
            bytes: 1,
            ..Self::default()
        };
        match value {
            Value::Object(map) => map.iter().for_each(|(key, value)| {
                extent.bytes = extent.bytes.saturating_add(key.len());
                extent.add(key_step_bytes(key), value);
            }),
            Value::Array(items) => items.iter().enumerate().for_each(|(index, value)| {
                extent.add(item_step_bytes(index), value);
            }),
            Value::String(text) => extent.bytes += text.len(),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
        extent
    }

    fn add(&mut self, step: usize, value: &Value) {
        let inside = Self::of(value);
        self.nodes += inside.nodes;
        self.depth = self.depth.max(inside.depth + 1);
        self.bytes = self.bytes.saturating_add(inside.bytes);
        let below = inside.nodes.saturating_mul(step);
        self.pointers = self.pointers.saturating_add(inside.pointers).saturating_add(below);
        self.longest = self.longest.max(inside.longest + step);
    }
}

/// Gives the position of each offset, which are in order, with what is beside it.
pub(super) fn each_position(text: &str, offsets: Vec<(usize, usize)>, mut give: impl FnMut(usize, Position)) {
    let (mut line, mut column, mut done) = (1, 1, 0);
    for (offset, beside) in offsets {
        for byte in &text.as_bytes()[done..offset] {
            match byte {
                b'\n' => (line, column) = (line + 1, 1),
                // Continuation bytes of UTF-8 don't start a character.
                byte if byte & 0xc0 != 0x80 => column += 1,
                _ => {}
            }
        }
        done = offset;
        give(beside, Position { line, column });
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
