//! The gateway of a process: its configuration from the database or the disk, and usage on its way to the ledger.

use std::{path::PathBuf, sync::Mutex};

use anyhow::Context as _;
use domain::{
    installation_key::{InstallationKey, Purpose},
    services::Services,
    upstream::address::AddressPolicy,
};
use gateway::{
    AccessLog, Gateway, GatewayOptions, RunningGateway, SnapshotHandle, TokenOptions, TokenSeed, UpstreamCertificates,
    UsageSink,
};
use tokio::{sync::watch, task::JoinHandle};

use crate::{
    config::NetworkArgs,
    operations::GatewaySources,
    snapshot_file::{Loaded, Recorder, SnapshotFile},
    tasks::{Reconciler, Tasks, UsageFlush},
};

/// Hand-overs of usage that may wait for the ledger; each holds what a worker counted in half a second.
const USAGE_CAPACITY: usize = 64;

/// What a gateway is started from.
pub(super) struct Parts<'a> {
    /// The command line.
    pub(super) network: &'a NetworkArgs,
    /// Where problems are explained.
    pub(super) portal_url: &'a str,
    /// Which addresses upstreams may have.
    pub(super) addresses: AddressPolicy,
    /// Signs access tokens; without it there are none.
    pub(super) key: Option<&'a InstallationKey>,
    /// The access log, if there is one.
    pub(super) access_log: Option<AccessLog>,
    /// What it has in the data folder.
    pub(super) disk: Disk,
}

/// What a gateway has in the data folder.
pub(super) struct Disk {
    /// Folder for usage that the database does not take.
    pub(super) lost: PathBuf,
    /// The last good configuration, if it is kept.
    pub(super) file: Option<SnapshotFile>,
    /// What was in it, if the database is away.
    pub(super) loaded: Option<Loaded>,
}

/// A gateway that accepts calls.
pub(super) struct StartedGateway {
    pub(super) gateway: RunningGateway,
    /// Writes usage until the gateway has handed over everything.
    pub(super) flush: JoinHandle<()>,
    /// Number of the configuration that is served.
    pub(super) served: watch::Receiver<i64>,
    pub(super) sources: GatewaySources,
}

/// Starts the gateway of a process.
///
/// # Errors
/// One line for the operator: an address that is taken, a certificate that cannot be used, a configuration that cannot be
/// read.
pub(super) async fn start(services: &Services, parts: Parts<'_>, tasks: &Tasks) -> anyhow::Result<StartedGateway> {
    let options = options(services, &parts);
    let Parts {
        network,
        portal_url,
        disk: Disk { lost, file, loaded },
        ..
    } = parts;
    let certificates = network.tls.upstream_client_certificate.clone();
    let certificates =
        UpstreamCertificates::read(certificates).context("--upstream-client-certificate cannot be used")?;
    let name = node_name();
    let snapshot = SnapshotHandle::with_certificates(portal_url, certificates.clone());
    let stop = tasks.stop_signal();
    tasks.spawn(async move {
        stop.run_until_cancelled(certificates.watch()).await;
    });
    let mut reconciler = Reconciler::new(services.clone(), snapshot.clone(), name.clone(), tasks.records());
    let mut file_state = None;
    if let Some(file) = file {
        match Recorder::start(&file) {
            Ok((recorder, writing)) => {
                file_state = Some(recorder.state());
                tasks.spawn(writing);
                reconciler.record(file, recorder);
            }
            Err(error) => {
                let error = format!("{error:#}");
                tracing::warn!(%error, "this gateway cannot restart without its database: nothing is kept on disk");
            }
        }
    }
    match loaded {
        Some(loaded) => reconciler.begin_with(loaded).await,
        None => reconciler.pass().await,
    }
    .context("the configuration cannot be read")?;
    let (sink, usage) = UsageSink::channel(USAGE_CAPACITY);
    let backlog = sink.backlog();
    let for_workers = snapshot.clone();
    let gateway = tokio::task::spawn_blocking(move || Gateway::start(options, for_workers, sink)).await?;
    let gateway = gateway.context("--gateway cannot be used")?;
    reconciler.purge(gateway.cache());
    // Not among the tasks: it ends when the gateway has handed over everything, not on a signal.
    let flush = UsageFlush::new(services.clone(), name, lost, tasks.records());
    let sources = GatewaySources {
        counters: gateway.counters(),
        tokens: gateway.tokens(),
        cache: gateway.cache(),
        snapshot,
        status: reconciler.status(),
        file: file_state,
        backlog,
        usage: flush.counters(),
        addresses: Mutex::default(),
    };
    let flush = tokio::spawn(flush.run(usage));
    let served = reconciler.served();
    tasks.spawn(reconciler.run(tasks.stop_signal()));
    Ok(StartedGateway {
        gateway,
        flush,
        served,
        sources,
    })
}

/// What the command line says of a gateway.
fn options(services: &Services, parts: &Parts<'_>) -> GatewayOptions {
    let network = parts.network;
    let mut options = GatewayOptions::new(network.gateway);
    options.addresses = parts.addresses;
    options.clock = services.context.clock.clone();
    options.access_log.clone_from(&parts.access_log);
    options.tokens = parts.key.map(|key| TokenOptions {
        seed: TokenSeed(key.derive(Purpose::Tokens)),
        issuer: network.gateway_url.clone(),
        life: network.token_life,
    });
    options.tls = network.tls.options();
    options.trusted_proxies = network.trusted_proxies.iter().copied().map(Into::into).collect();
    options.cache_bytes = network.memory.cache_bytes();
    options.limits.held_bytes = network.memory.held_bytes();
    if let Some(threads) = network.gateway_threads {
        options.threads = threads.get();
    }
    options
}

/// What a gateway served when it last ran; `None`, and the log says why, if there is nothing that could be used.
pub(super) fn last_good_configuration(file: &SnapshotFile) -> Option<Loaded> {
    match file.load() {
        Ok(loaded) => {
            if loaded.is_cut {
                tracing::warn!(file = %file.path().display(), "the last change of the configuration is missing on disk");
            }
            Some(loaded)
        }
        Err(error) => {
            tracing::warn!(%error, file = %file.path().display(), "the last good configuration on disk is not used");
            None
        }
    }
}

/// A new name at every start, so that batches of usage are numbered from 1 again.
fn node_name() -> String {
    format!("{}-{:016x}", std::process::id(), rand::random::<u64>())
}
