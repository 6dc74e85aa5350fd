//! What is remembered of many who call: something for each, for no more of them than there is room for.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, Hash, RandomState},
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Parts with a lock each: who finds one full tidies that one only.
const SHARDS: usize = 64;
/// Remembered in one part.
const MAX_EACH: usize = 1_024;

/// What is remembered of those who call, for 65,536 of them.
#[derive(Debug)]
pub(crate) struct Crowd<K, V> {
    shards: [Mutex<HashMap<K, V>>; SHARDS],
    /// Nobody can know which callers share a part.
    hasher: RandomState,
}

/// Something that may be forgotten.
pub(crate) trait Forgettable {
    /// Whether it says no more than a new one.
    fn is_blank_at(&self, now_ns: u64) -> bool;

    /// Whether something of it goes on and will be over: then it is not forgotten, whatever comes. There are never more of
    /// these than of what goes on.
    fn is_held(&self) -> bool {
        false
    }
}

impl<K, V> Default for Crowd<K, V> {
    fn default() -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::default()),
            hasher: RandomState::new(),
        }
    }
}

impl<K: Hash + Eq + Clone, V: Default + Forgettable> Crowd<K, V> {
    fn shard(&self, key: &K) -> MutexGuard<'_, HashMap<K, V>> {
        let place = self.hasher.hash_one(key) as usize % SHARDS;
        self.shards[place].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Acts on what is remembered of one; something new if there is nothing. Where there is no room, what says nothing is
    /// forgotten, and if that makes none, somebody is; not one of whom something goes on.
    pub(crate) fn with<T>(&self, key: K, now_ns: u64, act: impl FnOnce(&mut V) -> T) -> T {
        let mut shard = self.shard(&key);
        if shard.len() >= MAX_EACH && !shard.contains_key(&key) {
            shard.retain(|_, value| !value.is_blank_at(now_ns));
            if shard.len() >= MAX_EACH
                && let Some(somebody) = shard.iter().find(|(_, value)| !value.is_held())
                && let somebody = somebody.0.clone()
            {
                shard.remove(&somebody);
            }
        }
        act(shard.entry(key).or_default())
    }

    /// Acts on what is remembered of one, if something is.
    pub(crate) fn with_known(&self, key: &K, act: impl FnOnce(&mut V)) {
        if let Some(value) = self.shard(key).get_mut(key) {
            act(value);
        }
    }
}

/// What one holder of IPv6 addresses has: a network of 64 bits at least. An IPv4 address is one of its own.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default)]
    struct Until(u64);

    impl Forgettable for Until {
        fn is_blank_at(&self, now_ns: u64) -> bool {
            self.0 <= now_ns
        }
    }

    /// What goes on.
    #[derive(Debug, Default)]
    struct Running(u32);

    impl Forgettable for Running {
        fn is_blank_at(&self, _: u64) -> bool {
            self.0 == 0
        }

        fn is_held(&self) -> bool {
            self.0 > 0
        }
    }

    #[test]
    fn what_goes_on_is_not_forgotten() {
        let crowd = Crowd::<usize, Running>::default();
        let many = SHARDS * MAX_EACH * 5 / 4;
        for key in 0..many {
            crowd.with(key, 0, |Running(count)| *count += 1);
        }
        for key in 0..many {
            let mut running = 0;
            crowd.with_known(&key, |Running(count)| {
                running = *count;
                *count = 0;
            });
            assert_eq!(running, 1, "{key}");
        }
        // What is over makes room again.
        for key in many..many + SHARDS * 100 {
            crowd.with(key, 0, |Running(count)| *count += 1);
        }
        let left: usize = crowd.shards.iter().map(|shard| shard.lock().unwrap().len()).sum();
        assert_eq!(left, SHARDS * 100);
    }

    fn count(crowd: &Crowd<usize, Until>) -> usize {
        crowd.shards.iter().map(|shard| shard.lock().unwrap().len()).sum()
    }

    #[test]
    fn only_so_many_are_remembered() {
        let crowd = Crowd::default();
        for key in 0..SHARDS * MAX_EACH * 5 / 4 {
            crowd.with(key, 0, |Until(until)| *until = 10);
        }
        assert_eq!(count(&crowd), SHARDS * MAX_EACH, "one goes for one that comes");
        // All say nothing any more: each part is tidied by the first that finds it full.
        for key in 0..SHARDS * 100 {
            crowd.with(usize::MAX - key, 10, |Until(until)| *until = 20);
        }
        assert_eq!(count(&crowd), SHARDS * 100);
        let mut is_known = false;
        crowd.with_known(&usize::MAX, |until| is_known = until.0 == 20);
        assert!(is_known);
        crowd.with_known(&1, |_| panic!("it was forgotten"));
    }
}
