//! How long calls of each version take: a histogram of each worker and version, added up when somebody reads them.

use std::{
    collections::{BTreeMap, HashSet},
    fmt, mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use domain::{gateway_config::ConfigRevision, id::VersionId};

use super::{Latencies, LatencyHistogram};
use crate::fast_hash::IdMap;

/// Versions that are told apart in a process at the same time; each is two dozen samples for whoever collects metrics.
const MAX_VERSIONS: usize = 1_000;

/// The histograms of all workers, by version. Only looked at when a worker meets a version for the first time, and when
/// somebody reads them.
#[derive(Debug)]
pub(crate) struct VersionLatencies {
    names: Mutex<Names>,
    /// How often versions were forgotten.
    forgotten: AtomicU64,
    served: Served,
}

#[derive(Debug, Default)]
struct Names {
    known: BTreeMap<VersionId, Vec<Arc<LatencyHistogram>>>,
    /// Of versions that were forgotten, for as long as a worker may still write them.
    leaving: Vec<Arc<LatencyHistogram>>,
    /// What those counted that nobody writes any more.
    gone: Latencies,
    /// What was served when room was made last: it has no more to forget.
    looked_at: Option<ConfigRevision>,
}

/// Says which versions there are.
pub(crate) trait ServedVersions: Send + Sync {
    /// The configuration that is served now; another one may have other versions.
    fn revision(&self) -> Option<ConfigRevision>;
    /// The versions of the configuration that is served now.
    fn versions(&self) -> HashSet<VersionId>;
}

struct Served(Box<dyn ServedVersions>);

impl fmt::Debug for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Served")
    }
}

impl VersionLatencies {
    /// Without any; `served` says which versions there are: when there is no room, all others are forgotten.
    pub(crate) fn new(served: impl ServedVersions + 'static) -> Self {
        Self {
            names: Mutex::default(),
            forgotten: AtomicU64::new(0),
            served: Served(Box::new(served)),
        }
    }

    /// What the calls of a version are counted as: where 1,000 others are told apart, as calls of none.
    fn name(&self, version: VersionId) -> VersionId {
        let mut names = self.lock();
        if names.known.contains_key(&version) {
            return version;
        }
        if names.known.len() >= MAX_VERSIONS {
            let revision = self.served.0.revision();
            if names.looked_at != revision {
                names.looked_at = revision;
                self.forget(&mut names);
            }
        }
        if names.known.len() < MAX_VERSIONS {
            names.known.entry(version).or_default();
            version
        } else {
            VersionId::NIL
        }
    }

    /// Makes room. What was counted of versions that are not there any more is then counted as calls of none.
    fn forget(&self, names: &mut Names) {
        let served = self.served.0.versions();
        let is_there = |version: &VersionId| *version == VersionId::NIL || served.contains(version);
        let (known, others) = mem::take(&mut names.known)
            .into_iter()
            .partition(|(version, _)| is_there(version));
        names.known = known;
        let others: BTreeMap<_, _> = others;
        if !others.is_empty() {
            self.forgotten.fetch_add(1, Relaxed);
        }
        names.leaving.extend(others.into_values().flatten());
        for histogram in names
            .leaving
            .extract_if(.., |histogram| Arc::strong_count(histogram) == 1)
        {
            names.gone.add(&histogram.read());
        }
    }

    /// A histogram more for what [`Self::name`] said, for one worker.
    fn histogram(&self, name: VersionId) -> Arc<LatencyHistogram> {
        let histogram = Arc::<LatencyHistogram>::default();
        self.lock().known.entry(name).or_default().push(Arc::clone(&histogram));
        histogram
    }

    /// What all workers counted, by version.
    pub(crate) fn read(&self) -> Vec<(VersionId, Latencies)> {
        let sum = |workers: &[Arc<LatencyHistogram>]| {
            let mut sum = Latencies::default();
            for worker in workers {
                sum.add(&worker.read());
            }
            sum
        };
        let names = self.lock();
        let mut of_none = sum(&names.leaving);
        of_none.add(&names.gone);
        let known = names.known.iter();
        let mut read: BTreeMap<_, _> = known.map(|(version, workers)| (*version, sum(workers))).collect();
        if of_none != Latencies::default() {
            read.entry(VersionId::NIL).or_default().add(&of_none);
        }
        read.into_iter().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Names> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The histograms that one worker writes.
#[derive(Debug)]
pub(super) struct WorkerLatencies {
    all: Arc<VersionLatencies>,
    places: IdMap<VersionId, Place>,
    /// How often versions had been forgotten when the places were looked at.
    forgotten: u64,
}

#[derive(Debug)]
struct Place {
    name: VersionId,
    histogram: Arc<LatencyHistogram>,
}

impl WorkerLatencies {
    pub(super) fn new(all: Arc<VersionLatencies>) -> Self {
        Self {
            all,
            places: IdMap::default(),
            forgotten: 0,
        }
    }

    /// Where the times of a version go, for as long as the row is counted that asks.
    pub(super) fn place(&mut self, version: VersionId) -> Arc<LatencyHistogram> {
        let forgotten = self.all.forgotten.load(Relaxed);
        if forgotten != self.forgotten {
            self.forgotten = forgotten;
            self.look_again();
        }
        if let Some(place) = self.places.get(&version) {
            return Arc::clone(&place.histogram);
        }
        let name = self.all.name(version);
        let known = self.places.get(&name).map(|place| Arc::clone(&place.histogram));
        let histogram = known.unwrap_or_else(|| self.all.histogram(name));
        for version in [name, version] {
            let histogram = Arc::clone(&histogram);
            self.places.insert(version, Place { name, histogram });
        }
        histogram
    }

    /// Lets go of what was forgotten, and of versions that there was no room for.
    fn look_again(&mut self) {
        let names = self.all.lock();
        self.places
            .retain(|version, place| place.name == *version && names.known.contains_key(version));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(number: usize) -> VersionId {
        format!("ver_{number:032x}").parse().unwrap()
    }

    /// Calls of a version and the sum of their times.
    fn calls(all: &VersionLatencies, version: VersionId) -> Option<(u64, u64)> {
        let read = all.read();
        let found = read.iter().find(|(known, _)| *known == version);
        found.map(|(_, latencies)| (latencies.count(), latencies.sum_us))
    }

    /// Numbers of versions, another configuration each time that they are changed.
    #[derive(Clone, Default)]
    struct Numbers(Arc<Mutex<(i64, std::ops::Range<usize>)>>, Arc<AtomicU64>);

    impl Numbers {
        fn serve(&self, numbers: std::ops::Range<usize>) {
            let mut served = self.0.lock().unwrap();
            *served = (served.0 + 1, numbers);
        }
    }

    impl ServedVersions for Numbers {
        fn revision(&self) -> Option<ConfigRevision> {
            Some(self.0.lock().unwrap().0)
        }

        fn versions(&self) -> HashSet<VersionId> {
            self.1.fetch_add(1, Relaxed);
            self.0.lock().unwrap().1.clone().map(version).collect()
        }
    }

    #[test]
    fn workers_add_up_and_the_rest_is_counted_together() {
        let numbers = Numbers::default();
        numbers.serve(1..MAX_VERSIONS + 51);
        let all = Arc::new(VersionLatencies::new(numbers.clone()));
        let mut workers = [Arc::clone(&all), Arc::clone(&all)].map(WorkerLatencies::new);
        for worker in &mut workers {
            for number in 1..=MAX_VERSIONS + 50 {
                let place = worker.place(version(number));
                assert!(Arc::ptr_eq(&worker.place(version(number)), &place));
                place.record(1_000);
            }
        }
        assert_eq!(all.read().len(), MAX_VERSIONS + 1, "and those without a name");
        assert_eq!(calls(&all, version(1)), Some((2, 2_000)));
        assert_eq!(calls(&all, VersionId::NIL), Some((100, 100_000)));
        assert_eq!(calls(&all, version(MAX_VERSIONS + 1)), None);
        assert!(all.lock().known.values().all(|workers| workers.len() == 2));
        assert_eq!(numbers.1.load(Relaxed), 1, "asked once for one configuration");
    }

    #[test]
    fn versions_that_are_no_more_make_room() {
        let numbers = Numbers::default();
        numbers.serve(1..MAX_VERSIONS + 11);
        let all = Arc::new(VersionLatencies::new(numbers.clone()));
        let mut workers = [Arc::clone(&all), Arc::clone(&all)].map(WorkerLatencies::new);
        let mut rows = Vec::new();
        for worker in &mut workers {
            for number in 1..=MAX_VERSIONS + 10 {
                rows.push(worker.place(version(number)));
            }
        }
        for row in &rows {
            row.record(1_000);
        }
        let total = 2 * (MAX_VERSIONS as u64 + 10);
        // The first ten are no more, and another is there.
        numbers.serve(11..MAX_VERSIONS + 12);
        workers[0].place(version(MAX_VERSIONS + 11)).record(1_000);
        assert_eq!(calls(&all, version(MAX_VERSIONS + 11)), Some((1, 1_000)));
        assert_eq!(calls(&all, version(1)), None);
        assert_eq!(calls(&all, version(11)), Some((2, 2_000)), "it keeps what it has");
        // Those that there was no room for are told apart as well.
        workers[1].place(version(MAX_VERSIONS + 1)).record(1_000);
        assert_eq!(calls(&all, version(MAX_VERSIONS + 1)), Some((1, 1_000)));
        // What is counted by a row that was there is not lost, and nothing is kept that nobody writes.
        rows[0].record(1_000);
        let count = || all.read().iter().map(|(_, latencies)| latencies.count()).sum::<u64>();
        assert_eq!(count(), total + 3);
        rows.clear();
        numbers.serve(0..0);
        for worker in &mut workers {
            for number in 1..=MAX_VERSIONS {
                worker.place(version(5_000 + number));
            }
            worker.place(version(9_000));
        }
        all.forget(&mut all.lock());
        for worker in &mut workers {
            worker.place(version(9_001));
        }
        all.forget(&mut all.lock());
        assert!(all.lock().leaving.len() <= 2, "{}", all.lock().leaving.len());
        assert_eq!(count(), total + 3);
    }
}
