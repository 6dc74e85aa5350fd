//! Process-wide counters: one block of relaxed atomics a worker, added up when somebody reads them.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use crate::problem::Reason;

/// What one worker counts. Only its worker writes, so a plain load and store is enough.
#[derive(Debug)]
pub(crate) struct WorkerCounters {
    by_class: [AtomicU64; 5],
    by_reason: [AtomicU64; Reason::ALL.len()],
    connections: AtomicU64,
    open: AtomicU64,
    upstream_connections: AtomicU64,
}

impl Default for WorkerCounters {
    fn default() -> Self {
        Self {
            by_class: std::array::from_fn(|_| AtomicU64::new(0)),
            by_reason: std::array::from_fn(|_| AtomicU64::new(0)),
            connections: AtomicU64::new(0),
            open: AtomicU64::new(0),
            upstream_connections: AtomicU64::new(0),
        }
    }
}

fn bump(counter: &AtomicU64) {
    counter.store(counter.load(Relaxed).wrapping_add(1), Relaxed);
}

impl WorkerCounters {
    pub(crate) fn answered(&self, status: u16) {
        bump(&self.by_class[usize::from(status / 100).clamp(1, 5) - 1]);
    }

    pub(crate) fn refused(&self, reason: Reason) {
        bump(&self.by_reason[reason as usize]);
    }

    pub(crate) fn connection_opened(&self) {
        bump(&self.connections);
        bump(&self.open);
    }

    pub(crate) fn connection_closed(&self) {
        self.open.store(self.open.load(Relaxed).saturating_sub(1), Relaxed);
    }

    pub(crate) fn upstream_connected(&self) {
        bump(&self.upstream_connections);
    }
}

/// A handle on the counters of a running gateway.
#[derive(Clone, Debug)]
pub struct Counters(pub(crate) Arc<[Arc<WorkerCounters>]>);

/// The counters at one moment, over all workers, since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CounterSnapshot {
    /// Answers by status class: 1xx, 2xx, 3xx, 4xx, 5xx.
    pub by_class: [u64; 5],
    /// Answers made by the gateway itself, by the slug of the problem.
    pub refusals: Vec<(&'static str, u64)>,
    /// Connections accepted.
    pub connections: u64,
    /// Connections open now.
    pub open_connections: u64,
    /// Connections made to upstreams.
    pub upstream_connections: u64,
}

impl Counters {
    /// Adds up what the workers counted.
    pub fn read(&self) -> CounterSnapshot {
        let sum = |pick: &dyn Fn(&WorkerCounters) -> &AtomicU64| self.0.iter().map(|w| pick(w).load(Relaxed)).sum();
        CounterSnapshot {
            by_class: std::array::from_fn(|i| sum(&|w| &w.by_class[i])),
            refusals: Reason::ALL
                .iter()
                .map(|r| (r.slug(), sum(&|w| &w.by_reason[*r as usize])))
                .collect(),
            connections: sum(&|w| &w.connections),
            open_connections: sum(&|w| &w.open),
            upstream_connections: sum(&|w| &w.upstream_connections),
        }
    }
}
