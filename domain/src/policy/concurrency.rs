//! `concurrency`: how many calls run at the same time.

use serde::{Deserialize, Serialize};

use super::{Policy, problems::Problems, rate_limits::CallerGroup, units::TimeSpan};
use crate::error::FieldError;

/// At most `max` calls at the same time for each caller as `by` tells them apart. A call runs until its answer has been
/// sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Concurrency {
    /// Who shares the places; by default all calls together.
    #[serde(default = "all")]
    pub by: CallerGroup,
    /// Calls at the same time: 1 to 100,000.
    pub max: u32,
    /// Where further calls wait for a place; without one they are refused at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<SpikeQueue>,
}

/// Delays calls of a spike instead of refusing them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpikeQueue {
    /// Calls that may wait: 1 to 10,000; one more is refused.
    pub length: u32,
    /// How long one may wait, 1 ms to 1 minute; then it is refused.
    pub wait: TimeSpan,
}

fn all() -> CallerGroup {
    CallerGroup::All
}

impl Policy for Concurrency {
    const SUMMARY: &'static str = "Limits how many calls run at the same time; further ones wait or are refused.";
    const EXAMPLE: &'static str = "\
by: application
max: 20
queue:
  length: 100
  wait: 2s
";

    fn validate(&self) -> Vec<FieldError> {
        let mut problems = Problems::default();
        problems.number("max", self.max.into(), 1..=100_000);
        if let Some(queue) = self.queue {
            problems.number("queue.length", queue.length.into(), 1..=10_000);
            problems.time("queue.wait", queue.wait, TimeSpan::millis(1)..=TimeSpan::seconds(60));
        }
        problems.found()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_ranges() {
        for (body, fields) in [
            (serde_json::json!({ "max": 1 }), &[][..]),
            (
                serde_json::json!({ "max": 5, "queue": { "length": 1, "wait": "1ms" } }),
                &[],
            ),
            (
                serde_json::json!({ "max": 0, "queue": { "length": 0, "wait": "61s" } }),
                &["max", "queue.length", "queue.wait"],
            ),
        ] {
            let policy: Concurrency = serde_json::from_value(body.clone()).unwrap();
            let errors = policy.validate();
            assert_eq!(
                errors.iter().map(|e| e.field.as_str()).collect::<Vec<_>>(),
                fields,
                "{body}"
            );
        }
    }
}
