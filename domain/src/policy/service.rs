//! Use cases of policies.

use std::collections::BTreeMap;

use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, Set, prelude::Uuid, sea_query::OnConflict,
};

use super::{
    PolicyLevel, PolicyName, PolicySet,
    document::{misfits, require_fit, require_operation},
    load,
    scope::{OperationKey, PolicyScope},
    secrets::{self, SecretPlace},
};
use crate::{
    actor::Actor,
    authz::Action,
    catalog::{
        VersionState,
        load::{NO_API, NO_VERSION, api_to_change, permit, version_to_change},
        service::refuse_retired,
    },
    error::{DomainError, FieldError, Result},
    id::{ApiId, OrganizationId, RevisionId, VersionId},
    installation_key::InstallationKey,
    services::Context,
    store::{
        entity::{api, organization, policy, version},
        unit::{Change, Unit},
    },
};

/// What strangers are told, whether the organization exists or not.
const NO_ORGANIZATION: DomainError = DomainError::NotFound { what: "organization" };

/// Use cases of policies. Whoever may change a version may change its policies.
#[derive(Clone)]
pub struct Policies {
    pub(super) cx: Context,
    enforced: &'static [PolicyName],
}

/// What a level says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelPolicies {
    /// Which level.
    pub level: PolicyLevel,
    /// What it says; secrets are masked, except for the installation itself.
    pub said: PolicySet,
}

/// Where a thing stands: the key of its rows and what it belongs to.
struct Place {
    scope: Uuid,
    operation: String,
    organization: OrganizationId,
    api: Option<ApiId>,
    version: Option<VersionId>,
    /// The version's current document.
    revision: Option<RevisionId>,
    /// For the audit log: `petstore/v1`.
    label: String,
    /// Whether a gateway has anything to learn: it knows no drafts.
    is_served: bool,
}

impl Policies {
    /// Use cases that save only policies in `enforced`: those that the gateways of this version act on.
    pub(crate) const fn new(cx: Context, enforced: &'static [PolicyName]) -> Self {
        Self { cx, enforced }
    }

    pub(super) fn key(&self) -> Option<&InstallationKey> {
        self.cx.installation_key.as_deref()
    }

    /// The policies that can be saved, in the order in which people read them.
    pub fn enforced(&self) -> impl Iterator<Item = PolicyName> + use<> {
        let enforced = self.enforced;
        PolicyName::ALL
            .iter()
            .copied()
            .filter(move |name| enforced.contains(name))
    }

    /// Judges what a level is to say: ranges, and whether gateways act on it.
    ///
    /// # Errors
    /// `Invalid`; fields are named from the manifest: `policies.cors.origins[0]`.
    pub fn judge(&self, said: &PolicySet) -> Result<()> {
        let unknown = said.names().filter(|name| !self.enforced.contains(name)).map(|name| {
            let message = format!("This version of Turnpike does not enforce `{name}`.");
            FieldError::new(format!("policies.{name}"), message)
        });
        let unsealable = secrets::unsealable(self.key(), said);
        let errors: Vec<_> = unknown.chain(said.validate()).chain(unsealable).collect();
        if errors.is_empty() {
            Ok(())
        } else {
            Err(DomainError::Invalid(errors))
        }
    }

    /// Takes over what `said` says of each policy that it names; others stay as they are. Secrets that are masked are kept.
    /// Gateways learn it within one reload interval. Says whether anything changed.
    ///
    /// # Errors
    /// `Invalid` as [`Self::judge`], at `operation` for one that the version's document does not have, and for what does not
    /// fit the path of an operation that it would be in force for; `Conflict` for a retired version; `NotFound` for strangers.
    pub async fn save(&self, actor: &Actor, scope: &PolicyScope, said: PolicySet) -> Result<bool> {
        let unit = self.cx.begin().await?;
        let place = place_to_change(&unit, actor, scope).await?;
        let mut there = load::said(&*unit, self.key(), place.scope).await?;
        let there = there.remove(&place.operation).unwrap_or_default();
        let said = said.unmasked(&there);
        self.judge(&said)?;
        if let PolicyScope::Operation(_, operation) = scope {
            require_operation(&unit, place.revision, operation).await?;
            let misfits = said.misfits(operation.path());
            if !misfits.is_empty() {
                return Err(DomainError::Invalid(misfits));
            }
        }
        let mut changed = Vec::new();
        for name in said.names() {
            let body = said.said(name);
            if body == there.said(name) {
                continue;
            }
            let Some(body) = self.to_store(&place, name, &said)? else {
                continue;
            };
            changed.push(name);
            let off = if said.is_off(name) { " off" } else { "" };
            write(&unit, scope, &place, name, body).await?;
            let detail = format!("{}: {name}{off}", place.label);
            unit.audit(actor, Some(place.organization), "policy.save", scope, detail)
                .await?;
        }
        require_fit(&unit, scope, &changed).await?;
        finish(unit, &place, !changed.is_empty()).await
    }

    /// What a row says of a policy, with its secrets sealed.
    fn to_store(&self, place: &Place, name: PolicyName, said: &PolicySet) -> Result<Option<serde_json::Value>> {
        let mut alone = PolicySet::default();
        alone.replace(name, said);
        let at = SecretPlace {
            scope: place.scope,
            operation: &place.operation,
        };
        secrets::seal(self.key(), at, &mut alone).map_err(DomainError::internal)?;
        Ok(alone.said(name))
    }

    /// Takes away what a level says of a policy: what broader levels say is in force again. Says whether it said anything.
    ///
    /// # Errors
    /// `Invalid` where that does not fit the path of an operation; `Conflict` for a retired version; `NotFound` for strangers.
    pub async fn remove(&self, actor: &Actor, scope: &PolicyScope, name: PolicyName) -> Result<bool> {
        let unit = self.cx.begin().await?;
        let place = place_to_change(&unit, actor, scope).await?;
        let deleted = policy::Entity::delete_by_id((place.scope, place.operation.clone(), name.as_str().to_owned()))
            .exec(&*unit)
            .await?;
        let is_changed = deleted.rows_affected > 0;
        if is_changed {
            let detail = format!("{}: {name}", place.label);
            unit.audit(actor, Some(place.organization), "policy.remove", scope, detail)
                .await?;
            require_fit(&unit, scope, &[name]).await?;
        }
        finish(unit, &place, is_changed).await
    }

    /// What a thing and everything around it says, from broad to narrow; the last is the thing itself.
    ///
    /// # Errors
    /// `NotFound` for strangers.
    pub async fn levels(&self, actor: &Actor, scope: &PolicyScope) -> Result<Vec<LevelPolicies>> {
        let db = self.cx.db.read();
        let around = around(db, actor, scope).await?;
        let mut levels = Vec::with_capacity(around.len());
        for (level, id, operation) in around {
            let said = load::said(db, self.key(), id)
                .await?
                .remove(operation)
                .unwrap_or_default();
            levels.push(LevelPolicies {
                level,
                said: shown(actor, said),
            });
        }
        Ok(levels)
    }

    /// What is in force for a version and does not fit operations of its current document, which gateways don't route then.
    ///
    /// # Errors
    /// `NotFound` for strangers.
    pub async fn misfits(&self, actor: &Actor, version: VersionId) -> Result<Vec<FieldError>> {
        let db = self.cx.db.read();
        let found = version::Entity::find_by_id(version)
            .find_also_related(api::Entity)
            .one(db)
            .await?;
        let Some((version, Some(api))) = found else {
            return Err(NO_VERSION);
        };
        permit(actor, Action::ReadConsole, api.organization_id, NO_VERSION)?;
        misfits(db, api.organization_id, &version.try_into()?).await
    }

    /// Operations of a version that say something themselves, also those that its document no longer has.
    ///
    /// # Errors
    /// `NotFound` for strangers.
    pub async fn operations(&self, actor: &Actor, version: VersionId) -> Result<BTreeMap<OperationKey, PolicySet>> {
        let db = self.cx.db.read();
        around(db, actor, &PolicyScope::Version(version)).await?;
        let said = load::said(db, self.key(), version.uuid()).await?.into_iter();
        let operations = said.filter(|(operation, _)| !operation.is_empty());
        Ok(operations
            .map(|(operation, said)| (OperationKey::stored(operation), shown(actor, said)))
            .collect())
    }
}

/// Secrets are for the installation itself, which compares them with a manifest.
fn shown(actor: &Actor, said: PolicySet) -> PolicySet {
    match actor {
        Actor::System => said,
        Actor::Anonymous | Actor::Account(_) => said.masked(),
    }
}

async fn write(
    unit: &Unit,
    scope: &PolicyScope,
    place: &Place,
    name: PolicyName,
    body: serde_json::Value,
) -> Result<()> {
    use policy::Column;
    let row = policy::ActiveModel {
        scope_id: Set(place.scope),
        operation: Set(place.operation.clone()),
        name: Set(name.as_str().into()),
        level: Set(scope.level().as_str().into()),
        organization_id: Set(place.organization),
        api_id: Set(place.api),
        version_id: Set(place.version),
        body: Set(body),
        updated_at: Set(unit.now()),
    };
    let key = [Column::ScopeId, Column::Operation, Column::Name];
    let replace = OnConflict::columns(key)
        .update_columns([Column::Body, Column::UpdatedAt])
        .to_owned();
    policy::Entity::insert(row)
        .on_conflict(replace)
        .exec_without_returning(&**unit)
        .await?;
    Ok(())
}

/// Tells gateways and makes it durable, if there is anything.
async fn finish(mut unit: Unit, place: &Place, is_changed: bool) -> Result<bool> {
    if is_changed {
        if place.is_served {
            unit.bump(&[Change::Catalog]).await?;
        }
        unit.commit().await?;
    }
    Ok(is_changed)
}

/// A thing whose policies the actor may change. Its row is locked until the end of the unit.
async fn place_to_change(unit: &Unit, actor: &Actor, scope: &PolicyScope) -> Result<Place> {
    match scope {
        PolicyScope::Organization(id) => {
            let row = organization::Entity::find_by_id(*id)
                .filter(organization::Column::State.eq(organization::ACTIVE))
                .lock_exclusive()
                .one(&**unit)
                .await?
                .ok_or(NO_ORGANIZATION)?;
            actor.require(Action::EditApi, row.id)?;
            Ok(Place {
                scope: row.id.uuid(),
                operation: String::new(),
                organization: row.id,
                api: None,
                version: None,
                revision: None,
                label: row.slug,
                is_served: true,
            })
        }
        PolicyScope::Api(id) => {
            let api = api_to_change(unit, actor, Action::EditApi, *id).await?;
            Ok(Place {
                scope: api.id.uuid(),
                operation: String::new(),
                organization: api.organization_id,
                api: Some(api.id),
                version: None,
                revision: None,
                label: api.slug.to_string(),
                is_served: true,
            })
        }
        PolicyScope::Version(id) | PolicyScope::Operation(id, _) => {
            let (api, version) = version_to_change(unit, actor, Action::EditApi, *id).await?;
            refuse_retired(&version)?;
            let operation = match scope {
                PolicyScope::Operation(_, operation) => operation.as_str(),
                _ => "",
            };
            let label = format!("{}/{} {operation}", api.slug, version.name);
            Ok(Place {
                scope: version.id.uuid(),
                operation: operation.to_owned(),
                organization: api.organization_id,
                api: Some(api.id),
                version: Some(version.id),
                revision: version.revision_id,
                label: label.trim_end().to_owned(),
                is_served: version.state != VersionState::Draft,
            })
        }
    }
}

/// A thing that the actor may see and everything around it, from broad to narrow: level, key and operation.
async fn around<'a>(
    db: &impl ConnectionTrait,
    actor: &Actor,
    scope: &'a PolicyScope,
) -> Result<Vec<(PolicyLevel, Uuid, &'a str)>> {
    let read = Action::ReadConsole;
    let organization = |id: OrganizationId| (PolicyLevel::Organization, id.uuid(), "");
    Ok(match scope {
        PolicyScope::Organization(id) => {
            actor.require(read, *id)?;
            vec![organization(*id)]
        }
        PolicyScope::Api(id) => {
            let api = api::Entity::find_by_id(*id).one(db).await?.ok_or(NO_API)?;
            permit(actor, read, api.organization_id, NO_API)?;
            vec![organization(api.organization_id), (PolicyLevel::Api, id.uuid(), "")]
        }
        PolicyScope::Version(id) | PolicyScope::Operation(id, _) => {
            let found = version::Entity::find_by_id(*id)
                .find_also_related(api::Entity)
                .one(db)
                .await?;
            let Some((_, Some(api))) = found else {
                return Err(NO_VERSION);
            };
            permit(actor, read, api.organization_id, NO_VERSION)?;
            let mut around = vec![
                organization(api.organization_id),
                (PolicyLevel::Api, api.id.uuid(), ""),
                (PolicyLevel::Version, id.uuid(), ""),
            ];
            if let PolicyScope::Operation(_, operation) = scope {
                around.push((PolicyLevel::Operation, id.uuid(), operation.as_str()));
            }
            around
        }
    })
}
