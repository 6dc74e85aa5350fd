//! Opening a database and bringing its schema up to date.

use std::{
    fs,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use migrations::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, SqlxPostgresConnector, SqlxSqliteConnector};
use sqlx::{
    Connection, PgConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{Connections, Database, Engine};

/// Number of the advisory lock under which one process at a time migrates a PostgreSQL database.
const MIGRATION_LOCK: i64 = 0x0074_7572_6e70_696b;

/// How long a write waits for its turn, and a read for a connection, before it fails.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a server may take to let us in at the start.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// How long SQLite waits for another process (a backup, `turnpike apply`) to finish its transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How a database is opened.
#[derive(Clone, Copy, Debug)]
pub struct OpenOptions {
    /// Most connections at once: to PostgreSQL in all, to SQLite for reading (one more writes).
    pub max_connections: u32,
}

impl Default for OpenOptions {
    fn default() -> Self {
        // Reads are short; more than a few at once only wait for the same cores.
        Self { max_connections: 10 }
    }
}

/// Why a database could not be opened; each in one line, for the operator.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Neither `sqlite://…` nor `postgres://…`, or something in it that the engine does not know.
    #[error("the database URL cannot be used: {reason} (write sqlite://PATH or postgres://USER@HOST/NAME)")]
    Url {
        /// What is wrong, without the password.
        reason: String,
    },
    /// The file or its folder cannot be written.
    #[error("cannot write the database file {}: {source}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is no database, or the server does not let us in.
    #[error("cannot open the database {place}: {source}")]
    Connect {
        /// File or server, without the password.
        place: String,
        /// What the engine says.
        source: sqlx::Error,
    },
    /// A newer Turnpike has changed the schema.
    #[error(
        "the database {place} was made by a newer version of turnpike (it has `{change}`): use that one or restore a backup"
    )]
    DatabaseNewer {
        /// File or server.
        place: String,
        /// The newest change that this binary does not know.
        change: String,
    },
    /// Bringing the schema up to date failed; nothing was changed.
    #[error("cannot bring the database {place} up to date: {source}")]
    Migrate {
        /// File or server.
        place: String,
        /// What the engine says.
        source: DbErr,
    },
}

impl OpenError {
    /// Whether the server is away or does not take connections for now, rather than that it or we are set up wrongly.
    pub fn is_unreachable(&self) -> bool {
        let Self::Connect { source, .. } = self else {
            return false;
        };
        match source {
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut => true,
            // It starts or stops, or has too many connections.
            sqlx::Error::Database(error) => error
                .code()
                .is_some_and(|code| ["57P01", "57P02", "57P03", "53300"].contains(&code.as_ref())),
            _ => false,
        }
    }
}

impl Database {
    /// A PostgreSQL database that is not there yet: every use fails until it is. [`Self::bring_up_to_date`] must have
    /// succeeded once before anything else is believed.
    ///
    /// # Errors
    /// Not a URL of PostgreSQL.
    pub fn open_later(url: &str, options: OpenOptions) -> Result<Self, OpenError> {
        let (connect, _) = postgres_options(url)?;
        Ok(Self::over_postgres(postgres_pool(options).connect_lazy_with(connect)))
    }

    /// Brings the schema up to date, one process at a time, all or nothing.
    ///
    /// # Errors
    /// The database is newer than this program, or still away.
    pub async fn bring_up_to_date(&self) -> Result<(), OpenError> {
        self.migrate("of this installation").await
    }

    fn over_postgres(pool: sqlx::PgPool) -> Self {
        let connection = SqlxPostgresConnector::from_sqlx_postgres_pool(pool);
        let inner = Connections {
            read: connection.clone(),
            write: connection,
        };
        Self { inner: Arc::new(inner) }
    }

    /// Opens `sqlite://PATH` (made if it is not there) or `postgres://USER:PASSWORD@HOST/NAME` and brings the schema up
    /// to date, one process at a time, all or nothing.
    pub async fn open(url: &str, options: OpenOptions) -> Result<Self, OpenError> {
        let (database, place) = match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("sqlite") => open_sqlite(url, options).await?,
            Some("postgres" | "postgresql") => open_postgres(url, options).await?,
            Some(other) => {
                return Err(OpenError::Url {
                    reason: format!("`{other}` is not supported"),
                });
            }
            None => {
                return Err(OpenError::Url {
                    reason: "it has no scheme".into(),
                });
            }
        };
        database.migrate(&place).await?;
        Ok(database)
    }

    async fn migrate(&self, place: &str) -> Result<(), OpenError> {
        let failed = |source| OpenError::Migrate {
            place: place.to_owned(),
            source,
        };
        let tx = self
            .write()
            .await
            .map_err(|error| failed(DbErr::Custom(error_text(&error))))?;
        if self.engine() == Engine::Postgres {
            tx.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
                .await
                .map_err(failed)?;
        }
        if let Some(change) = newest_unknown(&tx).await.map_err(failed)? {
            return Err(OpenError::DatabaseNewer {
                place: place.to_owned(),
                change,
            });
        }
        Migrator::up(&tx, None).await.map_err(failed)?;
        tx.commit().await.map_err(failed)
    }
}

/// The newest applied change that is not in this binary.
async fn newest_unknown(tx: &DatabaseTransaction) -> Result<Option<String>, DbErr> {
    let known = Migrator::migrations();
    let applied = Migrator::get_migration_models(tx).await?;
    Ok(applied
        .into_iter()
        .map(|row| row.version)
        .filter(|name| known.iter().all(|known| known.name() != name))
        .max())
}

/// The cause of an internal error, which its own text hides.
fn error_text(error: &crate::error::DomainError) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

async fn open_sqlite(url: &str, options: OpenOptions) -> Result<(Database, String), OpenError> {
    let connect = SqliteConnectOptions::from_str(url).map_err(|error| OpenError::Url {
        reason: error.to_string(),
    })?;
    let path = connect.get_filename().to_owned();
    if path.as_os_str().is_empty() || url.contains(":memory:") {
        return Err(OpenError::Url {
            reason: "it names no file".into(),
        });
    }
    make_writable(&path).map_err(|source| OpenError::Unwritable {
        path: path.clone(),
        source,
    })?;
    let place = path.display().to_string();
    let failed = |source| OpenError::Connect {
        place: place.clone(),
        source,
    };
    let connect = connect
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // With WAL a power cut can lose the last commits but never damages the file.
        .synchronous(SqliteSynchronous::Normal)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .pragma("temp_store", "memory");
    let write = SqlitePoolOptions::new()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_with(connect.clone().optimize_on_close(true, None))
        .await
        .map_err(failed)?;
    let read = SqlitePoolOptions::new()
        .max_connections(options.max_connections.max(1))
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_with(connect.pragma("query_only", "on"))
        .await
        .map_err(failed)?;
    let inner = Connections {
        read: SqlxSqliteConnector::from_sqlx_sqlite_pool(read),
        write: SqlxSqliteConnector::from_sqlx_sqlite_pool(write),
    };
    Ok((Database { inner: Arc::new(inner) }, place))
}

/// Makes the folder and the file, so that a refusal can name the file and the reason: the engine says neither.
fn make_writable(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    let mut options = fs::OpenOptions::new();
    options.read(true).append(true).create(true);
    // For nobody else: hashes of passwords are in it. SQLite's files beside it take the mode over.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// How to connect, and the place without the password.
fn postgres_options(url: &str) -> Result<(PgConnectOptions, String), OpenError> {
    let connect = PgConnectOptions::from_str(url)
        .map_err(|error| OpenError::Url {
            reason: error.to_string(),
        })?
        .application_name("turnpike");
    let place = format!(
        "{} at {}",
        connect.get_database().unwrap_or_default(),
        connect.get_host()
    );
    Ok((connect, place))
}

fn postgres_pool(options: OpenOptions) -> PgPoolOptions {
    PgPoolOptions::new()
        // One is held by the listener for configuration changes.
        .max_connections(options.max_connections.max(2))
        .acquire_timeout(ACQUIRE_TIMEOUT)
}

async fn open_postgres(url: &str, options: OpenOptions) -> Result<(Database, String), OpenError> {
    let (connect, place) = postgres_options(url)?;
    let failed = |source| OpenError::Connect {
        place: place.clone(),
        source,
    };
    // The pool would try again for as long as a request may wait, and then not know why it failed.
    let silent = |_| std::io::Error::new(std::io::ErrorKind::TimedOut, "it does not answer");
    tokio::time::timeout(CONNECT_WITHIN, PgConnection::connect_with(&connect))
        .await
        .map_err(|elapsed| failed(silent(elapsed).into()))?
        .map_err(failed)?
        .close()
        .await
        .map_err(failed)?;
    let pool = postgres_pool(options).connect_with(connect).await.map_err(failed)?;
    Ok((Database::over_postgres(pool), place))
}
