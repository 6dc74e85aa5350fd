//! Which installation: a data folder or a PostgreSQL database.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use clap::Args;

use super::{FolderLock, secret::Secret};

/// Names an installation; exactly one of the two.
#[derive(Args, Clone, Debug)]
#[group(required = true, multiple = false)]
pub struct StoreArgs {
    /// Data folder of the installation; made if it is not there
    #[arg(long, value_name = "DIR", env = "TURNPIKE_DATA")]
    pub data: Option<PathBuf>,
    /// PostgreSQL database of the installation
    #[arg(long, value_name = "URL", env = "TURNPIKE_DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<Secret>,
}

/// Where an installation keeps its data.
#[derive(Clone, PartialEq, Eq)]
pub enum Store {
    /// A folder with a SQLite database.
    Folder(PathBuf),
    /// A PostgreSQL database.
    Postgres(String),
}

/// Name of the SQLite file in a data folder.
const SQLITE_FILE: &str = "turnpike.db";

impl Store {
    /// Reads the pair of flags; a database wins, so that a data folder can be given beside it for mails.
    ///
    /// # Errors
    /// A database URL of another kind than PostgreSQL.
    pub fn from_flags(data: Option<PathBuf>, database_url: Option<Secret>) -> anyhow::Result<Self> {
        match (database_url.map(Secret::into_exposed), data) {
            (Some(url), _) if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
                Ok(Self::Postgres(url))
            }
            (Some(_), _) => bail!("--database-url must begin with postgres://; for SQLite use --data DIR"),
            (None, Some(folder)) => Ok(Self::Folder(folder)),
            (None, None) => bail!("say which installation: --data DIR or --database-url URL"),
        }
    }

    /// Makes the data folder if it is not there, readable by its owner only, and returns the URL of the database.
    ///
    /// # Errors
    /// The folder cannot be made or written to; the message names it.
    pub fn prepare(&self) -> anyhow::Result<String> {
        match self {
            Self::Postgres(url) => Ok(url.clone()),
            Self::Folder(folder) => {
                prepare_folder(folder)?;
                let file = folder.join(SQLITE_FILE);
                let path = file
                    .to_str()
                    .with_context(|| format!("the path {} is not UTF-8", file.display()))?;
                Ok(sqlite_url(path))
            }
        }
    }
}

impl Store {
    /// Makes sure that no other process serves the same data folder; a PostgreSQL database may have many.
    ///
    /// # Errors
    /// Another process serves it.
    pub fn lock(&self) -> anyhow::Result<Option<FolderLock>> {
        match self {
            Self::Postgres(_) => Ok(None),
            Self::Folder(folder) => FolderLock::take(folder).map(Some),
        }
    }
}

impl TryFrom<StoreArgs> for Store {
    type Error = anyhow::Error;
    fn try_from(args: StoreArgs) -> anyhow::Result<Self> {
        Self::from_flags(args.data, args.database_url)
    }
}

/// The URL has a path of its own syntax: what would end it is escaped.
fn sqlite_url(path: &str) -> String {
    let mut url = String::from("sqlite://");
    for c in path.chars() {
        match c {
            '%' => url.push_str("%25"),
            '?' => url.push_str("%3F"),
            '#' => url.push_str("%23"),
            c => url.push(c),
        }
    }
    url
}

/// Makes a folder for the owner only, and finds out whether files can be made in it.
pub(crate) fn prepare_folder(folder: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    if !folder.is_dir() {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .with_context(|| format!("the data folder {} cannot be made", folder.display()))?;
    }
    let probe = folder.join(format!(".turnpike-{}", std::process::id()));
    std::fs::File::create(&probe)
        .and_then(|_| std::fs::remove_file(&probe))
        .with_context(|| format!("the data folder {} cannot be written to", folder.display()))
}

impl fmt::Debug for Store {
    /// Without the password of a database URL.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for Store {
    /// The folder, or the database without user and password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => write!(f, "{}", folder.display()),
            Self::Postgres(url) => match url::Url::parse(url) {
                Ok(url) => {
                    let (host, port) = (url.host_str().unwrap_or_default(), url.port().unwrap_or(5432));
                    write!(f, "postgres://{host}:{port}{}", url.path())
                }
                Err(_) => f.write_str("a PostgreSQL database"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_wins_and_must_be_postgresql() {
        let folder = Some(PathBuf::from("d"));
        let url = |text: &str| Some(Secret::from(text.to_owned()));
        assert_eq!(
            Store::from_flags(folder.clone(), None).unwrap(),
            Store::Folder("d".into())
        );
        let both = Store::from_flags(folder, url("postgres://u:secret@h/db")).unwrap();
        assert_eq!(both.to_string(), "postgres://h:5432/db");
        assert!(!format!("{both:?}").contains("secret"));
        assert!(Store::from_flags(None, url("mysql://h/db")).is_err());
        assert!(Store::from_flags(None, None).is_err());
    }

    #[test]
    fn paths_are_escaped() {
        assert_eq!(sqlite_url("/a b/c?d#e%f"), "sqlite:///a b/c%3Fd%23e%25f");
    }
}
