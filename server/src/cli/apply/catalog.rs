//! Apis, their versions and where each stands.

use anyhow::Result;
use domain::{
    actor::Actor,
    catalog::{Api, SpecUpload, Version, VersionState, query::ApiDetail, service::ApiInput},
    deprecation::Deprecation,
    error::DomainError,
    id::{ApiId, OrganizationId, VersionId},
    upstream::{Target, Upstream},
};
use sha2::{Digest as _, Sha256};

use super::{
    Run,
    at::At,
    check::{read_file, read_guide},
    found,
    manifest::{ApiEntry, DeprecationEntry, OrganizationEntry, UpstreamEntry, VersionEntry},
    read::Source,
};

/// A version of a manifest: where it is named and what people call it.
struct Named<'a, 'e> {
    at: At<'a>,
    entry: &'e VersionEntry,
    /// `acme/petstore/v1`.
    name: String,
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
                    let read = self.services.catalog_reads.console_api(&Actor::System, &entry.slug, &api.slug).await;
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
        // First everything that can be called, then what is about to end: a successor must be listed before it is named.
        let mut versions = Vec::new();
        for (i, version) in entry.versions.iter().enumerate() {
            let name = format!("{owner}/{}/{}", entry.slug, version.name);
            let named = Named { at: at.entry("versions", i), entry: version, name };
            let there = known.iter().position(|known| known.name.as_str() == version.name).map(|i| known.swap_remove(i));
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
            let current = self.prepare(&named, current).await?;
            versions.push((named, current));
        }
        for (named, current) in versions {
            self.finish(source, &named, current).await?;
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
            self.changes.note("create", format!("api {owner}/{}", entry.slug));
        }
        if !self.makes("create", format!("version {}", first.name)) {
            return Ok(None);
        }
        let Some(organization) = organization else { return Ok(None) };
        let spec = upload(source, version_at, version)?;
        let catalog = &self.services.catalog;
        let made = catalog.create_api(&Actor::System, organization, input(entry, None), &version.name, spec).await;
        made.map(Some).map_err(|error| at.refused(error))
    }

    async fn update_api(&mut self, at: &At<'_>, owner: &str, api: &Api, entry: &ApiEntry) -> Result<()> {
        let input = input(entry, Some(api));
        let is_same = input.name.trim() == api.name
            && input.summary.trim() == api.summary
            && input.visibility == api.visibility
            && input.tags == api.tags;
        if !is_same && self.makes("update", format!("api {owner}/{}", entry.slug)) {
            self.services.catalog.update_api(&Actor::System, api.id, input).await.map_err(|error| at.refused(error))?;
        }
        Ok(())
    }

    async fn create_version(&mut self, source: &Source, named: &Named<'_, '_>, api: ApiId) -> Result<Option<Version>> {
        if !self.makes("create", format!("version {}", named.name)) {
            return Ok(None);
        }
        let spec = upload(source, &named.at, named.entry)?;
        let made = self.services.catalog.create_version(&Actor::System, api, &named.entry.name, spec).await;
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
        let Some(spec) = upload(source, &named.at, named.entry)? else { return Ok(version) };
        let reads = &self.services.catalog_reads;
        let detail = reads.console_version(&Actor::System, owner, api, &named.entry.name).await;
        let detail = detail.map_err(|error| named.at.refused(error))?;
        let current = detail.revisions.iter().find(|revision| Some(revision.id) == version.revision_id);
        if current.is_some_and(|current| current.sha256 == sha256(&spec.bytes)) {
            return Ok(version);
        }
        if self.makes("upload", format!("spec of {}", named.name)) {
            let added = self.services.catalog.add_revision(&Actor::System, version.id, spec).await;
            let revision = added.map_err(|error| named.at.field("spec").refused(error))?;
            return Ok(Version { revision_id: Some(revision.id), ..version });
        }
        Ok(version)
    }

    /// Upstream, access and publication: all that a version needs before it can be a successor.
    async fn prepare(&mut self, named: &Named<'_, '_>, current: Option<Version>) -> Result<Option<Version>> {
        let (at, entry) = (&named.at, named.entry);
        let actor = &Actor::System;
        let mut current = current;
        if let Some(wanted) = entry.upstream.as_ref().and_then(upstream) {
            let is_same = current.as_ref().is_some_and(|version| version.upstream.as_ref() == Some(&wanted));
            if !is_same && self.makes("set", format!("upstream of {}", named.name)) {
                let Some(version) = &current else { return Ok(None) };
                let set = self.services.catalog.set_upstream(actor, version.id, wanted).await;
                current = Some(set.map_err(|error| at.refused(error))?);
            }
        }
        let access = current.as_ref().map_or_else(Default::default, |version| version.access);
        if access != entry.access && self.makes("set", format!("access of {} to {}", named.name, entry.access.as_str())) {
            let Some(version) = &current else { return Ok(None) };
            let set = self.services.catalog.set_access(actor, version.id, entry.access).await;
            current = Some(set.map_err(|error| at.refused(error))?);
        }
        let is_draft = current.as_ref().is_none_or(|version| version.state == VersionState::Draft);
        if is_draft && entry.state != VersionState::Draft {
            if !self.makes("publish", format!("version {}", named.name)) {
                return Ok(current.map(|version| Version { state: VersionState::Published, ..version }));
            }
            let Some(version) = &current else { return Ok(None) };
            let published = self.services.catalog.publish(actor, version.id).await;
            current = Some(published.map_err(|error| at.refused(error))?);
        }
        Ok(current)
    }

    /// Brings a version from published to where the manifest wants it.
    async fn finish(&mut self, source: &Source, named: &Named<'_, '_>, current: Option<Version>) -> Result<()> {
        let at = &named.at;
        // A version that a dry run would make is where `prepare` would have left it.
        let prepared = if named.entry.state == VersionState::Draft { VersionState::Draft } else { VersionState::Published };
        let state = current.as_ref().map_or(prepared, |version| version.state);
        let goal = self.goal(source, named, current.as_ref())?;
        let id = current.as_ref().map(|version| version.id);
        match (state, goal) {
            // `prepare` has published drafts that should be.
            (VersionState::Draft, Goal::Draft | Goal::Published)
            | (VersionState::Published, Goal::Published)
            | (VersionState::Retired, Goal::Retired(_)) => Ok(()),
            // Its sunset came between two runs.
            (VersionState::Retired, Goal::Deprecated(d)) if d.is_over(self.services.context.clock.now()) => Ok(()),
            (VersionState::Published | VersionState::Deprecated | VersionState::Retired, Goal::Draft) => {
                Err(at.field("state").error(format!("the version is {} and cannot be a draft again", state.as_str())))
            }
            (VersionState::Retired, Goal::Published | Goal::Deprecated(_)) => {
                Err(at.field("state").error("the version is retired, which is for good; add a new version instead"))
            }
            (VersionState::Deprecated, Goal::Published) => {
                self.change("restore", named, id, async |catalog, id| catalog.restore(&Actor::System, id).await).await
            }
            (_, Goal::Deprecated(wanted)) => self.deprecate(named, current.as_ref(), wanted).await,
            (_, Goal::Retired(wanted)) => {
                if let Some(wanted) = wanted {
                    self.deprecate(named, current.as_ref(), wanted).await?;
                }
                self.change("retire", named, id, async |catalog, id| catalog.retire(&Actor::System, id).await).await
            }
        }
    }

    async fn deprecate(&mut self, named: &Named<'_, '_>, current: Option<&Version>, wanted: Deprecation) -> Result<()> {
        if current.is_some_and(|version| version.deprecation.as_ref() == Some(&wanted)) {
            return Ok(());
        }
        let id = current.map(|version| version.id);
        if !self.makes("deprecate", format!("version {}", named.name)) {
            return Ok(());
        }
        let Some(id) = id else { return Ok(()) };
        let done = self.services.catalog.deprecate(&Actor::System, id, wanted).await;
        done.map(drop).map_err(|error| named.at.field("deprecation").refused(error))
    }

    async fn change(
        &mut self,
        verb: &'static str,
        named: &Named<'_, '_>,
        id: Option<VersionId>,
        change: impl AsyncFnOnce(&domain::catalog::service::Catalog, VersionId) -> Result<Version, DomainError>,
    ) -> Result<()> {
        if self.makes(verb, format!("version {}", named.name))
            && let Some(id) = id
        {
            change(&self.services.catalog, id).await.map_err(|error| named.at.refused(error))?;
        }
        Ok(())
    }

    /// Where the manifest wants a version. A published version with a deprecation is a deprecated one.
    fn goal(&self, source: &Source, named: &Named<'_, '_>, current: Option<&Version>) -> Result<Goal> {
        let deprecation = match &named.entry.deprecation {
            Some(entry) => Some(self.deprecation(source, &named.at, entry, current)?),
            None => None,
        };
        Ok(match (named.entry.state, deprecation) {
            (VersionState::Draft, _) => Goal::Draft,
            (VersionState::Published | VersionState::Deprecated, Some(deprecation)) => Goal::Deprecated(deprecation),
            (VersionState::Published | VersionState::Deprecated, None) => Goal::Published,
            (VersionState::Retired, Some(mut deprecation)) => {
                // Announcing a moment that has passed is refused; the retirement itself says that it has.
                if deprecation.is_over(self.services.context.clock.now()) {
                    deprecation.sunset = None;
                }
                Goal::Retired(Some(deprecation))
            }
            (VersionState::Retired, None) => Goal::Retired(None),
        })
    }

    fn deprecation(
        &self,
        source: &Source,
        at: &At<'_>,
        entry: &DeprecationEntry,
        current: Option<&Version>,
    ) -> Result<Deprecation> {
        let at = at.field("deprecation").field("guide");
        let guide = entry.guide.as_ref().map(|name| read_guide(&at, &source.neighbour(name))).transpose()?;
        let known = current.and_then(|version| version.deprecation.as_ref()).map(|known| known.since);
        let since = entry.since.or(known).unwrap_or_else(|| self.services.context.clock.now());
        Ok(Deprecation {
            since: since.to_offset(time::UtcOffset::UTC),
            sunset: entry.sunset.map(|sunset| sunset.to_offset(time::UtcOffset::UTC)),
            successor: entry.successor.clone(),
            guide: guide.filter(|guide| !guide.trim().is_empty()),
        })
    }
}

/// Where the manifest wants a version.
enum Goal {
    Draft,
    Published,
    Deprecated(Deprecation),
    Retired(Option<Deprecation>),
}

fn input(entry: &ApiEntry, there: Option<&Api>) -> ApiInput {
    let name = entry.name.clone().or_else(|| there.map(|api| api.name.clone()));
    ApiInput {
        slug: entry.slug.clone(),
        name: name.unwrap_or_default(),
        summary: entry.summary.clone(),
        visibility: entry.visibility,
        tags: entry.tags.clone(),
    }
}

fn upload(source: &Source, at: &At<'_>, entry: &VersionEntry) -> Result<Option<SpecUpload>> {
    let Some(name) = &entry.spec else { return Ok(None) };
    let path = source.neighbour(name);
    let bytes = read_file(&at.field("spec"), &path)?;
    let source = path.file_name().map_or_else(|| name.clone(), |name| name.to_string_lossy().into_owned());
    Ok(Some(SpecUpload { bytes, source }))
}

/// `None` without a target, which a manifest is refused for.
fn upstream(entry: &UpstreamEntry) -> Option<Upstream> {
    let mut upstream = Upstream::single(entry.targets.first()?.url.clone());
    upstream.targets = entry.targets.iter().map(|target| Target { url: target.url.clone(), weight: target.weight }).collect();
    // The permission that the installation itself has; whoever writes manifests holds the database.
    upstream.allow_private = true;
    upstream.connect_timeout_ms = entry.connect_timeout_ms.unwrap_or(upstream.connect_timeout_ms);
    upstream.response_timeout_ms = entry.response_timeout_ms.unwrap_or(upstream.response_timeout_ms);
    Some(upstream)
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
