//! The database: connections, transactions, entities.
//!
//! SQLite has one connection for writing (every write transaction begins with `BEGIN IMMEDIATE`, the pool is the fair
//! queue) and several that can only read; PostgreSQL has one pool for both. A write use case is one unit of work (`unit.rs`).

pub mod gateway_config;

mod config_records;
mod document_texts;
pub(crate) mod entity;
mod error;
mod gateway_nodes;
mod listen;
mod open;
pub(crate) mod row;
pub(crate) mod unit;

use std::{sync::Arc, time::Duration};

use sea_orm::{
    AccessMode, DatabaseConnection, DatabaseTransaction, DbBackend, IsolationLevel, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};

pub(crate) use error::OrTaken;
pub use listen::ConfigListener;
pub use open::{OpenError, OpenOptions};

use crate::error::{DomainError, Result};

/// How long the database may take to answer before it counts as gone: whoever asks for its health cannot wait for long.
const HEALTH_WITHIN: Duration = Duration::from_secs(2);

/// A database, SQLite or PostgreSQL, with its schema up to date. Cheap to clone.
#[derive(Clone)]
pub struct Database {
    inner: Arc<Connections>,
}

struct Connections {
    read: DatabaseConnection,
    /// The same pool as `read` on PostgreSQL.
    write: DatabaseConnection,
}

/// Which database engine it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Engine {
    /// One file, one node.
    Sqlite,
    /// A server that several nodes share.
    Postgres,
}

/// The connections of one pool at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolUse {
    /// What it is for: `read` and `write` on SQLite, `all` on PostgreSQL.
    pub pool: &'static str,
    /// Connections that are in use.
    pub busy: u32,
    /// Connections that are open and wait.
    pub idle: u32,
    /// Connections that may be open.
    pub max: u32,
}

impl PoolUse {
    fn of<DB: sqlx::Database>(name: &'static str, pool: &sqlx::Pool<DB>) -> Self {
        let idle = u32::try_from(pool.num_idle()).unwrap_or(u32::MAX);
        Self {
            pool: name,
            busy: pool.size().saturating_sub(idle),
            idle,
            max: pool.options().get_max_connections(),
        }
    }
}

impl Database {
    /// The connections of every pool.
    pub fn pools(&self) -> Vec<PoolUse> {
        let Connections { read, write } = &*self.inner;
        match self.engine() {
            Engine::Postgres => vec![PoolUse::of("all", read.get_postgres_connection_pool())],
            Engine::Sqlite => vec![
                PoolUse::of("read", read.get_sqlite_connection_pool()),
                PoolUse::of("write", write.get_sqlite_connection_pool()),
            ],
        }
    }

    /// Which engine it is.
    pub fn engine(&self) -> Engine {
        match self.inner.read.get_database_backend() {
            DbBackend::Postgres => Engine::Postgres,
            _ => Engine::Sqlite,
        }
    }

    /// Whether the database answers within 2 seconds.
    ///
    /// # Errors
    /// [`crate::error::DomainError::Internal`] with the cause if it does not.
    pub async fn health(&self) -> Result<()> {
        let ping = tokio::time::timeout(HEALTH_WITHIN, self.inner.read.ping()).await;
        Ok(ping.map_err(DomainError::internal)??)
    }

    /// Closes every connection, after those in use have come back. Clones of this value are of no use afterwards.
    pub async fn close(&self) {
        for connection in [&self.inner.read, &self.inner.write] {
            match self.engine() {
                Engine::Sqlite => connection.get_sqlite_connection_pool().close().await,
                Engine::Postgres => connection.get_postgres_connection_pool().close().await,
            }
        }
    }

    /// For single reads, each of which sees the newest commit.
    pub(crate) fn read(&self) -> &DatabaseConnection {
        &self.inner.read
    }

    /// A transaction of reads that all see the same state.
    pub(crate) async fn snapshot(&self) -> Result<DatabaseTransaction> {
        let options = match self.engine() {
            // A deferred transaction of SQLite reads one state from its first statement on.
            Engine::Sqlite => TransactionOptions::default(),
            Engine::Postgres => TransactionOptions {
                isolation_level: Some(IsolationLevel::RepeatableRead),
                access_mode: Some(AccessMode::ReadOnly),
                sqlite_transaction_mode: None,
            },
        };
        Ok(self.inner.read.begin_with_options(options).await?)
    }

    /// A transaction that may write; dropped without a commit, it changes nothing.
    ///
    /// Use cases begin a [`unit::Unit`] instead, which does not forget whom to tell.
    pub(crate) async fn write(&self) -> Result<DatabaseTransaction> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        Ok(self.inner.write.begin_with_options(options).await?)
    }
}
