//! Policies of organizations, apis, versions and operations.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use anyhow::Result;
use domain::{
    actor::Actor,
    catalog::{Version, VersionState},
    error::DomainError,
    id::ApiId,
    policy::{Misfits, OperationKey, PolicyName, PolicyScope, PolicySet},
};

use super::{
    Run,
    at::At,
    catalog::{Named, refuse_retired},
    check::operations,
    documents,
    manifest::VersionEntry,
    read::Source,
};

impl Run<'_> {
    /// Gives a thing the policies of the manifest; others stay. `None` for a thing that a dry run would make.
    pub(super) async fn set_policies(
        &mut self,
        at: &At<'_>,
        scope: Option<&PolicyScope>,
        thing: &str,
        wanted: &PolicySet,
    ) -> Result<()> {
        self.set_policies_at(at, scope, None, thing, wanted).await
    }

    /// As [`Self::set_policies`], of an operation where there is one: also a new version's, which has no scope in a dry run.
    async fn set_policies_at(
        &mut self,
        at: &At<'_>,
        scope: Option<&PolicyScope>,
        operation: Option<&OperationKey>,
        thing: &str,
        wanted: &PolicySet,
    ) -> Result<()> {
        self.services
            .policies
            .judge(wanted)
            .map_err(|error| at.refused(error))?;
        let there = match scope {
            Some(scope) => self.said(at, scope).await?,
            None => PolicySet::default(),
        };
        for name in wanted.names().filter(|name| wanted.said(*name) != there.said(*name)) {
            let alone = wanted.only(name);
            let misfits = operation.map_or_else(Vec::new, |operation| alone.misfits(operation.path()));
            if !misfits.is_empty() {
                return Err(at.refused(DomainError::Invalid(misfits)));
            }
            let off = if wanted.is_off(name) { " off" } else { "" };
            if self.makes("set", format!("policy {name} of {thing}{off}"))
                && let Some(scope) = scope
            {
                let saved = self.services.policies.save(&Actor::System, scope, alone).await;
                saved.map_err(|error| at.refused(error))?;
            }
        }
        Ok(())
    }

    /// Takes the policies of a thing away that manifests do not name, where the run prunes.
    pub(super) async fn prune_policies(
        &mut self,
        at: &At<'_>,
        scope: Option<&PolicyScope>,
        thing: &str,
        named: &[PolicyName],
    ) -> Result<()> {
        let Some(scope) = scope.filter(|_| self.mode.prunes) else {
            return Ok(());
        };
        for name in self.said(at, scope).await?.names().filter(|name| !named.contains(name)) {
            if self.makes("remove", format!("policy {name} of {thing}")) {
                let removed = self.services.policies.remove(&Actor::System, scope, name).await;
                removed.map_err(|error| at.refused(error))?;
            }
        }
        Ok(())
    }

    /// Policies of an api, which one manifest alone names.
    pub(super) async fn api_policies(
        &mut self,
        at: &At<'_>,
        api: Option<ApiId>,
        thing: &str,
        wanted: &PolicySet,
    ) -> Result<()> {
        let scope = api.map(PolicyScope::Api);
        self.set_policies(at, scope.as_ref(), thing, wanted).await?;
        let named: Vec<_> = wanted.names().collect();
        self.prune_policies(at, scope.as_ref(), thing, &named).await
    }

    /// Policies of a version and of its operations.
    pub(super) async fn version_policies(
        &mut self,
        source: &Source,
        named: &Named<'_, '_>,
        current: Option<&Version>,
    ) -> Result<()> {
        let (at, entry) = (&named.at, named.entry);
        let wants_none = entry.policies.is_empty() && entry.operations.is_empty();
        if let Some(version) = current.filter(|version| version.state == VersionState::Retired) {
            // History: nothing is taken from it either.
            return if wants_none || self.has_all(at, version, entry).await? {
                Ok(())
            } else {
                refuse_retired(&at.field("policies"), version)
            };
        }
        let mut there = BTreeMap::new();
        if let Some(version) = current {
            // Also of operations that the document no longer has.
            let said = self.services.policies.operations(&Actor::System, version.id).await;
            there = said.map_err(|error| at.refused(error))?;
        }
        let mut wanted = BTreeMap::new();
        if !entry.operations.is_empty() || entry.policies.names().any(PolicyName::may_need_path) {
            match self.document(source, at, entry, current).await? {
                Some(document) => {
                    wanted.extend(operations(at, entry, &document)?);
                    self.require_fit(at, entry, &document, &wanted, &there)?;
                }
                None if !entry.operations.is_empty() => {
                    return Err(at.field("operations").error("the version has no document yet"));
                }
                // A version without one has no operations yet.
                None => {}
            }
        }
        // What operations say first, and what they no longer say last: nothing that is in force for the whole version is for
        // a moment in force for one that it doesn't fit.
        let place = |key: &OperationKey| {
            let scope = current.map(|version| PolicyScope::Operation(version.id, key.clone()));
            (
                at.field("operations").field(key.as_str()),
                scope,
                format!("{} {key}", named.name),
            )
        };
        for (key, said) in &wanted {
            let (at, scope, thing) = place(key);
            self.set_policies_at(&at, scope.as_ref(), Some(key), &thing, said)
                .await?;
        }
        let scope = current.map(|version| PolicyScope::Version(version.id));
        self.set_policies(at, scope.as_ref(), &named.name, &entry.policies)
            .await?;
        let names: Vec<_> = entry.policies.names().collect();
        self.prune_policies(at, scope.as_ref(), &named.name, &names).await?;
        let known: BTreeSet<&OperationKey> = wanted.keys().chain(there.keys()).collect();
        for key in known {
            let (at, scope, thing) = place(key);
            let names: Vec<_> = wanted.get(key).iter().flat_map(|said| said.names()).collect();
            self.prune_policies(&at, scope.as_ref(), &thing, &names).await?;
        }
        Ok(())
    }

    /// Refuses policies of a version that its document has operations for which they don't fit, and that say nothing else
    /// themselves: `wanted` in manifests, `there` in the installation.
    fn require_fit(
        &self,
        at: &At<'_>,
        entry: &VersionEntry,
        document: &openapi::Document,
        wanted: &BTreeMap<OperationKey, &PolicySet>,
        there: &BTreeMap<OperationKey, PolicySet>,
    ) -> Result<()> {
        let mut misfits = Misfits::default();
        for key in OperationKey::all(document) {
            let there = there.get(&key).filter(|_| !self.mode.prunes);
            let own = [wanted.get(&key).copied(), there];
            for name in entry.policies.names() {
                if own.iter().flatten().all(|own| own.said(name).is_none()) {
                    misfits.judge(&key, &entry.policies.only(name));
                }
            }
        }
        let found = misfits.found();
        if found.is_empty() {
            Ok(())
        } else {
            Err(at.refused(DomainError::Invalid(found)))
        }
    }

    /// Warns of what is in force for a version and does not fit the document that has just come.
    pub(super) async fn warn_of_misfits(&mut self, named: &Named<'_, '_>, version: &Version) -> Result<()> {
        let misfits = self.services.policies.misfits(&Actor::System, version.id).await;
        for misfit in misfits.map_err(|error| named.at.refused(error))? {
            self.changes.warn(format!("{}: {misfit}", named.name));
        }
        Ok(())
    }

    /// What a thing itself says.
    async fn said(&self, at: &At<'_>, scope: &PolicyScope) -> Result<PolicySet> {
        let levels = self.services.policies.levels(&Actor::System, scope).await;
        let own = levels.map_err(|error| at.refused(error))?.pop();
        Ok(own.map(|level| level.said).unwrap_or_default())
    }

    /// Whether a retired version says what the manifest does; its operations cannot be changed any more than itself.
    async fn has_all(&self, at: &At<'_>, version: &Version, entry: &VersionEntry) -> Result<bool> {
        let there = self.said(at, &PolicyScope::Version(version.id)).await?;
        let has = |there: &PolicySet, wanted: &PolicySet| {
            let mut names = wanted.names();
            names.all(|name| there.said(name) == wanted.said(name))
        };
        let of_operations = self.services.policies.operations(&Actor::System, version.id).await;
        let of_operations = of_operations.map_err(|error| at.refused(error))?;
        let mut wanted = entry.operations.values().map(|operation| &operation.policies);
        Ok(has(&there, &entry.policies) && wanted.all(|wanted| of_operations.values().any(|there| has(there, wanted))))
    }

    /// The document by which operations are named: the manifest's, otherwise the version's current one; `None` where there is
    /// neither.
    async fn document(
        &self,
        source: &Source,
        at: &At<'_>,
        entry: &VersionEntry,
        current: Option<&Version>,
    ) -> Result<Option<Arc<openapi::Document>>> {
        if let Some(document) = documents::read(source, at, entry)? {
            return Ok(Some(Arc::new(document)));
        }
        let Some(revision) = current.and_then(|version| version.revision_id) else {
            return Ok(None);
        };
        let read = self.services.documents.get(revision).await;
        read.map(Some).map_err(|error| at.field("operations").refused(error))
    }
}

#[cfg(test)]
mod tests;
