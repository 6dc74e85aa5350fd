//! `turnpike serve`.

use anyhow::{Context as _, Result, bail};
use domain::upstream::address::AddressPolicy;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::{
    boot::{self, MailPlan, Plan, Running},
    cli::output,
    config::{Role, ServeArgs, Store, local_url},
    tasks::mail::{Files, Smtp, Transport},
    telemetry,
};

/// Serves until the process is told to stop.
pub(super) async fn run(args: ServeArgs) -> Result<()> {
    telemetry::start(args.network.log_format);
    let signals = StopSignals::notice()?;
    let store = Store::from_flags(Some(args.data.clone()), args.database_url.clone())?;
    if matches!(store, Store::Folder(_)) && !args.role.contains(&Role::All) {
        bail!("--role divides the work between processes, which needs a database that they share: --database-url");
    }
    let transport = match &args.smtp_url {
        Some(server) => Transport::Smtp(Smtp::new(server)?),
        None => Transport::Files(Files::new(args.data.join("mail"), domain::clock::Clock::System)),
    };
    let place = store.to_string();
    let plan = Plan {
        store,
        secret_key: args.secret_key,
        lost: args.data,
        network: args.network,
        operations: args.operations,
        roles: args.role,
        addresses: AddressPolicy {
            allow_private: args.allow_private_upstreams,
        },
        mail: MailPlan::Transport(transport),
        extra_pages: axum::Router::new(),
    };
    let running = boot::start(plan).await?;
    greet(&running, &place).await?;
    Box::pin(signals.serve_until(running)).await
}

async fn greet(running: &Running, place: &str) -> Result<()> {
    let settings = running.settings();
    if running.portal_addr().is_some() {
        output::line(format_args!("Portal   {}", settings.portal_url));
    }
    if running.gateway_addr().is_some() {
        output::line(format_args!("Gateway  {}", settings.gateway_url));
    }
    output::line(format_args!("Data     {place}"));
    if running.portal_addr().is_some() && running.services().accounts.is_operator_awaited().await? {
        output::line(format_args!(
            "Nobody runs this installation yet. The first to sign up at {}/signup becomes operator; \
             `turnpike account create --operator` makes one without a mail.",
            settings.portal_url
        ));
    }
    if let Some(address) = running.operations_addr() {
        output::line(format_args!("Metrics  {}/metrics", local_url(address)));
    }
    Ok(())
}

/// SIGINT and SIGTERM, noticed from the moment this is made: before anything is started that must be stopped in order.
pub(crate) struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignals {
    /// Begins to notice.
    pub(crate) fn notice() -> Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).context("cannot wait for SIGINT")?,
            terminate: signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?,
        })
    }

    /// Waits for a signal and stops in order. A second signal stops at once.
    pub(crate) async fn serve_until(mut self, running: Running) -> Result<()> {
        self.next().await;
        tracing::info!("stopping; a second signal stops at once");
        tokio::select! {
            is_clean = Box::pin(running.stop()) => if !is_clean { tracing::warn!("not everything that was under way could finish") },
            () = self.next() => bail!("stopped at once"),
        }
        Ok(())
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
