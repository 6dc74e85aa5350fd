//! Sizes and times as people write them: `64KiB`, `500ms`.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A number of bytes: an integer, or text with a unit (`B`, `KiB`, `MiB`, `GiB`; `kB`, `MB`, `GB` are powers of 1000).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(u64);

/// A length of time in whole milliseconds: text with a unit (`ms`, `s`, `m`, `h`, `d`), or one of the words `second`,
/// `minute`, `hour` and `day`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeSpan(u64);

/// Why a text is neither; the text of the error is meant for the person who typed it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// No size.
    #[error("`{0}` is not a size; write a number of bytes, or for example 64KiB or 1MiB")]
    Size(String),
    /// No time.
    #[error("`{0}` is not a time; write for example 500ms, 30s, 5m, 1h or 1d")]
    Time(String),
}

/// Units from large to small; the first that divides a number writes it.
const SIZES: [(&str, u64); 7] = [
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
];
const TIMES: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];
const WORDS: [(&str, u64); 4] = [
    ("second", 1_000),
    ("minute", 60_000),
    ("hour", 3_600_000),
    ("day", 86_400_000),
];

/// A whole number with a unit of `units`.
fn parse(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let split = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(split);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit.trim_start())?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

impl ByteSize {
    /// A number of bytes.
    pub const fn bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    /// A number of 1024 bytes.
    pub const fn kib(kib: u64) -> Self {
        Self(kib << 10)
    }

    /// A number of 1024 × 1024 bytes.
    pub const fn mib(mib: u64) -> Self {
        Self(mib << 20)
    }

    /// The number of bytes.
    pub const fn as_bytes(self) -> u64 {
        self.0
    }
}

impl TimeSpan {
    /// A number of milliseconds.
    pub const fn millis(millis: u64) -> Self {
        Self(millis)
    }

    /// A number of seconds.
    pub const fn seconds(seconds: u64) -> Self {
        Self(seconds * 1_000)
    }

    /// The number of milliseconds.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// The number of whole seconds.
    pub const fn as_seconds(self) -> u64 {
        self.0 / 1_000
    }

    /// As the standard library has it.
    pub const fn as_duration(self) -> Duration {
        Duration::from_millis(self.0)
    }

    /// Whether it has no parts of a second.
    pub const fn is_whole_seconds(self) -> bool {
        self.0.is_multiple_of(1_000)
    }
}

impl FromStr for ByteSize {
    type Err = UnitError;
    fn from_str(text: &str) -> Result<Self, UnitError> {
        let bytes = text.parse().ok().or_else(|| parse(text, &SIZES));
        bytes.map(Self).ok_or_else(|| UnitError::Size(text.to_owned()))
    }
}

impl FromStr for TimeSpan {
    type Err = UnitError;
    fn from_str(text: &str) -> Result<Self, UnitError> {
        let word = WORDS.iter().find(|(word, _)| *word == text).map(|(_, millis)| *millis);
        let millis = word.or_else(|| parse(text, &TIMES));
        millis.map(Self).ok_or_else(|| UnitError::Time(text.to_owned()))
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |(_, factor): &&(&str, u64)| self.0 >= *factor && self.0.is_multiple_of(*factor);
        match SIZES.iter().find(fits) {
            Some((unit, factor)) => write!(f, "{}{unit}", self.0 / factor),
            None => f.write_str("0B"),
        }
    }
}

impl fmt::Display for TimeSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |(_, factor): &&(&str, u64)| self.0 >= *factor && self.0.is_multiple_of(*factor);
        match TIMES.iter().find(fits) {
            Some((unit, factor)) => write!(f, "{}{unit}", self.0 / factor),
            None => f.write_str("0s"),
        }
    }
}

impl Serialize for ByteSize {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for TimeSpan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ByteSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = ByteSize;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of bytes, or for example 64KiB or 1MiB")
            }
            fn visit_u64<E: de::Error>(self, bytes: u64) -> Result<ByteSize, E> {
                Ok(ByteSize(bytes))
            }
            fn visit_i64<E: de::Error>(self, bytes: i64) -> Result<ByteSize, E> {
                let negative = |_| E::invalid_value(de::Unexpected::Signed(bytes), &self);
                u64::try_from(bytes).map(ByteSize).map_err(negative)
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<ByteSize, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl<'de> Deserialize<'de> for TimeSpan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = TimeSpan;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time with its unit, for example 500ms, 30s, 5m, 1h or 1d")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<TimeSpan, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_with_and_without_units() {
        for (text, bytes, written) in [
            ("0", Some(0), "0B"),
            ("1000", Some(1_000), "1kB"),
            ("64KiB", Some(65_536), "64KiB"),
            ("64 KiB", Some(65_536), "64KiB"),
            ("65536", Some(65_536), "64KiB"),
            ("1MiB", Some(1_048_576), "1MiB"),
            ("1MB", Some(1_000_000), "1MB"),
            ("1.5MiB", None, ""),
            ("-1", None, ""),
            ("64kib", None, ""),
            ("KiB", None, ""),
            ("", None, ""),
            ("99999999999999999999", None, ""),
            ("99999999999GiB", None, ""),
        ] {
            let size = text.parse::<ByteSize>().ok();
            assert_eq!(size.map(ByteSize::as_bytes), bytes, "{text}");
            assert_eq!(size.map(|size| size.to_string()).unwrap_or_default(), written, "{text}");
        }
    }

    #[test]
    fn times_need_a_unit() {
        for (text, millis, written) in [
            ("500ms", Some(500), "500ms"),
            ("1s", Some(1_000), "1s"),
            ("90s", Some(90_000), "90s"),
            ("60s", Some(60_000), "1m"),
            ("1m", Some(60_000), "1m"),
            ("24h", Some(86_400_000), "1d"),
            ("day", Some(86_400_000), "1d"),
            ("0s", Some(0), "0s"),
            ("5", None, ""),
            ("1.5s", None, ""),
            ("1w", None, ""),
            ("s", None, ""),
        ] {
            let time = text.parse::<TimeSpan>().ok();
            assert_eq!(time.map(TimeSpan::as_millis), millis, "{text}");
            assert_eq!(time.map(|time| time.to_string()).unwrap_or_default(), written, "{text}");
        }
    }

    #[test]
    fn both_come_back_from_json() {
        assert_eq!(serde_json::from_str::<ByteSize>("65536").unwrap(), ByteSize::kib(64));
        assert_eq!(
            serde_json::from_str::<ByteSize>("\"64KiB\"").unwrap(),
            ByteSize::kib(64)
        );
        assert!(serde_json::from_str::<ByteSize>("-1").is_err());
        assert_eq!(serde_json::to_string(&ByteSize::mib(2)).unwrap(), "\"2MiB\"");
        assert_eq!(serde_json::to_string(&TimeSpan::seconds(90)).unwrap(), "\"90s\"");
        assert!(serde_json::from_str::<TimeSpan>("5").is_err());
    }
}
