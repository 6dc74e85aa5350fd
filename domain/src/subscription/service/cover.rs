//! Which apis a subscription covers, and that no two of an application cover the same one.

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::{
    actor::Actor,
    catalog::{
        Visibility,
        load::{is_member, listed_apis},
    },
    error::{DomainError, Result},
    id::{ApiId, ApplicationId, PlanId, SubscriptionId},
    plan::{self, Plan},
    store::{
        entity::{api, organization, plan as plan_row, plan_api, subscription},
        unit::Unit,
    },
    subscription::{Subscription, SubscriptionState},
};

const NO_PLAN: DomainError = DomainError::NotFound { what: "plan" };

/// A plan that the actor may subscribe to: it covers a listed api that the actor sees. Until the end of the unit it
/// keeps its apis and is not deleted.
pub(super) async fn plan_for_subscriber(unit: &Unit, actor: &Actor, id: PlanId) -> Result<Plan> {
    let row = plan_row::Entity::find_by_id(id)
        .filter(plan::load::there())
        .lock_shared()
        .one(&**unit)
        .await?
        .ok_or(NO_PLAN)?;
    organization::Entity::find_by_id(row.organization_id)
        .filter(organization::Column::State.eq(organization::ACTIVE))
        .one(&**unit)
        .await?
        .ok_or(NO_PLAN)?;
    let plan = one(unit, row).await?;
    let mut visible = Condition::all().add(api::Column::Id.is_in(plan.apis.iter().copied()));
    if !is_member(actor, plan.organization_id) {
        visible = visible.add(api::Column::Visibility.eq(Visibility::Public.as_str()));
    }
    let seen = api::Entity::find()
        .filter(visible)
        .filter(api::Column::Id.in_subquery(listed_apis()))
        .one(&**unit)
        .await?;
    if seen.is_some() { Ok(plan) } else { Err(NO_PLAN) }
}

/// The plan of a subscription.
pub(super) async fn plan_of(unit: &Unit, subscription: &Subscription) -> Result<Plan> {
    let row = plan_row::Entity::find_by_id(subscription.plan_id)
        .lock_shared()
        .one(&**unit)
        .await?
        .ok_or(NO_PLAN)?;
    one(unit, row).await
}

async fn one(unit: &Unit, row: plan_row::Model) -> Result<Plan> {
    let id = row.id;
    plan::load::with_apis(&**unit, vec![row])
        .await?
        .pop()
        .ok_or_else(|| DomainError::internal(format!("the plan {id} cannot be read")))
}

/// Refuses apis that a live subscription of the application covers already, `except` that one. The application's row
/// must be locked.
///
/// # Errors
/// `Conflict` with the name of the first such api.
pub(super) async fn refuse_overlap(
    unit: &Unit,
    application: ApplicationId,
    apis: &[ApiId],
    except: Option<SubscriptionId>,
) -> Result<()> {
    use subscription::Column;
    let mut live = Condition::all()
        .add(Column::ApplicationId.eq(application))
        .add(Column::State.ne(SubscriptionState::Canceled.as_str()));
    if let Some(except) = except {
        live = live.add(Column::Id.ne(except));
    }
    let plans: Vec<PlanId> = subscription::Entity::find()
        .select_only()
        .column(Column::PlanId)
        .filter(live)
        .into_tuple()
        .all(&**unit)
        .await?;
    // Held until the end of the unit: a provider who adds an api to one of them either has done so or sees this
    // subscription.
    plan_row::Entity::find()
        .select_only()
        .column(plan_row::Column::Id)
        .filter(plan_row::Column::Id.is_in(plans.iter().copied()))
        .order_by_asc(plan_row::Column::Id)
        .lock_shared()
        .into_tuple::<PlanId>()
        .all(&**unit)
        .await?;
    let covered = plan_api::Entity::find()
        .filter(plan_api::Column::PlanId.is_in(plans))
        .filter(plan_api::Column::ApiId.is_in(apis.iter().copied()))
        .find_also_related(api::Entity)
        .one(&**unit)
        .await?;
    match covered {
        None => Ok(()),
        Some((_, api)) => {
            let name = api.map_or_else(|| "one of the APIs".into(), |api| api.name);
            Err(DomainError::Conflict(format!(
                "This application already has a subscription that covers {name}. Change its plan or cancel it first."
            )))
        }
    }
}
