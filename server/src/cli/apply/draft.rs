//! What manifests say of policies, as drafts over what is there. Nothing is changed.

use anyhow::Result;
use domain::{
    actor::Actor,
    catalog::{Version, VersionState},
    policy::{OperationKey, PolicyName, PolicyScope, PolicySet},
    services::Services,
};

use super::{
    at::At,
    found,
    manifest::{ApiEntry, OrganizationEntry, VersionEntry},
    read::Source,
};

/// Policies of manifests that differ from what is there.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    /// What is said, by what it is attached to.
    pub(crate) policies: Vec<(PolicyScope, PolicySet)>,
    /// The same for people, policy by policy.
    pub(crate) changes: Vec<DraftedPolicy>,
    /// What manifests name and what no policy can be drafted for, and why.
    pub(crate) skipped: Vec<String>,
}

/// One policy of a draft.
#[derive(Debug)]
pub(crate) struct DraftedPolicy {
    pub(crate) name: PolicyName,
    /// What it is attached to: `acme/petstore/v1 GET /pets`.
    pub(crate) thing: String,
    /// The policy alone.
    pub(crate) said: PolicySet,
}

/// Reads what manifests say of policies.
///
/// # Errors
/// A policy that could not be saved.
pub(crate) async fn draft(services: &Services, sources: &[Source]) -> Result<Draft> {
    let mut drafting = Drafting {
        services,
        draft: Draft::default(),
    };
    for source in sources {
        for (i, entry) in source.manifest.organizations.iter().enumerate() {
            let at = At::file(&source.path).entry("organizations", i);
            drafting.organization(&at, entry).await?;
        }
    }
    Ok(drafting.draft)
}

struct Drafting<'a> {
    services: &'a Services,
    draft: Draft,
}

impl Drafting<'_> {
    async fn organization(&mut self, at: &At<'_>, entry: &OrganizationEntry) -> Result<()> {
        let there = self
            .services
            .organizations
            .for_console(&Actor::System, &entry.slug)
            .await;
        let Some(there) = found(there).map_err(|error| at.refused(error))? else {
            self.skip(format!("organization {}", entry.slug), "it does not exist");
            return Ok(());
        };
        let scope = PolicyScope::Organization(there.id);
        self.add(at, scope, &entry.slug, &entry.policies).await?;
        for (i, api) in entry.apis.iter().enumerate() {
            self.api(&at.entry("apis", i), &entry.slug, api).await?;
        }
        Ok(())
    }

    async fn api(&mut self, at: &At<'_>, organization: &str, entry: &ApiEntry) -> Result<()> {
        let reads = &self.services.catalog_reads;
        let there = reads.console_api(&Actor::System, organization, &entry.slug).await;
        let name = format!("{organization}/{}", entry.slug);
        let Some(there) = found(there).map_err(|error| at.refused(error))? else {
            self.skip(format!("api {name}"), "it does not exist");
            return Ok(());
        };
        self.add(at, PolicyScope::Api(there.api.id), &name, &entry.policies)
            .await?;
        for (i, wanted) in entry.versions.iter().enumerate() {
            let at = at.entry("versions", i);
            let thing = format!("{name}/{}", wanted.name);
            let version = there
                .versions
                .iter()
                .find(|version| version.name.as_str() == wanted.name);
            match version {
                None => self.skip(format!("version {thing}"), "it does not exist"),
                Some(version) => match version.state {
                    VersionState::Draft => {
                        self.skip(format!("version {thing}"), "it is a draft, which nobody can call");
                    }
                    VersionState::Retired => {
                        self.skip(format!("version {thing}"), "it is retired, which nothing can change");
                    }
                    VersionState::Published | VersionState::Deprecated => {
                        self.version(&at, &thing, version, wanted).await?;
                    }
                },
            }
        }
        Ok(())
    }

    async fn version(&mut self, at: &At<'_>, name: &str, version: &Version, entry: &VersionEntry) -> Result<()> {
        let scope = PolicyScope::Version(version.id);
        self.add(at, scope, name, &entry.policies).await?;
        if entry.operations.is_empty() {
            return Ok(());
        }
        // Calls were recorded, and are judged, by the document that is there.
        let document = match version.revision_id {
            Some(revision) => {
                let read = self.services.documents.get(revision).await;
                Some(read.map_err(|error| at.field("operations").refused(error))?)
            }
            None => None,
        };
        for (text, operation) in &entry.operations {
            let key = document
                .as_ref()
                .and_then(|document| OperationKey::find(document, text));
            match key {
                Some(key) => {
                    let at = at.field("operations").field(text);
                    let thing = format!("{name} {key}");
                    self.add(
                        &at,
                        PolicyScope::Operation(version.id, key),
                        &thing,
                        &operation.policies,
                    )
                    .await?;
                }
                None => self.skip(
                    format!("operation {text} of {name}"),
                    "the document of the version does not have it",
                ),
            }
        }
        Ok(())
    }

    /// Notes what a thing is to say and does not say now.
    async fn add(&mut self, at: &At<'_>, scope: PolicyScope, thing: &str, wanted: &PolicySet) -> Result<()> {
        let policies = &self.services.policies;
        policies.judge(wanted).map_err(|error| at.refused(error))?;
        if wanted.is_empty() {
            return Ok(());
        }
        let levels = policies.levels(&Actor::System, &scope).await;
        let own = levels.map_err(|error| at.refused(error))?.pop();
        let there = own.map(|level| level.said).unwrap_or_default();
        let mut changed = PolicySet::default();
        for name in wanted.names().filter(|name| wanted.said(*name) != there.said(*name)) {
            changed.replace(name, wanted);
            let mut said = PolicySet::default();
            said.replace(name, wanted);
            self.draft.changes.push(DraftedPolicy {
                name,
                thing: thing.to_owned(),
                said,
            });
        }
        if !changed.is_empty() {
            self.draft.policies.push((scope, changed));
        }
        Ok(())
    }

    fn skip(&mut self, thing: String, why: &str) {
        self.draft.skipped.push(format!("{thing}: {why}"));
    }
}
