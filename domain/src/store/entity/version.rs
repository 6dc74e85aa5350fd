//! Versions.

use sea_orm::Set;
use sea_orm::entity::prelude::*;

use crate::{
    catalog::{Version, VersionState, routing::Routing},
    clock::Timestamp,
    id::{ApiId, RevisionId, VersionId},
    store::row::{Corrupt, Row},
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "version")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: VersionId,
    pub(crate) api_id: ApiId,
    pub(crate) name: String,
    pub(crate) state: String,
    pub(crate) revision_id: Option<RevisionId>,
    pub(crate) upstream: Option<Json>,
    pub(crate) access: String,
    pub(crate) deprecation: Option<Json>,
    pub(crate) sunset_at: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
    pub(crate) published_at: Option<Timestamp>,
    pub(crate) routing: Option<Json>,
    pub(crate) host: Option<String>,
    pub(crate) route: Option<String>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {
    #[sea_orm(
        belongs_to = "super::api::Entity",
        from = "Column::ApiId",
        to = "super::api::Column::Id"
    )]
    Api,
    /// The revision that is shown and routed by.
    #[sea_orm(
        belongs_to = "super::revision::Entity",
        from = "Column::RevisionId",
        to = "super::revision::Column::Id"
    )]
    Current,
}

impl Related<super::api::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Api.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Version {
    type Error = Corrupt;

    fn try_from(model: Model) -> Result<Self, Corrupt> {
        let row = Row::new("version", model.id);
        Ok(Self {
            id: model.id,
            api_id: model.api_id,
            name: row.parse("name", &model.name)?,
            state: row.word("state", &model.state)?,
            revision_id: model.revision_id,
            upstream: row.json_or_null("upstream", model.upstream)?,
            access: row.word("access", &model.access)?,
            routing: row.json_or_null("routing", model.routing)?.unwrap_or_default(),
            deprecation: row.json_or_null("deprecation", model.deprecation)?,
            created_at: model.created_at,
            published_at: model.published_at,
        })
    }
}

impl From<&Version> for ActiveModel {
    fn from(version: &Version) -> Self {
        let routing = &version.routing;
        // What is retired keeps nobody from a place.
        let is_claimed = version.state != VersionState::Retired;
        Self {
            id: Set(version.id),
            api_id: Set(version.api_id),
            name: Set(version.name.to_string()),
            state: Set(version.state.as_str().into()),
            revision_id: Set(version.revision_id),
            upstream: Set(version.upstream.as_ref().map(|upstream| serde_json::json!(upstream))),
            access: Set(version.access.as_str().into()),
            deprecation: Set(version
                .deprecation
                .as_ref()
                .map(|deprecation| serde_json::json!(deprecation))),
            // In UTC, as SQLite compares times as texts.
            sunset_at: Set(version
                .deprecation
                .as_ref()
                .and_then(|deprecation| deprecation.sunset)
                .map(|at| at.to_offset(time::UtcOffset::UTC))),
            created_at: Set(version.created_at),
            published_at: Set(version.published_at),
            routing: Set((*routing != Routing::default()).then(|| serde_json::json!(routing))),
            host: Set(routing.host.as_ref().filter(|_| is_claimed).map(ToString::to_string)),
            route: Set(routing.route().filter(|_| is_claimed)),
        }
    }
}
