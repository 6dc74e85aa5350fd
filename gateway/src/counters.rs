//! Process-wide counters: one block of relaxed atomics a worker, added up when somebody reads them.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use domain::{gateway_config::ConfigRevision, id::VersionId};

use crate::{
    meter::{Latencies, ServedVersions, VersionLatencies},
    phase::FirstFailure,
    problem::Reason,
    snapshot::SnapshotHandle,
    tls::HandshakeFailure,
};

/// What one worker counts. Only its worker writes, so a plain load and store is enough.
#[derive(Debug)]
pub(crate) struct WorkerCounters {
    by_class: [AtomicU64; 5],
    by_reason: [AtomicU64; Reason::ALL.len()],
    /// Tries that another followed; the last are those with an answer whose status is tried again.
    by_retry: [AtomicU64; Reason::ALL.len() + 1],
    by_handshake: [AtomicU64; HandshakeFailure::ALL.len()],
    connections: AtomicU64,
    open: AtomicU64,
    upstream_connections: AtomicU64,
    compressed_in: AtomicU64,
    compressed_out: AtomicU64,
    begun: AtomicU64,
    ended: AtomicU64,
    /// Of all workers: a worker's own are with the rows that it meters.
    latencies: Arc<VersionLatencies>,
    /// Calls that policies found something in, by version. Only looked at when they do.
    findings: Mutex<BTreeMap<FindingKey, u64>>,
}

/// `organization/api/version`, policy, finding.
type FindingKey = (Box<str>, &'static str, &'static str);

fn bump(counter: &AtomicU64) {
    add(counter, 1);
}

fn add(counter: &AtomicU64, count: u64) {
    counter.store(counter.load(Relaxed).wrapping_add(count), Relaxed);
}

impl WorkerCounters {
    fn new(latencies: Arc<VersionLatencies>) -> Self {
        Self {
            by_class: std::array::from_fn(|_| AtomicU64::new(0)),
            by_reason: std::array::from_fn(|_| AtomicU64::new(0)),
            by_retry: std::array::from_fn(|_| AtomicU64::new(0)),
            by_handshake: std::array::from_fn(|_| AtomicU64::new(0)),
            connections: AtomicU64::new(0),
            open: AtomicU64::new(0),
            upstream_connections: AtomicU64::new(0),
            compressed_in: AtomicU64::new(0),
            compressed_out: AtomicU64::new(0),
            begun: AtomicU64::new(0),
            ended: AtomicU64::new(0),
            latencies,
            findings: Mutex::default(),
        }
    }

    /// Where the times of calls go: with the rows that a worker meters, which know the version.
    pub(crate) fn latencies(&self) -> Arc<VersionLatencies> {
        Arc::clone(&self.latencies)
    }

    pub(crate) fn answered(&self, status: u16) {
        bump(&self.by_class[usize::from(status / 100).clamp(1, 5) - 1]);
    }

    pub(crate) fn refused(&self, reason: Reason) {
        bump(&self.by_reason[reason as usize]);
    }

    /// A try failed, and another follows.
    pub(crate) fn retried(&self, failure: FirstFailure) {
        bump(
            &self.by_retry[match failure {
                FirstFailure::Reason(reason) => reason as usize,
                FirstFailure::Status(_) => Reason::ALL.len(),
            }],
        );
    }

    /// A handshake of TLS failed; returns how often it did for this reason.
    pub(crate) fn handshake_failed(&self, failure: HandshakeFailure) -> u64 {
        let counter = &self.by_handshake[failure as usize];
        bump(counter);
        counter.load(Relaxed)
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

    /// Bytes of answers that were taken to be compressed, and bytes that came out.
    pub(crate) fn compressed(&self, taken: usize, brought: usize) {
        add(&self.compressed_in, taken as u64);
        add(&self.compressed_out, brought as u64);
    }

    /// A call's head was read. Each is followed by one [`Self::call_ended`].
    pub(crate) fn call_began(&self) {
        bump(&self.begun);
    }

    /// A call is over: its answer's body was sent, or given up.
    pub(crate) fn call_ended(&self) {
        bump(&self.ended);
    }

    /// A policy found something in a call.
    pub(crate) fn found(&self, version: &str, policy: &'static str, finding: &'static str) {
        let mut findings = self.findings.lock().unwrap_or_else(PoisonError::into_inner);
        *findings.entry((version.into(), policy, finding)).or_default() += 1;
    }
}

/// A handle on the counters of a running gateway.
#[derive(Clone, Debug)]
pub struct Counters {
    workers: Arc<[Arc<WorkerCounters>]>,
    latencies: Arc<VersionLatencies>,
}

/// The counters at one moment, over all workers, since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CounterSnapshot {
    /// Answers by status class: 1xx, 2xx, 3xx, 4xx, 5xx.
    pub by_class: [u64; 5],
    /// Answers made by the gateway itself, by the slug of the problem.
    pub refusals: Vec<(&'static str, u64)>,
    /// Tries of calls that failed and that another followed, by the reason that callers would have been told; `status` for
    /// answers whose status is tried again. Only reasons that occurred.
    pub retries: Vec<(&'static str, u64)>,
    /// Connections that came to nothing because their TLS handshake failed, by the reason.
    pub handshake_failures: Vec<(&'static str, u64)>,
    /// Connections accepted.
    pub connections: u64,
    /// Connections open now.
    pub open_connections: u64,
    /// Connections made to upstreams.
    pub upstream_connections: u64,
    /// Bytes of answers before they were compressed.
    pub compressed_in: u64,
    /// Bytes that they were compressed to.
    pub compressed_out: u64,
    /// Calls whose answer is not over.
    pub in_flight: u64,
    /// Times from the head of a request to the head of its answer, the gateway's own refusals included.
    pub latencies: Latencies,
    /// The same by version. Calls of no version, of versions that are no more, and of those beyond 1,000 are together under
    /// [`VersionId::NIL`].
    pub version_latencies: Vec<(VersionId, Latencies)>,
    /// What policies found in calls.
    pub findings: Vec<Finding>,
}

/// Calls of a version that a policy found something in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// `organization/api/version`.
    pub version: String,
    /// `signatures` or `validation`.
    pub policy: &'static str,
    /// The group of signatures; or `request` or `answer`, whichever is not as the document says.
    pub finding: &'static str,
    /// How many.
    pub calls: u64,
}

impl ServedVersions for SnapshotHandle {
    fn revision(&self) -> Option<ConfigRevision> {
        Self::revision(self)
    }

    fn versions(&self) -> HashSet<VersionId> {
        Self::versions(self).into_iter().map(|(version, _)| version).collect()
    }
}

impl Counters {
    /// Those of so many workers; `snapshot` says which versions there are.
    pub(crate) fn new(workers: usize, snapshot: SnapshotHandle) -> Self {
        let latencies = Arc::new(VersionLatencies::new(snapshot));
        let worker = |_| Arc::new(WorkerCounters::new(Arc::clone(&latencies)));
        Self {
            workers: (0..workers).map(worker).collect(),
            latencies,
        }
    }

    /// Those that a worker writes.
    pub(crate) fn worker(&self, number: usize) -> Arc<WorkerCounters> {
        Arc::clone(&self.workers[number])
    }

    /// Adds up what the workers counted.
    pub fn read(&self) -> CounterSnapshot {
        let sum =
            |pick: &dyn Fn(&WorkerCounters) -> &AtomicU64| self.workers.iter().map(|w| pick(w).load(Relaxed)).sum();
        let version_latencies = self.latencies.read();
        let mut latencies = Latencies::default();
        for (_, of_version) in &version_latencies {
            latencies.add(of_version);
        }
        let mut findings: BTreeMap<FindingKey, u64> = BTreeMap::new();
        for worker in self.workers.iter() {
            let found = worker.findings.lock().unwrap_or_else(PoisonError::into_inner);
            for (key, calls) in found.iter() {
                *findings.entry(key.clone()).or_default() += calls;
            }
        }
        CounterSnapshot {
            by_class: std::array::from_fn(|i| sum(&|w| &w.by_class[i])),
            refusals: Reason::ALL
                .iter()
                .map(|r| (r.slug(), sum(&|w| &w.by_reason[*r as usize])))
                .collect(),
            retries: Reason::ALL
                .iter()
                .map(|reason| reason.slug())
                .chain(["status"])
                .enumerate()
                .map(|(i, reason)| (reason, sum(&|w| &w.by_retry[i])))
                .filter(|(_, count)| *count > 0)
                .collect(),
            handshake_failures: HandshakeFailure::ALL
                .iter()
                .map(|failure| (failure.as_str(), sum(&|w| &w.by_handshake[*failure as usize])))
                .collect(),
            connections: sum(&|w| &w.connections),
            open_connections: sum(&|w| &w.open),
            upstream_connections: sum(&|w| &w.upstream_connections),
            compressed_in: sum(&|w| &w.compressed_in),
            compressed_out: sum(&|w| &w.compressed_out),
            // Ended first: a call that begins and ends in between must not count below nothing.
            in_flight: in_flight(sum(&|w| &w.ended), sum(&|w| &w.begun)),
            latencies,
            version_latencies,
            findings: findings
                .into_iter()
                .map(|((version, policy, finding), calls)| Finding {
                    version: version.into(),
                    policy,
                    finding,
                    calls,
                })
                .collect(),
        }
    }
}

fn in_flight(ended: u64, begun: u64) -> u64 {
    begun.saturating_sub(ended)
}
