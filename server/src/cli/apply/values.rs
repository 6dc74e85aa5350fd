//! Values of a manifest with a form of their own.

use std::{fmt, marker::PhantomData};

use domain::plan::Price;
use serde::{Deserialize, Deserializer, de::Error};

/// A field of the format that this version has no feature for. Empty values ask for nothing and are accepted.
pub(crate) struct NotYet<F>(PhantomData<F>);

/// A feature that is missing.
pub(crate) trait Missing {
    /// Which one, in words.
    const SENTENCE: &'static str;
}

impl<F> Default for NotYet<F> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<F> fmt::Debug for NotYet<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NotYet")
    }
}

impl<'de, F: Missing> Deserialize<'de> for NotYet<F> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let is_empty = match yaml_serde::Value::deserialize(deserializer)? {
            yaml_serde::Value::Null => true,
            yaml_serde::Value::Sequence(list) => list.is_empty(),
            yaml_serde::Value::Mapping(map) => map.is_empty(),
            _ => false,
        };
        if is_empty {
            Ok(Self::default())
        } else {
            Err(D::Error::custom(F::SENTENCE))
        }
    }
}

macro_rules! not_yet { ($($name:ident = $sentence:literal;)+) => {$(
    pub(crate) enum $name {}
    impl $crate::cli::apply::values::Missing for $name {
        const SENTENCE: &'static str = $sentence;
    }
)+}; }
pub(crate) use not_yet;

/// Length of a rate-limit window: `1s`, `30s`, `1m`, `1h`, `1d`, or a word like `minute`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window(u32);

impl Window {
    pub(crate) const fn seconds(self) -> u32 {
        self.0
    }

    fn parse(text: &str) -> Option<Self> {
        let word = match text {
            "second" => Some(1),
            "minute" => Some(60),
            "hour" => Some(3_600),
            "day" => Some(86_400),
            _ => None,
        };
        let seconds = word.or_else(|| {
            let split = text.find(|c: char| !c.is_ascii_digit())?;
            let (number, unit) = text.split_at(split);
            let factor = match unit {
                "s" => 1,
                "m" => 60,
                "h" => 3_600,
                "d" => 86_400,
                _ => return None,
            };
            number.parse::<u32>().ok()?.checked_mul(factor)
        })?;
        (1..=86_400).contains(&seconds).then_some(Self(seconds))
    }
}

impl<'de> Deserialize<'de> for Window {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            D::Error::custom(format!(
                "`{text}` is not a window between 1 second and 1 day; write 1s, 30s, 1m, 1h or 1d"
            ))
        })
    }
}

/// What a plan costs: only `{ model: free }` yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PriceEntry(pub(crate) Price);

impl Default for PriceEntry {
    fn default() -> Self {
        Self(Price::Free)
    }
}

impl<'de> Deserialize<'de> for PriceEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Entry {
            model: String,
        }
        match Entry::deserialize(deserializer)?.model.as_str() {
            "free" => Ok(Self(Price::Free)),
            known @ ("flat" | "per_unit" | "tiered") => Err(D::Error::custom(format!(
                "the price model `{known}` is not there yet; plans are `free`"
            ))),
            other => Err(D::Error::custom(format!(
                "`{other}` is not a price model; plans are `free`"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_between_a_second_and_a_day() {
        for (text, seconds) in [
            ("1s", Some(1)),
            ("90s", Some(90)),
            ("1m", Some(60)),
            ("24h", Some(86_400)),
            ("1d", Some(86_400)),
            ("minute", Some(60)),
            ("2d", None),
            ("0s", None),
            ("s", None),
            ("5", None),
            ("1w", None),
            ("99999999999s", None),
        ] {
            assert_eq!(Window::parse(text).map(Window::seconds), seconds, "{text}");
        }
    }
}
