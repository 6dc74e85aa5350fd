//! What one worker has counted since the last hand-over.

use std::sync::Arc;

use domain::{
    id::{KeyId, SubscriptionId, VersionId},
    usage::{UsageKey, UsageSums},
};

use super::{
    LatencyHistogram, UsageRows,
    versions::{VersionLatencies, WorkerLatencies},
};
use crate::{fast_hash::IdMap, snapshot::Version};

/// What a row adds up over, without text: an operation is its number within one compilation of its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct MeterKey {
    pub(crate) subscription_id: SubscriptionId,
    pub(crate) key_id: KeyId,
    /// 0 when no version matched.
    pub(crate) compilation: u64,
    /// `u32::MAX` when no operation matched.
    pub(crate) operation: u32,
    /// Minutes since 1970.
    pub(crate) minute: u32,
    pub(crate) status: u16,
    pub(crate) is_refused: bool,
}

/// Rows by key, and how long calls of each version take. One worker writes it and nobody else sees the rows.
#[derive(Debug)]
pub(crate) struct MeterTable {
    rows: IdMap<MeterKey, Row>,
    latencies: WorkerLatencies,
}

#[derive(Debug)]
struct Row {
    /// Kept with the row, so that its words can be found at the hand-over.
    version: Option<Arc<Version>>,
    sums: UsageSums,
    /// Where the version's times go, so that a call of a row that is there looks nothing else up.
    latencies: Arc<LatencyHistogram>,
}

impl MeterTable {
    /// An empty table whose times are found in `latencies`.
    pub(crate) fn new(latencies: Arc<VersionLatencies>) -> Self {
        Self {
            rows: IdMap::default(),
            latencies: WorkerLatencies::new(latencies),
        }
    }

    /// Adds to a row, and the time of a call to those of its version.
    pub(crate) fn add(&mut self, key: MeterKey, version: Option<&Arc<Version>>, sums: &UsageSums) {
        let latencies = &mut self.latencies;
        let row = self.rows.entry(key).or_insert_with(|| Row {
            version: version.cloned(),
            sums: UsageSums::default(),
            latencies: latencies.place(version.map_or(VersionId::NIL, |version| version.id)),
        });
        row.sums.add(sums);
        // What comes later for the same call has no time of its own.
        if sums.calls > 0 {
            row.latencies.record(sums.latency_us);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Takes all rows out. Two compilations of one version may have counted the same operation: those are added up, so
    /// that the keys are distinct.
    pub(crate) fn drain(&mut self) -> UsageRows {
        let mut rows = std::collections::HashMap::with_capacity(self.rows.len());
        for (key, Row { version, sums, .. }) in self.rows.drain() {
            let operation = version
                .as_ref()
                .and_then(|version| version.operations.get(key.operation as usize));
            let row = UsageKey {
                subscription_id: key.subscription_id,
                key_id: key.key_id,
                version_id: version.as_ref().map_or(VersionId::NIL, |version| version.id),
                operation: operation.map_or_else(String::new, |operation| operation.slug.to_string()),
                minute: i64::from(key.minute) * 60,
                status: key.status,
                is_refused: key.is_refused,
            };
            rows.entry(row).or_insert_with(UsageSums::default).add(&sums);
        }
        rows.into_iter().collect()
    }
}
