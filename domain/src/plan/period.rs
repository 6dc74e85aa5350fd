//! Calendar periods in UTC, over which quotas count.

use serde::{Deserialize, Serialize};
use time::{Date, Duration, Time};

use crate::clock::Timestamp;

/// A calendar period in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// From :00 to :00.
    Hour,
    /// From midnight to midnight.
    Day,
    /// From the first of a month to the first of the next.
    Month,
}

impl Period {
    /// Every period, for forms.
    pub const ALL: [Self; 3] = [Self::Hour, Self::Day, Self::Month];

    /// The word in the database and the manifest.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
        }
    }

    /// With its article: `an hour`, `a day`, `a month`.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Hour => "an hour",
            Self::Day => "a day",
            Self::Month => "a month",
        }
    }

    /// Beginning of the period that `at` lies in.
    pub fn start(self, at: Timestamp) -> Timestamp {
        let (date, hour) = (at.date(), at.hour());
        match self {
            Self::Hour => date
                .with_time(Time::from_hms(hour, 0, 0).unwrap_or(Time::MIDNIGHT))
                .assume_utc(),
            Self::Day => date.midnight().assume_utc(),
            Self::Month => first_of_month(date).midnight().assume_utc(),
        }
    }

    /// End of the period that `at` lies in: the beginning of the next one.
    pub fn end(self, at: Timestamp) -> Timestamp {
        let start = self.start(at);
        match self {
            Self::Hour => start + Duration::HOUR,
            Self::Day => start + Duration::DAY,
            // The first plus 31 days always lies in the next month.
            Self::Month => first_of_month((start + Duration::days(31)).date())
                .midnight()
                .assume_utc(),
        }
    }
}

fn first_of_month(date: Date) -> Date {
    date.replace_day(1).unwrap_or(date)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn periods_follow_the_calendar() {
        for (period, at, start, end) in [
            (
                Period::Hour,
                datetime!(2026-11-20 9:31:05 UTC),
                datetime!(2026-11-20 9:00 UTC),
                datetime!(2026-11-20 10:00 UTC),
            ),
            (
                Period::Day,
                datetime!(2026-12-31 23:59:59 UTC),
                datetime!(2026-12-31 0:00 UTC),
                datetime!(2027-01-01 0:00 UTC),
            ),
            (
                Period::Month,
                datetime!(2028-02-29 12:00 UTC),
                datetime!(2028-02-01 0:00 UTC),
                datetime!(2028-03-01 0:00 UTC),
            ),
            (
                Period::Month,
                datetime!(2026-12-01 0:00 UTC),
                datetime!(2026-12-01 0:00 UTC),
                datetime!(2027-01-01 0:00 UTC),
            ),
        ] {
            assert_eq!((period.start(at), period.end(at)), (start, end), "{period:?} at {at}");
        }
    }
}
