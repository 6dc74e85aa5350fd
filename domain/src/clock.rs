//! Time, injected: rules and tests never ask the machine.

use std::sync::{Arc, Mutex};

use time::OffsetDateTime;

/// A moment in UTC.
pub type Timestamp = OffsetDateTime;

/// Where "now" comes from.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The machine's clock.
    #[default]
    System,
    /// A clock that moves only when told; for tests and rehearsals.
    Fixed(Arc<Mutex<Timestamp>>),
}

impl Clock {
    /// A clock that stands at `now`.
    pub fn fixed(now: Timestamp) -> Self {
        Self::Fixed(Arc::new(Mutex::new(now)))
    }

    /// The present moment, in UTC, cut to microseconds so that it survives every database unchanged.
    pub fn now(&self) -> Timestamp {
        let now = match self {
            #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine")]
            Self::System => OffsetDateTime::now_utc(),
            Self::Fixed(at) => *at.lock().unwrap_or_else(std::sync::PoisonError::into_inner),
        };
        now.replace_nanosecond(now.microsecond() * 1_000).unwrap_or(now)
    }

    /// Moves a fixed clock forward; does nothing to the system clock.
    pub fn advance(&self, by: std::time::Duration) {
        if let Self::Fixed(at) = self {
            let mut at = at.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            *at += by;
        }
    }
}
