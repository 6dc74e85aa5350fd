//! An upload on its way to a revision: read first, stored afterwards, so that no transaction waits for a parser and a
//! rejected document leaves nothing behind.

use std::sync::Arc;

use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, sea_query::OnConflict,
};

use super::{
    OverlayUpload, Revision, RevisionOverlay,
    documents::Documents,
    judging::{self, Judgement, Text},
    sha256,
};
use crate::{
    actor::Actor,
    error::{DomainError, Result},
    gateway_config::OperationRecord,
    id::{OrganizationId, RevisionId, VersionId},
    store::{
        entity::{revision, spec_document},
        unit::Unit,
    },
    upstream::parse_target_url,
};

/// Diagnostics that are kept with a revision.
const MAX_DIAGNOSTICS: usize = 500;

/// An upload that was read and can be stored.
pub(super) struct ReadSpec {
    pub(super) document: Arc<openapi::Document>,
    /// What was found, worst first.
    diagnostics: Vec<openapi::Diagnostic>,
    /// Of the document.
    bytes: Vec<u8>,
    sha256: String,
    /// What it was made of, where that is not the document.
    upload: Option<Vec<u8>>,
    overlays: Vec<OverlayUpload>,
    source: String,
    /// What is to be said of it; `None` if that took too long.
    judgement: Option<Judgement>,
}

impl ReadSpec {
    /// Reads an upload.
    ///
    /// # Errors
    /// `SpecRejected` with what was found, worst first.
    pub(super) async fn read(
        documents: &Documents,
        bytes: Vec<u8>,
        source: String,
        overlays: Vec<OverlayUpload>,
    ) -> Result<Self> {
        let (upload, overlays, reading) = documents.parse_upload(bytes, overlays).await?;
        let reading = reading.map_err(|rejected| DomainError::SpecRejected(worst_first(rejected.diagnostics)))?;
        let (bytes, upload) = match reading.text {
            Some(text) => (text.into_bytes(), Some(upload)),
            None => (upload, None),
        };
        Ok(Self {
            diagnostics: worst_first(reading.diagnostics),
            document: Arc::new(reading.document),
            sha256: sha256(&bytes),
            bytes,
            upload,
            overlays,
            source,
            judgement: None,
        })
    }

    /// Judges it by the rules of an organization, and beside the document of the revision before, if there is one.
    pub(super) async fn judge(
        &mut self,
        db: &impl ConnectionTrait,
        documents: &Documents,
        organization: OrganizationId,
        before: Option<&revision::Model>,
    ) -> Result<()> {
        let texts = async {
            let before = match before {
                Some(row) => Text::before(db, documents, row).await,
                None => None,
            };
            let text = Text {
                document: Arc::clone(&self.document),
                bytes: self.bytes.clone(),
                is_as_written: self.upload.is_none(),
            };
            Ok((text, before))
        };
        // On the heap: uploads are awaited through many layers.
        self.judgement = Box::pin(judging::judge(db, documents, organization, texts)).await?;
        Ok(())
    }

    /// Title of the document, as a name for an api.
    pub(super) fn title(&self) -> String {
        clean(self.document.title(), 100)
    }

    /// Stores it as the next revision of a version, whose row the transaction has locked.
    pub(super) async fn store(&self, unit: &Unit, version: VersionId, actor: &Actor) -> Result<Revision> {
        keep(unit, self.sha256.clone(), &self.bytes).await?;
        let upload_sha256 = self.upload.as_deref().map(sha256);
        if let (Some(sha256), Some(upload)) = (&upload_sha256, &self.upload) {
            keep(unit, sha256.clone(), upload).await?;
        }
        let overlays: Vec<RevisionOverlay> = self.overlays.iter().map(RevisionOverlay::of).collect();
        for (overlay, upload) in overlays.iter().zip(&self.overlays) {
            keep(unit, overlay.sha256.clone(), &upload.bytes).await?;
        }
        let last: Option<Option<i32>> = revision::Entity::find()
            .select_only()
            .column_as(revision::Column::Number.max(), "number")
            .filter(revision::Column::VersionId.eq(version))
            .into_tuple()
            .one(&**unit)
            .await?;
        let row = revision::ActiveModel {
            id: Set(RevisionId::generate()),
            version_id: Set(version),
            number: Set(last.flatten().unwrap_or(0) + 1),
            sha256: Set(self.sha256.clone()),
            upload_sha256: Set(upload_sha256),
            overlays: Set((!overlays.is_empty()).then(|| serde_json::json!(overlays))),
            source: Set(clean(&self.source, 300)),
            format: Set(self.document.format().label().to_owned()),
            title: Set(clean(self.document.title(), 200)),
            document_version: Set(clean(self.document.version(), 100)),
            operation_count: Set(to_column(self.operations().count())),
            size: Set(self.upload.as_ref().unwrap_or(&self.bytes).len() as i64),
            diagnostics: Set(serde_json::json!(self.diagnostics)),
            operations: Set(serde_json::json!(self.operations().collect::<Vec<_>>())),
            suggested_upstream: Set(self.suggested_upstream()),
            created_at: Set(unit.now()),
            created_by: Set(actor.account().map(|account| account.id)),
        };
        let stored = row.insert(&**unit).await?;
        if let Some(judgement) = &self.judgement {
            judgement.store(unit, stored.id).await?;
        }
        Ok(stored.try_into()?)
    }

    /// What gateways can route: webhooks are called by the provider.
    fn operations(&self) -> impl Iterator<Item = OperationRecord> {
        let paths = self
            .document
            .operations()
            .iter()
            .filter(|entry| entry.kind == openapi::OperationKind::Path);
        paths.map(|entry| OperationRecord {
            slug: entry.slug.clone(),
            method: entry.method.clone(),
            path: entry.path.clone(),
            deprecated: entry.deprecated,
            policies: None,
        })
    }

    /// The first server that could be an upstream as it stands.
    fn suggested_upstream(&self) -> Option<String> {
        let mut urls = self.document.servers().iter().map(|server| server.url.trim());
        urls.find(|url| url.len() <= 2_000 && parse_target_url("upstream", url).is_ok())
            .map(str::to_owned)
    }
}

/// Stores bytes under their SHA-256; equal ones are there once.
async fn keep(unit: &Unit, sha256: String, bytes: &[u8]) -> Result<()> {
    let document = spec_document::ActiveModel {
        sha256: Set(sha256),
        bytes: Set(bytes.to_vec()),
    };
    let mut insert = spec_document::Entity::insert(document);
    let is_there = OnConflict::column(spec_document::Column::Sha256)
        .do_nothing()
        .to_owned();
    unit.execute(QueryTrait::query(&mut insert).on_conflict(is_there))
        .await?;
    Ok(())
}

const MISSING: DomainError = DomainError::NotFound { what: "specification" };

/// Bytes that are stored under a SHA-256.
async fn kept(db: &impl ConnectionTrait, sha256: String) -> Result<Vec<u8>> {
    let found: Option<Vec<u8>> = spec_document::Entity::find_by_id(sha256)
        .select_only()
        .column(spec_document::Column::Bytes)
        .into_tuple()
        .one(db)
        .await?;
    found.ok_or(MISSING)
}

/// The SHA-256 of a revision's document, and of its upload where that is not the document.
async fn hashes(db: &impl ConnectionTrait, id: RevisionId) -> Result<(String, Option<String>)> {
    let found: Option<(String, Option<String>)> = revision::Entity::find_by_id(id)
        .select_only()
        .columns([revision::Column::Sha256, revision::Column::UploadSha256])
        .into_tuple()
        .one(db)
        .await?;
    found.ok_or(MISSING)
}

/// The text of a revision's document, and whether it is as somebody wrote it.
///
/// # Errors
/// `NotFound` if there is no such revision.
pub(super) async fn text(db: &impl ConnectionTrait, id: RevisionId) -> Result<(Vec<u8>, bool)> {
    let (document, upload) = hashes(db, id).await?;
    Ok((kept(db, document).await?, upload.is_none()))
}

/// The bytes of a revision as they were uploaded.
///
/// # Errors
/// `NotFound` if there is no such revision.
pub(super) async fn original(db: &impl ConnectionTrait, id: RevisionId) -> Result<Vec<u8>> {
    let (document, upload) = hashes(db, id).await?;
    kept(db, upload.unwrap_or(document)).await
}

/// The overlays of a revision.
pub(super) async fn overlays(db: &impl ConnectionTrait, revision: &Revision) -> Result<Vec<OverlayUpload>> {
    let mut overlays = Vec::with_capacity(revision.overlays.len());
    for overlay in &revision.overlays {
        overlays.push(OverlayUpload {
            name: overlay.name.clone(),
            bytes: kept(db, overlay.sha256.clone()).await?,
        });
    }
    Ok(overlays)
}

/// The newest revisions of a version, newest first.
pub(super) async fn history(db: &impl ConnectionTrait, version: VersionId, limit: u64) -> Result<Vec<revision::Model>> {
    Ok(revision::Entity::find()
        .filter(revision::Column::VersionId.eq(version))
        .order_by_desc(revision::Column::Number)
        .limit(limit)
        .all(db)
        .await?)
}

fn worst_first(mut diagnostics: Vec<openapi::Diagnostic>) -> Vec<openapi::Diagnostic> {
    diagnostics.sort_by_key(|diagnostic| diagnostic.severity);
    diagnostics.truncate(MAX_DIAGNOSTICS);
    diagnostics
}

/// Text of a document for a column and a line on a page: control characters, which PostgreSQL refuses in part, become
/// spaces, and what is too long is cut.
fn clean(text: &str, max_chars: usize) -> String {
    let line = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c });
    line.take(max_chars).collect::<String>().trim_end().to_owned()
}

fn to_column(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_documents_becomes_one_bounded_line() {
        for (text, line) in [
            (" P\u{0}\ns ", "P  s"),
            ("ÄÄÄÄÄÄ", "ÄÄÄÄÄ"),
            ("abcd  e", "abcd"),
            ("", ""),
        ] {
            assert_eq!(clean(text, 5), line, "{text:?}");
        }
    }
}
