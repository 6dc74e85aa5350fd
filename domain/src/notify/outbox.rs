//! The outbox: mails that wait for the sending task.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, Set,
    sea_query::{Expr, LockBehavior, LockType},
};
use time::Duration;

use super::Mail;
use crate::{error::Result, id::MailId, services::Context, store::entity::outbox_mail};

/// The outbox.
#[derive(Clone)]
pub struct Outbox {
    pub(crate) cx: Context,
}

/// How long a mail belongs to the task that took it; longer than sending it may take.
const LEASE: Duration = Duration::MINUTE;

/// A mail is given up after so many attempts: with waits of 1, 2, 4 … minutes that is after about two hours.
const MAX_ATTEMPTS: i32 = 8;

/// How much early a mail may be taken. SQLite compares times as texts, which puts those within a second in any order; a
/// mail that was queued a moment ago must not wait for the next round because of that.
const EARLY: Duration = Duration::SECOND;

impl Outbox {
    /// Takes up to `limit` mails that are due, oldest first; they are leased for a minute, so that no other task sends
    /// them too.
    pub async fn lease(&self, limit: u64) -> Result<Vec<(MailId, Mail)>> {
        use outbox_mail::Column;
        let unit = self.cx.begin().await?;
        let due = outbox_mail::Entity::find()
            .filter(Column::State.eq(outbox_mail::QUEUED))
            .filter(Column::DueAt.lte(unit.now() + EARLY))
            .filter(Column::LeasedUntil.is_null().or(Column::LeasedUntil.lt(unit.now())))
            .order_by_asc(Column::DueAt)
            .order_by_asc(Column::Id)
            .limit(limit)
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
            .all(&*unit)
            .await?;
        if due.is_empty() {
            return Ok(Vec::new());
        }
        outbox_mail::Entity::update_many()
            .col_expr(Column::LeasedUntil, Expr::value(unit.now() + LEASE))
            .filter(Column::Id.is_in(due.iter().map(|mail| mail.id)))
            .exec(&*unit)
            .await?;
        unit.commit().await?;
        Ok(due
            .into_iter()
            .map(|row| {
                (
                    row.id,
                    Mail {
                        to: row.recipient,
                        subject: row.subject,
                        body: row.body,
                    },
                )
            })
            .collect())
    }

    /// The mail is out: its row is deleted, as it may hold a token.
    pub async fn sent(&self, id: MailId) -> Result<()> {
        let unit = self.cx.begin().await?;
        outbox_mail::Entity::delete_by_id(id).exec(&*unit).await?;
        unit.commit().await
    }

    /// Sending failed: it is tried again after 1, 2, 4 … minutes, and given up (kept for the operator, body emptied)
    /// after 8 attempts.
    pub async fn failed(&self, id: MailId, reason: &str) -> Result<()> {
        let unit = self.cx.begin().await?;
        let Some(mail) = outbox_mail::Entity::find_by_id(id).lock_exclusive().one(&*unit).await? else {
            return Ok(());
        };
        let attempts = mail.attempts + 1;
        let mut row = outbox_mail::ActiveModel {
            id: Set(id),
            attempts: Set(attempts),
            leased_until: Set(None),
            last_error: Set(Some(reason.chars().take(500).collect())),
            ..Default::default()
        };
        if attempts >= MAX_ATTEMPTS {
            row.state = Set(outbox_mail::FAILED.into());
            row.body = Set(String::new());
        } else {
            row.due_at = Set(unit.now() + Duration::MINUTE * 2_i32.pow((attempts - 1).cast_unsigned()));
        }
        row.update(&*unit).await?;
        unit.commit().await
    }
}
