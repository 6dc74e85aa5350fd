//! Judging a revision: checks and changes, in turn and within a time. An upload never fails for what is found, nor for a
//! document that takes too long or has to wait for many: that revision is not judged.

use std::sync::Arc;

use openapi::{
    Document, Limits,
    diff::{self, Options, diff_with},
    lint::{Ruleset, lint},
};
use sea_orm::{ConnectionTrait, EntityTrait, Set, sea_query::OnConflict};

use super::{
    documents::Documents,
    load,
    report::{Checks, RevisionChanges, RevisionReport},
    service::{Catalog, refuse_retired},
    spec,
};
use crate::{
    actor::Actor,
    authz::Action,
    error::{DomainError, Result},
    id::{OrganizationId, RevisionId, VersionId},
    organization::ruleset,
    store::{
        entity::{api, revision, revision_report},
        row::readable_as,
        unit::Unit,
    },
};

/// Schemas that a comparison visits on the way to differences: about a second.
const MOST_VISITS: usize = 1_000_000;

/// A document with its text.
pub(super) struct Text {
    pub(super) document: Arc<Document>,
    pub(super) bytes: Vec<u8>,
    /// Whether lines of it mean anything to somebody.
    pub(super) is_as_written: bool,
}

impl Text {
    /// Of a revision.
    ///
    /// # Errors
    /// `NotFound` if there is no such revision.
    pub(super) async fn of(db: &impl ConnectionTrait, documents: &Documents, id: RevisionId) -> Result<Self> {
        let (bytes, is_as_written) = spec::text(db, id).await?;
        Ok(Self {
            document: documents.get(id).await?,
            bytes,
            is_as_written,
        })
    }

    /// Of the revision before, with its name. One that can't be read any more is no reason to refuse its successor.
    pub(super) async fn before(
        db: &impl ConnectionTrait,
        documents: &Documents,
        row: &revision::Model,
    ) -> Option<(String, Self)> {
        let text = Self::of(db, documents, row.id).await.inspect_err(|error| {
            tracing::warn!(revision = %row.id, %error, "a revision is not compared with the one before");
        });
        text.ok().map(|text| (revision_name(row.number), text))
    }
}

/// What is to be said of a revision.
pub(super) struct Judgement {
    ruleset: String,
    checks: Checks,
    changes: Option<RevisionChanges>,
}

/// A document, and the one before it with a name, if there is one.
pub(super) type Texts = (Text, Option<(String, Text)>);

/// Judges a document by the rules of an organization, and beside the document before. They are read when it is their turn.
///
/// `None` if too many documents wait, or it takes too long.
pub(super) async fn judge(
    db: &impl ConnectionTrait,
    documents: &Documents,
    organization: OrganizationId,
    texts: impl Future<Output = Result<Texts>>,
) -> Result<Option<Judgement>> {
    let prepare = async {
        let (source, sha256) = ruleset::source(db, organization).await?;
        let (text, before) = texts.await?;
        Ok(move || Judgement {
            ruleset: sha256,
            checks: check(&text, &ruleset::in_force(organization, source.as_deref())),
            changes: before.map(|(name, before)| compare(name, &before, &text)),
        })
    };
    documents.judges().work(prepare).await
}

/// Compares two revisions for somebody who waits for it; `name` is what the one before is called.
///
/// # Errors
/// `NotFound` if there is no such revision; `Conflict` if too many documents wait, or it takes too long.
pub(super) async fn compared(
    db: &impl ConnectionTrait,
    documents: &Documents,
    name: String,
    (before, now): (RevisionId, RevisionId),
) -> Result<RevisionChanges> {
    let too_long = || DomainError::Conflict("These documents take too long to compare. Try again in a minute.".into());
    let make = async || {
        let prepare = async {
            let old = Text::of(db, documents, before).await?;
            let new = Text::of(db, documents, now).await?;
            Ok(move || compare(String::new(), &old, &new))
        };
        documents.judges().work(prepare).await?.ok_or_else(too_long)
    };
    let changes = documents.judges().compared((before, now), make).await?;
    Ok(RevisionChanges {
        before: name,
        ..RevisionChanges::clone(&changes)
    })
}

fn check(text: &Text, ruleset: &Ruleset) -> Checks {
    let checks = Checks::of(&lint(&text.bytes, &Limits::default(), ruleset));
    if text.is_as_written {
        checks
    } else {
        checks.without_lines()
    }
}

fn compare(name: String, old: &Text, new: &Text) -> RevisionChanges {
    let options = Options {
        today: None,
        limits: diff::Limits {
            visits: MOST_VISITS,
            ..diff::Limits::default()
        },
    };
    let mut changes = diff_with(&old.document, &new.document, &options);
    // Without lines a change still has its place.
    if let Err(error) = changes.locate(&old.bytes, &new.bytes, &Limits::default()) {
        tracing::warn!(%error, "changes go without their lines");
    }
    let changes = RevisionChanges::of(&changes, name, old.document.version());
    changes.without_lines(!old.is_as_written, !new.is_as_written)
}

/// What a revision is called beside another one.
pub(super) fn revision_name(number: impl std::fmt::Display) -> String {
    format!("revision {number}")
}

impl Judgement {
    /// Stores it, in the place of an earlier one.
    pub(super) async fn store(&self, unit: &Unit, id: RevisionId) -> Result<()> {
        let row = revision_report::ActiveModel {
            revision_id: Set(id),
            ruleset: Set(self.ruleset.clone()),
            checks: Set(serde_json::json!(self.checks)),
            changes: Set(self.changes.as_ref().map(|changes| serde_json::json!(changes))),
            made_at: Set(unit.now()),
        };
        let replaced = [
            revision_report::Column::Ruleset,
            revision_report::Column::Checks,
            revision_report::Column::Changes,
            revision_report::Column::MadeAt,
        ];
        let replace = OnConflict::column(revision_report::Column::RevisionId)
            .update_columns(replaced)
            .to_owned();
        revision_report::Entity::insert(row)
            .on_conflict(replace)
            .exec_without_returning(&**unit)
            .await?;
        Ok(())
    }
}

/// What was said of a revision, if anything was that can be read: a report is made again at a click, a page is not.
pub(super) async fn report(db: &impl ConnectionTrait, id: RevisionId) -> Result<Option<RevisionReport>> {
    let row = revision_report::Entity::find_by_id(id).one(db).await?;
    Ok(readable_as(row).pop())
}

impl Catalog {
    /// Judges a version's current revision anew, as after a change of the organization's rules.
    ///
    /// # Errors
    /// `NotFound` also for a version without a document; `Conflict` for a retired version and where it takes too long.
    pub async fn check_again(&self, actor: &Actor, version: VersionId) -> Result<()> {
        let db = self.cx.db.read();
        let version = load::version_to_read(db, actor, Action::EditApi, version).await?;
        refuse_retired(&version)?;
        let id = version
            .revision_id
            .ok_or(DomainError::NotFound { what: "specification" })?;
        let history = spec::history(db, version.id, 2).await?;
        let before = history.iter().find(|row| row.id != id);
        let number = history.iter().find(|row| row.id == id).map_or(0, |row| row.number);
        let judgement = self.judge_stored(&version, id, before).await?;
        let too_long = || DomainError::Conflict("This document takes too long to check.".into());
        let judgement = judgement.ok_or_else(too_long)?;
        let unit = self.cx.begin().await?;
        let (api, version) = load::version_to_change(&unit, actor, Action::EditApi, version.id).await?;
        refuse_retired(&version)?;
        judgement.store(&unit, id).await?;
        let detail = format!("{}/{} #{number}", api.slug, version.name);
        unit.audit(actor, Some(api.organization_id), "version.check", version.id, detail)
            .await?;
        unit.commit().await
    }

    async fn judge_stored(
        &self,
        version: &super::Version,
        id: RevisionId,
        before: Option<&revision::Model>,
    ) -> Result<Option<Judgement>> {
        let db = self.cx.db.read();
        let api = api::Entity::find_by_id(version.api_id)
            .one(db)
            .await?
            .ok_or(load::NO_VERSION)?;
        let texts = async {
            let text = Text::of(db, &self.documents, id).await?;
            let before = match before {
                Some(row) => Text::before(db, &self.documents, row).await,
                None => None,
            };
            Ok((text, before))
        };
        judge(db, &self.documents, api.organization_id, texts).await
    }
}
