//! The generic cell rate algorithm: a leaky bucket in one number, the time at which the bucket will be empty.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

const NANOS: u64 = 1_000_000_000;
/// The most time that a limit reckons with: 146 years. Sums of it and of any moment of this century fit into 64 bits.
const MAX_NS: u64 = u64::MAX / 4;

/// A limit: one request every interval in the long run, `burst` at once after a pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gcra {
    interval_ns: u64,
    burst_ns: u64,
}

/// The state of one limit: the Unix nanosecond at which the bucket will be empty. A new one is empty.
#[derive(Debug, Default)]
pub struct GcraCell(AtomicU64);

/// What a limit has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Requests that would pass right now.
    pub remaining: u64,
    /// Until `remaining` is the whole burst again, in nanoseconds.
    pub whole_in_ns: u64,
}

/// A request does not pass now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooEarly {
    /// Until one request passes, in nanoseconds; at least 1.
    pub retry_in_ns: u64,
}

impl GcraCell {
    /// Whether the bucket is empty: the cell then says no more than a new one.
    pub(crate) fn is_empty_at(&self, now_ns: u64) -> bool {
        self.0.load(Relaxed) <= now_ns
    }
}

impl Gcra {
    /// At most `requests` in any `per` in the long run, `burst` at once. Zeros count as 1. The interval between two
    /// requests is rounded up to a nanosecond, so the limit is never exceeded by rounding. Neither the interval nor the
    /// time that a burst stands for is longer than 146 years.
    pub fn new(requests: u32, per: Duration, burst: u32) -> Self {
        let per_ns = u64::try_from(per.as_nanos()).unwrap_or(u64::MAX);
        let interval_ns = per_ns.div_ceil(requests.max(1).into()).clamp(1, MAX_NS);
        Self {
            interval_ns,
            burst_ns: interval_ns.saturating_mul(burst.max(1).into()).min(MAX_NS),
        }
    }

    /// Looks without taking.
    ///
    /// # Errors
    /// [`TooEarly`] when a request would not pass.
    pub fn look(&self, cell: &GcraCell, now_ns: u64) -> Result<Room, TooEarly> {
        self.room_after(self.empty_at(cell.0.load(Relaxed), now_ns), now_ns)
    }

    /// Takes one request and tells what is left after it.
    ///
    /// # Errors
    /// [`TooEarly`], and nothing is taken.
    pub fn take(&self, cell: &GcraCell, now_ns: u64) -> Result<Room, TooEarly> {
        let mut seen = cell.0.load(Relaxed);
        loop {
            let next = self.empty_at(seen, now_ns).saturating_add(self.interval_ns);
            let full = now_ns.saturating_add(self.burst_ns);
            if next > full {
                return Err(TooEarly {
                    retry_in_ns: next - full,
                });
            }
            match cell.0.compare_exchange_weak(seen, next, Relaxed, Relaxed) {
                Ok(_) => {
                    let backlog = next - now_ns;
                    return Ok(Room {
                        remaining: (self.burst_ns - backlog) / self.interval_ns,
                        whole_in_ns: backlog,
                    });
                }
                Err(newer) => seen = newer,
            }
        }
    }

    /// Gives back a request that was taken but not used.
    pub fn give_back(&self, cell: &GcraCell) {
        // An update, not a subtraction: a cell may have been reset by a clock that went back.
        let _ = cell
            .0
            .try_update(Relaxed, Relaxed, |at| Some(at.saturating_sub(self.interval_ns)));
    }

    /// When the bucket is empty: never in the past, and never later than a full bucket can be. The second bound matters
    /// when the limit was raised or the clock went back: the old state then counts as a full bucket at most.
    fn empty_at(&self, stored: u64, now_ns: u64) -> u64 {
        stored.clamp(now_ns, now_ns.saturating_add(self.burst_ns))
    }

    fn room_after(&self, empty_at: u64, now_ns: u64) -> Result<Room, TooEarly> {
        let backlog = empty_at - now_ns;
        let free = self.burst_ns - backlog;
        if free < self.interval_ns {
            return Err(TooEarly {
                retry_in_ns: self.interval_ns - free,
            });
        }
        Ok(Room {
            remaining: free / self.interval_ns,
            whole_in_ns: backlog,
        })
    }

    /// Rounds nanoseconds up to whole seconds, at least 1: the form of `Retry-After`.
    pub fn seconds(ns: u64) -> u64 {
        ns.div_ceil(NANOS).max(1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const T0: u64 = 1_700_000_000 * NANOS;

    #[test]
    fn a_burst_passes_then_one_per_interval() {
        let limit = Gcra::new(10, Duration::from_secs(1), 3);
        let cell = GcraCell::default();
        for left in [2, 1, 0] {
            assert_eq!(limit.take(&cell, T0).map(|room| room.remaining), Ok(left));
        }
        assert_eq!(
            limit.take(&cell, T0),
            Err(TooEarly {
                retry_in_ns: NANOS / 10
            })
        );
        assert_eq!(
            limit.look(&cell, T0),
            Err(TooEarly {
                retry_in_ns: NANOS / 10
            })
        );
        assert!(limit.take(&cell, T0 + NANOS / 10).is_ok());
        assert!(limit.take(&cell, T0 + NANOS / 10).is_err());
    }

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let limit = Gcra::new(1, Duration::from_mins(1), 1);
        let cell = GcraCell::default();
        assert!(limit.take(&cell, T0).is_ok());
        limit.give_back(&cell);
        assert!(limit.take(&cell, T0).is_ok());
    }

    #[test]
    fn a_clock_that_goes_back_costs_one_interval_at_most() {
        let limit = Gcra::new(10, Duration::from_secs(1), 5);
        let cell = GcraCell::default();
        assert!(limit.take(&cell, T0 + 3_600 * NANOS).is_ok());
        let Err(wait) = limit.take(&cell, T0) else { return };
        assert!(wait.retry_in_ns <= NANOS / 10, "{wait:?}");
    }

    #[test]
    fn waiting_times_round_up() {
        for (ns, seconds) in [(0, 1), (1, 1), (NANOS, 1), (NANOS + 1, 2), (59 * NANOS, 59)] {
            assert_eq!(Gcra::seconds(ns), seconds, "{ns}");
        }
    }

    proptest! {
        /// Nothing overflows, whatever a plan says and whatever the clock shows.
        #[test]
        fn any_limit_at_any_time(
            requests: u32, per_s: u64, burst: u32, stored: u64,
            now in prop_oneof![Just(0), Just(T0), Just(u64::MAX - 1), any::<u64>()],
        ) {
            let limit = Gcra::new(requests, Duration::from_secs(per_s), burst);
            let cell = GcraCell(AtomicU64::new(stored));
            for _ in 0..3 {
                let (look, take) = (limit.look(&cell, now), limit.take(&cell, now));
                if now <= T0 {
                    prop_assert_eq!(look.is_ok(), take.is_ok());
                }
            }
            limit.give_back(&cell);
        }

        /// In any stretch of time no more than the burst plus the rate's share passes.
        #[test]
        fn never_more_than_burst_plus_rate(
            requests in 1_u32..2_000, per_s in 1_u64..100, burst in 1_u32..50,
            gaps in prop::collection::vec(0_u64..50_000_000, 1..400),
        ) {
            let limit = Gcra::new(requests, Duration::from_secs(per_s), burst);
            let cell = GcraCell::default();
            let mut now = T0;
            let mut passed = Vec::new();
            for gap in gaps {
                now += gap;
                if limit.take(&cell, now).is_ok() {
                    passed.push(now);
                }
            }
            for (i, from) in passed.iter().enumerate() {
                for (j, to) in passed.iter().enumerate().skip(i) {
                    let allowed = f64::from(burst) + (to - from) as f64 * f64::from(requests) / (per_s * NANOS) as f64;
                    prop_assert!((j - i + 1) as f64 <= allowed + 1e-6, "{} in {} ns", j - i + 1, to - from);
                }
            }
        }

        /// What `look` promises, `take` keeps; and after the promised wait a request passes.
        #[test]
        fn looking_tells_the_truth(
            requests in 1_u32..1_000, burst in 1_u32..20, steps in prop::collection::vec(0_u64..3_000_000, 1..200),
        ) {
            let limit = Gcra::new(requests, Duration::from_secs(1), burst);
            let cell = GcraCell::default();
            let mut now = T0;
            for step in steps {
                now += step;
                match (limit.look(&cell, now), limit.take(&cell, now)) {
                    (Ok(before), Ok(after)) => prop_assert_eq!(before.remaining, after.remaining + 1),
                    (Err(seen), Err(told)) => {
                        prop_assert_eq!(seen, told);
                        now += told.retry_in_ns;
                        prop_assert!(limit.take(&cell, now).is_ok());
                    }
                    (look, take) => prop_assert!(false, "{look:?} then {take:?}"),
                }
            }
        }
    }
}
