//! Use cases of accounts: verify, profile. Signing up, sessions and resets have files of their own.

mod reset;
mod session;
mod sign_up;
mod tokens;

use std::fmt;

use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, Set};

use super::{Account, NewSession, SessionView, SignUp, check_password, mail, normalize_email};
use crate::{
    actor::{AccountActor, Actor, Membership},
    catalog::input,
    error::{DomainError, Result},
    id::{AccountId, SessionId},
    services::Context,
    store::{
        entity::{account, membership, organization, session as session_row},
        row,
        unit::Unit,
    },
};
use tokens::Purpose;

/// Use cases of accounts.
#[derive(Clone)]
pub struct Accounts {
    pub(crate) cx: Context,
}

/// Where a sign-in comes from, for the list of sessions.
#[derive(Clone, Debug, Default)]
pub struct Browser {
    /// `User-Agent`, cut to 200 characters.
    pub user_agent: String,
    /// Address of the peer.
    pub ip: String,
}

/// What the owner of an account can change about it. `Debug` does not tell the passwords.
#[derive(Clone, Default)]
pub struct ProfileChange {
    /// New name.
    pub name: String,
    /// Current and new password, to change it.
    pub password: Option<(String, String)>,
}

impl fmt::Debug for ProfileChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProfileChange")
            .field("name", &self.name)
            .field("password", &self.password.as_ref().map(|_| "****"))
            .finish()
    }
}

/// Longest name of an account, in characters.
const NAME_MAX: usize = 100;

impl Accounts {
    /// Makes a verified account, for the command line and the manifest; returns the one that is there if the address is
    /// taken (password and operator flag are then left as they are).
    ///
    /// # Errors
    /// `Invalid` with the fields `email`, `name`, `password`; `Forbidden` for all but operators and the installation.
    pub async fn create_verified(&self, actor: &Actor, input: SignUp, operator: bool) -> Result<Account> {
        require_operator(actor)?;
        let input = sign_up::checked(input)?;
        let password_hash = self.cx.passwords.hash(&input.password).await?;
        let unit = self.cx.begin().await?;
        let verified_at = Some(unit.now());
        let Some(account) = sign_up::insert(&unit, &input, password_hash, verified_at, operator).await? else {
            let there = by_email(&*unit, &input.email).await?;
            return there
                .map(Account::from)
                .ok_or(DomainError::NotFound { what: "account" });
        };
        unit.audit(actor, None, "account.create", account.id, account.email.clone())
            .await?;
        unit.commit().await?;
        Ok(account.into())
    }

    /// Marks the address as verified by the token of a verification mail and begins a session. Tokens live 24 hours and
    /// work once.
    ///
    /// The password that was chosen at sign-up is asked for: whoever owns the mailbox must not approve a password that
    /// somebody else chose for their address. Who does not know it resets it, which verifies the address too.
    ///
    /// # Errors
    /// `Conflict` if the token is unknown, used or too old; `Invalid` at `password`, and the token stays good.
    pub async fn verify(&self, token: &str, password: &str, browser: Browser) -> Result<NewSession> {
        let gone =
            || DomainError::Conflict("This link was used already or is too old. Sign in to get a new one.".into());
        let now = self.cx.clock.now();
        let holder = tokens::holder(self.cx.db.read(), token, Purpose::Verify, now)
            .await?
            .ok_or_else(gone)?;
        let stored = holder.password_hash;
        if !self.cx.passwords.verify(password, Some(stored.clone())).await? {
            return Err(DomainError::field(
                "password",
                "This is not the password that was chosen for this address.",
            ));
        }
        let unit = self.cx.begin().await?;
        let account = tokens::redeem(&unit, token, Purpose::Verify).await?.ok_or_else(gone)?;
        if account.password_hash != stored {
            // Chosen anew in between, by somebody else.
            return Err(gone());
        }
        let session = session::begin(&unit, account.id, browser).await?;
        if account.verified_at.is_none() {
            let actor = Actor::Account(actor_of(&account, Vec::new()));
            unit.audit(&actor, None, "account.verify", account.id, account.email.clone())
                .await?;
            mark_verified(&unit, account).await?;
        }
        unit.commit().await?;
        Ok(session)
    }

    /// Queues the verification mail again, at most once a minute.
    ///
    /// # Errors
    /// `Conflict` if the address is verified; `TooMany` within a minute of the last mail.
    pub async fn resend_verification(&self, actor: &Actor) -> Result<()> {
        let signed_in = actor.account().ok_or(DomainError::Unauthenticated)?;
        let mut unit = self.cx.begin().await?;
        let account = tokens::lock_account(&unit, signed_in.id).await?;
        if account.verified_at.is_some() {
            return Err(DomainError::Conflict("Your e-mail address is verified already.".into()));
        }
        if let Some(retry_after_s) = tokens::wait(&unit, account.id, Purpose::Verify).await? {
            return Err(DomainError::TooMany { retry_after_s });
        }
        let token = tokens::issue(&unit, account.id, Purpose::Verify).await?;
        unit.queue_mail(mail::verification(&self.cx.portal_url, &account.email, &token))
            .await?;
        unit.commit().await
    }

    /// Changes name and, when given, password (then the current one is needed and all other sessions end).
    ///
    /// # Errors
    /// `Invalid` with the fields `name`, `current_password`, `password`.
    pub async fn update_profile(&self, actor: &Actor, current: SessionId, change: ProfileChange) -> Result<()> {
        let me = actor.require_verified()?;
        let name = input::name(&change.name, NAME_MAX).map_err(|sentence| DomainError::field("name", sentence))?;
        let new_hash = match &change.password {
            None => None,
            Some((old, new)) => {
                let stored = account::Entity::find_by_id(me.id).one(self.cx.db.read()).await?;
                if !self
                    .cx
                    .passwords
                    .verify(old, stored.map(|account| account.password_hash))
                    .await?
                {
                    return Err(DomainError::field(
                        "current_password",
                        "This is not your current password.",
                    ));
                }
                check_password(new, &me.email).map_err(|error| DomainError::Invalid(vec![error]))?;
                Some(self.cx.passwords.hash(new).await?)
            }
        };
        let mut unit = self.cx.begin().await?;
        let mut row = account::ActiveModel {
            id: Set(me.id),
            name: Set(name.clone()),
            ..Default::default()
        };
        if let Some(hash) = new_hash {
            row.password_hash = Set(hash);
            session_row::Entity::delete_many()
                .filter(session_row::Column::AccountId.eq(me.id))
                .filter(session_row::Column::Id.ne(current))
                .exec(&*unit)
                .await?;
            tokens::revoke(&unit, me.id, Purpose::Reset).await?;
            unit.queue_mail(mail::password_changed(&self.cx.portal_url, &me.email))
                .await?;
            unit.audit(actor, None, "account.change_password", me.id, "").await?;
        }
        if name != me.name {
            unit.audit(actor, None, "account.rename", me.id, format!("{} → {name}", me.name))
                .await?;
        }
        row.update(&*unit).await?;
        unit.commit().await
    }

    /// The account of an address, for the manifest.
    ///
    /// # Errors
    /// `Forbidden` for all but operators and the installation.
    pub async fn by_email(&self, actor: &Actor, email: &str) -> Result<Option<Account>> {
        require_operator(actor)?;
        Ok(by_email(self.cx.db.read(), &normalize_email(email))
            .await?
            .map(Account::from))
    }

    /// Whether the next to sign up becomes operator: nobody signed up yet, and nobody was made operator.
    pub async fn is_operator_awaited(&self) -> Result<bool> {
        sign_up::is_operator_awaited(self.cx.db.read()).await
    }

    /// The actor for an account id, for tasks that act on behalf of somebody.
    ///
    /// # Errors
    /// `NotFound` if there is no active account of this id.
    pub async fn actor_of(&self, id: AccountId) -> Result<Actor> {
        let account = account::Entity::find_by_id(id)
            .filter(account::Column::State.eq(account::ACTIVE))
            .one(self.cx.db.read())
            .await?
            .ok_or(DomainError::NotFound { what: "account" })?;
        let memberships = memberships(self.cx.db.read(), id).await?;
        Ok(Actor::Account(actor_of(&account, memberships)))
    }
}

async fn mark_verified(unit: &Unit, account: account::Model) -> Result<()> {
    let row = account::ActiveModel {
        id: Set(account.id),
        verified_at: Set(Some(unit.now())),
        ..Default::default()
    };
    row.update(&**unit).await?;
    Ok(())
}

async fn by_email(db: &impl sea_orm::ConnectionTrait, email: &str) -> Result<Option<account::Model>> {
    Ok(account::Entity::find()
        .filter(account::Column::Email.eq(email))
        .one(db)
        .await?)
}

/// Roles of an account in organizations that are active, by the organizations' names.
async fn memberships(db: &impl sea_orm::ConnectionTrait, id: AccountId) -> Result<Vec<Membership>> {
    let rows = membership::Entity::find()
        .filter(membership::Column::AccountId.eq(id))
        .find_also_related(organization::Entity)
        .filter(organization::Column::State.eq(organization::ACTIVE))
        .all(db)
        .await?;
    let mut memberships = row::readable(rows.into_iter().filter_map(|(membership, organization)| {
        let organization = organization?;
        let role = membership.role();
        Some(role.and_then(|role| {
            let slug = row::Row::new("organization", organization.id).parse("slug", &organization.slug)?;
            Ok(Membership {
                organization_id: organization.id,
                slug,
                name: organization.name,
                role,
            })
        }))
    }));
    memberships.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(memberships)
}

fn actor_of(account: &account::Model, memberships: Vec<Membership>) -> AccountActor {
    AccountActor {
        id: account.id,
        email: account.email.clone(),
        name: account.name.clone(),
        is_verified: account.verified_at.is_some(),
        is_operator: account.is_operator,
        memberships,
    }
}

fn require_operator(actor: &Actor) -> Result<()> {
    match actor {
        Actor::System => Ok(()),
        Actor::Anonymous => Err(DomainError::Unauthenticated),
        Actor::Account(account) if account.is_operator && account.is_verified => Ok(()),
        Actor::Account(_) => Err(DomainError::Forbidden),
    }
}
