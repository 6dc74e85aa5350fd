//! Finding apis and versions, and what belongs to them, for the use cases and the reads.

use std::collections::HashMap;

use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sea_query::SelectStatement,
};

use super::{Api, Version, VersionState, Visibility};
use crate::{
    actor::Actor,
    authz::Action,
    error::{DomainError, Result},
    id::{ApiId, OrganizationId, VersionId},
    organization::Organization,
    store::{
        entity::{api, organization, version},
        row::readable_as,
        unit::Unit,
    },
};

/// What strangers are told, whether the api exists or not.
pub(crate) const NO_API: DomainError = DomainError::NotFound { what: "API" };
/// What strangers are told, whether the version exists or not.
pub(crate) const NO_VERSION: DomainError = DomainError::NotFound { what: "version" };

/// Ids in one statement.
const CHUNK: usize = 500;

/// Lets the use case go on if the actor may do `action`; strangers learn no more than from `missing`.
pub(crate) fn permit(actor: &Actor, action: Action, organization: OrganizationId, missing: DomainError) -> Result<()> {
    actor.require(action, organization).map_err(|error| match error {
        DomainError::NotFound { .. } => missing,
        error => error,
    })
}

/// An api that the actor may change. Its row is locked until the end of the unit.
pub(crate) async fn api_to_change(unit: &Unit, actor: &Actor, action: Action, id: ApiId) -> Result<Api> {
    let row = api::Entity::find_by_id(id)
        .lock_exclusive()
        .one(&**unit)
        .await?
        .ok_or(NO_API)?;
    permit(actor, action, row.organization_id, NO_API)?;
    Ok(row.try_into()?)
}

/// A version that the actor may change, with its api. Its row is locked until the end of the unit.
pub(crate) async fn version_to_change(
    unit: &Unit,
    actor: &Actor,
    action: Action,
    id: VersionId,
) -> Result<(Api, Version)> {
    let row = version::Entity::find_by_id(id)
        .lock_exclusive()
        .one(&**unit)
        .await?
        .ok_or(NO_VERSION)?;
    let api = api::Entity::find_by_id(row.api_id)
        .one(&**unit)
        .await?
        .ok_or(NO_VERSION)?;
    permit(actor, action, api.organization_id, NO_VERSION)?;
    Ok((api.try_into()?, row.try_into()?))
}

/// The same without a lock, to refuse early what would cost work.
pub(crate) async fn version_to_read(
    db: &impl ConnectionTrait,
    actor: &Actor,
    action: Action,
    id: VersionId,
) -> Result<Version> {
    let found = version::Entity::find_by_id(id)
        .find_also_related(api::Entity)
        .one(db)
        .await?;
    let Some((row, Some(api))) = found else {
        return Err(NO_VERSION);
    };
    permit(actor, action, api.organization_id, NO_VERSION)?;
    Ok(row.try_into()?)
}

/// An api by its slugs, with its provider, whoever asks.
pub(super) async fn by_slugs(db: &impl ConnectionTrait, organization: &str, api: &str) -> Result<(Organization, Api)> {
    let found = api::Entity::find()
        .find_also_related(organization::Entity)
        .filter(organization::Column::Slug.eq(organization))
        .filter(organization::Column::State.eq(organization::ACTIVE))
        .filter(api::Column::Slug.eq(api))
        .one(db)
        .await?;
    let Some((api, Some(organization))) = found else {
        return Err(NO_API);
    };
    Ok((organization.try_into()?, api.try_into()?))
}

/// Versions of apis, newest first.
pub(super) async fn versions(db: &impl ConnectionTrait, apis: &[ApiId]) -> Result<HashMap<ApiId, Vec<Version>>> {
    let mut versions: HashMap<ApiId, Vec<Version>> = HashMap::with_capacity(apis.len());
    for chunk in apis.chunks(CHUNK) {
        let rows = version::Entity::find()
            .filter(version::Column::ApiId.is_in(chunk.iter().copied()))
            .order_by_desc(version::Column::CreatedAt)
            .order_by_desc(version::Column::Id)
            .all(db)
            .await?;
        for version in readable_as::<Version, _>(rows) {
            versions.entry(version.api_id).or_default().push(version);
        }
    }
    Ok(versions)
}

/// Ids of apis with a version that strangers may know of.
pub(crate) fn listed_apis() -> SelectStatement {
    let words = [VersionState::Published, VersionState::Deprecated, VersionState::Retired].map(VersionState::as_str);
    version::Entity::find()
        .filter(version::Column::State.is_in(words))
        .select_only()
        .column(version::Column::ApiId)
        .into_query()
}

/// Whether the actor sees drafts and private apis of the organization.
pub(crate) fn is_member(actor: &Actor, organization: OrganizationId) -> bool {
    actor.role_in(organization).is_some()
}

/// Of an api's versions, those that the actor may see; empty if that is none, so that the api does not exist for them.
pub(super) fn visible(actor: &Actor, api: &Api, versions: Vec<Version>) -> Vec<Version> {
    if is_member(actor, api.organization_id) {
        versions
    } else if api.visibility == Visibility::Private {
        Vec::new()
    } else {
        versions
            .into_iter()
            .filter(|version| version.state.is_listed())
            .collect()
    }
}
