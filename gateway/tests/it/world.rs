//! A gateway with one organization, one api, a plan, a subscription and a key, all of which a test may change.

use std::{net::SocketAddr, time::Duration};

use domain::{
    catalog::{
        routing::Routing,
        version::{Access, VersionState},
    },
    clock::Clock,
    gateway_config::{
        CatalogRecords, ConfigUpdate, GatewayConfig, Identity, IdentityRecord, KeyRecord, OperationRecord, PlanRecord,
        QuotaStart, SubscriptionRecord, VersionRecord,
    },
    id::{ApplicationId, KeyId, SubscriptionId},
    key::KeyHash,
    plan::{Quota, RateLimit},
    policy::PolicySet,
    subscription::SubscriptionState,
    upstream::{Upstream, address::AddressPolicy},
    usage::{UsageKey, UsageSums},
};
use gateway::{Gateway, GatewayOptions, RunningGateway, SnapshotHandle, UsageRows, UsageSink};
use time::macros::datetime;
use tokio::sync::mpsc;

/// The key of the world.
pub const KEY: &str = "tp_live_test_key";
/// Where problem types point to.
pub const PORTAL: &str = "http://portal.test";
/// When the world begins.
pub const NOW: domain::clock::Timestamp = datetime!(2026-11-20 10:00 UTC);

/// An id of any kind.
pub fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(prefix: &str, number: u128) -> T {
    format!("{prefix}_{number:032x}").parse().unwrap()
}

pub fn subscription_id() -> SubscriptionId {
    id("sub", 1)
}

pub fn key_id() -> KeyId {
    id("key", 1)
}

pub fn application_id() -> ApplicationId {
    id("app", 1)
}

/// What a gateway is configured with.
#[derive(Clone, Debug)]
pub struct Setup {
    pub revision: i64,
    pub version: VersionRecord,
    pub rate_limits: Vec<RateLimit>,
    pub quota: Option<Quota>,
    pub subscription_state: SubscriptionState,
    pub used: QuotaStart,
    /// What is granted to the subscription.
    pub scopes: Vec<String>,
    pub has_subscription: bool,
    pub is_covered: bool,
    pub identities: Vec<IdentityRecord>,
}

impl Setup {
    /// `GET|POST /pets`, `GET|DELETE /pets/{id}` and `POST /echo` at `/acme/petstore/v1`, open to the key without limits.
    pub fn new(upstream: Option<&str>) -> Self {
        let operation = |slug: &str, method: &str, path: &str| OperationRecord {
            slug: slug.into(),
            method: method.into(),
            path: path.into(),
            deprecated: false,
            policies: None,
        };
        Self {
            revision: 1,
            version: VersionRecord {
                id: id("ver", 1),
                api_id: id("api", 1),
                organization: "acme".into(),
                api: "petstore".into(),
                name: "v1".into(),
                state: VersionState::Published,
                upstream: upstream.map(|url| upstream_of(&[url])),
                access: Access::Key,
                routing: Routing::default(),
                deprecation: None,
                document: None,
                operations: vec![
                    operation("list-pets", "GET", "/pets"),
                    operation("add-pet", "POST", "/pets"),
                    operation("get-pet", "GET", "/pets/{id}"),
                    operation("delete-pet", "DELETE", "/pets/{id}"),
                    operation("echo", "POST", "/echo"),
                    operation("socket", "GET", "/socket"),
                ],
                policies: PolicySet::default(),
            },
            rate_limits: Vec::new(),
            quota: None,
            subscription_state: SubscriptionState::Active,
            used: QuotaStart {
                period_start: NOW,
                units: 0,
            },
            scopes: Vec::new(),
            has_subscription: true,
            is_covered: true,
            identities: Vec::new(),
        }
    }

    /// Says that an identity is the application's, within its organization.
    pub fn map(&mut self, identity: Identity) {
        self.identities.push(IdentityRecord {
            application_id: application_id(),
            organization: Some(self.version.organization.clone()),
            identity,
        });
    }

    pub fn config(&self) -> ConfigUpdate {
        let api_id = if self.is_covered {
            self.version.api_id
        } else {
            id("api", 99)
        };
        ConfigUpdate::Full(Box::new(GatewayConfig {
            revision: self.revision,
            catalog: CatalogRecords {
                versions: vec![self.version.clone()],
                plans: vec![self.plan(api_id)],
            },
            subscriptions: self.has_subscription.then(|| self.subscription()).into_iter().collect(),
            keys: vec![KeyRecord {
                id: key_id(),
                hash: KeyHash::of(KEY.as_bytes()),
                application_id: application_id(),
            }],
            identities: self.identities.clone(),
        }))
    }

    pub fn plan(&self, api_id: domain::id::ApiId) -> PlanRecord {
        PlanRecord {
            id: id("plan", 1),
            slug: "free".into(),
            apis: vec![api_id],
            rate_limits: self.rate_limits.clone(),
            quota: self.quota,
        }
    }

    pub fn subscription(&self) -> SubscriptionRecord {
        SubscriptionRecord {
            id: subscription_id(),
            application_id: application_id(),
            plan_id: id("plan", 1),
            state: self.subscription_state,
            used: self.used,
            scopes: self.scopes.clone(),
        }
    }
}

/// An upstream with default time-outs.
pub fn upstream_of(urls: &[&str]) -> Upstream {
    let targets: Vec<_> = urls.iter().map(|url| serde_json::json!({ "url": url })).collect();
    serde_json::from_value(serde_json::json!({ "targets": targets })).unwrap()
}

/// A running gateway.
pub struct World {
    pub snapshot: SnapshotHandle,
    pub clock: Clock,
    pub gateway: RunningGateway,
    usage: mpsc::Receiver<UsageRows>,
}

impl World {
    /// A gateway with a configuration.
    pub fn start(setup: &Setup) -> Self {
        let world = Self::start_with(|_| {});
        let applied = world.snapshot.apply(setup.config());
        assert!(
            applied.is_taken && applied.warnings.is_empty() || setup.version.upstream.is_none(),
            "{applied:?}"
        );
        world
    }

    /// A gateway without a configuration.
    pub fn start_with(change: impl FnOnce(&mut GatewayOptions)) -> Self {
        let clock = Clock::fixed(NOW);
        let snapshot = SnapshotHandle::new(PORTAL);
        let (sink, usage) = UsageSink::channel(1_000);
        let mut options = GatewayOptions::new(SocketAddr::from(([127, 0, 0, 1], 0)));
        options.threads = 2;
        options.clock = clock.clone();
        options.addresses = AddressPolicy { allow_private: true };
        change(&mut options);
        let gateway = Gateway::start(options, snapshot.clone(), sink).unwrap();
        Self {
            snapshot,
            clock,
            gateway,
            usage,
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.gateway.local_addr()
    }

    /// Stops the gateway and returns all it has counted, added up over the hand-overs.
    pub async fn stop(self) -> Vec<(UsageKey, UsageSums)> {
        self.gateway.shutdown(Duration::from_secs(10)).await;
        let mut usage = self.usage;
        let mut sums: std::collections::HashMap<UsageKey, UsageSums> = std::collections::HashMap::new();
        while let Some(rows) = usage.recv().await {
            for (key, row) in rows {
                sums.entry(key).or_default().add(&row);
            }
        }
        let mut rows: Vec<_> = sums.into_iter().collect();
        rows.sort_by(|a, b| (&a.0.operation, a.0.status).cmp(&(&b.0.operation, b.0.status)));
        rows
    }
}
