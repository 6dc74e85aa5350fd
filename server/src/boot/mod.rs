//! Starting and stopping a process.
//!
//! Start: addresses of portal and operations taken → database open and up to date → first configuration loaded → gateway
//! accepts → background tasks → portal accepts. Stop, the other way round: not ready any more → (delay) → portal and gateway
//! stop accepting and finish what is under way, the last usage is written, tasks end, the database is closed, health checks
//! end. A step that fails undoes those before it.

mod gateway;
mod running;

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use anyhow::Context as _;
use app::cx::{AppState, Assets, Settings};
use axum::Router;
use domain::{account::throttle::SignInThrottle, services::Services, upstream::address::AddressPolicy};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use self::running::Running;
use crate::{
    access_log::AccessLogWriter,
    assets,
    config::{MissingKey, NetworkArgs, OperationsArgs, Role, SecretKeyArgs, Store, local_url},
    operations::{AccessLogSources, Operations, PortalCounters, Readiness, Sources},
    snapshot_file::SnapshotFile,
    tasks::{Tasks, mail::Transport},
    web,
};

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
            let Some(loaded) = last_good.and_then(gateway::last_good_configuration) else {
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
        let parts = gateway::Parts {
            network: &network,
            portal_url: &portal_url,
            addresses,
            key: key.as_deref(),
            access_log,
            disk: gateway::Disk { lost, file, loaded },
        };
        Some(gateway::start(&services, parts, &tasks).await?)
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
