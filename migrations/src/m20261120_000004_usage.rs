//! The ledger.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, boolean, integer, string, text, timestamp_with_time_zone, uuid},
};

use crate::table::{drop, index};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // No foreign keys: the ledger outlives what it counted, and "none" is the all-zero id.
        manager
            .create_table(
                Table::create()
                    .table("usage_record")
                    .col(uuid("subscription_id"))
                    .col(uuid("key_id"))
                    .col(uuid("version_id"))
                    .col(text("operation"))
                    .col(big_integer("minute"))
                    .col(integer("status"))
                    .col(boolean("is_refused"))
                    .col(big_integer("calls"))
                    .col(big_integer("units"))
                    .col(big_integer("bytes_in"))
                    .col(big_integer("bytes_out"))
                    .col(big_integer("latency_us"))
                    .primary_key(
                        Index::create()
                            .col("subscription_id")
                            .col("key_id")
                            .col("version_id")
                            .col("operation")
                            .col("minute")
                            .col("status")
                            .col("is_refused"),
                    )
                    .to_owned(),
            )
            .await?;
        index(manager, "usage_record", &["version_id", "minute"]).await?;
        index(manager, "usage_record", &["subscription_id", "minute"]).await?;
        manager
            .create_table(
                Table::create()
                    .table("usage_batch")
                    .col(string("gateway"))
                    .col(big_integer("sequence"))
                    .col(timestamp_with_time_zone("written_at"))
                    .primary_key(Index::create().col("gateway").col("sequence"))
                    .to_owned(),
            )
            .await?;
        // Old batches are forgotten by the hour.
        index(manager, "usage_batch", &["written_at"]).await?;
        manager
            .create_table(
                Table::create()
                    .table("quota_usage")
                    .col(uuid("subscription_id"))
                    .col(big_integer("period_start"))
                    .col(big_integer("units"))
                    .primary_key(Index::create().col("subscription_id").col("period_start"))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, &["quota_usage", "usage_batch", "usage_record"]).await
    }
}
