//! Keys, by their hash.

use sea_orm::entity::prelude::*;

use crate::{
    clock::Timestamp,
    id::{ApplicationId, KeyId},
    key::{Key, KeyHash},
    store::row::{Corrupt, Row},
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "api_key")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: KeyId,
    pub(crate) application_id: ApplicationId,
    pub(crate) name: String,
    pub(crate) hash: Vec<u8>,
    pub(crate) prefix: String,
    pub(crate) last_four: String,
    pub(crate) state: String,
    pub(crate) created_at: Timestamp,
    pub(crate) last_used_at: Option<Timestamp>,
    pub(crate) revoked_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {
    #[sea_orm(
        belongs_to = "super::application::Entity",
        from = "Column::ApplicationId",
        to = "super::application::Column::Id"
    )]
    Application,
}

impl Related<super::application::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Application.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The hash as the gateway looks it up.
    pub(crate) fn key_hash(&self) -> Result<KeyHash, Corrupt> {
        Row::new("api_key", self.id).bytes("hash", &self.hash).map(KeyHash)
    }
}

impl TryFrom<Model> for Key {
    type Error = Corrupt;

    fn try_from(model: Model) -> Result<Self, Corrupt> {
        let row = Row::new("api_key", model.id);
        Ok(Self {
            id: model.id,
            application_id: model.application_id,
            name: model.name,
            prefix: model.prefix,
            last_four: model.last_four,
            state: row.word("state", &model.state)?,
            created_at: model.created_at,
            last_used_at: model.last_used_at,
            revoked_at: model.revoked_at,
        })
    }
}
