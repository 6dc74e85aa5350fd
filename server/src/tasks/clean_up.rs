//! Deletes what ended: sessions and one-time tokens that are of no use any more.

use std::time::Duration;

use domain::services::Services;
use tokio_util::sync::CancellationToken;

/// Ended rows are harmless; this only keeps the tables small.
const EVERY: Duration = Duration::from_secs(60 * 60);

pub(super) async fn forget_what_ended(services: Services, stop: CancellationToken) {
    loop {
        match services.accounts.forget_expired().await {
            Ok(0) => {}
            Ok(count) => tracing::debug!(count, "forgot sessions and tokens that had ended"),
            Err(error) => tracing::warn!(error = ?error, "could not clean up sessions"),
        }
        if !super::pause(EVERY, &stop).await {
            return;
        }
    }
}
