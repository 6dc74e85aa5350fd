//! Apis.

use sea_orm::Set;
use sea_orm::entity::prelude::*;

use crate::{
    catalog::Api,
    clock::Timestamp,
    id::{ApiId, OrganizationId},
    store::row::{Corrupt, Row},
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "api")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: ApiId,
    pub(crate) organization_id: OrganizationId,
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) summary: String,
    pub(crate) visibility: String,
    pub(crate) tags: Json,
    pub(crate) created_at: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {
    #[sea_orm(
        belongs_to = "super::organization::Entity",
        from = "Column::OrganizationId",
        to = "super::organization::Column::Id"
    )]
    Organization,
}

impl Related<super::organization::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Organization.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Api {
    type Error = Corrupt;

    fn try_from(model: Model) -> Result<Self, Corrupt> {
        let row = Row::new("api", model.id);
        Ok(Self {
            id: model.id,
            organization_id: model.organization_id,
            slug: row.parse("slug", &model.slug)?,
            name: model.name,
            summary: model.summary,
            visibility: row.word("visibility", &model.visibility)?,
            tags: row.json("tags", model.tags)?,
            created_at: model.created_at,
        })
    }
}

impl From<&Api> for ActiveModel {
    fn from(api: &Api) -> Self {
        Self {
            id: Set(api.id),
            organization_id: Set(api.organization_id),
            slug: Set(api.slug.to_string()),
            name: Set(api.name.clone()),
            summary: Set(api.summary.clone()),
            visibility: Set(api.visibility.as_str().into()),
            tags: Set(serde_json::json!(api.tags)),
            created_at: Set(api.created_at),
        }
    }
}
