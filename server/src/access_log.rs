//! Writes the gateway's access log: to standard output or to a file, on a thread of its own.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

use anyhow::Context as _;
use gateway::{AccessLines, AccessLog, AccessLogCounters};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::{mpsc::Receiver, oneshot},
    task::JoinHandle,
};

use crate::config::AccessLogArgs;

/// Hand-overs that may wait: two megabytes at most times, sixteen in the worst case.
const WAITING: usize = 64;
/// How long the last lines may take.
const LAST_LINES: Duration = Duration::from_secs(5);

/// The writer of an access log.
pub struct AccessLogWriter {
    counters: Arc<AccessLogCounters>,
    lost: Arc<AtomicU64>,
    is_done: oneshot::Receiver<()>,
    reopening: Option<JoinHandle<()>>,
}

impl AccessLogWriter {
    /// Starts a log as the arguments say; `None` if they say that there is none. The gateway gets the [`AccessLog`]; when
    /// all clones of it are gone, the writer ends.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn start(args: &AccessLogArgs) -> anyhow::Result<Option<(AccessLog, Self)>> {
        let Some(one_in) = args.access_log.one_in() else {
            return Ok(None);
        };
        let must_reopen = Arc::<AtomicBool>::default();
        let (target, reopening) = match &args.access_log_file {
            None => (Target::Stdout, None),
            Some(path) => {
                let file = open(path).with_context(|| {
                    format!("the access log {} cannot be opened (--access-log-file)", path.display())
                })?;
                let mut signals = signal(SignalKind::hangup()).context("cannot wait for SIGHUP")?;
                let flag = Arc::clone(&must_reopen);
                let reopening = tokio::spawn(async move {
                    while signals.recv().await.is_some() {
                        flag.store(true, Relaxed);
                    }
                });
                let target = Target::File {
                    path: path.clone(),
                    file: Some(file),
                };
                (target, Some(reopening))
            }
        };
        let (log, lines) = AccessLog::channel(one_in, WAITING);
        let lost = Arc::<AtomicU64>::default();
        let mut writer = Writer {
            target,
            must_reopen,
            lost: Arc::clone(&lost),
            is_failing: false,
        };
        let (done, is_done) = oneshot::channel();
        let this = Self {
            counters: log.counters(),
            lost,
            is_done,
            reopening,
        };
        // Not one of the runtime's: a process that stops at once does not wait for whoever reads the log.
        thread::Builder::new()
            .name("access-log".into())
            .spawn(move || {
                writer.run(lines);
                // Nobody waits for it when the process stops at once.
                let _ = done.send(());
            })
            .context("no thread for the access log")?;
        Ok(Some((log, this)))
    }

    /// What became of the lines until they were handed over.
    pub fn counters(&self) -> Arc<AccessLogCounters> {
        Arc::clone(&self.counters)
    }

    /// Lines that could not be written.
    pub fn lost(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.lost)
    }

    /// Waits until the last lines are written; the gateway must be gone. Whoever reads them may be slow, but not forever.
    pub async fn finish(self) {
        if let Some(reopening) = self.reopening {
            reopening.abort();
        }
        if tokio::time::timeout(LAST_LINES, self.is_done).await.is_err() {
            tracing::warn!("the last lines of the access log could not be written in time");
        }
    }
}

enum Target {
    Stdout,
    File {
        path: PathBuf,
        /// `None` after it could not be opened again.
        file: Option<File>,
    },
}

struct Writer {
    target: Target,
    must_reopen: Arc<AtomicBool>,
    lost: Arc<AtomicU64>,
    is_failing: bool,
}

impl Writer {
    fn run(&mut self, mut lines: Receiver<AccessLines>) {
        while let Some(lines) = lines.blocking_recv() {
            match self.write(&lines) {
                Ok(()) => self.is_failing = false,
                Err(error) => {
                    let count = lines.split_inclusive(|byte| *byte == b'\n').count();
                    self.lost.fetch_add(count as u64, Relaxed);
                    if !self.is_failing {
                        tracing::error!(%error, "the access log cannot be written; lines are lost until it can");
                    }
                    self.is_failing = true;
                }
            }
        }
    }

    fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        match &mut self.target {
            Target::Stdout => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(lines)?;
                stdout.flush()
            }
            Target::File { path, file } => {
                // Whoever rotates it has moved the old file away and sent a signal.
                if self.must_reopen.swap(false, Relaxed) {
                    *file = None;
                }
                let file = match file {
                    Some(file) => file,
                    None => file.insert(open(path)?),
                };
                file.write_all(lines)
            }
        }
    }
}

/// Opens a log at its end. Addresses of callers are in it: it is for its owner, and for a group that collects logs.
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o640).open(path)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::temporary::TemporaryFolder;

    #[test]
    fn a_file_is_opened_again_when_it_was_moved_away() {
        let folder = TemporaryFolder::new("access-log").unwrap();
        let (path, old) = (folder.path().join("log"), folder.path().join("log.1"));
        let mut writer = Writer {
            target: Target::File {
                path: path.clone(),
                file: Some(open(&path).unwrap()),
            },
            must_reopen: Arc::default(),
            lost: Arc::default(),
            is_failing: false,
        };
        writer.write(b"1\n").unwrap();
        fs::rename(&path, &old).unwrap();
        writer.write(b"2\n").unwrap();
        writer.must_reopen.store(true, Relaxed);
        writer.write(b"3\n").unwrap();
        assert_eq!(fs::read_to_string(&old).unwrap(), "1\n2\n");
        assert_eq!(fs::read_to_string(&path).unwrap(), "3\n");

        // While it cannot be opened, lines are lost and counted; then it goes on.
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        writer.must_reopen.store(true, Relaxed);
        let (sender, receiver) = tokio::sync::mpsc::channel(2);
        sender.try_send(b"4\n5\n".to_vec()).unwrap();
        drop(sender);
        writer.run(receiver);
        assert_eq!(writer.lost.load(Relaxed), 2);
        fs::remove_dir(&path).unwrap();
        writer.write(b"6\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "6\n");
    }
}
