//! Writing usage: idempotent batches.

use std::collections::{BTreeMap, HashMap};

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter,
    sea_query::{Expr, ExprTrait, OnConflict},
};
use time::Duration;

use super::{UsageBatch, UsageKey, UsageSums, quota};
use crate::{
    clock::Timestamp,
    error::{DomainError, Result},
    id::{KeyId, SubscriptionId},
    services::Context,
    store::entity::{api_key, quota_usage, usage_batch, usage_record},
};

/// How long a batch is remembered: a gateway that was cut off for longer does not send again what it sent before.
const BATCHES_KEPT: Duration = Duration::days(7);

/// How long the counters of a period are kept: the current one is read, and the one before by who looks back.
const COUNTERS_KEPT: Duration = Duration::days(62);

/// Rows of one statement: twelve columns each, far below the 32,766 bound values that SQLite takes.
const CHUNK: usize = 500;

/// The writing side of the ledger.
#[derive(Clone)]
pub struct Ledger {
    pub(crate) cx: Context,
}

impl Ledger {
    /// Writes a batch in one transaction: ledger rows, quota counters, last use of keys. A batch that was written before
    /// (same gateway and sequence) changes nothing and returns `false`.
    pub async fn record(&self, batch: &UsageBatch) -> Result<bool> {
        let rows = merged(&batch.rows);
        let tx = self.cx.db.write().await?;
        if !claim(&tx, batch, self.cx.clock.now()).await? {
            return Ok(false);
        }
        let units = units_by_minute(&rows);
        // The plans are locked before anything else is written, so that a change of a plan's period, which counts the
        // ledger again, sees either all of this batch or nothing of it.
        let periods = quota::periods(&tx, units.keys().copied().collect(), quota::Lock::Share).await?;
        write_rows(&tx, rows).await?;
        quota::add(&tx, &units, &periods).await?;
        note_last_use(&tx, &batch.rows).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Forgets which batches were written more than a week ago, and counters of quotas whose period is long over; the
    /// ledger's rows stay. Returns how many it forgot. For the clean-up task.
    pub async fn forget_old(&self) -> Result<u64> {
        let now = self.cx.clock.now();
        let tx = self.cx.db.write().await?;
        let batches = usage_batch::Entity::delete_many()
            .filter(usage_batch::Column::WrittenAt.lt(now - BATCHES_KEPT))
            .exec(&tx)
            .await?;
        let counters = quota_usage::Entity::delete_many()
            .filter(quota_usage::Column::PeriodStart.lt((now - COUNTERS_KEPT).unix_timestamp()))
            .exec(&tx)
            .await?;
        tx.commit().await?;
        Ok(batches.rows_affected + counters.rows_affected)
    }
}

/// Enters the batch; `false` if it was there.
async fn claim(tx: &DatabaseTransaction, batch: &UsageBatch, now: Timestamp) -> Result<bool> {
    let row = usage_batch::ActiveModel {
        gateway: Set(batch.gateway.clone()),
        sequence: Set(i64::try_from(batch.sequence).map_err(DomainError::internal)?),
        written_at: Set(now),
    };
    let mut insert = usage_batch::Entity::insert(row);
    let keys = [usage_batch::Column::Gateway, usage_batch::Column::Sequence];
    let insert = sea_orm::QueryTrait::query(&mut insert).on_conflict(OnConflict::columns(keys).do_nothing().to_owned());
    Ok(tx.execute(insert).await?.rows_affected() == 1)
}

/// The rows with their sums added up by key, in the order of keys: PostgreSQL refuses a statement that meets a key
/// twice, and writers that lock rows in one order do not wait for each other in a circle.
fn merged(rows: &[(UsageKey, UsageSums)]) -> Vec<(&UsageKey, UsageSums)> {
    let mut sums: HashMap<&UsageKey, UsageSums> = HashMap::with_capacity(rows.len());
    for (key, row) in rows {
        sums.entry(key).or_default().add(row);
    }
    let mut merged: Vec<_> = sums.into_iter().collect();
    merged.sort_unstable_by(|(a, _), (b, _)| order(a).cmp(&order(b)));
    merged
}

fn order(key: &UsageKey) -> impl Ord {
    (
        key.subscription_id,
        key.key_id,
        key.version_id,
        &key.operation,
        key.minute,
        key.status,
        key.is_refused,
    )
}

/// Units of each subscription by minute; calls without a subscription have no quota.
fn units_by_minute(rows: &[(&UsageKey, UsageSums)]) -> quota::UnitsByMinute {
    let mut units = quota::UnitsByMinute::new();
    for (key, sums) in rows {
        if key.subscription_id != SubscriptionId::NIL && sums.units > 0 {
            *units
                .entry(key.subscription_id)
                .or_default()
                .entry(key.minute)
                .or_default() += sums.units;
        }
    }
    units
}

async fn write_rows(tx: &DatabaseTransaction, rows: Vec<(&UsageKey, UsageSums)>) -> Result<()> {
    use usage_record::{ActiveModel, Column, Entity};
    let key = [
        Column::SubscriptionId,
        Column::KeyId,
        Column::VersionId,
        Column::Operation,
        Column::Minute,
        Column::Status,
        Column::IsRefused,
    ];
    let sums = [
        Column::Calls,
        Column::Units,
        Column::BytesIn,
        Column::BytesOut,
        Column::LatencyUs,
    ];
    let mut added = OnConflict::columns(key);
    for column in sums {
        added.value(column, Expr::col((Entity, column)).add(Expr::col(("excluded", column))));
    }
    for chunk in rows.chunks(CHUNK) {
        let models = chunk.iter().map(|(key, sums)| ActiveModel {
            subscription_id: Set(key.subscription_id),
            key_id: Set(key.key_id),
            version_id: Set(key.version_id),
            operation: Set(key.operation.clone()),
            minute: Set(key.minute),
            status: Set(key.status.into()),
            is_refused: Set(key.is_refused),
            calls: Set(quota::to_column(sums.calls)),
            units: Set(quota::to_column(sums.units)),
            bytes_in: Set(quota::to_column(sums.bytes_in)),
            bytes_out: Set(quota::to_column(sums.bytes_out)),
            latency_us: Set(quota::to_column(sums.latency_us)),
        });
        Entity::insert_many(models)
            .on_conflict(added.clone())
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

/// Notes the last use of keys, to the minute; a batch that comes late does not set it back.
async fn note_last_use(tx: &DatabaseTransaction, rows: &[(UsageKey, UsageSums)]) -> Result<()> {
    let mut last: BTreeMap<KeyId, i64> = BTreeMap::new();
    for (key, _) in rows.iter().filter(|(key, _)| key.key_id != KeyId::NIL) {
        let minute = last.entry(key.key_id).or_insert(key.minute);
        *minute = Ord::max(*minute, key.minute);
    }
    // Gateways send every second or so: nearly always there is one minute, and one statement.
    let mut by_minute: BTreeMap<i64, Vec<KeyId>> = BTreeMap::new();
    for (key, minute) in last {
        by_minute.entry(minute).or_default().push(key);
    }
    for (minute, keys) in by_minute {
        let at = Timestamp::from_unix_timestamp(minute).map_err(DomainError::internal)?;
        for chunk in keys.chunks(CHUNK) {
            let is_older = Condition::any()
                .add(api_key::Column::LastUsedAt.is_null())
                .add(api_key::Column::LastUsedAt.lt(at));
            api_key::Entity::update_many()
                .col_expr(api_key::Column::LastUsedAt, Expr::value(at))
                .filter(api_key::Column::Id.is_in(chunk.iter().copied()))
                .filter(is_older)
                .exec(tx)
                .await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::VersionId;

    fn key(minute: i64, subscription: u128) -> UsageKey {
        UsageKey {
            subscription_id: SubscriptionId::from_uuid(uuid::Uuid::from_u128(subscription)),
            key_id: KeyId::NIL,
            version_id: VersionId::NIL,
            operation: String::new(),
            minute,
            status: 200,
            is_refused: false,
        }
    }

    #[test]
    fn equal_keys_are_added_up_and_rows_are_in_order() {
        let one = UsageSums {
            calls: 1,
            units: 1,
            ..UsageSums::default()
        };
        let rows = [(key(60, 2), one), (key(0, 2), one), (key(60, 2), one), (key(0, 0), one)];
        let merged = merged(&rows);
        let seen: Vec<_> = merged.iter().map(|(key, sums)| (key.minute, sums.calls)).collect();
        assert_eq!(seen, [(0, 1), (0, 1), (60, 2)]);
        let units = units_by_minute(&merged);
        assert_eq!(units.len(), 1, "calls without a subscription have no quota");
    }
}
