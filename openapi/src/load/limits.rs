//! How much work one document may cause.

use std::time::Duration;

/// Bounds on reading one document. Whatever crosses one is refused with a diagnostic that names the bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Size of the text in bytes, after gzip expansion. Default 16 MiB: GitHub's document has 10.5 MB.
    pub bytes: usize,
    /// Levels of nesting in the text. Default 200: real documents stay below 40, and the recursive passes over the value
    /// stay far from the end of a 2 MiB thread stack.
    pub depth: usize,
    /// Values (objects, lists, texts, numbers…) in the document, with YAML aliases expanded. Default 2,000,000, six times
    /// GitHub's; a value costs between 32 and 200 bytes of memory.
    pub nodes: usize,
    /// Bytes of one key. Default 16 KiB; the longest of real documents have some 120.
    pub key_bytes: usize,
    /// Bytes of the JSON pointer to one value. Default 64 KiB; the longest of real documents have some 250.
    pub pointer_bytes: usize,
    /// Bytes of the JSON pointers to all values together, which is what naming every place takes: a long key near the root
    /// counts for everything below it. Default 256 MiB, six times GitHub's.
    pub all_pointers_bytes: usize,
    /// Memory in bytes that YAML anchors, aliases and merge keys may add to what is written out. Default 32 MiB.
    pub alias_bytes: usize,
    /// Time for parsing the text. Default 5 s, in a debug build ten times that; only pathological input comes near.
    pub time: Duration,
    /// Diagnostics that are kept; the rest is counted in a closing one. Default 500.
    pub diagnostics: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 16 * 1024 * 1024,
            depth: 200,
            nodes: 2_000_000,
            key_bytes: 16 * 1024,
            pointer_bytes: 64 * 1024,
            all_pointers_bytes: 256 * 1024 * 1024,
            alias_bytes: 32 * 1024 * 1024,
            time: Duration::from_secs(if cfg!(debug_assertions) { 50 } else { 5 }),
            diagnostics: 500,
        }
    }
}
