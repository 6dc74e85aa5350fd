//! Who is asking.

use crate::{
    authz::{Action, Role, allows},
    error::{DomainError, Result},
    id::{AccountId, OrganizationId},
};

/// The caller of a use case.
#[derive(Clone, Debug)]
pub enum Actor {
    /// Nobody is signed in.
    Anonymous,
    /// A signed-in account.
    Account(AccountActor),
    /// The installation itself: a manifest, the command line, a background task. May do everything.
    System,
}

/// A signed-in account with what authorisation needs to know of it.
#[derive(Clone, Debug)]
pub struct AccountActor {
    /// Whose session it is.
    pub id: AccountId,
    /// The address the account signs in with.
    pub email: String,
    /// Name shown in the header.
    pub name: String,
    /// Whether the address was verified; unverified accounts may read and verify, and nothing else.
    pub is_verified: bool,
    /// Whether the account runs the installation.
    pub is_operator: bool,
    /// Organizations the account is a member of.
    pub memberships: Vec<Membership>,
}

/// A role in an organization.
#[derive(Clone, Debug)]
pub struct Membership {
    /// The organization.
    pub organization_id: OrganizationId,
    /// Its slug, for links.
    pub slug: crate::slug::Slug,
    /// Its name, for menus.
    pub name: String,
    /// What the account may do there.
    pub role: Role,
}

impl Actor {
    /// The signed-in account, if any.
    pub fn account(&self) -> Option<&AccountActor> {
        match self {
            Self::Account(account) => Some(account),
            Self::Anonymous | Self::System => None,
        }
    }

    /// The signed-in account with a verified address.
    ///
    /// # Errors
    /// [`DomainError::Unauthenticated`] without one; [`DomainError::Conflict`] if the address waits for verification.
    pub fn require_verified(&self) -> Result<&AccountActor> {
        let account = self.account().ok_or(DomainError::Unauthenticated)?;
        if account.is_verified {
            Ok(account)
        } else {
            Err(DomainError::Conflict(
                "Verify your e-mail address first: open the link we sent you.".into(),
            ))
        }
    }

    /// The actor's role in an organization; operators count as owners everywhere, once their address is verified.
    pub fn role_in(&self, organization: OrganizationId) -> Option<Role> {
        match self {
            Self::Anonymous => None,
            Self::System => Some(Role::Owner),
            Self::Account(account) if account.is_operator && account.is_verified => Some(Role::Owner),
            Self::Account(account) => account
                .memberships
                .iter()
                .find(|m| m.organization_id == organization)
                .map(|m| m.role),
        }
    }

    /// Lets the call go on only if the actor may do `action` in `organization`.
    ///
    /// # Errors
    /// [`DomainError::NotFound`] for strangers, who may not learn that the thing exists;
    /// [`DomainError::Forbidden`] for members whose role is too small; [`DomainError::Conflict`] for a change by an
    /// account whose address waits for verification.
    pub fn require(&self, action: Action, organization: OrganizationId) -> Result<()> {
        let role = self
            .role_in(organization)
            .ok_or(DomainError::NotFound { what: "organization" })?;
        if !allows(role, action) {
            return Err(DomainError::Forbidden);
        }
        match self {
            Self::Account(_) if !action.is_read() => self.require_verified().map(|_| ()),
            Self::Anonymous | Self::Account(_) | Self::System => Ok(()),
        }
    }
}
