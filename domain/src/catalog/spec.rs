//! An upload on its way to a revision: read first, stored afterwards, so that no transaction waits for a parser and a
//! rejected document leaves nothing behind.

use std::{fmt::Write, sync::Arc};

use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, sea_query::OnConflict,
};
use sha2::{Digest, Sha256};

use super::{
    Revision, SpecUpload,
    documents::Documents,
    judging::{self, Judgement, Text},
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
    bytes: Vec<u8>,
    sha256: String,
    source: String,
    /// What is to be said of it; `None` if that took too long.
    judgement: Option<Judgement>,
}

impl ReadSpec {
    /// Reads an upload.
    ///
    /// # Errors
    /// `SpecRejected` with what was found, worst first.
    pub(super) async fn read(documents: &Documents, upload: SpecUpload) -> Result<Self> {
        let sha256 = sha256(&upload.bytes);
        let (bytes, document, strict) = documents.parse_upload(upload.bytes).await?;
        let document = document.map_err(|rejected| DomainError::SpecRejected(worst_first(rejected.diagnostics)))?;
        Ok(Self {
            diagnostics: worst_first([document.diagnostics(), &strict].concat()),
            document: Arc::new(document),
            bytes,
            sha256,
            source: upload.source,
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
        let before = match before {
            // A document before that can't be read any more is no reason to refuse its successor.
            Some(row) => match Text::of(db, documents, row.id).await {
                Ok(text) => Some((judging::revision_name(row.number), text)),
                Err(error) => {
                    tracing::warn!(revision = %row.id, %error, "a new revision is not compared with the one before");
                    None
                }
            },
            None => None,
        };
        let text = Text {
            document: Arc::clone(&self.document),
            bytes: self.bytes.clone(),
        };
        self.judgement = judging::judge(db, documents, organization, text, before).await?;
        Ok(())
    }

    /// Title of the document, as a name for an api.
    pub(super) fn title(&self) -> String {
        clean(self.document.title(), 100)
    }

    /// Stores it as the next revision of a version, whose row the transaction has locked.
    pub(super) async fn store(&self, unit: &Unit, version: VersionId, actor: &Actor) -> Result<Revision> {
        let document = spec_document::ActiveModel {
            sha256: Set(self.sha256.clone()),
            bytes: Set(self.bytes.clone()),
        };
        let mut insert = spec_document::Entity::insert(document);
        // Equal uploads share the bytes.
        let is_there = OnConflict::column(spec_document::Column::Sha256)
            .do_nothing()
            .to_owned();
        unit.execute(QueryTrait::query(&mut insert).on_conflict(is_there))
            .await?;
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
            source: Set(clean(&self.source, 300)),
            format: Set(self.document.format().label().to_owned()),
            title: Set(clean(self.document.title(), 200)),
            document_version: Set(clean(self.document.version(), 100)),
            operation_count: Set(to_column(self.operations().count())),
            size: Set(self.bytes.len() as i64),
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

/// SHA-256 in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold(String::with_capacity(64), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// The uploaded bytes of a revision.
///
/// # Errors
/// `NotFound` if there is no such revision.
pub(super) async fn bytes(db: &impl ConnectionTrait, id: RevisionId) -> Result<Vec<u8>> {
    let found: Option<Vec<u8>> = spec_document::Entity::find()
        .select_only()
        .column(spec_document::Column::Bytes)
        .filter(
            spec_document::Column::Sha256.in_subquery(
                revision::Entity::find_by_id(id)
                    .select_only()
                    .column(revision::Column::Sha256)
                    .into_query(),
            ),
        )
        .into_tuple()
        .one(db)
        .await?;
    found.ok_or(DomainError::NotFound { what: "specification" })
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
    fn hashes_are_hexadecimal() {
        assert_eq!(
            sha256(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

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
