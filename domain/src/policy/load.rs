//! Stored policies.

use std::collections::{BTreeMap, HashMap};

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, prelude::Uuid};

use super::{
    PolicyName, PolicySet,
    scope::{OperationKey, PolicyScope},
    secrets::{Opener, Unopened},
};
use crate::{
    error::Result,
    gateway_config::OperationRecord,
    id::{ApiId, OrganizationId, VersionId},
    installation_key::InstallationKey,
    store::{
        entity::policy::{Column, Entity, Model},
        row::Corrupt,
    },
};

/// What one thing says, by operation; its own policies stand at the empty operation.
pub(super) type Said = BTreeMap<String, PolicySet>;

/// What a scope itself says. A row that cannot be read is an error: to leave it out could open what it closes.
/// Secrets that cannot be opened stand masked.
pub(super) async fn said(db: &impl ConnectionTrait, key: Option<&InstallationKey>, scope: Uuid) -> Result<Said> {
    let rows = Entity::find()
        .filter(Column::ScopeId.eq(scope))
        .order_by_asc(Column::Operation)
        .all(db)
        .await?;
    let unopened = Unopened::Mask;
    Ok(collect(rows, Opener { key, unopened })?)
}

/// What several scopes themselves say of some policies; those that say nothing of them are left out. Secrets stand masked.
pub(super) async fn said_of(
    db: &impl ConnectionTrait,
    scopes: impl IntoIterator<Item = Uuid>,
    names: &[PolicyName],
) -> Result<HashMap<Uuid, Said>> {
    let rows = Entity::find()
        .filter(Column::ScopeId.is_in(scopes))
        .filter(Column::Name.is_in(names.iter().map(|name| name.as_str())))
        .all(db)
        .await?;
    let mut by_scope: HashMap<Uuid, Vec<Model>> = HashMap::new();
    for row in rows {
        by_scope.entry(row.scope_id).or_default().push(row);
    }
    let unopened = Unopened::Mask;
    let opener = Opener { key: None, unopened };
    let said = by_scope
        .into_iter()
        .map(|(scope, rows)| Ok((scope, collect(rows, opener)?)));
    said.collect()
}

/// What is in force for a version as a whole; secrets stand masked.
pub(crate) async fn in_force(
    db: &impl ConnectionTrait,
    organization: OrganizationId,
    api: ApiId,
    version: VersionId,
) -> Result<PolicySet> {
    Ok(in_force_by_operation(db, organization, api, version).await?.0)
}

/// The same, and what is in force for operations that say something themselves, by [`OperationKey`].
pub(crate) async fn in_force_by_operation(
    db: &impl ConnectionTrait,
    organization: OrganizationId,
    api: ApiId,
    version: VersionId,
) -> Result<(PolicySet, BTreeMap<String, PolicySet>)> {
    let mut levels = Vec::new();
    for scope in [organization.uuid(), api.uuid()] {
        levels.push(said(db, None, scope).await?.remove("").unwrap_or_default());
    }
    let mut operations = said(db, None, version.uuid()).await?;
    levels.push(operations.remove("").unwrap_or_default());
    let all = PolicySet::effective(&levels);
    for narrower in operations.values_mut() {
        *narrower = PolicySet::effective([&all, &*narrower]);
    }
    Ok((all, operations))
}

fn collect(rows: Vec<Model>, opener: Opener<'_>) -> Result<Said, Corrupt> {
    let mut said = Said::new();
    for row in rows {
        let operation = row.operation.clone();
        row.add_to(said.entry(operation).or_default(), opener)?;
    }
    Ok(said)
}

/// The policies of a whole installation, for gateways.
pub(crate) struct AllPolicies<'k> {
    rows: HashMap<Uuid, Vec<Model>>,
    /// What scopes say in place of what is stored, name by name.
    drafts: HashMap<Uuid, Said>,
    opener: Opener<'k>,
}

impl<'k> AllPolicies<'k> {
    /// Reads them; there are few beside keys and versions.
    pub(crate) async fn read(db: &impl ConnectionTrait, key: Option<&'k InstallationKey>) -> Result<Self> {
        let mut rows: HashMap<Uuid, Vec<Model>> = HashMap::new();
        for row in Entity::find().all(db).await? {
            rows.entry(row.scope_id).or_default().push(row);
        }
        let unopened = Unopened::Refuse;
        Ok(Self {
            rows,
            drafts: HashMap::new(),
            opener: Opener { key, unopened },
        })
    }

    /// Puts drafts in place of what their scopes say; names of which a draft says nothing stay. Of several drafts of a
    /// scope the last says it.
    pub(crate) fn with_drafts(mut self, drafts: &[(PolicyScope, PolicySet)]) -> Self {
        for (scope, draft) in drafts {
            let (id, operation) = match scope {
                PolicyScope::Organization(id) => (id.uuid(), ""),
                PolicyScope::Api(id) => (id.uuid(), ""),
                PolicyScope::Version(id) => (id.uuid(), ""),
                PolicyScope::Operation(id, operation) => (id.uuid(), operation.as_str()),
            };
            let said = self.drafts.entry(id).or_default();
            let said = said.entry(operation.to_owned()).or_default();
            draft.names().for_each(|name| said.replace(name, draft));
        }
        self
    }

    /// What a thing itself says, drafts included.
    fn said(&self, id: Uuid) -> Result<Said, Corrupt> {
        let mut said = collect(self.rows.get(&id).cloned().unwrap_or_default(), self.opener)?;
        for (operation, draft) in self.drafts.get(&id).into_iter().flatten() {
            let said = said.entry(operation.clone()).or_default();
            draft.names().for_each(|name| said.replace(name, draft));
        }
        Ok(said)
    }

    /// What is in force for a version; operations for which something else is are told in their records.
    ///
    /// # Errors
    /// A row that cannot be read, or a secret that cannot be opened: nobody knows what it would have refused.
    pub(crate) fn in_force(
        &self,
        organization: OrganizationId,
        api: ApiId,
        version: VersionId,
        operations: &mut [OperationRecord],
    ) -> Result<PolicySet, Corrupt> {
        let said = |id: Uuid| self.said(id);
        let own = |said: &mut Said| said.remove("").unwrap_or_default();
        let (mut organization, mut api, mut version) =
            (said(organization.uuid())?, said(api.uuid())?, said(version.uuid())?);
        let all = PolicySet::effective([&own(&mut organization), &own(&mut api), &own(&mut version)]);
        for operation in operations {
            // What was written into a document never counts as a policy.
            operation.policies = None;
            if let Some(narrower) = version.get(OperationKey::of(operation).as_str()) {
                let effective = PolicySet::effective([&all, narrower]);
                operation.policies = (effective != all).then(|| Box::new(effective));
            }
        }
        Ok(all)
    }
}
