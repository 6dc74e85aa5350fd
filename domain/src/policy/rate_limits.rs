//! `rate_limits`: windows beside those of plans.

use serde::{Deserialize, Serialize};

use super::{Policy, problems::Problems, units::TimeSpan};
use crate::{error::FieldError, plan::RateLimit};

/// Windows of one policy.
const MAX_WINDOWS: usize = 8;

/// 1 to 8 windows that all hold at once, beside those of the caller's plan. A call that is refused takes nothing from
/// any of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RateLimits(pub Vec<RateLimitWindow>);

/// At most `requests` in any window of `per` in the long run, `burst` at once, for each caller as `by` tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimitWindow {
    /// Which calls it holds for; by default all.
    #[serde(default, rename = "for", skip_serializing_if = "Audience::is_everybody")]
    pub audience: Audience,
    /// Who shares a budget; by default the calls of one application.
    #[serde(default)]
    pub by: CallerGroup,
    /// 1 to 1,000,000,000.
    pub requests: u32,
    /// Length of the window: whole seconds, 1 s to 1 day.
    pub per: TimeSpan,
    /// How many may come at once after a pause; by default `requests`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub burst: Option<u32>,
}

/// Which calls a window holds for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// All.
    #[default]
    Everybody,
    /// Those without a credential.
    Anonymous,
    /// Those with one.
    Identified,
}

impl Audience {
    /// Whether all calls are meant.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_everybody(&self) -> bool {
        *self == Self::Everybody
    }

    /// Whether calls of somebody who is known or not are meant.
    pub const fn includes(self, is_identified: bool) -> bool {
        match self {
            Self::Everybody => true,
            Self::Anonymous => !is_identified,
            Self::Identified => is_identified,
        }
    }
}

/// Whose calls are counted together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallerGroup {
    /// Calls with one key or other credential; anonymous ones by address.
    Key,
    /// Calls of one application, whatever its credentials; anonymous ones by address.
    #[default]
    Application,
    /// Calls from one address (IPv6: one network of 64 bits, as one caller has that many).
    Ip,
    /// All calls of one operation.
    Operation,
    /// All calls that the policy is in force for.
    All,
}

impl CallerGroup {
    /// Every group.
    pub const ALL: [Self; 5] = [Self::Key, Self::Application, Self::Ip, Self::Operation, Self::All];
}

impl RateLimitWindow {
    /// As plans have it.
    pub const fn limit(&self) -> RateLimit {
        RateLimit {
            requests: self.requests,
            per_s: self.per.as_seconds() as u32,
            burst: match self.burst {
                Some(burst) => burst,
                None => self.requests,
            },
        }
    }
}

impl Policy for RateLimits {
    const SUMMARY: &'static str =
        "Limits calls per key, application, address, operation or in all, in several windows at once.";
    const EXAMPLE: &'static str = "\
- { by: ip, requests: 20, per: 1s, burst: 40 }
- { for: anonymous, by: ip, requests: 60, per: 1m }
- { by: application, requests: 1000, per: 1m }
- { by: all, requests: 500, per: 1s }
";

    fn validate(&self) -> Vec<FieldError> {
        let mut problems = Problems::default();
        problems.entries("", self.0.len(), 1..=MAX_WINDOWS);
        for (index, window) in self.0.iter().enumerate() {
            if !window.per.is_whole_seconds() || !(1..=86_400).contains(&window.per.as_seconds()) {
                problems.add(
                    format!("[{index}].per"),
                    "Use a window of whole seconds, between 1 second and 1 day.",
                );
            } else if let Err(error) = window.limit().check("") {
                problems.add(format!("[{index}]"), error.message);
            }
        }
        problems.found()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_have_the_ranges_of_plans() {
        for (window, field) in [
            (serde_json::json!({ "requests": 1, "per": "1s" }), None),
            (serde_json::json!({ "requests": 1, "per": "minute", "by": "ip" }), None),
            (serde_json::json!({ "requests": 0, "per": "1s" }), Some("[0]")),
            (serde_json::json!({ "requests": 1, "per": "500ms" }), Some("[0].per")),
            (serde_json::json!({ "requests": 1, "per": "2d" }), Some("[0].per")),
            (
                serde_json::json!({ "requests": 1, "per": "1d", "burst": 32 }),
                Some("[0]"),
            ),
        ] {
            let limits: RateLimits = serde_json::from_value(serde_json::json!([window])).unwrap();
            let errors = limits.validate();
            assert_eq!(errors.first().map(|error| error.field.as_str()), field, "{window}");
        }
        assert_eq!(RateLimits(Vec::new()).validate().len(), 1);
    }

    #[test]
    fn a_burst_is_the_whole_window_by_default() {
        let window: RateLimitWindow =
            serde_json::from_value(serde_json::json!({ "requests": 7, "per": "1m" })).unwrap();
        assert_eq!(window.by, CallerGroup::Application);
        let limit = RateLimit {
            requests: 7,
            per_s: 60,
            burst: 7,
        };
        assert_eq!(window.limit(), limit);
    }
}
