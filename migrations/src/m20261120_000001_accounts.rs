//! Who signs in, and the organizations they belong to.

use sea_orm_migration::{
    prelude::*,
    schema::{
        binary, binary_uniq, boolean, pk_uuid, string_uniq, text, timestamp_with_time_zone,
        timestamp_with_time_zone_null, uuid,
    },
};

use crate::table::{belongs_to, drop, index, word};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("account")
                    .col(pk_uuid("id"))
                    .col(string_uniq("email"))
                    .col(text("name"))
                    .col(text("password_hash"))
                    .col(timestamp_with_time_zone_null("verified_at"))
                    .col(boolean("is_operator"))
                    .col(word("state", &["active", "suspended", "deleted"]))
                    .col(timestamp_with_time_zone("created_at"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("account_token")
                    .col(binary("token_hash").primary_key())
                    .col(uuid("account_id"))
                    .col(word("purpose", &["verify", "reset", "notice"]))
                    .col(timestamp_with_time_zone("expires_at"))
                    .col(timestamp_with_time_zone_null("used_at"))
                    .col(timestamp_with_time_zone("created_at"))
                    .foreign_key(&mut belongs_to("account_token", "account_id", "account", "id"))
                    .to_owned(),
            )
            .await?;
        index(manager, "account_token", &["account_id"]).await?;
        manager
            .create_table(
                Table::create()
                    .table("session")
                    .col(pk_uuid("id"))
                    .col(binary_uniq("token_hash"))
                    .col(uuid("account_id"))
                    .col(text("user_agent"))
                    .col(text("ip"))
                    .col(timestamp_with_time_zone("created_at"))
                    .col(timestamp_with_time_zone("last_seen_at"))
                    .col(timestamp_with_time_zone("expires_at"))
                    .foreign_key(&mut belongs_to("session", "account_id", "account", "id"))
                    .to_owned(),
            )
            .await?;
        index(manager, "session", &["account_id"]).await?;
        manager
            .create_table(
                Table::create()
                    .table("organization")
                    .col(pk_uuid("id"))
                    .col(string_uniq("slug"))
                    .col(text("name"))
                    .col(word("state", &["active", "suspended", "deleted"]))
                    .col(timestamp_with_time_zone("created_at"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("membership")
                    .col(uuid("organization_id"))
                    .col(uuid("account_id"))
                    .col(word("role", &["owner", "admin", "publisher", "viewer"]))
                    .col(timestamp_with_time_zone("created_at"))
                    .primary_key(Index::create().col("organization_id").col("account_id"))
                    .foreign_key(&mut belongs_to("membership", "organization_id", "organization", "id"))
                    .foreign_key(&mut belongs_to("membership", "account_id", "account", "id"))
                    .to_owned(),
            )
            .await?;
        index(manager, "membership", &["account_id"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(
            manager,
            &["membership", "organization", "session", "account_token", "account"],
        )
        .await
    }
}
