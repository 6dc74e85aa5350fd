//! Use cases of plans.

mod overlap;

use std::collections::{BTreeSet, HashMap};

use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter,
    QuerySelect,
};

use super::{Approval, Plan, Price, Quota, RateLimit, load};
use crate::{
    actor::Actor,
    authz::Action,
    catalog::{
        input::{self, Mistakes},
        load::permit,
    },
    error::{DomainError, Result},
    id::{ApiId, OrganizationId, PlanId, SubscriptionId},
    services::Context,
    slug::Slug,
    store::{
        OrTaken,
        entity::{api, organization, plan, plan_api, subscription},
        unit::{Change, Unit},
    },
    subscription::SubscriptionState,
    usage::quota,
};

/// Windows of one plan: each is looked at in every call.
const MAX_RATE_LIMITS: usize = 4;

/// Apis of one plan: more than that is an organization of its own.
const MAX_APIS: usize = 1_000;

/// What strangers are told, whether the plan exists or not.
const NO_PLAN: DomainError = DomainError::NotFound { what: "plan" };

/// Use cases of plans.
#[derive(Clone)]
pub struct Plans {
    pub(crate) cx: Context,
}

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
    pub async fn create(&self, actor: &Actor, organization: OrganizationId, input: PlanInput) -> Result<Plan> {
        actor.require(Action::EditPlan, organization)?;
        let mut mistakes = Mistakes::default();
        let slug: Option<Slug> = mistakes.take("slug", input.slug.trim().parse());
        let mut unit = self.cx.begin().await?;
        let terms = Terms::read(&unit, organization, input, &mut mistakes).await?;
        mistakes.none()?;
        let Some(slug) = slug else {
            return Err(DomainError::internal("unread fields"));
        };
        organization::Entity::find_by_id(organization)
            .filter(organization::Column::State.eq(organization::ACTIVE))
            .one(&*unit)
            .await?
            .ok_or(DomainError::NotFound { what: "organization" })?;
        let plan = terms.into_plan(PlanId::generate(), organization, slug, unit.now());
        let taken = || DomainError::field("slug", "Another plan of this organization has this short name.");
        plan::ActiveModel::from(&plan).insert(&*unit).await.or_taken(taken)?;
        cover(&unit, &plan).await?;
        unit.audit(actor, Some(organization), "plan.create", plan.id, plan.slug.to_string())
            .await?;
        unit.bump(&[Change::Catalog]).await?;
        unit.commit().await?;
        Ok(plan)
    }

    /// Changes a plan; counters of its subscriptions go on.
    ///
    /// Where the quota gets another period, the counters of that period are taken from the ledger.
    ///
    /// # Errors
    /// `Invalid` with the fields `name`, `apis` (also for an api that a subscriber of the plan gets by another
    /// subscription), `rate_limits.N`, `quota`.
    pub async fn update(&self, actor: &Actor, id: PlanId, input: PlanInput) -> Result<Plan> {
        let mut unit = self.cx.begin().await?;
        let old = plan_to_change(&unit, actor, id).await?;
        let mut mistakes = Mistakes::default();
        let terms = Terms::read(&unit, old.organization_id, input, &mut mistakes).await?;
        mistakes.none()?;
        let plan = terms.into_plan(old.id, old.organization_id, old.slug.clone(), old.created_at);
        if plan == old {
            return Ok(plan);
        }
        let added: Vec<ApiId> = plan
            .apis
            .iter()
            .filter(|api| !old.apis.contains(api))
            .copied()
            .collect();
        overlap::refuse(&unit, plan.organization_id, id, &added).await?;
        plan::ActiveModel::from(&plan).update(&*unit).await?;
        if plan.apis != old.apis {
            plan_api::Entity::delete_many()
                .filter(plan_api::Column::PlanId.eq(id))
                .exec(&*unit)
                .await?;
            cover(&unit, &plan).await?;
        }
        let mut changes = vec![Change::Catalog];
        let period = quota::period_of(plan.quota.as_ref());
        if period != quota::period_of(old.quota.as_ref()) {
            let subscriptions = live_subscriptions(&unit, id).await?;
            quota::recount(&unit, &subscriptions, period, unit.now()).await?;
            // Gateways count in another period now and must learn where it stands.
            changes.extend(subscriptions.into_iter().map(Change::Subscription));
        }
        unit.audit(
            actor,
            Some(plan.organization_id),
            "plan.update",
            plan.id,
            plan.slug.to_string(),
        )
        .await?;
        unit.bump(&changes).await?;
        unit.commit().await?;
        Ok(plan)
    }

    /// Deletes a plan that nobody is subscribed to. Its short name can be given again; what its subscriptions used
    /// stays in the ledger and can be read by both sides.
    ///
    /// # Errors
    /// `Conflict` while it has subscriptions that are not canceled.
    pub async fn delete(&self, actor: &Actor, id: PlanId) -> Result<()> {
        let mut unit = self.cx.begin().await?;
        let plan = plan_to_change(&unit, actor, id).await?;
        let live = live_subscriptions(&unit, id).await?.len();
        if live > 0 {
            let noun = if live == 1 { "subscription" } else { "subscriptions" };
            return Err(DomainError::Conflict(format!(
                "This plan has {live} {noun}. End them before you delete it."
            )));
        }
        plan::ActiveModel {
            id: Set(id),
            state: Set(plan::DELETED.into()),
            ..Default::default()
        }
        .update(&*unit)
        .await?;
        unit.audit(
            actor,
            Some(plan.organization_id),
            "plan.delete",
            plan.id,
            plan.slug.to_string(),
        )
        .await?;
        unit.bump(&[Change::Catalog]).await?;
        unit.commit().await
    }

    /// Plans of an organization, for members.
    pub async fn list(&self, actor: &Actor, organization: OrganizationId) -> Result<Vec<PlanOverview>> {
        actor.require(Action::ReadConsole, organization)?;
        let db = self.cx.db.read();
        let plans = load::plans(db, load::there().add(plan::Column::OrganizationId.eq(organization))).await?;
        let names: HashMap<ApiId, String> = api::Entity::find()
            .select_only()
            .columns([api::Column::Id, api::Column::Name])
            .filter(api::Column::OrganizationId.eq(organization))
            .into_tuple::<(ApiId, String)>()
            .all(db)
            .await?
            .into_iter()
            .collect();
        let subscriptions: HashMap<PlanId, i64> = subscription::Entity::find()
            .select_only()
            .column(subscription::Column::PlanId)
            .column_as(subscription::Column::Id.count(), "subscriptions")
            .filter(subscription::Column::PlanId.is_in(plans.iter().map(|plan| plan.id)))
            .filter(subscription::Column::State.ne(SubscriptionState::Canceled.as_str()))
            .group_by(subscription::Column::PlanId)
            .into_tuple::<(PlanId, i64)>()
            .all(db)
            .await?
            .into_iter()
            .collect();
        let overview = |plan: Plan| PlanOverview {
            api_names: plan.apis.iter().filter_map(|id| names.get(id).cloned()).collect(),
            subscriptions: subscriptions.get(&plan.id).map_or(0, |count| count.unsigned_abs()),
            plan,
        };
        Ok(plans.into_iter().map(overview).collect())
    }

    /// A plan by its slugs, for members.
    pub async fn by_slug(&self, actor: &Actor, organization: OrganizationId, slug: &str) -> Result<Plan> {
        permit(actor, Action::ReadConsole, organization, NO_PLAN)?;
        let named = load::there()
            .add(plan::Column::OrganizationId.eq(organization))
            .add(plan::Column::Slug.eq(slug));
        load::plans(self.cx.db.read(), named).await?.pop().ok_or(NO_PLAN)
    }

    /// A plan that the actor may subscribe to: it covers a listed api that the actor sees. With the organization's slug.
    pub async fn for_subscriber(&self, actor: &Actor, organization: &str, slug: &str) -> Result<Plan> {
        let db = self.cx.db.read();
        let row = plan::Entity::find()
            .inner_join(organization::Entity)
            .filter(organization::Column::Slug.eq(organization))
            .filter(organization::Column::State.eq(organization::ACTIVE))
            .filter(plan::Column::Slug.eq(slug))
            .filter(load::there())
            .all(db)
            .await?;
        let plan = load::with_apis(db, row).await?.pop().ok_or(NO_PLAN)?;
        if load::is_open_to(db, actor, &plan).await? {
            Ok(plan)
        } else {
            Err(NO_PLAN)
        }
    }
}

/// What a plan says, checked.
struct Terms {
    name: String,
    price: Price,
    rate_limits: Vec<RateLimit>,
    quota: Option<Quota>,
    approval: Approval,
    apis: Vec<ApiId>,
}

impl Terms {
    /// Reads the terms and notes what is wrong; then the value is of no use.
    async fn read(
        tx: &DatabaseTransaction,
        organization: OrganizationId,
        input: PlanInput,
        mistakes: &mut Mistakes,
    ) -> Result<Self> {
        let name = mistakes.take("name", input::name(&input.name, 100)).unwrap_or_default();
        if input.rate_limits.len() > MAX_RATE_LIMITS {
            mistakes.add("rate_limits", format!("Use at most {MAX_RATE_LIMITS} rate limits."));
        }
        for (n, limit) in input.rate_limits.iter().enumerate() {
            if let Err(error) = limit.check(&format!("rate_limits.{n}")) {
                mistakes.add(&error.field, error.message);
            }
        }
        if let Some(Err(error)) = input.quota.map(|quota| quota.check("quota")) {
            mistakes.add(&error.field, error.message);
        }
        let apis: Vec<ApiId> = input.apis.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
        if apis.is_empty() {
            mistakes.add("apis", "Choose at least one API.");
        } else if apis.len() > MAX_APIS {
            mistakes.add("apis", format!("Choose at most {MAX_APIS} APIs."));
        } else {
            let own = api::Entity::find()
                .filter(api::Column::OrganizationId.eq(organization))
                .filter(api::Column::Id.is_in(apis.iter().copied()));
            if own.count(tx).await? != apis.len() as u64 {
                mistakes.add("apis", "Choose APIs of this organization.");
            }
        }
        Ok(Self {
            name,
            price: input.price,
            rate_limits: input.rate_limits,
            quota: input.quota,
            approval: input.approval,
            apis,
        })
    }

    fn into_plan(
        self,
        id: PlanId,
        organization_id: OrganizationId,
        slug: Slug,
        created_at: crate::clock::Timestamp,
    ) -> Plan {
        Plan {
            id,
            organization_id,
            slug,
            name: self.name,
            price: self.price,
            rate_limits: self.rate_limits,
            quota: self.quota,
            approval: self.approval,
            apis: self.apis,
            created_at,
        }
    }
}

/// A plan that the actor may change. Its row is locked, so that nobody subscribes to it meanwhile.
async fn plan_to_change(unit: &Unit, actor: &Actor, id: PlanId) -> Result<Plan> {
    let row = plan::Entity::find_by_id(id)
        .filter(load::there())
        .lock_exclusive()
        .one(&**unit)
        .await?
        .ok_or(NO_PLAN)?;
    permit(actor, Action::EditPlan, row.organization_id, NO_PLAN)?;
    load::with_apis(&**unit, vec![row])
        .await?
        .pop()
        .ok_or_else(|| DomainError::internal("the plan cannot be read"))
}

/// Enters the apis of a plan.
async fn cover(unit: &Unit, plan: &Plan) -> Result<()> {
    let rows = plan.apis.iter().map(|api| plan_api::ActiveModel {
        plan_id: Set(plan.id),
        api_id: Set(*api),
    });
    plan_api::Entity::insert_many(rows)
        .exec_without_returning(&**unit)
        .await?;
    Ok(())
}

/// Subscriptions to a plan that are not canceled.
async fn live_subscriptions(unit: &Unit, plan: PlanId) -> Result<Vec<SubscriptionId>> {
    let select = subscription::Entity::find()
        .select_only()
        .column(subscription::Column::Id)
        .filter(subscription::Column::PlanId.eq(plan))
        .filter(subscription::Column::State.ne(SubscriptionState::Canceled.as_str()));
    Ok(select.into_tuple().all(&**unit).await?)
}
