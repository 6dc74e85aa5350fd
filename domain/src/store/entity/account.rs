//! Accounts.

use sea_orm::entity::prelude::*;

use crate::{account::Account, clock::Timestamp, id::AccountId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "account")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: AccountId,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) password_hash: String,
    pub(crate) verified_at: Option<Timestamp>,
    pub(crate) is_operator: bool,
    pub(crate) state: String,
    pub(crate) created_at: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The word of accounts that may sign in.
pub(crate) const ACTIVE: &str = "active";

impl From<Model> for Account {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            email: row.email,
            name: row.name,
            verified_at: row.verified_at,
            is_operator: row.is_operator,
            created_at: row.created_at,
        }
    }
}
