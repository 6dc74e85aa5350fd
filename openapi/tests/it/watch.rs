//! Time limits that mean something on a machine with other work.

use std::time::{Duration, Instant};

/// What a document that was made to cost much may take, in a release build 2 s.
pub(crate) const BOUND: Duration = Duration::from_secs(if cfg!(debug_assertions) { 20 } else { 2 });

/// The time for which the thread was running since the watch was started; where the kernel doesn't tell, all time.
pub(crate) struct Watch {
    started: Instant,
    ran: Option<Duration>,
}

impl Watch {
    pub(crate) fn start() -> Self {
        Self {
            started: Instant::now(),
            ran: ran(),
        }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        match (self.ran, ran()) {
            (Some(before), Some(now)) => now.saturating_sub(before),
            _ => self.started.elapsed(),
        }
    }

    /// Asserts that it took no longer than [`BOUND`].
    pub(crate) fn in_time(&self, name: &str) {
        let took = self.elapsed();
        assert!(took < BOUND, "{name} took {took:?}");
    }
}

/// For how long this thread has been running on a processor.
fn ran() -> Option<Duration> {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    statistics.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}
