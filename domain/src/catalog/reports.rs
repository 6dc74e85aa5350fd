//! Reads of what was said of revisions: comparisons for the console, the changelog for the portal.

use sea_orm::{
    ColumnTrait, EntityTrait, ExprTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, RelationTrait, prelude::Json,
    sea_query::Expr,
};

use super::{
    Version, VersionName, VersionState, judging,
    judging::revision_name,
    load,
    query::{ApiDetail, CatalogReads, VersionDetail},
    report::RevisionChanges,
};
use crate::{
    actor::Actor,
    clock::Timestamp,
    error::{DomainError, Result},
    id::{RevisionId, VersionId},
    store::{
        entity::{revision, revision_report, version},
        row::{Row, readable},
    },
};

/// Entries of a changelog. Each may have hundreds of changes.
const MOST_ENTRIES: u64 = 30;

const CREATED_AT: (revision::Entity, revision::Column) = (revision::Entity, revision::Column::CreatedAt);
const PUBLISHED_AT: (version::Entity, version::Column) = (version::Entity, version::Column::PublishedAt);

/// What a version's current document is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Against {
    /// An earlier revision of the same version.
    Revision(u32),
    /// The current revision of another version of the api.
    Version(String),
}

/// An api's history as callers see it.
#[derive(Clone, Debug)]
pub struct Changelog {
    /// The api and the versions that the actor may see.
    pub detail: ApiDetail,
    /// Documents that took the place of others while their version was listed, newest first; the newest thirty.
    pub entries: Vec<ChangelogEntry>,
}

/// A document that took the place of another.
#[derive(Clone, Debug)]
pub struct ChangelogEntry {
    /// Which version it is of.
    pub version: VersionName,
    /// `info.version` of the document.
    pub document_version: String,
    /// What it changed.
    pub changes: RevisionChanges,
    /// When it came.
    pub at: Timestamp,
}

impl CatalogReads {
    /// What is different between a version's current document and another one, for members.
    ///
    /// # Errors
    /// `NotFound` where either has no document; `Conflict` if it takes too long.
    pub async fn comparison(
        &self,
        actor: &Actor,
        detail: &VersionDetail,
        against: &Against,
    ) -> Result<RevisionChanges> {
        load::permit(
            actor,
            crate::authz::Action::ReadConsole,
            detail.organization.id,
            load::NO_VERSION,
        )?;
        let missing = DomainError::NotFound { what: "specification" };
        let Some(current) = detail.version.revision_id else {
            return Err(missing);
        };
        let (name, before) = match against {
            Against::Revision(number) => {
                let found = detail.revisions.iter().find(|revision| revision.number == *number);
                found.map(|revision| (revision_name(number), revision.id))
            }
            Against::Version(name) => {
                let found = detail.siblings.iter().find(|version| version.name.as_str() == name);
                found.and_then(|version| Some((version.name.to_string(), version.revision_id?)))
            }
        }
        .ok_or(missing)?;
        let db = self.cx.db.read();
        judging::compared(db, &self.documents, name, (before, current)).await
    }

    /// What changed for callers of an api.
    ///
    /// # Errors
    /// `NotFound` as [`Self::api`].
    pub async fn changelog(&self, actor: &Actor, organization: &str, api: &str) -> Result<Changelog> {
        let detail = self.api(actor, organization, api).await?;
        let listed: Vec<&Version> = detail
            .versions
            .iter()
            .filter(|version| version.state != VersionState::Draft && version.published_at.is_some())
            .collect();
        let rows = revision::Entity::find()
            .select_only()
            .column(revision::Column::Id)
            .column(revision::Column::VersionId)
            .column(revision::Column::DocumentVersion)
            .column(revision::Column::CreatedAt)
            .filter(revision::Column::VersionId.is_in(listed.iter().map(|version| version.id)))
            .filter(revision::Column::Number.gt(1))
            // What was replaced before anybody could read it changed nothing for them, and takes no place of what did.
            .join(JoinType::InnerJoin, revision::Relation::Version.def())
            .join(JoinType::InnerJoin, revision::Relation::Report.def())
            .filter(Expr::col(CREATED_AT).gte(Expr::col(PUBLISHED_AT)))
            .filter(revision_report::Column::Changes.is_not_null())
            .order_by_desc(revision::Column::CreatedAt)
            .order_by_desc(revision::Column::Id)
            .limit(MOST_ENTRIES)
            .into_tuple::<(RevisionId, VersionId, String, Timestamp)>()
            .all(self.cx.db.read())
            .await?;
        let ids = rows.iter().map(|(id, ..)| *id);
        let reports = revision_report::Entity::find()
            .select_only()
            .columns([revision_report::Column::RevisionId, revision_report::Column::Changes])
            .filter(revision_report::Column::RevisionId.is_in(ids))
            .into_tuple::<(RevisionId, Option<Json>)>()
            .all(self.cx.db.read())
            .await?;
        let changes = reports.into_iter().filter_map(|(id, changes)| {
            let changes = Row::new("revision_report", id).json_or_null::<RevisionChanges>("changes", changes);
            changes.map(|changes| Some((id, changes?))).transpose()
        });
        let mut changes: std::collections::HashMap<_, _> = readable(changes).into_iter().collect();
        let entries = rows.into_iter().filter_map(|(id, version, document_version, at)| {
            let version = listed.iter().find(|known| known.id == version)?;
            // Once more, as SQLite compares times as texts: a whole second comes after its parts.
            version.published_at.filter(|published| *published <= at)?;
            Some(ChangelogEntry {
                version: version.name.clone(),
                document_version,
                changes: changes.remove(&id)?,
                at,
            })
        });
        let entries = entries.collect();
        Ok(Changelog { detail, entries })
    }
}
