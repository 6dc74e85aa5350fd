//! Subscriptions that are over, when their application subscribes again.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};

use crate::{
    error::Result,
    id::{ApplicationId, SubscriptionId},
    plan::Plan,
    store::{
        entity::{plan as plan_row, plan_api, subscription},
        unit::Unit,
    },
    subscription::SubscriptionState,
    usage::quota,
};

/// How many are looked at, the newest ones. They are taken up again, so an application seldom has more than one an api.
const LOOKED_AT: u64 = 100;

/// The canceled subscription of the application that goes on under `plan`: of those that covered one of its apis, the
/// one that used most of the plan's present period, whose counter is then that period's. The application's row must be
/// locked.
pub(super) async fn to_take_up(unit: &Unit, application: ApplicationId, plan: &Plan) -> Result<Option<SubscriptionId>> {
    use subscription::Column;
    let covering = plan_api::Entity::find()
        .select_only()
        .column(plan_api::Column::PlanId)
        .filter(plan_api::Column::ApiId.is_in(plan.apis.iter().copied()))
        .into_query();
    let rows = subscription::Entity::find()
        .filter(Column::ApplicationId.eq(application))
        .filter(Column::State.eq(SubscriptionState::Canceled.as_str()))
        .filter(Column::PlanId.in_subquery(covering))
        .find_also_related(plan_row::Entity)
        .order_by_desc(Column::Id)
        .limit(LOOKED_AT)
        .all(&**unit)
        .await?;
    let ids: Vec<SubscriptionId> = rows.iter().map(|(row, _)| row.id).collect();
    let period = quota::period_of(plan.quota.as_ref());
    let used = quota::units_since(unit, &ids, period.start(unit.now())).await?;
    let most_used = rows.into_iter().max_by_key(|(row, _)| {
        let units = used.get(&row.id).copied().unwrap_or_default();
        (units, row.plan_id == plan.id, row.id)
    });
    let Some((row, old_plan)) = most_used else {
        return Ok(None);
    };
    if quota::period_in_column(old_plan.and_then(|plan| plan.quota)) != period {
        quota::recount(unit, &[row.id], period, unit.now()).await?;
    }
    Ok(Some(row.id))
}
