//! What the dashboard shows of applications.

use std::{cmp::Reverse, collections::HashMap};

use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Expr,
};

use super::{Application, ApplicationDetail, ApplicationOverview, Applications, SubscriptionView, owned};
use crate::{
    actor::Actor,
    catalog::load::listed_apis,
    client::Client,
    clock::Timestamp,
    error::{DomainError, Result},
    id::{ApiId, ApplicationId, OrganizationId, PlanId},
    key::{Key, KeyState},
    organization::Organization,
    plan::{self, Period, Plan},
    store::{
        entity::{api, api_key, application, oauth_client, organization, plan as plan_row, subscription, usage_record},
        row::readable_as,
    },
    subscription::{Subscription, SubscriptionState, quota_uses},
    usage::quota::sum_of,
};

impl Applications {
    /// The actor's applications, by name.
    pub async fn list(&self, actor: &Actor) -> Result<Vec<ApplicationOverview>> {
        let owner = actor.account().ok_or(DomainError::Unauthenticated)?.id;
        let tx = self.cx.db.snapshot().await?;
        let rows = application::Entity::find()
            .filter(application::Column::OwnerId.eq(owner))
            .filter(application::Column::State.eq(application::ACTIVE))
            .order_by_asc(application::Column::Id)
            .all(&tx)
            .await?;
        let mut applications: Vec<Application> = readable_as(rows);
        applications.sort_by_cached_key(|application| application.name.to_lowercase());
        let ids: Vec<ApplicationId> = applications.iter().map(|application| application.id).collect();
        let subscriptions = live_subscriptions(&tx, &ids).await?;
        let keys = active_keys(&tx, &ids).await?;
        let calls = calls_since(&tx, &ids, Period::Day.start(self.cx.clock.now())).await?;
        let of = |counts: &HashMap<ApplicationId, u64>, id| counts.get(&id).copied().unwrap_or(0);
        Ok(applications
            .into_iter()
            .map(|application| ApplicationOverview {
                subscriptions: of(&subscriptions, application.id),
                keys: of(&keys, application.id),
                calls_today: of(&calls, application.id),
                application,
            })
            .collect())
    }

    /// One of the actor's applications by id.
    pub async fn detail(&self, actor: &Actor, id: ApplicationId) -> Result<ApplicationDetail> {
        let tx = self.cx.db.snapshot().await?;
        let application = owned::to_read(&tx, actor, id).await?;
        let subscriptions = subscription_views(&tx, id, self.cx.clock.now()).await?;
        let rows = api_key::Entity::find()
            .filter(api_key::Column::ApplicationId.eq(id))
            .all(&tx)
            .await?;
        let mut keys: Vec<Key> = readable_as(rows);
        keys.sort_by_key(|key| (key.state == KeyState::Revoked, Reverse(key.id)));
        let rows = oauth_client::Entity::find()
            .filter(oauth_client::Column::ApplicationId.eq(id))
            .all(&tx)
            .await?;
        let mut clients: Vec<Client> = readable_as(rows);
        clients.sort_by_key(|client| (client.state == KeyState::Revoked, Reverse(client.id)));
        Ok(ApplicationDetail {
            application,
            subscriptions,
            keys,
            clients,
        })
    }
}

async fn subscription_views(
    db: &impl ConnectionTrait,
    application: ApplicationId,
    now: Timestamp,
) -> Result<Vec<SubscriptionView>> {
    let rows = subscription::Entity::find()
        .filter(subscription::Column::ApplicationId.eq(application))
        .all(db)
        .await?;
    let mut subscriptions: Vec<Subscription> = readable_as(rows);
    subscriptions.sort_by_key(|s| (s.state == SubscriptionState::Canceled, Reverse(s.id)));
    let of_these = plan_row::Column::Id.is_in(subscriptions.iter().map(|subscription| subscription.plan_id));
    let plans: HashMap<PlanId, Plan> = plan::load::plans(db, Condition::all().add(of_these))
        .await?
        .into_iter()
        .map(|plan| (plan.id, plan))
        .collect();
    let providers: HashMap<OrganizationId, Organization> = readable_as::<Organization, _>(
        organization::Entity::find()
            .filter(organization::Column::Id.is_in(plans.values().map(|plan| plan.organization_id)))
            .all(db)
            .await?,
    )
    .into_iter()
    .map(|organization| (organization.id, organization))
    .collect();
    let apis: HashMap<ApiId, (String, String)> = api::Entity::find()
        .filter(api::Column::Id.is_in(plans.values().flat_map(|plan| plan.apis.iter().copied())))
        .filter(api::Column::Id.in_subquery(listed_apis()))
        .all(db)
        .await?
        .into_iter()
        .map(|api| (api.id, (api.slug, api.name)))
        .collect();
    let mut quotas = quota_uses(
        db,
        subscriptions
            .iter()
            .map(|s| s.id)
            .zip(subscriptions.iter().filter_map(|s| plans.get(&s.plan_id))),
        now,
    )
    .await?;
    Ok(subscriptions
        .into_iter()
        .filter_map(|subscription| {
            let plan = plans.get(&subscription.plan_id)?.clone();
            let mut covered: Vec<_> = plan.apis.iter().filter_map(|id| apis.get(id).cloned()).collect();
            covered.sort_by(|(_, a), (_, b)| a.cmp(b));
            Some(SubscriptionView {
                organization: providers.get(&plan.organization_id)?.clone(),
                apis: covered,
                quota: quotas.remove(&subscription.id)?,
                plan,
                subscription,
            })
        })
        .collect())
}

#[derive(FromQueryResult)]
struct CountRow {
    application_id: ApplicationId,
    count: i64,
}

fn counts(rows: Vec<CountRow>) -> HashMap<ApplicationId, u64> {
    rows.into_iter()
        .map(|row| (row.application_id, u64::try_from(row.count).unwrap_or(0)))
        .collect()
}

async fn live_subscriptions(db: &impl ConnectionTrait, ids: &[ApplicationId]) -> Result<HashMap<ApplicationId, u64>> {
    use subscription::Column;
    let rows = subscription::Entity::find()
        .select_only()
        .column(Column::ApplicationId)
        .column_as(Column::Id.count(), "count")
        .filter(Column::ApplicationId.is_in(ids.iter().copied()))
        .filter(Column::State.ne(SubscriptionState::Canceled.as_str()))
        .group_by(Column::ApplicationId)
        .into_model::<CountRow>()
        .all(db)
        .await?;
    Ok(counts(rows))
}

async fn active_keys(db: &impl ConnectionTrait, ids: &[ApplicationId]) -> Result<HashMap<ApplicationId, u64>> {
    use api_key::Column;
    let rows = api_key::Entity::find()
        .select_only()
        .column(Column::ApplicationId)
        .column_as(Column::Id.count(), "count")
        .filter(Column::ApplicationId.is_in(ids.iter().copied()))
        .filter(Column::State.eq(KeyState::Active.as_str()))
        .group_by(Column::ApplicationId)
        .into_model::<CountRow>()
        .all(db)
        .await?;
    Ok(counts(rows))
}

async fn calls_since(
    db: &impl ConnectionTrait,
    ids: &[ApplicationId],
    since: Timestamp,
) -> Result<HashMap<ApplicationId, u64>> {
    let rows = subscription::Entity::find()
        .select_only()
        .column(subscription::Column::ApplicationId)
        .column_as(
            sum_of(Expr::col((usage_record::Entity, usage_record::Column::Calls))),
            "count",
        )
        .join_rev(
            sea_orm::JoinType::InnerJoin,
            usage_record::Entity::belongs_to(subscription::Entity)
                .from(usage_record::Column::SubscriptionId)
                .to(subscription::Column::Id)
                .into(),
        )
        .filter(subscription::Column::ApplicationId.is_in(ids.iter().copied()))
        .filter(usage_record::Column::Minute.gte(since.unix_timestamp()))
        .group_by(subscription::Column::ApplicationId)
        .into_model::<CountRow>()
        .all(db)
        .await?;
    Ok(counts(rows))
}
