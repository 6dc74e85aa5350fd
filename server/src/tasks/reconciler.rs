//! Keeps the gateway's snapshot up with the database.
//!
//! A pass asks for the newest configuration's number, reads what changed since the one that is served and applies it. It
//! runs when this process commits a change, when another one over the same PostgreSQL database does, and every two
//! seconds. A pass that fails leaves the last snapshot in place and is repeated with the next reason to look. What was
//! purged from the response cache comes the same way.
//!
//! Where there is a [`Recorder`], what was applied also goes to the disk. A gateway whose database is away at the start
//! begins with what is there ([`Reconciler::begin_with`]); the first pass that reaches the database then brings the schema
//! up to date and reads everything.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering::Relaxed},
    },
    time::Duration,
};

use domain::{
    clock::Timestamp,
    error::{DomainError, Result},
    gateway_config::{ConfigRevision, ConfigUpdate},
    services::Services,
    store::ConfigListener,
};
use gateway::{CacheHandle, SnapshotHandle};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{
    Task, TaskRecords,
    cache_purge::{Forgotten, Served},
    warned::Warned,
};
use crate::snapshot_file::{Entry, Loaded, Recorder, SnapshotFile};

/// Between two passes without another reason, and between two reports that this gateway is alive.
const EVERY: Duration = Duration::from_secs(2);
/// Before listening is tried again after the connection was lost.
const LISTEN_AGAIN: Duration = Duration::from_secs(2);

/// For the last report of a gateway that stops.
const REPORT_WITHIN: Duration = Duration::from_secs(2);
/// Between two notes on the disk that the configuration there is still the newest.
const CONFIRM_EVERY_S: i64 = 30;

/// Keeps a snapshot up with the database; see the module.
pub struct Reconciler {
    services: Services,
    snapshot: SnapshotHandle,
    served: watch::Sender<ConfigRevision>,
    /// Name of this process in the list of gateways.
    node: String,
    status: Arc<ConfigStatus>,
    records: TaskRecords,
    /// Of the gateway, once it runs.
    cache: Option<CacheHandle>,
    disk: Option<Disk>,
    /// Whether the database was away at the start and has been since.
    is_detached: AtomicBool,
    warned: Mutex<Warned>,
}

/// Where configurations are kept.
struct Disk {
    file: SnapshotFile,
    recorder: Recorder,
    /// Unix seconds of the last confirmation.
    confirmed_s: AtomicI64,
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
            cache: None,
            disk: None,
            is_detached: AtomicBool::new(false),
            warned: Mutex::default(),
        }
    }

    /// Keeps what is applied from here on in a file.
    pub fn record(&mut self, file: SnapshotFile, recorder: Recorder) {
        self.disk = Some(Disk {
            file,
            recorder,
            confirmed_s: AtomicI64::new(0),
        });
    }

    /// Forgets from here on what is purged. Before, the gateway has kept nothing.
    pub fn purge(&mut self, cache: CacheHandle) {
        self.cache = Some(cache);
    }

    /// Begins with a configuration from the disk, over a database that is away and was not opened.
    pub async fn begin_with(&self, loaded: Loaded) -> Result<()> {
        self.is_detached.store(true, Relaxed);
        let snapshot = self.snapshot.clone();
        let apply = move || {
            let updates = loaded.updates.into_iter();
            updates.map(|update| snapshot.apply(update)).collect::<Vec<_>>()
        };
        let applied = tokio::task::spawn_blocking(apply)
            .await
            .map_err(DomainError::internal)?;
        for applied in &applied {
            self.warn(&applied.warnings, true);
        }
        if let Some(revision) = self.snapshot.revision() {
            self.served.send_replace(revision);
        }
        self.status.confirm(loaded.confirmed_at, true);
        Ok(())
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
            self.confirm_on_disk(began);
        }
        self.records
            .note(Task::Reconciler, passed.is_ok(), self.services.context.clock.now());
        passed
    }

    async fn try_pass(&self) -> Result<()> {
        let is_detached = self.is_detached.load(Relaxed);
        if is_detached {
            let opened = self.services.context.db.bring_up_to_date().await;
            opened.map_err(DomainError::internal)?;
        }
        let since = self.snapshot.revision();
        if !is_detached && since.is_some() && since == Some(self.services.gateway_config.revision().await?) {
            return Ok(());
        }
        // Changes say nothing of what others counted meanwhile, nor would they do on the disk without a base.
        let needs_base = self.disk.as_ref().is_some_and(|disk| disk.recorder.needs_base());
        let wanted = since.filter(|_| !is_detached && !needs_base);
        let mut applied = self.apply(since, wanted).await?;
        if is_detached {
            self.is_detached.store(false, Relaxed);
            tracing::info!(
                revision = applied.revision,
                "the database is back: the configuration is its newest again"
            );
        }
        if !applied.is_taken && applied.revision.is_none() {
            applied = self.apply(since, None).await?;
        }
        if let Some(revision) = applied.revision {
            self.served.send_replace(revision);
            tracing::debug!(revision, "serving a new configuration");
        }
        Ok(())
    }

    /// Reads what changed since `wanted` (everything for `None`) and applies it to `served`.
    async fn apply(&self, served: Option<ConfigRevision>, wanted: Option<ConfigRevision>) -> Result<gateway::Applied> {
        let update = self.services.gateway_config.read(wanted).await?;
        let snapshot = self.snapshot.clone();
        let is_detached = self.is_detached.load(Relaxed);
        let before = Served {
            revision: served,
            is_from_disk: is_detached,
        };
        let forgotten = Forgotten::with(&update, before, &self.services).await;
        let cache = self.cache.clone();
        let file = self.disk.as_ref().map(|disk| disk.file.clone());
        let is_about_catalog = match &update {
            ConfigUpdate::Full(_) => true,
            ConfigUpdate::Changes(changes) => changes.catalog.is_some(),
        };
        let apply = move || {
            let entry = file.map(|file| file.entry(&update, wanted));
            let applied = match update {
                // The database went back: a backup was restored under a gateway that runs.
                ConfigUpdate::Full(config) if served.is_some_and(|served| config.revision < served) => {
                    tracing::warn!(
                        revision = config.revision,
                        served,
                        "an older configuration replaces the served one"
                    );
                    snapshot.replace(*config)
                }
                // What is on the disk may have the same number and yet be of before a backup was restored.
                ConfigUpdate::Full(config) if is_detached => snapshot.replace(*config),
                update => snapshot.apply(update),
            };
            // After the new configuration, so that nothing is kept any more that was asked for with the old one.
            if let Some(cache) = cache.filter(|_| applied.is_taken) {
                forgotten.forget(&cache);
            }
            (applied, entry)
        };
        // Compiling a large configuration takes a while and must not hold up pages.
        let (applied, entry) = tokio::task::spawn_blocking(apply)
            .await
            .map_err(DomainError::internal)?;
        if let (Some(disk), Some(entry), true) = (&self.disk, entry, applied.is_taken) {
            disk.recorder.record(entry);
        }
        if applied.is_taken {
            self.warn(&applied.warnings, is_about_catalog);
        }
        Ok(applied)
    }

    fn warn(&self, warnings: &[gateway::Warning], is_about_catalog: bool) {
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        for line in warned.news(warnings, is_about_catalog) {
            tracing::warn!("a record is not used as it was meant: {line}");
        }
    }

    /// Notes on the disk, twice a minute at most, that the configuration there is still the newest.
    fn confirm_on_disk(&self, now: Timestamp) {
        let Some(disk) = &self.disk else { return };
        let now_s = now.unix_timestamp();
        if now_s - disk.confirmed_s.load(Relaxed) >= CONFIRM_EVERY_S {
            disk.confirmed_s.store(now_s, Relaxed);
            disk.recorder.record(Entry::Confirmed(now));
        }
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
        // Others notice by themselves after a few seconds; a database that is away must not hold up the stop.
        let reported = self.services.gateway_config.report_stopped(&self.node);
        match tokio::time::timeout(REPORT_WITHIN, reported).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(error = ?error, "could not report that this gateway stopped"),
            Err(_) => tracing::warn!("could not report in time that this gateway stopped"),
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
