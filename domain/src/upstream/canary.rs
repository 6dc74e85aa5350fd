//! Calls that go elsewhere: a part of them to a canary, copies of them to a mirror.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use url::Url;

use super::{
    MAX_TARGETS, Say, Target, WEIGHTS,
    balance::HashBy,
    parse_target_url,
    text::{is_field_name, stored_as_text},
    wrong_number,
};

/// Other targets for a part of the calls: those with a header, a share of the rest, or both.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Canary {
    /// One to [`MAX_TARGETS`]; spread, checked and connected to as the upstream's own.
    pub targets: Vec<Target>,
    /// Share of the calls that go there. Which ones is decided by `by`, so a caller stays on one side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<Percent>,
    /// Calls with this header go there, whatever the share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<HeaderMatch>,
    /// What callers are told apart by.
    #[serde(default)]
    pub by: HashBy,
}

impl Canary {
    pub(super) fn check(&self, say: Say<'_>) {
        if self.targets.is_empty() || self.targets.len() > MAX_TARGETS {
            say("canary.targets", format!("Use 1 to {MAX_TARGETS} targets."));
        }
        for target in &self.targets {
            if let Err(error) = parse_target_url("canary.targets", target.url.as_str()) {
                say("canary.targets", error.message);
            }
            if let Some(message) = wrong_number(target.weight, &WEIGHTS) {
                say("canary.targets", message);
            }
        }
        if self.percent.is_none() && self.header.is_none() {
            say(
                "canary.percent",
                "Say which calls go there: give a percent, a header or both.".into(),
            );
        }
    }
}

/// Copies of calls to a server that is only watched: its answers are thrown away, and its failures are not noticed.
/// Calls with a body are not copied.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mirror {
    /// As the address of a target.
    pub target: Url,
    /// Share of the calls that are copied.
    #[serde(default = "Percent::all")]
    pub percent: Percent,
}

impl Mirror {
    pub(super) fn check(&self, say: Say<'_>) {
        if let Err(error) = parse_target_url("mirror.target", self.target.as_str()) {
            say("mirror.target", error.message);
        }
    }
}

/// A share between 0.01 and 100 percent, in hundredths of a percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Percent(u16);

impl Percent {
    const WHOLE: u16 = 10_000;

    /// Everything.
    pub const fn all() -> Self {
        Self(Self::WHOLE)
    }

    /// Whether something is in the share, by a number that is spread evenly over all of `u64`.
    pub const fn includes(self, number: u64) -> bool {
        // The high half of the product: the number scaled to 0..10,000 without the bias of a remainder.
        ((number as u128 * Self::WHOLE as u128) >> 64) < self.0 as u128
    }
}

impl TryFrom<f64> for Percent {
    type Error = String;

    fn try_from(percent: f64) -> Result<Self, String> {
        let hundredths = (percent * 100.0).round();
        if (1.0..=f64::from(Self::WHOLE)).contains(&hundredths) {
            Ok(Self(hundredths as u16))
        } else {
            Err(format!("{percent} is not a share; use a number between 0.01 and 100"))
        }
    }
}

impl Serialize for Percent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_multiple_of(100) {
            serializer.serialize_u16(self.0 / 100)
        } else {
            serializer.serialize_f64(f64::from(self.0) / 100.0)
        }
    }
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(f64::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// Calls with a header: `X-Canary` with any value, `X-Canary: yes` with this one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HeaderMatch {
    /// Name of the field, as typed.
    pub name: String,
    /// Its whole value; any where it is left out.
    pub value: Option<String>,
}

impl FromStr for HeaderMatch {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = match text.split_once(':') {
            Some((name, value)) => (name.trim(), Some(value.trim())),
            None => (text, None),
        };
        let is_plain =
            |value: &str| !value.is_empty() && value.len() <= 1_000 && value.bytes().all(|b| matches!(b, b' '..=b'~'));
        if is_field_name(name) && value.is_none_or(is_plain) {
            Ok(Self {
                name: name.to_owned(),
                value: value.map(str::to_owned),
            })
        } else {
            Err(format!(
                "`{text}` is not a header; write `X-Canary`, or `X-Canary: yes` for one value"
            ))
        }
    }
}

impl fmt::Display for HeaderMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "{}: {value}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

stored_as_text!(HeaderMatch);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_exact() {
        for (percent, included) in [(100.0, 10_000_u64), (50.0, 5_000), (0.01, 1), (12.34, 1_234)] {
            let share = Percent::try_from(percent).unwrap();
            let numbers = (0..10_000).map(|i| i * (u64::MAX / 10_000) + 1_000);
            assert_eq!(
                numbers.filter(|number| share.includes(*number)).count() as u64,
                included,
                "{percent}"
            );
        }
        assert!(Percent::all().includes(u64::MAX));
        for percent in [0.0, 0.001, 100.1, -1.0, f64::NAN] {
            assert!(Percent::try_from(percent).is_err(), "{percent}");
        }
    }
}
