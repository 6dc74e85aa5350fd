//! Where answers are kept: memory of a fixed size, shared by all workers.
//!
//! Keys are spread over shards, each behind a lock that is held for a look-up and never across an await. Each shard has its
//! part of the memory. When it is full, a hand goes round its answers: one that was used since the hand last came by
//! stays, another goes. An answer that nobody asks for again is thus gone after one round, however many of them come.

use std::{
    collections::{HashMap, VecDeque},
    hash::{BuildHasher, RandomState},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use super::{
    flight::{Flight, Flights, Join},
    key::Partition,
    stored::Stored,
};

/// Memory of one shard, about; the number of shards follows from it.
const SHARD_BYTES: usize = 32 << 20;
const MAX_SHARDS: usize = 16;
/// Answers for one target and partition that differ by request fields.
const MAX_VARIANTS: usize = 64;
/// Memory of an entry beside the answer: its places in the maps.
const ENTRY_BYTES: usize = 256;
/// Invalidations that are remembered for answers that are on their way.
const REMEMBERED: usize = 1_024;

/// Where answers are kept.
#[derive(Debug)]
pub(crate) struct Store {
    shards: Box<[Mutex<Shard>]>,
    hasher: RandomState,
    shard_capacity: usize,
    /// Bytes of answers that are being received.
    receiving: AtomicUsize,
    flights: Flights,
}

#[derive(Debug, Default)]
struct Shard {
    targets: HashMap<Arc<[u8]>, HashMap<Partition, Vec<u32>>>,
    entries: Vec<Option<Entry>>,
    /// Places in `entries` that are free.
    free: Vec<u32>,
    hand: usize,
    bytes: usize,
    count: usize,
    /// Number of the last invalidation.
    invalidations: u64,
    /// The last of them: their number, and the key; `None` stands for any.
    recent: VecDeque<(u64, Option<Arc<[u8]>>)>,
}

#[derive(Debug)]
struct Entry {
    key: Arc<[u8]>,
    partition: Partition,
    stored: Arc<Stored>,
    bytes: usize,
    /// Whether it was used since the hand came by.
    was_used: bool,
}

/// What is kept for a request.
#[derive(Debug)]
pub(crate) enum Found {
    Answer(Arc<Stored>),
    /// Answers to the same target, but to other request fields.
    OtherVariants,
    Nothing,
}

/// Up to which invalidation an answer that is on its way is known to be good.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stamp(u64);

impl Store {
    /// A store of so many bytes; 0 keeps nothing.
    pub(crate) fn new(capacity: usize) -> Arc<Self> {
        let shards = (capacity / SHARD_BYTES).clamp(1, MAX_SHARDS);
        Arc::new(Self {
            shards: (0..shards).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
            shard_capacity: capacity / shards,
            receiving: AtomicUsize::new(0),
            flights: Flights::default(),
        })
    }

    fn shard(&self, key: &[u8]) -> MutexGuard<'_, Shard> {
        let number = self.hasher.hash_one(key) as usize % self.shards.len();
        self.shards[number].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn all(&self) -> impl Iterator<Item = MutexGuard<'_, Shard>> {
        self.shards
            .iter()
            .map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Largest answer that fits.
    pub(crate) fn max_entry(&self) -> usize {
        self.shard_capacity / 2
    }

    /// The answer that a request selects, which `is_selected` tells; of several the newest.
    pub(crate) fn find(
        &self,
        key: &[u8],
        partitions: [Option<Partition>; 2],
        is_selected: impl Fn(&Stored) -> bool,
    ) -> Found {
        let mut shard = self.shard(key);
        let Shard { targets, entries, .. } = &mut *shard;
        let Some(target) = targets.get(key) else {
            return Found::Nothing;
        };
        let mut newest: Option<u32> = None;
        let mut has_others = false;
        for partition in partitions.into_iter().flatten() {
            for place in target.get(&partition).into_iter().flatten() {
                let Some(entry) = &entries[*place as usize] else {
                    continue;
                };
                if !is_selected(&entry.stored) {
                    has_others = true;
                    continue;
                }
                let is_newer = |known: u32| {
                    entries[known as usize]
                        .as_ref()
                        .is_none_or(|known| known.stored.freshness.response_s < entry.stored.freshness.response_s)
                };
                if newest.is_none_or(is_newer) {
                    newest = Some(*place);
                }
            }
        }
        match newest.and_then(|place| entries[place as usize].as_mut()) {
            Some(entry) => {
                entry.was_used = true;
                Found::Answer(Arc::clone(&entry.stored))
            }
            None if has_others => Found::OtherVariants,
            None => Found::Nothing,
        }
    }

    /// What an answer that is asked for now must be kept with.
    pub(crate) fn stamp(&self, key: &[u8]) -> Stamp {
        Stamp(self.shard(key).invalidations)
    }

    /// What the answer to a call that changed its target must be kept with: one that was asked for at `since` and has
    /// invalidated the target `own` times. `None` when others have done so too: which of the changes was the last nobody knows.
    pub(crate) fn stamp_after_own(&self, key: &[u8], since: Stamp, own: usize) -> Option<Stamp> {
        let shard = self.shard(key);
        (shard.invalidations_of(key, since) == Some(own)).then_some(Stamp(shard.invalidations))
    }

    /// Keeps an answer, in place of those that the same request would select. It is not kept when the target was invalidated
    /// since it was asked for, or when it is too large. Returns whether it is kept.
    pub(crate) fn keep(&self, key: &Arc<[u8]>, partition: Partition, stored: Arc<Stored>, since: Stamp) -> bool {
        let bytes = stored.bytes() + key.len() + ENTRY_BYTES;
        if bytes > self.max_entry() {
            return false;
        }
        let mut shard = self.shard(key);
        if shard.invalidations_of(key, since) != Some(0) {
            return false;
        }
        let places = shard.places(key, partition);
        let is_same = |place: &&u32| {
            let entry = shard.entries[**place as usize].as_ref();
            entry.is_some_and(|entry| entry.stored.selecting == stored.selecting)
        };
        let replaced = places.iter().find(is_same).copied();
        let oldest = (places.len() >= MAX_VARIANTS).then(|| places[0]);
        if let Some(place) = replaced.or(oldest) {
            shard.remove(place);
        }
        shard.make_room(self.shard_capacity - bytes);
        shard.add(Entry {
            key: Arc::clone(key),
            partition,
            stored,
            bytes,
            was_used: false,
        });
        true
    }

    /// Forgets one answer.
    pub(crate) fn forget(&self, key: &[u8], gone: &Arc<Stored>) {
        let mut shard = self.shard(key);
        let place = shard.targets.get(key).and_then(|target| {
            let mut places = target.values().flatten();
            let is_gone = |place: &&u32| {
                let entry = shard.entries[**place as usize].as_ref();
                entry.is_some_and(|entry| Arc::ptr_eq(&entry.stored, gone))
            };
            places.find(is_gone).copied()
        });
        if let Some(place) = place {
            shard.remove(place);
        }
    }

    /// Forgets every answer to a target, those on their way included (RFC 9111 §4.4).
    pub(crate) fn invalidate(&self, key: &[u8]) {
        let mut shard = self.shard(key);
        shard.note_invalidation(Some(key.into()));
        let target = shard.targets.get(key);
        let places: Vec<u32> = target
            .into_iter()
            .flat_map(HashMap::values)
            .flatten()
            .copied()
            .collect();
        for place in places {
            shard.remove(place);
        }
    }

    /// Forgets the answers to keys that `is_meant` picks, and whatever is on its way; how many were forgotten.
    pub(crate) fn purge(&self, is_meant: impl Fn(&[u8]) -> bool) -> usize {
        let mut purged = 0;
        for mut shard in self.all() {
            shard.note_invalidation(None);
            for place in 0..shard.entries.len() {
                if shard.entries[place].as_ref().is_some_and(|entry| is_meant(&entry.key)) {
                    shard.remove(place as u32);
                    purged += 1;
                }
            }
        }
        purged
    }

    /// How many answers are kept, and how much memory they take.
    pub(crate) fn usage(&self) -> (usize, usize) {
        self.all().fold((0, 0), |(count, bytes), shard| {
            (count + shard.count, bytes + shard.bytes)
        })
    }

    /// Joins the calls that ask for the same.
    pub(crate) fn join(self: &Arc<Self>, key: &Arc<[u8]>, partition: Partition, now_s: i64) -> Join {
        self.flights.join(self, (key, partition), now_s, None)
    }

    /// The same after waiting in vain for a call whose caller takes no more of its answer: another goes in its place, and is
    /// waited for.
    pub(crate) fn outrun(self: &Arc<Self>, flight: &Flight, key: &Arc<[u8]>, partition: Partition, now_s: i64) -> Join {
        self.flights.join(self, (key, partition), now_s, Some(flight))
    }

    /// Calls that others may wait for.
    pub(super) fn flights(&self) -> &Flights {
        &self.flights
    }

    /// Asks for memory for an answer that is being received; at most as much as the store itself has.
    pub(super) fn reserve(&self, bytes: usize) -> bool {
        let before = self.receiving.fetch_add(bytes, Relaxed);
        let is_free = before + bytes <= self.shard_capacity.saturating_mul(self.shards.len());
        if !is_free {
            self.release(bytes);
        }
        is_free
    }

    /// Gives memory back that was asked for.
    pub(super) fn release(&self, bytes: usize) {
        self.receiving.fetch_sub(bytes, Relaxed);
    }
}

impl Shard {
    fn places(&self, key: &[u8], partition: Partition) -> &[u32] {
        let places = self.targets.get(key).and_then(|target| target.get(&partition));
        places.map_or(&[], |places| places)
    }

    fn add(&mut self, entry: Entry) {
        let (key, partition) = (Arc::clone(&entry.key), entry.partition);
        self.bytes += entry.bytes;
        self.count += 1;
        let place = match self.free.pop() {
            Some(place) => {
                self.entries[place as usize] = Some(entry);
                place
            }
            None => {
                self.entries.push(Some(entry));
                self.entries.len() as u32 - 1
            }
        };
        self.targets
            .entry(key)
            .or_default()
            .entry(partition)
            .or_default()
            .push(place);
    }

    fn remove(&mut self, place: u32) {
        let Some(entry) = self.entries[place as usize].take() else {
            return;
        };
        self.free.push(place);
        self.bytes -= entry.bytes;
        self.count -= 1;
        let Some(target) = self.targets.get_mut(&entry.key) else {
            return;
        };
        if let Some(places) = target.get_mut(&entry.partition) {
            places.retain(|other| *other != place);
            if places.is_empty() {
                target.remove(&entry.partition);
            }
        }
        if target.is_empty() {
            self.targets.remove(&entry.key);
        }
    }

    /// Lets go of answers until the rest takes no more than `bytes`.
    fn make_room(&mut self, bytes: usize) {
        while self.bytes > bytes && self.count > 0 {
            let place = self.hand % self.entries.len();
            self.hand = place + 1;
            match &mut self.entries[place] {
                Some(entry) if entry.was_used => entry.was_used = false,
                Some(_) => self.remove(place as u32),
                None => {}
            }
        }
    }

    fn note_invalidation(&mut self, key: Option<Arc<[u8]>>) {
        self.invalidations += 1;
        if self.recent.len() >= REMEMBERED {
            self.recent.pop_front();
        }
        self.recent.push_back((self.invalidations, key));
    }

    /// How often a key was invalidated since then; `None` when that is not remembered any more.
    fn invalidations_of(&self, key: &[u8], since: Stamp) -> Option<usize> {
        if self.recent.front().is_some_and(|(first, _)| *first > since.0 + 1) {
            return None;
        }
        let later = self.recent.iter().rev().take_while(|(number, _)| *number > since.0);
        Some(
            later
                .filter(|(_, gone)| gone.as_deref().is_none_or(|gone| gone == key))
                .count(),
        )
    }
}

#[cfg(test)]
mod tests;
