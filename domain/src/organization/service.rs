//! Use cases of organizations.

use super::{Member, Organization};
use crate::{actor::Actor, authz::Role, error::Result, id::{AccountId, OrganizationId}, services::Context};

/// Use cases of organizations.
#[derive(Clone)]
pub struct Organizations { pub(crate) cx: Context }

impl Organizations {
    /// Makes an organization; the actor (a verified account) becomes its owner.
    ///
    /// # Errors
    /// `Invalid` with the fields `slug` (form, reserved, taken) and `name`.
    pub async fn create(&self, actor: &Actor, slug: &str, name: &str) -> Result<Organization> { unimplemented!() }

    /// The organization as its members see it.
    ///
    /// # Errors
    /// `NotFound` for strangers.
    pub async fn for_console(&self, actor: &Actor, slug: &str) -> Result<Organization> { unimplemented!() }

    /// The organization as everybody sees it: `NotFound` unless it has a listed api or the actor is a member.
    pub async fn for_portal(&self, actor: &Actor, slug: &str) -> Result<Organization> { unimplemented!() }

    /// Changes the name.
    pub async fn rename(&self, actor: &Actor, id: OrganizationId, name: &str) -> Result<()> { unimplemented!() }

    /// Members, owners first.
    pub async fn members(&self, actor: &Actor, id: OrganizationId) -> Result<Vec<Member>> { unimplemented!() }

    /// Sets the role of an account, adding it if needed; the last owner cannot be demoted.
    pub async fn set_member(&self, actor: &Actor, id: OrganizationId, account: AccountId, role: Role) -> Result<()> { unimplemented!() }
}
