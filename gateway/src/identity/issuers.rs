//! What outlives a snapshot of what issuers have said: key sets that were fetched, and answers of introspection.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Weak},
};

use http::Uri;

use super::{
    introspection::Fingerprint,
    introspector::Introspector,
    key_source::{FetchedKeys, KeySource},
};

/// Finds again what the rules of the last snapshot have used; what no rule uses any more is forgotten.
#[derive(Debug, Default)]
pub(crate) struct IssuerBook {
    key_sets: HashMap<Box<str>, Weak<FetchedKeys>>,
    introspectors: HashMap<Fingerprint, Weak<Introspector>>,
}

impl IssuerBook {
    /// Forgets what is not used.
    pub(crate) fn turn(&mut self) {
        self.key_sets.retain(|_, keys| keys.strong_count() > 0);
        self.introspectors.retain(|_, one| one.strong_count() > 0);
    }

    /// The keys at an address: public ones, so whoever names the address shares them.
    pub(crate) fn keys_at(&mut self, url: &Uri) -> KeySource {
        let keys = found_or_made(&mut self.key_sets, url.to_string().into(), || {
            FetchedKeys::new(url.clone())
        });
        KeySource::Fetched(keys)
    }

    /// The answers that a server gave to whoever asks with exactly this name and secret: another may not be told the same.
    pub(crate) fn introspector(
        &mut self,
        settings: &[&[u8]],
        make: impl FnOnce() -> Introspector,
    ) -> Arc<Introspector> {
        let mut all = Vec::new();
        for part in settings {
            all.extend_from_slice(&(part.len() as u64).to_le_bytes());
            all.extend_from_slice(part);
        }
        found_or_made(&mut self.introspectors, Fingerprint::of(&all), make)
    }
}

fn found_or_made<K: Hash + Eq, V>(known: &mut HashMap<K, Weak<V>>, key: K, make: impl FnOnce() -> V) -> Arc<V> {
    if let Some(found) = known.get(&key).and_then(Weak::upgrade) {
        return found;
    }
    let made = Arc::new(make());
    known.insert(key, Arc::downgrade(&made));
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_is_found_again_and_what_is_not_is_forgotten() {
        let mut book = IssuerBook::default();
        let url = Uri::from_static("https://id.example/keys");
        let KeySource::Fetched(first) = book.keys_at(&url) else {
            panic!("it is fetched")
        };
        let KeySource::Fetched(again) = book.keys_at(&url) else {
            panic!("it is fetched")
        };
        assert!(Arc::ptr_eq(&first, &again));
        let make = || Introspector::new(30);
        let one = book.introspector(&[b"https://id.example", b"a", b"secret"], make);
        let same = book.introspector(&[b"https://id.example", b"a", b"secret"], make);
        let other = book.introspector(&[b"https://id.example", b"a", b"guessed"], make);
        let shifted = book.introspector(&[b"https://id.example", b"as", b"ecret"], make);
        assert!(Arc::ptr_eq(&one, &same));
        assert!(!Arc::ptr_eq(&one, &other) && !Arc::ptr_eq(&one, &shifted));
        drop((first, again));
        book.turn();
        assert!(book.key_sets.is_empty());
        assert_eq!(book.introspectors.len(), 3);
    }
}
