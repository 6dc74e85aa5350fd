//! What the portal and the console show of the catalog.

use std::sync::Arc;

use super::{Api, Revision, Version};
use crate::{
    actor::Actor, clock::Timestamp, error::Result, gateway_config::OperationRecord, id::VersionId,
    organization::Organization, page::Page, plan::Plan, services::Context,
};

/// Reads of the catalog.
#[derive(Clone)]
pub struct CatalogReads { pub(crate) cx: Context }

/// What a visitor asks of the catalog.
#[derive(Clone, Debug, Default)]
pub struct CatalogFilter {
    /// Words that must all occur in name, summary, slug, organization or tags; case and accents don't matter.
    pub text: String,
    /// Only apis with this tag.
    pub tag: Option<String>,
    /// Only apis of this organization.
    pub provider: Option<String>,
    /// Where the page begins, from [`Page::next`].
    pub cursor: Option<String>,
}

/// An api in the catalog.
#[derive(Clone, Debug)]
pub struct ApiCard {
    /// The provider.
    pub organization: Organization,
    /// The api.
    pub api: Api,
    /// The version a reader should start with: the newest published one, else the newest deprecated, else retired.
    pub version: Version,
    /// How many operations that version has.
    pub operations: u32,
    /// Plans that cover it.
    pub plans: Vec<Plan>,
}

/// One entry of a facet: a value and how many apis of the answer have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetCount {
    /// What goes into the URL.
    pub value: String,
    /// What people read.
    pub label: String,
    /// How many.
    pub count: u64,
}

/// The catalog's answer.
#[derive(Clone, Debug)]
pub struct CatalogAnswer {
    /// Apis in order of relevance, then name.
    pub apis: Page<ApiCard>,
    /// How many match in all.
    pub total: u64,
    /// Tags among the matches.
    pub tags: Vec<FacetCount>,
    /// Providers among the matches.
    pub providers: Vec<FacetCount>,
}

/// An api with everything its page shows.
#[derive(Clone, Debug)]
pub struct ApiDetail {
    /// The provider.
    pub organization: Organization,
    /// The api.
    pub api: Api,
    /// Versions the actor may see, newest first.
    pub versions: Vec<Version>,
    /// Plans that cover it.
    pub plans: Vec<Plan>,
}

/// A version with its document, for reference pages.
#[derive(Clone)]
pub struct Reference {
    /// The api, its other versions and its plans.
    pub detail: ApiDetail,
    /// The version that is read.
    pub version: Version,
    /// Its current revision.
    pub revision: Revision,
    /// Its document.
    pub document: Arc<openapi::Document>,
}

/// A version as the console shows it.
#[derive(Clone)]
pub struct VersionDetail {
    /// The provider.
    pub organization: Organization,
    /// The api.
    pub api: Api,
    /// The version.
    pub version: Version,
    /// Its revisions, newest first; empty before the first upload.
    pub revisions: Vec<Revision>,
    /// Operations of the current revision, in document order.
    pub operations: Vec<OperationRecord>,
    /// First server of the current document, as a suggestion for the upstream.
    pub suggested_upstream: Option<String>,
    /// Names of the other listed versions of the api, as possible successors.
    pub siblings: Vec<Version>,
}

/// An api in the console's list.
#[derive(Clone, Debug)]
pub struct ConsoleApi {
    /// The api.
    pub api: Api,
    /// Its versions, newest first.
    pub versions: Vec<Version>,
    /// Calls in the last 24 hours.
    pub calls_24h: u64,
}

impl CatalogReads {
    /// Public apis with a listed version, and those of the actor's organizations.
    pub async fn search(&self, actor: &Actor, filter: &CatalogFilter) -> Result<CatalogAnswer> { unimplemented!() }

    /// An api by its slugs.
    ///
    /// # Errors
    /// `NotFound` also for private apis of others and for apis without a listed version.
    pub async fn api(&self, actor: &Actor, organization: &str, api: &str) -> Result<ApiDetail> { unimplemented!() }

    /// A version with its document; drafts for members only.
    pub async fn reference(&self, actor: &Actor, organization: &str, api: &str, version: &str) -> Result<Reference> { unimplemented!() }

    /// The original bytes of a version's current spec, with a file name.
    pub async fn original(&self, actor: &Actor, organization: &str, api: &str, version: &str) -> Result<(String, Vec<u8>)> { unimplemented!() }

    /// Apis of an organization, for members.
    pub async fn console_apis(&self, actor: &Actor, organization: &str) -> Result<Vec<ConsoleApi>> { unimplemented!() }

    /// An api with all its versions, for members.
    pub async fn console_api(&self, actor: &Actor, organization: &str, api: &str) -> Result<ApiDetail> { unimplemented!() }

    /// A version with its history, for members.
    pub async fn console_version(&self, actor: &Actor, organization: &str, api: &str, version: &str) -> Result<VersionDetail> { unimplemented!() }

    /// When a listed version last changed, for `ETag`s and sitemaps.
    pub async fn version_changed_at(&self, id: VersionId) -> Result<Timestamp> { unimplemented!() }
}
