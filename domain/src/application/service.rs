//! Use cases of applications.

use super::Application;
use crate::{
    actor::Actor, error::Result, id::ApplicationId, key::Key, plan::Plan,
    organization::Organization, services::Context, subscription::Subscription, usage::QuotaUse,
};

/// Use cases of applications.
#[derive(Clone)]
pub struct Applications { pub(crate) cx: Context }

/// A subscription as its owner sees it.
#[derive(Clone, Debug)]
pub struct SubscriptionView {
    /// The subscription.
    pub subscription: Subscription,
    /// Its plan.
    pub plan: Plan,
    /// The provider.
    pub organization: Organization,
    /// Apis that the plan covers: slug and name.
    pub apis: Vec<(String, String)>,
    /// Used of allowed in the current period, by the ledger.
    pub quota: QuotaUse,
}

/// An application with all its page shows.
#[derive(Clone, Debug)]
pub struct ApplicationDetail {
    /// The application.
    pub application: Application,
    /// Its subscriptions: live ones first, then canceled ones.
    pub subscriptions: Vec<SubscriptionView>,
    /// Its keys: active ones first, newest first.
    pub keys: Vec<Key>,
}

/// An application in the dashboard's list.
#[derive(Clone, Debug)]
pub struct ApplicationOverview {
    /// The application.
    pub application: Application,
    /// Live subscriptions.
    pub subscriptions: u64,
    /// Active keys.
    pub keys: u64,
    /// Calls since midnight UTC.
    pub calls_today: u64,
}

impl Applications {
    /// Makes an application for the actor (a verified account). An empty slug is suggested from the name.
    ///
    /// # Errors
    /// `Invalid` with the fields `name`, `slug`, `description`; at most 100 applications an account.
    pub async fn create(&self, actor: &Actor, name: &str, slug: &str, description: &str) -> Result<Application> { unimplemented!() }

    /// Changes name and description.
    pub async fn update(&self, actor: &Actor, id: ApplicationId, name: &str, description: &str) -> Result<Application> { unimplemented!() }

    /// Deletes an application: its keys are revoked and its subscriptions canceled; its usage stays in the ledger.
    pub async fn delete(&self, actor: &Actor, id: ApplicationId) -> Result<()> { unimplemented!() }

    /// The actor's applications, by name.
    pub async fn list(&self, actor: &Actor) -> Result<Vec<ApplicationOverview>> { unimplemented!() }

    /// One of the actor's applications by id.
    pub async fn detail(&self, actor: &Actor, id: ApplicationId) -> Result<ApplicationDetail> { unimplemented!() }
}
