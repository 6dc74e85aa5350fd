//! Where the installation's key comes from.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, Result};
use clap::Args;
use domain::installation_key::InstallationKey;

use super::{secret::Secret, store::Store};

/// Name of the file in a data folder.
const KEY_FILE: &str = "secret-key";

/// Names the installation's key.
#[derive(Args, Clone, Debug, Default)]
pub struct SecretKeyArgs {
    /// File with the key that seals secrets in the database and signs access tokens; with --data alone, it is made in the
    /// data folder. Make one with `openssl rand -base64 32`
    #[arg(
        long,
        value_name = "FILE",
        env = "TURNPIKE_SECRET_KEY_FILE",
        conflicts_with = "secret_key"
    )]
    pub secret_key_file: Option<PathBuf>,
    /// The key itself; other users of the machine can see a flag, but not the variable
    #[arg(long, value_name = "KEY", env = "TURNPIKE_SECRET_KEY", hide_env_values = true)]
    pub secret_key: Option<Secret>,
}

/// What is done where a data folder has no key yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingKey {
    /// One is made.
    Make,
    /// One is used that is gone afterwards: nothing is to be changed.
    Pretend,
}

impl SecretKeyArgs {
    /// The key of an installation. `None` for a PostgreSQL database whose key was not named: it is not in the data folder of
    /// one of its processes, because all of them need the same.
    ///
    /// # Errors
    /// A file that cannot be read or written, or that holds no key.
    pub fn read(&self, store: &Store, missing: MissingKey) -> Result<Option<Arc<InstallationKey>>> {
        let key = match (&self.secret_key, &self.secret_key_file, store) {
            (Some(key), _, _) => InstallationKey::parse(key.expose()).context("--secret-key cannot be used")?,
            (None, Some(file), _) => {
                let text = fs::read_to_string(file)
                    .with_context(|| format!("the file {} (--secret-key-file) cannot be read", file.display()))?;
                parse(file, &text)?
            }
            (None, None, Store::Folder(folder)) => in_folder(&folder.join(KEY_FILE), missing)?,
            (None, None, Store::Postgres(_)) => return Ok(None),
        };
        Ok(Some(Arc::new(key)))
    }
}

fn parse(file: &Path, text: &str) -> Result<InstallationKey> {
    InstallationKey::parse(text).with_context(|| format!("the key in {} cannot be used", file.display()))
}

fn in_folder(file: &Path, missing: MissingKey) -> Result<InstallationKey> {
    match fs::read_to_string(file) {
        Ok(text) => return parse(file, &text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(|| format!("{} cannot be read", file.display())),
    }
    let key = InstallationKey::generate();
    if missing == MissingKey::Pretend {
        return Ok(key);
    }
    match write(file, &key) {
        Ok(()) => Ok(key),
        // Another process was faster: its key is the key.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let text = fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
            parse(file, &text)
        }
        Err(error) => Err(error).with_context(|| format!("{} cannot be made", file.display())),
    }
}

/// Makes the file at once and whole, for its owner only: it is written beside its place and linked there.
fn write(file: &Path, key: &InstallationKey) -> io::Result<()> {
    let beside = file.with_extension(format!("{}.new", std::process::id()));
    let linked = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside)
        .and_then(|mut new| {
            writeln!(new, "{}", key.expose())?;
            new.sync_all()
        })
        .and_then(|()| fs::hard_link(&beside, file));
    let removed = fs::remove_file(&beside);
    linked.and(removed)?;
    match file.parent() {
        Some(folder) => fs::File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::temporary::TemporaryFolder;

    fn read(args: &SecretKeyArgs, store: &Store, missing: MissingKey) -> Result<Option<String>> {
        Ok(args.read(store, missing)?.map(|key| key.expose()))
    }

    #[test]
    fn a_data_folder_keeps_the_key_that_was_made_in_it() {
        let folder = TemporaryFolder::new("key").unwrap();
        let store = Store::Folder(folder.path().to_owned());
        let args = SecretKeyArgs::default();
        let pretended = read(&args, &store, MissingKey::Pretend).unwrap();
        let file = folder.path().join(KEY_FILE);
        assert!(!file.exists());
        let made = read(&args, &store, MissingKey::Make).unwrap();
        assert_ne!(made, pretended);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
        for missing in [MissingKey::Make, MissingKey::Pretend] {
            assert_eq!(read(&args, &store, missing).unwrap(), made);
        }
        fs::write(&file, "not a key").unwrap();
        assert!(read(&args, &store, MissingKey::Make).is_err());
    }

    #[test]
    fn a_database_has_the_key_that_is_named() {
        let folder = TemporaryFolder::new("key").unwrap();
        let store = Store::Postgres("postgres://h/d".into());
        assert_eq!(read(&SecretKeyArgs::default(), &store, MissingKey::Make).unwrap(), None);
        let key = InstallationKey::generate().expose();
        let file = folder.path().join("key");
        let named = SecretKeyArgs {
            secret_key_file: Some(file.clone()),
            secret_key: None,
        };
        let error = read(&named, &store, MissingKey::Make).unwrap_err();
        assert!(error.to_string().contains("--secret-key-file"), "{error:#}");
        fs::write(&file, &key).unwrap();
        assert_eq!(read(&named, &store, MissingKey::Make).unwrap(), Some(key.clone()));
        let given = SecretKeyArgs {
            secret_key_file: None,
            secret_key: Some(Secret::from(key.clone())),
        };
        assert!(!format!("{given:?}").contains(&key));
        assert_eq!(read(&given, &store, MissingKey::Make).unwrap(), Some(key));
    }
}
