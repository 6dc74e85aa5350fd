//! Sessions: signing in and out, and who a cookie belongs to.

use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, ExprTrait, QueryFilter, Set, sea_query::Expr};
use time::Duration;

use super::{Accounts, Browser, NewSession, SessionView, actor_of, by_email, memberships};
use crate::{
    account::{
        normalize_email,
        token::{Token, hash_of},
    },
    actor::{AccountActor, Actor},
    clock::Timestamp,
    error::{DomainError, Result},
    id::{AccountId, SessionId},
    store::{
        entity::{account, account_token, session},
        unit::Unit,
    },
};

/// A session that is not used for so long is over.
const IDLE: Duration = Duration::days(14);
/// A session is over after so long even if it is used.
const ABSOLUTE: Duration = Duration::days(90);
/// Uses are noted once in so long, so that reading a page seldom writes.
const NOTE_EVERY: Duration = Duration::MINUTE;

impl Accounts {
    /// Begins a session. Throttling is the door's (it knows the peer). Takes the same time whether the account exists or
    /// not.
    ///
    /// # Errors
    /// `Invalid` at `password` with one sentence for every cause.
    pub async fn sign_in(&self, email: &str, password: &str, browser: Browser) -> Result<NewSession> {
        let account = by_email(self.cx.db.read(), &normalize_email(email)).await?;
        let account = account.filter(|account| account.state == account::ACTIVE);
        let stored = account.as_ref().map(|account| account.password_hash.clone());
        let fits = self.cx.passwords.verify(password, stored).await?;
        let Some(account) = account.filter(|_| fits) else {
            return Err(DomainError::field(
                "password",
                "The e-mail address or the password is wrong.",
            ));
        };
        let unit = self.cx.begin().await?;
        let session = begin(&unit, account.id, browser).await?;
        unit.commit().await?;
        Ok(session)
    }

    /// Ends the session of a token; ending one twice is not an error.
    pub async fn sign_out(&self, token: &str) -> Result<()> {
        let unit = self.cx.begin().await?;
        session::Entity::delete_many()
            .filter(session::Column::TokenHash.eq(hash_of(token)))
            .exec(&*unit)
            .await?;
        unit.commit().await
    }

    /// Who a session token belongs to; `None` when it is unknown, idle for 14 days or older than 90. Notes the use once
    /// a minute.
    pub async fn authenticate(&self, token: &str) -> Result<Option<(SessionId, AccountActor)>> {
        let found = session::Entity::find()
            .filter(session::Column::TokenHash.eq(hash_of(token)))
            .find_also_related(account::Entity)
            .one(self.cx.db.read())
            .await?;
        let now = self.cx.clock.now();
        let Some((session, Some(account))) = found else {
            return Ok(None);
        };
        if !is_live(&session, now) || account.state != account::ACTIVE {
            return Ok(None);
        }
        if now - session.last_seen_at >= NOTE_EVERY
            && let Err(error) = self.note_use(session.id).await
        {
            tracing::warn!(?error, "the use of a session could not be noted");
        }
        let memberships = memberships(self.cx.db.read(), account.id).await?;
        Ok(Some((session.id, actor_of(&account, memberships))))
    }

    /// The signed-in browsers of the actor, newest use first.
    pub async fn sessions(&self, actor: &Actor, current: SessionId) -> Result<Vec<SessionView>> {
        let me = actor.account().ok_or(DomainError::Unauthenticated)?;
        let now = self.cx.clock.now();
        let mut rows = session::Entity::find()
            .filter(session::Column::AccountId.eq(me.id))
            .all(self.cx.db.read())
            .await?;
        rows.retain(|session| is_live(session, now));
        rows.sort_by_key(|session| (std::cmp::Reverse(session.last_seen_at), session.id));
        Ok(rows
            .into_iter()
            .map(|session| SessionView {
                id: session.id,
                created_at: session.created_at,
                last_seen_at: session.last_seen_at,
                user_agent: session.user_agent,
                is_current: session.id == current,
            })
            .collect())
    }

    /// Ends one of the actor's sessions.
    ///
    /// # Errors
    /// `NotFound` if it is not one of the actor's, or over already.
    pub async fn end_session(&self, actor: &Actor, id: SessionId) -> Result<()> {
        let me = actor.account().ok_or(DomainError::Unauthenticated)?;
        let unit = self.cx.begin().await?;
        let ended = session::Entity::delete_many()
            .filter(session::Column::Id.eq(id))
            .filter(session::Column::AccountId.eq(me.id))
            .exec(&*unit)
            .await?;
        if ended.rows_affected == 0 {
            return Err(DomainError::NotFound { what: "session" });
        }
        unit.commit().await
    }

    /// Deletes sessions and mail tokens that are over; returns how many. For the clean-up task.
    pub async fn forget_expired(&self) -> Result<u64> {
        let unit = self.cx.begin().await?;
        let sessions = session::Entity::delete_many()
            .filter(
                session::Column::ExpiresAt
                    .lte(unit.now())
                    .or(session::Column::LastSeenAt.lte(unit.now() - IDLE)),
            )
            .exec(&*unit)
            .await?;
        let tokens = account_token::Entity::delete_many()
            .filter(account_token::Column::ExpiresAt.lte(unit.now()))
            .exec(&*unit)
            .await?;
        unit.commit().await?;
        Ok(sessions.rows_affected + tokens.rows_affected)
    }

    async fn note_use(&self, id: SessionId) -> Result<()> {
        let unit = self.cx.begin().await?;
        session::Entity::update_many()
            .col_expr(session::Column::LastSeenAt, Expr::value(unit.now()))
            .filter(session::Column::Id.eq(id))
            .exec(&*unit)
            .await?;
        unit.commit().await
    }
}

/// Begins a session of an account whose owner has just proved who they are.
pub(super) async fn begin(unit: &Unit, account: AccountId, browser: Browser) -> Result<NewSession> {
    let (id, token, expires_at) = (SessionId::generate(), Token::generate(), unit.now() + ABSOLUTE);
    session::ActiveModel {
        id: Set(id),
        token_hash: Set(token.hash),
        account_id: Set(account),
        user_agent: Set(browser.user_agent.chars().take(200).collect()),
        ip: Set(browser.ip.chars().take(64).collect()),
        created_at: Set(unit.now()),
        last_seen_at: Set(unit.now()),
        expires_at: Set(expires_at),
    }
    .insert(&**unit)
    .await?;
    Ok(NewSession {
        id,
        token: token.text,
        expires_at,
    })
}

fn is_live(session: &session::Model, now: Timestamp) -> bool {
    session.expires_at > now && session.last_seen_at + IDLE > now
}
