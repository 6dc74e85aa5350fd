//! Deletes what ended: sessions, one-time tokens and notes of the ledger that are of no use any more.

use std::time::Duration;

use domain::services::Services;
use tokio_util::sync::CancellationToken;

/// Ended rows are harmless; this only keeps the tables small.
const EVERY: Duration = Duration::from_hours(1);

pub(super) async fn forget_what_ended(services: Services, stop: CancellationToken) {
    loop {
        match services.accounts.forget_expired().await {
            Ok(0) => {}
            Ok(count) => tracing::debug!(count, "forgot sessions and tokens that had ended"),
            Err(error) => tracing::warn!(error = ?error, "could not clean up sessions"),
        }
        match services.ledger.forget_old().await {
            Ok(0) => {}
            Ok(count) => tracing::debug!(count, "forgot batches and counters of the ledger that were over"),
            Err(error) => tracing::warn!(error = ?error, "could not clean up the ledger"),
        }
        if !super::pause(EVERY, &stop).await {
            return;
        }
    }
}
