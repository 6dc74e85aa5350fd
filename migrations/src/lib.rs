//! The database schema of Turnpike: one file per change, the same for SQLite and PostgreSQL.
//!
//! A change that was released is never edited; the next one is a new file at the end of [`Migrator::migrations`].
//! Every change can be taken back (`down`), and tests do so on both engines. This crate knows tables and columns by
//! their names only, so that an old change keeps its meaning when the code moves on.

pub use sea_orm_migration::{MigratorTrait, SchemaManager};

mod m20261120_000001_accounts;
mod m20261120_000002_catalog;
mod m20261120_000003_subscriptions;
mod m20261120_000004_usage;
mod m20261120_000005_installation;
mod m20261120_000006_gateway_nodes;
mod m20261121_000007_policies;
mod m20261121_000008_version_routing;
mod m20261121_000009_clients;
mod m20261121_000010_cache_purges;
mod m20261121_000011_spec_reports;
mod m20261121_000012_revision_sources;
mod table;

use sea_orm_migration::{MigrationTrait, sea_orm::DynIden, sea_query::IntoIden};

/// Every change, oldest first.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261120_000001_accounts::Migration),
            Box::new(m20261120_000002_catalog::Migration),
            Box::new(m20261120_000003_subscriptions::Migration),
            Box::new(m20261120_000004_usage::Migration),
            Box::new(m20261120_000005_installation::Migration),
            Box::new(m20261120_000006_gateway_nodes::Migration),
            Box::new(m20261121_000007_policies::Migration),
            Box::new(m20261121_000008_version_routing::Migration),
            Box::new(m20261121_000009_clients::Migration),
            Box::new(m20261121_000010_cache_purges::Migration),
            Box::new(m20261121_000011_spec_reports::Migration),
            Box::new(m20261121_000012_revision_sources::Migration),
        ]
    }

    fn migration_table_name() -> DynIden {
        "schema_migration".into_iden()
    }
}
