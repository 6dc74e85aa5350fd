//! What each organization, api, version and operation says of each policy.

use sea_orm::entity::prelude::*;

use crate::{
    clock::Timestamp,
    id::{ApiId, OrganizationId, VersionId},
    policy::{
        PolicyName, PolicySet,
        secrets::{Opener, SecretPlace},
    },
    store::row::{Corrupt, Row},
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "policy")]
pub(crate) struct Model {
    /// The organization, api or version that it is attached to, or whose operation it is attached to.
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) scope_id: Uuid,
    /// `GET /pets/{id}`; empty for all but operations.
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) operation: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) name: String,
    pub(crate) level: String,
    pub(crate) organization_id: OrganizationId,
    pub(crate) api_id: Option<ApiId>,
    pub(crate) version_id: Option<VersionId>,
    /// The policy's body, or the text `off`.
    pub(crate) body: Json,
    pub(crate) updated_at: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Adds what the row says to what others say of the same thing, with its secrets opened.
    pub(crate) fn add_to(self, set: &mut PolicySet, opener: Opener<'_>) -> Result<(), Corrupt> {
        let (name, mut said) = self.sealed()?;
        let place = SecretPlace {
            scope: self.scope_id,
            operation: &self.operation,
        };
        opener
            .open(place, &mut said)
            .map_err(|error| self.row().corrupt("body", Some(error.into())))?;
        set.replace(name, &said);
        Ok(())
    }

    /// What the row says, as it is stored.
    pub(crate) fn sealed(&self) -> Result<(PolicyName, PolicySet), Corrupt> {
        let row = self.row();
        let name: PolicyName = row.word("name", &self.name)?;
        let said = row.json("body", serde_json::json!({ self.name.as_str(): self.body }))?;
        Ok((name, said))
    }

    fn row(&self) -> Row<String> {
        Row::new("policy", format!("{} {}", self.scope_id, self.name))
    }
}
