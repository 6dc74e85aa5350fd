//! Lists that come in pages: keyset cursors, never offsets.

use serde::{Deserialize, Serialize};

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The rows, in the list's order.
    pub items: Vec<T>,
    /// Opaque text to ask for the rows after these; `None` on the last page.
    pub next: Option<String>,
}

/// Rows on a page where the caller does not choose.
pub const DEFAULT_PAGE_SIZE: u64 = 50;
