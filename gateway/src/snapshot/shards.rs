//! A map in shards, copied on write: of a million keys a change copies one shard of about a thousand.

use std::{
    hash::{BuildHasher, BuildHasherDefault, Hash},
    sync::Arc,
};

use crate::fast_hash::{IdHasher, IdMap};

/// Enough that a shard of a million entries is small, and few enough that copying the pointers (8 kB) is nothing.
const SHARDS: usize = 1_024;

/// A persistent map for keys that are hashes or ids. Cloning it copies one pointer.
#[derive(Debug)]
pub(crate) struct Sharded<K, V> {
    shards: Arc<[Arc<IdMap<K, V>>]>,
}

impl<K, V> Clone for Sharded<K, V> {
    fn clone(&self) -> Self {
        Self {
            shards: Arc::clone(&self.shards),
        }
    }
}

impl<K, V> Default for Sharded<K, V> {
    fn default() -> Self {
        let empty = Arc::new(IdMap::default());
        Self {
            shards: (0..SHARDS).map(|_| Arc::clone(&empty)).collect(),
        }
    }
}

impl<K: Hash + Eq + Clone, V: Clone> Sharded<K, V> {
    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.shards[Self::shard_of(key)].get(key)
    }

    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.len()).sum()
    }

    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.shard_mut(&key).insert(key, value)
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        // So that nothing is copied for a key that is not there.
        self.get(key)?;
        self.shard_mut(key).remove(key)
    }

    /// The shard of a key, copied first if an older snapshot still holds it.
    fn shard_mut(&mut self, key: &K) -> &mut IdMap<K, V> {
        let shards = Arc::make_mut(&mut self.shards);
        Arc::make_mut(&mut shards[Self::shard_of(key)])
    }

    fn shard_of(key: &K) -> usize {
        // Bits that the map inside uses neither for its index nor for its tags.
        (BuildHasherDefault::<IdHasher>::default().hash_one(key) >> 40) as usize % SHARDS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_copies_one_shard_and_leaves_older_maps_alone() {
        let mut map = Sharded::default();
        for key in 0..100_000_u64 {
            map.insert(key, key);
        }
        let before = map.clone();
        map.insert(7, 70);
        map.remove(&8);
        map.remove(&1_000_000);
        assert_eq!((before.get(&7), before.get(&8)), (Some(&7), Some(&8)));
        assert_eq!((map.get(&7), map.get(&8)), (Some(&70), None));
        let copied = before
            .shards
            .iter()
            .zip(map.shards.iter())
            .filter(|(a, b)| !Arc::ptr_eq(a, b))
            .count();
        assert!(copied <= 2, "{copied} shards were copied");
        let largest = map.shards.iter().map(|shard| shard.len()).max().unwrap();
        assert!(largest < 250, "{largest} of 100,000 keys are in one shard");
    }
}
