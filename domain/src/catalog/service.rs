//! Use cases of the catalog: apis, versions, specs, lifecycle.

use super::{Api, Revision, SpecUpload, Version, Visibility, version::Access};
use crate::{
    actor::Actor, deprecation::Deprecation, error::Result,
    id::{ApiId, OrganizationId, VersionId}, services::Context, upstream::Upstream,
};

/// Use cases of the catalog.
#[derive(Clone)]
pub struct Catalog { pub(crate) cx: Context }

/// What a provider types about an api.
#[derive(Clone, Debug, Default)]
pub struct ApiInput {
    /// Short name; only used when the api is made.
    pub slug: String,
    /// Name for people.
    pub name: String,
    /// One sentence.
    pub summary: String,
    /// Who sees it.
    pub visibility: Visibility,
    /// Words to find it by.
    pub tags: Vec<String>,
}

impl Catalog {
    /// Makes an api with its first version (a draft) and, if given, the spec of that version, all or nothing.
    ///
    /// An empty name is taken from the document's title.
    ///
    /// # Errors
    /// `Invalid` with the fields `slug`, `name`, `summary`, `tags`, `version`; `SpecRejected`.
    pub async fn create_api(&self, actor: &Actor, organization: OrganizationId, input: ApiInput, version: &str, spec: Option<SpecUpload>) -> Result<(Api, Version)> { unimplemented!() }

    /// Changes name, summary, visibility and tags.
    pub async fn update_api(&self, actor: &Actor, id: ApiId, input: ApiInput) -> Result<Api> { unimplemented!() }

    /// Adds a version (a draft), with its spec if given.
    pub async fn create_version(&self, actor: &Actor, api: ApiId, name: &str, spec: Option<SpecUpload>) -> Result<Version> { unimplemented!() }

    /// Reads a spec and makes it the version's current revision. The same bytes as the current revision change nothing.
    ///
    /// # Errors
    /// `SpecRejected` with every diagnostic; nothing is stored then.
    pub async fn add_revision(&self, actor: &Actor, version: VersionId, spec: SpecUpload) -> Result<Revision> { unimplemented!() }

    /// Sets where calls go. Hosts are resolved and every address judged by the installation's address policy.
    ///
    /// # Errors
    /// `Invalid` at `upstream`.
    pub async fn set_upstream(&self, actor: &Actor, version: VersionId, upstream: Upstream) -> Result<Version> { unimplemented!() }

    /// Sets whether calls need a key.
    pub async fn set_access(&self, actor: &Actor, version: VersionId, access: Access) -> Result<Version> { unimplemented!() }

    /// Publishes a draft.
    ///
    /// # Errors
    /// `Conflict` without a spec or an upstream, or in another state.
    pub async fn publish(&self, actor: &Actor, version: VersionId) -> Result<Version> { unimplemented!() }

    /// Announces the end of a version or changes the announcement.
    ///
    /// # Errors
    /// `Invalid` with the fields `since`, `sunset`, `successor`, `guide`: the sunset lies before the deprecation or in the past,
    /// the successor is not another listed version of the api.
    pub async fn deprecate(&self, actor: &Actor, version: VersionId, deprecation: Deprecation) -> Result<Version> { unimplemented!() }

    /// Takes the announcement back.
    pub async fn restore(&self, actor: &Actor, version: VersionId) -> Result<Version> { unimplemented!() }

    /// Stops a version for good.
    pub async fn retire(&self, actor: &Actor, version: VersionId) -> Result<Version> { unimplemented!() }

    /// Retires every version whose sunset has passed; returns how many. For the lifecycle task.
    pub async fn retire_sunset_versions(&self) -> Result<usize> { unimplemented!() }
}
