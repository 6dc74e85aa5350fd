//! Shorthand for what every table needs.

use sea_orm_migration::{
    SchemaManager,
    sea_orm::{
        DbErr,
        sea_query::{
            ColumnDef, Expr, ExprTrait, ForeignKey, ForeignKeyAction, ForeignKeyCreateStatement, Index, Table,
        },
    },
};

/// A text column that holds one of a few words.
pub(crate) fn word(column: &'static str, words: &[&'static str]) -> ColumnDef {
    let mut def = ColumnDef::new(column);
    def.text()
        .not_null()
        .check(Expr::col(column).is_in(words.iter().copied()));
    def
}

/// `column` holds the key of a row of `parent` and goes with it.
pub(crate) fn belongs_to(
    table: &'static str,
    column: &'static str,
    parent: &'static str,
    key: &'static str,
) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(format!("fk_{table}_{column}"))
        .from(table, column)
        .to(parent, key)
        .on_delete(ForeignKeyAction::Cascade)
        .to_owned()
}

/// `column` holds the key of a row of `parent`, which cannot be deleted before this row.
pub(crate) fn refers_to(
    table: &'static str,
    column: &'static str,
    parent: &'static str,
    key: &'static str,
) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(format!("fk_{table}_{column}"))
        .from(table, column)
        .to(parent, key)
        .on_delete(ForeignKeyAction::Restrict)
        .to_owned()
}

/// Makes the index `ix_TABLE_COLUMNS`.
pub(crate) async fn index(
    manager: &SchemaManager<'_>,
    table: &'static str,
    columns: &[&'static str],
) -> Result<(), DbErr> {
    let mut index = Index::create();
    index.name(format!("ix_{table}_{}", columns.join("_"))).table(table);
    for column in columns {
        index.col(*column);
    }
    manager.create_index(index).await
}

/// Makes the index `uq_TABLE_COLUMNS`, which allows each combination of values once.
pub(crate) async fn unique(
    manager: &SchemaManager<'_>,
    table: &'static str,
    columns: &[&'static str],
) -> Result<(), DbErr> {
    let mut index = Index::create();
    index
        .name(format!("uq_{table}_{}", columns.join("_")))
        .table(table)
        .unique();
    for column in columns {
        index.col(*column);
    }
    manager.create_index(index).await
}

/// Drops tables in the order given, with their indexes.
pub(crate) async fn drop(manager: &SchemaManager<'_>, tables: &[&'static str]) -> Result<(), DbErr> {
    for table in tables {
        manager.drop_table(Table::drop().table(*table).to_owned()).await?;
    }
    Ok(())
}
