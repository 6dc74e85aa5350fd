//! Reading usage.

use std::collections::HashMap;

use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QuerySelect,
    RelationTrait, Select,
    sea_query::{Expr, ExprTrait},
};

use super::{OperationUsage, UsagePoint, UsageSums, quota::sum_of, scope};
use crate::{
    actor::Actor,
    clock::Timestamp,
    error::{DomainError, Result},
    gateway_config::OperationRecord,
    id::{ApiId, ApplicationId, OrganizationId, VersionId},
    services::Context,
    store::entity::{api, organization, revision, usage_record, version},
};

/// The reading side of the ledger.
#[derive(Clone)]
pub struct UsageReads {
    pub(crate) cx: Context,
}

/// A stretch of time: from `from`, up to but not including `to`.
#[derive(Clone, Copy, Debug)]
pub struct TimeRange {
    /// First moment.
    pub from: Timestamp,
    /// First moment after.
    pub to: Timestamp,
}

/// Whose usage is asked for.
#[derive(Clone, Copy, Debug)]
pub enum UsageScope {
    /// One of the actor's applications.
    Application(ApplicationId),
    /// All of the actor's applications.
    MyApplications,
    /// An organization that the actor is a member of.
    Organization(OrganizationId),
}

impl UsageReads {
    /// Calls per operation, busiest first.
    pub async fn by_operation(
        &self,
        actor: &Actor,
        scope: UsageScope,
        range: TimeRange,
    ) -> Result<Vec<OperationUsage>> {
        #[derive(FromQueryResult)]
        struct Row {
            version_id: VersionId,
            operation: String,
            calls: i64,
            units: i64,
            refused: i64,
            errors: i64,
            latency_us: i64,
        }
        let db = self.cx.db.read();
        let rows = records(scope::authorize(db, actor, scope).await?, range)?
            .select_only()
            .column(usage_record::Column::VersionId)
            .column(usage_record::Column::Operation)
            .column_as(sum_of(Expr::col(usage_record::Column::Calls)), "calls")
            .column_as(sum_of(Expr::col(usage_record::Column::Units)), "units")
            .column_as(refused(), "refused")
            .column_as(errors(), "errors")
            .column_as(sum_of(Expr::col(usage_record::Column::LatencyUs)), "latency_us")
            .group_by(usage_record::Column::VersionId)
            .group_by(usage_record::Column::Operation)
            .into_model::<Row>()
            .all(db)
            .await?;
        let labels = labels(db, rows.iter().map(|row| row.version_id)).await?;
        let unknown = VersionLabel::default();
        let mut usage: Vec<OperationUsage> = rows
            .into_iter()
            .map(|row| {
                let label = labels.get(&row.version_id).unwrap_or(&unknown);
                let calls = count(row.calls);
                OperationUsage {
                    organization: label.organization.clone(),
                    api: label.api.clone(),
                    api_name: label.api_name.clone(),
                    version: label.version.clone(),
                    route: label.routes.get(&row.operation).cloned().unwrap_or_default(),
                    operation: row.operation,
                    calls,
                    units: count(row.units),
                    refused: count(row.refused),
                    errors: count(row.errors),
                    mean_latency_us: count(row.latency_us) / Ord::max(calls, 1),
                }
            })
            .collect();
        usage.sort_by(|a, b| {
            let place = |usage: &OperationUsage| (usage.api.clone(), usage.version.clone(), usage.operation.clone());
            b.calls.cmp(&a.calls).then_with(|| place(a).cmp(&place(b)))
        });
        Ok(usage)
    }

    /// A time line of `steps` equal steps (1 to 500) over the range, gaps filled with zeros.
    pub async fn timeline(
        &self,
        actor: &Actor,
        scope: UsageScope,
        range: TimeRange,
        steps: u32,
    ) -> Result<Vec<UsagePoint>> {
        #[derive(FromQueryResult)]
        struct Row {
            step: i64,
            calls: i64,
            refused: i64,
            errors: i64,
        }
        let steps = i64::from(steps.clamp(1, 500));
        let (from, to) = range.seconds()?;
        let span = to - from;
        // Numbers and not bound values: PostgreSQL would take those of the list and of the grouping for different ones.
        let step = format!("(minute - ({from})) * {steps} / {span}");
        let db = self.cx.db.read();
        let rows = records(scope::authorize(db, actor, scope).await?, range)?
            .select_only()
            .column_as(Expr::cust(step.clone()), "step")
            .column_as(sum_of(Expr::col(usage_record::Column::Calls)), "calls")
            .column_as(refused(), "refused")
            .column_as(errors(), "errors")
            .group_by(Expr::cust(step))
            .into_model::<Row>()
            .all(db)
            .await?;
        let mut points = Vec::with_capacity(steps as usize);
        for step in 0..steps {
            let at = from + span * step / steps;
            let at = Timestamp::from_unix_timestamp(at).map_err(DomainError::internal)?;
            points.push(UsagePoint {
                at,
                calls: 0,
                errors: 0,
                refused: 0,
            });
        }
        for row in rows {
            let point = usize::try_from(row.step).ok().and_then(|step| points.get_mut(step));
            if let Some(point) = point {
                (point.calls, point.errors, point.refused) = (count(row.calls), count(row.errors), count(row.refused));
            }
        }
        Ok(points)
    }

    /// Sums over the range.
    pub async fn totals(&self, actor: &Actor, scope: UsageScope, range: TimeRange) -> Result<UsageTotals> {
        #[derive(FromQueryResult)]
        struct Row {
            calls: i64,
            units: i64,
            bytes_in: i64,
            bytes_out: i64,
            latency_us: i64,
            refused: i64,
            errors: i64,
        }
        let db = self.cx.db.read();
        let row = records(scope::authorize(db, actor, scope).await?, range)?
            .select_only()
            .column_as(sum_of(Expr::col(usage_record::Column::Calls)), "calls")
            .column_as(sum_of(Expr::col(usage_record::Column::Units)), "units")
            .column_as(sum_of(Expr::col(usage_record::Column::BytesIn)), "bytes_in")
            .column_as(sum_of(Expr::col(usage_record::Column::BytesOut)), "bytes_out")
            .column_as(sum_of(Expr::col(usage_record::Column::LatencyUs)), "latency_us")
            .column_as(refused(), "refused")
            .column_as(errors(), "errors")
            .into_model::<Row>()
            .one(db)
            .await?;
        Ok(row.map_or_else(UsageTotals::default, |row| UsageTotals {
            sums: UsageSums {
                calls: count(row.calls),
                units: count(row.units),
                bytes_in: count(row.bytes_in),
                bytes_out: count(row.bytes_out),
                latency_us: count(row.latency_us),
            },
            refused: count(row.refused),
            errors: count(row.errors),
        }))
    }
}

impl TimeRange {
    /// The ends in Unix seconds; what lies beyond the calendar of the ledger is cut off.
    fn seconds(self) -> Result<(i64, i64)> {
        let (from, to) = (self.from.unix_timestamp(), self.to.unix_timestamp());
        if from < to {
            Ok((from, to))
        } else {
            Err(DomainError::field("range", "The range ends before it begins."))
        }
    }
}

/// The ledger's rows of a scope within a range.
fn records(scope: Condition, range: TimeRange) -> Result<Select<usage_record::Entity>> {
    let (from, to) = range.seconds()?;
    Ok(usage_record::Entity::find()
        .filter(scope)
        .filter(usage_record::Column::Minute.gte(from))
        .filter(usage_record::Column::Minute.lt(to)))
}

/// Calls that the gateway answered itself.
fn refused() -> Expr {
    calls_if(Expr::col(usage_record::Column::IsRefused).eq(true))
}

/// Calls that were answered with a fault of a server.
fn errors() -> Expr {
    calls_if(Expr::col(usage_record::Column::Status).gte(500))
}

fn calls_if(condition: Expr) -> Expr {
    sum_of(
        Expr::case(condition, Expr::col(usage_record::Column::Calls))
            .finally(0_i64)
            .into(),
    )
}

fn count(column: i64) -> u64 {
    u64::try_from(column).unwrap_or_default()
}

/// Calls of an organization's apis since `from`; apis without a call are left out.
pub(crate) async fn calls_by_api(
    db: &impl ConnectionTrait,
    organization: OrganizationId,
    from: Timestamp,
) -> Result<HashMap<ApiId, u64>> {
    let rows: Vec<(ApiId, i64)> = usage_record::Entity::find()
        .join(
            JoinType::InnerJoin,
            usage_record::Entity::belongs_to(version::Entity)
                .from(usage_record::Column::VersionId)
                .to(version::Column::Id)
                .into(),
        )
        .join(JoinType::InnerJoin, version::Relation::Api.def())
        .select_only()
        .column(version::Column::ApiId)
        .column_as(sum_of(Expr::col(usage_record::Column::Calls)), "calls")
        .filter(api::Column::OrganizationId.eq(organization))
        .filter(usage_record::Column::Minute.gte(from.unix_timestamp()))
        .group_by(version::Column::ApiId)
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|(api, calls)| (api, count(calls))).collect())
}

/// Words for the rows of a version; all empty when it is gone.
#[derive(Default)]
struct VersionLabel {
    organization: String,
    api: String,
    api_name: String,
    version: String,
    /// `GET /pets/{id}` by the slug of the operation, in the current revision.
    routes: HashMap<String, String>,
}

async fn labels(
    db: &impl ConnectionTrait,
    versions: impl Iterator<Item = VersionId>,
) -> Result<HashMap<VersionId, VersionLabel>> {
    #[derive(FromQueryResult)]
    struct Row {
        id: VersionId,
        organization: String,
        api: String,
        api_name: String,
        version: String,
        operations: Option<serde_json::Value>,
    }
    let ids: std::collections::BTreeSet<VersionId> = versions.collect();
    let ids: Vec<VersionId> = ids.into_iter().collect();
    let mut labels = HashMap::with_capacity(ids.len());
    for chunk in ids.chunks(500) {
        let current = version::Entity::belongs_to(revision::Entity)
            .from(version::Column::RevisionId)
            .to(revision::Column::Id);
        let rows = version::Entity::find()
            .inner_join(api::Entity)
            .join(JoinType::InnerJoin, api::Relation::Organization.def())
            .join(JoinType::LeftJoin, current.into())
            .select_only()
            .column(version::Column::Id)
            .column_as(organization::Column::Slug, "organization")
            .column_as(api::Column::Slug, "api")
            .column_as(api::Column::Name, "api_name")
            .column_as(version::Column::Name, "version")
            .column(revision::Column::Operations)
            .filter(version::Column::Id.is_in(chunk.iter().copied()))
            .into_model::<Row>()
            .all(db)
            .await?;
        for row in rows {
            // Operations that cannot be read leave the routes empty: the numbers are still right.
            let operations: Vec<OperationRecord> = row
                .operations
                .and_then(|json| serde_json::from_value(json).ok())
                .unwrap_or_default();
            let routes = operations
                .into_iter()
                .map(|o| (o.slug, format!("{} {}", o.method, o.path)))
                .collect();
            let label = VersionLabel {
                organization: row.organization,
                api: row.api,
                api_name: row.api_name,
                version: row.version,
                routes,
            };
            labels.insert(row.id, label);
        }
    }
    Ok(labels)
}

/// Sums over a range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UsageTotals {
    /// All sums.
    pub sums: UsageSums,
    /// Requests the gateway refused.
    pub refused: u64,
    /// Answers with a status of 500 or above.
    pub errors: u64,
}
