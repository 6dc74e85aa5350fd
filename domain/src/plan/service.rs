//! Use cases of plans.

use super::{Approval, Plan, Price, Quota, RateLimit};
use crate::{actor::Actor, error::Result, id::{ApiId, OrganizationId, PlanId}, services::Context};

/// Use cases of plans.
#[derive(Clone)]
pub struct Plans { pub(crate) cx: Context }

/// What a provider types about a plan.
#[derive(Clone, Debug)]
pub struct PlanInput {
    /// Short name; only used when the plan is made.
    pub slug: String,
    /// Name for people.
    pub name: String,
    /// What it costs.
    pub price: Price,
    /// Windows that all hold at once; at most 4.
    pub rate_limits: Vec<RateLimit>,
    /// What a period includes.
    pub quota: Option<Quota>,
    /// Whether a subscription waits for the provider.
    pub approval: Approval,
    /// Apis it covers; at least one, all of the organization.
    pub apis: Vec<ApiId>,
}

/// A plan with what the console shows beside it.
#[derive(Clone, Debug)]
pub struct PlanOverview {
    /// The plan.
    pub plan: Plan,
    /// Names of the apis it covers.
    pub api_names: Vec<String>,
    /// Subscriptions that are not canceled.
    pub subscriptions: u64,
}

impl Plans {
    /// Makes a plan.
    ///
    /// # Errors
    /// `Invalid` with the fields `slug`, `name`, `apis`, `rate_limits.N`, `quota`.
    pub async fn create(&self, actor: &Actor, organization: OrganizationId, input: PlanInput) -> Result<Plan> { unimplemented!() }

    /// Changes a plan; counters of its subscriptions go on.
    pub async fn update(&self, actor: &Actor, id: PlanId, input: PlanInput) -> Result<Plan> { unimplemented!() }

    /// Deletes a plan that nobody is subscribed to.
    ///
    /// # Errors
    /// `Conflict` while it has subscriptions that are not canceled.
    pub async fn delete(&self, actor: &Actor, id: PlanId) -> Result<()> { unimplemented!() }

    /// Plans of an organization, for members.
    pub async fn list(&self, actor: &Actor, organization: OrganizationId) -> Result<Vec<PlanOverview>> { unimplemented!() }

    /// A plan by its slugs, for members.
    pub async fn by_slug(&self, actor: &Actor, organization: OrganizationId, slug: &str) -> Result<Plan> { unimplemented!() }

    /// A plan that the actor may subscribe to: it covers a listed api that the actor sees. With the organization's slug.
    pub async fn for_subscriber(&self, actor: &Actor, organization: &str, slug: &str) -> Result<Plan> { unimplemented!() }
}
