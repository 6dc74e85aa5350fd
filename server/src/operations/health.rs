//! Whether a process can do its work.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use domain::{gateway_config::ConfigRevision, services::Services};
use tokio::sync::watch;

/// Knows whether a process can do its work. Clones are of the same process.
#[derive(Clone)]
pub struct Readiness {
    services: Services,
    needs_database: bool,
    served: Option<watch::Receiver<ConfigRevision>>,
    is_stopping: Arc<AtomicBool>,
}

/// Why a process can't do its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotReady {
    /// It is not up yet.
    #[error("starting")]
    Starting,
    /// It is about to stop and finishes what is under way.
    #[error("stopping")]
    Stopping,
    /// The database is away, and the process has a role that needs it for every request.
    #[error("the database does not answer")]
    Database,
    /// The gateway refuses every call.
    #[error("the gateway has no configuration yet")]
    Configuration,
}

impl Readiness {
    /// For a process that is up. `served` is the configuration that its gateway serves, if it has one; a process that
    /// only is a gateway can do without the database.
    pub fn new(services: Services, needs_database: bool, served: Option<watch::Receiver<ConfigRevision>>) -> Self {
        Self {
            services,
            needs_database,
            served,
            is_stopping: Arc::default(),
        }
    }

    /// The process is about to stop: from here on it is not ready.
    pub fn stopping(&self) {
        self.is_stopping.store(true, Relaxed);
    }

    /// Whether the process can do its work now; takes two seconds at most.
    ///
    /// # Errors
    /// Why it can't.
    pub async fn check(&self) -> Result<(), NotReady> {
        if self.is_stopping.load(Relaxed) {
            return Err(NotReady::Stopping);
        }
        if self.needs_database
            && let Err(error) = self.services.context.db.health().await
        {
            tracing::error!(error = ?error, "the database does not answer");
            return Err(NotReady::Database);
        }
        // Configurations are numbered from 1.
        if self.served.as_ref().is_some_and(|served| *served.borrow() < 1) {
            return Err(NotReady::Configuration);
        }
        Ok(())
    }
}
