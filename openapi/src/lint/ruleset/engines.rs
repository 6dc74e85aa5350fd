//! Schemas of own rules, compiled once for each document.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::functions::Found;
use super::work::Work;
use crate::lint::json_schema::{Engine, NodeId, Relaxed, Report, Settings, report};
use crate::lint::view::{View, address};

/// Steps for one value and schema.
const MOST_STEPS: usize = 100_000;

/// The compiled schemas of one rule, and what else its functions need to know of one document.
#[derive(Default)]
pub(super) struct Engines<'v, 'd> {
    compiled: HashMap<usize, (Engine<'v, 'd>, NodeId)>,
    /// Names of the reusable objects that something refers to, by where they are.
    used: HashMap<&'d [String], HashSet<&'v str>>,
}

impl<'v, 'd> Engines<'v, 'd> {
    pub(super) fn check(
        &mut self,
        view: &'v View<'d>,
        schema: &'d Value,
        settings: Settings,
        value: &'d Value,
        work: &mut Work,
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
        let Some((engine, id)) = self.compiled.get_mut(&key).filter(|_| !work.is_over()) else {
            return Vec::new();
        };
        let faults = engine.check(*id, value, Relaxed::No, MOST_STEPS);
        if !work.pay(engine.steps_taken(MOST_STEPS) as u64) {
            return Vec::new();
        }
        let Some(faults) = faults else {
            return vec![Found {
                message: "is too large to be checked against the schema of the rule".to_owned(),
                path: Vec::new(),
                is_whole: false,
            }];
        };
        let reports = report(&faults, &[String::new()], value);
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

    /// The names of the objects at a place that something refers to; `None` if that costs too much.
    pub(super) fn used(
        &mut self,
        view: &'v View<'d>,
        location: &'d [String],
        work: &mut Work,
    ) -> Option<&HashSet<&'v str>> {
        match self.used.entry(location) {
            Entry::Occupied(entry) => Some(entry.into_mut()),
            Entry::Vacant(entry) => {
                let mut used = HashSet::new();
                for path in view.used_paths() {
                    if !work.pay(1) {
                        return None;
                    }
                    if let Some((name, above)) = path.split_last()
                        && above == location
                    {
                        used.insert(name.as_str());
                    }
                }
                Some(entry.insert(used))
            }
        }
    }
}
