//! One serving process for a data folder: two would each allow every quota, because counters are in memory.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::Path,
};

use anyhow::{Context as _, bail};

/// Name of the file that is locked.
const LOCK_FILE: &str = "serve.lock";

/// Held while a process serves a data folder; the operating system lets go of it however the process ends.
#[derive(Debug)]
pub struct FolderLock(#[expect(dead_code, reason = "kept open: closing it ends the lock")] File);

impl FolderLock {
    /// Takes the lock of a folder that is there.
    ///
    /// # Errors
    /// Another process serves the folder, or the file cannot be made.
    pub(super) fn take(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(LOCK_FILE);
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .with_context(|| format!("{} cannot be opened", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => bail!(
                "another turnpike serves {} already; stop it first, or use --database-url for more than one process",
                folder.display()
            ),
            Err(TryLockError::Error(error)) => Err(error).context(format!("{} cannot be locked", path.display())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::temporary::TemporaryFolder;

    #[test]
    fn a_folder_is_served_once() {
        let folder = TemporaryFolder::new("lock").unwrap();
        let first = FolderLock::take(folder.path()).unwrap();
        let second = FolderLock::take(folder.path()).unwrap_err();
        assert!(second.to_string().contains("already"), "{second}");
        drop(first);
        FolderLock::take(folder.path()).unwrap();
    }
}
