//! A process that serves, and how it stops.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use app::cx::Settings;
use domain::services::Services;
use gateway::{CounterSnapshot, RunningGateway};
use tokio::{sync::watch, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::{
    access_log::AccessLogWriter,
    config::{DrainArgs, FolderLock},
    operations::{Operations, Readiness},
    tasks::Tasks,
};

/// How long writing the last usage may take; the database may be slow, but not gone for good.
const LAST_USAGE: Duration = Duration::from_secs(15);
/// How long background tasks may take to end.
const LAST_TASKS: Duration = Duration::from_secs(10);

/// A process that serves.
pub struct Running {
    pub(super) services: Services,
    pub(super) settings: Arc<Settings>,
    pub(super) served: Option<watch::Receiver<i64>>,
    pub(super) gateway: Option<(RunningGateway, JoinHandle<()>)>,
    pub(super) access_log: Option<AccessLogWriter>,
    pub(super) portal: Option<(SocketAddr, JoinHandle<()>)>,
    pub(super) stop_portal: CancellationToken,
    pub(super) tasks: Tasks,
    pub(super) readiness: Readiness,
    pub(super) operations: Option<Operations>,
    pub(super) drain: DrainArgs,
    /// Until the process has stopped.
    pub(super) _lock: Option<FolderLock>,
}

impl Running {
    /// The use cases, for commands that go on working with a process they started.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// Facts about the installation, with the URLs that were picked.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Where the portal listens, if this process has one.
    pub fn portal_addr(&self) -> Option<SocketAddr> {
        self.portal.as_ref().map(|(address, _)| *address)
    }

    /// Where the gateway listens, if this process has one.
    pub fn gateway_addr(&self) -> Option<SocketAddr> {
        self.gateway.as_ref().map(|(gateway, _)| gateway.local_addr())
    }

    /// Where metrics and health checks are, if this process has them.
    pub fn operations_addr(&self) -> Option<SocketAddr> {
        self.operations.as_ref().map(Operations::local_addr)
    }

    /// Waits until the gateway of this process serves the newest configuration.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn wait_live(&self) -> anyhow::Result<()> {
        let revision = self.services.gateway_config.revision().await?;
        if let Some(mut served) = self.served.clone() {
            served.wait_for(|served| *served >= revision).await?;
        }
        Ok(())
    }

    /// Stops in order; see the module. Returns whether everything that was under way finished.
    pub async fn stop(self) -> bool {
        let Self {
            services,
            gateway,
            access_log,
            portal,
            stop_portal,
            tasks,
            readiness,
            operations,
            drain,
            ..
        } = self;
        readiness.stopping();
        if !drain.drain_delay.is_zero() {
            tracing::info!(
                seconds = drain.drain_delay.as_secs(),
                "not ready any more, and still taking requests"
            );
            tokio::time::sleep(drain.drain_delay).await;
        }
        let grace = drain.drain_timeout;
        stop_portal.cancel();
        let portal_stops = async {
            match portal {
                Some((_, mut task)) => {
                    let drained = tokio::time::timeout(grace, &mut task).await.is_ok();
                    task.abort();
                    drained
                }
                None => true,
            }
        };
        let gateway_stops = async {
            match gateway {
                Some((gateway, mut flush)) => {
                    let counters = gateway.counters();
                    let drained = gateway.shutdown(grace).await;
                    sum_up(&counters.read());
                    let written = tokio::time::timeout(LAST_USAGE, &mut flush).await.is_ok();
                    if !written {
                        flush.abort();
                        tracing::error!("the last usage could not be written");
                    }
                    drained.cut == 0 && written
                }
                None => true,
            }
        };
        let (portal_drained, gateway_drained) = tokio::join!(portal_stops, gateway_stops);
        if let Some(access_log) = access_log {
            access_log.finish().await;
        }
        let tasks_ended = tasks.stop(LAST_TASKS).await;
        services.context.db.close().await;
        if !(portal_drained && gateway_drained) {
            tracing::warn!("some requests were cut off");
        }
        if let Some(operations) = operations {
            operations.stop().await;
        }
        portal_drained && gateway_drained && tasks_ended
    }
}

/// Tells the log what the gateway did since the start.
fn sum_up(counters: &CounterSnapshot) {
    let answered: u64 = counters.by_class.iter().sum();
    let refused: u64 = counters.refusals.iter().map(|(_, count)| count).sum();
    let reasons: Vec<_> = counters
        .refusals
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(reason, count)| format!("{reason}: {count}"))
        .collect();
    tracing::info!(
        connections = counters.connections,
        upstream_connections = counters.upstream_connections,
        refusals = reasons.join(", "),
        "the gateway answered {answered} calls and refused {refused} of them"
    );
}
