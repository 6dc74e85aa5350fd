//! Versions and plans, compiled for the hot path.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::AtomicU64, atomic::Ordering::Relaxed},
};

use domain::{
    catalog::version::{Access, VersionState},
    id::{ApiId, PlanId, VersionId},
};
use http::HeaderValue;

use super::{hosts::Hosts, matcher::Matcher};
use crate::{
    cache::CacheScope,
    contract::OperationContract,
    fast_hash::IdMap,
    limit::PlanLimits,
    rules::Rules,
    upstream::{Targets, WantedCheck},
};

/// Everything but keys and subscriptions.
#[derive(Debug, Default)]
pub(crate) struct Catalog {
    /// By `{organization}/{api}/{version}`.
    pub(super) versions: HashMap<Box<str>, Arc<Version>>,
    /// There when a version answers beside its address.
    pub(super) hosts: Option<Box<Hosts>>,
    pub(super) plans: IdMap<PlanId, Arc<Plan>>,
    /// Health checks of all targets.
    pub(super) checks: Vec<WantedCheck>,
}

impl Catalog {
    /// The version at an address, `acme/petstore/v1`.
    pub(crate) fn version(&self, address: &str) -> Option<&Arc<Version>> {
        self.versions.get(address)
    }

    /// Where versions answer beside their addresses, if any does.
    pub(crate) fn hosts(&self) -> Option<&Hosts> {
        self.hosts.as_deref()
    }

    /// Every version with its address.
    pub(super) fn addresses(&self) -> Vec<(VersionId, String)> {
        let versions = self.versions.values();
        versions
            .map(|version| (version.id, version.address.to_string()))
            .collect()
    }

    /// Health checks of all targets.
    pub(crate) fn checks(&self) -> impl Iterator<Item = WantedCheck> {
        self.checks.iter().cloned()
    }

    /// A plan that can be used.
    pub(crate) fn plan(&self, id: PlanId) -> Option<&Arc<Plan>> {
        self.plans.get(&id)
    }
}

/// A version, compiled.
#[derive(Debug)]
pub(crate) struct Version {
    /// Differs between two compilations of the same version: operation numbers are only good within one.
    pub(crate) compilation: u64,
    /// `organization/api/version`.
    pub(crate) address: Box<str>,
    pub(crate) id: VersionId,
    pub(crate) api_id: ApiId,
    pub(crate) state: VersionState,
    pub(crate) access: Access,
    pub(crate) end: Option<AnnouncedEnd>,
    /// `None` when the version has none or it can't be used: calls answer 503.
    pub(crate) targets: Option<Arc<Targets>>,
    /// There when one of the operations has the policy `cache`.
    pub(crate) cache: Option<CacheScope>,
    pub(crate) operations: Box<[Operation]>,
    pub(crate) matcher: Matcher,
    /// What holds for calls that no operation of its own rules is found for.
    pub(crate) rules: Option<Arc<Rules>>,
    /// Whether calls pass that no operation describes.
    pub(crate) is_open: bool,
    /// Whether it matters for such a call that an upstream may take its path for that of an operation: one has policies of
    /// its own, or conditions go by the path.
    pub(crate) is_guarded: bool,
    /// `Vary`: the field by which another version would have answered.
    pub(crate) vary: Option<HeaderValue>,
    /// Whether browsers may ask before they call.
    pub(crate) has_cors: bool,
}

impl Version {
    /// First path segment of its calls.
    pub(crate) fn organization(&self) -> &str {
        self.address.split('/').next().unwrap_or_default()
    }
}

/// A described operation.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) slug: Box<str>,
    /// Path template as in the document.
    pub(crate) template: Box<str>,
    /// What holds for it: the version's rules or its own.
    pub(crate) rules: Option<Arc<Rules>>,
    /// What the document says of it, where a policy goes by that.
    pub(crate) contract: Option<Box<OperationContract>>,
}

/// Header fields of a deprecation, ready to be sent.
#[derive(Debug)]
pub(crate) struct AnnouncedEnd {
    /// `Deprecation` (RFC 9745).
    pub(crate) deprecation: HeaderValue,
    /// `Sunset` (RFC 8594).
    pub(crate) sunset: Option<HeaderValue>,
    /// `Link` (RFC 8288): guide, sunset page, successor.
    pub(crate) link: HeaderValue,
    /// When it stops answering, in Unix seconds.
    pub(crate) sunset_s: Option<i64>,
}

/// A plan, compiled.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) slug: Box<str>,
    pub(crate) apis: Box<[ApiId]>,
    pub(crate) limits: PlanLimits,
}

impl Plan {
    /// Whether the plan covers an api.
    pub(crate) fn covers(&self, api: ApiId) -> bool {
        self.apis.contains(&api)
    }
}

/// A number that no other compilation in this process has.
pub(super) fn next_compilation() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Relaxed)
}
