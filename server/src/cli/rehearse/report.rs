//! What a rehearsal found, for people and for programs.

use std::{
    collections::BTreeMap,
    fmt::{self, Display},
};

use domain::{clock::Timestamp, id::ApplicationId};
use gateway::rehearsal::{Outcome, RecordedRequest, not_rehearsed};
use serde::{Serialize, Serializer};
use time::format_description::well_known::Rfc3339;

use super::comparison::{Change, Comparison, Concerned, Found};
use crate::cli::apply::draft::Draft;

/// The report.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    draft: Vec<PolicyLine>,
    /// What manifests name that no policy could be drafted for.
    not_rehearsed: Vec<String>,
    log: LogLine,
    calls: Share,
    consumers: Share,
    changes: Vec<ChangeLine>,
    warnings: Vec<String>,
}

/// A policy of the draft.
#[derive(Debug, Serialize)]
struct PolicyLine {
    policy: &'static str,
    of: String,
    is_off: bool,
    /// What of it is not judged.
    not_judged: Option<&'static str>,
}

/// What was read.
#[derive(Debug, Serialize)]
struct LogLine {
    #[serde(with = "time::serde::rfc3339::option")]
    from: Option<Timestamp>,
    #[serde(with = "time::serde::rfc3339::option")]
    to: Option<Timestamp>,
    unreadable: u64,
    first_unreadable: Option<Unreadable>,
    /// Calls whose caller is not in the log and would have mattered.
    undecided: u64,
    /// Calls that were refused by what is not replayed, by the reason of the log.
    refused_elsewhere: BTreeMap<&'static str, u64>,
    /// Calls that were of another version than they would be now.
    elsewhere: u64,
}

#[derive(Debug, Serialize)]
struct Unreadable {
    line: u64,
    reason: String,
}

/// Some of all.
#[derive(Clone, Copy, Debug, Serialize)]
struct Share {
    all: u64,
    changed: u64,
}

#[derive(Debug, Serialize)]
struct ChangeLine {
    version: Option<String>,
    operation: Option<String>,
    now: OutcomeWord,
    draft: OutcomeWord,
    calls: u64,
    consumers: u64,
    examples: Vec<Example>,
}

/// An outcome: `passes`, `not known`, the refusal's status and reason, or the reason of one that is not replayed.
#[derive(Clone, Copy, Debug)]
struct OutcomeWord(Outcome);

#[derive(Debug, Serialize)]
struct Example {
    #[serde(with = "time::serde::rfc3339")]
    time: Timestamp,
    method: String,
    path: String,
    application: Option<ApplicationId>,
    client_ip: std::net::IpAddr,
}

impl Report {
    pub(super) fn new(draft: &Draft, comparison: Comparison) -> Self {
        let Found {
            calls,
            changed,
            undecided,
            refused_elsewhere,
            elsewhere,
            unreadable,
            first_unreadable,
            span,
            sampled_one_in,
            consumers,
            consumers_changed,
            changes,
            mut warnings,
        } = comparison.found;
        if sampled_one_in > 1 {
            warnings.push(format!(
                "the log has one call in {sampled_one_in}: limits are used up later here than they would be"
            ));
        }
        if elsewhere > 0 {
            warnings.push(format!(
                "{elsewhere} calls were of versions that are not found by host and path alone now"
            ));
        }
        let policies = draft.changes.iter().map(|drafted| PolicyLine {
            policy: drafted.name.as_str(),
            of: drafted.thing.clone(),
            is_off: drafted.said.is_off(drafted.name),
            not_judged: not_rehearsed(drafted.name, &drafted.said),
        });
        let mut changes: Vec<(Change, Concerned)> = changes.into_iter().collect();
        changes.sort_unstable_by(|(a, of_a), (b, of_b)| of_b.calls.cmp(&of_a.calls).then_with(|| a.cmp(b)));
        Self {
            draft: policies.collect(),
            not_rehearsed: draft.skipped.clone(),
            log: LogLine {
                from: span.map(|(from, _)| from),
                to: span.map(|(_, to)| to),
                unreadable,
                first_unreadable: first_unreadable.map(|(line, reason)| Unreadable { line, reason }),
                undecided,
                refused_elsewhere,
                elsewhere,
            },
            calls: Share { all: calls, changed },
            consumers: Share {
                all: consumers.len() as u64,
                changed: consumers_changed.len() as u64,
            },
            changes: changes.into_iter().map(ChangeLine::from).collect(),
            warnings,
        }
    }
}

impl From<(Change, Concerned)> for ChangeLine {
    fn from((change, concerned): (Change, Concerned)) -> Self {
        Self {
            version: change.version,
            operation: change.operation,
            now: OutcomeWord(change.now),
            draft: OutcomeWord(change.draft),
            calls: concerned.calls,
            consumers: concerned.consumers.len() as u64,
            examples: concerned.examples.into_iter().map(Example::from).collect(),
        }
    }
}

impl From<RecordedRequest> for Example {
    fn from(record: RecordedRequest) -> Self {
        Self {
            time: record.time,
            method: record.method.as_str().to_owned(),
            path: record.path,
            application: record.application,
            client_ip: record.client_ip,
        }
    }
}

impl Serialize for OutcomeWord {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Refused {
            outcome: &'static str,
            status: Option<u16>,
            reason: Option<&'static str>,
        }
        let (outcome, status, reason) = match self.0 {
            Outcome::Passes => ("passes", None, None),
            Outcome::Refused { status, reason } => ("refused", Some(status), Some(reason)),
            Outcome::RefusedElsewhere { reason } => ("refused_elsewhere", None, Some(reason)),
            Outcome::Undecided => ("not_known", None, None),
        };
        Refused {
            outcome,
            status,
            reason,
        }
        .serialize(serializer)
    }
}

impl Display for OutcomeWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            // Padded where a column is asked for.
            Outcome::Passes => f.pad("passes"),
            Outcome::Refused { status, reason } => f.pad(&format!("{status} {reason}")),
            Outcome::RefusedElsewhere { reason } => f.pad(&format!("elsewhere: {reason}")),
            Outcome::Undecided => f.pad("not known"),
        }
    }
}

impl Share {
    fn percent(self) -> f64 {
        if self.all == 0 {
            0.0
        } else {
            self.changed as f64 * 100.0 / self.all as f64
        }
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.draft.is_empty() {
            writeln!(f, "The manifests say of policies what is in force already.")?;
        }
        for line in &self.draft {
            let off = if line.is_off { " off" } else { "" };
            writeln!(f, "draft      policy {} of {}{off}", line.policy, line.of)?;
        }
        for thing in &self.not_rehearsed {
            writeln!(f, "skipped    {thing}")?;
        }
        writeln!(f)?;
        self.write_totals(f)?;
        self.write_changes(f)?;
        let partial = self.draft.iter().filter_map(|line| Some((line, line.not_judged?)));
        let mut partial: Vec<_> = partial.map(|(line, why)| (line.policy, why)).collect();
        partial.sort_unstable();
        partial.dedup();
        if !partial.is_empty() {
            writeln!(f, "\nNot judged:")?;
        }
        for (policy, why) in partial {
            writeln!(f, "  {policy}: {why}")?;
        }
        if !self.warnings.is_empty() {
            writeln!(f, "\nWarnings:")?;
        }
        for warning in &self.warnings {
            writeln!(f, "  {warning}")?;
        }
        Ok(())
    }
}

impl Report {
    fn write_totals(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (calls, consumers) = (self.calls, self.consumers);
        write!(
            f,
            "{} of {} calls would change ({:.1} %), of {} of {} consumers",
            calls.changed,
            calls.all,
            calls.percent(),
            consumers.changed,
            consumers.all
        )?;
        match (self.log.from, self.log.to) {
            (Some(from), Some(to)) => writeln!(f, ", from {} to {}.", moment(from), moment(to))?,
            _ => writeln!(f, ".")?,
        }
        if self.log.undecided > 0 {
            writeln!(
                f,
                "{} calls were refused before the log says whose they were; they would come further now and in the draft.",
                self.log.undecided
            )?;
        }
        let elsewhere: u64 = self.log.refused_elsewhere.values().sum();
        if elsewhere > 0 {
            let reasons = self.log.refused_elsewhere.iter();
            let reasons: Vec<String> = reasons.map(|(reason, calls)| format!("{calls} {reason}")).collect();
            writeln!(
                f,
                "{elsewhere} calls were refused elsewhere, by what is not replayed, and take nothing from limits: {}.",
                reasons.join(", ")
            )?;
        }
        if let Some(first) = &self.log.first_unreadable {
            let Unreadable { line, reason } = first;
            let count = self.log.unreadable;
            writeln!(f, "{count} lines can't be read; the first is line {line}: {reason}.")?;
        }
        Ok(())
    }

    fn write_changes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.changes.is_empty() {
            return Ok(());
        }
        let thing = |change: &ChangeLine| {
            let version = change.version.as_deref().unwrap_or("no version");
            match &change.operation {
                Some(operation) => format!("{version} {operation}"),
                None => version.to_owned(),
            }
        };
        let things: Vec<String> = self.changes.iter().map(thing).collect();
        let width = |words: &mut dyn Iterator<Item = String>, title: &str| {
            words
                .map(|word| word.chars().count())
                .max()
                .unwrap_or(0)
                .max(title.len())
        };
        let what = width(&mut things.iter().cloned(), "operation");
        let now = width(&mut self.changes.iter().map(|change| change.now.to_string()), "now");
        writeln!(
            f,
            "\n{:>8}  {:>9}  {:what$}  {:now$}  draft",
            "calls", "consumers", "operation", "now"
        )?;
        for (change, thing) in self.changes.iter().zip(&things) {
            writeln!(
                f,
                "{:>8}  {:>9}  {thing:what$}  {:now$}  {}",
                change.calls, change.consumers, change.now, change.draft
            )?;
            for example in &change.examples {
                let caller = match example.application {
                    Some(id) => id.to_string(),
                    None => example.client_ip.to_string(),
                };
                let time = moment(example.time);
                // Paths are anybody's: what is no plain character is not for a terminal.
                let path = example.path.escape_default();
                writeln!(f, "{:8}  {time} {} {path} {caller}", "", example.method)?;
            }
        }
        Ok(())
    }
}

fn moment(at: Timestamp) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}
