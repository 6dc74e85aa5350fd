//! What is done about an upstream that fails: not calling it, and calling it again.

use std::{fmt, ops::RangeInclusive, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{Say, span::Span, text::stored_as_text, wrong_number};

/// Time over which a breaker counts.
pub const WINDOWS: RangeInclusive<Span> = Span::s(1)..=Span::s(300);
/// How long a breaker can stay open.
pub const OPEN_TIMES: RangeInclusive<Span> = Span::s(1)..=Span::s(3_600);
/// Times that a call can be tried again.
pub const ATTEMPTS: RangeInclusive<u16> = 1..=5;
/// How long one try can take.
pub const TRY_TIMEOUTS: RangeInclusive<Span> = Span::ms(1)..=Span::s(3_600);

/// Stops calling an upstream of which too many calls fail; calls are answered with 503 then. After a while a few calls
/// pass as probes: when they all succeed, all calls pass again.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Breaker {
    /// Share of the calls that must fail to open it, in percent.
    #[serde(default = "failure_percent")]
    pub failure_percent: u8,
    /// Time over which calls are counted; one of [`WINDOWS`].
    #[serde(default = "window")]
    pub window: Span,
    /// Calls that there must have been in that time, 1 to 1,000,000.
    #[serde(default = "min_requests")]
    pub min_requests: u32,
    /// How long it stays open; one of [`OPEN_TIMES`].
    #[serde(default = "open_time")]
    pub open_time: Span,
    /// Calls that must succeed after that, 1 to 100.
    #[serde(default = "half_open_probes")]
    pub half_open_probes: u16,
}

fn failure_percent() -> u8 {
    50
}

fn window() -> Span {
    Span::s(10)
}

fn min_requests() -> u32 {
    20
}

fn open_time() -> Span {
    Span::s(30)
}

fn half_open_probes() -> u16 {
    3
}

impl Breaker {
    pub(super) fn check(&self, say: Say<'_>) {
        for (field, wrong) in [
            ("failure_percent", wrong_number(self.failure_percent, &(1..=100))),
            ("window", self.window.outside(&WINDOWS)),
            ("min_requests", wrong_number(self.min_requests, &(1..=1_000_000))),
            ("open_time", self.open_time.outside(&OPEN_TIMES)),
            ("half_open_probes", wrong_number(self.half_open_probes, &(1..=100))),
        ] {
            if let Some(message) = wrong {
                say(&format!("breaker.{field}"), message);
            }
        }
    }
}

/// Tries a call again, on another target where there is one. Only where that can do no harm: nothing of the call was sent,
/// or its method is idempotent (RFC 9110 §9.2.2) and it has no body. Nothing is tried again once an answer went to the
/// caller.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// Times after the first; one of [`ATTEMPTS`].
    #[serde(default = "attempts")]
    pub attempts: u16,
    /// What it is tried again after.
    #[serde(default = "conditions")]
    pub on: Vec<RetryOn>,
    /// Tries again for each hundred calls, 1 to 100, so that an upstream in trouble is not buried under them; ten are
    /// always saved up in quiet times.
    #[serde(default = "budget_percent")]
    pub budget_percent: u8,
    /// How long one try may take to the first byte of its answer; one of [`TRY_TIMEOUTS`]. Where it is left out, as long
    /// as a call without retries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_try_timeout: Option<Span>,
}

fn attempts() -> u16 {
    1
}

fn conditions() -> Vec<RetryOn> {
    vec![RetryOn::Connect, RetryOn::Reset]
}

fn budget_percent() -> u8 {
    20
}

impl Retry {
    pub(super) fn check(&self, say: Say<'_>) {
        let on = self
            .on
            .is_empty()
            .then(|| "Name what a call is tried again after, for example connect.".into());
        for (field, wrong) in [
            ("attempts", wrong_number(self.attempts, &ATTEMPTS)),
            ("on", on),
            ("budget_percent", wrong_number(self.budget_percent, &(1..=100))),
            (
                "per_try_timeout",
                self.per_try_timeout.and_then(|span| span.outside(&TRY_TIMEOUTS)),
            ),
        ] {
            if let Some(message) = wrong {
                say(&format!("retry.{field}"), message);
            }
        }
    }
}

/// What a call is tried again after: `connect`, `reset`, `502`, `503` or `504`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RetryOn {
    /// There was no connection.
    Connect,
    /// The connection broke before the answer, or the answer did not come in time.
    Reset,
    /// An answer of 502.
    BadGateway,
    /// An answer of 503.
    Unavailable,
    /// An answer of 504.
    GatewayTimeout,
}

impl RetryOn {
    const ALL: [(&str, Self); 5] = [
        ("connect", Self::Connect),
        ("reset", Self::Reset),
        ("502", Self::BadGateway),
        ("503", Self::Unavailable),
        ("504", Self::GatewayTimeout),
    ];
}

impl FromStr for RetryOn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.iter().find(|(word, _)| *word == text);
        known
            .map(|(_, condition)| *condition)
            .ok_or_else(|| format!("nothing is tried again after `{text}`; write connect, reset, 502, 503 or 504"))
    }
}

impl fmt::Display for RetryOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = Self::ALL.iter().find(|(_, condition)| condition == self);
        f.write_str(word.map_or("connect", |(word, _)| word))
    }
}

stored_as_text!(RetryOn);
