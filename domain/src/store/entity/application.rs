//! Applications.

use sea_orm::Set;
use sea_orm::entity::prelude::*;

use crate::{
    application::Application,
    clock::Timestamp,
    id::{AccountId, ApplicationId},
    store::row::{Corrupt, Row},
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "application")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: ApplicationId,
    pub(crate) owner_id: AccountId,
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) state: String,
    pub(crate) created_at: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {
    #[sea_orm(
        belongs_to = "super::account::Entity",
        from = "Column::OwnerId",
        to = "super::account::Column::Id"
    )]
    Owner,
}

impl Related<super::account::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Owner.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

/// The word of applications that exist.
pub(crate) const ACTIVE: &str = "active";
/// The word of applications that were deleted; their rows stay for the ledger.
pub(crate) const DELETED: &str = "deleted";

impl TryFrom<Model> for Application {
    type Error = Corrupt;

    fn try_from(model: Model) -> Result<Self, Corrupt> {
        let row = Row::new("application", model.id);
        Ok(Self {
            id: model.id,
            owner_id: model.owner_id,
            slug: row.parse("slug", &model.slug)?,
            name: model.name,
            description: model.description,
            created_at: model.created_at,
        })
    }
}

impl From<&Application> for ActiveModel {
    fn from(application: &Application) -> Self {
        Self {
            id: Set(application.id),
            owner_id: Set(application.owner_id),
            slug: Set(application.slug.to_string()),
            name: Set(application.name.clone()),
            description: Set(application.description.clone()),
            state: Set(ACTIVE.into()),
            created_at: Set(application.created_at),
        }
    }
}
