//! Slows down guessing of passwords: by account and by peer, in memory.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use time::Duration;

use crate::{clock::Timestamp, error::DomainError};

/// Failures of an account before attempts are delayed.
const ACCOUNT_FREE: u32 = 5;
/// Failures of a peer before attempts are delayed: an office behind one address shares it.
const PEER_FREE: u32 = 30;
/// Longest delay.
const LONGEST: Duration = Duration::minutes(15);
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

impl SignInThrottle {
    /// Whether an attempt may be made now.
    ///
    /// # Errors
    /// [`DomainError::TooMany`] with the seconds to wait.
    pub fn check(&self, email: &str, peer: &str, now: Timestamp) -> Result<(), DomainError> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = [(account_key(email), ACCOUNT_FREE), (peer_key(peer), PEER_FREE)]
            .into_iter()
            .filter_map(|(key, free)| failures.get(&key).map(|f| f.last + delay(f.count, free) - now))
            .max()
            .unwrap_or(Duration::ZERO);
        if wait.is_positive() {
            Err(DomainError::TooMany {
                retry_after_s: wait.whole_seconds().max(1).unsigned_abs(),
            })
        } else {
            Ok(())
        }
    }

    /// Notes a failed attempt.
    pub fn failed(&self, email: &str, peer: &str, now: Timestamp) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= CAPACITY {
            let mut times: Vec<_> = failures.values().map(|f| f.last).collect();
            let middle = times.len() / 2;
            let (_, median, _) = times.select_nth_unstable(middle);
            let median = *median;
            failures.retain(|_, f| f.last > median);
        }
        for key in [account_key(email), peer_key(peer)] {
            let entry = failures.entry(key).or_insert(Failures { count: 0, last: now });
            if now - entry.last > Duration::HOUR {
                entry.count = 0;
            }
            entry.count = entry.count.saturating_add(1);
            entry.last = now;
        }
    }

    /// Forgets an account's failures after it signed in.
    pub fn succeeded(&self, email: &str) {
        self.failures
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&account_key(email));
    }
}

fn account_key(email: &str) -> String {
    format!("a:{email}")
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

    #[test]
    fn guessing_gets_slower_and_patience_is_forgiven() {
        let throttle = SignInThrottle::default();
        let now = datetime!(2026-11-20 9:00 UTC);
        for attempt in 0..5 {
            assert!(
                throttle.check("a@b.example", "1.2.3.4", now).is_ok(),
                "attempt {attempt}"
            );
            throttle.failed("a@b.example", "1.2.3.4", now);
        }
        assert!(
            throttle.check("a@b.example", "9.9.9.9", now).is_err(),
            "the account waits from any peer"
        );
        assert!(
            throttle.check("other@b.example", "1.2.3.4", now).is_ok(),
            "another account does not wait"
        );
        assert!(
            throttle
                .check("a@b.example", "1.2.3.4", now + Duration::seconds(2))
                .is_ok()
        );
        throttle.succeeded("a@b.example");
        assert!(throttle.check("a@b.example", "1.2.3.4", now).is_ok());
    }
}
