//! Parsed documents, cached within a memory bound: reading GitHub's takes hundreds of milliseconds, a page must not.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::{OnceCell, Semaphore};

use openapi::overlay::Additions;

use super::{
    OverlayUpload,
    judges::Judges,
    reading::{self, Reading},
    run_time::Enriched,
    sha256, spec,
};
use crate::{
    error::{DomainError, Result},
    id::RevisionId,
    services::Context,
};

/// Memory that parsed documents may take by default, in bytes: some ten documents of GitHub's size.
pub const DEFAULT_BUDGET: usize = 512 * 1024 * 1024;

/// Memory that documents with the additions of gateways may take, in bytes.
const ENRICHED_BUDGET: usize = 64 * 1024 * 1024;

/// Documents parsed at the same time. Parsing takes memory and a thread for as long as it lasts, so a crowd of readers
/// of different large documents waits in line.
const PARSERS: usize = 2;

/// The cache of parsed documents. Cheap to clone; clones share the cache.
#[derive(Clone)]
pub struct Documents {
    cx: Context,
    shelf: Arc<Mutex<Shelf>>,
    enriched: Arc<Mutex<Shelf<Arc<Enriched>, EnrichedKey>>>,
    parsers: Arc<Semaphore>,
    judges: Arc<Judges>,
}

impl Documents {
    /// A cache that keeps at most `budget` bytes of documents, by [`openapi::Document::weight`]. Documents in use by
    /// somebody are alive beyond it; one that is heavier than the budget alone is never kept.
    pub fn new(cx: Context, budget: usize) -> Self {
        Self {
            cx,
            shelf: Arc::new(Mutex::new(Shelf::new(budget))),
            enriched: Arc::new(Mutex::new(Shelf::new(ENRICHED_BUDGET))),
            parsers: Arc::new(Semaphore::new(PARSERS)),
            judges: Arc::new(Judges::new()),
        }
    }

    /// Where documents are judged, so that pages don't wait for it to be read.
    pub(super) fn judges(&self) -> &Judges {
        &self.judges
    }

    /// The parsed document of a revision; at most one task parses it, the others wait.
    ///
    /// Whoever asks must have been shown to be allowed to read it.
    ///
    /// # Errors
    /// `NotFound` if there is no such revision.
    pub async fn get(&self, revision: RevisionId) -> Result<Arc<openapi::Document>> {
        let slot = self.shelf().slot(revision);
        let read = slot.get_or_try_init(|| self.read(revision)).await.cloned();
        match &read {
            Ok(document) => self.shelf().keep(&revision, &slot, document.weight()),
            Err(_) => self.shelf().drop_empty(&revision, &slot),
        }
        read
    }

    /// Puts a document that was just parsed for a new revision where the next reader finds it.
    pub(crate) fn insert(&self, revision: RevisionId, document: Arc<openapi::Document>) {
        let mut shelf = self.shelf();
        let slot = shelf.slot(revision);
        let weight = document.weight();
        if slot.set(document).is_ok() {
            shelf.keep(&revision, &slot, weight);
        }
    }

    /// A document with additions: made once for each revision and each choice of additions, and kept while there is room.
    ///
    /// # Errors
    /// `Conflict` where the additions make the document too large.
    pub(super) async fn enriched(
        &self,
        revision: RevisionId,
        document: &Arc<openapi::Document>,
        additions: Additions,
    ) -> Result<Arc<Enriched>> {
        let text = serde_json::to_vec(&additions).map_err(DomainError::internal)?;
        let key = (revision, sha256(&text));
        let shelf = || self.enriched.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = shelf().slot(key.clone());
        let make = || async {
            let document = Arc::clone(document);
            let made = self.work(move || Enriched::of(&document, &additions)).await?;
            made.map(Arc::new)
                .map_err(|rejected| DomainError::Conflict(rejected.summary()))
        };
        let made = slot.get_or_try_init(make).await.cloned();
        match &made {
            Ok(enriched) => shelf().keep(&key, &slot, enriched.weight()),
            Err(_) => shelf().drop_empty(&key, &slot),
        }
        made
    }

    async fn read(&self, id: RevisionId) -> Result<Arc<openapi::Document>> {
        let (bytes, _) = spec::text(self.cx.db.read(), id).await?;
        // What was accepted once is read again with patience: a busy machine is no reason to lose a page.
        let limits = openapi::Limits {
            time: Duration::from_mins(1),
            ..openapi::Limits::default()
        };
        let (_, document) = self.parse(bytes, limits).await?;
        document.map(Arc::new).map_err(DomainError::internal)
    }

    /// Reads an upload with its overlays and gives both back.
    pub(super) async fn parse_upload(&self, bytes: Vec<u8>, overlays: Vec<OverlayUpload>) -> Result<ParsedUpload> {
        self.work(move || {
            let reading = reading::read(&bytes, &overlays, &openapi::Limits::default());
            (bytes, overlays, reading)
        })
        .await
    }

    async fn parse(&self, bytes: Vec<u8>, limits: openapi::Limits) -> Result<(Vec<u8>, Parsed)> {
        self.work(move || {
            let parsed = openapi::read(&bytes, &limits);
            (bytes, parsed)
        })
        .await
    }

    /// Works on a thread of its own. The permit travels with the work, because a caller that goes away does not stop it.
    async fn work<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let permit = Arc::clone(&self.parsers)
            .acquire_owned()
            .await
            .map_err(DomainError::internal)?;
        let work = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            job()
        });
        work.await.map_err(DomainError::internal)
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A revision, and the SHA-256 of what is added to it.
type EnrichedKey = (RevisionId, String);

/// An upload, its overlays, and the document that they make, or why they make none.
pub(super) type ParsedUpload = (Vec<u8>, Vec<OverlayUpload>, Result<Reading, openapi::Rejected>);

/// A document, or why it is none.
type Parsed = Result<openapi::Document, openapi::Rejected>;

pub(super) type Slot<T> = Arc<OnceCell<T>>;

/// The cached values, with their weight and the order of their last use.
pub(super) struct Shelf<T = Arc<openapi::Document>, K = RevisionId> {
    budget: usize,
    used: usize,
    turn: u64,
    kept: HashMap<K, Kept<T>>,
}

struct Kept<T> {
    slot: Slot<T>,
    /// Zero while it is being read.
    weight: usize,
    last_turn: u64,
}

impl<T, K: Clone + Eq + Hash> Shelf<T, K> {
    pub(super) fn new(budget: usize) -> Self {
        Self {
            budget,
            used: 0,
            turn: 0,
            kept: HashMap::new(),
        }
    }

    /// The place of a value: filled, being filled by somebody, or new and empty.
    pub(super) fn slot(&mut self, id: K) -> Slot<T> {
        self.turn += 1;
        let fresh = || Kept {
            slot: Arc::new(OnceCell::new()),
            weight: 0,
            last_turn: 0,
        };
        let kept = self.kept.entry(id).or_insert_with(fresh);
        kept.last_turn = self.turn;
        Arc::clone(&kept.slot)
    }

    /// Notes the weight of a value that was read and makes room for it. Called by each waiter; the first one counts.
    pub(super) fn keep(&mut self, id: &K, slot: &Slot<T>, weight: usize) {
        let Some(kept) = self.kept.get_mut(id).filter(|kept| Arc::ptr_eq(&kept.slot, slot)) else {
            return;
        };
        if weight > self.budget {
            self.kept.remove(id);
            return;
        }
        if kept.weight == 0 {
            // Even an empty document takes a place, and zero means that it is not read yet.
            kept.weight = weight.max(1);
            self.used += kept.weight;
        }
        while self.used > self.budget {
            let oldest = self
                .kept
                .iter()
                .filter(|(_, kept)| kept.weight > 0)
                .min_by_key(|(_, kept)| kept.last_turn);
            let Some(oldest) = oldest.map(|(id, _)| id.clone()) else {
                break;
            };
            if let Some(gone) = self.kept.remove(&oldest) {
                self.used -= gone.weight;
            }
        }
    }

    /// Forgets a place that could not be filled, so that ids that don't exist take no memory.
    pub(super) fn drop_empty(&mut self, id: &K, slot: &Slot<T>) {
        let is_empty = |kept: &Kept<T>| Arc::ptr_eq(&kept.slot, slot) && !kept.slot.initialized();
        if self.kept.get(id).is_some_and(is_empty) {
            self.kept.remove(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use uuid::Uuid;

    use super::*;

    fn id(n: u128) -> RevisionId {
        RevisionId::from_uuid(Uuid::from_u128(n))
    }

    fn put(shelf: &mut Shelf<u32>, n: u128, weight: usize) {
        let slot = shelf.slot(id(n));
        slot.set(0).unwrap();
        shelf.keep(&id(n), &slot, weight);
    }

    fn has(shelf: &Shelf<u32>, n: u128) -> bool {
        shelf.kept.contains_key(&id(n))
    }

    #[test]
    fn the_least_recently_used_make_room() {
        let mut shelf = Shelf::new(100);
        put(&mut shelf, 1, 40);
        put(&mut shelf, 2, 40);
        shelf.slot(id(1));
        put(&mut shelf, 3, 40);
        assert_eq!([1, 2, 3].map(|n| has(&shelf, n)), [true, false, true]);
        assert_eq!(shelf.used, 80);
        put(&mut shelf, 4, 101);
        assert_eq!(
            [1, 3, 4].map(|n| has(&shelf, n)),
            [true, true, false],
            "heavier than the budget alone"
        );
        assert_eq!(shelf.used, 80);
    }

    #[test]
    fn a_value_that_could_not_be_read_leaves_no_trace() {
        let mut shelf: Shelf<u32> = Shelf::new(100);
        let slot = shelf.slot(id(1));
        shelf.drop_empty(&id(1), &slot);
        assert!(shelf.kept.is_empty());
    }

    #[tokio::test]
    async fn one_task_reads_and_the_others_wait() {
        let shelf: Arc<Mutex<Shelf<u32>>> = Arc::new(Mutex::new(Shelf::new(100)));
        let reads = Arc::new(AtomicU32::new(0));
        let tasks: Vec<_> = (0..20)
            .map(|_| {
                let (shelf, reads) = (Arc::clone(&shelf), Arc::clone(&reads));
                tokio::spawn(async move {
                    let slot = shelf.lock().unwrap().slot(id(1));
                    let read = slot.get_or_init(|| async {
                        tokio::task::yield_now().await;
                        reads.fetch_add(1, Ordering::SeqCst)
                    });
                    read.await;
                    shelf.lock().unwrap().keep(&id(1), &slot, 10);
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(reads.load(Ordering::SeqCst), 1);
        assert_eq!(shelf.lock().unwrap().used, 10, "waiters do not count the weight again");
    }
}
