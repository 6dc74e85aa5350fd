//! Keeps the gateway's snapshot up with the database.
//!
//! A pass asks for the newest configuration's number, reads what changed since the one that is served and applies it. It
//! runs when this process commits a change, when another one over the same PostgreSQL database does, and every two
//! seconds. A pass that fails leaves the last snapshot in place and is repeated with the next reason to look.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering::Relaxed},
    },
    time::Duration,
};

use domain::{
    clock::Timestamp,
    error::Result,
    gateway_config::{ConfigRevision, ConfigUpdate},
    services::Services,
    store::ConfigListener,
};
use gateway::SnapshotHandle;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{Task, TaskRecords};

/// Between two passes without another reason, and between two reports that this gateway is alive.
const EVERY: Duration = Duration::from_secs(2);
/// Before listening is tried again after the connection was lost.
const LISTEN_AGAIN: Duration = Duration::from_secs(2);

/// Keeps a snapshot up with the database; see the module.
pub struct Reconciler {
    services: Services,
    snapshot: SnapshotHandle,
    served: watch::Sender<ConfigRevision>,
    /// Name of this process in the list of gateways.
    node: String,
    status: Arc<ConfigStatus>,
    records: TaskRecords,
}

/// How fresh the served configuration is.
#[derive(Debug, Default)]
pub struct ConfigStatus {
    /// Unix milliseconds; 0 for never.
    confirmed_at: AtomicI64,
    is_from_disk: AtomicBool,
}

impl ConfigStatus {
    /// When the database last said that this is the newest configuration, in Unix milliseconds; 0 for never.
    pub fn confirmed_at_ms(&self) -> i64 {
        self.confirmed_at.load(Relaxed)
    }

    /// Whether the configuration is the last good one from the disk, because the database was away at the start and has
    /// been since.
    pub fn is_from_disk(&self) -> bool {
        self.is_from_disk.load(Relaxed)
    }

    fn confirm(&self, at: Timestamp, is_from_disk: bool) {
        self.confirmed_at
            .store((at.unix_timestamp_nanos() / 1_000_000) as i64, Relaxed);
        self.is_from_disk.store(is_from_disk, Relaxed);
    }
}

impl Reconciler {
    /// A reconciler for `snapshot`, which reports as the gateway `node`.
    pub fn new(services: Services, snapshot: SnapshotHandle, node: String, records: TaskRecords) -> Self {
        Self {
            services,
            snapshot,
            served: watch::Sender::new(0),
            node,
            status: Arc::default(),
            records,
        }
    }

    /// How fresh the served configuration is.
    pub fn status(&self) -> Arc<ConfigStatus> {
        Arc::clone(&self.status)
    }

    /// The configuration that is served; 0 before the first.
    pub fn served(&self) -> watch::Receiver<ConfigRevision> {
        self.served.subscribe()
    }

    /// One pass. Does nothing if the newest configuration is served already.
    ///
    /// # Errors
    /// The database cannot be read; the last snapshot stays.
    pub async fn pass(&self) -> Result<()> {
        let began = self.services.context.clock.now();
        let passed = self.try_pass().await;
        if passed.is_ok() {
            self.status.confirm(began, false);
        }
        self.records
            .note(Task::Reconciler, passed.is_ok(), self.services.context.clock.now());
        passed
    }

    async fn try_pass(&self) -> Result<()> {
        let since = self.snapshot.revision();
        if since.is_some() && since == Some(self.services.gateway_config.revision().await?) {
            return Ok(());
        }
        let mut applied = self.apply(since).await?;
        if !applied.is_taken && applied.revision.is_none() {
            applied = self.apply(None).await?;
        }
        for warning in &applied.warnings {
            tracing::warn!(subject = %warning.subject, reason = %warning.reason, "a record is not used as it was meant");
        }
        if let Some(revision) = applied.revision {
            self.served.send_replace(revision);
            tracing::debug!(revision, "serving a new configuration");
        }
        Ok(())
    }

    async fn apply(&self, since: Option<ConfigRevision>) -> Result<gateway::Applied> {
        let update = self.services.gateway_config.read(since).await?;
        let snapshot = self.snapshot.clone();
        let apply = move || match update {
            // The database went back: a backup was restored under a gateway that runs.
            ConfigUpdate::Full(config) if since.is_some_and(|served| config.revision < served) => {
                tracing::warn!(
                    revision = config.revision,
                    served = since,
                    "an older configuration replaces the served one"
                );
                snapshot.replace(*config)
            }
            update => snapshot.apply(update),
        };
        // Compiling a large configuration takes a while and must not hold up pages.
        let applied = tokio::task::spawn_blocking(apply).await;
        applied.map_err(domain::error::DomainError::internal)
    }

    /// Passes until `stop`, then takes this gateway off the list.
    pub async fn run(self, stop: CancellationToken) {
        let mut listener = None;
        loop {
            if let Err(error) = self.pass().await {
                tracing::warn!(error = ?error, "keeping the last configuration");
            }
            self.report().await;
            tokio::select! {
                () = self.services.context.config_changed.notified() => {}
                () = announced(&self.services, &mut listener) => {}
                () = tokio::time::sleep(EVERY) => {}
                () = stop.cancelled() => break,
            }
        }
        if let Err(error) = self.services.gateway_config.report_stopped(&self.node).await {
            tracing::warn!(error = ?error, "could not report that this gateway stopped");
        }
    }

    async fn report(&self) {
        let Some(revision) = self.snapshot.revision() else {
            return;
        };
        if let Err(error) = self.services.gateway_config.report_served(&self.node, revision).await {
            tracing::warn!(error = ?error, "could not report which configuration is served");
        }
    }
}

/// Waits until another process announces a change. Never returns where there is nobody to listen to.
async fn announced(services: &Services, listener: &mut Option<ConfigListener>) {
    loop {
        let Some(open) = listener else {
            match services.context.db.listen_config_changes().await {
                Ok(Some(open)) => {
                    *listener = Some(open);
                    continue;
                }
                Ok(None) => return std::future::pending().await,
                Err(error) => {
                    tracing::warn!(error = ?error, "cannot listen for changes of other processes; looking every 2 s");
                }
            }
            tokio::time::sleep(LISTEN_AGAIN).await;
            continue;
        };
        match open.changed().await {
            Ok(()) => return,
            Err(error) => {
                tracing::warn!(error = ?error, "no longer listening for changes of other processes");
                *listener = None;
            }
        }
    }
}
