//! The audit log.

use sea_orm::entity::prelude::*;

use crate::{
    audit::AuditEntry,
    clock::Timestamp,
    id::{AccountId, AuditId, OrganizationId},
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_entry")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: AuditId,
    pub(crate) at: Timestamp,
    pub(crate) account_id: Option<AccountId>,
    pub(crate) account_email: Option<String>,
    pub(crate) organization_id: Option<OrganizationId>,
    pub(crate) action: String,
    pub(crate) target: String,
    pub(crate) detail: String,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<Model> for AuditEntry {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            at: row.at,
            account_id: row.account_id,
            account_email: row.account_email,
            organization_id: row.organization_id,
            action: row.action,
            target: row.target,
            detail: row.detail,
        }
    }
}
