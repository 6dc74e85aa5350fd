//! Being told by other processes that the configuration changed.

use sqlx::postgres::PgListener;

use super::{Database, Engine};
use crate::error::{DomainError, Result};

/// Channel of PostgreSQL's `NOTIFY` on which commits announce a new configuration.
pub(crate) const CONFIG_CHANNEL: &str = "turnpike_config";

/// Wakes when a process over the same PostgreSQL database commits a change that a gateway must know.
pub struct ConfigListener {
    inner: PgListener,
}

impl ConfigListener {
    /// Waits for the next change. After a lost connection, which may have hidden one, it connects again and wakes too.
    ///
    /// # Errors
    /// `Internal` if the database cannot be reached; the next call tries again.
    pub async fn changed(&mut self) -> Result<()> {
        self.inner.try_recv().await.map_err(DomainError::internal)?;
        // Several commits at once are one reason to look.
        while self.inner.next_buffered().is_some() {}
        Ok(())
    }
}

impl Database {
    /// Listens for changes made by other processes. `None` on SQLite, which only one process serves.
    pub async fn listen_config_changes(&self) -> Result<Option<ConfigListener>> {
        if self.engine() == Engine::Sqlite {
            return Ok(None);
        }
        let pool = self.inner.read.get_postgres_connection_pool();
        let mut inner = PgListener::connect_with(pool).await.map_err(DomainError::internal)?;
        inner.listen(CONFIG_CHANNEL).await.map_err(DomainError::internal)?;
        Ok(Some(ConfigListener { inner }))
    }
}
