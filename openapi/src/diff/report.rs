//! What was found so far, within its bounds.

use super::change::{Change, Direction, Level, Side};
use super::rules::Rule;

/// How much one comparison may give and cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Changes that are kept of each level; the rest is counted. Default 20,000.
    pub changes: usize,
    /// Schemas that are visited on the way from operations to differences. Default 3,000,000, a few seconds.
    pub visits: usize,
    /// Pairs of schemas that are compared. Default 500,000, ten times the schemas of GitHub's document; two documents that
    /// refer to themselves in circles of different lengths have as many as the product of the lengths.
    pub pairs: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            changes: 20_000,
            visits: 3_000_000,
            pairs: 200_000,
        }
    }
}

/// Bytes of the paths and messages of all changes of one level that are kept.
const MOST_BYTES: usize = 48 * 1024 * 1024;

/// An operation as changes name it.
#[derive(Clone, Debug)]
pub(super) struct Named {
    pub(super) label: String,
    pub(super) operation_id: Option<String>,
}

/// The changes so far.
#[derive(Debug)]
pub(super) struct Report {
    limits: Limits,
    pub(super) operations: Vec<Named>,
    pub(super) changes: Vec<(Option<u32>, Change)>,
    kept: [usize; 3],
    pub(super) omitted: usize,
    pub(super) is_complete: bool,
    visits: usize,
    bytes: [usize; 3],
}

impl Report {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            operations: Vec::new(),
            changes: Vec::new(),
            kept: [0; 3],
            omitted: 0,
            is_complete: true,
            visits: 0,
            bytes: [0; 3],
        }
    }

    /// Adds an operation and gives its number.
    pub(super) fn operation(&mut self, label: String, operation_id: Option<&str>) -> u32 {
        self.operations.push(Named {
            label,
            operation_id: operation_id.map(str::to_owned),
        });
        u32::try_from(self.operations.len() - 1).unwrap_or(u32::MAX)
    }

    /// Whether there is room for a change of a level; one that has none is counted.
    pub(super) fn has_room(&mut self, level: Level) -> bool {
        let kept = &mut self.kept[level as usize];
        if *kept < self.limits.changes && self.bytes[level as usize] < MOST_BYTES {
            return true;
        }
        self.omitted += 1;
        false
    }

    /// Adds a change for which [`Self::has_room`] said that there is room.
    pub(super) fn found(
        &mut self,
        rule: Rule,
        operation: Option<u32>,
        (document, path): (Side, Vec<String>),
        message: String,
        direction: Direction,
    ) {
        self.kept[rule.level as usize] += 1;
        self.bytes[rule.level as usize] +=
            message.len() + path.iter().map(|step| size_of::<String>() + step.len()).sum::<usize>();
        let named = operation.and_then(|at| self.operations.get(at as usize));
        let change = Change {
            rule,
            level: rule.level,
            operation: named.map(|named| named.label.clone()),
            operation_id: named.and_then(|named| named.operation_id.clone()),
            path,
            document,
            line: None,
            column: None,
            message,
            direction,
        };
        self.changes.push((operation, change));
    }

    /// Counts a visit; whether it may be made.
    pub(super) fn may_visit(&mut self) -> bool {
        self.visits += 1;
        self.visits <= self.limits.visits
    }

    /// Notes that not everything was looked at.
    pub(super) fn cut_short(&mut self) {
        self.is_complete = false;
    }
}
