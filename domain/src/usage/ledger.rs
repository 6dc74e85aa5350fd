//! Writing usage: idempotent batches.

use super::UsageBatch;
use crate::{error::Result, services::Context};

/// The writing side of the ledger.
#[derive(Clone)]
pub struct Ledger { pub(crate) cx: Context }

impl Ledger {
    /// Writes a batch in one transaction: ledger rows, quota counters, last use of keys. A batch that was written before
    /// (same gateway and sequence) changes nothing and returns `false`.
    pub async fn record(&self, batch: &UsageBatch) -> Result<bool> { unimplemented!() }
}
