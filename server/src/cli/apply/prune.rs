//! Taking away what manifests no longer name, inside the organizations and applications that they do name.
//!
//! What callers use ends for good and stays in the history: versions are retired, subscriptions canceled, keys revoked.
//! Plans are deleted, policies removed. Drafts, members and accounts stay: no caller sees them, and they may be somebody's work.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use anyhow::Result;
use domain::{
    account::normalize_email,
    actor::Actor,
    catalog::VersionState,
    key::{KeyPlaintext, KeyState},
    policy::{PolicyName, PolicyScope},
    subscription::SubscriptionState,
};

use super::{Run, applications::full_name, at::At, found, manifest::ApplicationEntry, read::Source};

/// What all manifests together name in one organization.
#[derive(Default)]
struct Named<'e> {
    versions: BTreeSet<(&'e str, &'e str)>,
    plans: BTreeSet<&'e str>,
    policies: Vec<PolicyName>,
}

impl Run<'_> {
    pub(super) async fn prune(&mut self, sources: &[Source]) -> Result<()> {
        // Subscriptions before plans: a plan that somebody is subscribed to cannot be deleted.
        for source in sources {
            for (i, entry) in source.manifest.applications.iter().enumerate() {
                let at = At::file(&source.path).entry("applications", i);
                self.prune_application(&at, entry).await?;
            }
        }
        let Some(first) = sources.first() else { return Ok(()) };
        let at = At::file(&first.path);
        for (slug, named) in named(sources) {
            self.prune_organization(&at, slug, &named).await?;
        }
        Ok(())
    }

    async fn prune_organization(&mut self, at: &At<'_>, slug: &str, named: &Named<'_>) -> Result<()> {
        let organization = found(self.services.organizations.for_console(&Actor::System, slug).await);
        let Some(organization) = organization.map_err(|error| at.refused(error))? else {
            return Ok(());
        };
        let scope = PolicyScope::Organization(organization.id);
        Box::pin(self.prune_policies(at, Some(&scope), slug, &named.policies)).await?;
        let apis = self
            .services
            .catalog_reads
            .console_apis(&Actor::System, slug)
            .await
            .map_err(|error| at.refused(error))?;
        let listed = |state| matches!(state, VersionState::Published | VersionState::Deprecated);
        for known in &apis {
            for version in known.versions.iter().filter(|version| listed(version.state)) {
                let is_named = named
                    .versions
                    .contains(&(known.api.slug.as_str(), version.name.as_str()));
                let thing = format!("version {slug}/{}/{}", known.api.slug, version.name);
                if !is_named && self.makes("retire", thing) {
                    let retired = self.services.catalog.retire(&Actor::System, version.id).await;
                    retired.map_err(|error| at.refused(error))?;
                }
            }
        }
        let plans = self
            .services
            .plans
            .list(&Actor::System, organization.id)
            .await
            .map_err(|error| at.refused(error))?;
        for known in plans
            .iter()
            .filter(|known| !named.plans.contains(known.plan.slug.as_str()))
        {
            let name = format!("{slug}/{}", known.plan.slug);
            let thing = format!("plan {name}");
            let ended = self.planned.ended.get(&name).copied().unwrap_or_default();
            if self.mode.is_dry_run && known.subscriptions > ended {
                let subscriptions = match known.subscriptions - ended {
                    1 => "1 application is subscribed to it".to_owned(),
                    n => format!("{n} applications are subscribed to it"),
                };
                return Err(at.error(format!("{thing} cannot be deleted: {subscriptions}")));
            }
            if self.makes("delete", thing.clone()) {
                let deleted = self.services.plans.delete(&Actor::System, known.plan.id).await;
                deleted.map_err(|error| at.error(format!("{thing} cannot be deleted: {error}")))?;
            }
        }
        Ok(())
    }

    async fn prune_application(&mut self, at: &At<'_>, entry: &ApplicationEntry) -> Result<()> {
        let email = normalize_email(&entry.owner.email);
        let owner = self
            .services
            .accounts
            .by_email(&Actor::System, &email)
            .await
            .map_err(|error| at.refused(error))?;
        let Some(owner) = owner else { return Ok(()) };
        let there = self
            .find_application(&owner, &entry.slug)
            .await
            .map_err(|error| at.refused(error))?;
        let Some(there) = there else { return Ok(()) };
        let detail = self
            .services
            .applications
            .detail(&Actor::System, there.id)
            .await
            .map_err(|error| at.refused(error))?;
        let thing = format!("application {} of {email}", entry.slug);
        for known in detail
            .subscriptions
            .iter()
            .filter(|s| s.subscription.state != SubscriptionState::Canceled)
        {
            let plan = full_name(known);
            let is_named = entry.subscriptions.iter().any(|named| named.plan == plan);
            if is_named || self.planned.moved.contains(&known.subscription.id) {
                continue;
            }
            *self.planned.ended.entry(plan.clone()).or_default() += 1;
            if self.makes("cancel", format!("subscription of {thing} to {plan}")) {
                let canceled = self
                    .services
                    .subscriptions
                    .cancel(&Actor::System, known.subscription.id)
                    .await;
                canceled.map_err(|error| at.refused(error))?;
            }
        }
        Box::pin(self.prune_clients(at, &detail, entry)).await?;
        let named: HashSet<_> = entry
            .keys
            .iter()
            .filter_map(|key| KeyPlaintext::fixed(&key.value).ok())
            .map(|key| key.hash())
            .collect();
        let hashes = self
            .services
            .keys
            .hashes(&Actor::System, there.id)
            .await
            .map_err(|error| at.refused(error))?;
        for (id, _) in hashes.iter().filter(|(_, hash)| !named.contains(hash)) {
            let Some(key) = detail
                .keys
                .iter()
                .find(|key| key.id == *id && key.state == KeyState::Active)
            else {
                continue;
            };
            if self.makes("revoke", format!("key {}…{} of {thing}", key.prefix, key.last_four)) {
                self.services
                    .keys
                    .revoke(&Actor::System, key.id)
                    .await
                    .map_err(|error| at.refused(error))?;
            }
        }
        Ok(())
    }
}

/// What all manifests together name, by organization.
fn named(sources: &[Source]) -> BTreeMap<&str, Named<'_>> {
    let mut named: BTreeMap<&str, Named<'_>> = BTreeMap::new();
    for organization in sources.iter().flat_map(|source| &source.manifest.organizations) {
        let entry = named.entry(&organization.slug).or_default();
        entry.policies.extend(organization.policies.names());
        entry
            .plans
            .extend(organization.plans.iter().map(|plan| plan.slug.as_str()));
        for api in &organization.apis {
            entry.versions.extend(
                api.versions
                    .iter()
                    .map(|version| (api.slug.as_str(), version.name.as_str())),
            );
        }
    }
    named
}
