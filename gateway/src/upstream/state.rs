//! What is known of a target: whether it is healthy, whether it is ejected, how warm it is. Shared by all workers, atomics
//! only; outlives changes of configuration.

use std::{
    sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use super::tick::Tick;

/// Share of a target whose slow start begins, of [`WARM`].
const COLD: u32 = 100;
/// The whole share.
pub(super) const WARM: u32 = 1_000;
/// Most ejections in a row that make an ejection longer.
const MAX_EJECTIONS: u32 = 10;

/// The state of one target of one upstream. What two workers see may differ by a call or two; nothing depends on more.
#[derive(Debug, Default)]
pub(crate) struct TargetState {
    /// Said by active checks.
    is_unhealthy: AtomicBool,
    /// Failures in a row.
    failures: AtomicU32,
    /// Ejections without a success between them.
    ejections: AtomicU32,
    /// Tick at which an ejection ends; 0 without one.
    ejected_until: AtomicU64,
    /// Tick at which its slow start begins; 0 when it is warm.
    warms_since: AtomicU64,
}

impl TargetState {
    /// A target that came to an upstream which has others already: its slow start begins now.
    pub(super) fn new_at(now: Tick) -> Self {
        Self {
            warms_since: AtomicU64::new(now.0),
            ..Self::default()
        }
    }

    /// Whether it gets calls.
    pub(super) fn is_available(&self, now: Tick) -> bool {
        self.is_healthy() && !self.is_ejected(now)
    }

    pub(super) fn is_ejected(&self, now: Tick) -> bool {
        self.ejected_until.load(Relaxed) > now.0
    }

    /// Its share of [`WARM`], growing evenly over its slow start.
    pub(super) fn warmth(&self, slow_start: Duration, now: Tick) -> u32 {
        let since = self.warms_since.load(Relaxed);
        if since == 0 {
            return WARM;
        }
        let (passed, whole) = (now.since(Tick(since)).as_millis(), slow_start.as_millis().max(1));
        if passed >= whole {
            // Seldom: once by each worker that sees it.
            self.warms_since.store(0, Relaxed);
            return WARM;
        }
        ((u128::from(WARM) * passed / whole) as u32).max(COLD)
    }

    /// What active checks found last; a target that was never asked is healthy.
    pub(super) fn is_healthy(&self) -> bool {
        !self.is_unhealthy.load(Relaxed)
    }

    /// What an active check found.
    pub(super) fn set_healthy(&self, is_healthy: bool, now: Tick) {
        if self.is_unhealthy.swap(!is_healthy, Relaxed) && is_healthy {
            self.warms_since.store(now.0, Relaxed);
        }
    }

    /// Nobody checks any more.
    pub(super) fn forget_checks(&self) {
        self.is_unhealthy.store(false, Relaxed);
    }

    /// Nobody counts failures any more.
    pub(super) fn forget_failures(&self) {
        self.failures.store(0, Relaxed);
        self.ejections.store(0, Relaxed);
        self.ejected_until.store(0, Relaxed);
    }

    /// A call succeeded. Only looks, as long as calls do.
    pub(super) fn succeeded(&self, now: Tick) {
        if self.failures.load(Relaxed) != 0 {
            self.failures.store(0, Relaxed);
        }
        // A success of a call that began before the ejection says nothing about the time after it.
        if self.ejections.load(Relaxed) != 0 && !self.is_ejected(now) {
            self.ejections.store(0, Relaxed);
        }
    }

    /// A call failed; whether it was the one in a row that ejects the target.
    pub(super) fn failed(&self, limit: u16, now: Tick) -> bool {
        if self.is_ejected(now) {
            return false;
        }
        self.failures.fetch_add(1, Relaxed) + 1 >= u32::from(limit)
    }

    /// It gets no calls for `time`, times the ejections in a row.
    pub(super) fn eject(&self, time: Duration, now: Tick) {
        let times = (self.ejections.fetch_add(1, Relaxed) + 1).min(MAX_EJECTIONS);
        let until = now.after(time.saturating_mul(times));
        self.failures.store(0, Relaxed);
        self.warms_since.store(until.0, Relaxed);
        self.ejected_until.store(until.0, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn ejections_grow_until_a_success() {
        let state = TargetState::default();
        let mut now = Tick(1_000);
        for times in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10] {
            assert!(!state.failed(3, now) && !state.failed(3, now) && state.failed(3, now));
            state.eject(SECOND, now);
            assert!(!state.failed(1, now), "calls on their way don't eject it again");
            state.succeeded(now);
            let end = now.after(SECOND * times);
            assert!(!state.is_available(Tick(end.0 - 1)), "{times}");
            assert!(state.is_available(end), "{times}");
            now = end;
        }
        state.succeeded(now);
        state.eject(SECOND, now);
        assert!(state.is_available(now.after(SECOND)));
    }

    #[test]
    fn a_success_between_failures_keeps_a_target() {
        let state = TargetState::default();
        for _ in 0..10 {
            assert!(!state.failed(2, Tick(1)));
            state.succeeded(Tick(1));
        }
    }

    #[test]
    fn targets_warm_up_after_they_were_away() {
        let state = TargetState::default();
        let at = |ms: u64| Tick(10_000 + ms);
        assert_eq!(state.warmth(SECOND, at(0)), WARM, "there from the beginning");
        state.set_healthy(true, at(0));
        assert_eq!(state.warmth(SECOND, at(0)), WARM, "it was never away");
        state.set_healthy(false, at(0));
        assert!(!state.is_available(at(0)));
        state.set_healthy(true, at(500));
        for (ms, warmth) in [(500, COLD), (1_000, 500), (1_400, 900), (1_500, WARM), (9_000, WARM)] {
            assert_eq!(state.warmth(SECOND, at(ms)), warmth, "{ms}");
        }
        let new = TargetState::new_at(at(0));
        assert_eq!(new.warmth(SECOND, at(0)), COLD);
        new.eject(SECOND, at(0));
        assert_eq!(new.warmth(SECOND, at(1_500)), 500, "from the end of the ejection");
    }
}
