//! Rows as the records that gateways are told.

use std::collections::{BTreeSet, HashMap};

use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect};

use super::{
    document_texts::DocumentTexts,
    entity::{api, organization, plan, plan_api, revision, subscription, version},
    row::{Corrupt, Row, readable},
};
use crate::{
    catalog::VersionState,
    error::Result,
    gateway_config::{
        CatalogRecords, KeyRecord, OperationRecord, PlanRecord, QuotaStart, SubscriptionRecord, VersionRecord,
    },
    id::{ApiId, ApplicationId, KeyId, OrganizationId, PlanId, RevisionId, VersionId},
    installation_key::InstallationKey,
    key::KeyHash,
    policy::{PolicyScope, PolicySet, load::AllPolicies},
};

/// Every version that gateways know of, and every plan.
pub(super) async fn catalog(
    tx: &DatabaseTransaction,
    key: Option<&InstallationKey>,
    documents: &DocumentTexts,
) -> Result<CatalogRecords> {
    catalog_with(tx, key, documents, &[]).await
}

/// As [`catalog`], with drafts of policies in place of what is stored.
pub(super) async fn catalog_with(
    tx: &DatabaseTransaction,
    key: Option<&InstallationKey>,
    documents: &DocumentTexts,
    drafts: &[(PolicyScope, PolicySet)],
) -> Result<CatalogRecords> {
    Ok(CatalogRecords {
        versions: versions(tx, key, documents, drafts).await?,
        plans: plans(tx).await?,
    })
}

#[derive(FromQueryResult)]
struct VersionRow {
    id: VersionId,
    api_id: ApiId,
    organization_id: OrganizationId,
    organization: String,
    api: String,
    name: String,
    state: String,
    upstream: Option<serde_json::Value>,
    access: String,
    routing: Option<serde_json::Value>,
    deprecation: Option<serde_json::Value>,
    revision_id: Option<RevisionId>,
}

async fn versions(
    tx: &DatabaseTransaction,
    key: Option<&InstallationKey>,
    documents: &DocumentTexts,
    drafts: &[(PolicyScope, PolicySet)],
) -> Result<Vec<VersionRecord>> {
    use version::Column;
    let rows = version::Entity::find()
        .inner_join(api::Entity)
        .join(
            sea_orm::JoinType::InnerJoin,
            sea_orm::RelationTrait::def(&api::Relation::Organization),
        )
        .select_only()
        .columns([
            Column::Id,
            Column::ApiId,
            Column::Name,
            Column::State,
            Column::Upstream,
            Column::Access,
            Column::Routing,
        ])
        .columns([Column::Deprecation, Column::RevisionId])
        .column_as(organization::Column::Id, "organization_id")
        .column_as(organization::Column::Slug, "organization")
        .column_as(api::Column::Slug, "api")
        .filter(organization::Column::State.eq(organization::ACTIVE))
        .filter(Column::State.ne(VersionState::Draft.as_str()))
        .order_by_asc(Column::Id)
        .into_model::<VersionRow>()
        .all(tx)
        .await?;
    let mut operations: HashMap<RevisionId, serde_json::Value> = HashMap::with_capacity(rows.len());
    let mut hashes: HashMap<RevisionId, String> = HashMap::with_capacity(rows.len());
    let current: Vec<RevisionId> = rows.iter().filter_map(|row| row.revision_id).collect();
    for chunk in current.chunks(500) {
        use revision::Column::{Id, Operations, Sha256};
        let found: Vec<(RevisionId, serde_json::Value, String)> = revision::Entity::find()
            .select_only()
            .columns([Id, Operations, Sha256])
            .filter(Id.is_in(chunk.iter().copied()))
            .into_tuple()
            .all(tx)
            .await?;
        for (id, described, sha256) in found {
            operations.insert(id, described);
            hashes.insert(id, sha256);
        }
    }
    let policies = AllPolicies::read(tx, key).await?.with_drafts(drafts);
    let hashes: HashMap<VersionId, String> = rows
        .iter()
        .filter_map(|row| Some((row.id, hashes.remove(&row.revision_id?)?)))
        .collect();
    let mut records: Vec<VersionRecord> = readable(rows.into_iter().map(|row| {
        let operations = row.revision_id.and_then(|id| operations.remove(&id));
        version_record(row, operations, &policies)
    }));
    let needed = records.iter().filter(|record| record.needs_document());
    let needed: BTreeSet<String> = needed.filter_map(|record| hashes.get(&record.id).cloned()).collect();
    let documents = documents.read(tx, needed).await?;
    for record in records.iter_mut().filter(|record| record.needs_document()) {
        let document = hashes.get(&record.id).and_then(|sha256| documents.get(sha256));
        record.document = document.cloned();
    }
    Ok(records)
}

/// A version of which anything cannot be read is left out, its policies included: gateways refuse what they might have
/// let through.
fn version_record(
    version: VersionRow,
    operations: Option<serde_json::Value>,
    policies: &AllPolicies<'_>,
) -> Result<VersionRecord, Corrupt> {
    let row = Row::new("version", version.id);
    let mut operations: Vec<OperationRecord> = row.json_or_null("operations", operations)?.unwrap_or_default();
    let policies = policies.in_force(version.organization_id, version.api_id, version.id, &mut operations)?;
    Ok(VersionRecord {
        id: version.id,
        api_id: version.api_id,
        organization: version.organization,
        api: version.api,
        name: version.name,
        state: row.word("state", &version.state)?,
        upstream: row.json_or_null("upstream", version.upstream)?,
        access: row.word("access", &version.access)?,
        routing: row.json_or_null("routing", version.routing)?.unwrap_or_default(),
        deprecation: row.json_or_null("deprecation", version.deprecation)?,
        operations,
        document: None,
        policies,
    })
}

async fn plans(tx: &DatabaseTransaction) -> Result<Vec<PlanRecord>> {
    let mut apis: HashMap<PlanId, Vec<ApiId>> = HashMap::new();
    for row in plan_api::Entity::find()
        .order_by_asc(plan_api::Column::ApiId)
        .all(tx)
        .await?
    {
        apis.entry(row.plan_id).or_default().push(row.api_id);
    }
    // Nobody is subscribed to a deleted one.
    let rows = plan::Entity::find()
        .filter(plan::Column::State.eq(plan::ACTIVE))
        .order_by_asc(plan::Column::Id)
        .all(tx)
        .await?;
    Ok(readable(rows.into_iter().map(|plan| {
        let row = Row::new("plan", plan.id);
        Ok(PlanRecord {
            id: plan.id,
            slug: plan.slug,
            apis: apis.remove(&plan.id).unwrap_or_default(),
            rate_limits: row.json("rate_limits", plan.rate_limits)?,
            quota: row.json_or_null("quota", plan.quota)?,
        })
    })))
}

/// A subscription with the counter it begins with.
pub(super) fn subscription_record(
    subscription: subscription::Model,
    used: QuotaStart,
) -> Result<SubscriptionRecord, Corrupt> {
    let row = Row::new("subscription", subscription.id);
    Ok(SubscriptionRecord {
        id: subscription.id,
        application_id: subscription.application_id,
        plan_id: subscription.plan_id,
        state: row.word("state", &subscription.state)?,
        used,
        scopes: row.json_or_null("scopes", subscription.scopes)?.unwrap_or_default(),
    })
}

/// A key from its columns.
pub(super) fn key_record((id, hash, application_id): (KeyId, Vec<u8>, ApplicationId)) -> Result<KeyRecord, Corrupt> {
    let hash = KeyHash(Row::new("api_key", id).bytes("hash", &hash)?);
    Ok(KeyRecord {
        id,
        hash,
        application_id,
    })
}
