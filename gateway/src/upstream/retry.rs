//! Trying again: when that helps, when it does no harm, and how much of it an upstream bears.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use domain::upstream::failure::{Retry as Settings, RetryOn};
use http::Method;

use super::outcome::Outcome;

/// Tries again for an upstream.
#[derive(Debug)]
pub(crate) struct Retries {
    attempts: u16,
    conditions: Box<[RetryOn]>,
    /// How long one try may take to the head of its answer.
    pub(crate) per_try_timeout: Option<Duration>,
    budget: Arc<RetryBudget>,
}

/// Tries that are saved up: each call adds a part of one, each try takes one. Shared by all workers; outlives changes of
/// configuration.
#[derive(Debug)]
pub(crate) struct RetryBudget {
    percent: u8,
    /// In hundredths of a try.
    saved: AtomicU32,
}

/// One try.
const TRY: u32 = 100;
/// The most that is saved up, and what there is in the beginning: ten tries.
const MOST: u32 = 10 * TRY;

impl RetryBudget {
    pub(super) fn new(percent: u8) -> Self {
        Self {
            percent,
            saved: AtomicU32::new(MOST),
        }
    }

    pub(super) fn percent(&self) -> u8 {
        self.percent
    }

    fn deposit(&self) {
        // While nothing is tried again, calls only look.
        if self.saved.load(Relaxed) < MOST {
            self.saved
                .update(Relaxed, Relaxed, |saved| (saved + u32::from(self.percent)).min(MOST));
        }
    }

    fn withdraw(&self) -> bool {
        self.saved
            .try_update(Relaxed, Relaxed, |saved| saved.checked_sub(TRY))
            .is_ok()
    }
}

impl Retries {
    pub(super) fn new(settings: &Settings, budget: Arc<RetryBudget>) -> Self {
        Self {
            attempts: settings.attempts,
            conditions: settings.on.as_slice().into(),
            per_try_timeout: settings.per_try_timeout.map(domain::upstream::span::Span::duration),
            budget,
        }
    }

    /// A call begins.
    pub(crate) fn begin(&self) {
        self.budget.deposit();
    }

    /// Whether a call is tried again after `tries` tries, of which the last ended like this. Takes from the budget when
    /// it is; `may_repeat` is what [`may_repeat`] says.
    pub(crate) fn allow(&self, tries: u16, last: Outcome, may_repeat: bool) -> bool {
        let condition = match last {
            Outcome::NotConnected => RetryOn::Connect,
            Outcome::Broken | Outcome::TimedOut => RetryOn::Reset,
            Outcome::Answered(status) => match status.as_u16() {
                502 => RetryOn::BadGateway,
                503 => RetryOn::Unavailable,
                504 => RetryOn::GatewayTimeout,
                _ => return false,
            },
        };
        may_repeat && tries <= self.attempts && self.conditions.contains(&condition) && self.budget.withdraw()
    }
}

/// Whether sending a request once more does no harm: nothing of it was sent, or its method is idempotent (RFC 9110
/// §9.2.2) and it has no body.
pub(crate) fn may_repeat(is_sent: bool, method: &Method, has_body: bool) -> bool {
    !is_sent || (method.is_idempotent() && !has_body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retries(settings: serde_json::Value) -> Retries {
        let settings: Settings = serde_json::from_value(settings).unwrap();
        let budget = Arc::new(RetryBudget::new(settings.budget_percent));
        Retries::new(&settings, budget)
    }

    fn answered(status: u16) -> Outcome {
        Outcome::Answered(http::StatusCode::from_u16(status).unwrap())
    }

    #[test]
    fn only_what_was_asked_for_is_tried_again() {
        let all = retries(serde_json::json!({"attempts": 2, "on": ["connect", "reset", "502", "503", "504"]}));
        let default = retries(serde_json::json!({}));
        for (outcome, by_all, by_default) in [
            (Outcome::NotConnected, true, true),
            (Outcome::Broken, true, true),
            (Outcome::TimedOut, true, true),
            (answered(502), true, false),
            (answered(503), true, false),
            (answered(504), true, false),
            (answered(500), false, false),
            (answered(200), false, false),
        ] {
            assert_eq!(
                (all.allow(1, outcome, true), default.allow(1, outcome, true)),
                (by_all, by_default),
                "{outcome:?}"
            );
            assert!(!all.allow(1, outcome, false), "{outcome:?}");
        }
        assert!(all.allow(2, Outcome::Broken, true) && !all.allow(3, Outcome::Broken, true));
        assert!(!default.allow(2, Outcome::Broken, true));
    }

    #[test]
    fn what_has_an_effect_is_sent_once() {
        for (is_sent, method, has_body, may) in [
            (false, Method::POST, true, true),
            (true, Method::GET, false, true),
            (true, Method::DELETE, false, true),
            (true, Method::PUT, true, false),
            (true, Method::POST, false, false),
            (true, Method::PATCH, false, false),
        ] {
            assert_eq!(
                may_repeat(is_sent, &method, has_body),
                may,
                "{is_sent} {method} {has_body}"
            );
        }
    }

    #[test]
    fn the_budget_bounds_what_is_tried_again() {
        let retries = retries(serde_json::json!({"attempts": 5, "on": ["reset"], "budget_percent": 20}));
        let mut again = 0;
        for _ in 0..1_000 {
            retries.begin();
            for tries in 1.. {
                if !retries.allow(tries, Outcome::Broken, true) {
                    break;
                }
                again += 1;
            }
        }
        assert!((200..=210).contains(&again), "{again} for a thousand calls");
        for _ in 0..1_000 {
            retries.begin();
        }
        let saved = (0..100).take_while(|_| retries.allow(1, Outcome::Broken, true)).count();
        assert_eq!(saved, 10, "quiet times save no more");
    }
}
