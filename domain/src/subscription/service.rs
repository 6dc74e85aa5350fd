//! Use cases of subscriptions.

use super::Subscription;
use crate::{
    account::Account, actor::Actor, application::Application, error::Result,
    id::{ApplicationId, OrganizationId, PlanId, SubscriptionId}, plan::Plan, services::Context, usage::QuotaUse,
};

/// Use cases of subscriptions.
#[derive(Clone)]
pub struct Subscriptions { pub(crate) cx: Context }

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

impl Subscriptions {
    /// Subscribes one of the actor's applications to a plan; `active` at once or `pending` as the plan says.
    ///
    /// # Errors
    /// `Conflict` if the application already has a live subscription that covers one of the plan's apis;
    /// `NotFound` for plans the actor may not see.
    pub async fn subscribe(&self, actor: &Actor, application: ApplicationId, plan: PlanId) -> Result<Subscription> { unimplemented!() }

    /// The consumer ends a subscription; its keys are refused for its apis from then on.
    pub async fn cancel(&self, actor: &Actor, id: SubscriptionId) -> Result<Subscription> { unimplemented!() }

    /// Moves a live subscription to another plan that covers the same apis; the counters of the period go on.
    pub async fn change_plan(&self, actor: &Actor, id: SubscriptionId, plan: PlanId) -> Result<Subscription> { unimplemented!() }

    /// Subscribers of an organization, pending ones first, then newest first.
    pub async fn subscribers(&self, actor: &Actor, organization: OrganizationId) -> Result<Vec<SubscriberView>> { unimplemented!() }

    /// The provider approves a pending subscription; its owner gets a mail.
    pub async fn approve(&self, actor: &Actor, id: SubscriptionId) -> Result<Subscription> { unimplemented!() }

    /// The provider refuses a pending subscription; its owner gets a mail.
    pub async fn refuse(&self, actor: &Actor, id: SubscriptionId) -> Result<Subscription> { unimplemented!() }

    /// The provider stops a subscription for now; its owner gets a mail.
    pub async fn suspend(&self, actor: &Actor, id: SubscriptionId) -> Result<Subscription> { unimplemented!() }

    /// The provider lets a suspended subscription go on.
    pub async fn resume(&self, actor: &Actor, id: SubscriptionId) -> Result<Subscription> { unimplemented!() }
}
