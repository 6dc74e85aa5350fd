//! What a soak came to: a table, and whether everything was as promised.

use std::{collections::BTreeMap, time::Duration};

use super::{
    callers::Kind,
    judge::Tally,
    memory::Memory,
    world::{HASTY_PER_SECOND, LIMITED_PER_SECOND},
};
use crate::terminal::result;

/// What was seen while callers called.
pub(super) struct Traffic {
    pub(super) tallies: Vec<(Kind, Tally)>,
    pub(super) memory: Memory,
    /// Configurations that were not taken, and why.
    pub(super) refused: Vec<String>,
}

/// All that is judged.
pub(super) struct Outcome {
    pub(super) length: Duration,
    pub(super) traffic: Traffic,
    /// Calls by version and class of status.
    pub(super) ledger: Vec<(String, u16, u64)>,
    pub(super) deaths: usize,
    /// Configurations that were in force.
    pub(super) changes: u64,
    /// No request was under way when nobody called any more.
    pub(super) is_quiet: bool,
    pub(super) panics: Vec<String>,
}

impl Outcome {
    /// Prints all of it; returns whether it is good.
    pub(super) fn print(&self) -> bool {
        result(&format!(
            "{:26}{:>9}{:>9}{:>8}{:>12}  statuses",
            "callers", "answers", "excused", "broken", "unexpected"
        ));
        for (kind, tally) in &self.traffic.tallies {
            let statuses: Vec<String> = tally
                .answers
                .iter()
                .map(|(status, count)| format!("{status}: {count}"))
                .collect();
            result(&format!(
                "{:26}{:9}{:9}{:8}{:12}  {}",
                kind.name,
                tally.answers.values().sum::<u64>(),
                tally.excused,
                tally.broken,
                tally.unexpected,
                statuses.join(", ")
            ));
        }
        let mut wrong: Vec<String> = self
            .traffic
            .tallies
            .iter()
            .flat_map(|(kind, tally)| unpromised(kind, tally))
            .collect();
        wrong.extend(self.beyond_limits());
        wrong.extend(self.compare_ledger());
        wrong.extend(self.traffic.refused.iter().cloned());
        wrong.extend(self.panics.iter().cloned());
        if !self.is_quiet {
            wrong.push("requests are under way though nobody calls any more".to_owned());
        }
        if self.deaths < 2 || self.changes < 10 {
            wrong.push("too little has changed for a result".to_owned());
        }
        let (early, late) = (self.traffic.memory.early(), self.traffic.memory.late());
        if !self.traffic.memory.is_flat() {
            wrong.push("memory grows".to_owned());
        }
        result(&format!(
            "{} changes of the configuration, {} deaths; resident {:.1} MB after a fifth, {:.1} MB in the end",
            self.changes,
            // The first is the start.
            self.deaths.saturating_sub(1),
            early as f64 / 1e6,
            late as f64 / 1e6
        ));
        for what in &wrong {
            result(&format!("NOT AS PROMISED: {what}"));
        }
        wrong.is_empty()
    }

    /// No change of the configuration fills a budget.
    fn beyond_limits(&self) -> Vec<String> {
        // What begins within the last second, and the burst before the first.
        let seconds = self.length.as_secs() + 2;
        let limits = [
            ("beyond the plan", HASTY_PER_SECOND),
            ("beyond the policy", LIMITED_PER_SECOND),
        ];
        let mut wrong = Vec::new();
        for (name, per_second) in limits {
            let tally = self.traffic.tallies.iter().find(|(kind, _)| kind.name == name);
            let passed = tally
                .and_then(|(_, tally)| tally.answers.get(&200))
                .copied()
                .unwrap_or_default();
            let most = per_second * (seconds + 1);
            if passed > most {
                wrong.push(format!("{name}: {passed} calls passed, and {most} may"));
            }
        }
        wrong
    }

    fn compare_ledger(&self) -> Vec<String> {
        let mut counted: BTreeMap<(&str, u16), u64> = BTreeMap::new();
        let mut left: BTreeMap<&str, u64> = BTreeMap::new();
        for (_, tally) in &self.traffic.tallies {
            for (key, count) in &tally.counted {
                *counted.entry(*key).or_default() += count;
            }
            for (version, count) in &tally.left {
                *left.entry(version).or_default() += count;
            }
        }
        differences(&counted, &left, &self.ledger)
    }
}

/// Where the ledger has other counts than the callers. Of calls whose answer nobody waited for, the ledger may have any
/// part, with any status.
fn differences(
    counted: &BTreeMap<(&str, u16), u64>,
    left: &BTreeMap<&str, u64>,
    ledger: &[(String, u16, u64)],
) -> Vec<String> {
    let mut rest: BTreeMap<(&str, u16), u64> = counted.clone();
    rest.retain(|(version, _), count| *version != "none" && *count > 0);
    let mut wrong = Vec::new();
    let mut spare = left.clone();
    for (version, class, in_ledger) in ledger {
        let here = rest.remove(&(version.as_str(), *class)).unwrap_or_default();
        let spare = spare.entry(version).or_default();
        match in_ledger.checked_sub(here) {
            Some(more) if more <= *spare => *spare -= more,
            _ => wrong.push(format!(
                "the ledger has {in_ledger} calls of {version} with {class}xx, and callers counted {here}"
            )),
        }
    }
    for ((version, class), count) in rest {
        wrong.push(format!(
            "the ledger has no calls of {version} with {class}xx, and callers counted {count}"
        ));
    }
    wrong
}

fn unpromised(kind: &Kind, tally: &Tally) -> Vec<String> {
    let mut wrong = Vec::new();
    if tally.unexpected > 0 {
        wrong.push(format!("{}: {} unexpected", kind.name, tally.unexpected));
    }
    let (statuses, marks) = kind.seen;
    for status in statuses.iter().filter(|status| !tally.answers.contains_key(status)) {
        wrong.push(format!("{}: never {status}", kind.name));
    }
    for mark in marks.iter().filter(|mark| !tally.marks.contains_key(*mark)) {
        wrong.push(format!("{}: never {mark}", kind.name));
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ledger_has_every_call() {
        let counted = BTreeMap::from([(("v1", 2), 10), (("v1", 4), 3), (("none", 4), 1)]);
        let left = BTreeMap::from([("v1", 2)]);
        let row = |class, calls| ("v1".to_owned(), class, calls);
        assert!(differences(&counted, &left, &[row(2, 10), row(4, 3)]).is_empty());
        assert!(differences(&counted, &left, &[row(2, 11), row(4, 4)]).is_empty());
        assert_eq!(
            differences(&counted, &left, &[row(2, 12), row(4, 4)]).len(),
            1,
            "three more"
        );
        assert_eq!(
            differences(&counted, &left, &[row(2, 9), row(4, 3)]).len(),
            1,
            "one is lost"
        );
        assert_eq!(differences(&counted, &left, &[row(2, 10)]).len(), 1, "a class is lost");
    }
}
