//! The manifest: what an installation should hold, as a file.
//!
//! Reading is strict. A field that does not exist is refused with the nearest one that does; a field of the format that
//! this version has no feature for is refused by name, so that nobody believes it took effect.

use std::collections::BTreeMap;

use domain::{
    authz::Role,
    catalog::{
        VersionState, Visibility,
        routing::{HeaderMatch, Paths},
        version::Access,
    },
    clock::Timestamp,
    plan::{Approval, Period, Quota, RateLimit},
    policy::PolicySet,
};
use serde::{Deserialize, Deserializer, de::Error as _};

use super::{
    upstreams::UpstreamEntry,
    values::{NotYet, PriceEntry, Window},
};
use crate::config::Secret;

/// A manifest, version 1.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    /// Version of the format; always 1.
    #[serde(deserialize_with = "format_version")]
    #[expect(dead_code, reason = "checked while it is read")]
    pub(crate) turnpike: u32,
    #[serde(default)]
    pub(crate) organizations: Vec<OrganizationEntry>,
    #[serde(default)]
    pub(crate) applications: Vec<ApplicationEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrganizationEntry {
    pub(crate) slug: String,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) members: Vec<MemberEntry>,
    #[serde(default)]
    pub(crate) policies: PolicySet,
    /// Which rules documents are held to.
    pub(crate) ruleset: Option<RulesetEntry>,
    #[serde(default)]
    pub(crate) apis: Vec<ApiEntry>,
    #[serde(default)]
    pub(crate) plans: Vec<PlanEntry>,
}

/// A ruleset: a file beside the manifest, or the rules themselves.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum RulesetEntry {
    File(String),
    Inline(serde_json::Map<String, serde_json::Value>),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MemberEntry {
    pub(crate) email: String,
    pub(crate) role: Role,
    /// Only used to make the account.
    pub(crate) name: Option<String>,
    /// Only used to make the account.
    pub(crate) password: Option<Secret>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApiEntry {
    pub(crate) slug: String,
    /// The title of the first version's document where it is left out.
    pub(crate) name: Option<String>,
    /// What is left out of an api that is there stays: a short manifest must not make a private one public.
    pub(crate) summary: Option<String>,
    pub(crate) visibility: Option<Visibility>,
    pub(crate) tags: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) policies: PolicySet,
    #[serde(default)]
    pub(crate) versions: Vec<VersionEntry>,
    #[serde(default, rename = "guides")]
    _guides: NotYet<Guides>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VersionEntry {
    pub(crate) name: String,
    #[serde(default = "published")]
    pub(crate) state: VersionState,
    /// Path of the document, relative to the manifest: a file, or a folder or zip archive of files that refer to each other.
    pub(crate) spec: Option<String>,
    /// Paths of the overlays that are applied to it, in order.
    #[serde(default)]
    pub(crate) overlays: Vec<String>,
    #[serde(default)]
    pub(crate) access: Access,
    pub(crate) upstream: Option<UpstreamEntry>,
    pub(crate) deprecation: Option<DeprecationEntry>,
    pub(crate) host: Option<String>,
    pub(crate) base_path: Option<String>,
    pub(crate) r#match: Option<HeaderMatch>,
    #[serde(default)]
    pub(crate) paths: Paths,
    #[serde(default)]
    pub(crate) policies: PolicySet,
    /// By method and path template (`GET /pets/{id}`) or operationId.
    #[serde(default)]
    pub(crate) operations: BTreeMap<String, OperationPolicies>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OperationPolicies {
    #[serde(default)]
    pub(crate) policies: PolicySet,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeprecationEntry {
    /// The moment it was applied first where it is left out.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub(crate) since: Option<Timestamp>,
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub(crate) sunset: Option<Timestamp>,
    pub(crate) successor: Option<String>,
    /// Path of a Markdown file, relative to the manifest.
    pub(crate) guide: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlanEntry {
    pub(crate) slug: String,
    pub(crate) name: String,
    /// Slugs of apis of the same organization.
    pub(crate) apis: Vec<String>,
    #[serde(default)]
    pub(crate) price: PriceEntry,
    #[serde(default)]
    pub(crate) rate_limits: Vec<RateLimitEntry>,
    pub(crate) quota: Option<QuotaEntry>,
    #[serde(default)]
    pub(crate) approval: Approval,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RateLimitEntry {
    pub(crate) requests: u32,
    pub(crate) per: Window,
    /// As many as `requests` where it is left out.
    pub(crate) burst: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuotaEntry {
    pub(crate) requests: u64,
    pub(crate) per: Period,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApplicationEntry {
    pub(crate) slug: String,
    /// The slug where it is left out.
    pub(crate) name: Option<String>,
    #[serde(default)]
    pub(crate) description: String,
    pub(crate) owner: OwnerEntry,
    #[serde(default)]
    pub(crate) subscriptions: Vec<SubscriptionEntry>,
    #[serde(default)]
    pub(crate) keys: Vec<KeyEntry>,
    #[serde(default)]
    pub(crate) clients: Vec<ClientEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OwnerEntry {
    pub(crate) email: String,
    /// Only used to make the account.
    pub(crate) name: Option<String>,
    /// Only used to make the account.
    pub(crate) password: Option<Secret>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubscriptionEntry {
    /// `organization/plan`.
    pub(crate) plan: String,
    /// What the provider grants. Left as it is where it is left out.
    pub(crate) scopes: Option<Vec<String>>,
    /// Who calls beside the application's keys.
    #[serde(default)]
    pub(crate) identities: Vec<IdentityEntry>,
}

/// One of the two.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IdentityEntry {
    pub(crate) subject: Option<SubjectEntry>,
    /// PEM, or the SHA-256 thumbprint in hexadecimal.
    pub(crate) certificate: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubjectEntry {
    pub(crate) issuer: String,
    pub(crate) name: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientEntry {
    /// `client_id`.
    pub(crate) id: String,
    /// `client_secret`.
    pub(crate) secret: Secret,
    /// What it is called in the dashboard; the id where it is left out.
    pub(crate) name: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyEntry {
    /// The text of the key.
    pub(crate) value: String,
    /// What it is called in the dashboard.
    pub(crate) name: Option<String>,
}

impl std::fmt::Debug for KeyEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyEntry")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl RateLimitEntry {
    /// As the domain has it.
    pub(crate) fn to_limit(&self) -> RateLimit {
        RateLimit {
            requests: self.requests,
            per_s: self.per.seconds(),
            burst: self.burst.unwrap_or(self.requests),
        }
    }
}

impl PlanEntry {
    /// As the domain has it.
    pub(crate) fn to_quota(&self) -> Option<Quota> {
        self.quota.as_ref().map(|quota| Quota {
            requests: quota.requests,
            per: quota.per,
        })
    }
}

fn published() -> VersionState {
    VersionState::Published
}

fn format_version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    match u32::deserialize(deserializer)? {
        1 => Ok(1),
        other => Err(D::Error::custom(format!(
            "this program reads manifests of version 1, and this one has version {other}"
        ))),
    }
}

super::values::not_yet! {
    Guides = "guides of an api cannot be published yet";
}
