//! Schemas of own rules, compiled once for each document.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use serde_json::Value;

use super::functions::Found;
use crate::lint::json_schema::{Engine, NodeId, Relaxed, Report, Settings, report};
use crate::lint::view::{View, address};

/// Steps for one value and schema.
const MOST_STEPS: usize = 100_000;
/// Steps for one rule.
const MOST_STEPS_OF_ALL: usize = 10_000_000;

/// The compiled schemas of one rule, for one document.
#[derive(Default)]
pub(super) struct Engines<'v, 'd> {
    compiled: HashMap<usize, (Engine<'v, 'd>, NodeId)>,
    steps: usize,
}

impl<'v, 'd> Engines<'v, 'd> {
    pub(super) fn check(
        &mut self,
        view: &'v View<'d>,
        schema: &'d Value,
        settings: Settings,
        value: &'d Value,
    ) -> Vec<Found> {
        let key = address(schema);
        if let Entry::Vacant(entry) = self.compiled.entry(key) {
            let mut engine = Engine::of_ruleset(settings, view);
            // It was compiled when the ruleset was read.
            let Ok(id) = engine.compile(schema) else {
                return Vec::new();
            };
            entry.insert((engine, id));
        }
        let Some((engine, id)) = self.compiled.get_mut(&key).filter(|_| self.steps < MOST_STEPS_OF_ALL) else {
            return Vec::new();
        };
        let faults = engine.check(*id, value, Relaxed::No, MOST_STEPS);
        self.steps += engine.steps_taken(MOST_STEPS);
        let reports = report(&faults.unwrap_or_default(), &[String::new()], value);
        let found = |report: Report| Found {
            message: report
                .message
                .strip_prefix("\"\" property ")
                .map_or(report.message.clone(), str::to_owned),
            is_whole: !report.path.is_empty(),
            path: report.path,
        };
        reports.into_iter().map(found).collect()
    }
}
