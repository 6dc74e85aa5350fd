//! Slows down guessing of passwords: by account and by peer, in memory.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use time::Duration;

use crate::{clock::Timestamp, error::DomainError};

/// Failures of an account before attempts are delayed.
const ACCOUNT_FREE: u32 = 5;
/// Failures of a peer before attempts are delayed: an office behind one address shares it.
const PEER_FREE: u32 = 30;
/// Longest delay.
const LONGEST: Duration = Duration::minutes(15);
/// Longest address of an account.
const EMAIL_MAX: usize = 254;
/// Entries kept at most; the oldest half goes when it is reached, so that a flood of names cannot fill the memory.
const CAPACITY: usize = 100_000;

/// Counts failed sign-ins. After a few free attempts each further failure doubles the wait, from 1 s to 15 minutes; an hour
/// without failure forgets.
#[derive(Debug, Default)]
pub struct SignInThrottle {
    failures: Mutex<HashMap<String, Failures>>,
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    last: Timestamp,
}

/// An attempt that may be made now. It counts as failed from the beginning, so that attempts at the same time cannot pass
/// together, and stays so unless it is told otherwise.
#[derive(Debug)]
#[must_use = "an attempt counts as failed until it is told otherwise"]
pub struct Attempt<'a> {
    throttle: &'a SignInThrottle,
    keys: [String; 2],
    /// What was there before, to be put back.
    before: [Option<Failures>; 2],
    at: Timestamp,
}

impl SignInThrottle {
    /// Begins an attempt.
    ///
    /// # Errors
    /// [`DomainError::TooMany`] with the seconds to wait; nothing is counted then.
    pub fn begin(&self, email: &str, peer: &str, now: Timestamp) -> Result<Attempt<'_>, DomainError> {
        let keys = [account_key(email), peer_key(peer)];
        let mut failures = self.lock();
        let wait = keys
            .iter()
            .zip([ACCOUNT_FREE, PEER_FREE])
            .filter_map(|(key, free)| failures.get(key).map(|f| f.last + delay(f.count, free) - now))
            .max()
            .unwrap_or(Duration::ZERO);
        if wait.is_positive() {
            return Err(DomainError::TooMany {
                retry_after_s: wait.whole_seconds().max(1).unsigned_abs(),
            });
        }
        forget_some(&mut failures);
        let before = [failures.get(&keys[0]).copied(), failures.get(&keys[1]).copied()];
        for key in &keys {
            let entry = failures.entry(key.clone()).or_insert(Failures { count: 0, last: now });
            if now - entry.last > Duration::HOUR {
                entry.count = 0;
            }
            entry.count = entry.count.saturating_add(1);
            entry.last = now;
        }
        drop(failures);
        Ok(Attempt {
            throttle: self,
            keys,
            before,
            at: now,
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Failures>> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attempt<'_> {
    /// The password was right: forgets the account's failures, and the peer did not fail this time.
    pub fn succeeded(self) {
        let mut failures = self.throttle.lock();
        failures.remove(&self.keys[0]);
        self.take_back(&mut failures, 1);
    }

    /// The password was not looked at, for a reason of ours: nothing happened.
    pub fn withdraw(self) {
        let mut failures = self.throttle.lock();
        self.take_back(&mut failures, 0);
        self.take_back(&mut failures, 1);
    }

    /// Takes the failure of one key back. Others may have failed meanwhile; theirs stay.
    fn take_back(&self, failures: &mut HashMap<String, Failures>, key: usize) {
        let Some(entry) = failures.get_mut(&self.keys[key]) else {
            return;
        };
        entry.count = entry.count.saturating_sub(1);
        if let Some(before) = self.before[key].filter(|_| entry.last == self.at) {
            entry.last = before.last;
        }
        if entry.count == 0 {
            failures.remove(&self.keys[key]);
        }
    }
}

/// Makes room, where there is none, by forgetting the older half.
fn forget_some(failures: &mut HashMap<String, Failures>) {
    if failures.len() >= CAPACITY {
        let mut times: Vec<_> = failures.values().map(|f| f.last).collect();
        let middle = times.len() / 2;
        let (_, median, _) = times.select_nth_unstable(middle);
        let median = *median;
        failures.retain(|_, f| f.last > median);
    }
}

fn account_key(email: &str) -> String {
    // No account has a longer one; a form may.
    format!("a:{}", email.chars().take(EMAIL_MAX).collect::<String>())
}

fn peer_key(peer: &str) -> String {
    format!("p:{peer}")
}

fn delay(count: u32, free: u32) -> Duration {
    match count.checked_sub(free) {
        None => Duration::ZERO,
        Some(over) => Duration::seconds(1 << over.min(10)).min(LONGEST),
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: Timestamp = datetime!(2026-11-20 9:00 UTC);

    #[test]
    fn guessing_gets_slower_and_patience_is_forgiven() {
        let throttle = SignInThrottle::default();
        for attempt in 0..5 {
            let begun = throttle.begin("a@b.example", "1.2.3.4", NOW);
            assert!(begun.is_ok(), "attempt {attempt}");
        }
        assert!(
            throttle.begin("a@b.example", "9.9.9.9", NOW).is_err(),
            "the account waits from any peer"
        );
        assert!(
            throttle.begin("other@b.example", "1.2.3.4", NOW).is_ok(),
            "another account does not wait"
        );
        let later = NOW + Duration::seconds(2);
        throttle.begin("a@b.example", "1.2.3.4", later).unwrap().succeeded();
        assert!(throttle.begin("a@b.example", "1.2.3.4", later).is_ok());
    }

    #[test]
    fn guesses_at_the_same_time_do_not_pass_together() {
        let throttle = SignInThrottle::default();
        let begun: Vec<_> = (0..100)
            .map(|_| throttle.begin("a@b.example", "1.2.3.4", NOW))
            .collect();
        assert_eq!(begun.iter().filter(|attempt| attempt.is_ok()).count(), 5);
    }

    #[test]
    fn what_was_no_guess_counts_nothing() {
        let throttle = SignInThrottle::default();
        for n in 0..100 {
            throttle.begin("a@b.example", "1.2.3.4", NOW).unwrap().withdraw();
            let email = format!("a{n}@b.example");
            throttle.begin(&email, "1.2.3.4", NOW).unwrap().succeeded();
        }
        assert!(throttle.lock().is_empty());
        let _failed = throttle.begin("a@b.example", "1.2.3.4", NOW).unwrap();
        let later = NOW + Duration::HOUR;
        throttle.begin("a@b.example", "1.2.3.4", later).unwrap().withdraw();
        assert!(throttle.lock().values().all(|f| f.count == 1 && f.last == NOW));
    }

    #[test]
    fn long_addresses_take_little_room() {
        let throttle = SignInThrottle::default();
        let _failed = throttle.begin(&"x".repeat(1_000_000), "1.2.3.4", NOW).unwrap();
        assert!(throttle.lock().keys().all(|key| key.len() < 300));
    }
}
