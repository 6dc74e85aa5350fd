//! Which targets are well enough to be sent calls.

use std::{fmt, ops::RangeInclusive, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{Say, span::Span, text::stored_as_text, wrong_number};

/// How often a target can be asked.
pub const INTERVALS: RangeInclusive<Span> = Span::s(1)..=Span::s(3_600);
/// How long its answer can be waited for.
pub const PROBE_TIMEOUTS: RangeInclusive<Span> = Span::ms(10)..=Span::s(60);
/// Answers in a row that change what is thought of it.
pub const ROWS: RangeInclusive<u16> = 1..=100;
/// How long a target that failed can be left alone.
pub const EJECTIONS: RangeInclusive<Span> = Span::s(1)..=Span::s(3_600);

/// How the health of targets is known. Targets that are not healthy get no calls, unless none is healthy: then all do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Health {
    /// By asking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<ActiveHealth>,
    /// By what becomes of calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passive: Option<PassiveHealth>,
}

/// Each target is asked with a GET of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActiveHealth {
    /// Path and query, put behind the path of the target's address.
    #[serde(default = "root")]
    pub path: String,
    /// From one request to the next; one of [`INTERVALS`].
    #[serde(default = "interval")]
    pub interval: Span,
    /// For connection and head of the answer together; one of [`PROBE_TIMEOUTS`], not longer than the interval.
    #[serde(default = "timeout")]
    pub timeout: Span,
    /// Good answers in a row before an unhealthy target is healthy; one of [`ROWS`].
    #[serde(default = "healthy_after")]
    pub healthy_after: u16,
    /// Bad ones before a healthy target is unhealthy; one of [`ROWS`].
    #[serde(default = "unhealthy_after")]
    pub unhealthy_after: u16,
    /// What a good answer's status is.
    #[serde(default)]
    pub expect: StatusRange,
}

/// Calls that fail in a row eject their target. A connection that is not made, breaks or takes too long is a failure, and
/// so is 502, 503 or 504; other answers are not, however wrong: the target is there.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PassiveHealth {
    /// Failures in a row; one of [`ROWS`].
    #[serde(default = "consecutive_failures")]
    pub consecutive_failures: u16,
    /// How long the target gets no calls: so long times its ejections in a row, ten times at most; one of [`EJECTIONS`].
    #[serde(default = "ejection_time")]
    pub ejection_time: Span,
    /// Share of the targets that may be ejected at once, in percent; the first always may.
    #[serde(default = "max_ejected_percent")]
    pub max_ejected_percent: u8,
}

fn root() -> String {
    "/".into()
}

fn interval() -> Span {
    Span::s(10)
}

fn timeout() -> Span {
    Span::s(2)
}

fn healthy_after() -> u16 {
    2
}

fn unhealthy_after() -> u16 {
    3
}

fn consecutive_failures() -> u16 {
    5
}

fn ejection_time() -> Span {
    Span::s(30)
}

fn max_ejected_percent() -> u8 {
    50
}

impl Health {
    pub(super) fn check(&self, say: Say<'_>) {
        if let Some(active) = &self.active {
            let path = &active.path;
            let is_plain = path.starts_with('/') && path.bytes().all(|b| b.is_ascii_graphic() && b != b'#');
            if !is_plain || path.len() > 1_000 {
                let message = "Write a path that begins with a slash, for example /healthz.";
                say("health.active.path", message.into());
            }
            let mut span = |field: &str, wrong: Option<String>| {
                if let Some(message) = wrong {
                    say(field, message);
                }
            };
            span("health.active.interval", active.interval.outside(&INTERVALS));
            let is_too_long = active.timeout > active.interval;
            let timeout = active.timeout.outside(&PROBE_TIMEOUTS);
            span(
                "health.active.timeout",
                timeout.or_else(|| is_too_long.then(|| "Use a time that is not longer than the interval.".into())),
            );
            span("health.active.healthy_after", wrong_number(active.healthy_after, &ROWS));
            span(
                "health.active.unhealthy_after",
                wrong_number(active.unhealthy_after, &ROWS),
            );
        }
        if let Some(passive) = &self.passive {
            for (field, wrong) in [
                (
                    "consecutive_failures",
                    wrong_number(passive.consecutive_failures, &ROWS),
                ),
                ("ejection_time", passive.ejection_time.outside(&EJECTIONS)),
                (
                    "max_ejected_percent",
                    wrong_number(passive.max_ejected_percent, &(1..=100)),
                ),
            ] {
                if let Some(message) = wrong {
                    say(&format!("health.passive.{field}"), message);
                }
            }
        }
    }
}

/// Statuses from one to another, both included: `200-399`, or one: `204`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StatusRange {
    first: u16,
    last: u16,
}

/// 200 to 399: redirections are good answers too.
impl Default for StatusRange {
    fn default() -> Self {
        Self { first: 200, last: 399 }
    }
}

impl StatusRange {
    /// Whether a status is one of them.
    pub const fn contains(self, status: u16) -> bool {
        self.first <= status && status <= self.last
    }
}

impl FromStr for StatusRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        match (first.trim().parse(), last.trim().parse()) {
            (Ok(first @ 100..=599), Ok(last @ 100..=599)) if first <= last => Ok(Self { first, last }),
            _ => Err(format!(
                "`{text}` is no status; write one like 200, or from one to another like 200-399"
            )),
        }
    }
}

impl fmt::Display for StatusRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.first, self.last) {
            (first, last) if first == last => write!(f, "{first}"),
            (first, last) => write!(f, "{first}-{last}"),
        }
    }
}

stored_as_text!(StatusRange);
