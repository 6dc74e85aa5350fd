//! Units of a subscription in a period, kept by the ledger in the transaction of the rows they add up.

use sea_orm::entity::prelude::*;

use crate::id::SubscriptionId;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "quota_usage")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) subscription_id: SubscriptionId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) period_start: i64,
    pub(crate) units: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
