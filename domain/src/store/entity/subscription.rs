//! Subscriptions.

use sea_orm::Set;
use sea_orm::entity::prelude::*;

use crate::{
    clock::Timestamp,
    id::{ApplicationId, PlanId, SubscriptionId},
    store::row::{Corrupt, Row},
    subscription::Subscription,
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "subscription")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: SubscriptionId,
    pub(crate) application_id: ApplicationId,
    pub(crate) plan_id: PlanId,
    pub(crate) state: String,
    pub(crate) created_at: Timestamp,
    pub(crate) canceled_at: Option<Timestamp>,
    /// A list of words; null is an empty one.
    pub(crate) scopes: Option<Json>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {
    #[sea_orm(
        belongs_to = "super::application::Entity",
        from = "Column::ApplicationId",
        to = "super::application::Column::Id"
    )]
    Application,
    #[sea_orm(
        belongs_to = "super::plan::Entity",
        from = "Column::PlanId",
        to = "super::plan::Column::Id"
    )]
    Plan,
}

impl Related<super::application::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Application.def()
    }
}

impl Related<super::plan::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Plan.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Subscription {
    type Error = Corrupt;

    fn try_from(model: Model) -> Result<Self, Corrupt> {
        let row = Row::new("subscription", model.id);
        Ok(Self {
            id: model.id,
            application_id: model.application_id,
            plan_id: model.plan_id,
            state: row.word("state", &model.state)?,
            created_at: model.created_at,
            canceled_at: model.canceled_at,
            scopes: row.json_or_null("scopes", model.scopes)?.unwrap_or_default(),
        })
    }
}

impl From<&Subscription> for ActiveModel {
    fn from(subscription: &Subscription) -> Self {
        Self {
            id: Set(subscription.id),
            application_id: Set(subscription.application_id),
            plan_id: Set(subscription.plan_id),
            state: Set(subscription.state.as_str().into()),
            created_at: Set(subscription.created_at),
            canceled_at: Set(subscription.canceled_at),
            scopes: Set(scopes_column(&subscription.scopes)),
        }
    }
}

/// Scopes as the column has them.
pub(crate) fn scopes_column(scopes: &[String]) -> Option<Json> {
    (!scopes.is_empty()).then(|| Json::from(scopes))
}
