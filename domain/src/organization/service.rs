//! Use cases of organizations.

use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, ModelTrait, QueryFilter, QuerySelect, Set};

use super::{Member, Organization, RESERVED_SLUGS};
use crate::{
    actor::Actor,
    authz::{Action, Role},
    catalog::{
        Visibility,
        input::{self, Mistakes},
        load::listed_apis,
    },
    error::{DomainError, Result},
    id::{AccountId, OrganizationId},
    services::Context,
    slug::{Slug, SlugError},
    store::{
        OrTaken,
        entity::{account, api, membership, organization},
        row,
        unit::Unit,
    },
};

/// Use cases of organizations.
#[derive(Clone)]
pub struct Organizations {
    pub(crate) cx: Context,
}

const NOT_FOUND: DomainError = DomainError::NotFound { what: "organization" };

impl Organizations {
    /// Makes an organization; the actor (a verified account) becomes its owner. One that the installation itself makes
    /// has no member until [`Organizations::set_member`] names one.
    ///
    /// # Errors
    /// `Invalid` with the fields `slug` (form, reserved, taken) and `name`.
    pub async fn create(&self, actor: &Actor, slug: &str, name: &str) -> Result<Organization> {
        let owner = match actor {
            Actor::System => None,
            Actor::Anonymous | Actor::Account(_) => Some(actor.require_verified()?.id),
        };
        let mut mistakes = Mistakes::default();
        let slug = mistakes.take("slug", check_slug(slug));
        let name = mistakes.take("name", input::name(name, 100));
        mistakes.none()?;
        let (Some(slug), Some(name)) = (slug, name) else {
            return Err(DomainError::Invalid(Vec::new()));
        };
        let unit = self.cx.begin().await?;
        let organization = Organization {
            id: OrganizationId::generate(),
            slug,
            name,
            created_at: unit.now(),
        };
        organization::ActiveModel {
            id: Set(organization.id),
            slug: Set(organization.slug.to_string()),
            name: Set(organization.name.clone()),
            state: Set(organization::ACTIVE.into()),
            created_at: Set(organization.created_at),
        }
        .insert(&*unit)
        .await
        .or_taken(|| DomainError::field("slug", "This short name is taken. Choose another one."))?;
        if let Some(owner) = owner {
            save_role(&unit, organization.id, owner, Role::Owner).await?;
        }
        let id = organization.id;
        unit.audit(actor, Some(id), "organization.create", id, organization.slug.as_str())
            .await?;
        unit.commit().await?;
        Ok(organization)
    }

    /// The organization as its members see it.
    ///
    /// # Errors
    /// `NotFound` for strangers.
    pub async fn for_console(&self, actor: &Actor, slug: &str) -> Result<Organization> {
        let found = self.by_slug(slug).await?;
        actor.require(Action::ReadConsole, found.id)?;
        Ok(found.try_into()?)
    }

    /// The organization as everybody sees it: `NotFound` unless it has a listed api or the actor is a member.
    pub async fn for_portal(&self, actor: &Actor, slug: &str) -> Result<Organization> {
        let found = self.by_slug(slug).await?;
        if actor.role_in(found.id).is_none() {
            api::Entity::find()
                .filter(api::Column::OrganizationId.eq(found.id))
                .filter(api::Column::Visibility.eq(Visibility::Public.as_str()))
                .filter(api::Column::Id.in_subquery(listed_apis()))
                .one(self.cx.db.read())
                .await?
                .ok_or(NOT_FOUND)?;
        }
        Ok(found.try_into()?)
    }

    /// Changes the name.
    ///
    /// # Errors
    /// `Invalid` at `name`.
    pub async fn rename(&self, actor: &Actor, id: OrganizationId, name: &str) -> Result<()> {
        actor.require(Action::ManageMembers, id)?;
        let name = input::name(name, 100).map_err(|sentence| DomainError::field("name", sentence))?;
        let unit = self.cx.begin().await?;
        let old = lock(&unit, id).await?;
        if name == old.name {
            return Ok(());
        }
        unit.audit(
            actor,
            Some(id),
            "organization.rename",
            id,
            format!("{} → {name}", old.name),
        )
        .await?;
        organization::ActiveModel {
            id: Set(id),
            name: Set(name),
            ..Default::default()
        }
        .update(&*unit)
        .await?;
        unit.commit().await
    }

    /// Members, owners first.
    pub async fn members(&self, actor: &Actor, id: OrganizationId) -> Result<Vec<Member>> {
        actor.require(Action::ReadConsole, id)?;
        let rows = membership::Entity::find()
            .filter(membership::Column::OrganizationId.eq(id))
            .find_also_related(account::Entity)
            .all(self.cx.db.read())
            .await?;
        let mut members = row::readable(rows.into_iter().filter_map(|(membership, account)| {
            let account = account?;
            let role = membership.role();
            Some(role.map(|role| Member {
                account_id: account.id,
                email: account.email,
                name: account.name,
                role,
            }))
        }));
        members.sort_by(|a, b| (rank(a.role), &a.name, &a.email).cmp(&(rank(b.role), &b.name, &b.email)));
        Ok(members)
    }

    /// Sets the role of an account, adding it if needed; the last owner cannot be demoted.
    ///
    /// # Errors
    /// `Forbidden` where an admin names or demotes an owner; `Conflict` at the last owner and for accounts whose address
    /// is not verified; `NotFound` for accounts that do not exist.
    pub async fn set_member(&self, actor: &Actor, id: OrganizationId, account: AccountId, role: Role) -> Result<()> {
        actor.require(Action::ManageMembers, id)?;
        let unit = self.cx.begin().await?;
        // The organization's row is the lock of its roles, so that two owners cannot demote each other at once.
        lock(&unit, id).await?;
        let person = account::Entity::find_by_id(account)
            .filter(account::Column::State.eq(account::ACTIVE))
            .one(&*unit)
            .await?
            .ok_or(DomainError::NotFound { what: "account" })?;
        if person.verified_at.is_none() {
            return Err(DomainError::Conflict(format!(
                "{} has not verified this address yet.",
                person.email
            )));
        }
        let before = membership::Entity::find_by_id((id, account))
            .one(&*unit)
            .await?
            .map(|m| m.role())
            .transpose()?;
        if before == Some(role) {
            return Ok(());
        }
        let is_about_owners = role == Role::Owner || before == Some(Role::Owner);
        if is_about_owners && actor.role_in(id) != Some(Role::Owner) {
            return Err(DomainError::Forbidden);
        }
        if before == Some(Role::Owner) {
            refuse_last_owner(&unit, id, account).await?;
        }
        save_role(&unit, id, account, role).await?;
        let old = before.map_or("none", Role::as_str);
        let detail = format!("{}: {old} → {}", person.email, role.as_str());
        unit.audit(actor, Some(id), "member.set", account, detail).await?;
        unit.commit().await
    }

    /// Takes an account out of the organization; the last owner cannot leave. The account itself stays.
    ///
    /// # Errors
    /// `Forbidden` where an admin removes an owner; `Conflict` at the last owner; `NotFound` for accounts that are no
    /// member.
    pub async fn remove_member(&self, actor: &Actor, id: OrganizationId, account: AccountId) -> Result<()> {
        actor.require(Action::ManageMembers, id)?;
        let unit = self.cx.begin().await?;
        lock(&unit, id).await?;
        let (member, person) = membership::Entity::find_by_id((id, account))
            .find_also_related(account::Entity)
            .one(&*unit)
            .await?
            .ok_or(DomainError::NotFound { what: "member" })?;
        let role = member.role()?;
        if role == Role::Owner {
            if actor.role_in(id) != Some(Role::Owner) {
                return Err(DomainError::Forbidden);
            }
            refuse_last_owner(&unit, id, account).await?;
        }
        member.delete(&*unit).await?;
        let email = person.map(|person| person.email).unwrap_or_default();
        let detail = format!("{email}: {}", role.as_str());
        unit.audit(actor, Some(id), "member.remove", account, detail).await?;
        unit.commit().await
    }

    async fn by_slug(&self, slug: &str) -> Result<organization::Model> {
        organization::Entity::find()
            .filter(organization::Column::Slug.eq(slug))
            .filter(organization::Column::State.eq(organization::ACTIVE))
            .one(self.cx.db.read())
            .await?
            .ok_or(NOT_FOUND)
    }
}

/// The organization, locked until the end of the unit.
pub(super) async fn lock(unit: &Unit, id: OrganizationId) -> Result<organization::Model> {
    organization::Entity::find_by_id(id)
        .filter(organization::Column::State.eq(organization::ACTIVE))
        .lock_exclusive()
        .one(&**unit)
        .await?
        .ok_or(NOT_FOUND)
}

/// Refuses what would leave the organization without an owner.
async fn refuse_last_owner(unit: &Unit, id: OrganizationId, account: AccountId) -> Result<()> {
    let other = membership::Entity::find()
        .filter(membership::Column::OrganizationId.eq(id))
        .filter(membership::Column::Role.eq(Role::Owner.as_str()))
        .filter(membership::Column::AccountId.ne(account))
        .one(&**unit)
        .await?;
    match other {
        Some(_) => Ok(()),
        None => Err(DomainError::Conflict(
            "An organization needs an owner. Name another one first.".into(),
        )),
    }
}

async fn save_role(unit: &Unit, organization: OrganizationId, account: AccountId, role: Role) -> Result<()> {
    let row = membership::ActiveModel {
        organization_id: Set(organization),
        account_id: Set(account),
        role: Set(role.as_str().into()),
        created_at: Set(unit.now()),
    };
    let columns = [membership::Column::OrganizationId, membership::Column::AccountId];
    if !unit.insert_if_absent(row.clone(), columns).await? {
        membership::ActiveModel {
            created_at: sea_orm::NotSet,
            ..row
        }
        .update(&**unit)
        .await?;
    }
    Ok(())
}

/// Owners first, as lists show them.
const fn rank(role: Role) -> u8 {
    match role {
        Role::Owner => 0,
        Role::Admin => 1,
        Role::Publisher => 2,
        Role::Viewer => 3,
    }
}

/// The short name of a new organization.
///
/// # Errors
/// Not a slug, or reserved.
pub fn check_slug(text: &str) -> Result<Slug, String> {
    let slug: Slug = text.trim().parse().map_err(|error: SlugError| error.to_string())?;
    if RESERVED_SLUGS.contains(&slug.as_str()) {
        return Err("This short name is reserved. Choose another one.".into());
    }
    Ok(slug)
}
