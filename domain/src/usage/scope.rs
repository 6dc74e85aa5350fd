//! Whose usage an actor may read.

use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait};

use super::query::UsageScope;
use crate::{
    actor::Actor,
    authz::Action,
    error::{DomainError, Result},
    store::entity::{api, application, subscription, usage_record, version},
};

/// The rows of the ledger that belong to `scope`.
///
/// # Errors
/// `NotFound` if it does not exist or is none of the actor's business; `Unauthenticated` for
/// [`UsageScope::MyApplications`] of nobody.
pub(crate) async fn authorize(db: &impl ConnectionTrait, actor: &Actor, scope: UsageScope) -> Result<Condition> {
    match scope {
        UsageScope::MyApplications => {
            let owner = actor.account().ok_or(DomainError::Unauthenticated)?.id;
            let mine = subscription::Entity::find()
                .inner_join(application::Entity)
                .filter(application::Column::OwnerId.eq(owner));
            Ok(of_subscriptions(mine))
        }
        UsageScope::Application(id) => {
            let found = application::Entity::find_by_id(id)
                .filter(application::Column::State.eq(application::ACTIVE))
                .one(db)
                .await?
                .filter(|application| owns(actor, application));
            found.ok_or(DomainError::NotFound { what: "application" })?;
            Ok(of_subscriptions(
                subscription::Entity::find().filter(subscription::Column::ApplicationId.eq(id)),
            ))
        }
        UsageScope::Organization(id) => {
            actor.require(Action::ReadConsole, id)?;
            Ok(of_versions(
                version::Entity::find()
                    .inner_join(api::Entity)
                    .filter(api::Column::OrganizationId.eq(id)),
            ))
        }
    }
}

fn owns(actor: &Actor, application: &application::Model) -> bool {
    match actor {
        Actor::Anonymous => false,
        Actor::Account(account) => account.id == application.owner_id,
        Actor::System => true,
    }
}

fn of_subscriptions(select: sea_orm::Select<subscription::Entity>) -> Condition {
    let ids = select.select_only().column(subscription::Column::Id).into_query();
    Condition::all().add(usage_record::Column::SubscriptionId.in_subquery(ids))
}

fn of_versions(select: sea_orm::Select<version::Entity>) -> Condition {
    let ids = select.select_only().column(version::Column::Id).into_query();
    Condition::all().add(usage_record::Column::VersionId.in_subquery(ids))
}
