//! The one pointer to the snapshot, and the only way to change it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use domain::{
    gateway_config::{
        CatalogRecords, ConfigChanges, ConfigRevision, ConfigUpdate, GatewayConfig, KeyRecord, SubscriptionRecord,
    },
    id::{ApplicationId, SubscriptionId, VersionId},
    key::KeyHash,
    plan::Period,
    subscription::SubscriptionState,
};
use tokio::sync::watch;

use super::{
    catalog::Catalog,
    compile::{self, Warning},
    identities::Identities,
    shards::Sharded,
    subscribers::{KeyEntry, Subscription},
};
use crate::{
    contract::Contracts,
    fast_hash::IdMap,
    identity::IssuerBook,
    limit::Budget,
    rules::RuleState,
    upstream::{AuthorityBook, UpstreamCertificates},
};

/// One picture of all configuration; never changes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Snapshot {
    /// `None` before the first configuration.
    pub(crate) revision: Option<ConfigRevision>,
    pub(crate) catalog: Arc<Catalog>,
    /// Whom credentials other than keys speak for.
    pub(crate) identities: Arc<Identities>,
    keys: Sharded<KeyHash, KeyEntry>,
    subscriptions: Sharded<ApplicationId, Arc<[Subscription]>>,
}

impl Snapshot {
    /// What a credential's hash leads to.
    pub(crate) fn key(&self, hash: &KeyHash) -> Option<&KeyEntry> {
        self.keys.get(hash)
    }

    /// Subscriptions of an application, oldest first: in the order of their ids, which begin with the time.
    pub(crate) fn subscriptions(&self, application: ApplicationId) -> &[Subscription] {
        self.subscriptions.get(&application).map_or(&[], |list| list)
    }
}

/// The gateway's configuration: shared by the reconciler, which applies updates, and the workers, which read it.
/// Cloning it makes another handle on the same one.
#[derive(Clone, Debug)]
pub struct SnapshotHandle(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    current: Arc<ArcSwap<Snapshot>>,
    portal_url: String,
    rule_state: Arc<RuleState>,
    writer: Mutex<Writer>,
    revision: watch::Sender<Option<ConfigRevision>>,
}

/// Budgets of ended subscriptions that are kept: a few megabytes.
const ENDED_KEPT: usize = 10_000;

/// What only the one who applies updates needs.
#[derive(Debug, Default)]
struct Writer {
    /// Every subscription with its budget, by id.
    subscriptions: IdMap<SubscriptionId, Subscription>,
    /// Budgets of subscriptions that are over: one that is taken up again goes on where it was, calls included that the
    /// ledger does not have yet.
    ended: IdMap<SubscriptionId, Arc<Budget>>,
    authorities: AuthorityBook,
    /// What was compiled from documents.
    contracts: Contracts,
    issuers: IssuerBook,
}

/// What came of an update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Revision that is served now.
    pub revision: Option<ConfigRevision>,
    /// Whether the update was taken. It is not when it is older than what is served, or when it holds changes and
    /// nothing is there to change: then a [`ConfigUpdate::Full`] is needed.
    pub is_taken: bool,
    /// Records that are not used as they were meant.
    pub warnings: Vec<Warning>,
}

impl SnapshotHandle {
    /// An empty configuration: until the first update every call is answered with 503. `portal_url` is the base URL of
    /// the portal, which problem types and links point to.
    pub fn new(portal_url: impl Into<String>) -> Self {
        Self::with_certificates(portal_url, UpstreamCertificates::default())
    }

    /// As [`Self::new`], for a gateway that has certificates for upstreams.
    pub fn with_certificates(portal_url: impl Into<String>, certificates: UpstreamCertificates) -> Self {
        let writer = Writer {
            authorities: AuthorityBook::with(certificates),
            ..Writer::default()
        };
        Self(Arc::new(Shared {
            current: Arc::default(),
            rule_state: Arc::default(),
            portal_url: portal_url.into().trim_end_matches('/').to_owned(),
            writer: Mutex::new(writer),
            revision: watch::Sender::new(None),
        }))
    }

    /// Compiles an update and swaps it in; requests that run keep what they began with. Revisions only grow here, see
    /// [`Self::replace`]. Calls from several threads wait for each other; the cost of changes is proportional to what
    /// changed, not to what is there.
    pub fn apply(&self, update: ConfigUpdate) -> Applied {
        let writer = self.0.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let current = self.0.current.load();
        let wanted = match &update {
            ConfigUpdate::Full(config) => config.revision,
            ConfigUpdate::Changes(changes) => changes.revision,
        };
        let is_startable = current.revision.is_some() || matches!(update, ConfigUpdate::Full(_));
        if !is_startable || current.revision.is_some_and(|served| wanted <= served) {
            return Applied {
                revision: current.revision,
                is_taken: false,
                warnings: Vec::new(),
            };
        }
        self.swap(writer, update)
    }

    /// Takes a whole configuration whatever its revision is: for a database that went back, because a backup was
    /// restored. What the budgets have counted stays.
    pub fn replace(&self, config: GatewayConfig) -> Applied {
        let writer = self.0.writer.lock().unwrap_or_else(PoisonError::into_inner);
        self.swap(writer, ConfigUpdate::Full(Box::new(config)))
    }

    fn swap(&self, mut writer: MutexGuard<'_, Writer>, update: ConfigUpdate) -> Applied {
        let mut warnings = Vec::new();
        let next = match update {
            ConfigUpdate::Full(config) => writer.full(*config, &self.0.portal_url, &mut warnings),
            ConfigUpdate::Changes(changes) => {
                let current = Snapshot::clone(&self.0.current.load());
                writer.changed(current, *changes, &self.0.portal_url, &mut warnings)
            }
        };
        let revision = next.revision;
        self.0.current.store(Arc::new(next));
        self.0.revision.send_replace(revision);
        Applied {
            revision,
            is_taken: true,
            warnings,
        }
    }

    /// Revision that is served; `None` before the first update.
    pub fn revision(&self) -> Option<ConfigRevision> {
        self.0.current.load().revision
    }

    /// Whether calls are let through at all.
    pub fn is_ready(&self) -> bool {
        self.revision().is_some()
    }

    /// Every version that is served, with its address, `acme/petstore/v1`.
    pub fn versions(&self) -> Vec<(VersionId, String)> {
        self.0.current.load().catalog.addresses()
    }

    /// Keys that are accepted, for metrics.
    pub fn key_count(&self) -> usize {
        self.0.current.load().keys.len()
    }

    /// Waits until a revision or a later one is served. Safe to cancel.
    pub async fn wait_for(&self, revision: ConfigRevision) {
        let mut served = self.0.revision.subscribe();
        // The sender lives as long as `self`, so waiting can't fail.
        let is_there = |served: &Option<ConfigRevision>| served.is_some_and(|served| served >= revision);
        let _ = served.wait_for(is_there).await;
    }

    /// State of policies, which survives every change.
    pub(crate) fn rule_state(&self) -> Arc<RuleState> {
        Arc::clone(&self.0.rule_state)
    }

    /// Base URL of the portal, without a slash at the end.
    pub(crate) fn portal_url(&self) -> &str {
        &self.0.portal_url
    }

    /// Tells of changes.
    pub(crate) fn subscribe(&self) -> watch::Receiver<Option<ConfigRevision>> {
        self.0.revision.subscribe()
    }

    /// A reader that costs one comparison while nothing changes.
    pub(crate) fn reader(&self) -> arc_swap::Cache<Arc<ArcSwap<Snapshot>>, Arc<Snapshot>> {
        arc_swap::Cache::new(Arc::clone(&self.0.current))
    }
}

impl Writer {
    fn full(&mut self, config: GatewayConfig, portal_url: &str, warnings: &mut Vec<Warning>) -> Snapshot {
        let GatewayConfig {
            revision,
            catalog,
            subscriptions,
            keys,
            identities,
        } = config;
        let mut next = Snapshot {
            revision: Some(revision),
            ..Snapshot::default()
        };
        next.catalog = Arc::new(self.catalog(catalog, portal_url, warnings));
        next.identities = Arc::new(Identities::compile(&identities, warnings));
        // Budgets of subscriptions that are still there move over; the rest is forgotten.
        let mut known = std::mem::take(&mut self.subscriptions);
        let mut by_application: IdMap<ApplicationId, Vec<Subscription>> = IdMap::default();
        for record in subscriptions {
            let budget = known.remove(&record.id).map_or_else(Arc::default, |known| known.budget);
            if let Some(subscription) = admit(&next.catalog, &record, budget, warnings) {
                by_application
                    .entry(record.application_id)
                    .or_default()
                    .push(subscription.clone());
                self.subscriptions.insert(record.id, subscription);
            }
        }
        for (application, mut list) in by_application {
            list.sort_by_key(|subscription| subscription.id);
            next.subscriptions.insert(application, list.into());
        }
        for record in keys {
            insert_key(&mut next, &record, warnings);
        }
        next
    }

    fn changed(
        &mut self,
        mut next: Snapshot,
        changes: ConfigChanges,
        portal_url: &str,
        warnings: &mut Vec<Warning>,
    ) -> Snapshot {
        let ConfigChanges {
            revision,
            catalog,
            subscriptions,
            ended_subscriptions,
            keys,
            revoked_keys,
            identities,
            // Of the cache, which is no part of a snapshot.
            purges: _,
        } = changes;
        next.revision = Some(revision);
        if let Some(records) = catalog {
            next.catalog = Arc::new(self.catalog(records, portal_url, warnings));
        }
        if let Some(records) = identities {
            next.identities = Arc::new(Identities::compile(&records, warnings));
        }
        for id in ended_subscriptions {
            if let Some(ended) = self.end(&mut next, id) {
                self.keep_ended(id, ended.budget);
            }
        }
        for record in subscriptions {
            let known = self.end(&mut next, record.id).map(|known| known.budget);
            let budget = known.or_else(|| self.ended.remove(&record.id)).unwrap_or_default();
            if let Some(subscription) = admit(&next.catalog, &record, budget, warnings) {
                let mut list = next.subscriptions(record.application_id).to_vec();
                let place = list.partition_point(|other| other.id < subscription.id);
                list.insert(place, subscription.clone());
                let list: Arc<[Subscription]> = list.into();
                next.subscriptions.insert(record.application_id, list);
                self.subscriptions.insert(record.id, subscription);
            }
        }
        for hash in revoked_keys {
            next.keys.remove(&hash);
        }
        for record in keys {
            insert_key(&mut next, &record, warnings);
        }
        next
    }

    fn catalog(&mut self, records: CatalogRecords, portal_url: &str, warnings: &mut Vec<Warning>) -> Catalog {
        self.authorities.turn();
        self.issuers.turn();
        compile::catalog(
            records,
            portal_url,
            &mut self.authorities,
            &mut self.contracts,
            &mut self.issuers,
            warnings,
        )
    }

    /// Keeps the budget of a subscription that is over; after very many all are forgotten at once, and one that is taken up
    /// again then begins from the ledger.
    fn keep_ended(&mut self, id: SubscriptionId, budget: Arc<Budget>) {
        if self.ended.len() >= ENDED_KEPT {
            self.ended.clear();
        }
        self.ended.insert(id, budget);
    }

    /// Takes a subscription out of a snapshot and returns it.
    fn end(&mut self, next: &mut Snapshot, id: SubscriptionId) -> Option<Subscription> {
        let ended = self.subscriptions.remove(&id)?;
        let rest: Arc<[Subscription]> = next
            .subscriptions(ended.application_id)
            .iter()
            .filter(|kept| kept.id != id)
            .cloned()
            .collect();
        if rest.is_empty() {
            next.subscriptions.remove(&ended.application_id);
        } else {
            next.subscriptions.insert(ended.application_id, rest);
        }
        Some(ended)
    }
}

/// A subscription from its record; `None` when it is over.
fn admit(
    catalog: &Catalog,
    record: &SubscriptionRecord,
    budget: Arc<Budget>,
    warnings: &mut Vec<Warning>,
) -> Option<Subscription> {
    if record.state == SubscriptionState::Canceled {
        return None;
    }
    if catalog.plan(record.plan_id).is_none() {
        warnings.push(Warning {
            subject: format!("subscription {}", record.id),
            reason: format!("its plan {} is missing; its calls are refused", record.plan_id),
        });
    }
    if record.used.units > 0 {
        // The record says when the period began, not which kind it is: the kinds whose periods begin there may all be
        // meant, and the plan uses one.
        for period in Period::ALL {
            if period.start(record.used.period_start) == record.used.period_start {
                budget.at_least(period, record.used.period_start.unix_timestamp(), record.used.units);
            }
        }
    }
    Some(Subscription {
        id: record.id,
        application_id: record.application_id,
        plan_id: record.plan_id,
        state: record.state,
        budget,
        scopes: (!record.scopes.is_empty()).then(|| record.scopes.iter().map(|scope| scope.as_str().into()).collect()),
    })
}

fn insert_key(next: &mut Snapshot, record: &KeyRecord, warnings: &mut Vec<Warning>) {
    let entry = KeyEntry {
        id: record.id,
        application_id: record.application_id,
    };
    if let Some(other) = next.keys.insert(record.hash, entry)
        && other.application_id != entry.application_id
    {
        // Two applications with the same key: nobody can tell whose call it is.
        next.keys.remove(&record.hash);
        warnings.push(Warning {
            subject: format!("key {}", record.id),
            reason: format!(
                "key {} of another application has the same text; both are refused",
                other.id
            ),
        });
    }
}
