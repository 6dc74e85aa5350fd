//! Deprecation, sunset dates, and stability levels.

use std::fmt;

use serde_json::Value;

/// A day of the Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// A day; `None` if there is no such day.
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            2 => 28 + u8::from(is_leap),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        (1..=days).contains(&day).then_some(Self { year, month, day })
    }

    /// The day of a number of seconds since 1970.
    pub fn from_unix(seconds: i64) -> Option<Self> {
        // Days to a civil date: Howard Hinnant, "chrono-compatible low-level date algorithms".
        let shifted = seconds.div_euclid(86_400) + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 {
            shifted_month + 3
        } else {
            shifted_month - 9
        };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Self::new(
            u16::try_from(year).ok()?,
            u8::try_from(month).ok()?,
            u8::try_from(day).ok()?,
        )
    }

    /// Reads `2027-01-31`, a date and time of RFC 3339, a date of HTTP as in RFC 8594 (`Sun, 31 Jan 2027 00:00:00 GMT`), or
    /// one of structured fields as in RFC 9745 (`@1801353600`).
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(seconds) = text.strip_prefix('@') {
            return Self::from_unix(seconds.parse().ok()?);
        }
        Self::of_iso(text).or_else(|| Self::of_http(text))
    }

    fn of_iso(text: &str) -> Option<Self> {
        let (date, rest) = text.split_at_checked(10)?;
        if !(rest.is_empty() || rest.starts_with(['T', 't', ' '])) {
            return None;
        }
        let mut parts = date.split('-');
        let mut number = |digits: usize| -> Option<u16> {
            let part = parts.next()?;
            let is_number = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
            part.parse().ok().filter(|_| is_number)
        };
        let (year, month, day) = (number(4)?, number(2)?, number(2)?);
        Self::new(year, u8::try_from(month).ok()?, u8::try_from(day).ok()?)
    }

    fn of_http(text: &str) -> Option<Self> {
        const MONTHS: [&str; 12] = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ];
        let (_, rest) = text.split_once(", ")?;
        let mut parts = rest.split(' ');
        let day = parts.next()?.parse().ok()?;
        let name = parts.next()?;
        let month = MONTHS.iter().position(|month| *month == name)? + 1;
        let year = parts.next()?.parse().ok()?;
        Self::new(year, u8::try_from(month).ok()?, day)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// When something that is deprecated goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sunset {
    /// It isn't said.
    None,
    /// On that day.
    On(Date),
    /// It is said, but not as a date.
    Unreadable(String),
}

/// Reads `x-sunset`.
pub(super) fn sunset(value: Option<&Value>) -> Sunset {
    match value {
        None | Some(Value::Null) => Sunset::None,
        Some(Value::String(text)) => {
            Date::parse(text.trim()).map_or_else(|| Sunset::Unreadable(text.clone()), Sunset::On)
        }
        Some(other) => Sunset::Unreadable(other.to_string()),
    }
}

/// `x-stability-level`, from the least stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stability {
    Draft,
    Alpha,
    Beta,
    Stable,
}

impl Stability {
    /// Reads a level; `None` if it is none of the four.
    pub(super) fn read(value: &Value) -> Option<Self> {
        match value.as_str()? {
            "draft" => Some(Self::Draft),
            "alpha" => Some(Self::Alpha),
            "beta" => Some(Self::Beta),
            "stable" => Some(Self::Stable),
            _ => None,
        }
    }

    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Alpha => "alpha",
            Self::Beta => "beta",
            Self::Stable => "stable",
        }
    }

    /// Whether nothing is promised of it yet.
    pub(super) const fn is_early(self) -> bool {
        matches!(self, Self::Draft | Self::Alpha)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        for (text, expected) in [
            ("2027-01-31", Some("2027-01-31")),
            ("2027-01-31T23:59:59Z", Some("2027-01-31")),
            ("Sun, 31 Jan 2027 00:00:00 GMT", Some("2027-01-31")),
            ("@1801353600", Some("2027-01-31")),
            ("@", None),
            ("2024-02-29", Some("2024-02-29")),
            ("2023-02-29", None),
            ("2027-13-01", None),
            ("2027-1-31", None),
            ("soon", None),
            ("", None),
            ("äääääääääää", None),
        ] {
            assert_eq!(
                Date::parse(text).map(|date| date.to_string()).as_deref(),
                expected,
                "{text}"
            );
        }
        for (seconds, expected) in [
            (0, "1970-01-01"),
            (1_709_164_800, "2024-02-29"),
            (4_102_444_800, "2100-01-01"),
        ] {
            assert_eq!(Date::from_unix(seconds).unwrap().to_string(), expected);
        }
        assert_eq!(Date::from_unix(i64::MAX), None);
    }
}
