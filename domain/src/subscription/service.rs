//! Use cases of subscriptions: the consumer's here, the provider's in `provider.rs`.

mod cover;
mod earlier;
mod provider;

use sea_orm::{ActiveModelTrait, EntityTrait, QuerySelect, Set};

use super::{Subscription, SubscriptionState};
use crate::{
    account::Account,
    actor::Actor,
    application::{Application, owned},
    error::{DomainError, Result},
    id::{ApplicationId, PlanId, SubscriptionId},
    identity,
    plan::{Approval, Plan},
    services::Context,
    store::{
        entity::{
            plan,
            subscription::{self, scopes_column},
        },
        unit::{Change, Unit},
    },
    usage::{QuotaUse, quota},
};

/// Use cases of subscriptions.
#[derive(Clone)]
pub struct Subscriptions {
    pub(crate) cx: Context,
}

/// A subscriber as the provider sees it.
#[derive(Clone, Debug)]
pub struct SubscriberView {
    /// The subscription.
    pub subscription: Subscription,
    /// Its plan.
    pub plan: Plan,
    /// The application.
    pub application: Application,
    /// The application's owner.
    pub owner: Account,
    /// Used of allowed in the current period.
    pub quota: QuotaUse,
    /// Calls in the last 24 hours.
    pub calls_24h: u64,
}

/// What strangers are told, whether the subscription exists or not.
const NOT_FOUND: DomainError = DomainError::NotFound { what: "subscription" };

impl Subscriptions {
    /// Subscribes one of the actor's applications to a plan; `active` at once or `pending` as the plan says.
    ///
    /// Where the application had a subscription of the same provider that covered one of the plan's apis, that one is
    /// taken up again, under its id: the counters of the period go on, so that nobody renews a quota by canceling.
    ///
    /// # Errors
    /// `Conflict` if the application already has a live subscription that covers one of the plan's apis;
    /// `NotFound` for plans the actor may not see.
    pub async fn subscribe(&self, actor: &Actor, application: ApplicationId, plan: PlanId) -> Result<Subscription> {
        let mut unit = self.cx.begin().await?;
        let application = owned::to_change(&unit, actor, application).await?;
        let plan = cover::plan_for_subscriber(&unit, actor, plan).await?;
        cover::refuse_overlap(&unit, application.id, &plan.apis, None).await?;
        let earlier = earlier::to_take_up(&unit, application.id, &plan).await?;
        let subscription = Subscription {
            id: earlier.unwrap_or_else(SubscriptionId::generate),
            application_id: application.id,
            plan_id: plan.id,
            state: first_state(&plan),
            created_at: unit.now(),
            canceled_at: None,
            // Granted anew, if at all.
            scopes: Vec::new(),
        };
        let row = subscription::ActiveModel::from(&subscription);
        match earlier {
            Some(_) => row.reset_all().update(&*unit).await?,
            None => row.insert(&*unit).await?,
        };
        let detail = format!("{} on {}: {}", application.name, plan.slug, subscription.state.as_str());
        unit.audit(
            actor,
            Some(plan.organization_id),
            "subscription.create",
            subscription.id,
            detail,
        )
        .await?;
        unit.bump(&[Change::Subscription(subscription.id)]).await?;
        unit.commit().await?;
        Ok(subscription)
    }

    /// The consumer ends a subscription; its keys are refused for its apis from then on.
    ///
    /// # Errors
    /// `Conflict` if it is over already.
    pub async fn cancel(&self, actor: &Actor, id: SubscriptionId) -> Result<Subscription> {
        let mut unit = self.cx.begin().await?;
        let (mut subscription, application) = own(&unit, actor, id).await?;
        subscription.state = subscription.state.cancel()?;
        subscription.canceled_at = Some(unit.now());
        let plan = plan::Entity::find_by_id(subscription.plan_id).one(&*unit).await?;
        let organization = plan.map(|plan| plan.organization_id);
        unit.audit(actor, organization, "subscription.cancel", id, application.name)
            .await?;
        save(&mut unit, &subscription).await?;
        unit.commit().await?;
        Ok(subscription)
    }

    /// Moves a live subscription to another plan of the same provider that covers the same apis (or more); the counters
    /// of the period go on.
    ///
    /// One that waits for approval is judged by the new plan. One that is running cannot move to a plan that waits for
    /// the provider, as it would have to stop until then.
    ///
    /// # Errors
    /// `NotFound` for plans the actor may not see; `Conflict` if the new plan covers less, if another live subscription
    /// of the application covers one of its apis, or if it needs approval.
    pub async fn change_plan(&self, actor: &Actor, id: SubscriptionId, plan: PlanId) -> Result<Subscription> {
        let mut unit = self.cx.begin().await?;
        let (mut subscription, application) = own(&unit, actor, id).await?;
        if subscription.plan_id == plan {
            return Ok(subscription);
        }
        if subscription.state == SubscriptionState::Canceled {
            return Err(DomainError::Conflict(
                "This subscription is canceled and cannot change its plan.".into(),
            ));
        }
        let old = cover::plan_of(&unit, &subscription).await?;
        let new = cover::plan_for_subscriber(&unit, actor, plan).await?;
        if new.organization_id != old.organization_id || old.apis.iter().any(|api| !new.apis.contains(api)) {
            return Err(DomainError::Conflict(
                "The other plan does not cover the same APIs.".into(),
            ));
        }
        cover::refuse_overlap(&unit, application.id, &new.apis, Some(id)).await?;
        subscription.state = match (subscription.state, new.approval) {
            (SubscriptionState::Pending, _) => first_state(&new),
            (state, Approval::Automatic) => state,
            (_, Approval::Manual) => {
                return Err(DomainError::Conflict(
                    "The other plan waits for the provider's approval. Cancel this subscription and subscribe to it \
                     instead."
                        .into(),
                ));
            }
        };
        subscription.plan_id = new.id;
        let detail = format!("{}: {} → {}", application.name, old.slug, new.slug);
        unit.audit(actor, Some(new.organization_id), "subscription.change_plan", id, detail)
            .await?;
        let (before, after) = (
            quota::period_of(old.quota.as_ref()),
            quota::period_of(new.quota.as_ref()),
        );
        if before != after {
            quota::recount(&unit, &[id], after, unit.now()).await?;
        }
        save(&mut unit, &subscription).await?;
        unit.commit().await?;
        Ok(subscription)
    }
}

const fn first_state(plan: &Plan) -> SubscriptionState {
    match plan.approval {
        Approval::Automatic => SubscriptionState::Active,
        Approval::Manual => SubscriptionState::Pending,
    }
}

/// A subscription of one of the actor's applications, both locked until the end of the unit.
async fn own(unit: &Unit, actor: &Actor, id: SubscriptionId) -> Result<(Subscription, Application)> {
    // First whose it is, which never changes, then the locks in the order that every use case takes them.
    let row = subscription::Entity::find_by_id(id)
        .one(&**unit)
        .await?
        .ok_or(NOT_FOUND)?;
    let application = owned::to_change(unit, actor, row.application_id)
        .await
        .map_err(|error| error.missing_as("subscription"))?;
    let row = subscription::Entity::find_by_id(id)
        .lock_exclusive()
        .one(&**unit)
        .await?
        .ok_or(NOT_FOUND)?;
    Ok((row.try_into()?, application))
}

/// Stores plan, state, scopes and end, and tells the gateways. What a provider mapped to a subscription goes with its end.
async fn save(unit: &mut Unit, subscription: &Subscription) -> Result<()> {
    subscription::ActiveModel {
        scopes: Set(scopes_column(&subscription.scopes)),
        id: Set(subscription.id),
        plan_id: Set(subscription.plan_id),
        state: Set(subscription.state.as_str().into()),
        canceled_at: Set(subscription.canceled_at),
        ..Default::default()
    }
    .update(&**unit)
    .await?;
    let mut changes = vec![Change::Subscription(subscription.id)];
    if subscription.state == SubscriptionState::Canceled
        && identity::service::remove_of(unit, &[subscription.id]).await?
    {
        changes.push(Change::Identities);
    }
    unit.bump(&changes).await?;
    Ok(())
}
