//! Metering: each worker adds up what it answered, without locks, and hands the rows over twice a second.

mod latency;
mod table;
mod versions;

use domain::usage::{UsageKey, UsageSums};
use tokio::sync::mpsc;

pub use latency::{LATENCY_BUCKETS, Latencies, LatencyHistogram};
pub(crate) use table::{MeterKey, MeterTable};
pub(crate) use versions::{ServedVersions, VersionLatencies};

/// Rows with distinct keys, as one worker hands them over: the content of one [`domain::usage::UsageBatch`].
pub type UsageRows = Vec<(UsageKey, UsageSums)>;

/// Where usage goes. While the receiver is slow, rows stay with the workers and go on adding up: nothing is lost and
/// memory is bounded by the number of distinct keys.
#[derive(Clone, Debug)]
pub struct UsageSink(mpsc::Sender<UsageRows>);

impl UsageSink {
    /// A sink and its receiving end. `capacity` is the number of hand-overs that may wait, at least 1; 64 is plenty.
    pub fn channel(capacity: usize) -> (Self, mpsc::Receiver<UsageRows>) {
        let (sender, receiver) = mpsc::channel(capacity.max(1));
        (Self(sender), receiver)
    }

    /// A view of the hand-overs that wait; it does not keep the channel open.
    pub fn backlog(&self) -> UsageBacklog {
        UsageBacklog {
            sender: self.0.downgrade(),
            capacity: self.0.max_capacity(),
        }
    }

    /// Hands over what a table holds if there is room, otherwise leaves it there.
    pub(crate) fn offer(&self, table: &mut MeterTable) {
        if table.is_empty() {
            return;
        }
        match self.0.try_reserve() {
            Ok(slot) => slot.send(table.drain()),
            Err(mpsc::error::TrySendError::Full(())) => {
                tracing::debug!(rows = table.len(), "the ledger is behind: usage waits in memory");
            }
            Err(mpsc::error::TrySendError::Closed(())) => {
                tracing::error!(rows = table.len(), "nobody takes usage any more: it waits in memory");
            }
        }
    }

    /// Hands over what a table holds and waits for room.
    pub(crate) async fn finish(&self, rows: UsageRows) {
        let count = rows.len();
        if count > 0 && self.0.send(rows).await.is_err() {
            tracing::error!(rows = count, "usage is lost: nobody takes it any more");
        }
    }
}

/// How far the ledger is behind.
#[derive(Clone, Debug)]
pub struct UsageBacklog {
    sender: mpsc::WeakSender<UsageRows>,
    capacity: usize,
}

impl UsageBacklog {
    /// Hand-overs that wait to be taken; 0 once the gateway is gone.
    pub fn waiting(&self) -> usize {
        self.sender
            .upgrade()
            .map_or(0, |sender| self.capacity.saturating_sub(sender.capacity()))
    }

    /// Hand-overs that may wait; beyond that, rows stay with the workers and go on adding up.
    pub const fn capacity(&self) -> usize {
        self.capacity
    }
}
