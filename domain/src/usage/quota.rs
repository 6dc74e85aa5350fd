//! The quota counters of the ledger: units of a subscription by calendar period.
//!
//! They are sums over the ledger's rows and written in the same transaction as these. The period is the one of the
//! plan's quota, a month where the plan has none, so that a quota that is set later finds its count.

use std::collections::{BTreeMap, HashMap};

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, FromQueryResult, QueryFilter, QuerySelect,
    QueryTrait,
    sea_query::{Expr, ExprTrait, Func, LockType, OnConflict},
};

use crate::{
    clock::Timestamp,
    error::{DomainError, Result},
    gateway_config::QuotaStart,
    id::SubscriptionId,
    plan::{Period, Quota},
    store::entity::{plan, quota_usage, subscription, usage_record},
};

/// Ids in one statement.
const CHUNK: usize = 500;

/// Units of subscriptions by the minute they were used in.
pub(crate) type UnitsByMinute = BTreeMap<SubscriptionId, BTreeMap<i64, u64>>;

/// Whether rows are read to be relied on until the end of the transaction.
#[derive(Clone, Copy)]
pub(crate) enum Lock {
    /// Nobody else may change them meanwhile.
    Share,
    /// They are only looked at.
    None,
}

/// The period that a plan's counters have.
pub(crate) fn period_of(quota: Option<&Quota>) -> Period {
    quota.map_or(Period::Month, |quota| quota.per)
}

/// The period of a plan's counters by its column; a quota that cannot be read must not lose the count.
pub(crate) fn period_in_column(quota: Option<serde_json::Value>) -> Period {
    period_of(quota.and_then(|quota| serde_json::from_value(quota).ok()).as_ref())
}

/// A counter at the beginning of its period.
pub(crate) fn nothing_used(period: Period, now: Timestamp) -> QuotaStart {
    QuotaStart {
        period_start: period.start(now),
        units: 0,
    }
}

/// A count as the database holds it; what does not fit (nine quintillions) stays at the end of the range.
pub(crate) fn to_column(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The periods of the subscriptions that still exist.
pub(crate) async fn periods(
    db: &impl ConnectionTrait,
    subscriptions: Vec<SubscriptionId>,
    lock: Lock,
) -> Result<HashMap<SubscriptionId, Period>> {
    #[derive(FromQueryResult)]
    struct Row {
        id: SubscriptionId,
        quota: Option<serde_json::Value>,
    }
    let mut periods = HashMap::with_capacity(subscriptions.len());
    for chunk in subscriptions.chunks(CHUNK) {
        let mut select = subscription::Entity::find()
            .inner_join(plan::Entity)
            .select_only()
            .column(subscription::Column::Id)
            .column(plan::Column::Quota)
            .filter(subscription::Column::Id.is_in(chunk.iter().copied()));
        if let Lock::Share = lock {
            QueryTrait::query(&mut select).lock(LockType::Share);
        }
        for row in select.into_model::<Row>().all(db).await? {
            periods.insert(row.id, period_in_column(row.quota));
        }
    }
    Ok(periods)
}

/// Adds units to the counters of the periods that their minutes lie in.
pub(crate) async fn add(
    tx: &DatabaseTransaction,
    units: &UnitsByMinute,
    periods: &HashMap<SubscriptionId, Period>,
) -> Result<()> {
    let mut counters: BTreeMap<(SubscriptionId, i64), u64> = BTreeMap::new();
    for (subscription, minutes) in units {
        let Some(period) = periods.get(subscription) else {
            continue;
        };
        for (minute, units) in minutes {
            *counters
                .entry((*subscription, period_start(*period, *minute)?))
                .or_default() += units;
        }
    }
    use quota_usage::{ActiveModel, Column, Entity};
    let sum = Expr::col((Entity, Column::Units)).add(Expr::col(("excluded", Column::Units)));
    let added = OnConflict::columns([Column::SubscriptionId, Column::PeriodStart])
        .value(Column::Units, sum)
        .to_owned();
    let rows: Vec<_> = counters.into_iter().collect();
    for chunk in rows.chunks(CHUNK) {
        let models = chunk.iter().map(|((subscription, start), units)| ActiveModel {
            subscription_id: Set(*subscription),
            period_start: Set(*start),
            units: Set(to_column(*units)),
        });
        Entity::insert_many(models)
            .on_conflict(added.clone())
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

/// Counts the current period of subscriptions from the ledger again, for a plan whose period is another one from now on.
pub(crate) async fn recount(
    tx: &DatabaseTransaction,
    subscriptions: &[SubscriptionId],
    period: Period,
    now: Timestamp,
) -> Result<()> {
    use quota_usage::{ActiveModel, Column, Entity};
    let start = period.start(now);
    let counted = OnConflict::columns([Column::SubscriptionId, Column::PeriodStart])
        .update_column(Column::Units)
        .to_owned();
    let sums: Vec<_> = units_since(tx, subscriptions, start).await?.into_iter().collect();
    for chunk in sums.chunks(CHUNK) {
        let models = chunk.iter().map(|(subscription, units)| ActiveModel {
            subscription_id: Set(*subscription),
            period_start: Set(start.unix_timestamp()),
            units: Set(*units),
        });
        Entity::insert_many(models)
            .on_conflict(counted.clone())
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

/// Units that the ledger has of subscriptions since the beginning of a minute; those without any are left out.
pub(crate) async fn units_since(
    tx: &DatabaseTransaction,
    subscriptions: &[SubscriptionId],
    start: Timestamp,
) -> Result<BTreeMap<SubscriptionId, i64>> {
    use usage_record::Column;
    let mut sums = BTreeMap::new();
    for chunk in subscriptions.chunks(CHUNK) {
        let rows: Vec<(SubscriptionId, i64)> = usage_record::Entity::find()
            .select_only()
            .column(Column::SubscriptionId)
            .column_as(sum_of(Expr::col(Column::Units)), "units")
            .filter(Column::SubscriptionId.is_in(chunk.iter().copied()))
            .filter(Column::Minute.gte(start.unix_timestamp()))
            .group_by(Column::SubscriptionId)
            .into_tuple()
            .all(tx)
            .await?;
        sums.extend(rows);
    }
    Ok(sums)
}

/// Where the counters of subscriptions stand in the period of their plans at `now`; zero where nothing was counted.
pub(crate) async fn starts(
    db: &impl ConnectionTrait,
    periods: &HashMap<SubscriptionId, Period>,
    now: Timestamp,
) -> Result<HashMap<SubscriptionId, QuotaStart>> {
    let mut starts: HashMap<SubscriptionId, QuotaStart> = periods
        .iter()
        .map(|(id, period)| (*id, nothing_used(*period, now)))
        .collect();
    for period in Period::ALL {
        let start = period.start(now);
        let ids: Vec<_> = periods
            .iter()
            .filter(|(_, p)| **p == period)
            .map(|(id, _)| *id)
            .collect();
        for chunk in ids.chunks(CHUNK) {
            let rows = quota_usage::Entity::find()
                .filter(quota_usage::Column::SubscriptionId.is_in(chunk.iter().copied()))
                .filter(quota_usage::Column::PeriodStart.eq(start.unix_timestamp()))
                .all(db)
                .await?;
            for row in rows {
                let units = u64::try_from(row.units).unwrap_or_default();
                starts.insert(
                    row.subscription_id,
                    QuotaStart {
                        period_start: start,
                        units,
                    },
                );
            }
        }
    }
    Ok(starts)
}

/// The sum of a column as a 64-bit number; PostgreSQL's own sum of these is a decimal.
pub(crate) fn sum_of(column: Expr) -> Expr {
    Func::cast_as(Func::coalesce([Func::sum(column).into(), Expr::value(0_i64)]), "BIGINT").into()
}

fn period_start(period: Period, minute: i64) -> Result<i64> {
    let at = Timestamp::from_unix_timestamp(minute).map_err(DomainError::internal)?;
    Ok(period.start(at).unix_timestamp())
}
