//! What the portal counts.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use ::gateway::LatencyHistogram;

use super::{
    super::exposition::{Detail, Exposition},
    CLASSES,
};

/// What the portal counts.
#[derive(Debug, Default)]
pub struct PortalCounters {
    by_class: [AtomicU64; 5],
    in_flight: AtomicU64,
    latency: LatencyHistogram,
}

/// A request of the portal that is not answered; counts down when it is dropped.
pub struct PortalRequest<'a>(&'a AtomicU64);

impl Drop for PortalRequest<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

impl PortalCounters {
    /// A request begins.
    pub fn begin(&self) -> PortalRequest<'_> {
        self.in_flight.fetch_add(1, Relaxed);
        PortalRequest(&self.in_flight)
    }

    /// The head of an answer is known, so many microseconds after the request's.
    pub fn answered(&self, status: u16, micros: u64) {
        self.by_class[usize::from(status / 100).clamp(1, 5) - 1].fetch_add(1, Relaxed);
        self.latency.record_shared(micros);
    }
    pub(super) fn write(&self, exposition: &mut Exposition) {
        let mut answers = exposition.counter(
            "turnpike_portal_requests",
            "Requests to portal and console that were answered, by status class.",
        );
        for (class, count) in CLASSES.iter().zip(&self.by_class) {
            answers.sample(&[("class", class)], count.load(Relaxed));
        }
        exposition
            .histogram(
                "turnpike_portal_request_duration_seconds",
                "Time from the head of a request to the head of its answer.",
            )
            .add(&[], &self.latency.read(), Detail::Full);
        exposition
            .gauge("turnpike_portal_requests_in_flight", "Requests that are not answered.")
            .sample(&[], self.in_flight.load(Relaxed));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_counts_while_it_runs() {
        let counters = PortalCounters::default();
        let request = counters.begin();
        assert_eq!(counters.in_flight.load(Relaxed), 1);
        counters.answered(404, 20);
        drop(request);
        assert_eq!(counters.in_flight.load(Relaxed), 0);
        assert_eq!(
            (counters.by_class[3].load(Relaxed), counters.latency.read().count()),
            (1, 1)
        );
    }
}
