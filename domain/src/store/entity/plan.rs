//! Plans, without the apis they cover.

use sea_orm::Set;
use sea_orm::entity::prelude::*;

use crate::{
    clock::Timestamp,
    id::{ApiId, OrganizationId, PlanId},
    plan::Plan,
    store::row::{Corrupt, Row},
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "plan")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: PlanId,
    pub(crate) organization_id: OrganizationId,
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) price: Json,
    pub(crate) rate_limits: Json,
    pub(crate) quota: Option<Json>,
    pub(crate) approval: String,
    pub(crate) state: String,
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
}

impl Related<super::organization::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Organization.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

/// The word of plans that exist.
pub(crate) const ACTIVE: &str = "active";
/// The word of plans that were deleted; their rows stay for the subscriptions they had.
pub(crate) const DELETED: &str = "deleted";

impl Model {
    /// The plan, with the apis that [`super::plan_api`] names.
    pub(crate) fn with_apis(self, apis: Vec<ApiId>) -> Result<Plan, Corrupt> {
        let row = Row::new("plan", self.id);
        Ok(Plan {
            id: self.id,
            organization_id: self.organization_id,
            slug: row.parse("slug", &self.slug)?,
            name: self.name,
            price: row.json("price", self.price)?,
            rate_limits: row.json("rate_limits", self.rate_limits)?,
            quota: row.json_or_null("quota", self.quota)?,
            approval: row.word("approval", &self.approval)?,
            apis,
            created_at: self.created_at,
        })
    }
}

impl From<&Plan> for ActiveModel {
    fn from(plan: &Plan) -> Self {
        Self {
            id: Set(plan.id),
            organization_id: Set(plan.organization_id),
            slug: Set(plan.slug.to_string()),
            name: Set(plan.name.clone()),
            price: Set(serde_json::json!(plan.price)),
            rate_limits: Set(serde_json::json!(plan.rate_limits)),
            quota: Set(plan.quota.map(|quota| serde_json::json!(quota))),
            approval: Set(plan.approval.as_str().into()),
            state: Set(ACTIVE.into()),
            created_at: Set(plan.created_at),
        }
    }
}
