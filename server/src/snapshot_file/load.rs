//! Reading the file at a start. Nothing in it is believed before all of it was checked.

use std::{
    collections::HashMap,
    fs::{File, Metadata},
    io::{self, BufReader, Read},
    os::unix::fs::MetadataExt as _,
};

use domain::{
    clock::Timestamp,
    gateway_config::{CatalogRecords, ConfigUpdate, DocumentText, GatewayConfig},
    installation_key::SealError,
};

use super::{
    SnapshotFile,
    catalog::{give_documents, read_catalog, read_document},
    codec::{self, Begin, MAGIC, PROGRAM, Unreadable},
    frame::{Kind, checksum},
    packed,
};

/// Bytes of a payload at most; a catalog of thousands of versions has a tenth.
const MAX_PAYLOAD: u64 = 256 * 1_024 * 1_024;

/// A configuration from the disk.
#[derive(Debug)]
pub struct Loaded {
    /// To be applied in this order; the first is whole.
    pub updates: Vec<ConfigUpdate>,
    /// When the database last said that this is the newest configuration.
    pub confirmed_at: Timestamp,
    /// Whether the last change was cut off by a crash and is missing.
    pub is_cut: bool,
}

/// Why the file is not used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// There is none.
    #[error("there is none")]
    Missing,
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// Other users of the machine could have written it, or it is no plain file.
    #[error("it is not a file that only its owner may write to")]
    Unsafe,
    /// Another version of the program wrote it.
    #[error("it is not of this version of turnpike")]
    OtherProgram,
    /// It is of another database.
    #[error("it is of another database")]
    OtherInstallation,
    /// It was sealed with a key that is not the installation's.
    #[error("{0}")]
    Sealed(SealError),
    /// Something in it is not as it was written.
    #[error("it is damaged at byte {at}")]
    Damaged {
        /// Where the frame begins that is not as it was written.
        at: u64,
    },
}

impl SnapshotFile {
    /// Reads and checks the whole file.
    ///
    /// # Errors
    /// Why it is not used; the process must then do without.
    pub fn load(&self) -> Result<Loaded, LoadError> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(LoadError::Missing),
            Err(error) => return Err(error.into()),
        };
        let metadata = file.metadata()?;
        if !is_ours_alone(&metadata) {
            return Err(LoadError::Unsafe);
        }
        let confirmed_at = metadata.modified()?.into();
        let mut frames = Frames {
            reader: BufReader::with_capacity(256 * 1_024, file),
            at: 0,
            length: metadata.len(),
            sum: 0,
        };
        let mut documents = HashMap::new();
        let config = self.base(&mut frames, &mut documents)?;
        let mut updates = vec![ConfigUpdate::Full(Box::new(config))];
        let is_cut = loop {
            let at = frames.at;
            match frames.next()? {
                Next::Frame(Kind::Document, payload) => {
                    let document = read_document(&payload).ok_or(LoadError::Damaged { at })?;
                    documents.insert(document.sha256().to_owned(), document);
                }
                Next::Frame(Kind::Changes, payload) => {
                    let changes = codec::read_changes(&payload, self.key.as_deref());
                    let mut changes = changes.map_err(|why| unreadable(why, at))?;
                    if let Some(catalog) = &mut changes.catalog {
                        give_documents(catalog, &documents).ok_or(LoadError::Damaged { at })?;
                    }
                    updates.push(ConfigUpdate::Changes(Box::new(changes)));
                }
                Next::Frame(..) => return Err(LoadError::Damaged { at }),
                Next::End => break false,
                Next::Cut => break true,
            }
        };
        Ok(Loaded {
            updates,
            confirmed_at,
            is_cut,
        })
    }

    fn base(
        &self,
        frames: &mut Frames,
        documents: &mut HashMap<String, DocumentText>,
    ) -> Result<GatewayConfig, LoadError> {
        let mut magic = [0; MAGIC.len()];
        if frames.length < MAGIC.len() as u64 {
            return Err(LoadError::Damaged { at: 0 });
        }
        frames.reader.read_exact(&mut magic)?;
        frames.at = MAGIC.len() as u64;
        if magic != *MAGIC {
            return Err(LoadError::OtherProgram);
        }
        let damaged = |at| move || LoadError::Damaged { at };
        let begin: Begin = match frames.next()? {
            Next::Frame(Kind::Begin, payload) => {
                serde_json::from_slice(&payload).map_err(|_| LoadError::OtherProgram)?
            }
            _ => return Err(damaged(0)()),
        };
        if begin.program != PROGRAM {
            return Err(LoadError::OtherProgram);
        }
        if begin.installation != codec::hexadecimal(&self.installation) {
            return Err(LoadError::OtherInstallation);
        }
        let mut catalog: Option<CatalogRecords> = None;
        let (mut subscriptions, mut keys, mut identities) = (Vec::new(), Vec::new(), Vec::new());
        loop {
            let at = frames.at;
            let Next::Frame(kind, payload) = frames.next()? else {
                return Err(damaged(at)());
            };
            let is_read = match kind {
                Kind::Document => read_document(&payload).map(|document| {
                    documents.insert(document.sha256().to_owned(), document);
                }),
                Kind::Catalog if catalog.is_none() => {
                    let read = read_catalog(&payload, self.key.as_deref());
                    let read = catalog.insert(read.map_err(|why| unreadable(why, at))?);
                    give_documents(read, documents)
                }
                Kind::Subscriptions => packed::read_records(&payload, packed::subscription, &mut subscriptions),
                Kind::Keys => packed::read_records(&payload, packed::key, &mut keys),
                Kind::Identities => codec::read_identities(&payload).map(|records| identities.extend(records)),
                Kind::End => break,
                Kind::Begin | Kind::Catalog | Kind::Changes => None,
            };
            is_read.ok_or_else(damaged(at))?;
        }
        let is_complete = begin.subscriptions == subscriptions.len()
            && begin.keys == keys.len()
            && begin.identities == identities.len();
        match catalog {
            Some(catalog) if is_complete => Ok(GatewayConfig {
                revision: begin.revision,
                catalog,
                subscriptions,
                keys,
                identities,
            }),
            _ => Err(damaged(frames.at)()),
        }
    }
}

fn unreadable(why: Unreadable, at: u64) -> LoadError {
    match why {
        Unreadable::Damaged | Unreadable::Sealed(SealError::Damaged) => LoadError::Damaged { at },
        Unreadable::Sealed(error) => LoadError::Sealed(error),
    }
}

/// Whether nobody else can have written a file: who may call is in it.
fn is_ours_alone(metadata: &Metadata) -> bool {
    metadata.is_file() && metadata.mode() & 0o022 == 0
}

struct Frames {
    reader: BufReader<File>,
    at: u64,
    length: u64,
    sum: u32,
}

enum Next {
    Frame(Kind, Vec<u8>),
    /// The file ends between two frames.
    End,
    /// The file ends within a frame.
    Cut,
}

impl Frames {
    fn next(&mut self) -> Result<Next, LoadError> {
        const HEAD: u64 = 4 + 1 + 4;
        const TAIL: u64 = 4;
        let at = self.at;
        let left = self.length.saturating_sub(at);
        if left == 0 {
            return Ok(Next::End);
        }
        if left < HEAD {
            return Ok(Next::Cut);
        }
        let mut head = [0; HEAD as usize];
        self.reader.read_exact(&mut head)?;
        let [a, b, c, d, kind, sum @ ..] = head;
        let size = u64::from(u32::from_le_bytes([a, b, c, d]));
        self.sum = checksum(self.sum, &[a, b, c, d, kind]);
        if self.sum != u32::from_le_bytes(sum) || size > MAX_PAYLOAD {
            return Err(LoadError::Damaged { at });
        }
        if left < HEAD + size + TAIL {
            return Ok(Next::Cut);
        }
        let mut payload = vec![0; size as usize];
        self.reader.read_exact(&mut payload)?;
        let mut tail = [0; TAIL as usize];
        self.reader.read_exact(&mut tail)?;
        self.sum = checksum(self.sum, &payload);
        self.at += HEAD + size + TAIL;
        match Kind::parse(kind) {
            Some(kind) if self.sum == u32::from_le_bytes(tail) => Ok(Next::Frame(kind, payload)),
            _ => Err(LoadError::Damaged { at }),
        }
    }
}
