//! The lifecycle clock: a version whose sunset has passed is retired by itself.
//!
//! Gateways judge the sunset of each call by their own clock; this makes the state in the catalog follow.

use std::time::Duration;

use domain::services::Services;
use tokio_util::sync::CancellationToken;

use super::{Task, TaskRecords};

/// How long a version may stay listed as deprecated after its sunset.
const EVERY: Duration = Duration::from_secs(2);

pub(super) async fn retire_at_sunset(services: Services, records: TaskRecords, stop: CancellationToken) {
    loop {
        let retired = services.catalog.retire_sunset_versions().await;
        records.note(Task::Lifecycle, retired.is_ok(), services.context.clock.now());
        match retired {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "retired versions at their sunset"),
            Err(error) => tracing::warn!(error = ?error, "could not look for versions past their sunset"),
        }
        if !super::pause(EVERY, &stop).await {
            return;
        }
    }
}
