//! What was promised, and whether every answer is that.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use super::client::{Answer, Broken};
use crate::terminal::note;

/// Statuses that are promised while a target is away.
pub(super) const FAILURES: [u16; 3] = [502, 503, 504];
/// Unexpected answers that are shown as they come, for each caller; all are counted.
const SHOWN: u64 = 5;

/// When the mortal target was away.
#[derive(Default)]
pub(super) struct Deaths(Mutex<Vec<Death>>);

struct Death {
    /// `None` while it lasts.
    ended: Option<Instant>,
}

impl Deaths {
    pub(super) fn begin(&self) {
        let death = Death { ended: None };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(death);
    }

    pub(super) fn end(&self) {
        if let Some(last) = self.0.lock().unwrap_or_else(PoisonError::into_inner).last_mut() {
            last.ended = Some(Instant::now());
        }
    }

    pub(super) fn count(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether the target was away between then and now, or came back less than `grace` before.
    pub(super) fn excuse(&self, started: Instant, grace: Duration) -> bool {
        let deaths = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Those before the last ended earlier.
        let last = deaths.last();
        last.is_some_and(|death| death.ended.is_none_or(|ended| started <= ended + grace))
    }
}

/// Which configurations there are: one number for each that was applied.
#[derive(Default)]
pub(super) struct Generations {
    begun: AtomicU64,
    settled: AtomicU64,
}

impl Generations {
    /// The newest that may be in force.
    pub(super) fn begun(&self) -> u64 {
        self.begun.load(Ordering::SeqCst)
    }

    /// The newest that is in force everywhere; older ones are not any more.
    pub(super) fn settled(&self) -> u64 {
        self.settled.load(Ordering::SeqCst)
    }

    pub(super) fn begin(&self, generation: u64) {
        self.begun.store(generation, Ordering::SeqCst);
    }

    pub(super) fn settle(&self, generation: u64) {
        self.settled.store(generation, Ordering::SeqCst);
    }
}

/// What a call may be answered with.
pub(super) struct Promise<'a> {
    pub(super) version: &'static str,
    pub(super) statuses: &'a [u16],
    /// How long after the mortal target's return its absence may still be felt; `None` where it is not asked.
    pub(super) grace: Option<Duration>,
}

/// What the callers of one kind got.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Answers by status.
    pub(super) answers: BTreeMap<u16, u64>,
    /// Failures while the target was away.
    pub(super) excused: u64,
    /// Answers that broke off while the target was away; their heads are among `answers`.
    pub(super) broken: u64,
    pub(super) unexpected: u64,
    /// What happened beside, by name.
    pub(super) marks: BTreeMap<&'static str, u64>,
    /// Answers by version and class of status, as the ledger should have them.
    pub(super) counted: BTreeMap<(&'static str, u16), u64>,
    /// Calls by version whose answer the caller did not wait for.
    pub(super) left: BTreeMap<&'static str, u64>,
}

impl Tally {
    /// Takes what came of a call into account; `check` looks at an answer with a promised status.
    pub(super) fn judge(
        &mut self,
        kind: &str,
        promise: &Promise<'_>,
        deaths: &Deaths,
        started: Instant,
        outcome: Result<Answer, Broken>,
        check: impl FnOnce(&Answer) -> Result<(), String>,
    ) {
        let is_excused = || promise.grace.is_some_and(|grace| deaths.excuse(started, grace));
        let wrong = match outcome {
            Ok(answer) => {
                self.count(promise.version, answer.status, 1);
                if promise.statuses.contains(&answer.status) {
                    check(&answer).err()
                } else if FAILURES.contains(&answer.status) && answer.problem().is_some() && is_excused() {
                    self.excused += 1;
                    None
                } else {
                    Some(format!("status {} ({:?})", answer.status, start_of(&answer.body)))
                }
            }
            Err(Broken::Body { status, error }) => {
                self.count(promise.version, status, 1);
                if is_excused() {
                    self.broken += 1;
                    None
                } else {
                    Some(format!("the answer with status {status} broke off: {error}"))
                }
            }
            Err(Broken::Head(error)) => {
                *self.left.entry(promise.version).or_default() += 1;
                Some(format!("no answer: {error}"))
            }
        };
        if let Some(wrong) = wrong {
            let wrong = format!("{wrong} after {:?}", started.elapsed());
            self.wrong(kind, &wrong);
        }
    }

    /// An answer that is not what was promised.
    pub(super) fn wrong(&mut self, kind: &str, what: &str) {
        self.unexpected += 1;
        if self.unexpected <= SHOWN {
            note(&format!("unexpected: {kind}: {what}"));
        }
    }

    /// So many answers with this status, or one of its class.
    pub(super) fn count(&mut self, version: &'static str, status: u16, answers: u64) {
        if answers == 0 {
            return;
        }
        *self.answers.entry(status).or_default() += answers;
        *self.counted.entry((version, status / 100)).or_default() += answers;
    }

    pub(super) fn mark(&mut self, what: &'static str) {
        *self.marks.entry(what).or_default() += 1;
    }

    pub(super) fn add(&mut self, other: Self) {
        sum(&mut self.answers, other.answers);
        sum(&mut self.marks, other.marks);
        sum(&mut self.counted, other.counted);
        sum(&mut self.left, other.left);
        self.excused += other.excused;
        self.broken += other.broken;
        self.unexpected += other.unexpected;
    }
}

fn sum<K: Ord>(to: &mut BTreeMap<K, u64>, from: BTreeMap<K, u64>) {
    for (key, count) in from {
        *to.entry(key).or_default() += count;
    }
}

fn start_of(body: &[u8]) -> String {
    String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned()
}

/// # Errors
/// Where the two begin to differ.
pub(super) fn same(found: &[u8], expected: &[u8]) -> Result<(), String> {
    if found == expected {
        return Ok(());
    }
    let place = found
        .iter()
        .zip(expected)
        .take_while(|(left, right)| left == right)
        .count();
    let rest = &found[place..];
    Err(format!(
        "another body: {} bytes for {}, from byte {place} on {:?}",
        found.len(),
        expected.len(),
        start_of(&rest[..rest.len().min(60)])
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRACE: Duration = Duration::from_mins(1);

    #[test]
    fn only_an_absence_is_an_excuse() {
        let deaths = Deaths::default();
        let started = Instant::now();
        assert!(!deaths.excuse(started, GRACE));
        deaths.begin();
        assert!(deaths.excuse(started, GRACE) && deaths.excuse(Instant::now(), Duration::ZERO));
        deaths.end();
        assert!(deaths.excuse(started, Duration::ZERO), "it was away within the call");
        assert!(deaths.excuse(Instant::now(), GRACE), "it is only just back");
        assert!(!deaths.excuse(Instant::now(), Duration::ZERO));
    }

    #[test]
    fn bodies_differ_at_a_place() {
        assert!(same(b"abc", b"abc").is_ok());
        assert!(same(b"abXc", b"abc").unwrap_err().contains("from byte 2"));
        assert!(same(b"ab", b"abc").unwrap_err().contains("2 bytes for 3"));
    }
}
