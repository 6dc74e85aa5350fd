//! Writes what the gateway counted into the ledger.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use anyhow::Context as _;
use domain::{
    id::VersionId,
    services::Services,
    usage::{UsageBatch, UsageKey, UsageSums},
};
use gateway::UsageRows;
use tokio::{io::AsyncWriteExt as _, sync::mpsc::Receiver};

use super::{Task, TaskRecords};
use crate::config::prepare_folder;

/// First pause after a failed write; doubled up to [`RETRY_MAX`].
const RETRY_MIN: Duration = Duration::from_millis(100);
/// Longest pause between two tries: a database that comes back is found within seconds.
const RETRY_MAX: Duration = Duration::from_secs(5);
/// A batch is at fault when it failed so often although the ledger took another one after each failure.
const FAULTS: usize = 3;

type Rows = Vec<(UsageKey, UsageSums)>;

/// Takes rows from the gateway's workers and writes them as batches, each exactly once: a batch whose write failed or was
/// not confirmed is sent again under the same name and number.
///
/// While the database is away, that goes on until it is back. A batch that the ledger does not take although it takes
/// others is halved until the rows at fault are found; those are kept in a file for the operator and the rest goes on.
pub struct UsageFlush {
    services: Services,
    /// Name of this process in the ledger; a new one at every start.
    gateway: String,
    sequence: u64,
    /// Where rows are kept that the ledger does not take; made when there are any.
    lost: PathBuf,
    counters: Arc<UsageCounters>,
    records: TaskRecords,
}

/// Calls of each version by status class, beyond which versions are counted together.
const MAX_VERSIONS: usize = 5_000;

/// What went through a writer of usage.
#[derive(Debug, Default)]
pub struct UsageCounters {
    /// Calls that gateways answered, by version and status class: 1xx to 5xx.
    calls: Mutex<HashMap<VersionId, [u64; 5]>>,
    rows: AtomicU64,
    lost_rows: AtomicU64,
}

impl UsageCounters {
    /// Calls by version and status class, 1xx to 5xx; [`VersionId::NIL`] is for calls of no version, and for those of
    /// versions beyond the first 5,000.
    pub fn calls(&self) -> HashMap<VersionId, [u64; 5]> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Rows that the ledger took.
    pub fn rows(&self) -> u64 {
        self.rows.load(Relaxed)
    }

    /// Rows that the ledger refused and that were put aside.
    pub fn lost_rows(&self) -> u64 {
        self.lost_rows.load(Relaxed)
    }

    fn count(&self, rows: &UsageRows) {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, sums) in rows {
            let is_known = calls.len() < MAX_VERSIONS || calls.contains_key(&key.version_id);
            let version = if is_known { key.version_id } else { VersionId::NIL };
            calls.entry(version).or_default()[usize::from(key.status / 100).clamp(1, 5) - 1] += sums.calls;
        }
    }
}

impl UsageFlush {
    /// A writer for the process `gateway`, which keeps rows that the ledger does not take as files in `lost`.
    pub fn new(services: Services, gateway: String, lost: PathBuf, records: TaskRecords) -> Self {
        Self {
            services,
            gateway,
            sequence: 0,
            lost,
            counters: Arc::default(),
            records,
        }
    }

    /// What goes through it.
    pub fn counters(&self) -> Arc<UsageCounters> {
        Arc::clone(&self.counters)
    }

    fn note(&self, has_succeeded: bool) {
        let now = self.services.context.clock.now();
        self.records.note(Task::UsageFlush, has_succeeded, now);
    }

    /// Writes until every sender is gone and everything is written. While the database is away, rows wait with the
    /// workers, which go on adding them up.
    pub async fn run(mut self, mut rows: Receiver<UsageRows>) {
        while let Some(first) = rows.recv().await {
            // Several workers hand over at the same time: one transaction for all of them.
            let mut sums: HashMap<UsageKey, UsageSums> = HashMap::new();
            self.counters.count(&first);
            add(&mut sums, first);
            while let Ok(more) = rows.try_recv() {
                self.counters.count(&more);
                add(&mut sums, more);
            }
            self.write(sums.into_iter().collect()).await;
        }
    }

    async fn write(&mut self, rows: Rows) {
        let mut parts = vec![rows];
        while let Some(rows) = parts.pop() {
            let batch = self.batch(rows);
            if self.is_taken(&batch).await {
                continue;
            }
            if batch.rows.len() > 1 {
                let mut rows = batch.rows;
                parts.push(rows.split_off(rows.len() / 2));
                parts.push(rows);
            } else {
                self.keep(&batch).await;
            }
        }
    }

    fn batch(&mut self, rows: Rows) -> UsageBatch {
        self.sequence += 1;
        UsageBatch {
            gateway: self.gateway.clone(),
            sequence: self.sequence,
            rows,
        }
    }

    /// Writes a batch, however long the database is away; `false` if the batch itself is at fault.
    async fn is_taken(&mut self, batch: &UsageBatch) -> bool {
        let mut pause = RETRY_MIN;
        let mut faults = 0;
        while let Err(error) = self.services.ledger.record(batch).await {
            tracing::warn!(error = ?error, rows = batch.rows.len(), "usage could not be written");
            self.note(false);
            // An empty batch takes the same way through the database as one with rows.
            let probe = self.batch(Rows::new());
            if self.services.ledger.record(&probe).await.is_ok() {
                faults += 1;
            }
            if faults == FAULTS {
                return false;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(RETRY_MAX);
        }
        self.note(true);
        self.counters.rows.fetch_add(batch.rows.len() as u64, Relaxed);
        true
    }

    /// Puts a batch that cannot be written aside.
    async fn keep(&self, batch: &UsageBatch) {
        self.counters.lost_rows.fetch_add(batch.rows.len() as u64, Relaxed);
        match self.save(batch).await {
            Ok(path) => {
                tracing::error!(file = %path.display(), "the ledger does not take this usage; it is kept in a file");
            }
            Err(error) => tracing::error!(
                error = %format!("{error:#}"),
                ?batch,
                "the ledger does not take this usage, and it cannot be kept in a file"
            ),
        }
    }

    async fn save(&self, batch: &UsageBatch) -> anyhow::Result<PathBuf> {
        prepare_folder(&self.lost)?;
        let path = self
            .lost
            .join(format!("lost-usage-{}-{}.json", batch.gateway, batch.sequence));
        let mut file = tokio::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .await
            .with_context(|| format!("{} cannot be written", path.display()))?;
        file.write_all(&serde_json::to_vec_pretty(batch)?).await?;
        file.sync_all().await?;
        Ok(path)
    }
}

fn add(sums: &mut HashMap<UsageKey, UsageSums>, rows: UsageRows) {
    for (key, more) in rows {
        sums.entry(key).or_default().add(&more);
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        fixture::{Engine, World},
        id::{KeyId, SubscriptionId, VersionId},
    };

    use super::*;
    use crate::temporary::TemporaryFolder;

    fn row(minute: i64) -> (UsageKey, UsageSums) {
        let key = UsageKey {
            subscription_id: SubscriptionId::NIL,
            key_id: KeyId::generate(),
            version_id: VersionId::NIL,
            operation: format!("at{minute}"),
            minute,
            status: 200,
            is_refused: false,
        };
        let sums = UsageSums {
            calls: 1,
            ..UsageSums::default()
        };
        (key, sums)
    }

    #[tokio::test]
    async fn a_row_that_cannot_be_written_holds_nothing_up() {
        let world = World::empty(Engine::Sqlite).await;
        let folder = TemporaryFolder::new("turnpike-lost").unwrap();
        let lost = folder.path().join("data");
        let (sender, receiver) = tokio::sync::mpsc::channel(4);
        // No calendar has this minute.
        let rows = [60, 120, i64::MAX - 7, 180, 240].map(row);
        sender.send(rows.into_iter().collect()).await.unwrap();
        drop(sender);
        let records = TaskRecords::default();
        let flush = UsageFlush::new(world.services.clone(), "gateway".into(), lost.clone(), records.clone());
        let counters = flush.counters();
        flush.run(receiver).await;
        assert_eq!((counters.rows(), counters.lost_rows()), (4, 1));
        assert_eq!(counters.calls()[&VersionId::NIL], [0, 5, 0, 0, 0]);
        assert!(records.passes(Task::UsageFlush).failed >= 1);
        let files: Vec<_> = std::fs::read_dir(&lost)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        assert_eq!(files.len(), 1, "{files:?}");
        let kept: UsageBatch = serde_json::from_slice(&std::fs::read(&files[0]).unwrap()).unwrap();
        assert_eq!(kept.rows.len(), 1);
        assert_eq!(kept.rows[0].0.minute, i64::MAX - 7);
        let written: Vec<i64> = minutes(&world).await;
        assert_eq!(written, [60, 120, 180, 240]);
    }

    async fn minutes(world: &World) -> Vec<i64> {
        use sea_orm::{ConnectionTrait as _, Database, DatabaseBackend, Statement};
        let db = Database::connect(world.url()).await.unwrap();
        let select = Statement::from_string(
            DatabaseBackend::Sqlite,
            "SELECT minute FROM usage_record ORDER BY minute",
        );
        let rows = db.query_all_raw(select).await.unwrap();
        rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
    }
}
