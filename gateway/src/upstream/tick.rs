//! Time for health and breakers: it never goes back, whatever happens to the clock on the wall.

use std::{
    sync::LazyLock,
    time::{Duration, Instant},
};

/// Milliseconds since the process first asked, and one more: 0 is before everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tick(pub(super) u64);

impl Tick {
    /// Before everything; for where time makes no difference.
    pub(crate) const ZERO: Self = Self(0);

    /// This moment. Costs one reading of the system's clock, some twenty nanoseconds.
    pub(crate) fn now() -> Self {
        static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
        Self(BEGAN.elapsed().as_millis() as u64 + 1)
    }

    /// So much later.
    pub(crate) const fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span.as_millis() as u64))
    }

    /// Time since an earlier tick; none since a later one.
    pub(crate) const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}
