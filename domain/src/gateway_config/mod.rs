//! What the gateway is told: plain records, read from the database in one transaction and compiled by the gateway into
//! its snapshot. Keys are hashes; the only secrets in them are those that a policy needs to ask another server
//! (`introspection`), which no `Debug` shows.

mod document;
mod identity;

use serde::{Deserialize, Serialize};

pub use document::DocumentText;
pub use identity::{Identity, IdentityRecord};

use crate::{
    catalog::{
        routing::Routing,
        version::{Access, VersionState},
    },
    clock::Timestamp,
    deprecation::Deprecation,
    id::{ApiId, ApplicationId, KeyId, PlanId, SubscriptionId, VersionId},
    key::KeyHash,
    plan::{Quota, RateLimit},
    policy::PolicySet,
    subscription::SubscriptionState,
    upstream::Upstream,
};

/// Number of a configuration; grows by at least one with every change that a gateway must know.
pub type ConfigRevision = i64;

/// A whole configuration or what changed since the one a gateway serves.
#[derive(Clone, Debug)]
pub enum ConfigUpdate {
    /// Everything; replaces what is there.
    Full(Box<GatewayConfig>),
    /// Only what changed since the revision that was asked about.
    Changes(Box<ConfigChanges>),
}

/// Everything a gateway must know.
#[derive(Clone, Debug, Default)]
pub struct GatewayConfig {
    /// Number of this configuration.
    pub revision: ConfigRevision,
    /// Versions and plans.
    pub catalog: CatalogRecords,
    /// Subscriptions that are not canceled.
    pub subscriptions: Vec<SubscriptionRecord>,
    /// Keys that are not revoked.
    pub keys: Vec<KeyRecord>,
    /// Whom other credentials speak for.
    pub identities: Vec<IdentityRecord>,
}

/// What changed between two configurations.
#[derive(Clone, Debug, Default)]
pub struct ConfigChanges {
    /// Number of the newer configuration.
    pub revision: ConfigRevision,
    /// The whole catalog, if anything in it changed: it is small beside the keys.
    pub catalog: Option<CatalogRecords>,
    /// Subscriptions that are new or changed.
    pub subscriptions: Vec<SubscriptionRecord>,
    /// Subscriptions that are over.
    pub ended_subscriptions: Vec<SubscriptionId>,
    /// Keys that are new or changed.
    pub keys: Vec<KeyRecord>,
    /// Keys that are no longer accepted.
    pub revoked_keys: Vec<KeyHash>,
    /// All of them, if any changed: there are few beside the keys.
    pub identities: Option<Vec<IdentityRecord>>,
    /// Answers that are to be forgotten.
    pub purges: Vec<CachePurge>,
}

/// Answers that gateways are to forget: they keep none that was asked for before they learned it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CachePurge {
    /// Whose answers.
    pub version: VersionId,
    /// What their path and query begin with, below the version's own path; empty for all of them.
    pub prefix: String,
}

/// Versions and plans.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogRecords {
    /// Every version that is not a draft.
    pub versions: Vec<VersionRecord>,
    /// Every plan.
    pub plans: Vec<PlanRecord>,
}

/// A version as the gateway sees it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VersionRecord {
    /// Identifies the version.
    pub id: VersionId,
    /// The api it belongs to.
    pub api_id: ApiId,
    /// First path segment of its calls.
    pub organization: String,
    /// Second path segment.
    pub api: String,
    /// Third path segment.
    pub name: String,
    /// Where it stands; never `draft`.
    pub state: VersionState,
    /// Where calls go; a version without one answers 503.
    pub upstream: Option<Upstream>,
    /// Whether a key is needed.
    pub access: Access,
    /// Where it answers beside its address, and to what.
    #[serde(default)]
    pub routing: Routing,
    /// The announced end.
    pub deprecation: Option<Deprecation>,
    /// What the current revision describes, in document order.
    pub operations: Vec<OperationRecord>,
    /// The document that the operations are from, where a policy in force needs it; see [`Self::needs_document`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<DocumentText>,
    /// What is in force for the version as a whole: organization, api and version together, without what is off.
    #[serde(default)]
    pub policies: PolicySet,
}

impl VersionRecord {
    /// Whether a policy that is in force somewhere in the version goes by its document.
    pub fn needs_document(&self) -> bool {
        let of_operations = self
            .operations
            .iter()
            .filter_map(|operation| operation.policies.as_deref());
        of_operations.chain([&self.policies]).any(PolicySet::needs_document)
    }
}

/// An operation as the gateway sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationRecord {
    /// Name of the operation in URLs and in the ledger.
    pub slug: String,
    /// Upper-case method.
    pub method: String,
    /// Path template as in the document: `/pets/{id}`.
    pub path: String,
    /// Whether the document marks it as deprecated.
    pub deprecated: bool,
    /// What is in force for the operation, in place of the version's policies: all four levels together. `None` where it is
    /// what is in force for the version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policies: Option<Box<PolicySet>>,
}

/// A plan as the gateway sees it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanRecord {
    /// Identifies the plan.
    pub id: PlanId,
    /// Slug in its organization: what policy expressions call it.
    #[serde(default)]
    pub slug: String,
    /// Apis it covers.
    pub apis: Vec<ApiId>,
    /// Windows that all hold at once.
    pub rate_limits: Vec<RateLimit>,
    /// What a period includes.
    pub quota: Option<Quota>,
}

/// A subscription as the gateway sees it.
#[derive(Clone, Debug)]
pub struct SubscriptionRecord {
    /// Identifies the subscription; its budgets are kept by this id.
    pub id: SubscriptionId,
    /// Whose it is.
    pub application_id: ApplicationId,
    /// What it allows.
    pub plan_id: PlanId,
    /// Where it stands; never `canceled`.
    pub state: SubscriptionState,
    /// What the ledger has for the current period; only used when the gateway meets the subscription for the first time.
    pub used: QuotaStart,
    /// Scopes that the provider granted: what tokens of the application's clients can be good for.
    pub scopes: Vec<String>,
}

/// Where a quota counter begins after a start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotaStart {
    /// Beginning of the period that `units` belong to.
    pub period_start: Timestamp,
    /// Units in the ledger since then.
    pub units: u64,
}

/// A key as the gateway sees it.
#[derive(Clone, Debug)]
pub struct KeyRecord {
    /// Identifies the key.
    pub id: KeyId,
    /// What a presented credential is looked up by.
    pub hash: KeyHash,
    /// Whose it is.
    pub application_id: ApplicationId,
}

/// A gateway that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayNode {
    /// Name of the process; a new one at every start.
    pub name: String,
    /// Number of the configuration it serves.
    pub served: ConfigRevision,
}
