//! What the installation as a whole keeps: configuration revision and changes, audit log, outbox, settings.

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, binary_null, integer, pk_uuid, string, text, text_null, timestamp_with_time_zone,
        timestamp_with_time_zone_null, uuid_null,
    },
};

use crate::table::{drop, index, word};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // One row: it is also the lock that puts configuration changes in order.
        manager
            .create_table(
                Table::create()
                    .table("config_state")
                    .col(integer("id").primary_key().check(Expr::col("id").eq(1)))
                    .col(big_integer("revision"))
                    .to_owned(),
            )
            .await?;
        manager
            .execute(
                Query::insert()
                    .into_table("config_state")
                    .columns(["id", "revision"])
                    .values_panic([1.into(), 1.into()])
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("config_change")
                    .col(big_integer("revision"))
                    .col(integer("seq"))
                    .col(word("kind", &["catalog", "subscription", "key"]))
                    .col(uuid_null("entity_id"))
                    .col(binary_null("key_hash"))
                    .primary_key(Index::create().col("revision").col("seq"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("audit_entry")
                    .col(pk_uuid("id"))
                    .col(timestamp_with_time_zone("at"))
                    .col(uuid_null("account_id"))
                    .col(text_null("account_email"))
                    .col(uuid_null("organization_id"))
                    .col(text("action"))
                    .col(text("target"))
                    .col(text("detail"))
                    .to_owned(),
            )
            .await?;
        index(manager, "audit_entry", &["organization_id", "id"]).await?;
        manager
            .create_table(
                Table::create()
                    .table("outbox_mail")
                    .col(pk_uuid("id"))
                    .col(text("recipient"))
                    .col(text("subject"))
                    .col(text("body"))
                    .col(timestamp_with_time_zone("created_at"))
                    .col(timestamp_with_time_zone("due_at"))
                    .col(integer("attempts"))
                    .col(timestamp_with_time_zone_null("leased_until"))
                    .col(text_null("last_error"))
                    .col(word("state", &["queued", "failed"]))
                    .to_owned(),
            )
            .await?;
        index(manager, "outbox_mail", &["state", "due_at"]).await?;
        manager
            .create_table(
                Table::create()
                    .table("setting")
                    .col(string("name").primary_key())
                    .col(text("value"))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(
            manager,
            &["setting", "outbox_mail", "audit_entry", "config_change", "config_state"],
        )
        .await
    }
}
