//! Parsed documents, cached within a memory bound: reading GitHub's takes hundreds of milliseconds, a page must not.

use std::sync::Arc;

use crate::{error::Result, id::RevisionId, services::Context};

/// The cache of parsed documents. Cheap to clone; clones share the cache.
#[derive(Clone)]
pub struct Documents { pub(crate) cx: Context }

impl Documents {
    /// The parsed document of a revision; at most one task parses it, the others wait.
    pub async fn get(&self, revision: RevisionId) -> Result<Arc<openapi::Document>> { unimplemented!() }
}
