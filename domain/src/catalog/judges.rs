//! Where documents are judged and compared: one at a time, apart from the reading that pages wait for.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{sync::Semaphore, time::timeout};

use super::{documents::Shelf, report::RevisionChanges};
use crate::{
    error::{DomainError, Result},
    id::RevisionId,
};

/// Time for one piece of work. GitHub's document takes two seconds.
const PATIENCE: Duration = Duration::from_secs(15);

/// How long somebody stands in line.
const MOST_WAITING: Duration = Duration::from_secs(30);

/// How many stand in line, with the one whose turn it is.
const LONGEST_LINE: usize = 16;

/// Memory that comparisons may take, in bytes: some ten of the longest.
const COMPARED_BUDGET: usize = 8 * 1024 * 1024;

/// The line before the one judge, and what was compared last.
pub(super) struct Judges {
    line: Semaphore,
    turn: Arc<Semaphore>,
    compared: Mutex<Shelf<Arc<RevisionChanges>, (RevisionId, RevisionId)>>,
}

impl Judges {
    pub(super) fn new() -> Self {
        Self {
            line: Semaphore::new(LONGEST_LINE),
            turn: Arc::new(Semaphore::new(1)),
            compared: Mutex::new(Shelf::new(COMPARED_BUDGET)),
        }
    }

    /// Gets what a piece of work needs when its turn has come, so that those in line hold no documents, and does it on a
    /// thread of its own. The turn travels with the work, because a caller that goes away does not stop it.
    ///
    /// `None` if too many wait, or it takes too long.
    pub(super) async fn work<T, W>(&self, prepare: impl Future<Output = Result<W>>) -> Result<Option<T>>
    where
        T: Send + 'static,
        W: FnOnce() -> T + Send + 'static,
    {
        let Ok(_place) = self.line.try_acquire() else {
            tracing::warn!("too many documents wait to be judged; one goes without");
            return Ok(None);
        };
        let Ok(turn) = timeout(MOST_WAITING, Arc::clone(&self.turn).acquire_owned()).await else {
            tracing::warn!("a document waited too long to be judged; it goes without");
            return Ok(None);
        };
        let turn = turn.map_err(DomainError::internal)?;
        let job = prepare.await?;
        let work = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            job()
        });
        match timeout(PATIENCE, work).await {
            Ok(done) => done.map(Some).map_err(DomainError::internal),
            Err(_) => {
                tracing::warn!("judging a document takes too long; it goes without");
                Ok(None)
            }
        }
    }

    /// A comparison of two revisions, which never change: made once, and kept while there is room.
    pub(super) async fn compared(
        &self,
        revisions: (RevisionId, RevisionId),
        make: impl AsyncFnOnce() -> Result<RevisionChanges>,
    ) -> Result<Arc<RevisionChanges>> {
        let shelf = || self.compared.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = shelf().slot(revisions);
        let made = slot.get_or_try_init(async || make().await.map(Arc::new)).await.cloned();
        match &made {
            Ok(changes) => shelf().keep(&revisions, &slot, changes.weight()),
            Err(_) => shelf().drop_empty(&revisions, &slot),
        }
        made
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn one_works_and_a_line_of_bounded_length_waits() {
        let judges = Arc::new(Judges::new());
        let (end, ended) = mpsc::channel::<()>();
        let (begin, begun) = mpsc::channel::<()>();
        let first = {
            let judges = Arc::clone(&judges);
            let job = move || {
                begin.send(()).unwrap();
                ended.recv().unwrap();
            };
            tokio::spawn(async move { judges.work(async { Ok(job) }).await })
        };
        tokio::task::spawn_blocking(move || begun.recv().unwrap())
            .await
            .unwrap();
        let others: Vec<_> = (1..LONGEST_LINE)
            .map(|n| {
                let judges = Arc::clone(&judges);
                tokio::spawn(async move { judges.work(async { Ok(move || n) }).await })
            })
            .collect();
        while judges.line.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(
            judges.work(async { Ok(|| ()) }).await.unwrap(),
            None,
            "the line is full"
        );
        end.send(()).unwrap();
        assert_eq!(first.await.unwrap().unwrap(), Some(()));
        for (n, other) in (1..).zip(others) {
            assert_eq!(other.await.unwrap().unwrap(), Some(n));
        }
        assert_eq!(judges.work(async { Ok(|| 7) }).await.unwrap(), Some(7));
    }

    #[tokio::test(start_paused = true)]
    async fn what_takes_too_long_goes_without_and_keeps_its_turn() {
        let judges = Judges::new();
        let (end, ended) = mpsc::channel::<()>();
        let stuck = judges.work(async { Ok(move || ended.recv().unwrap()) });
        let waits = async {
            let (turn, stuck) = (Arc::clone(&judges.turn), stuck);
            let done = stuck.await.unwrap();
            assert_eq!((done, turn.available_permits()), (None, 0));
        };
        // Time that stands still only moves when nothing else does: the thread below is waited for outside of it.
        tokio::select! {
            () = waits => {}
            () = async { loop { tokio::time::advance(Duration::from_secs(1)).await } } => {}
        }
        end.send(()).unwrap();
        assert_eq!(
            judges.work(async { Ok(|| 7) }).await.unwrap(),
            Some(7),
            "those in line wait for it"
        );
    }
}
