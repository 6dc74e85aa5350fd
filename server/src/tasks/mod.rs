//! What runs beside the listeners: each task is a loop that waits for a signal or a tick, does an idempotent pass, logs
//! what fails and goes on.

mod cache_purge;
mod clean_up;
mod lifecycle;
pub mod mail;
mod reconciler;
mod record;
mod usage_flush;
mod warned;

use std::{future::Future, time::Duration};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use reconciler::{ConfigStatus, Reconciler};
pub use record::{Passes, Task, TaskRecords};
pub use usage_flush::{UsageCounters, UsageFlush};

/// The background tasks of a process. Dropping it stops them without waiting.
#[derive(Debug, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
    records: TaskRecords,
}

impl Tasks {
    /// How the tasks fare.
    pub fn records(&self) -> TaskRecords {
        self.records.clone()
    }

    /// The signal on which tasks end.
    pub fn stop_signal(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Starts a task; it should end soon after [`Tasks::stop_signal`].
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tracker.spawn(task);
    }

    /// Tells all tasks to stop and waits for them, for at most `grace`. Returns whether all of them ended.
    pub async fn stop(self, grace: Duration) -> bool {
        self.stop.cancel();
        self.tracker.close();
        tokio::time::timeout(grace, self.tracker.wait()).await.is_ok()
    }

    /// The tasks of the role `worker`.
    pub fn spawn_worker(&self, services: &domain::services::Services, transport: mail::Transport) {
        let records = || self.records();
        self.spawn(mail::send_queued(
            services.clone(),
            transport,
            records(),
            self.stop_signal(),
        ));
        self.spawn(lifecycle::retire_at_sunset(
            services.clone(),
            records(),
            self.stop_signal(),
        ));
        self.spawn(clean_up::forget_what_ended(
            services.clone(),
            records(),
            self.stop_signal(),
        ));
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Waits for `pause` or the signal; `false` when it is time to stop.
async fn pause(pause: Duration, stop: &CancellationToken) -> bool {
    tokio::time::timeout(pause, stop.cancelled()).await.is_err()
}
