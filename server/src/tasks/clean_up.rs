//! Deletes what ended: sessions, one-time tokens and notes of the ledger that are of no use any more.

use std::time::Duration;

use domain::services::Services;
use tokio_util::sync::CancellationToken;

use super::{Task, TaskRecords};

/// Ended rows are harmless; this only keeps the tables small.
const EVERY: Duration = Duration::from_hours(1);

pub(super) async fn forget_what_ended(services: Services, records: TaskRecords, stop: CancellationToken) {
    loop {
        let sessions = services.accounts.forget_expired().await;
        let batches = services.ledger.forget_old().await;
        let has_succeeded = sessions.is_ok() && batches.is_ok();
        records.note(Task::CleanUp, has_succeeded, services.context.clock.now());
        match sessions {
            Ok(0) => {}
            Ok(count) => tracing::debug!(count, "forgot sessions and tokens that had ended"),
            Err(error) => tracing::warn!(error = ?error, "could not clean up sessions"),
        }
        match batches {
            Ok(0) => {}
            Ok(count) => tracing::debug!(count, "forgot batches and counters of the ledger that were over"),
            Err(error) => tracing::warn!(error = ?error, "could not clean up the ledger"),
        }
        if !super::pause(EVERY, &stop).await {
            return;
        }
    }
}
