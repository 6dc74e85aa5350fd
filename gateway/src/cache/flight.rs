//! Calls that ask for the same at the same time: one goes to the upstream, the others wait for what it brings.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
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
    running: HashMap<Place, Flight>,
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
    pace: Arc<Pace>,
}

/// A call that one waits for.
#[derive(Clone, Debug)]
pub(crate) struct Flight {
    landing: watch::Receiver<Option<Landed>>,
    pace: Arc<Pace>,
}

/// How often the caller of a call that others wait for took no more of its answer, and took more of it again: odd while it
/// takes none.
#[derive(Debug, Default)]
struct Pace(AtomicU32);

impl Pace {
    fn is_still(turns: u32) -> bool {
        turns % 2 == 1
    }
}

impl Flights {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `outrun` is a call whose caller keeps the others waiting: another takes its place.
    pub(super) fn join(
        &self,
        store: &Arc<Store>,
        (key, partition): (&Arc<[u8]>, Partition),
        now_s: i64,
        outrun: Option<&Flight>,
    ) -> Join {
        let place = (Arc::clone(key), partition);
        let mut table = self.table();
        if let Some(running) = table.running.get(&place)
            && !outrun.is_some_and(|outrun| Arc::ptr_eq(&outrun.pace, &running.pace))
        {
            return Join::Wait(running.clone());
        }
        match table.passed.get(&place) {
            Some(until_s) if now_s < *until_s => return Join::Alone,
            Some(_) => {
                table.passed.remove(&place);
            }
            None => {}
        }
        let (sender, landing) = watch::channel(None);
        let pace = Arc::<Pace>::default();
        let flight = Flight {
            landing,
            pace: Arc::clone(&pace),
        };
        table.running.insert(place.clone(), flight);
        Join::Lead(Lead {
            store: Arc::clone(store),
            place,
            now_s,
            landed: Landed::GivenUp,
            sender,
            pace,
        })
    }

    /// A call that others may wait for is over.
    fn land(&self, lead: &Lead) {
        let mut table = self.table();
        let running = table.running.get(&lead.place);
        // Another may have taken its place.
        if running.is_some_and(|running| Arc::ptr_eq(&running.pace, &lead.pace)) {
            table.running.remove(&lead.place);
        }
        if lead.landed == Landed::NotKept {
            if table.passed.len() >= MAX_PASSED {
                table.passed.clear();
            }
            table.passed.insert(lead.place.clone(), lead.now_s + PASS_S);
        }
    }
}

impl Lead {
    /// Whether its caller takes no more of the answer, as of now.
    pub(crate) fn stands(&self, is_still: bool) {
        // Only this call changes it.
        let turns = self.pace.0.load(Relaxed);
        if Pace::is_still(turns) != is_still {
            self.pace.0.store(turns.wrapping_add(1), Relaxed);
        }
    }

    /// It is over; who waits is told.
    pub(crate) fn land(mut self, landed: Landed) {
        self.landed = landed;
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        self.store.flights().land(self);
        self.sender.send_replace(Some(self.landed));
    }
}

impl Flight {
    /// Since when its caller takes no more of its answer: a number that is another after every pause. `None` while it does.
    pub(crate) fn pause(&self) -> Option<u32> {
        Some(self.pace.0.load(Relaxed)).filter(|turns| Pace::is_still(*turns))
    }

    /// Waits for the end. Safe to cancel.
    pub(crate) async fn landed(&mut self) -> Landed {
        match self.landing.wait_for(Option::is_some).await {
            Ok(landed) => landed.unwrap_or(Landed::GivenUp),
            Err(_) => Landed::GivenUp,
        }
    }
}
