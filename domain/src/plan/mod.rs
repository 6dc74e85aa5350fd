//! Plans: what a subscription costs and how much it allows.

#[cfg(feature = "store")]
pub(crate) mod load;
pub mod period;
#[cfg(feature = "store")]
pub mod service;

use serde::{Deserialize, Serialize};

pub use period::Period;

use crate::{
    clock::Timestamp,
    error::FieldError,
    id::{ApiId, OrganizationId, PlanId},
    slug::Slug,
};

/// Price and limits; covers one or more apis of one organization.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Identifies the plan.
    pub id: PlanId,
    /// Whose plan it is.
    pub organization_id: OrganizationId,
    /// Short name; unique in the organization.
    pub slug: Slug,
    /// Name for people.
    pub name: String,
    /// What it costs.
    pub price: Price,
    /// Every window holds at once; none means unlimited.
    pub rate_limits: Vec<RateLimit>,
    /// How many calls a period includes; `None` means unlimited.
    pub quota: Option<Quota>,
    /// Whether a subscription waits for the provider.
    pub approval: Approval,
    /// Apis that a subscription may call.
    pub apis: Vec<ApiId>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What a plan costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "model", rename_all = "snake_case")]
pub enum Price {
    /// Nothing.
    Free,
}

/// Whether a subscription begins at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Approval {
    /// It begins at once.
    #[default]
    Automatic,
    /// It waits until a member of the organization approves it.
    Manual,
}

impl Approval {
    /// The word in the database and the manifest.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Automatic => "automatic",
            Self::Manual => "manual",
        }
    }
}

/// At most `requests` in any `per_s` seconds in the long run, `burst` at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RateLimit {
    /// 1 to 1,000,000,000.
    pub requests: u32,
    /// Length of the window in seconds, 1 to 86,400.
    pub per_s: u32,
    /// How many may come at once after a pause; at least 1, by default `requests`, and at most what the rate allows in
    /// 31 days: gateways keep a burst as the time it stands for.
    pub burst: u32,
}

/// How many calls a calendar period includes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Quota {
    /// 1 to 1,000,000,000,000.
    pub requests: u64,
    /// The calendar period, in UTC.
    pub per: Period,
}

/// The time that a burst may stand for, in seconds: 31 days.
const BURST_MAX_S: u64 = 31 * 86_400;

impl RateLimit {
    /// Checks the ranges.
    pub fn check(&self, field: &str) -> Result<(), FieldError> {
        let sentence = if !(1..=1_000_000_000).contains(&self.requests) {
            "Allow between 1 and 1,000,000,000 requests."
        } else if !(1..=86_400).contains(&self.per_s) {
            "Use a window between 1 second and 1 day."
        } else if self.burst == 0 || self.burst > 1_000_000_000 {
            "Allow bursts of 1 to 1,000,000,000 requests."
        } else if u64::from(self.burst) * u64::from(self.per_s) > BURST_MAX_S * u64::from(self.requests) {
            "Allow smaller bursts: at most what the rate allows in 31 days."
        } else {
            return Ok(());
        };
        Err(FieldError::new(field, sentence))
    }

    /// Name of the window in `RateLimit` headers: `second`, `minute`, `hour`, `day` or `10s`.
    pub fn window_name(&self) -> String {
        match self.per_s {
            1 => "second".into(),
            60 => "minute".into(),
            3_600 => "hour".into(),
            86_400 => "day".into(),
            s => format!("{s}s"),
        }
    }

    /// The limit in plain words: `10 requests a second, bursts of 20`.
    pub fn in_words(&self) -> String {
        let window = match self.per_s {
            1 => "a second".into(),
            60 => "a minute".into(),
            3_600 => "an hour".into(),
            86_400 => "a day".into(),
            s => format!("in {s} seconds"),
        };
        let noun = if self.requests == 1 { "request" } else { "requests" };
        let mut words = format!("{} {noun} {window}", grouped(self.requests.into()));
        if self.burst != self.requests {
            words += ", bursts of ";
            words += &grouped(self.burst.into());
        }
        words
    }
}

impl Quota {
    /// Checks the range.
    pub fn check(&self, field: &str) -> Result<(), FieldError> {
        if (1..=1_000_000_000_000).contains(&self.requests) {
            Ok(())
        } else {
            Err(FieldError::new(
                field,
                "Include between 1 and 1,000,000,000,000 requests.",
            ))
        }
    }

    /// The quota in plain words: `1,000 requests a month`.
    pub fn in_words(&self) -> String {
        format!("{} requests {}", grouped(self.requests), self.per.in_words())
    }
}

/// A number with a comma between thousands.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_have_ranges() {
        for (requests, per_s, burst, ok) in [
            (1, 1, 1, true),
            (1_000_000_000, 86_400, 1_000_000_000, true),
            (1_000_000_000, 1, 1_000_000_000, true),
            (0, 1, 1, false),
            (1, 0, 1, false),
            (1, 86_401, 1, false),
            (1, 1, 0, false),
            (u32::MAX, 1, 1, false),
            (1_000_000_000, 1, u32::MAX, false),
            (1, 86_400, 31, true),
            (1, 86_400, 32, false),
            (1, 86_400, 1_000_000_000, false),
        ] {
            let limit = RateLimit { requests, per_s, burst };
            assert_eq!(limit.check("limit").is_ok(), ok, "{limit:?}");
        }
    }

    #[test]
    fn limits_read_in_plain_words() {
        let limit = RateLimit {
            requests: 10,
            per_s: 1,
            burst: 20,
        };
        assert_eq!(limit.in_words(), "10 requests a second, bursts of 20");
        assert_eq!(
            RateLimit {
                requests: 1000,
                per_s: 60,
                burst: 1000
            }
            .in_words(),
            "1,000 requests a minute"
        );
        assert_eq!(
            Quota {
                requests: 1_000_000,
                per: Period::Month
            }
            .in_words(),
            "1,000,000 requests a month"
        );
    }
}
