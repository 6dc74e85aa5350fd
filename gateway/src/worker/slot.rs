//! How a worker reaches the tasks that wait: to tell them that their time is up, or that they should end.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    task::{Context, Waker},
    time::Duration,
};

/// How often time-outs are looked at. They are late by at most twice as much, and never early.
pub(super) const TICK: Duration = Duration::from_millis(50);

/// A task that waits: a connection of HTTP/1, or a stream of HTTP/2.
///
/// A time-out is a number that the worker looks at now and then: a timer for each wait would cost more than the wait.
#[derive(Debug)]
pub(crate) struct Slot {
    order: Cell<Order>,
    due_ms: Cell<u64>,
    /// When what runs must be over, whatever it waits for.
    deadline_ms: Cell<u64>,
    /// It is due then at the latest, however long it may wait.
    bound_ms: Cell<u64>,
    /// Milliseconds of the worker.
    now_ms: Rc<Cell<u64>>,
    waker: RefCell<Option<Waker>>,
}

/// What a task is told to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Order {
    #[default]
    GoOn,
    /// Finish what runs, take nothing new.
    Finish,
    /// End now.
    Abandon,
}

impl Slot {
    pub(crate) fn new(now_ms: Rc<Cell<u64>>, order: Order) -> Self {
        Self {
            order: Cell::new(order),
            due_ms: Cell::new(u64::MAX),
            deadline_ms: Cell::new(u64::MAX),
            bound_ms: Cell::new(u64::MAX),
            now_ms,
            waker: RefCell::default(),
        }
    }

    pub(crate) fn order(&self) -> Order {
        self.order.get()
    }

    /// From now on it may wait for so long.
    pub(crate) fn wait_at_most(&self, limit: Duration) {
        self.due_ms.set(self.moment_after(limit).min(self.bound_ms.get()));
    }

    /// From now on it may wait until a moment of [`Self::moment_after`].
    pub(crate) fn wait_until(&self, moment_ms: u64) {
        self.due_ms.set(moment_ms.min(self.bound_ms.get()));
    }

    /// It may wait for as long as it takes, up to its bound.
    pub(crate) fn wait_freely(&self) {
        self.due_ms.set(self.bound_ms.get());
    }

    /// When so much time will have passed: a moment for [`Self::bound`].
    pub(crate) fn moment_after(&self, limit: Duration) -> u64 {
        let limit_ms = u64::try_from((limit + TICK).as_millis()).unwrap_or(u64::MAX);
        self.now_ms.get().saturating_add(limit_ms)
    }

    /// Whether a moment of [`Self::moment_after`] has come.
    pub(crate) fn has_come(&self, moment_ms: u64) -> bool {
        self.now_ms.get() >= moment_ms
    }

    /// Whatever it waits for, its time is up at this moment; never with `u64::MAX`. It may wait freely until then.
    pub(crate) fn bound(&self, moment_ms: u64) {
        self.bound_ms.set(moment_ms);
        self.due_ms.set(moment_ms);
    }

    /// Brings its bound forward; returns what it was, for [`Self::bound`].
    pub(crate) fn bound_within(&self, limit: Duration) -> u64 {
        let before = self.bound_ms.get();
        self.bound(self.moment_after(limit).min(before));
        before
    }

    /// How long it may still take by its bound.
    pub(crate) fn left(&self) -> Duration {
        match self.bound_ms.get() {
            u64::MAX => Duration::MAX,
            bound_ms => Duration::from_millis(bound_ms.saturating_sub(self.now_ms.get())),
        }
    }

    /// Whether its bound is reached.
    pub(crate) fn is_out_of_time(&self) -> bool {
        self.now_ms.get() >= self.bound_ms.get()
    }

    /// What runs must be over within so long, whatever it waits for; `None` takes that back.
    pub(crate) fn end_within(&self, limit: Option<Duration>) {
        self.deadline_ms
            .set(limit.map_or(u64::MAX, |limit| self.moment_after(limit)));
    }

    /// Whether its time is up: it has waited for too long, or must be over.
    pub(crate) fn is_overdue(&self) -> bool {
        self.now_ms.get() >= self.due_ms.get() || self.must_be_over()
    }

    /// Whether it must be over.
    pub(crate) fn must_be_over(&self) -> bool {
        self.now_ms.get() >= self.deadline_ms.get()
    }

    /// How long it may still run; `None` without a limit.
    pub(crate) fn time_left(&self) -> Option<Duration> {
        let deadline_ms = self.deadline_ms.get();
        (deadline_ms != u64::MAX).then(|| Duration::from_millis(deadline_ms.saturating_sub(self.now_ms.get())))
    }

    /// Keeps how the task is woken.
    pub(crate) fn keep_waker(&self, cx: &Context<'_>) {
        let mut waker = self.waker.borrow_mut();
        match &mut *waker {
            Some(kept) => kept.clone_from(cx.waker()),
            None => *waker = Some(cx.waker().clone()),
        }
    }

    pub(super) fn tell(&self, order: Order) {
        if self.order.get() != Order::Abandon {
            self.order.set(order);
        }
        self.wake();
    }

    pub(super) fn wake(&self) {
        if let Some(waker) = &*self.waker.borrow() {
            waker.wake_by_ref();
        }
    }
}
