//! Rulesets of organizations, as they were written.

use sea_orm::entity::prelude::*;

use crate::{clock::Timestamp, id::OrganizationId, organization::OrganizationRuleset};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "organization_ruleset")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) organization_id: OrganizationId,
    pub(crate) source: String,
    pub(crate) sha256: String,
    pub(crate) updated_at: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<Model> for OrganizationRuleset {
    fn from(model: Model) -> Self {
        Self {
            source: model.source,
            sha256: model.sha256,
            updated_at: model.updated_at,
        }
    }
}
