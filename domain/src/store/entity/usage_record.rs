//! Rows of the ledger.

use sea_orm::entity::prelude::*;

use crate::id::{KeyId, SubscriptionId, VersionId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "usage_record")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) subscription_id: SubscriptionId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) key_id: KeyId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) version_id: VersionId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) operation: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) minute: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) status: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) is_refused: bool,
    pub(crate) calls: i64,
    pub(crate) units: i64,
    pub(crate) bytes_in: i64,
    pub(crate) bytes_out: i64,
    pub(crate) latency_us: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
