//! Revisions, without the uploaded bytes.

use sea_orm::entity::prelude::*;

use crate::{
    catalog::Revision,
    clock::Timestamp,
    id::{AccountId, RevisionId, VersionId},
    store::row::{Corrupt, Row},
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "revision")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: RevisionId,
    pub(crate) version_id: VersionId,
    pub(crate) number: i32,
    pub(crate) sha256: String,
    pub(crate) upload_sha256: Option<String>,
    pub(crate) overlays: Option<Json>,
    pub(crate) source: String,
    pub(crate) format: String,
    pub(crate) title: String,
    pub(crate) document_version: String,
    pub(crate) operation_count: i32,
    pub(crate) size: i64,
    pub(crate) diagnostics: Json,
    pub(crate) operations: Json,
    pub(crate) suggested_upstream: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) created_by: Option<AccountId>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {
    #[sea_orm(
        belongs_to = "super::version::Entity",
        from = "Column::VersionId",
        to = "super::version::Column::Id"
    )]
    Version,
    /// What was said of it.
    #[sea_orm(
        belongs_to = "super::revision_report::Entity",
        from = "Column::Id",
        to = "super::revision_report::Column::RevisionId"
    )]
    Report,
}

impl Related<super::version::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Version.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Revision {
    type Error = Corrupt;

    fn try_from(model: Model) -> Result<Self, Corrupt> {
        let row = Row::new("revision", model.id);
        Ok(Self {
            id: model.id,
            version_id: model.version_id,
            number: row.number("number", model.number)?,
            sha256: model.sha256,
            upload_sha256: model.upload_sha256,
            overlays: row.json_or_null("overlays", model.overlays)?.unwrap_or_default(),
            format: model.format,
            title: model.title,
            document_version: model.document_version,
            operations: row.number("operation_count", model.operation_count)?,
            size: row.number("size", model.size)?,
            diagnostics: row.json("diagnostics", model.diagnostics)?,
            created_at: model.created_at,
        })
    }
}
