//! Plans with the apis they cover.

use std::collections::HashMap;

use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait,
};

use super::Plan;
use crate::{
    actor::Actor,
    catalog::{self, Visibility},
    error::Result,
    id::{ApiId, PlanId},
    store::{
        entity::{api, plan, plan_api},
        row::readable,
    },
};

/// Ids in one statement.
const CHUNK: usize = 500;

/// Plans that fulfil `condition`, deleted ones too, by the time they were made.
pub(crate) async fn plans(db: &impl ConnectionTrait, condition: Condition) -> Result<Vec<Plan>> {
    let rows = plan::Entity::find()
        .filter(condition)
        .order_by_asc(plan::Column::CreatedAt)
        .order_by_asc(plan::Column::Id)
        .all(db)
        .await?;
    with_apis(db, rows).await
}

/// The condition of plans that are not deleted.
pub(crate) fn there() -> Condition {
    Condition::all().add(plan::Column::State.eq(plan::ACTIVE))
}

/// Rows with the apis that they cover; one that cannot be read is left out.
pub(crate) async fn with_apis(db: &impl ConnectionTrait, rows: Vec<plan::Model>) -> Result<Vec<Plan>> {
    let mut apis: HashMap<PlanId, Vec<ApiId>> = HashMap::with_capacity(rows.len());
    for chunk in rows.chunks(CHUNK) {
        let covered = plan_api::Entity::find()
            .filter(plan_api::Column::PlanId.is_in(chunk.iter().map(|row| row.id)))
            .order_by_asc(plan_api::Column::ApiId)
            .all(db)
            .await?;
        for row in covered {
            apis.entry(row.plan_id).or_default().push(row.api_id);
        }
    }
    Ok(readable(rows.into_iter().map(|row| {
        let apis = apis.remove(&row.id).unwrap_or_default();
        row.with_apis(apis)
    })))
}

/// Plans by the apis that they cover; those of one api by the time they were made.
pub(crate) async fn covering(db: &impl ConnectionTrait, apis: &[ApiId]) -> Result<HashMap<ApiId, Vec<Plan>>> {
    let mut covering: HashMap<ApiId, Vec<Plan>> = HashMap::with_capacity(apis.len());
    for chunk in apis.chunks(CHUNK) {
        let covered = plan_api::Entity::find()
            .select_only()
            .column(plan_api::Column::PlanId)
            .filter(plan_api::Column::ApiId.is_in(chunk.iter().copied()))
            .into_query();
        for plan in plans(db, there().add(plan::Column::Id.in_subquery(covered))).await? {
            for api in plan.apis.iter().filter(|api| chunk.contains(api)) {
                covering.entry(*api).or_default().push(plan.clone());
            }
        }
    }
    Ok(covering)
}

/// Whether the actor may subscribe to a plan: it covers an api with a listed version that the actor sees.
pub(crate) async fn is_open_to(db: &impl ConnectionTrait, actor: &Actor, plan: &Plan) -> Result<bool> {
    let mut seen = api::Entity::find()
        .filter(api::Column::Id.is_in(plan.apis.iter().copied()))
        .filter(api::Column::Id.in_subquery(catalog::load::listed_apis()));
    if !catalog::load::is_member(actor, plan.organization_id) {
        seen = seen.filter(api::Column::Visibility.eq(Visibility::Public.as_str()));
    }
    Ok(seen.count(db).await? > 0)
}
