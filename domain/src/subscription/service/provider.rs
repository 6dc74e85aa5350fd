//! What a provider does with subscriptions to its plans.

use std::{cmp::Reverse, collections::HashMap};

use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect, QueryTrait,
};
use time::Duration;

use super::{NOT_FOUND, SubscriberView, Subscription, SubscriptionState, Subscriptions, save};
use crate::{
    account::Account,
    actor::Actor,
    application::Application,
    authz::Action,
    client::scope,
    clock::Timestamp,
    error::{DomainError, Result},
    id::{AccountId, ApplicationId, OrganizationId, PlanId, SubscriptionId},
    notify::Mail,
    plan::{self, Plan},
    store::{
        entity::{account, application, organization, plan as plan_row, subscription, usage_record},
        row::readable_as,
    },
    subscription::{
        mail::{self, About},
        quota_uses,
    },
    usage::quota::sum_of,
};

/// What a provider does to one subscription.
struct Decision {
    /// Dotted verb of the audit log.
    action: &'static str,
    /// The transition.
    step: fn(SubscriptionState) -> Result<SubscriptionState>,
    /// What the owner reads about it.
    mail: Option<fn(&str, &About<'_>) -> Mail>,
}

impl Subscriptions {
    /// Subscribers of an organization, pending ones first, then newest first. Subscriptions that are over are left out.
    pub async fn subscribers(&self, actor: &Actor, organization: OrganizationId) -> Result<Vec<SubscriberView>> {
        actor.require(Action::ReadConsole, organization)?;
        let now = self.cx.clock.now();
        let tx = self.cx.db.snapshot().await?;
        let of_organization = plan_row::Column::OrganizationId.eq(organization);
        let plans: HashMap<PlanId, Plan> = plan::load::plans(&tx, Condition::all().add(of_organization.clone()))
            .await?
            .into_iter()
            .map(|plan| (plan.id, plan))
            .collect();
        let rows = subscription::Entity::find()
            .inner_join(plan_row::Entity)
            .filter(of_organization)
            .filter(subscription::Column::State.ne(SubscriptionState::Canceled.as_str()))
            .all(&tx)
            .await?;
        let mut subscriptions: Vec<Subscription> = readable_as(rows);
        subscriptions.sort_by_key(|s| (s.state != SubscriptionState::Pending, Reverse(s.id)));
        let applications = applications(&tx, organization).await?;
        let with_plans = subscriptions
            .iter()
            .filter_map(|s| plans.get(&s.plan_id).map(|plan| (s.id, plan)));
        let mut quotas = quota_uses(&tx, with_plans, now).await?;
        let calls = calls_since(&tx, organization, now - Duration::DAY).await?;
        Ok(subscriptions
            .into_iter()
            .filter_map(|subscription| {
                let (application, owner) = applications.get(&subscription.application_id)?.clone();
                Some(SubscriberView {
                    plan: plans.get(&subscription.plan_id)?.clone(),
                    quota: quotas.remove(&subscription.id)?,
                    calls_24h: calls.get(&subscription.id).copied().unwrap_or(0),
                    subscription,
                    application,
                    owner,
                })
            })
            .collect())
    }

    /// The provider approves a pending subscription; its owner gets a mail.
    ///
    /// # Errors
    /// `Conflict` in another state.
    pub async fn approve(&self, actor: &Actor, id: SubscriptionId) -> Result<Subscription> {
        let decision = Decision {
            action: "subscription.approve",
            step: SubscriptionState::approve,
            mail: Some(mail::approved),
        };
        self.decide(actor, id, decision).await
    }

    /// The provider refuses a pending subscription; its owner gets a mail.
    ///
    /// # Errors
    /// `Conflict` in another state.
    pub async fn refuse(&self, actor: &Actor, id: SubscriptionId) -> Result<Subscription> {
        let decision = Decision {
            action: "subscription.refuse",
            step: refuse,
            mail: Some(mail::refused),
        };
        self.decide(actor, id, decision).await
    }

    /// The provider stops a subscription for now; its owner gets a mail.
    ///
    /// # Errors
    /// `Conflict` unless it is active.
    pub async fn suspend(&self, actor: &Actor, id: SubscriptionId) -> Result<Subscription> {
        let decision = Decision {
            action: "subscription.suspend",
            step: SubscriptionState::suspend,
            mail: Some(mail::suspended),
        };
        self.decide(actor, id, decision).await
    }

    /// The provider lets a suspended subscription go on.
    ///
    /// # Errors
    /// `Conflict` in another state.
    pub async fn resume(&self, actor: &Actor, id: SubscriptionId) -> Result<Subscription> {
        let decision = Decision {
            action: "subscription.resume",
            step: SubscriptionState::resume,
            mail: None,
        };
        self.decide(actor, id, decision).await
    }

    /// One subscriber of an organization.
    ///
    /// # Errors
    /// `NotFound` where there is no such live subscription, and for strangers.
    pub async fn subscriber(
        &self,
        actor: &Actor,
        organization: OrganizationId,
        id: SubscriptionId,
    ) -> Result<SubscriberView> {
        let all = self.subscribers(actor, organization).await?;
        all.into_iter()
            .find(|subscriber| subscriber.subscription.id == id)
            .ok_or(NOT_FOUND)
    }

    /// The provider says what scopes tokens of the application's clients can be good for, in place of what it said before.
    /// A scope that is taken away is missing at once, also from tokens that were given.
    ///
    /// # Errors
    /// `Invalid` at `scopes`; `Conflict` for a subscription that is over.
    pub async fn grant_scopes(&self, actor: &Actor, id: SubscriptionId, scopes: Vec<String>) -> Result<Subscription> {
        let mut unit = self.cx.begin().await?;
        let row = subscription::Entity::find_by_id(id)
            .lock_exclusive()
            .one(&*unit)
            .await?
            .ok_or(NOT_FOUND)?;
        let plan = plan_row::Entity::find_by_id(row.plan_id)
            .one(&*unit)
            .await?
            .ok_or(NOT_FOUND)?;
        actor
            .require(Action::ManageSubscribers, plan.organization_id)
            .map_err(|error| error.missing_as("subscription"))?;
        scope::check(&scopes).map_err(|error| DomainError::Invalid(vec![error]))?;
        let mut subscription = Subscription::try_from(row)?;
        if subscription.state == SubscriptionState::Canceled {
            return Err(DomainError::Conflict("This subscription is canceled.".into()));
        }
        if subscription.scopes == scopes {
            return Ok(subscription);
        }
        subscription.scopes = scopes;
        let detail = format!("{}: {}", plan.slug, subscription.scopes.join(" "));
        unit.audit(actor, Some(plan.organization_id), "subscription.scopes", id, detail)
            .await?;
        save(&mut unit, &subscription).await?;
        unit.commit().await?;
        Ok(subscription)
    }

    async fn decide(&self, actor: &Actor, id: SubscriptionId, decision: Decision) -> Result<Subscription> {
        let mut unit = self.cx.begin().await?;
        let row = subscription::Entity::find_by_id(id)
            .lock_exclusive()
            .one(&*unit)
            .await?
            .ok_or(NOT_FOUND)?;
        let plan = plan_row::Entity::find_by_id(row.plan_id)
            .one(&*unit)
            .await?
            .ok_or(NOT_FOUND)?;
        actor
            .require(Action::ManageSubscribers, plan.organization_id)
            .map_err(|error| error.missing_as("subscription"))?;
        let found = application::Entity::find_by_id(row.application_id)
            .find_also_related(account::Entity)
            .one(&*unit)
            .await?;
        let Some((application, Some(owner))) = found else {
            return Err(NOT_FOUND);
        };
        let mut subscription = Subscription::try_from(row)?;
        subscription.state = (decision.step)(subscription.state)?;
        if subscription.state == SubscriptionState::Canceled {
            subscription.canceled_at = Some(unit.now());
        }
        if let Some(write) = decision.mail {
            let provider = organization::Entity::find_by_id(plan.organization_id)
                .one(&*unit)
                .await?;
            let about = About {
                application: &application.name,
                plan: &plan.name,
                provider: provider.as_ref().map_or("The provider", |provider| &provider.name),
                link: format!("{}/dashboard/applications/{}", self.cx.portal_url, application.id),
            };
            unit.queue_mail(write(&owner.email, &about)).await?;
        }
        let detail = format!("{} on {}", application.name, plan.slug);
        unit.audit(actor, Some(plan.organization_id), decision.action, id, detail)
            .await?;
        save(&mut unit, &subscription).await?;
        unit.commit().await?;
        Ok(subscription)
    }
}

/// Only a pending subscription can be refused; a running one is suspended.
fn refuse(state: SubscriptionState) -> Result<SubscriptionState> {
    match state {
        SubscriptionState::Pending => state.cancel(),
        SubscriptionState::Active | SubscriptionState::Suspended | SubscriptionState::Canceled => {
            Err(DomainError::Conflict(format!(
                "This subscription is {} and cannot be refused.",
                state.as_str()
            )))
        }
    }
}

/// Applications with a subscription to one of the organization's plans, and their owners.
async fn applications(
    db: &impl ConnectionTrait,
    organization: OrganizationId,
) -> Result<HashMap<ApplicationId, (Application, Account)>> {
    let subscribed = subscription::Entity::find()
        .inner_join(plan_row::Entity)
        .filter(plan_row::Column::OrganizationId.eq(organization))
        .select_only()
        .column(subscription::Column::ApplicationId)
        .into_query();
    let rows = application::Entity::find()
        .filter(application::Column::Id.in_subquery(subscribed))
        .find_also_related(account::Entity)
        .all(db)
        .await?;
    let owners: HashMap<AccountId, Account> = rows
        .iter()
        .filter_map(|(_, owner)| owner.clone())
        .map(|owner| (owner.id, owner.into()))
        .collect();
    let applications: Vec<Application> = readable_as(rows.into_iter().map(|(application, _)| application));
    Ok(applications
        .into_iter()
        .filter_map(|application| {
            let owner = owners.get(&application.owner_id)?.clone();
            Some((application.id, (application, owner)))
        })
        .collect())
}

async fn calls_since(
    db: &impl ConnectionTrait,
    organization: OrganizationId,
    since: Timestamp,
) -> Result<HashMap<SubscriptionId, u64>> {
    #[derive(FromQueryResult)]
    struct Row {
        subscription_id: SubscriptionId,
        calls: i64,
    }
    use usage_record::Column;
    let of_organization = subscription::Entity::find()
        .inner_join(plan_row::Entity)
        .filter(plan_row::Column::OrganizationId.eq(organization))
        .select_only()
        .column(subscription::Column::Id)
        .into_query();
    let rows = usage_record::Entity::find()
        .select_only()
        .column(Column::SubscriptionId)
        .column_as(sum_of(sea_orm::sea_query::Expr::col(Column::Calls)), "calls")
        .filter(Column::SubscriptionId.in_subquery(of_organization))
        .filter(Column::Minute.gte(since.unix_timestamp()))
        .group_by(Column::SubscriptionId)
        .into_model::<Row>()
        .all(db)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.subscription_id, u64::try_from(row.calls).unwrap_or(0)))
        .collect())
}
