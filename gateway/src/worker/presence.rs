//! What a worker counts for as long as it is there: connections, calls and what waits.

use std::rc::Rc;

use super::{Worker, slot::Slot};

/// A call that is not over.
#[derive(Debug)]
pub(crate) struct InFlight {
    worker: Rc<Worker>,
}

impl InFlight {
    pub(super) fn begin(worker: &Rc<Worker>) -> Self {
        worker.calls.set(worker.calls.get() + 1);
        worker.counters.call_began();
        Self {
            worker: Rc::clone(worker),
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let worker = &self.worker;
        worker.calls.set(worker.calls.get() - 1);
        worker.counters.call_ended();
        if worker.calls.get() == 0 && worker.is_draining.get() {
            worker.ended.notify_waiters();
        }
    }
}

/// An open connection; counted until it is dropped, also by a panic.
pub(super) struct Open(Rc<Worker>);

impl Open {
    pub(super) fn begin(worker: &Rc<Worker>) -> Self {
        worker.counters.connection_opened();
        worker.open.set(worker.open.get() + 1);
        Self(Rc::clone(worker))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.counters.connection_closed();
        self.0.open.set(self.0.open.get() - 1);
        self.0.ended.notify_waiters();
    }
}

/// A slot's place among the others, until it is dropped.
pub(super) struct Registered {
    worker: Rc<Worker>,
    place: usize,
}

impl Registered {
    pub(super) fn begin(worker: &Rc<Worker>) -> (Rc<Slot>, Self) {
        let (slot, place) = worker.register();
        let worker = Rc::clone(worker);
        (slot, Self { worker, place })
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.worker.unregister(self.place);
    }
}
