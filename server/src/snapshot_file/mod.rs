//! The last good configuration of a gateway on disk, so that it can restart while its database is away.
//!
//! One file in the data folder: a base with everything, and after it a journal of what changed since. A change of one key
//! among a million appends a hundred bytes. When the journal has outgrown the base, the next change brings a new base.
//!
//! # The file
//!
//! Eight bytes that name the format, then frames: length of the payload (u32), kind (u8), CRC-32 of these, payload, CRC-32
//! of all that; numbers are little-endian. Each checksum goes on from the one before, over the whole file, so that a frame
//! that is missing, moved or from another file is noticed too; and as the length has one of its own, a frame that was cut
//! off is not confused with one that is damaged. The base is `Begin`, `Document`…, `Catalog`, `Subscriptions`…, `Keys`…, `End`; every later frame is
//! `Changes`, or a `Document` that a later one goes by. Catalogs name documents by their hash, and each is in the file once.
//!
//! # What it promises
//!
//! - A base appears whole or not at all: it is written beside the old file and renamed.
//! - A file that is damaged, of another version of the program or another database, or that others may write to, is not
//!   used at all. Only a last frame that was cut off, by a crash while it was appended, is left out.
//! - It is for its owner only. Keys and secrets of clients are hashes, as in the database; versions with their policies, in
//!   which secrets stand that are told to others, are sealed with the installation's key.

mod catalog;
mod codec;
mod frame;
mod load;
mod packed;
#[cfg(test)]
mod tests;
mod write;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use domain::{
    clock::Timestamp,
    gateway_config::{ConfigRevision, ConfigUpdate, DocumentText},
    installation_key::InstallationKey,
};
use sha2::{Digest as _, Sha256};

pub use load::{LoadError, Loaded};
pub use write::{Recorder, SnapshotFileState};

use crate::config::Store;

/// Name of the file in the data folder.
const NAME: &str = "gateway-snapshot";

/// Where a gateway keeps its last good configuration, and of which installation it is.
#[derive(Clone, Debug)]
pub struct SnapshotFile {
    path: PathBuf,
    /// SHA-256 of host and name of the database: another installation's keys must not count.
    installation: [u8; 32],
    /// Seals what is secret in it.
    key: Option<Arc<InstallationKey>>,
}

/// What a [`Recorder`] is told.
#[derive(Debug)]
pub enum Entry {
    /// A whole configuration: the content of a new file.
    Base {
        /// Its number.
        revision: ConfigRevision,
        /// The file's bytes.
        bytes: Vec<u8>,
        /// Hashes of the documents that are in it.
        documents: Vec<String>,
    },
    /// What changed.
    Changes {
        /// The configuration that was changed.
        since: ConfigRevision,
        /// The configuration that came of it.
        revision: ConfigRevision,
        /// Payload of a frame.
        payload: Vec<u8>,
        /// Documents that it goes by.
        documents: Vec<DocumentText>,
    },
    /// The database says that what is in the file is still the newest.
    Confirmed(Timestamp),
}

impl SnapshotFile {
    /// The file of a gateway over `store`, in a data folder that need not be there yet.
    pub fn new(folder: &Path, store: &Store) -> Self {
        Self {
            path: folder.join(NAME),
            installation: Sha256::digest(store.to_string()).into(),
            key: None,
        }
    }

    /// The same file, with the key that seals what is secret in it.
    #[must_use]
    pub fn sealed_with(self, key: Option<Arc<InstallationKey>>) -> Self {
        Self { key, ..self }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What to record of an update of the configuration `since`; made before the update is consumed.
    pub fn entry(&self, update: &ConfigUpdate, since: Option<ConfigRevision>) -> Entry {
        match update {
            ConfigUpdate::Full(config) => Entry::Base {
                revision: config.revision,
                bytes: codec::base(config, &self.installation, self.key.as_deref()),
                documents: catalog::documents(&config.catalog)
                    .iter()
                    .map(|document| document.sha256().to_owned())
                    .collect(),
            },
            ConfigUpdate::Changes(changes) => Entry::Changes {
                since: since.unwrap_or_default(),
                revision: changes.revision,
                payload: codec::changes(changes, self.key.as_deref()),
                documents: changes.catalog.as_ref().map(catalog::documents).unwrap_or_default(),
            },
        }
    }
}
