//! No two live subscriptions of an application cover one api, whichever of their plans is changed.

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Select, sea_query::LockType};

use crate::{
    error::{DomainError, Result},
    id::{ApiId, OrganizationId, PlanId},
    store::{
        entity::{api, organization, plan_api, subscription},
        unit::Unit,
    },
    subscription::SubscriptionState,
};

/// Refuses to add apis to a plan whose subscribers get one of them by another subscription already. The plan's row must
/// be locked.
///
/// # Errors
/// `Invalid` at `apis` with the name of the first such api.
pub(super) async fn refuse(unit: &Unit, organization: OrganizationId, plan: PlanId, added: &[ApiId]) -> Result<()> {
    use subscription::Column;
    if added.is_empty() {
        return Ok(());
    }
    // An api is covered by plans of its own organization only: two of these cannot grow towards each other at once.
    organization::Entity::find_by_id(organization)
        .lock(LockType::NoKeyUpdate)
        .one(&**unit)
        .await?;
    let subscribers = live(Column::PlanId.eq(plan))
        .select_only()
        .column(Column::ApplicationId)
        .into_query();
    let others = Condition::all()
        .add(Column::PlanId.ne(plan))
        .add(Column::ApplicationId.in_subquery(subscribers));
    let other_plans = live(others).select_only().column(Column::PlanId).into_query();
    let covered = plan_api::Entity::find()
        .filter(plan_api::Column::ApiId.is_in(added.iter().copied()))
        .filter(plan_api::Column::PlanId.in_subquery(other_plans))
        .find_also_related(api::Entity)
        .one(&**unit)
        .await?;
    match covered {
        None => Ok(()),
        Some((_, api)) => {
            let name = api.map_or_else(|| "one of the APIs".into(), |api| api.name);
            Err(DomainError::field(
                "apis",
                format!(
                    "A subscriber of this plan has another subscription that covers {name}. Make a new plan for it."
                ),
            ))
        }
    }
}

fn live(condition: impl sea_orm::sea_query::IntoCondition) -> Select<subscription::Entity> {
    subscription::Entity::find()
        .filter(condition.into_condition())
        .filter(subscription::Column::State.ne(SubscriptionState::Canceled.as_str()))
}
