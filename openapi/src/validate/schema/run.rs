//! One pass over a value: how much work is left, where it is, what it found.

use serde_json::Value;

use crate::validate::violation::push_token;

/// Levels of schemas within schemas in one pass. A JSON body has at most 128 levels; each costs two or three here, and one
/// costs less than a kilobyte of stack.
const MOST_DEPTH: usize = 600;

/// Work that checking one message may cause, in visits of a schema.
#[derive(Debug)]
pub(in crate::validate) struct Steps {
    left: u64,
    is_exhausted: bool,
}

impl Steps {
    /// So many visits.
    pub(in crate::validate) fn new(left: u64) -> Self {
        Self {
            left,
            is_exhausted: false,
        }
    }

    /// Visits that are left.
    pub(in crate::validate) fn left(&self) -> u64 {
        self.left
    }

    /// Whether there was more to do than allowed: what was found is incomplete.
    pub(in crate::validate) fn is_exhausted(&self) -> bool {
        self.is_exhausted
    }

    /// Counts work; false once there was too much.
    pub(in crate::validate) fn take(&mut self, cost: u64) -> bool {
        match self.left.checked_sub(cost) {
            Some(left) => self.left = left,
            None => {
                self.left = 0;
                self.is_exhausted = true;
            }
        }
        !self.is_exhausted
    }
}

/// What a schema says against a value.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::validate) struct Found {
    pub(in crate::validate) pointer: String,
    pub(in crate::validate) keyword: &'static str,
    pub(in crate::validate) message: String,
}

/// A step from a value into it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Segment<'r> {
    Key(&'r str),
    Index(usize),
}

/// The state of a pass.
pub(super) struct Run<'r> {
    pub(super) steps: &'r mut Steps,
    path: Vec<Segment<'r>>,
    depth: usize,
    /// Schemas that are being checked and the values they are checked against, by address.
    active: Vec<(u32, usize)>,
    /// Names that are not required of the value at this address.
    spared: Vec<(usize, &'r [Box<str>])>,
    /// Top-level properties that are files: they were checked as parts, and their text is not looked at.
    files: &'r [&'r str],
    found: Vec<Found>,
    room: usize,
    /// Whether only yes or no is asked.
    is_probe: bool,
}

impl<'r> Run<'r> {
    pub(super) fn new(steps: &'r mut Steps, files: &'r [&'r str], room: usize) -> Self {
        Self {
            steps,
            path: Vec::new(),
            depth: 0,
            active: Vec::new(),
            spared: Vec::new(),
            files,
            found: Vec::new(),
            room,
            is_probe: room == 0,
        }
    }

    pub(super) fn into_found(self) -> Vec<Found> {
        self.found
    }

    pub(super) fn is_probe(&self) -> bool {
        self.is_probe
    }

    /// Whether looking further would tell nothing new.
    pub(super) fn is_done(&self) -> bool {
        self.is_probe || self.found.len() >= self.room
    }

    /// Asks only for yes or no.
    pub(super) fn probe<A>(&mut self, ask: impl FnOnce(&mut Self) -> A) -> A {
        let was_probe = std::mem::replace(&mut self.is_probe, true);
        let answer = ask(self);
        self.is_probe = was_probe;
        answer
    }

    /// Looks at a part of the value.
    pub(super) fn at(&mut self, segment: Segment<'r>, look: impl FnOnce(&mut Self) -> bool) -> bool {
        self.path.push(segment);
        let answer = look(self);
        self.path.pop();
        answer
    }

    /// Enters a schema; false if there is no more to be done.
    pub(super) fn enter(&mut self) -> bool {
        if self.depth >= MOST_DEPTH {
            self.steps.take(u64::MAX);
        }
        self.depth += 1;
        self.steps.take(1)
    }

    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Marks a schema that may contain itself as being checked; false if it is already, against the same value.
    pub(super) fn open(&mut self, schema: u32, value: &Value) -> bool {
        let address = std::ptr::from_ref(value).addr();
        let mut same = self.active.iter().rev().take_while(|(_, other)| *other == address);
        if same.any(|(other, _)| *other == schema) {
            return false;
        }
        self.active.push((schema, address));
        true
    }

    pub(super) fn close(&mut self) {
        self.active.pop();
    }

    pub(super) fn spare(&mut self, names: &'r [Box<str>], value: &Value) {
        self.spared.push((std::ptr::from_ref(value).addr(), names));
    }

    pub(super) fn end_spare(&mut self) {
        self.spared.pop();
    }

    pub(super) fn is_spared(&self, name: &str, value: &Value) -> bool {
        let address = std::ptr::from_ref(value).addr();
        self.spared
            .iter()
            .filter(|(other, _)| *other == address)
            .any(|(_, names)| names.iter().any(|spared| **spared == *name))
    }

    /// Whether the place is a property.
    pub(super) fn is_property(&self) -> bool {
        matches!(self.path.last(), Some(Segment::Key(_)))
    }

    /// Whether the value here is a file.
    pub(super) fn is_file(&self) -> bool {
        match self.path[..] {
            [Segment::Key(name)] | [Segment::Key(name), Segment::Index(_)] => self.files.contains(&name),
            _ => false,
        }
    }

    /// Notes what is wrong with the value here; always false, so that a check can end with it.
    pub(super) fn fail(&mut self, keyword: &'static str, message: impl FnOnce() -> String) -> bool {
        if !self.is_done() {
            let mut pointer = String::new();
            for segment in &self.path {
                match segment {
                    Segment::Key(key) => push_token(&mut pointer, key),
                    Segment::Index(at) => push_token(&mut pointer, &at.to_string()),
                }
            }
            let found = Found {
                pointer,
                keyword,
                message: message(),
            };
            // Two members of `allOf` may say the same.
            if !self.found.contains(&found) {
                self.found.push(found);
            }
        }
        false
    }
}
