//! One-time tokens of mails: their hash is stored, they work once and for a while.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set,
    sea_query::Expr,
};
use time::Duration;

use crate::{
    account::token::{Token, hash_of},
    clock::Timestamp,
    error::{DomainError, Result},
    id::AccountId,
    store::{
        entity::{account, account_token},
        unit::Unit,
    },
};

/// What a token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Proves that the owner of the account reads its mails.
    Verify,
    /// Sets a new password.
    Reset,
    /// Nothing: nobody gets its text. It stands for a mail that said somebody signed up again.
    Notice,
}

/// Between two mails of one purpose to one account.
const MAIL_PAUSE: Duration = Duration::MINUTE;

impl Purpose {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Reset => "reset",
            Self::Notice => "notice",
        }
    }

    const fn lifetime(self) -> Duration {
        match self {
            Self::Verify => Duration::DAY,
            Self::Reset => Duration::HOUR,
            Self::Notice => MAIL_PAUSE,
        }
    }
}

/// The account, locked until the end of the unit.
pub(super) async fn lock_account(unit: &Unit, id: AccountId) -> Result<account::Model> {
    account::Entity::find_by_id(id)
        .lock_exclusive()
        .one(&**unit)
        .await?
        .ok_or(DomainError::NotFound { what: "account" })
}

/// Makes a token; returns its text.
pub(super) async fn issue(unit: &Unit, account: AccountId, purpose: Purpose) -> Result<String> {
    let token = Token::generate();
    store(unit, account, purpose, token.hash).await?;
    Ok(token.text)
}

/// Makes a token of this hash good.
pub(super) async fn store(unit: &Unit, account: AccountId, purpose: Purpose, hash: Vec<u8>) -> Result<()> {
    account_token::ActiveModel {
        token_hash: Set(hash),
        account_id: Set(account),
        purpose: Set(purpose.as_str().into()),
        expires_at: Set(unit.now() + purpose.lifetime()),
        used_at: Set(None),
        created_at: Set(unit.now()),
    }
    .insert(&**unit)
    .await?;
    Ok(())
}

/// Seconds until the next mail of this purpose may go out; `None` if it may now.
pub(super) async fn wait(unit: &Unit, account: AccountId, purpose: Purpose) -> Result<Option<u64>> {
    let last = account_token::Entity::find()
        .filter(account_token::Column::AccountId.eq(account))
        .filter(account_token::Column::Purpose.eq(purpose.as_str()))
        .order_by_desc(account_token::Column::CreatedAt)
        .one(&**unit)
        .await?;
    let rest = last
        .map(|token| token.created_at + MAIL_PAUSE - unit.now())
        .filter(|rest| rest.is_positive());
    Ok(rest.map(|rest| rest.unsigned_abs().as_millis().div_ceil(1_000) as u64))
}

/// The active account of a token that is good now; `None` if it is not. The token stays good.
pub(super) async fn holder(
    db: &impl ConnectionTrait,
    text: &str,
    purpose: Purpose,
    now: Timestamp,
) -> Result<Option<account::Model>> {
    let Some(token) = good(db, hash_of(text), purpose, now).await? else {
        return Ok(None);
    };
    let account = account::Entity::find_by_id(token.account_id).one(db).await?;
    Ok(account.filter(|account| account.state == account::ACTIVE))
}

async fn good(
    db: &impl ConnectionTrait,
    hash: Vec<u8>,
    purpose: Purpose,
    now: Timestamp,
) -> Result<Option<account_token::Model>> {
    use account_token::Column;
    let token = account_token::Entity::find_by_id(hash)
        .filter(Column::Purpose.eq(purpose.as_str()))
        .filter(Column::UsedAt.is_null())
        .one(db)
        .await?;
    Ok(token.filter(|token| token.expires_at > now))
}

/// The active account of a token that was good until now and is used up with this; `None` if it is not good.
pub(super) async fn redeem(unit: &Unit, text: &str, purpose: Purpose) -> Result<Option<account::Model>> {
    use account_token::Column;
    let hash = hash_of(text);
    let Some(token) = good(&**unit, hash.clone(), purpose, unit.now()).await? else {
        return Ok(None);
    };
    // Whoever changes the row uses the token; a second one at the same time changes none.
    let used = account_token::Entity::update_many()
        .col_expr(Column::UsedAt, Expr::value(unit.now()))
        .filter(Column::TokenHash.eq(hash))
        .filter(Column::UsedAt.is_null())
        .exec(&**unit)
        .await?;
    if used.rows_affected == 0 {
        return Ok(None);
    }
    let account = account::Entity::find_by_id(token.account_id).one(&**unit).await?;
    Ok(account.filter(|account| account.state == account::ACTIVE))
}

/// Makes every token of the account worthless; the pause between mails goes on.
pub(super) async fn void(unit: &Unit, account: AccountId) -> Result<()> {
    use account_token::Column;
    account_token::Entity::update_many()
        .col_expr(Column::UsedAt, Expr::value(unit.now()))
        .filter(Column::AccountId.eq(account))
        .filter(Column::UsedAt.is_null())
        .exec(&**unit)
        .await?;
    Ok(())
}

/// Forgets every token of this purpose.
pub(super) async fn revoke(unit: &Unit, account: AccountId, purpose: Purpose) -> Result<()> {
    account_token::Entity::delete_many()
        .filter(account_token::Column::AccountId.eq(account))
        .filter(account_token::Column::Purpose.eq(purpose.as_str()))
        .exec(&**unit)
        .await?;
    Ok(())
}
