//! Policies of organizations, apis, versions and operations.

use sea_orm_migration::{
    prelude::*,
    schema::{json, text, timestamp_with_time_zone, uuid, uuid_null},
};

use crate::table::{belongs_to, drop, word};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("policy")
                    // The organization, api or version that it is attached to, or whose operation it is attached to.
                    .col(uuid("scope_id"))
                    // `GET /pets/{id}`; empty for all but operations. Part of the key, so it is never null.
                    .col(text("operation"))
                    .col(text("name"))
                    .col(word("level", &["organization", "api", "version", "operation"]))
                    // The same thing as `scope_id`, and what it belongs to: the row goes with the first that goes.
                    .col(uuid("organization_id"))
                    .col(uuid_null("api_id"))
                    .col(uuid_null("version_id"))
                    .col(json("body"))
                    .col(timestamp_with_time_zone("updated_at"))
                    .primary_key(Index::create().col("scope_id").col("operation").col("name"))
                    .foreign_key(&mut belongs_to("policy", "organization_id", "organization", "id"))
                    .foreign_key(&mut belongs_to("policy", "api_id", "api", "id"))
                    .foreign_key(&mut belongs_to("policy", "version_id", "version", "id"))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, &["policy"]).await
    }
}
