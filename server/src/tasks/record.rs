//! How the background tasks fare, for metrics.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
};

use domain::clock::Timestamp;

/// A background task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Keeps the gateway's configuration up with the database.
    Reconciler,
    /// Writes usage into the ledger.
    UsageFlush,
    /// Sends mails.
    Mail,
    /// Retires versions at their sunset.
    Lifecycle,
    /// Deletes what ended.
    CleanUp,
}

impl Task {
    /// Every task.
    pub const ALL: [Self; 5] = [
        Self::Reconciler,
        Self::UsageFlush,
        Self::Mail,
        Self::Lifecycle,
        Self::CleanUp,
    ];

    /// The name in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reconciler => "reconciler",
            Self::UsageFlush => "usage_flush",
            Self::Mail => "mail",
            Self::Lifecycle => "lifecycle",
            Self::CleanUp => "clean_up",
        }
    }
}

/// What became of the passes of every task. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct TaskRecords(Arc<[TaskRecord; Task::ALL.len()]>);

#[derive(Debug, Default)]
struct TaskRecord {
    succeeded: AtomicU64,
    failed: AtomicU64,
    /// Unix seconds; 0 for never.
    last_success: AtomicI64,
}

/// What became of the passes of one task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passes {
    /// Passes that did what they should.
    pub succeeded: u64,
    /// Passes that failed and were or will be repeated.
    pub failed: u64,
    /// End of the last one that succeeded, in Unix seconds; 0 for never.
    pub last_success: i64,
}

impl TaskRecords {
    /// Notes a pass that ended at `now`.
    pub fn note(&self, task: Task, has_succeeded: bool, now: Timestamp) {
        let record = &self.0[task as usize];
        if has_succeeded {
            record.succeeded.fetch_add(1, Relaxed);
            record.last_success.store(now.unix_timestamp(), Relaxed);
        } else {
            record.failed.fetch_add(1, Relaxed);
        }
    }

    /// What became of a task's passes.
    pub fn passes(&self, task: Task) -> Passes {
        let record = &self.0[task as usize];
        Passes {
            succeeded: record.succeeded.load(Relaxed),
            failed: record.failed.load(Relaxed),
            last_success: record.last_success.load(Relaxed),
        }
    }
}
