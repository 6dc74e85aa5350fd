//! How long calls of each version take: a histogram of each worker and version, added up when somebody reads them.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use domain::id::VersionId;

use super::{Latencies, LatencyHistogram};
use crate::fast_hash::IdMap;

/// Versions that are told apart in a process; each is two dozen samples for whoever collects metrics.
const MAX_VERSIONS: usize = 1_000;

/// The histograms of all workers, by version. Only looked at when a worker meets a version for the first time, and when
/// somebody reads them.
#[derive(Debug, Default)]
pub(crate) struct VersionLatencies(Mutex<BTreeMap<VersionId, Vec<Arc<LatencyHistogram>>>>);

impl VersionLatencies {
    /// What the calls of a version are counted as: beyond the first 1,000 versions, as calls of none.
    fn name(&self, version: VersionId) -> VersionId {
        let mut known = self.lock();
        if known.len() < MAX_VERSIONS || known.contains_key(&version) {
            known.entry(version).or_default();
            version
        } else {
            VersionId::NIL
        }
    }

    /// A histogram more for what [`Self::name`] said, for one worker.
    fn histogram(&self, name: VersionId) -> Arc<LatencyHistogram> {
        let histogram = Arc::<LatencyHistogram>::default();
        self.lock().entry(name).or_default().push(Arc::clone(&histogram));
        histogram
    }

    /// What all workers counted, by version.
    pub(crate) fn read(&self) -> Vec<(VersionId, Latencies)> {
        let sum = |workers: &Vec<Arc<LatencyHistogram>>| {
            let mut sum = Latencies::default();
            for worker in workers {
                sum.add(&worker.read());
            }
            sum
        };
        let known = self.lock();
        known
            .iter()
            .map(|(version, workers)| (*version, sum(workers)))
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<VersionId, Vec<Arc<LatencyHistogram>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The histograms that one worker writes.
#[derive(Debug)]
pub(super) struct WorkerLatencies {
    all: Arc<VersionLatencies>,
    places: IdMap<VersionId, u32>,
    histograms: Vec<Arc<LatencyHistogram>>,
}

impl WorkerLatencies {
    pub(super) fn new(all: Arc<VersionLatencies>) -> Self {
        Self {
            all,
            places: IdMap::default(),
            histograms: Vec::new(),
        }
    }

    /// Where the times of a version go. For whoever asks once and keeps the answer: it is for good.
    pub(super) fn place(&mut self, version: VersionId) -> u32 {
        if let Some(place) = self.places.get(&version) {
            return *place;
        }
        let name = self.all.name(version);
        let place = self.places.get(&name).copied().unwrap_or_else(|| {
            self.histograms.push(self.all.histogram(name));
            self.histograms.len() as u32 - 1
        });
        self.places.insert(name, place);
        self.places.insert(version, place);
        place
    }

    /// Counts one call.
    pub(super) fn record(&self, place: u32, micros: u64) {
        if let Some(histogram) = self.histograms.get(place as usize) {
            histogram.record(micros);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_add_up_and_the_rest_is_counted_together() {
        let all = Arc::<VersionLatencies>::default();
        let mut workers = [Arc::clone(&all), Arc::clone(&all)].map(WorkerLatencies::new);
        let versions: Vec<VersionId> = (1..=MAX_VERSIONS + 50)
            .map(|number| format!("ver_{number:032x}").parse().unwrap())
            .collect();
        for worker in &mut workers {
            for version in &versions {
                let place = worker.place(*version);
                assert_eq!(worker.place(*version), place);
                worker.record(place, 1_000);
            }
        }
        let read = all.read();
        assert_eq!(read.len(), MAX_VERSIONS + 1, "and those without a name");
        let calls = |version| {
            let found = read.iter().find(|(known, _)| *known == version);
            found.map(|(_, latencies)| (latencies.count(), latencies.sum_us))
        };
        assert_eq!(calls(versions[0]), Some((2, 2_000)));
        assert_eq!(calls(VersionId::NIL), Some((100, 100_000)));
        assert_eq!(calls(versions[MAX_VERSIONS]), None);
        let total: u64 = read.iter().map(|(_, latencies)| latencies.count()).sum();
        assert_eq!(total, 2 * versions.len() as u64);
        assert!(all.lock().values().all(|workers| workers.len() == 2));
        assert!(workers.iter().all(|worker| worker.histograms.len() == MAX_VERSIONS + 1));
    }
}
