//! How many calls run at the same time, and where further ones wait.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use domain::policy::{concurrency::Concurrency, rate_limits::CallerGroup};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::groups::{Caller, GroupId, Groups};

/// A limit of concurrent calls, compiled.
#[derive(Debug)]
pub(crate) struct PlaceRule {
    groups: Groups,
    by: CallerGroup,
    max: u32,
    queue: Option<Queue>,
}

#[derive(Clone, Copy, Debug)]
struct Queue {
    length: u32,
    wait: Duration,
}

/// Places of one group.
#[derive(Debug)]
struct Group {
    free: Arc<Semaphore>,
    waiting: AtomicU32,
}

/// The right to run; given back when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    _permit: OwnedSemaphorePermit,
}

/// No place is free, and none became free in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoPlace;

/// Groups that are remembered before those without a call are forgotten.
const MAX_GROUPS: usize = 4_096;

/// The places of all groups.
#[derive(Debug, Default)]
pub(crate) struct Places(Mutex<HashMap<(GroupId, u32), Arc<Group>>>);

impl Places {
    fn group(&self, id: GroupId, max: u32) -> Arc<Group> {
        let mut groups = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(group) = groups.get(&(id, max)) {
            return Arc::clone(group);
        }
        if groups.len() >= MAX_GROUPS {
            groups.retain(|(_, max), group| Arc::strong_count(group) > 1 || group.is_used(*max));
        }
        let group = groups.entry((id, max)).or_insert_with(|| {
            Arc::new(Group {
                free: Arc::new(Semaphore::new(max as usize)),
                waiting: AtomicU32::new(0),
            })
        });
        Arc::clone(group)
    }
}

impl Group {
    fn is_used(&self, max: u32) -> bool {
        self.free.available_permits() < max as usize
    }
}

impl PlaceRule {
    pub(super) fn compile(limit: &Concurrency, groups: Groups) -> Self {
        Self {
            groups,
            by: limit.by,
            max: limit.max,
            queue: limit.queue.map(|queue| Queue {
                length: queue.length,
                wait: queue.wait.as_duration(),
            }),
        }
    }

    /// The most calls that run at the same time.
    pub(crate) fn max(&self) -> u32 {
        self.max
    }

    /// Waits for a place where that is allowed; first come, first served.
    pub(crate) async fn take(&self, places: &Places, caller: &Caller<'_>) -> Result<Place, NoPlace> {
        let group = places.group(self.groups.id(self.by, 0, caller), self.max);
        if let Ok(permit) = Arc::clone(&group.free).try_acquire_owned() {
            return Ok(Place { _permit: permit });
        }
        let queue = self.queue.ok_or(NoPlace)?;
        let waiting = Waiting::begin(&group.waiting, queue.length).ok_or(NoPlace)?;
        let permit = tokio::time::timeout(queue.wait, Arc::clone(&group.free).acquire_owned()).await;
        drop(waiting);
        match permit {
            Ok(Ok(permit)) => Ok(Place { _permit: permit }),
            // The semaphore is never closed.
            Ok(Err(_)) | Err(_) => Err(NoPlace),
        }
    }
}

/// A call in the queue; it leaves when dropped.
struct Waiting<'a>(&'a AtomicU32);

impl<'a> Waiting<'a> {
    fn begin(count: &'a AtomicU32, length: u32) -> Option<Self> {
        let enter = |waiting| (waiting < length).then_some(waiting + 1);
        count.try_update(Relaxed, Relaxed, enter).ok().map(|_| Self(count))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}
