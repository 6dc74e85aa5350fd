//! Policies against the documents of versions: what is attached to operations, and what needs parameters of their paths.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{
    Misfits, PolicyName, PolicySet, load,
    scope::{OperationKey, PolicyScope},
};
use crate::{
    catalog::VersionState,
    error::{DomainError, Result},
    gateway_config::OperationRecord,
    id::RevisionId,
    store::{
        entity::{api, revision, version},
        row::Row,
        unit::Unit,
    },
};

/// An operation that a version's current document has.
pub(super) async fn require_operation(
    unit: &Unit,
    revision: Option<RevisionId>,
    operation: &OperationKey,
) -> Result<()> {
    let operations = operations_of(unit, revision).await?;
    if operations.iter().any(|known| OperationKey::of(known) == *operation) {
        return Ok(());
    }
    let message = format!("The version's specification has no operation `{operation}`.");
    Err(DomainError::field("operation", message))
}

/// Policies that a level changed fit every operation for which no narrower level says something else: gateways don't route
/// operations that lack what their policy needs.
///
/// # Errors
/// `Invalid`, with the operations.
pub(super) async fn require_fit(unit: &Unit, scope: &PolicyScope, changed: &[PolicyName]) -> Result<()> {
    let changed: Vec<PolicyName> = changed.iter().copied().filter(|name| name.may_need_path()).collect();
    if changed.is_empty() {
        return Ok(());
    }
    let versions = version::Entity::find().find_also_related(api::Entity);
    // How many levels are narrower than the one that changed.
    let (versions, narrower) = match scope {
        PolicyScope::Organization(id) => (versions.filter(api::Column::OrganizationId.eq(*id)), 3),
        PolicyScope::Api(id) => (versions.filter(version::Column::ApiId.eq(*id)), 2),
        PolicyScope::Version(id) => (versions.filter(version::Column::Id.eq(*id)), 1),
        PolicyScope::Operation(id, _) => (versions.filter(version::Column::Id.eq(*id)), 0),
    };
    let versions = versions
        .filter(version::Column::State.ne(VersionState::Retired.as_str()))
        .filter(version::Column::RevisionId.is_not_null());
    let mut misfits = Misfits::default();
    for (version, api) in versions.all(&**unit).await? {
        let Some(api) = api else { continue };
        let mut broader = Vec::with_capacity(2);
        for scope in [api.organization_id.uuid(), api.id.uuid()] {
            broader.push(load::said(&**unit, None, scope).await?.remove("").unwrap_or_default());
        }
        let mut said = load::said(&**unit, None, version.id.uuid()).await?;
        let whole = said.remove("").unwrap_or_default();
        for operation in operations_of(unit, version.revision_id).await? {
            let key = OperationKey::of(&operation);
            if matches!(scope, PolicyScope::Operation(_, only) if *only != key) {
                continue;
            }
            let own = said.remove(key.as_str()).unwrap_or_default();
            let levels = [&broader[0], &broader[1], &whole, &own];
            let in_force = PolicySet::effective(levels);
            let narrower = &levels[levels.len() - narrower..];
            for name in &changed {
                if narrower.iter().all(|level| level.said(*name).is_none()) {
                    misfits.judge(&key, &in_force.only(*name));
                }
            }
        }
    }
    let found = misfits.found();
    if found.is_empty() {
        Ok(())
    } else {
        Err(DomainError::Invalid(found))
    }
}

/// Operations of a document that is a version's.
async fn operations_of(unit: &Unit, revision: Option<RevisionId>) -> Result<Vec<OperationRecord>> {
    let row = match revision {
        Some(id) => revision::Entity::find_by_id(id).one(&**unit).await?,
        None => None,
    };
    match row {
        Some(row) => Ok(Row::new("revision", row.id).json("operations", row.operations)?),
        None => Ok(Vec::new()),
    }
}
