//! What was said of revisions: checks and changes.

use sea_orm::entity::prelude::*;

use crate::{
    catalog::report::RevisionReport,
    clock::Timestamp,
    id::RevisionId,
    store::row::{Corrupt, Row},
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "revision_report")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) revision_id: RevisionId,
    pub(crate) ruleset: String,
    pub(crate) checks: Json,
    pub(crate) changes: Option<Json>,
    pub(crate) made_at: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for RevisionReport {
    type Error = Corrupt;

    fn try_from(model: Model) -> Result<Self, Corrupt> {
        let row = Row::new("revision_report", model.revision_id);
        Ok(Self {
            ruleset: model.ruleset,
            checks: row.json("checks", model.checks)?,
            changes: row.json_or_null("changes", model.changes)?,
            made_at: model.made_at,
        })
    }
}
