//! What the console and the command line do with the cache.

use std::sync::Arc;

use domain::id::VersionId;

use super::{key::target_in, settings::SCOPE_BYTES, store::Store};

/// The cache of a running gateway, for those who look after it. Cloning makes another handle on the same one.
#[derive(Clone, Debug)]
pub struct CacheHandle(pub(crate) Arc<Store>);

/// How full a cache is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheUsage {
    /// Answers that are kept.
    pub answers: usize,
    /// Memory that they take, in bytes.
    pub bytes: usize,
}

impl CacheHandle {
    /// Forgets every answer of a version, those on their way included; how many were kept.
    pub fn purge_version(&self, version: VersionId) -> usize {
        self.purge_path(version, "")
    }

    /// Forgets the answers of a version whose path and query, below the version's own path, begin with `prefix`:
    /// `/pets/` means all pets, `/pets?` the list with every query. How many were kept.
    pub fn purge_path(&self, version: VersionId, prefix: &str) -> usize {
        let id = *version.uuid().as_bytes();
        self.0.purge(|key| {
            key.len() > SCOPE_BYTES && key.starts_with(&id) && target_in(key).starts_with(prefix.as_bytes())
        })
    }

    /// Forgets everything; how many answers were kept.
    pub fn clear(&self) -> usize {
        self.0.purge(|_| true)
    }

    /// How full it is.
    pub fn usage(&self) -> CacheUsage {
        let (answers, bytes) = self.0.usage();
        CacheUsage { answers, bytes }
    }
}
