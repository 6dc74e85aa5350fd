//! OAuth clients, by the hash of their secret.

use sea_orm::Set;
use sea_orm::entity::prelude::*;

use crate::{
    client::Client,
    clock::Timestamp,
    id::{ApplicationId, ClientId},
    key::KeyHash,
    store::row::{Corrupt, Row},
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "oauth_client")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: ClientId,
    pub(crate) application_id: ApplicationId,
    pub(crate) name: String,
    pub(crate) client_id: String,
    pub(crate) secret_hash: Vec<u8>,
    pub(crate) state: String,
    pub(crate) created_at: Timestamp,
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
    /// What a presented secret is compared with.
    pub(crate) fn secret_hash(&self) -> Result<KeyHash, Corrupt> {
        let row = Row::new("oauth_client", self.id);
        row.bytes("secret_hash", &self.secret_hash).map(KeyHash)
    }
}

/// The row of a new client.
pub(crate) fn row(client: &Client, secret: &KeyHash) -> ActiveModel {
    ActiveModel {
        id: Set(client.id),
        application_id: Set(client.application_id),
        name: Set(client.name.clone()),
        client_id: Set(client.client_id.clone()),
        secret_hash: Set(secret.0.to_vec()),
        state: Set(client.state.as_str().into()),
        created_at: Set(client.created_at),
        revoked_at: Set(client.revoked_at),
    }
}

impl TryFrom<Model> for Client {
    type Error = Corrupt;

    fn try_from(model: Model) -> Result<Self, Corrupt> {
        let row = Row::new("oauth_client", model.id);
        Ok(Self {
            id: model.id,
            application_id: model.application_id,
            name: model.name,
            client_id: model.client_id,
            state: row.word("state", &model.state)?,
            created_at: model.created_at,
            revoked_at: model.revoked_at,
        })
    }
}
