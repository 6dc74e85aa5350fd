//! Where a version answers beside `/{organization}/{api}/{version}`.

use sea_orm_migration::{
    prelude::*,
    schema::{json_null, text_null},
};

use crate::table::{index, unique};

/// Columns of `version`.
const COLUMNS: [&str; 3] = ["routing", "host", "route"];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // One column at a time: SQLite takes no more.
        let added = [
            json_null("routing"),
            // Both copied out of `routing`, and empty for retired versions: whose a host is, and that no two versions
            // answer at one place.
            text_null("host"),
            text_null("route"),
        ];
        for column in added {
            manager
                .alter_table(Table::alter().table("version").add_column(column).to_owned())
                .await?;
        }
        index(manager, "version", &["host"]).await?;
        unique(manager, "version", &["route"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in ["uq_version_route", "ix_version_host"] {
            manager
                .drop_index(Index::drop().name(name).table("version").to_owned())
                .await?;
        }
        for column in COLUMNS {
            manager
                .alter_table(Table::alter().table("version").drop_column(column).to_owned())
                .await?;
        }
        Ok(())
    }
}
