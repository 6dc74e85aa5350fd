//! Starting and stopping a process.
//!
//! Start: addresses of portal and operations taken → database open and up to date → first configuration loaded → gateway accepts →
//! background tasks → portal accepts. Stop, the other way round: not ready any more → (delay) →
//! portal and gateway stop accepting and finish what is
//! under way, the last usage is written, tasks end, the database is closed, health checks end. A step that fails undoes those before it.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use anyhow::Context as _;
use app::cx::{AppState, Assets, Settings};
use axum::Router;
use domain::{
    account::throttle::SignInThrottle, installation_key::Purpose, services::Services, upstream::address::AddressPolicy,
};
use gateway::{
    CounterSnapshot, Gateway, GatewayOptions, RunningGateway, SnapshotHandle, TokenOptions, TokenSeed,
    UpstreamCertificates, UsageSink,
};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::{
    access_log::AccessLogWriter,
    assets,
    config::{DrainArgs, FolderLock, MissingKey, NetworkArgs, OperationsArgs, Role, SecretKeyArgs, Store, local_url},
    operations::{AccessLogSources, GatewaySources, Operations, PortalCounters, Readiness, Sources},
    snapshot_file::{Loaded, Recorder, SnapshotFile},
    tasks::{Reconciler, Tasks, UsageFlush, mail::Transport},
    web,
};

/// How long writing the last usage may take; the database may be slow, but not gone for good.
const LAST_USAGE: Duration = Duration::from_secs(15);
/// How long background tasks may take to end.
const LAST_TASKS: Duration = Duration::from_secs(10);
/// Hand-overs of usage that may wait for the ledger; each holds what a worker counted in half a second.
const USAGE_CAPACITY: usize = 64;

/// What a process is started with.
pub struct Plan {
    /// Where the data is.
    pub store: Store,
    /// The installation's key.
    pub secret_key: SecretKeyArgs,
    /// Folder for what the database does not take; made when it is needed.
    pub lost: PathBuf,
    /// Addresses to listen on and how they are reached.
    pub network: NetworkArgs,
    /// How it is watched and how it stops.
    pub operations: OperationsArgs,
    /// What the process does.
    pub roles: Vec<Role>,
    /// Which addresses upstreams and spec URLs may have.
    pub addresses: AddressPolicy,
    /// Where mails go.
    pub mail: MailPlan,
    /// Pages beside those of the user interface.
    pub extra_pages: Router<AppState>,
}

/// Where mails go.
pub enum MailPlan {
    /// Out of the process, or into files.
    Transport(Transport),
    /// Into memory, to be shown at `/demo/mail`.
    Sink(crate::tasks::mail::MailSink),
}

/// A process that serves.
pub struct Running {
    services: Services,
    settings: Arc<Settings>,
    served: Option<watch::Receiver<i64>>,
    gateway: Option<(RunningGateway, JoinHandle<()>)>,
    access_log: Option<AccessLogWriter>,
    portal: Option<(SocketAddr, JoinHandle<()>)>,
    stop_portal: CancellationToken,
    tasks: Tasks,
    readiness: Readiness,
    operations: Option<Operations>,
    drain: DrainArgs,
    /// Until the process has stopped.
    _lock: Option<FolderLock>,
}

/// Starts a process.
///
/// # Errors
/// One line for the operator: a taken port, a folder that cannot be written to, a database that is newer than this
/// program or does not answer.
pub async fn start(plan: Plan) -> anyhow::Result<Running> {
    let Plan {
        store,
        secret_key,
        lost,
        network,
        operations,
        roles,
        addresses,
        mail,
        extra_pages,
    } = plan;
    let portal = if Role::Portal.is_among(&roles) {
        Some(bind(network.portal).await?)
    } else {
        None
    };
    let OperationsArgs {
        operations,
        access_log: log_args,
        drain,
    } = operations;
    let operations = Operations::start(operations).await?;
    let portal_address = portal.as_ref().map_or(Ok(network.portal), TcpListener::local_addr)?;
    let portal_url = network.portal_url.clone().unwrap_or_else(|| local_url(portal_address));

    let database = store.prepare()?;
    let lock = store.lock()?;
    let key = secret_key.read(&store, MissingKey::Make)?;
    // With SQLite, the database is in the same folder: where it is away, so is the file.
    let file = matches!(store, Store::Postgres(_)).then(|| SnapshotFile::new(&lost, &store).sealed_with(key.clone()));
    let file = file.filter(|_| Role::Gateway.is_among(&roles));
    // Every page needs the database; a gateway only needs what it was told.
    let needs_database = Role::Portal.is_among(&roles) || Role::Worker.is_among(&roles);
    let (services, loaded) = match Services::open(&database, &portal_url, addresses, key.clone()).await {
        Ok(services) => (services, None),
        Err(error) => {
            let last_good = file.as_ref().filter(|_| !needs_database && error.is_unreachable());
            let Some(loaded) = last_good.and_then(last_good_configuration) else {
                return Err(error.into());
            };
            tracing::warn!(
                %error,
                confirmed_at = %loaded.confirmed_at,
                "serving the last good configuration from the disk until the database is back"
            );
            (
                Services::open_later(&database, &portal_url, addresses, key.clone())?,
                Some(loaded),
            )
        }
    };
    let tasks = Tasks::default();
    let (access_log, log_writer) = if Role::Gateway.is_among(&roles) {
        AccessLogWriter::start(&log_args)?.unzip()
    } else {
        (None, None)
    };
    let started = if Role::Gateway.is_among(&roles) {
        let mut options = GatewayOptions::new(network.gateway);
        options.addresses = addresses;
        options.clock = services.context.clock.clone();
        options.access_log = access_log;
        options.tokens = key.as_ref().map(|key| TokenOptions {
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
        let disk = GatewayDisk { lost, file, loaded };
        let certificates = network.tls.upstream_client_certificate.clone();
        let certificates =
            UpstreamCertificates::read(certificates).context("--upstream-client-certificate cannot be used")?;
        Some(start_gateway(&services, options, (&portal_url, certificates), disk, &tasks).await?)
    } else {
        None
    };
    let (gateway, gateway_sources, served) = match started {
        Some(started) => (
            Some((started.gateway, started.flush)),
            Some(started.sources),
            Some(started.served),
        ),
        None => (None, None, None),
    };
    let readiness = Readiness::new(services.clone(), needs_database, served.clone());
    let gateway_address = gateway
        .as_ref()
        .map_or(network.gateway, |(gateway, _)| gateway.local_addr());
    let gateway_url = network
        .gateway_url
        .clone()
        .unwrap_or_else(|| local_url(gateway_address));

    services.context.gateway_url.get_or_init(|| gateway_url.as_str().into());

    if needs_database {
        let resealed = services.policies.reseal().await?;
        if resealed > 0 {
            tracing::info!("sealed the secrets of {resealed} policies with the newest key");
        }
    }
    let has_mail_sink = matches!(mail, MailPlan::Sink(_));
    if Role::Worker.is_among(&roles) {
        let transport = match mail {
            MailPlan::Transport(transport) => transport,
            MailPlan::Sink(sink) => Transport::Sink(sink),
        };
        tasks.spawn_worker(&services, transport);
    }
    let settings = Arc::new(settings(portal_url, gateway_url, has_mail_sink));
    let stop_portal = CancellationToken::new();
    let portal_counters = portal.as_ref().map(|_| Arc::<PortalCounters>::default());
    let portal = portal.zip(portal_counters.clone()).map(|(listener, counters)| {
        let state = AppState {
            services: services.clone(),
            settings: Arc::clone(&settings),
            clock: services.context.clock.clone(),
            sent_forms: Arc::default(),
            throttle: Arc::new(SignInThrottle::default()),
            fetcher: Arc::new(web::HttpSpecFetcher::new(addresses)),
            served: served.clone(),
        };
        let router = web::router(
            state,
            &network.trusted_proxies,
            extra_pages,
            readiness.clone(),
            counters,
        );
        (
            portal_address,
            tokio::spawn(web::serve(
                listener,
                router,
                web::Bounds::default(),
                stop_portal.clone(),
            )),
        )
    });
    if let Some(operations) = &operations {
        operations.watch(Sources {
            services: services.clone(),
            readiness: readiness.clone(),
            gateway: gateway_sources,
            portal: portal_counters,
            access_log: log_writer.as_ref().map(AccessLogSources::of),
            tasks: tasks.records(),
        });
    }
    Ok(Running {
        services,
        settings,
        served,
        gateway,
        access_log: log_writer,
        portal,
        stop_portal,
        tasks,
        readiness,
        operations,
        drain,
        _lock: lock,
    })
}

async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("the portal cannot listen on {address} (--portal)"))
}

struct StartedGateway {
    gateway: RunningGateway,
    flush: JoinHandle<()>,
    served: watch::Receiver<i64>,
    sources: GatewaySources,
}

/// What a gateway has in the data folder.
struct GatewayDisk {
    /// Folder for usage that the database does not take.
    lost: PathBuf,
    /// The last good configuration, if it is kept.
    file: Option<SnapshotFile>,
    /// What was in it, if the database is away.
    loaded: Option<Loaded>,
}

/// What a gateway served when it last ran; `None`, and the log says why, if there is nothing that could be used.
fn last_good_configuration(file: &SnapshotFile) -> Option<Loaded> {
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

async fn start_gateway(
    services: &Services,
    options: GatewayOptions,
    (portal_url, certificates): (&str, UpstreamCertificates),
    disk: GatewayDisk,
    tasks: &Tasks,
) -> anyhow::Result<StartedGateway> {
    let GatewayDisk { lost, file, loaded } = disk;
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

/// A new name at every start, so that batches of usage are numbered from 1 again.
fn node_name() -> String {
    format!("{}-{:016x}", std::process::id(), rand::random::<u64>())
}

fn settings(portal_url: String, gateway_url: String, has_mail_sink: bool) -> Settings {
    Settings {
        name: "Turnpike".into(),
        secure_cookies: portal_url.starts_with("https://"),
        portal_url,
        gateway_url,
        has_mail_sink,
        assets: Assets {
            css: assets::stylesheet().into(),
            theme_js: assets::url("theme.js").unwrap_or_default().into(),
            favicon: assets::url("favicon.svg").unwrap_or_default().into(),
            islands_js: assets::islands_js().map(ToOwned::to_owned),
        },
        problems: web::problems(),
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
