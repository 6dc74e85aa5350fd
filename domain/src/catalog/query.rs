//! What the portal and the console show of the catalog.

use std::{collections::HashMap, sync::Arc};

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{
    Api, Revision, Version, VersionState, browse, documents::Documents, judging, load, report::RevisionReport,
    run_time::InForce, search, spec,
};
use crate::{
    actor::Actor,
    authz::Action,
    error::{DomainError, Result},
    gateway_config::OperationRecord,
    id::ApiId,
    organization::{Organization, ruleset},
    page::{DEFAULT_PAGE_SIZE, Page},
    plan::{self, Plan},
    policy::{self, Misfits, access::AccessPolicy, scope::OperationKey},
    services::Context,
    store::{
        entity::{api, organization, revision},
        row::{Row, readable, readable_as},
    },
    usage,
};

/// Reads of the catalog.
#[derive(Clone)]
pub struct CatalogReads {
    pub(crate) cx: Context,
    pub(crate) documents: Documents,
}

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
    /// Its policies.
    pub in_force: InForce,
}

impl Reference {
    /// Which credentials let calls of the version in.
    pub fn accepted(&self) -> AccessPolicy {
        self.in_force.accepted(&self.version)
    }

    /// Which credentials let calls of an operation in.
    pub fn accepted_by(&self, operation: &openapi::OperationEntry) -> AccessPolicy {
        self.in_force
            .accepted_by(&self.version, &operation.method, &operation.path)
    }
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
    /// Its revisions, newest first; empty before the first upload. Among the diagnostics of the current one are policies that
    /// are in force now and don't fit an operation (`policy-misfit`).
    pub revisions: Vec<Revision>,
    /// Operations of the current revision, in document order.
    pub operations: Vec<OperationRecord>,
    /// First server of the current document, as a suggestion for the upstream.
    pub suggested_upstream: Option<String>,
    /// Names of the other listed versions of the api, as possible successors.
    pub siblings: Vec<Version>,
    /// Whether gateways answer in the place of the whole version, by its policy `mock`: then it needs no upstream.
    pub is_mocked: bool,
    /// Whether gateways keep answers of it: the policy `cache` is in force for it or for one of its operations.
    pub is_cached: bool,
    /// Whether the policy `access` takes the place of [`Version::access`].
    pub has_access_policy: bool,
    /// What was said of the current revision; `None` for one that is older than such reports, or took too long.
    pub report: Option<RevisionReport>,
    /// Whether the organization's rules are others now than in the report.
    pub is_report_outdated: bool,
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
    ///
    /// # Errors
    /// `Invalid` at `cursor` for one that no answer contained.
    pub async fn search(&self, actor: &Actor, filter: &CatalogFilter) -> Result<CatalogAnswer> {
        let db = self.cx.db.snapshot().await?;
        let found = search::search(&browse::entries(&db, actor).await?, filter, DEFAULT_PAGE_SIZE as usize)?;
        let cards = browse::cards(&db, actor, &found.page).await?;
        let apis = Page {
            items: cards,
            next: found.next,
        };
        Ok(CatalogAnswer {
            apis,
            total: found.total,
            tags: found.tags,
            providers: found.providers,
        })
    }

    /// An api by its slugs.
    ///
    /// # Errors
    /// `NotFound` also for private apis of others and for apis without a listed version.
    pub async fn api(&self, actor: &Actor, organization: &str, api: &str) -> Result<ApiDetail> {
        let db = self.cx.db.read();
        let (organization, api) = load::by_slugs(db, organization, api).await?;
        let all = load::versions(db, &[api.id]).await?.remove(&api.id).unwrap_or_default();
        let versions = load::visible(actor, &api, all);
        if versions.is_empty() {
            return Err(load::NO_API);
        }
        let plans = plan::load::covering(db, &[api.id])
            .await?
            .remove(&api.id)
            .unwrap_or_default();
        Ok(ApiDetail {
            organization,
            api,
            versions,
            plans,
        })
    }

    /// A version with its document; drafts for members only.
    pub async fn reference(&self, actor: &Actor, organization: &str, api: &str, version: &str) -> Result<Reference> {
        let detail = self.api(actor, organization, api).await?;
        let (version, revision) = self.current(&detail, version).await?;
        let document = self.documents.get(revision.id).await?;
        let (organization, api) = (detail.organization.id, detail.api.id);
        let db = self.cx.db.read();
        let (all, operations) = policy::load::in_force_by_operation(db, organization, api, version.id).await?;
        let in_force = InForce {
            version: all,
            operations,
        };
        Ok(Reference {
            in_force,
            detail,
            version,
            revision: revision.try_into()?,
            document,
        })
    }

    /// The original bytes of a version's current spec, with a file name. What overlays of the provider take out of a document
    /// is for members only, and so are then the bytes.
    pub async fn original(
        &self,
        actor: &Actor,
        organization: &str,
        api: &str,
        version: &str,
    ) -> Result<(String, Vec<u8>)> {
        let detail = self.api(actor, organization, api).await?;
        let (version, row) = self.current(&detail, version).await?;
        let id = row.id;
        let revision = Revision::try_from(row)?;
        if !revision.overlays.is_empty() {
            let missing = DomainError::NotFound {
                what: "original document",
            };
            load::permit(actor, Action::ReadConsole, detail.organization.id, missing)?;
        }
        let bytes = spec::original(self.cx.db.read(), id).await?;
        let name = format!(
            "{}-{}-{}.{}",
            detail.organization.slug,
            detail.api.slug,
            version.name,
            extension(&bytes)
        );
        Ok((name, bytes))
    }

    /// Apis of an organization, for members.
    pub async fn console_apis(&self, actor: &Actor, organization: &str) -> Result<Vec<ConsoleApi>> {
        let db = self.cx.db.read();
        let missing = DomainError::NotFound { what: "organization" };
        let found = organization::Entity::find()
            .filter(organization::Column::Slug.eq(organization))
            .one(db)
            .await?;
        let organization = found.ok_or(missing)?;
        actor.require(Action::ReadConsole, organization.id)?;
        let rows = api::Entity::find()
            .filter(api::Column::OrganizationId.eq(organization.id))
            .all(db)
            .await?;
        let mut apis = readable_as::<Api, _>(rows);
        apis.sort_by_cached_key(|api| (api.name.to_lowercase(), api.slug.clone()));
        let ids: Vec<ApiId> = apis.iter().map(|api| api.id).collect();
        let mut versions = load::versions(db, &ids).await?;
        let since = self.cx.clock.now() - time::Duration::DAY;
        let calls: HashMap<ApiId, u64> = usage::query::calls_by_api(db, organization.id, since).await?;
        let view = |api: Api| ConsoleApi {
            versions: versions.remove(&api.id).unwrap_or_default(),
            calls_24h: calls.get(&api.id).copied().unwrap_or_default(),
            api,
        };
        Ok(apis.into_iter().map(view).collect())
    }

    /// An api with all its versions, for members.
    pub async fn console_api(&self, actor: &Actor, organization: &str, api: &str) -> Result<ApiDetail> {
        let db = self.cx.db.read();
        let (organization, api) = load::by_slugs(db, organization, api).await?;
        load::permit(actor, Action::ReadConsole, organization.id, load::NO_API)?;
        let versions = load::versions(db, &[api.id]).await?.remove(&api.id).unwrap_or_default();
        let plans = plan::load::covering(db, &[api.id])
            .await?
            .remove(&api.id)
            .unwrap_or_default();
        Ok(ApiDetail {
            organization,
            api,
            versions,
            plans,
        })
    }

    /// A version with its history (the newest hundred revisions), for members.
    pub async fn console_version(
        &self,
        actor: &Actor,
        organization: &str,
        api: &str,
        version: &str,
    ) -> Result<VersionDetail> {
        let db = self.cx.db.read();
        let ApiDetail {
            organization,
            api,
            versions,
            ..
        } = self.console_api(actor, organization, api).await?;
        let (mut named, others): (Vec<Version>, Vec<Version>) =
            versions.into_iter().partition(|known| known.name.as_str() == version);
        let version = named.pop().ok_or(load::NO_VERSION)?;
        let history = spec::history(db, version.id, 100).await?;
        let current = history.iter().find(|row| Some(row.id) == version.revision_id);
        let operations = current.map(|row| Row::new("revision", row.id).json("operations", row.operations.clone()));
        let operations: Vec<OperationRecord> = operations.transpose()?.unwrap_or_default();
        let is_successor =
            |version: &Version| matches!(version.state, VersionState::Published | VersionState::Deprecated);
        let (policies, narrower) = policy::load::in_force_by_operation(db, organization.id, api.id, version.id).await?;
        let is_kept = |operation: &OperationRecord| {
            let own = narrower.get(OperationKey::of(operation).as_str());
            own.is_some_and(|own| own.cache().is_some())
        };
        let report = match version.revision_id {
            Some(id) => judging::report(db, id).await?,
            None => None,
        };
        let ruleset = ruleset::hash(db, organization.id).await?;
        let suggested_upstream = current.and_then(|row| row.suggested_upstream.clone());
        let mut revisions: Vec<Revision> = readable(history.into_iter().map(Revision::try_from));
        if let Some(current) = revisions.iter_mut().find(|known| Some(known.id) == version.revision_id)
            && version.state != VersionState::Retired
        {
            // Not kept with the revision: what is in force changes.
            let mut misfits = Misfits::default();
            for operation in &operations {
                let key = OperationKey::of(operation);
                misfits.judge(&key, narrower.get(key.as_str()).unwrap_or(&policies));
            }
            current.diagnostics.extend(misfits.diagnostics());
            current.diagnostics.sort_by_key(|found| found.severity);
        }
        Ok(VersionDetail {
            is_report_outdated: report.as_ref().is_some_and(|report| report.ruleset != ruleset),
            report,
            is_mocked: policies.mock().is_some(),
            has_access_policy: policies.access().is_some(),
            is_cached: policies.cache().is_some() || operations.iter().any(is_kept),
            operations,
            suggested_upstream,
            siblings: others.into_iter().filter(is_successor).collect(),
            revisions,
            organization,
            api,
            version,
        })
    }

    /// A version by its name, with its current revision.
    async fn current(&self, detail: &ApiDetail, name: &str) -> Result<(Version, revision::Model)> {
        let version = detail
            .versions
            .iter()
            .find(|version| version.name.as_str() == name)
            .ok_or(load::NO_VERSION)?;
        let missing = DomainError::NotFound { what: "specification" };
        let Some(id) = version.revision_id else {
            return Err(missing);
        };
        let revision = revision::Entity::find_by_id(id)
            .one(self.cx.db.read())
            .await?
            .ok_or(missing)?;
        Ok((version.clone(), revision))
    }
}

/// What a file of these bytes is called.
fn extension(bytes: &[u8]) -> &'static str {
    if openapi::files::is_zip(bytes) {
        return "zip";
    }
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match text.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(0x1f) => "gz",
        Some(b'{') => "json",
        _ => "yaml",
    }
}
