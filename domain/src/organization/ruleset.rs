//! The rules that an organization holds its documents to.

use openapi::lint::Ruleset;
use sea_orm::{ConnectionTrait, EntityTrait, QuerySelect, Set, sea_query::OnConflict};

use super::{
    OrganizationRuleset,
    service::{Organizations, lock},
};
use crate::{
    actor::Actor,
    authz::Action,
    catalog::sha256,
    error::{DomainError, FieldError, Result},
    id::OrganizationId,
    store::entity::organization_ruleset,
};

/// Longest text of a ruleset, in bytes.
const MAX_BYTES: usize = 256 * 1024;

/// Name of the field in forms and manifests.
pub const FIELD: &str = "ruleset";

/// Reads a ruleset.
///
/// # Errors
/// What is wrong, at the field of the ruleset: `ruleset.rules.info-contact`.
pub fn check(source: &str) -> Result<Ruleset, FieldError> {
    if source.len() > MAX_BYTES {
        return Err(FieldError::new(FIELD, "Keep the rules below 256 KB."));
    }
    if source.contains('\0') {
        return Err(FieldError::new(FIELD, "Leave out control characters."));
    }
    Ruleset::read(source.as_bytes()).map_err(|error| match error.field.as_str() {
        "" => FieldError::new(FIELD, error.message),
        field => FieldError::new(format!("{FIELD}.{field}"), error.message),
    })
}

/// As [`check`], on a thread of its own: a ruleset of patterns takes a while.
///
/// # Errors
/// `Invalid`, at the field of the ruleset.
pub async fn read(source: String) -> Result<Ruleset> {
    let read = tokio::task::spawn_blocking(move || check(&source));
    let read = read.await.map_err(DomainError::internal)?;
    read.map_err(|error| DomainError::Invalid(vec![error]))
}

/// The text of an organization's ruleset and its SHA-256, which is empty for the default.
pub(crate) async fn source(
    db: &impl ConnectionTrait,
    organization: OrganizationId,
) -> Result<(Option<String>, String)> {
    let row = organization_ruleset::Entity::find_by_id(organization).one(db).await?;
    Ok(row.map_or_else(Default::default, |row| (Some(row.source), row.sha256)))
}

/// The ruleset of a stored text, the default where there is none. Takes a while.
pub(crate) fn in_force(organization: OrganizationId, source: Option<&str>) -> Ruleset {
    let Some(source) = source else {
        return Ruleset::default();
    };
    // It was checked when it was saved; a later program may refuse what an earlier one took.
    check(source).unwrap_or_else(|error| {
        tracing::error!(%organization, field = error.field, error = error.message, "using the default ruleset");
        Ruleset::default()
    })
}

/// The SHA-256 of the text of an organization's ruleset; empty for the default.
pub(crate) async fn hash(db: &impl ConnectionTrait, organization: OrganizationId) -> Result<String> {
    let found: Option<String> = organization_ruleset::Entity::find_by_id(organization)
        .select_only()
        .column(organization_ruleset::Column::Sha256)
        .into_tuple()
        .one(db)
        .await?;
    Ok(found.unwrap_or_default())
}

impl Organizations {
    /// The organization's own rules; `None` where the default holds.
    pub async fn ruleset(&self, actor: &Actor, id: OrganizationId) -> Result<Option<OrganizationRuleset>> {
        actor.require(Action::ReadConsole, id)?;
        let row = organization_ruleset::Entity::find_by_id(id)
            .one(self.cx.db.read())
            .await?;
        Ok(row.map(OrganizationRuleset::from))
    }

    /// Sets the rules, or goes back to the default with an empty text. Revisions keep what was said of them until they are
    /// checked again. Says whether anything changed.
    ///
    /// # Errors
    /// `Invalid` at `ruleset`, or at the field of it that is wrong.
    pub async fn set_ruleset(&self, actor: &Actor, id: OrganizationId, source: &str) -> Result<bool> {
        actor.require(Action::EditApi, id)?;
        let is_default = source.trim().is_empty();
        if !is_default {
            read(source.to_owned()).await?;
        }
        let unit = self.cx.begin().await?;
        let organization = lock(&unit, id).await?;
        let there = organization_ruleset::Entity::find_by_id(id).one(&*unit).await?;
        let is_same = match &there {
            Some(there) => !is_default && there.source == source,
            None => is_default,
        };
        if is_same {
            return Ok(false);
        }
        if is_default {
            organization_ruleset::Entity::delete_by_id(id).exec(&*unit).await?;
        } else {
            let row = organization_ruleset::ActiveModel {
                organization_id: Set(id),
                source: Set(source.to_owned()),
                sha256: Set(sha256(source.as_bytes())),
                updated_at: Set(unit.now()),
            };
            let replaced = [
                organization_ruleset::Column::Source,
                organization_ruleset::Column::Sha256,
                organization_ruleset::Column::UpdatedAt,
            ];
            let replace = OnConflict::column(organization_ruleset::Column::OrganizationId)
                .update_columns(replaced)
                .to_owned();
            organization_ruleset::Entity::insert(row)
                .on_conflict(replace)
                .exec_without_returning(&*unit)
                .await?;
        }
        let which = if is_default { "default" } else { "own" };
        let detail = format!("{}: {which} rules", organization.slug);
        unit.audit(actor, Some(id), "organization.ruleset", id, detail).await?;
        unit.commit().await?;
        Ok(true)
    }
}
