//! Writes what the gateway counted into the ledger.

use std::{collections::HashMap, time::Duration};

use domain::{
    services::Services,
    usage::{UsageBatch, UsageKey, UsageSums},
};
use gateway::UsageRows;
use tokio::sync::mpsc::Receiver;

/// First pause after a failed write; doubled up to [`RETRY_MAX`].
const RETRY_MIN: Duration = Duration::from_millis(200);
/// Longest pause between two tries: a database that comes back is found within seconds.
const RETRY_MAX: Duration = Duration::from_secs(5);

/// Takes rows from the gateway's workers and writes them as batches, each exactly once: a batch whose write failed or was
/// not confirmed is sent again under the same name and number.
pub struct UsageFlush {
    services: Services,
    /// Name of this process in the ledger; a new one at every start.
    gateway: String,
    sequence: u64,
}

impl UsageFlush {
    /// A writer for the process `gateway`.
    pub fn new(services: Services, gateway: String) -> Self {
        Self {
            services,
            gateway,
            sequence: 0,
        }
    }

    /// Writes until every sender is gone and everything is written. While the database is away, rows wait with the
    /// workers, which go on adding them up.
    pub async fn run(mut self, mut rows: Receiver<UsageRows>) {
        while let Some(first) = rows.recv().await {
            // Several workers hand over at the same time: one transaction for all of them.
            let mut sums: HashMap<UsageKey, UsageSums> = HashMap::new();
            add(&mut sums, first);
            while let Ok(more) = rows.try_recv() {
                add(&mut sums, more);
            }
            self.write(sums.into_iter().collect()).await;
        }
    }

    async fn write(&mut self, rows: Vec<(UsageKey, UsageSums)>) {
        self.sequence += 1;
        let batch = UsageBatch {
            gateway: self.gateway.clone(),
            sequence: self.sequence,
            rows,
        };
        let mut pause = RETRY_MIN;
        while let Err(error) = self.services.ledger.record(&batch).await {
            tracing::warn!(error = ?error, rows = batch.rows.len(), "usage could not be written; trying again");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(RETRY_MAX);
        }
    }
}

fn add(sums: &mut HashMap<UsageKey, UsageSums>, rows: UsageRows) {
    for (key, more) in rows {
        sums.entry(key).or_default().add(&more);
    }
}
