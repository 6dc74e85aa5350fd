//! Setting a new password without the old one.

use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, Set};

use super::{
    Accounts, actor_of, by_email, mail,
    tokens::{self, Purpose},
};
use crate::{
    account::{check_password, normalize_email, token::hash_of},
    actor::Actor,
    error::{DomainError, Result},
    store::entity::{account, account_token, session},
};

impl Accounts {
    /// Queues a mail with a reset link (valid for one hour) if the address has an account; the answer is the same if
    /// not. Asked again within a minute, it queues no second one.
    pub async fn request_reset(&self, email: &str) -> Result<()> {
        let Some(account) = by_email(self.cx.db.read(), &normalize_email(email)).await? else {
            return Ok(());
        };
        let mut unit = self.cx.begin().await?;
        let account = tokens::lock_account(&unit, account.id).await?;
        if account.state != account::ACTIVE || tokens::wait(&unit, account.id, Purpose::Reset).await?.is_some() {
            return Ok(());
        }
        let token = tokens::issue(&unit, account.id, Purpose::Reset).await?;
        unit.queue_mail(mail::reset(&self.cx.portal_url, &account.email, &account.name, &token))
            .await?;
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
