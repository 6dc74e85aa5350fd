//! What revisions were made of, where that is not their document: archives of files, overlays.

use sea_orm_migration::{
    prelude::*,
    schema::{json_null, text_null},
};

/// Columns of `revision`.
const COLUMNS: [&str; 2] = ["upload_sha256", "overlays"];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // One column at a time: SQLite takes no more.
        let added = [
            // Key of the uploaded bytes in `spec_document`; null where they are the document.
            text_null("upload_sha256"),
            // Name and key of each overlay, in the order in which they were applied.
            json_null("overlays"),
        ];
        for column in added {
            manager
                .alter_table(Table::alter().table("revision").add_column(column).to_owned())
                .await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in COLUMNS {
            manager
                .alter_table(Table::alter().table("revision").drop_column(column).to_owned())
                .await?;
        }
        Ok(())
    }
}
