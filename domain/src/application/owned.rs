//! Finding an application that is the actor's: the only way to one.

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use super::Application;
use crate::{
    actor::Actor,
    error::{DomainError, Result},
    id::ApplicationId,
    store::{entity::application, unit::Unit},
};

/// What strangers are told, whether the application exists or not.
pub(crate) const NOT_FOUND: DomainError = DomainError::NotFound { what: "application" };

/// An application of the actor, who may read it.
pub(crate) async fn to_read(db: &impl ConnectionTrait, actor: &Actor, id: ApplicationId) -> Result<Application> {
    check(actor, application::Entity::find_by_id(id).one(db).await?)
}

/// An application of the actor, whose address is verified. Its row is locked until the end of the unit: it is the lock
/// of the caps and of the subscriptions that may not overlap.
pub(crate) async fn to_change(unit: &Unit, actor: &Actor, id: ApplicationId) -> Result<Application> {
    if !matches!(actor, Actor::System) {
        actor.require_verified()?;
    }
    let active = application::Column::State.eq(application::ACTIVE);
    check(
        actor,
        application::Entity::find_by_id(id)
            .filter(active)
            .lock_exclusive()
            .one(&**unit)
            .await?,
    )
}

fn check(actor: &Actor, found: Option<application::Model>) -> Result<Application> {
    let row = found.filter(|row| row.state == application::ACTIVE);
    match actor {
        Actor::Anonymous => Err(DomainError::Unauthenticated),
        Actor::System => Ok(row.ok_or(NOT_FOUND)?.try_into()?),
        // Operators run the installation; the applications of others are none of their business.
        Actor::Account(account) => Ok(row
            .filter(|row| row.owner_id == account.id)
            .ok_or(NOT_FOUND)?
            .try_into()?),
    }
}
