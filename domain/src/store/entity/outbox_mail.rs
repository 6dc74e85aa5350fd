//! Mails that wait to be sent.

use sea_orm::entity::prelude::*;

use crate::{clock::Timestamp, id::MailId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox_mail")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: MailId,
    pub(crate) recipient: String,
    pub(crate) subject: String,
    pub(crate) body: String,
    pub(crate) created_at: Timestamp,
    pub(crate) due_at: Timestamp,
    pub(crate) attempts: i32,
    pub(crate) leased_until: Option<Timestamp>,
    pub(crate) last_error: Option<String>,
    pub(crate) state: String,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The word of mails that wait.
pub(crate) const QUEUED: &str = "queued";
/// The word of mails that were given up.
pub(crate) const FAILED: &str = "failed";
