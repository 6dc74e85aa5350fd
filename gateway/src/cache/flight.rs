//! Calls that ask for the same at the same time: one goes to the upstream, the others wait for what it brings.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

use super::{key::Partition, store::Store};

/// For how long nobody waits for answers to a target that was not kept, in seconds.
const PASS_S: i64 = 5;
/// Targets whose answers are not waited for; all are forgotten when there are more.
const MAX_PASSED: usize = 4_096;

/// A target and who asks.
type Place = (Arc<[u8]>, Partition);

/// Calls that others may wait for.
#[derive(Debug, Default)]
pub(super) struct Flights(Mutex<Table>);

#[derive(Debug, Default)]
struct Table {
    running: HashMap<Place, watch::Receiver<Option<Landed>>>,
    /// Until when nobody waits.
    passed: HashMap<Place, i64>,
}

/// How a call ended that others waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Landed {
    /// Its answer is kept now.
    Kept,
    /// Its answer is not for others, and the next one probably isn't either.
    NotKept,
    /// There is no answer.
    Failed,
    /// Its caller went away; another call should go.
    GivenUp,
}

/// What a call does.
#[derive(Debug)]
pub(crate) enum Join {
    /// It goes, and the others wait for it.
    Lead(Lead),
    /// It waits.
    Wait(Flight),
    /// It goes, and nobody waits.
    Alone,
}

impl Join {
    /// The lead, where it is this call's.
    pub(crate) fn lead(self) -> Option<Lead> {
        match self {
            Self::Lead(lead) => Some(lead),
            Self::Wait(_) | Self::Alone => None,
        }
    }
}

/// A call that others may wait for. Dropped, it has given up.
#[derive(Debug)]
pub(crate) struct Lead {
    store: Arc<Store>,
    place: Place,
    now_s: i64,
    landed: Landed,
    sender: watch::Sender<Option<Landed>>,
}

/// A call that one waits for.
#[derive(Debug)]
pub(crate) struct Flight(watch::Receiver<Option<Landed>>);

impl Flights {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn join(&self, store: &Arc<Store>, key: &Arc<[u8]>, partition: Partition, now_s: i64) -> Join {
        let place = (Arc::clone(key), partition);
        let mut table = self.table();
        if let Some(running) = table.running.get(&place) {
            return Join::Wait(Flight(running.clone()));
        }
        match table.passed.get(&place) {
            Some(until_s) if now_s < *until_s => return Join::Alone,
            Some(_) => {
                table.passed.remove(&place);
            }
            None => {}
        }
        let (sender, receiver) = watch::channel(None);
        table.running.insert(place.clone(), receiver);
        Join::Lead(Lead {
            store: Arc::clone(store),
            place,
            now_s,
            landed: Landed::GivenUp,
            sender,
        })
    }

    pub(super) fn land(&self, key: &Arc<[u8]>, partition: Partition, landed: Landed, now_s: i64) {
        let place = (Arc::clone(key), partition);
        let mut table = self.table();
        table.running.remove(&place);
        if landed == Landed::NotKept {
            if table.passed.len() >= MAX_PASSED {
                table.passed.clear();
            }
            table.passed.insert(place, now_s + PASS_S);
        }
    }
}

impl Lead {
    /// It is over; who waits is told.
    pub(crate) fn land(mut self, landed: Landed) {
        self.landed = landed;
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        let (key, partition) = &self.place;
        self.store.land(key, *partition, self.landed, self.now_s);
        self.sender.send_replace(Some(self.landed));
    }
}

impl Flight {
    /// Waits for the end. Safe to cancel.
    pub(crate) async fn landed(&mut self) -> Landed {
        match self.0.wait_for(Option::is_some).await {
            Ok(landed) => landed.unwrap_or(Landed::GivenUp),
            Err(_) => Landed::GivenUp,
        }
    }
}
