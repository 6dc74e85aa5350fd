//! Use cases of identities that providers map to subscriptions.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    Set,
};

use super::{ExternalIdentity, MappedIdentity};
use crate::{
    actor::Actor,
    authz::Action,
    error::{DomainError, Result},
    id::{IdentityId, OrganizationId, SubscriptionId},
    services::Context,
    store::{
        OrTaken,
        entity::{mapped_identity, plan, subscription},
        row::readable_as,
        unit::{Change, Unit},
    },
    subscription::SubscriptionState,
};

/// Use cases of mapped identities.
#[derive(Clone)]
pub struct Identities {
    pub(crate) cx: Context,
}

/// Identities that one subscription may have.
pub const MAX_IDENTITIES: u64 = 100;

/// What strangers are told, whether the subscription exists or not.
const NO_SUBSCRIPTION: DomainError = DomainError::NotFound { what: "subscription" };
/// What strangers are told, whether the identity exists or not.
const NO_IDENTITY: DomainError = DomainError::NotFound { what: "identity" };

impl Identities {
    /// Identities of a subscription to one of the provider's plans, oldest first.
    ///
    /// # Errors
    /// `NotFound` for strangers, the subscriber included.
    pub async fn of(&self, actor: &Actor, subscription: SubscriptionId) -> Result<Vec<MappedIdentity>> {
        let db = self.cx.db.read();
        let (row, organization) = provided(db, subscription).await?;
        permit(actor, Action::ReadConsole, organization)?;
        let rows = mapped_identity::Entity::find()
            .filter(mapped_identity::Column::SubscriptionId.eq(row.id))
            .order_by_asc(mapped_identity::Column::Id)
            .all(db)
            .await?;
        Ok(readable_as(rows))
    }

    /// Maps an identity: calls with it are calls of the subscription's application, within the organization.
    ///
    /// # Errors
    /// `Invalid` at `issuer` and `name`; `Conflict` if the organization mapped it already, at 100 identities, and for a
    /// subscription that is over; `NotFound` for strangers.
    pub async fn add(
        &self,
        actor: &Actor,
        subscription: SubscriptionId,
        identity: ExternalIdentity,
    ) -> Result<MappedIdentity> {
        let mut unit = self.cx.begin().await?;
        let organization = to_change(&unit, actor, subscription).await?;
        let errors = identity.validate();
        if !errors.is_empty() {
            return Err(DomainError::Invalid(errors));
        }
        let count = mapped_identity::Entity::find()
            .filter(mapped_identity::Column::SubscriptionId.eq(subscription))
            .count(&*unit)
            .await?;
        if count >= MAX_IDENTITIES {
            return Err(DomainError::Conflict(format!(
                "A subscription can have {MAX_IDENTITIES} identities. Remove one that is no longer used."
            )));
        }
        let mapped = MappedIdentity {
            id: IdentityId::generate(),
            subscription_id: subscription,
            identity,
            created_at: unit.now(),
        };
        let (kind, issuer, name) = mapped_identity::columns(&mapped.identity);
        let taken = || {
            DomainError::Conflict(
                "This identity is mapped already. Remove it there first; it can speak for one \
                                   subscriber only."
                    .into(),
            )
        };
        mapped_identity::ActiveModel {
            id: Set(mapped.id),
            organization_id: Set(organization),
            subscription_id: Set(subscription),
            kind: Set(kind.into()),
            issuer: Set(issuer),
            name: Set(name),
            created_at: Set(mapped.created_at),
        }
        .insert(&*unit)
        .await
        .or_taken(taken)?;
        let detail = format!("{}: {}", subscription, mapped.identity);
        unit.audit(actor, Some(organization), "identity.add", mapped.id, detail)
            .await?;
        unit.bump(&[Change::Identities]).await?;
        unit.commit().await?;
        Ok(mapped)
    }

    /// Takes a mapping away: calls with the identity are nobody's from then on.
    ///
    /// # Errors
    /// `NotFound` for strangers.
    pub async fn remove(&self, actor: &Actor, id: IdentityId) -> Result<()> {
        let mut unit = self.cx.begin().await?;
        let row = mapped_identity::Entity::find_by_id(id)
            .lock_exclusive()
            .one(&*unit)
            .await?
            .ok_or(NO_IDENTITY)?;
        let organization = row.organization_id;
        actor
            .require(Action::ManageSubscribers, organization)
            .map_err(|error| error.missing_as("identity"))?;
        let mapped = MappedIdentity::try_from(row)?;
        mapped_identity::Entity::delete_by_id(id).exec(&*unit).await?;
        let detail = format!("{}: {}", mapped.subscription_id, mapped.identity);
        unit.audit(actor, Some(organization), "identity.remove", id, detail)
            .await?;
        unit.bump(&[Change::Identities]).await?;
        unit.commit().await
    }
}

/// What goes with subscriptions that are over; says whether there was anything.
pub(crate) async fn remove_of(unit: &Unit, subscriptions: &[SubscriptionId]) -> Result<bool> {
    if subscriptions.is_empty() {
        return Ok(false);
    }
    let deleted = mapped_identity::Entity::delete_many()
        .filter(mapped_identity::Column::SubscriptionId.is_in(subscriptions.iter().copied()))
        .exec(&**unit)
        .await?;
    Ok(deleted.rows_affected > 0)
}

/// The organization of a live subscription that the actor may change; the subscription is locked until the end of the unit.
async fn to_change(unit: &Unit, actor: &Actor, id: SubscriptionId) -> Result<OrganizationId> {
    let row = subscription::Entity::find_by_id(id)
        .lock_exclusive()
        .one(&**unit)
        .await?
        .ok_or(NO_SUBSCRIPTION)?;
    let (_, organization) = provided(&**unit, id).await?;
    permit(actor, Action::ManageSubscribers, organization)?;
    if row.state == SubscriptionState::Canceled.as_str() {
        return Err(DomainError::Conflict("This subscription is canceled.".into()));
    }
    Ok(organization)
}

/// A subscription and the organization of its plan.
async fn provided(db: &impl ConnectionTrait, id: SubscriptionId) -> Result<(subscription::Model, OrganizationId)> {
    let found = subscription::Entity::find_by_id(id)
        .find_also_related(plan::Entity)
        .one(db)
        .await?;
    match found {
        Some((row, Some(plan))) => Ok((row, plan.organization_id)),
        _ => Err(NO_SUBSCRIPTION),
    }
}

fn permit(actor: &Actor, action: Action, organization: OrganizationId) -> Result<()> {
    actor
        .require(action, organization)
        .map_err(|error| error.missing_as("subscription"))
}
