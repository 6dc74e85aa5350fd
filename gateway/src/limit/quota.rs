//! Quota counters: how many units of the current calendar period are used, in one atomic.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use domain::{clock::Timestamp, plan::Period};

/// Used units of one kind of period: the hour of the epoch at which the period began (24 bits) above the units (40
/// bits), so that a new period and its first unit are one exchange, and a later period always compares greater.
#[derive(Debug, Default)]
pub(crate) struct QuotaCell(AtomicU64);

const UNIT_BITS: u32 = 40;
const UNIT_MASK: u64 = (1 << UNIT_BITS) - 1;
const HOUR_S: i64 = 3_600;

/// A calendar period: where the clock stands in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    /// First moment, in Unix seconds; a whole hour.
    pub(crate) start_s: i64,
    /// First moment of the next one, in Unix seconds.
    pub(crate) end_s: i64,
}

impl Span {
    /// The period of a kind that a moment lies in.
    pub(crate) fn at(period: Period, at: Timestamp) -> Self {
        Self {
            start_s: period.start(at).unix_timestamp(),
            end_s: period.end(at).unix_timestamp(),
        }
    }

    fn packed_start(self) -> u64 {
        let hour = u64::try_from(self.start_s / HOUR_S).unwrap_or(0);
        (hour & (u64::MAX >> UNIT_BITS)) << UNIT_BITS
    }
}

impl QuotaCell {
    /// Units used in the period.
    pub(crate) fn used(&self, span: Span) -> u64 {
        let seen = self.0.load(Relaxed);
        if seen & !UNIT_MASK == span.packed_start() {
            seen & UNIT_MASK
        } else {
            0
        }
    }

    /// Takes one unit if fewer than `allowed` are used; the new number of used ones, or `None`.
    pub(crate) fn take(&self, span: Span, allowed: u64) -> Option<u64> {
        let start = span.packed_start();
        let allowed = allowed.min(UNIT_MASK);
        let mut seen = self.0.load(Relaxed);
        loop {
            let used = if seen & !UNIT_MASK == start {
                seen & UNIT_MASK
            } else {
                0
            };
            if used >= allowed {
                return None;
            }
            match self.0.compare_exchange_weak(seen, start | (used + 1), Relaxed, Relaxed) {
                Ok(_) => return Some(used + 1),
                Err(newer) => seen = newer,
            }
        }
    }

    /// Gives back one unit of the period, unless a new one has begun.
    pub(crate) fn give_back(&self, span: Span) {
        let _ = self.0.try_update(Relaxed, Relaxed, |seen| {
            (seen & !UNIT_MASK == span.packed_start() && seen & UNIT_MASK > 0).then(|| seen - 1)
        });
    }

    /// Makes sure that at least what the ledger has is counted. The ledger lags behind a running counter, so this only
    /// matters after a start.
    pub(crate) fn at_least(&self, period_start_s: i64, units: u64) {
        let span = Span {
            start_s: period_start_s,
            end_s: period_start_s,
        };
        self.0.fetch_max(span.packed_start() | units.min(UNIT_MASK), Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOVEMBER: Span = Span {
        start_s: 1_793_491_200,
        end_s: 1_796_083_200,
    };
    const DECEMBER: Span = Span {
        start_s: 1_796_083_200,
        end_s: 1_798_761_600,
    };

    #[test]
    fn a_quota_is_exact_and_starts_again_with_the_period() {
        let cell = QuotaCell::default();
        assert_eq!(
            [cell.take(NOVEMBER, 2), cell.take(NOVEMBER, 2), cell.take(NOVEMBER, 2)],
            [Some(1), Some(2), None]
        );
        cell.give_back(NOVEMBER);
        assert_eq!(cell.used(NOVEMBER), 1);
        assert_eq!(cell.take(DECEMBER, 2), Some(1));
        cell.give_back(NOVEMBER);
        assert_eq!(
            cell.used(DECEMBER),
            1,
            "a unit of the last period is not given back to the new one"
        );
    }

    #[test]
    fn the_ledger_sets_the_start_but_never_lowers_the_count() {
        let cell = QuotaCell::default();
        cell.at_least(NOVEMBER.start_s, 5);
        assert_eq!(cell.used(NOVEMBER), 5);
        assert_eq!(cell.take(NOVEMBER, 10), Some(6));
        cell.at_least(NOVEMBER.start_s, 3);
        assert_eq!(cell.used(NOVEMBER), 6);
        cell.at_least(0, 1_000);
        assert_eq!(cell.used(NOVEMBER), 6, "an older period changes nothing");
    }

    #[test]
    fn a_full_counter_does_not_run_into_the_period() {
        let cell = QuotaCell::default();
        cell.at_least(NOVEMBER.start_s, u64::MAX);
        assert_eq!(cell.take(NOVEMBER, u64::MAX), None);
        assert_eq!(cell.used(NOVEMBER), UNIT_MASK);
    }
}
