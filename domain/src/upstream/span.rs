//! Lengths of time as people write them.

use std::{fmt, ops::RangeInclusive, str::FromStr, time::Duration};

use super::text::stored_as_text;

/// A length of time in whole milliseconds, written with its unit: `250ms`, `10s`, `5m`, `1h`. Up to 49 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(u32);

/// Units, the longest first.
const UNITS: [(&str, u32); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

impl Span {
    /// So many milliseconds.
    pub const fn ms(ms: u32) -> Self {
        Self(ms)
    }

    /// So many seconds; at most 4,294,967.
    pub const fn s(s: u32) -> Self {
        Self(s * 1_000)
    }

    /// In milliseconds.
    pub const fn as_ms(self) -> u32 {
        self.0
    }

    /// For timers.
    pub const fn duration(self) -> Duration {
        Duration::from_millis(self.0 as u64)
    }

    /// What is wrong with it, if it is not in a range.
    pub(super) fn outside(self, range: &RangeInclusive<Span>) -> Option<String> {
        let (first, last) = (range.start(), range.end());
        (!range.contains(&self)).then(|| format!("Use a time between {first} and {last}."))
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(split);
        let factor = UNITS
            .iter()
            .find(|(name, _)| *name == unit.trim())
            .map(|(_, factor)| *factor);
        let ms = number
            .parse::<u32>()
            .ok()
            .zip(factor)
            .and_then(|(number, factor)| number.checked_mul(factor));
        ms.map(Self)
            .ok_or_else(|| format!("`{text}` is not a time; write it with its unit, like 250ms, 10s, 5m or 1h"))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = |(_, factor): &&(&str, u32)| self.0 != 0 && self.0.is_multiple_of(*factor);
        let (unit, factor) = UNITS.iter().find(whole).unwrap_or(&("ms", 1));
        write!(f, "{}{unit}", self.0 / factor)
    }
}

stored_as_text!(Span);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_written_with_the_longest_whole_unit() {
        for (text, ms, again) in [
            ("250ms", 250, "250ms"),
            ("1000ms", 1_000, "1s"),
            ("90s", 90_000, "90s"),
            ("60s", 60_000, "1m"),
            ("2 h", 7_200_000, "2h"),
            ("0s", 0, "0ms"),
        ] {
            let span: Span = text.parse().unwrap();
            assert_eq!((span.as_ms(), span.to_string().as_str()), (ms, again), "{text}");
            assert_eq!(again.parse(), Ok(span));
        }
        for text in ["", "10", "s", "-1s", "1.5s", "1d", "99999999h", "5000000s"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }
}
