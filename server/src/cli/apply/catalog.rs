//! Apis and their versions, up to publication; how they end is in [`super::ending`].

use anyhow::Result;
use domain::{
    actor::Actor,
    catalog::{Api, Version, VersionState, input, query::ApiDetail, service::ApiInput},
    error::DomainError,
    id::{ApiId, OrganizationId},
    upstream::{Upstream, address::AddressPolicy, resolve},
};

use super::{
    Run,
    at::At,
    documents, found,
    manifest::{ApiEntry, OrganizationEntry, VersionEntry},
    planned::States,
    read::Source,
    upstreams::{UpstreamEntry, within_upstream},
};

/// A version of a manifest: where it is named and what people call it.
pub(super) struct Named<'a, 'e> {
    pub(super) at: At<'a>,
    pub(super) entry: &'e VersionEntry,
    /// `acme/petstore/v1`.
    pub(super) name: String,
}

impl Run<'_> {
    pub(super) async fn apis(
        &mut self,
        source: &Source,
        at: &At<'_>,
        organization: Option<OrganizationId>,
        entry: &OrganizationEntry,
    ) -> Result<()> {
        for (i, api) in entry.apis.iter().enumerate() {
            let at = at.entry("apis", i);
            let there = match organization {
                Some(_) => {
                    let read = self
                        .services
                        .catalog_reads
                        .console_api(&Actor::System, &entry.slug, &api.slug)
                        .await;
                    found(read).map_err(|error| at.refused(error))?
                }
                None => None,
            };
            self.api(source, &at, organization, &entry.slug, there, api).await?;
        }
        Ok(())
    }

    async fn api(
        &mut self,
        source: &Source,
        at: &At<'_>,
        organization: Option<OrganizationId>,
        owner: &str,
        there: Option<ApiDetail>,
        entry: &ApiEntry,
    ) -> Result<()> {
        let (mut api, mut known) = there.map_or((None, Vec::new()), |there| (Some(there.api), there.versions));
        if let Some(api) = &api {
            self.update_api(at, owner, api, entry).await?;
        }
        let mut states = States::default();
        for version in &known {
            states.set(version.name.as_str(), version.state);
        }
        if self.mode.is_dry_run {
            self.planned.apis.insert(format!("{owner}/{}", entry.slug));
        }
        // First everything that can be called, then what is about to end: a successor must be listed before it is named.
        let mut versions = Vec::new();
        for (i, version) in entry.versions.iter().enumerate() {
            let name = format!("{owner}/{}/{}", entry.slug, version.name);
            let named = Named {
                at: at.entry("versions", i),
                entry: version,
                name,
            };
            let there = known
                .iter()
                .position(|known| known.name.as_str() == version.name)
                .map(|i| known.swap_remove(i));
            let revision = there.as_ref().and_then(|there| there.revision_id);
            let current = match (there, &api) {
                (Some(there), _) => Some(self.keep_spec(source, &named, owner, &entry.slug, there).await?),
                (None, Some(api)) => self.create_version(source, &named, api.id).await?,
                (None, None) => {
                    let made = self.create_api(source, at, &named, organization, owner, entry).await?;
                    made.map(|(made, version)| {
                        api = Some(made);
                        version
                    })
                }
            };
            // Before the publication: no version is open for a moment to what its policies close.
            if i == 0 {
                let (id, thing) = (api.as_ref().map(|api| api.id), format!("{owner}/{}", entry.slug));
                Box::pin(self.api_policies(at, id, &thing, &entry.policies)).await?;
            }
            Box::pin(self.version_policies(source, &named, current.as_ref())).await?;
            if let Some(current) = current.as_ref().filter(|current| current.revision_id != revision) {
                self.warn_of_misfits(&named, current).await?;
            }
            let current = self.prepare(&named, current).await?;
            states.set(&version.name, prepared(version, current.as_ref()));
            versions.push((named, current));
        }
        for (named, current) in versions {
            self.finish(source, &named, current, &mut states).await?;
        }
        Ok(())
    }

    /// Makes an api with its first version. `None` in a dry run.
    async fn create_api(
        &mut self,
        source: &Source,
        at: &At<'_>,
        first: &Named<'_, '_>,
        organization: Option<OrganizationId>,
        owner: &str,
        entry: &ApiEntry,
    ) -> Result<Option<(Api, Version)>> {
        let (version_at, version) = (&first.at, first.entry);
        // In a dry run every version would come here: the api is announced with the first.
        if version.name == entry.versions[0].name {
            if entry.name.is_none() && version.spec.is_none() {
                return Err(at
                    .field("name")
                    .error("give a name, or the first version a document whose title it can be"));
            }
            self.changes.note("create", format!("api {owner}/{}", entry.slug));
        }
        if !self.makes("create", format!("version {}", first.name)) {
            return Ok(None);
        }
        let Some(organization) = organization else {
            return Ok(None);
        };
        let spec = documents::upload(source, version_at, version)?.map(|(spec, _)| spec);
        let catalog = &self.services.catalog;
        let made = catalog
            .create_api(
                &Actor::System,
                organization,
                api_input(entry, None),
                &version.name,
                spec,
            )
            .await;
        made.map(Some).map_err(|error| at.refused(error))
    }

    async fn update_api(&mut self, at: &At<'_>, owner: &str, api: &Api, entry: &ApiEntry) -> Result<()> {
        let input = api_input(entry, Some(api));
        let is_same = input.name.trim() == api.name
            && input.summary.trim() == api.summary
            && input.visibility == api.visibility
            && input::tags(&input.tags).is_ok_and(|tags| tags == api.tags);
        if !is_same && self.makes("update", format!("api {owner}/{}", entry.slug)) {
            self.services
                .catalog
                .update_api(&Actor::System, api.id, input)
                .await
                .map_err(|error| at.refused(error))?;
        }
        Ok(())
    }

    async fn create_version(&mut self, source: &Source, named: &Named<'_, '_>, api: ApiId) -> Result<Option<Version>> {
        if !self.makes("create", format!("version {}", named.name)) {
            return Ok(None);
        }
        let spec = documents::upload(source, &named.at, named.entry)?.map(|(spec, _)| spec);
        let made = self
            .services
            .catalog
            .create_version(&Actor::System, api, &named.entry.name, spec)
            .await;
        made.map(Some).map_err(|error| named.at.refused(error))
    }

    /// Gives a version that is there the document of the manifest, if it has another.
    async fn keep_spec(
        &mut self,
        source: &Source,
        named: &Named<'_, '_>,
        owner: &str,
        api: &str,
        version: Version,
    ) -> Result<Version> {
        let Some((spec, overlays)) = documents::upload(source, &named.at, named.entry)? else {
            return Ok(version);
        };
        let reads = &self.services.catalog_reads;
        let detail = reads
            .console_version(&Actor::System, owner, api, &named.entry.name)
            .await;
        let detail = detail.map_err(|error| named.at.refused(error))?;
        let current = detail
            .revisions
            .iter()
            .find(|revision| Some(revision.id) == version.revision_id);
        if current.is_some_and(|current| current.is_made_of(&spec.bytes, &overlays)) {
            return Ok(version);
        }
        refuse_retired(&named.at.field("spec"), &version)?;
        if self.makes("upload", format!("spec of {}", named.name)) {
            let added = self
                .services
                .catalog
                .add_revision(&Actor::System, version.id, spec)
                .await;
            let revision = added.map_err(|error| named.at.field("spec").refused(error))?;
            return Ok(Version {
                revision_id: Some(revision.id),
                ..version
            });
        }
        Ok(version)
    }

    /// Upstream, access and publication: all that a version needs before it can be a successor.
    async fn prepare(&mut self, named: &Named<'_, '_>, current: Option<Version>) -> Result<Option<Version>> {
        let (at, entry) = (&named.at, named.entry);
        let actor = &Actor::System;
        let mut current = current;
        let wanted = entry.upstream.as_ref().map(UpstreamEntry::to_upstream).transpose();
        let wanted = wanted.map_err(|errors| at.refused(within_upstream(DomainError::Invalid(errors))))?;
        if let Some(wanted) = wanted {
            let is_same = current
                .as_ref()
                .is_some_and(|version| version.upstream.as_ref() == Some(&wanted));
            if !is_same {
                self.judge_upstream(named, current.as_ref(), &wanted).await?;
            }
            if !is_same && self.makes("set", format!("upstream of {}", named.name)) {
                let Some(version) = &current else { return Ok(None) };
                let set = self.services.catalog.set_upstream(actor, version.id, wanted).await;
                current = Some(set.map_err(|error| at.refused(within_upstream(error)))?);
            }
        }
        let access = current.as_ref().map_or_else(Default::default, |version| version.access);
        if access != entry.access {
            current
                .as_ref()
                .map_or(Ok(()), |version| refuse_retired(&at.field("access"), version))?;
        }
        if access != entry.access && self.makes("set", format!("access of {} to {}", named.name, entry.access.as_str()))
        {
            let Some(version) = &current else { return Ok(None) };
            let set = self.services.catalog.set_access(actor, version.id, entry.access).await;
            current = Some(set.map_err(|error| at.refused(error))?);
        }
        current = self.routing(named, current).await?;
        let is_draft = current
            .as_ref()
            .is_none_or(|version| version.state == VersionState::Draft);
        if is_draft && entry.state != VersionState::Draft {
            judge_publication(named, current.as_ref())?;
            if !self.makes("publish", format!("version {}", named.name)) {
                return Ok(current.map(|version| Version {
                    state: VersionState::Published,
                    ..version
                }));
            }
            let Some(version) = &current else { return Ok(None) };
            let published = self.services.catalog.publish(actor, version.id).await;
            current = Some(published.map_err(|error| at.refused(error))?);
        }
        Ok(current)
    }

    /// Says in a plan what setting this upstream would be refused for: looking names up takes a moment, and the run does
    /// it again.
    async fn judge_upstream(&self, named: &Named<'_, '_>, current: Option<&Version>, wanted: &Upstream) -> Result<()> {
        let at = named.at.field("upstream");
        current.map_or(Ok(()), |version| refuse_retired(&at, version))?;
        if self.mode.is_dry_run {
            let addresses = AddressPolicy { allow_private: true };
            let judged = resolve::check(wanted, addresses).await;
            judged.map_err(|error| named.at.refused(within_upstream(error)))?;
        }
        Ok(())
    }
}

/// The state that [`Run::prepare`] leaves a version in, also one that a plan would make.
pub(super) fn prepared(entry: &VersionEntry, current: Option<&Version>) -> VersionState {
    match (current, entry.state) {
        (Some(version), _) => version.state,
        (None, VersionState::Draft) => VersionState::Draft,
        (None, _) => VersionState::Published,
    }
}

pub(super) fn refuse_retired(at: &At<'_>, version: &Version) -> Result<()> {
    if version.state == VersionState::Retired {
        Err(at.error("the version is retired and cannot be changed; add a new version instead"))
    } else {
        Ok(())
    }
}

/// A version that is published has a document and an upstream.
fn judge_publication(named: &Named<'_, '_>, current: Option<&Version>) -> Result<()> {
    let (at, entry) = (&named.at, named.entry);
    if entry.spec.is_none() && current.is_none_or(|version| version.revision_id.is_none()) {
        return Err(at
            .field("spec")
            .error("a version needs a document before it is published"));
    }
    if entry.upstream.is_none() && current.is_none_or(|version| version.upstream.is_none()) {
        return Err(at
            .field("upstream")
            .error("a version needs an upstream before it is published"));
    }
    Ok(())
}

fn api_input(entry: &ApiEntry, there: Option<&Api>) -> ApiInput {
    let or_there = |given: &Option<String>, there: Option<&String>| given.as_ref().or(there).cloned();
    let tags = entry.tags.as_ref().or(there.map(|api| &api.tags));
    let visibility = entry.visibility.or(there.map(|api| api.visibility));
    ApiInput {
        slug: entry.slug.clone(),
        name: or_there(&entry.name, there.map(|api| &api.name)).unwrap_or_default(),
        summary: or_there(&entry.summary, there.map(|api| &api.summary)).unwrap_or_default(),
        visibility: visibility.unwrap_or_default(),
        tags: tags.cloned().unwrap_or_default(),
    }
}
