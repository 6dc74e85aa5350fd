//! "Now", in the forms that limits need.

use domain::{clock::Timestamp, plan::Period};

use super::quota::Span;

/// One moment: everything about time that a decision depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// Nanoseconds since 1970.
    pub(crate) unix_ns: u64,
    /// The hour, day and month around it, in the order of [`Period::ALL`].
    spans: [Span; 3],
}

impl Moment {
    /// A moment with its calendar periods.
    pub(crate) fn at(now: Timestamp) -> Self {
        Self {
            unix_ns: unix_ns(now),
            spans: Period::ALL.map(|period| Span::at(period, now)),
        }
    }

    /// A later moment; looks at the calendar only when the hour has changed.
    pub(crate) fn advance(&mut self, now: Timestamp) {
        let [hour, ..] = self.spans;
        self.unix_ns = unix_ns(now);
        if !(hour.start_s..hour.end_s).contains(&self.unix_s()) {
            *self = Self::at(now);
        }
    }

    /// The moment itself.
    pub(crate) fn timestamp(&self) -> Timestamp {
        Timestamp::from_unix_timestamp_nanos(self.unix_ns.into()).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Whole seconds since 1970.
    pub(crate) fn unix_s(&self) -> i64 {
        (self.unix_ns / 1_000_000_000).cast_signed()
    }

    /// The calendar period of a kind.
    pub(crate) fn span(&self, period: Period) -> Span {
        self.spans[period as usize]
    }
}

/// Times before 1970 count as 1970.
fn unix_ns(at: Timestamp) -> u64 {
    u64::try_from(at.unix_timestamp_nanos()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn the_calendar_follows_the_clock() {
        let mut moment = Moment::at(datetime!(2026-11-30 23:59:59 UTC));
        let november = moment.span(Period::Month);
        moment.advance(datetime!(2026-12-01 0:00 UTC));
        assert_eq!(moment.span(Period::Month).start_s, november.end_s);
        for (i, period) in Period::ALL.into_iter().enumerate() {
            assert_eq!(period as usize, i, "spans are indexed by the period");
        }
    }
}
