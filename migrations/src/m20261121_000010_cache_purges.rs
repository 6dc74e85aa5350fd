//! Purges of the response cache in the log of changes.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, binary_null, integer, text_null, uuid_null},
};

use crate::table::{drop, word};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const KINDS: [&str; 5] = ["catalog", "subscription", "key", "identity", "purge"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut log = change_log(&KINDS);
        // What the path and query of the answers of a purge begin with.
        log.col(text_null("path_prefix"));
        replace_change_log(manager, log).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        replace_change_log(manager, change_log(&KINDS[..4])).await
    }
}

fn change_log(kinds: &[&'static str]) -> TableCreateStatement {
    Table::create()
        .table("config_change")
        .col(big_integer("revision"))
        .col(integer("seq"))
        .col(word("kind", kinds))
        .col(uuid_null("entity_id"))
        .col(binary_null("key_hash"))
        .primary_key(Index::create().col("revision").col("seq"))
        .to_owned()
}

/// Makes the log of changes anew: the words of a column cannot be changed everywhere. Gateways that miss entries read
/// everything.
async fn replace_change_log(manager: &SchemaManager<'_>, log: TableCreateStatement) -> Result<(), DbErr> {
    drop(manager, &["config_change"]).await?;
    manager.create_table(log).await
}
