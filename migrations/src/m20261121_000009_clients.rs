//! OAuth clients of applications, scopes that providers grant, and identities that they map to subscriptions.

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, binary, binary_null, integer, json_null, pk_uuid, text, text_uniq, timestamp_with_time_zone,
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
                    .table("oauth_client")
                    .col(pk_uuid("id"))
                    .col(uuid("application_id"))
                    .col(text("name"))
                    // What the client calls itself at the token endpoint.
                    .col(text_uniq("client_id"))
                    .col(binary("secret_hash"))
                    .col(word("state", &["active", "revoked"]))
                    .col(timestamp_with_time_zone("created_at"))
                    .col(timestamp_with_time_zone_null("revoked_at"))
                    .foreign_key(&mut refers_to("oauth_client", "application_id", "application", "id"))
                    .to_owned(),
            )
            .await?;
        index(manager, "oauth_client", &["application_id"]).await?;
        manager
            .create_table(
                Table::create()
                    .table("mapped_identity")
                    .col(pk_uuid("id"))
                    .col(uuid("organization_id"))
                    .col(uuid("subscription_id"))
                    .col(word("kind", &["subject", "certificate"]))
                    // Empty for a certificate. Part of an index that allows each value once, so it is never null.
                    .col(text("issuer"))
                    // Of a subject; the thumbprint of a certificate in hexadecimal.
                    .col(text("name"))
                    .col(timestamp_with_time_zone("created_at"))
                    .foreign_key(&mut belongs_to("mapped_identity", "organization_id", "organization", "id"))
                    .foreign_key(&mut belongs_to("mapped_identity", "subscription_id", "subscription", "id"))
                    .to_owned(),
            )
            .await?;
        unique(
            manager,
            "mapped_identity",
            &["organization_id", "kind", "issuer", "name"],
        )
        .await?;
        index(manager, "mapped_identity", &["subscription_id"]).await?;
        manager
            .alter_table(
                Table::alter()
                    .table("subscription")
                    .add_column(json_null("scopes"))
                    .to_owned(),
            )
            .await?;
        change_log(manager, &["catalog", "subscription", "key", "identity"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change_log(manager, &["catalog", "subscription", "key"]).await?;
        manager
            .alter_table(Table::alter().table("subscription").drop_column("scopes").to_owned())
            .await?;
        drop(manager, &["mapped_identity", "oauth_client"]).await
    }
}

/// Makes the log of changes anew: the words of a column cannot be changed everywhere. Gateways that miss entries read
/// everything.
async fn change_log(manager: &SchemaManager<'_>, kinds: &[&'static str]) -> Result<(), DbErr> {
    drop(manager, &["config_change"]).await?;
    manager
        .create_table(
            Table::create()
                .table("config_change")
                .col(big_integer("revision"))
                .col(integer("seq"))
                .col(word("kind", kinds))
                .col(uuid_null("entity_id"))
                .col(binary_null("key_hash"))
                .primary_key(Index::create().col("revision").col("seq"))
                .to_owned(),
        )
        .await
}
