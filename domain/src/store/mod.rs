//! The database: connections, transactions, entities.

pub mod gateway_config;

/// A database, SQLite or PostgreSQL, with its schema up to date. Cheap to clone.
#[derive(Clone)]
pub struct Database {}
