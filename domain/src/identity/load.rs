//! Identities as gateways are told them.

use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder, QuerySelect,
    RelationTrait,
};

use super::{ExternalIdentity, MappedIdentity};
use crate::{
    error::Result,
    gateway_config::{Identity, IdentityRecord},
    id::{ApplicationId, ClientId, IdentityId, SubscriptionId},
    key::{KeyHash, KeyState},
    store::{
        entity::{application, mapped_identity, oauth_client, organization, subscription},
        row::{Corrupt, Row, readable},
    },
    subscription::SubscriptionState,
};

/// Every client that is not revoked, and every identity of a subscription that is not over.
pub(crate) async fn records(db: &impl ConnectionTrait) -> Result<Vec<IdentityRecord>> {
    let mut records = clients(db).await?;
    records.extend(mapped(db).await?);
    Ok(records)
}

async fn clients(db: &impl ConnectionTrait) -> Result<Vec<IdentityRecord>> {
    use oauth_client::Column;
    let rows: Vec<(ClientId, ApplicationId, String, Vec<u8>)> = oauth_client::Entity::find()
        .inner_join(application::Entity)
        .filter(application::Column::State.eq(application::ACTIVE))
        .filter(Column::State.eq(KeyState::Active.as_str()))
        .order_by_asc(Column::Id)
        .select_only()
        .columns([Column::Id, Column::ApplicationId, Column::ClientId, Column::SecretHash])
        .into_tuple()
        .all(db)
        .await?;
    let record = |(id, application_id, client_id, hash): (ClientId, _, _, Vec<u8>)| {
        let secret = KeyHash(Row::new("oauth_client", id).bytes("secret_hash", &hash)?);
        Ok(IdentityRecord {
            application_id,
            organization: None,
            identity: Identity::Client { id: client_id, secret },
        })
    };
    Ok(readable(rows.into_iter().map(record)))
}

#[derive(FromQueryResult)]
struct MappedRow {
    id: IdentityId,
    organization_id: crate::id::OrganizationId,
    subscription_id: SubscriptionId,
    kind: String,
    issuer: String,
    name: String,
    created_at: crate::clock::Timestamp,
    organization: String,
    application_id: ApplicationId,
}

async fn mapped(db: &impl ConnectionTrait) -> Result<Vec<IdentityRecord>> {
    let rows = mapped_identity::Entity::find()
        .inner_join(organization::Entity)
        .inner_join(subscription::Entity)
        .join(JoinType::InnerJoin, subscription::Relation::Application.def())
        .filter(organization::Column::State.eq(organization::ACTIVE))
        .filter(application::Column::State.eq(application::ACTIVE))
        .filter(subscription::Column::State.ne(SubscriptionState::Canceled.as_str()))
        .order_by_asc(mapped_identity::Column::Id)
        .column_as(organization::Column::Slug, "organization")
        .column_as(subscription::Column::ApplicationId, "application_id")
        .into_model::<MappedRow>()
        .all(db)
        .await?;
    Ok(readable(rows.into_iter().map(mapped_record)))
}

fn mapped_record(row: MappedRow) -> Result<IdentityRecord, Corrupt> {
    let mapped = MappedIdentity::try_from(mapped_identity::Model {
        id: row.id,
        organization_id: row.organization_id,
        subscription_id: row.subscription_id,
        kind: row.kind,
        issuer: row.issuer,
        name: row.name,
        created_at: row.created_at,
    })?;
    Ok(IdentityRecord {
        application_id: row.application_id,
        organization: Some(row.organization),
        identity: match mapped.identity {
            ExternalIdentity::Subject { issuer, name } => Identity::Subject { issuer, name },
            ExternalIdentity::Certificate { thumbprint } => Identity::Certificate {
                thumbprint: thumbprint.0,
            },
        },
    })
}
