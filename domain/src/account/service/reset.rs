//! Setting a new password without the old one.

use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QuerySelect, Set};

use super::{
    Accounts, actor_of, by_email, mail,
    tokens::{self, Purpose},
};
use crate::{
    account::{
        check_email, check_password, normalize_email,
        token::{Token, hash_of},
    },
    actor::Actor,
    error::{DomainError, Result},
    id::AccountId,
    store::entity::{account, account_token, session},
};

impl Accounts {
    /// Queues a mail with a reset link (valid for one hour) if the address has an account; the answer and the work are
    /// the same if not. Asked again within a minute, it queues no second one.
    pub async fn request_reset(&self, email: &str) -> Result<()> {
        let email = normalize_email(email);
        if check_email(&email).is_err() {
            return Ok(());
        }
        let mut unit = self.cx.begin().await?;
        let account = by_email(&*unit, &email).await?;
        let id = account.as_ref().map_or(AccountId::NIL, |account| account.id);
        let account = account::Entity::find_by_id(id).lock_exclusive().one(&*unit).await?;
        let is_paused = tokens::wait(&unit, id, Purpose::Reset).await?.is_some();
        // Where no mail is due, one is written too and taken back: what a commit costs tells nobody who has an account.
        let token = Token::generate();
        let mail = unit
            .queue_mail(mail::reset(&self.cx.portal_url, &email, &token.text))
            .await?;
        match account.filter(|account| account.state == account::ACTIVE && !is_paused) {
            Some(account) => tokens::store(&unit, account.id, Purpose::Reset, token.hash).await?,
            None => unit.take_mail_back(mail).await?,
        }
        unit.commit().await
    }

    /// Sets a new password by the token of a reset mail and ends every session of the account. The address counts as
    /// verified from then on: the mail was read.
    ///
    /// # Errors
    /// `Conflict` if the token is unknown, used or too old; `Invalid` at `password`, and the token stays good.
    pub async fn reset_password(&self, token: &str, password: &str) -> Result<()> {
        let refused = || DomainError::Conflict("This link was used already or is too old. Ask for a new one.".into());
        // Looked at first, so that only a good token is worth the work of a hash, and a bad password does not use it up.
        let (_, owner) = account_token::Entity::find_by_id(hash_of(token))
            .find_also_related(account::Entity)
            .one(self.cx.db.read())
            .await?
            .filter(|(row, _)| row.used_at.is_none() && row.expires_at > self.cx.clock.now())
            .ok_or_else(refused)?;
        let email = owner.ok_or_else(refused)?.email;
        check_password(password, &email).map_err(|error| DomainError::Invalid(vec![error]))?;
        let password_hash = self.cx.passwords.hash(password).await?;

        let mut unit = self.cx.begin().await?;
        let account = tokens::redeem(&unit, token, Purpose::Reset)
            .await?
            .ok_or_else(refused)?;
        account::ActiveModel {
            id: Set(account.id),
            password_hash: Set(password_hash),
            verified_at: Set(account.verified_at.or(Some(unit.now()))),
            ..Default::default()
        }
        .update(&*unit)
        .await?;
        session::Entity::delete_many()
            .filter(session::Column::AccountId.eq(account.id))
            .exec(&*unit)
            .await?;
        tokens::revoke(&unit, account.id, Purpose::Reset).await?;
        unit.queue_mail(mail::password_changed(&self.cx.portal_url, &account.email))
            .await?;
        let actor = Actor::Account(actor_of(&account, Vec::new()));
        unit.audit(&actor, None, "account.reset_password", account.id, "")
            .await?;
        unit.commit().await
    }
}
