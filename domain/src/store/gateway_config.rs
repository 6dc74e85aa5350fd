//! What gateways are told: reads of the whole configuration and of changes since a revision.
//!
//! A record that cannot be read hurts only itself: it is logged and left out, so that the gateway refuses what it
//! would have allowed.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{
    config_records::{catalog, catalog_with, key_record, subscription_record},
    document_texts::DocumentTexts,
    entity::{api_key, application, config_change, config_state, plan, quota_usage, subscription},
    row::readable,
};
use crate::{
    clock::Timestamp,
    error::{DomainError, Result},
    gateway_config::{
        CachePurge, ConfigChanges, ConfigRevision, ConfigUpdate, GatewayConfig, KeyRecord, QuotaStart,
        SubscriptionRecord,
    },
    id::{ApplicationId, KeyId, SubscriptionId, VersionId},
    identity,
    installation_key::InstallationKey,
    key::{KeyHash, KeyState},
    plan::Period,
    policy::{PolicyScope, PolicySet},
    services::Context,
    subscription::SubscriptionState,
    usage::quota,
};

/// Ids in one statement.
const CHUNK: usize = 500;

/// Keys that are read at once.
const KEYS_PER_PAGE: usize = 10_000;

/// Entries of the change log from which on reading everything is less work.
const MANY_CHANGES: usize = 20_000;

/// Reads for the reconciler.
#[derive(Clone)]
pub struct GatewayConfigReads {
    pub(crate) cx: Context,
    documents: DocumentTexts,
}

impl GatewayConfigReads {
    pub(crate) fn new(cx: Context) -> Self {
        Self {
            cx,
            documents: DocumentTexts::default(),
        }
    }

    /// Number of the newest configuration; one row, cheap to ask every other second.
    pub async fn revision(&self) -> Result<ConfigRevision> {
        revision(self.cx.db.read()).await
    }

    /// What a gateway that serves `since` must learn, in one read transaction: changes where the change log reaches back that
    /// far, otherwise everything. `None` for `since` asks for everything.
    pub async fn read(&self, since: Option<ConfigRevision>) -> Result<ConfigUpdate> {
        let tx = self.cx.db.snapshot().await?;
        let now = self.cx.clock.now();
        let revision = revision(&tx).await?;
        if let Some(since) = since
            && let Some(touched) = touched_since(&tx, since, revision).await?
        {
            return Ok(ConfigUpdate::Changes(Box::new(
                changes(&tx, self.key(), touched, (revision, now), &self.documents).await?,
            )));
        }
        Ok(ConfigUpdate::Full(Box::new(self.full(&tx, revision, now).await?)))
    }

    /// The configuration that gateways are told, and the same with drafts of policies in place of what is stored, in one
    /// read transaction. Names of which a draft says nothing stay; nothing is written.
    ///
    /// Drafts are taken as they are: [`crate::policy::service::Policies::judge`] says whether they could be saved.
    pub async fn rehearsal(&self, drafts: &[(PolicyScope, PolicySet)]) -> Result<(GatewayConfig, GatewayConfig)> {
        let tx = self.cx.db.snapshot().await?;
        let revision = revision(&tx).await?;
        let now = self.full(&tx, revision, self.cx.clock.now()).await?;
        let draft = GatewayConfig {
            catalog: catalog_with(&tx, self.key(), &self.documents, drafts).await?,
            ..now.clone()
        };
        Ok((now, draft))
    }

    async fn full(&self, tx: &DatabaseTransaction, revision: ConfigRevision, now: Timestamp) -> Result<GatewayConfig> {
        Ok(GatewayConfig {
            revision,
            catalog: catalog(tx, self.key(), &self.documents).await?,
            subscriptions: all_subscriptions(tx, now).await?,
            keys: all_keys(tx).await?,
            identities: identity::load::records(tx).await?,
        })
    }

    /// Answers that a gateway which serves `since` must forget; `None` if the change log does not tell, because it does not
    /// reach back that far or holds too much. For a gateway that read everything, where they are not named.
    pub async fn purges(&self, since: ConfigRevision) -> Result<Option<Vec<CachePurge>>> {
        let tx = self.cx.db.snapshot().await?;
        let revision = revision(&tx).await?;
        let touched = touched_since(&tx, since, revision).await?;
        Ok(touched.map(|touched| without_covered(touched.purges)))
    }

    fn key(&self) -> Option<&InstallationKey> {
        self.cx.installation_key.as_deref()
    }
}

async fn revision(db: &impl ConnectionTrait) -> Result<ConfigRevision> {
    let state = config_state::Entity::find_by_id(1).one(db).await?;
    Ok(state
        .ok_or_else(|| DomainError::internal("the row of `config_state` is missing"))?
        .revision)
}

/// What the change log names.
#[derive(Default)]
struct Touched {
    is_catalog: bool,
    is_identity: bool,
    subscriptions: BTreeSet<SubscriptionId>,
    keys: BTreeMap<KeyId, KeyHash>,
    purges: BTreeSet<CachePurge>,
}

impl Touched {
    /// Notes an entry; `None` for one that cannot be understood, as nobody knows what it would have changed.
    fn note(&mut self, entry: config_change::Model) -> Option<()> {
        match (entry.kind.as_str(), entry.entity_id) {
            ("catalog", _) => self.is_catalog = true,
            ("identity", _) => self.is_identity = true,
            ("subscription", Some(id)) => {
                self.subscriptions.insert(SubscriptionId::from_uuid(id));
            }
            ("key", Some(id)) => {
                let hash = entry.key_hash?.try_into().ok()?;
                self.keys.insert(KeyId::from_uuid(id), KeyHash(hash));
            }
            ("purge", Some(id)) => {
                self.purges.insert(CachePurge {
                    version: VersionId::from_uuid(id),
                    prefix: entry.path_prefix.unwrap_or_default(),
                });
            }
            _ => return None,
        }
        Some(())
    }
}

/// What was touched after `since`; `None` if entries are gone or cannot be understood, if there are too many, or if
/// `since` is not from this database (a backup was restored).
async fn touched_since(
    tx: &DatabaseTransaction,
    since: ConfigRevision,
    revision: ConfigRevision,
) -> Result<Option<Touched>> {
    if since == revision {
        return Ok(Some(Touched::default()));
    }
    if !(0..revision).contains(&since) {
        return Ok(None);
    }
    // Every configuration has entries, and they are pruned by whole configurations: if the next one is there, all are.
    let next = config_change::Entity::find().filter(config_change::Column::Revision.eq(since + 1));
    if next.limit(1).one(tx).await?.is_none() {
        return Ok(None);
    }
    let log = config_change::Entity::find()
        .filter(config_change::Column::Revision.gt(since))
        .order_by_asc(config_change::Column::Revision)
        .limit(MANY_CHANGES as u64 + 1)
        .all(tx)
        .await?;
    if log.len() > MANY_CHANGES {
        return Ok(None);
    }
    let mut touched = Touched::default();
    Ok(log
        .into_iter()
        .try_for_each(|entry| touched.note(entry))
        .map(|()| touched))
}

/// What became of everything that was touched: only these rows are read.
async fn changes(
    tx: &DatabaseTransaction,
    key: Option<&InstallationKey>,
    touched: Touched,
    (revision, now): (ConfigRevision, Timestamp),
    documents: &DocumentTexts,
) -> Result<ConfigChanges> {
    let Touched {
        is_catalog,
        is_identity,
        subscriptions,
        mut keys,
        purges,
    } = touched;
    let subscriptions: Vec<SubscriptionId> = subscriptions.into_iter().collect();
    let live = some_subscriptions(tx, &subscriptions, now).await?;
    let is_live: HashSet<SubscriptionId> = live.iter().map(|record| record.id).collect();
    let ids: Vec<KeyId> = keys.keys().copied().collect();
    let active = some_keys(tx, &ids).await?;
    for record in &active {
        keys.remove(&record.id);
    }
    Ok(ConfigChanges {
        revision,
        catalog: if is_catalog {
            Some(catalog(tx, key, documents).await?)
        } else {
            None
        },
        subscriptions: live,
        ended_subscriptions: subscriptions.into_iter().filter(|id| !is_live.contains(id)).collect(),
        keys: active,
        revoked_keys: keys.into_values().collect(),
        identities: if is_identity {
            Some(identity::load::records(tx).await?)
        } else {
            None
        },
        purges: without_covered(purges),
    })
}

/// Purges without those that another one covers. In their order, what begins with a prefix comes right after it.
fn without_covered(purges: BTreeSet<CachePurge>) -> Vec<CachePurge> {
    let mut kept: Vec<CachePurge> = Vec::with_capacity(purges.len());
    for purge in purges {
        let is_covered = |last: &CachePurge| last.version == purge.version && purge.prefix.starts_with(&last.prefix);
        if !kept.last().is_some_and(is_covered) {
            kept.push(purge);
        }
    }
    kept
}

/// Subscriptions that are not canceled and whose application exists, oldest first: where two cover one api, gateways
/// take the first.
fn live_subscriptions() -> sea_orm::Select<subscription::Entity> {
    subscription::Entity::find()
        .inner_join(application::Entity)
        .filter(application::Column::State.eq(application::ACTIVE))
        .filter(subscription::Column::State.ne(SubscriptionState::Canceled.as_str()))
        .order_by_asc(subscription::Column::Id)
}

async fn some_subscriptions(
    tx: &DatabaseTransaction,
    ids: &[SubscriptionId],
    now: Timestamp,
) -> Result<Vec<SubscriptionRecord>> {
    let mut records = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(CHUNK) {
        let rows = live_subscriptions()
            .filter(subscription::Column::Id.is_in(chunk.iter().copied()))
            .all(tx)
            .await?;
        let periods = quota::periods(tx, rows.iter().map(|row| row.id).collect(), quota::Lock::None).await?;
        let starts = quota::starts(tx, &periods, now).await?;
        records.extend(readable(rows.into_iter().map(|row| {
            let used = starts
                .get(&row.id)
                .copied()
                .unwrap_or(quota::nothing_used(Period::Month, now));
            subscription_record(row, used)
        })));
    }
    Ok(records)
}

async fn all_subscriptions(tx: &DatabaseTransaction, now: Timestamp) -> Result<Vec<SubscriptionRecord>> {
    let quotas: Vec<(crate::id::PlanId, Option<serde_json::Value>)> = plan::Entity::find()
        .select_only()
        .columns([plan::Column::Id, plan::Column::Quota])
        .into_tuple()
        .all(tx)
        .await?;
    let periods: HashMap<_, _> = quotas
        .into_iter()
        .map(|(id, quota)| (id, quota::period_in_column(quota)))
        .collect();
    let starts = Period::ALL.map(|period| period.start(now).unix_timestamp());
    let counters: HashMap<(SubscriptionId, i64), i64> = quota_usage::Entity::find()
        .filter(quota_usage::Column::PeriodStart.is_in(starts))
        .all(tx)
        .await?
        .into_iter()
        .map(|row| ((row.subscription_id, row.period_start), row.units))
        .collect();
    let rows = live_subscriptions().all(tx).await?;
    Ok(readable(rows.into_iter().map(|row| {
        let nothing = quota::nothing_used(periods.get(&row.plan_id).copied().unwrap_or(Period::Month), now);
        let units = counters.get(&(row.id, nothing.period_start.unix_timestamp()));
        let units = units.map_or(0, |units| u64::try_from(*units).unwrap_or_default());
        subscription_record(row, QuotaStart { units, ..nothing })
    })))
}

/// Id, hash and application.
type KeyColumns = (KeyId, Vec<u8>, ApplicationId);

/// Of the keys, those that are active. Only the columns a gateway is told.
fn key_columns(select: sea_orm::Select<api_key::Entity>) -> sea_orm::Selector<sea_orm::SelectGetableTuple<KeyColumns>> {
    select
        .filter(api_key::Column::State.eq(KeyState::Active.as_str()))
        .select_only()
        .columns([
            api_key::Column::Id,
            api_key::Column::Hash,
            api_key::Column::ApplicationId,
        ])
        .into_tuple()
}

async fn some_keys(tx: &DatabaseTransaction, ids: &[KeyId]) -> Result<Vec<KeyRecord>> {
    let mut records = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(CHUNK) {
        let select = api_key::Entity::find()
            .inner_join(application::Entity)
            .filter(application::Column::State.eq(application::ACTIVE))
            .filter(api_key::Column::Id.is_in(chunk.iter().copied()));
        records.extend(readable(key_columns(select).all(tx).await?.into_iter().map(key_record)));
    }
    Ok(records)
}

/// Page by page, as a row takes many times the memory of its record; and without a join, so that every page is a walk along
/// the ids.
async fn all_keys(tx: &DatabaseTransaction) -> Result<Vec<KeyRecord>> {
    let active: HashSet<ApplicationId> = application::Entity::find()
        .filter(application::Column::State.eq(application::ACTIVE))
        .select_only()
        .column(application::Column::Id)
        .into_tuple()
        .all(tx)
        .await?
        .into_iter()
        .collect();
    let mut records = Vec::new();
    let mut last: Option<KeyId> = None;
    loop {
        let mut select = api_key::Entity::find()
            .order_by_asc(api_key::Column::Id)
            .limit(KEYS_PER_PAGE as u64);
        if let Some(last) = last {
            select = select.filter(api_key::Column::Id.gt(last));
        }
        let page = key_columns(select).all(tx).await?;
        let is_last = page.len() < KEYS_PER_PAGE;
        last = page.last().map(|(id, ..)| *id);
        let accepted = page
            .into_iter()
            .filter(|(.., application)| active.contains(application));
        records.extend(readable(accepted.map(key_record)));
        if is_last {
            return Ok(records);
        }
    }
}
