//! Policies against the documents of versions: what is attached to operations, and what needs parameters of their paths.

use std::collections::{BTreeSet, HashMap};

use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QuerySelect, RelationTrait,
    prelude::{Json, Uuid},
};

use super::{
    Misfits, PolicyName, PolicySet, load,
    scope::{OperationKey, PolicyScope},
};
use crate::{
    catalog::{Version, VersionState},
    error::{DomainError, FieldError, Result},
    gateway_config::OperationRecord,
    id::{ApiId, OrganizationId, RevisionId, VersionId},
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
    let names: Vec<PolicyName> = changed.iter().copied().filter(|name| name.may_need_path()).collect();
    if names.is_empty() {
        return Ok(());
    }
    let versions = version::Entity::find().join(JoinType::InnerJoin, version::Relation::Api.def());
    // How many levels are narrower than the one that changed.
    let (versions, narrower) = match scope {
        PolicyScope::Organization(id) => (versions.filter(api::Column::OrganizationId.eq(*id)), 3),
        PolicyScope::Api(id) => (versions.filter(version::Column::ApiId.eq(*id)), 2),
        PolicyScope::Version(id) => (versions.filter(version::Column::Id.eq(*id)), 1),
        PolicyScope::Operation(id, _) => (versions.filter(version::Column::Id.eq(*id)), 0),
    };
    let versions: Vec<Documented> = versions
        .filter(version::Column::State.ne(VersionState::Retired.as_str()))
        .filter(version::Column::RevisionId.is_not_null())
        .select_only()
        .column(api::Column::OrganizationId)
        .columns([version::Column::ApiId, version::Column::Id, version::Column::RevisionId])
        .into_tuple()
        .all(&**unit)
        .await?;
    let only = match scope {
        PolicyScope::Operation(_, only) => Some(only),
        _ => None,
    };
    let mut misfits = Misfits::default();
    for versions in versions.chunks(CHUNK) {
        judge(&**unit, versions, &names, (narrower, only), &mut misfits).await?;
    }
    let found = misfits.found();
    if found.is_empty() {
        Ok(())
    } else {
        Err(DomainError::Invalid(found))
    }
}

/// What is in force for a version and does not fit its document, such as operations that came after the policy: gateways don't
/// route those. Fields are named as by [`PolicySet::validate`].
pub(crate) async fn misfits(
    db: &impl ConnectionTrait,
    organization: OrganizationId,
    version: &Version,
) -> Result<Vec<FieldError>> {
    let Some(revision) = version.revision_id else {
        return Ok(Vec::new());
    };
    let names = PolicyName::ALL.iter().copied().filter(|name| name.may_need_path());
    let names: Vec<PolicyName> = names.collect();
    let mut misfits = Misfits::default();
    let documented = (organization, version.api_id, version.id, revision);
    judge(db, &[documented], &names, (0, None), &mut misfits).await?;
    Ok(misfits.found())
}

/// Versions that are judged at a time: their operations are held in memory, and their ids stand in one statement.
const CHUNK: usize = 100;

/// A version that has a document, from broad to narrow, and its current revision.
type Documented = (OrganizationId, ApiId, VersionId, RevisionId);

/// Judges what is in force of `names` for the operations of versions, or for `only` one of them, where none of the narrowest
/// `narrower` levels says anything.
async fn judge(
    db: &impl ConnectionTrait,
    versions: &[Documented],
    names: &[PolicyName],
    (narrower, only): (usize, Option<&OperationKey>),
    misfits: &mut Misfits,
) -> Result<()> {
    let levels = |(organization, api, version, _): &Documented| [organization.uuid(), api.uuid(), version.uuid()];
    let scopes: BTreeSet<Uuid> = versions.iter().flat_map(levels).collect();
    let mut said = load::said_of(db, scopes, names).await?;
    // Most say nothing, and need no operations.
    let versions: Vec<&Documented> = versions
        .iter()
        .filter(|version| levels(version).iter().any(|scope| said.contains_key(scope)))
        .collect();
    let revisions = versions.iter().map(|(.., revision)| *revision);
    let mut operations = operations_by_revision(db, revisions).await?;
    let nothing = PolicySet::default();
    for version in versions {
        let [organization, api, id] = levels(version);
        let of_version = said.remove(&id).unwrap_or_default();
        let whole = |said: Option<&load::Said>| said.and_then(|said| said.get("")).unwrap_or(&nothing).clone();
        let broader = [said.get(&organization), said.get(&api), Some(&of_version)].map(whole);
        for operation in operations.remove(&version.3).unwrap_or_default() {
            let key = OperationKey::of(&operation);
            if only.is_some_and(|only| *only != key) {
                continue;
            }
            let own = of_version.get(key.as_str()).unwrap_or(&nothing);
            let levels: Vec<&PolicySet> = broader.iter().chain([own]).collect();
            let in_force = PolicySet::effective(levels.iter().copied());
            let narrower = &levels[levels.len() - narrower..];
            for name in names {
                if narrower.iter().all(|level| level.said(*name).is_none()) {
                    misfits.judge(&key, &in_force.only(*name));
                }
            }
        }
    }
    Ok(())
}

/// Operations of documents.
async fn operations_by_revision(
    db: &impl ConnectionTrait,
    revisions: impl Iterator<Item = RevisionId>,
) -> Result<HashMap<RevisionId, Vec<OperationRecord>>> {
    let rows: Vec<(RevisionId, Json)> = revision::Entity::find()
        .select_only()
        .columns([revision::Column::Id, revision::Column::Operations])
        .filter(revision::Column::Id.is_in(revisions))
        .into_tuple()
        .all(db)
        .await?;
    let read = |(id, operations)| Ok((id, Row::new("revision", id).json("operations", operations)?));
    rows.into_iter().map(read).collect()
}

/// Operations of a document that is a version's.
async fn operations_of(unit: &Unit, revision: Option<RevisionId>) -> Result<Vec<OperationRecord>> {
    let found = operations_by_revision(&**unit, revision.into_iter()).await?;
    Ok(found.into_values().next().unwrap_or_default())
}
