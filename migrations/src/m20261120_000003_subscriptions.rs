//! Plans, and the applications, subscriptions and keys of consumers.

use sea_orm_migration::{
    prelude::*,
    schema::{
        binary_uniq, json, json_null, pk_uuid, text, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid,
    },
};

use crate::table::{belongs_to, drop, index, refers_to, word};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("plan")
                    .col(pk_uuid("id"))
                    .col(uuid("organization_id"))
                    .col(text("slug"))
                    .col(text("name"))
                    .col(json("price"))
                    .col(json("rate_limits"))
                    .col(json_null("quota"))
                    .col(word("approval", &["automatic", "manual"]))
                    .col(word("state", &["active", "deleted"]))
                    .col(timestamp_with_time_zone("created_at"))
                    .foreign_key(&mut refers_to("plan", "organization_id", "organization", "id"))
                    .to_owned(),
            )
            .await?;
        // The slug of a deleted plan can be given again.
        manager
            .create_index(
                Index::create()
                    .name("uq_plan_organization_id_slug")
                    .table("plan")
                    .col("organization_id")
                    .col("slug")
                    .unique()
                    .and_where(Expr::col("state").eq("active"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("plan_api")
                    .col(uuid("plan_id"))
                    .col(uuid("api_id"))
                    .primary_key(Index::create().col("plan_id").col("api_id"))
                    .foreign_key(&mut belongs_to("plan_api", "plan_id", "plan", "id"))
                    .foreign_key(&mut belongs_to("plan_api", "api_id", "api", "id"))
                    .to_owned(),
            )
            .await?;
        index(manager, "plan_api", &["api_id"]).await?;
        manager
            .create_table(
                Table::create()
                    .table("application")
                    .col(pk_uuid("id"))
                    .col(uuid("owner_id"))
                    .col(text("slug"))
                    .col(text("name"))
                    .col(text("description"))
                    .col(word("state", &["active", "deleted"]))
                    .col(timestamp_with_time_zone("created_at"))
                    .foreign_key(&mut refers_to("application", "owner_id", "account", "id"))
                    .to_owned(),
            )
            .await?;
        // The slug of a deleted application can be given again.
        manager
            .create_index(
                Index::create()
                    .name("uq_application_owner_id_slug")
                    .table("application")
                    .col("owner_id")
                    .col("slug")
                    .unique()
                    .and_where(Expr::col("state").eq("active"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("subscription")
                    .col(pk_uuid("id"))
                    .col(uuid("application_id"))
                    .col(uuid("plan_id"))
                    .col(word("state", &["pending", "active", "suspended", "canceled"]))
                    .col(timestamp_with_time_zone("created_at"))
                    .col(timestamp_with_time_zone_null("canceled_at"))
                    .foreign_key(&mut refers_to("subscription", "application_id", "application", "id"))
                    // A plan that had subscriptions stays as a deleted one: the ledger is read by them.
                    .foreign_key(&mut refers_to("subscription", "plan_id", "plan", "id"))
                    .to_owned(),
            )
            .await?;
        index(manager, "subscription", &["application_id"]).await?;
        index(manager, "subscription", &["plan_id", "state"]).await?;
        manager
            .create_table(
                Table::create()
                    .table("api_key")
                    .col(pk_uuid("id"))
                    .col(uuid("application_id"))
                    .col(text("name"))
                    .col(binary_uniq("hash"))
                    .col(text("prefix"))
                    .col(text("last_four"))
                    .col(word("state", &["active", "revoked"]))
                    .col(timestamp_with_time_zone("created_at"))
                    .col(timestamp_with_time_zone_null("last_used_at"))
                    .col(timestamp_with_time_zone_null("revoked_at"))
                    .foreign_key(&mut refers_to("api_key", "application_id", "application", "id"))
                    .to_owned(),
            )
            .await?;
        index(manager, "api_key", &["application_id"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, &["api_key", "subscription", "application", "plan_api", "plan"]).await
    }
}
