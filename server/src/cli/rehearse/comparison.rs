//! Two configurations beside each other, call by call.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    net::IpAddr,
};

use domain::{clock::Timestamp, id::ApplicationId};
use gateway::rehearsal::{Outcome, RecordedRequest, Rehearsal};

/// The configuration as it is, the one of the draft, and what was found so far.
pub(super) struct Comparison {
    now: Rehearsal,
    draft: Rehearsal,
    /// Examples that are kept of each change.
    examples: usize,
    pub(super) found: Found,
}

/// What was found in a log.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Lines that were judged.
    pub(super) calls: u64,
    /// Those to which the two say different things.
    pub(super) changed: u64,
    /// Those whose caller is not in the log, and would have mattered to both.
    pub(super) undecided: u64,
    /// Those that were refused by what is not replayed, and that neither refuses before, by the reason of the log.
    pub(super) refused_elsewhere: BTreeMap<&'static str, u64>,
    /// Those that the configuration as it is takes for calls of another version than they were.
    pub(super) elsewhere: u64,
    pub(super) unreadable: u64,
    /// The first line that can't be read, and why.
    pub(super) first_unreadable: Option<(u64, String)>,
    /// Times of the first and the last call.
    pub(super) span: Option<(Timestamp, Timestamp)>,
    /// How many calls a line stands for, at most.
    pub(super) sampled_one_in: u32,
    pub(super) consumers: HashSet<Consumer>,
    pub(super) consumers_changed: HashSet<Consumer>,
    pub(super) changes: HashMap<Change, Concerned>,
    /// What is wrong with a configuration, from the gateway.
    pub(super) warnings: Vec<String>,
}

/// Whose calls they are: the application's, or an address's where that is all that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Consumer {
    Application(ApplicationId),
    Address(IpAddr),
}

/// From what to what the answer to a call changes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Change {
    /// `acme/petstore/v1`; `None` where there is no version.
    pub(super) version: Option<String>,
    /// Slug of the operation.
    pub(super) operation: Option<String>,
    pub(super) now: Outcome,
    pub(super) draft: Outcome,
}

/// The calls of a change.
#[derive(Debug, Default)]
pub(super) struct Concerned {
    pub(super) calls: u64,
    pub(super) consumers: HashSet<Consumer>,
    /// The first ones.
    pub(super) examples: Vec<RecordedRequest>,
}

impl Comparison {
    pub(super) fn new(now: Rehearsal, draft: Rehearsal, examples: usize) -> Self {
        let of = |what: &str, side: &Rehearsal| -> Vec<String> {
            let warnings = side.warnings().iter();
            warnings.map(|warning| format!("{what}: {warning}")).collect()
        };
        let mut warnings = of("now", &now);
        warnings.extend(of("draft", &draft));
        Self {
            now,
            draft,
            examples,
            found: Found {
                warnings,
                ..Found::default()
            },
        }
    }

    /// Notes a line that is no record.
    pub(super) fn unreadable(&mut self, line: u64, why: String) {
        self.found.unreadable += 1;
        self.found.first_unreadable.get_or_insert((line, why));
    }

    /// Has both judge a call.
    pub(super) fn judge(&mut self, record: &RecordedRequest) {
        let now = self.now.judge(record);
        let draft = self.draft.judge_as_draft(record, &now);
        let found = &mut self.found;
        found.calls += 1;
        let (first, last) = found.span.unwrap_or((record.time, record.time));
        found.span = Some((first.min(record.time), last.max(record.time)));
        found.sampled_one_in = found.sampled_one_in.max(record.sampled_one_in);
        let consumer = match record.application {
            Some(id) => Consumer::Application(id),
            None => Consumer::Address(record.client_ip),
        };
        found.consumers.insert(consumer);
        if record.address.is_some() && record.address.as_deref() != now.version() {
            found.elsewhere += 1;
        }
        if now.outcome == draft.outcome {
            match now.outcome {
                Outcome::Undecided => found.undecided += 1,
                Outcome::RefusedElsewhere { reason } => *found.refused_elsewhere.entry(reason).or_default() += 1,
                Outcome::Passes | Outcome::Refused { .. } => {}
            }
            return;
        }
        found.changed += 1;
        found.consumers_changed.insert(consumer);
        let change = Change {
            version: draft.version().or(now.version()).map(str::to_owned),
            operation: draft.operation().or(now.operation()).map(str::to_owned),
            now: now.outcome,
            draft: draft.outcome,
        };
        let concerned = found.changes.entry(change).or_default();
        concerned.calls += 1;
        concerned.consumers.insert(consumer);
        if concerned.examples.len() < self.examples {
            concerned.examples.push(record.clone());
        }
    }
}
