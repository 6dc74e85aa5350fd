//! Identities that providers mapped to subscriptions.

use sea_orm::entity::prelude::*;

use crate::{
    clock::Timestamp,
    id::{IdentityId, OrganizationId, SubscriptionId},
    identity::{ExternalIdentity, MappedIdentity, Thumbprint},
    store::row::{Corrupt, Row},
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "mapped_identity")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: IdentityId,
    pub(crate) organization_id: OrganizationId,
    pub(crate) subscription_id: SubscriptionId,
    pub(crate) kind: String,
    /// Empty for a certificate.
    pub(crate) issuer: String,
    /// Of a subject; the thumbprint of a certificate in hexadecimal.
    pub(crate) name: String,
    pub(crate) created_at: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {
    #[sea_orm(
        belongs_to = "super::organization::Entity",
        from = "Column::OrganizationId",
        to = "super::organization::Column::Id"
    )]
    Organization,
    #[sea_orm(
        belongs_to = "super::subscription::Entity",
        from = "Column::SubscriptionId",
        to = "super::subscription::Column::Id"
    )]
    Subscription,
}

impl Related<super::organization::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Organization.def()
    }
}

impl Related<super::subscription::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Subscription.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

pub(crate) const SUBJECT: &str = "subject";
pub(crate) const CERTIFICATE: &str = "certificate";

/// Kind, issuer and name of an identity, as its row has them.
pub(crate) fn columns(identity: &ExternalIdentity) -> (&'static str, String, String) {
    match identity {
        ExternalIdentity::Subject { issuer, name } => (SUBJECT, issuer.clone(), name.clone()),
        ExternalIdentity::Certificate { thumbprint } => (CERTIFICATE, String::new(), thumbprint.to_string()),
    }
}

impl TryFrom<Model> for MappedIdentity {
    type Error = Corrupt;

    fn try_from(model: Model) -> Result<Self, Corrupt> {
        let row = Row::new("mapped_identity", model.id);
        let identity = match model.kind.as_str() {
            SUBJECT => ExternalIdentity::Subject {
                issuer: model.issuer,
                name: model.name,
            },
            CERTIFICATE => ExternalIdentity::Certificate {
                thumbprint: row.parse::<Thumbprint>("name", &model.name)?,
            },
            _ => return Err(row.corrupt("kind", None)),
        };
        Ok(Self {
            id: model.id,
            subscription_id: model.subscription_id,
            identity,
            created_at: model.created_at,
        })
    }
}
