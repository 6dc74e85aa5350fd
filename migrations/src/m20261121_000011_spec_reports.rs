//! What was said of revisions when they came, and the rules that organizations hold their documents to.

use sea_orm_migration::{
    prelude::*,
    schema::{json, json_null, pk_uuid, string_len, text, timestamp_with_time_zone},
};

use crate::table::{belongs_to, drop};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("organization_ruleset")
                    .col(pk_uuid("organization_id"))
                    // As it was written, with its comments.
                    .col(text("source"))
                    .col(string_len("sha256", 64))
                    .col(timestamp_with_time_zone("updated_at"))
                    .foreign_key(&mut belongs_to(
                        "organization_ruleset",
                        "organization_id",
                        "organization",
                        "id",
                    ))
                    .to_owned(),
            )
            .await?;
        // Apart from the revisions, which lists read without them.
        manager
            .create_table(
                Table::create()
                    .table("revision_report")
                    .col(pk_uuid("revision_id"))
                    // The SHA-256 of the ruleset; empty for the default.
                    .col(text("ruleset"))
                    .col(json("checks"))
                    // Null for the first revision of a version.
                    .col(json_null("changes"))
                    .col(timestamp_with_time_zone("made_at"))
                    .foreign_key(&mut belongs_to("revision_report", "revision_id", "revision", "id"))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, &["revision_report", "organization_ruleset"]).await
    }
}
