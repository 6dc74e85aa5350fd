//! Files that may change while a gateway runs.

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval};

use super::{TlsError, files::Stamps};

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// What comes from files.
pub(crate) trait Watched: Send + Sync + 'static {
    /// What it is, for the log.
    const WHAT: &'static str;

    /// The files.
    fn paths(&self) -> Vec<PathBuf>;

    /// Takes what is in them now; what can't be read stays as it is.
    ///
    /// # Errors
    /// [`TlsError`] names the file.
    fn read_again(&self) -> Result<(), TlsError>;
}

/// Looks at files again and again. What was changed holds for new connections; as long as something is wrong with it, what
/// was there before stays.
pub(crate) async fn watch<W: Watched>(watched: Arc<W>) {
    let paths: Arc<[PathBuf]> = watched.paths().into();
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut seen = Stamps::of(&paths);
    // Files may be written one after the other: a change is read once it has stood still for one look.
    let mut pending = None;
    loop {
        looks.tick().await;
        let looked_at = Arc::clone(&paths);
        let Ok(stamps) = tokio::task::spawn_blocking(move || Stamps::of(&looked_at)).await else {
            return;
        };
        if stamps == seen {
            pending = None;
            continue;
        }
        if pending.as_ref() != Some(&stamps) {
            pending = Some(stamps);
            continue;
        }
        pending = None;
        seen = stamps;
        let changed = Arc::clone(&watched);
        match tokio::task::spawn_blocking(move || changed.read_again()).await {
            Ok(Ok(())) => tracing::info!("{} were read again", W::WHAT),
            Ok(Err(error)) => {
                tracing::warn!(%error, "{} can't be read again; the last good ones stay", W::WHAT);
            }
            Err(_) => return,
        }
    }
}
