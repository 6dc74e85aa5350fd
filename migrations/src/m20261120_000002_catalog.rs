//! Apis, their versions and the specs of these.

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, blob, integer, json, json_null, pk_uuid, string_len, text, text_null, timestamp_with_time_zone,
        timestamp_with_time_zone_null, uuid, uuid_null,
    },
};

use crate::table::{belongs_to, drop, index, refers_to, unique, word};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("api")
                    .col(pk_uuid("id"))
                    .col(uuid("organization_id"))
                    .col(text("slug"))
                    .col(text("name"))
                    .col(text("summary"))
                    .col(word("visibility", &["public", "private"]))
                    .col(json("tags"))
                    .col(timestamp_with_time_zone("created_at"))
                    .foreign_key(&mut refers_to("api", "organization_id", "organization", "id"))
                    .to_owned(),
            )
            .await?;
        unique(manager, "api", &["organization_id", "slug"]).await?;
        manager
            .create_table(
                Table::create()
                    .table("version")
                    .col(pk_uuid("id"))
                    .col(uuid("api_id"))
                    .col(text("name"))
                    .col(word("state", &["draft", "published", "deprecated", "retired"]))
                    // No foreign key: `revision` refers to this table, and SQLite cannot add one later.
                    .col(uuid_null("revision_id"))
                    .col(json_null("upstream"))
                    .col(word("access", &["key", "anonymous"]))
                    .col(json_null("deprecation"))
                    // Copied out of `deprecation`, so that the lifecycle task finds what is due.
                    .col(timestamp_with_time_zone_null("sunset_at"))
                    .col(timestamp_with_time_zone("created_at"))
                    .col(timestamp_with_time_zone_null("published_at"))
                    .foreign_key(&mut belongs_to("version", "api_id", "api", "id"))
                    .to_owned(),
            )
            .await?;
        unique(manager, "version", &["api_id", "name"]).await?;
        index(manager, "version", &["state", "sunset_at"]).await?;
        // Uploaded bytes apart from the revisions, which lists read without them; equal uploads share a row.
        manager
            .create_table(
                Table::create()
                    .table("spec_document")
                    .col(string_len("sha256", 64).primary_key())
                    .col(blob("bytes"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("revision")
                    .col(pk_uuid("id"))
                    .col(uuid("version_id"))
                    .col(integer("number"))
                    .col(string_len("sha256", 64))
                    .col(text("source"))
                    .col(text("format"))
                    .col(text("title"))
                    .col(text("document_version"))
                    .col(integer("operation_count"))
                    .col(big_integer("size"))
                    .col(json("diagnostics"))
                    .col(json("operations"))
                    .col(text_null("suggested_upstream"))
                    .col(timestamp_with_time_zone("created_at"))
                    .col(uuid_null("created_by"))
                    .foreign_key(&mut belongs_to("revision", "version_id", "version", "id"))
                    .foreign_key(&mut refers_to("revision", "sha256", "spec_document", "sha256"))
                    .to_owned(),
            )
            .await?;
        unique(manager, "revision", &["version_id", "number"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, &["revision", "spec_document", "version", "api"]).await
    }
}
