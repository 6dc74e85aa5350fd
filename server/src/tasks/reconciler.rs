//! Keeps the gateway's snapshot up with the database.
//!
//! A pass asks for the newest configuration's number, reads what changed since the one that is served and applies it. It
//! runs when this process commits a change, when another one over the same PostgreSQL database does, and every two
//! seconds. A pass that fails leaves the last snapshot in place and is repeated with the next reason to look.

use std::time::Duration;

use domain::{
    error::Result,
    gateway_config::{ConfigRevision, ConfigUpdate},
    services::Services,
    store::ConfigListener,
};
use gateway::SnapshotHandle;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

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
}

impl Reconciler {
    /// A reconciler for `snapshot`, which reports as the gateway `node`.
    pub fn new(services: Services, snapshot: SnapshotHandle, node: String) -> Self {
        Self {
            services,
            snapshot,
            served: watch::Sender::new(0),
            node,
        }
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
