//! Writing the file while a gateway runs: on a thread of its own, so that a slow disk holds up nothing.

use std::{
    collections::HashSet,
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread,
};

use anyhow::{Context as _, bail};
use domain::gateway_config::ConfigRevision;
use tokio::sync::{mpsc, oneshot};

use super::{
    Entry, SnapshotFile,
    catalog::put_document,
    frame::{Kind, frame},
};
use crate::config::prepare_folder;

/// Entries that may wait for the disk; beyond that the file begins anew with the next change.
const WAITING: usize = 256;
/// A journal of this many bytes is kept whatever the size of the base.
const SMALL_JOURNAL: u64 = 8 * 1_024 * 1_024;

/// Takes what a gateway learns to the disk. When it is dropped, what it took is still written.
#[derive(Debug)]
pub struct Recorder {
    entries: mpsc::Sender<Entry>,
    state: Arc<SnapshotFileState>,
}

/// How the file fares.
#[derive(Debug, Default)]
pub struct SnapshotFileState {
    needs_base: AtomicBool,
    bytes: AtomicU64,
    failures: AtomicU64,
}

impl SnapshotFileState {
    /// See [`Recorder::needs_base`].
    pub fn needs_base(&self) -> bool {
        self.needs_base.load(Relaxed)
    }

    /// Bytes of base and journal.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Relaxed)
    }

    /// Writes that failed.
    pub fn failures(&self) -> u64 {
        self.failures.load(Relaxed)
    }
}

impl Recorder {
    /// Makes ready to write `file`, in a folder that is made if it is not there. The future ends when the recorder was
    /// dropped and everything is written.
    ///
    /// # Errors
    /// The folder cannot be used, or another gateway keeps its configuration in it.
    pub fn start(file: &SnapshotFile) -> anyhow::Result<(Self, impl Future<Output = ()> + Send + 'static)> {
        let folder = file.path.parent().unwrap_or(Path::new("."));
        prepare_folder(folder)?;
        let lock = lock(&file.path.with_extension("lock"))?;
        let (entries, waiting) = mpsc::channel(WAITING);
        let state = Arc::<SnapshotFileState>::default();
        let mut writer = Writer {
            path: file.path.clone(),
            journal: None,
            state: Arc::clone(&state),
            _lock: lock,
        };
        let (done, is_done) = oneshot::channel();
        // Not one of the runtime's: a process that stops at once does not wait for the disk.
        thread::Builder::new()
            .name("snapshot-file".into())
            .spawn(move || {
                writer.run(waiting);
                // Whoever waits may begin again: the folder is free.
                drop(writer);
                // Nobody waits for it when the process stops at once.
                let _ = done.send(());
            })
            .context("no thread for the last good configuration")?;
        let ended = async move {
            if is_done.await.is_err() {
                tracing::error!("the writer of the last good configuration failed");
            }
        };
        Ok((Self { entries, state }, ended))
    }

    /// How the file fares.
    pub fn state(&self) -> Arc<SnapshotFileState> {
        Arc::clone(&self.state)
    }

    /// Whether changes are of no use, because there is no base that they would go on from, or it was outgrown: the next
    /// entry should be a whole configuration.
    pub fn needs_base(&self) -> bool {
        self.state.needs_base()
    }

    /// Hands an entry over without waiting for the disk.
    pub fn record(&self, entry: Entry) {
        let is_base = matches!(entry, Entry::Base { .. });
        let is_change = is_base || matches!(entry, Entry::Changes { .. });
        if is_base {
            // Before the writer can find out otherwise.
            self.state.needs_base.store(false, Relaxed);
        }
        if self.entries.try_send(entry).is_err() && is_change {
            // The writer leaves out the changes that would follow the missing one.
            self.state.needs_base.store(true, Relaxed);
        }
    }
}

struct Writer {
    path: PathBuf,
    /// `None` until there is a base to go on from.
    journal: Option<Journal>,
    state: Arc<SnapshotFileState>,
    _lock: File,
}

/// The file, open at its end.
struct Journal {
    file: File,
    revision: ConfigRevision,
    sum: u32,
    /// Hashes of the documents that are in the file.
    documents: HashSet<String>,
    base_bytes: u64,
    bytes: u64,
}

impl Writer {
    fn run(&mut self, mut entries: mpsc::Receiver<Entry>) {
        while let Some(entry) = entries.blocking_recv() {
            let mut batch = vec![entry];
            while let Ok(more) = entries.try_recv() {
                batch.push(more);
            }
            if let Err(error) = self.write(batch) {
                tracing::error!(%error, file = %self.path.display(), "the last good configuration cannot be kept on disk");
                self.state.failures.fetch_add(1, Relaxed);
                self.journal = None;
                self.state.needs_base.store(true, Relaxed);
            }
        }
    }

    fn write(&mut self, batch: Vec<Entry>) -> io::Result<()> {
        let mut appended = Vec::new();
        let mut confirmed_at = None;
        for entry in batch {
            match entry {
                Entry::Base {
                    revision,
                    bytes,
                    documents,
                } => {
                    appended.clear();
                    // A failure must not leave a journal that knows nothing of what comes after.
                    self.journal = None;
                    let journal = Journal::begin(&self.path, revision, &bytes)?;
                    self.journal = Some(Journal {
                        documents: documents.into_iter().collect(),
                        ..journal
                    });
                }
                Entry::Changes {
                    since,
                    revision,
                    payload,
                    documents,
                } => match &mut self.journal {
                    Some(journal) if journal.revision == since => {
                        for document in &documents {
                            if journal.documents.insert(document.sha256().to_owned()) {
                                let payload = put_document(document);
                                journal.sum = frame(&mut appended, journal.sum, Kind::Document, &payload);
                            }
                        }
                        journal.sum = frame(&mut appended, journal.sum, Kind::Changes, &payload);
                        journal.revision = revision;
                    }
                    _ => self.state.needs_base.store(true, Relaxed),
                },
                Entry::Confirmed(at) => confirmed_at = Some(at),
            }
        }
        let Some(journal) = &mut self.journal else {
            return Ok(());
        };
        if !appended.is_empty() {
            journal.file.write_all(&appended)?;
            journal.file.sync_data()?;
            journal.bytes += appended.len() as u64;
        }
        if let Some(at) = confirmed_at {
            journal.file.set_modified(at.into())?;
        }
        self.state.bytes.store(journal.base_bytes + journal.bytes, Relaxed);
        if journal.bytes > SMALL_JOURNAL.max(journal.base_bytes) {
            self.state.needs_base.store(true, Relaxed);
        }
        Ok(())
    }
}

impl Journal {
    /// Puts a new file in the place of the old one.
    fn begin(path: &Path, revision: ConfigRevision, bytes: &[u8]) -> io::Result<Self> {
        let beside = path.with_extension("new");
        // Left behind by a crash; a new one has the right mode for sure.
        if let Err(error) = fs::remove_file(&beside)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error);
        }
        let mut file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .mode(0o600)
            .open(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        if let Some(folder) = path.parent() {
            File::open(folder)?.sync_all()?;
        }
        let sum = bytes.last_chunk::<4>().map_or(0, |sum| u32::from_le_bytes(*sum));
        Ok(Self {
            file,
            revision,
            sum,
            documents: HashSet::new(),
            base_bytes: bytes.len() as u64,
            bytes: 0,
        })
    }
}

/// Two gateways on one machine must not write one file.
fn lock(path: &Path) -> anyhow::Result<File> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("{} cannot be opened", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => bail!("another gateway keeps its configuration in this folder"),
        Err(TryLockError::Error(error)) => Err(error).context(format!("{} cannot be locked", path.display())),
    }
}
