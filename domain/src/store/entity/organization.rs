//! Organizations.

use sea_orm::entity::prelude::*;

use crate::{
    clock::Timestamp,
    id::OrganizationId,
    organization::Organization,
    store::row::{Corrupt, Row},
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "organization")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: OrganizationId,
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) state: String,
    pub(crate) created_at: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The word of organizations that are neither suspended nor deleted.
pub(crate) const ACTIVE: &str = "active";

impl TryFrom<Model> for Organization {
    type Error = Corrupt;

    fn try_from(model: Model) -> Result<Self, Corrupt> {
        let row = Row::new("organization", model.id);
        Ok(Self {
            id: model.id,
            slug: row.parse("slug", &model.slug)?,
            name: model.name,
            created_at: model.created_at,
        })
    }
}
