//! Connections to upstreams that wait for their next request. Each worker has its own, so taking one is a pop from a
//! stack: no lock, and the connection that was used last, which is the least likely to have been closed meanwhile.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use hyper::client::conn::http1::SendRequest;
use tokio::time::timeout;

use super::{Authority, body::RequestBody};
use crate::fast_hash::IdMap;

/// Idle connections of one worker, by the number of their authority.
#[derive(Debug)]
pub(crate) struct Pool {
    idle: RefCell<IdMap<u64, Vec<Idle>>>,
    /// Seconds of the worker.
    now_s: Cell<u32>,
}

#[derive(Debug)]
struct Idle {
    sender: SendRequest<RequestBody>,
    born_s: u32,
    since_s: u32,
}

/// A connection that carries a call. Dropped before the answer is over, it is closed.
#[derive(Debug)]
pub(crate) struct Lease {
    sender: Option<SendRequest<RequestBody>>,
    pool: Rc<Pool>,
    number: u64,
    born_s: u32,
    /// Whether it carried a call before: then it may have died unnoticed.
    pub(crate) is_reused: bool,
    /// Whole seconds that it waited since that call.
    pub(crate) idle_s: u32,
}

/// Kept for each authority; more are closed when they come back.
const MAX_IDLE: usize = 512;
/// Shorter than the keep-alive time of most servers that publish one.
const MAX_IDLE_S: u32 = 30;
/// So that a change of addresses behind a name is noticed.
const MAX_AGE_S: u32 = 600;
/// A connection whose answer is over becomes ready within a turn of its task.
const SETTLE: Duration = Duration::from_secs(1);

impl Pool {
    pub(crate) fn new() -> Rc<Self> {
        Rc::new(Self {
            idle: RefCell::default(),
            now_s: Cell::new(0),
        })
    }

    /// The idle connection that was used last.
    pub(crate) fn take(self: &Rc<Self>, authority: &Authority) -> Option<Lease> {
        let mut idle = self.idle.borrow_mut();
        let stack = idle.get_mut(&authority.number)?;
        while let Some(Idle {
            sender,
            born_s,
            since_s,
        }) = stack.pop()
        {
            if sender.is_ready() {
                return Some(Lease {
                    sender: Some(sender),
                    pool: Rc::clone(self),
                    number: authority.number,
                    born_s,
                    is_reused: true,
                    idle_s: self.now_s.get().saturating_sub(since_s),
                });
            }
        }
        None
    }

    /// A lease of a connection that was just made.
    pub(crate) fn adopt(self: &Rc<Self>, authority: &Authority, sender: SendRequest<RequestBody>) -> Lease {
        Lease {
            sender: Some(sender),
            pool: Rc::clone(self),
            number: authority.number,
            born_s: self.now_s.get(),
            is_reused: false,
            idle_s: 0,
        }
    }

    /// Closes what has waited too long or is dead, and forgets authorities without connections; called once a second.
    pub(crate) fn tick(&self, now_s: u32) {
        self.now_s.set(now_s);
        self.idle.borrow_mut().retain(|_, stack| {
            stack.retain(|idle| !idle.sender.is_closed() && now_s.saturating_sub(idle.since_s) <= MAX_IDLE_S);
            !stack.is_empty()
        });
    }

    /// Closes every idle connection.
    pub(crate) fn clear(&self) {
        self.idle.borrow_mut().clear();
    }

    fn put(&self, number: u64, born_s: u32, sender: SendRequest<RequestBody>) {
        let now_s = self.now_s.get();
        if now_s.saturating_sub(born_s) > MAX_AGE_S {
            return;
        }
        let mut idle = self.idle.borrow_mut();
        let stack = idle.entry(number).or_default();
        if stack.len() < MAX_IDLE {
            stack.push(Idle {
                sender,
                born_s,
                since_s: now_s,
            });
        }
    }
}

impl Lease {
    /// The connection; there until the lease is given back.
    pub(crate) fn sender(&mut self) -> Option<&mut SendRequest<RequestBody>> {
        self.sender.as_mut()
    }

    /// The answer is over: the connection may carry the next call.
    pub(crate) fn give_back(mut self) {
        let Some(mut sender) = self.sender.take() else { return };
        if sender.is_closed() {
            return;
        }
        if sender.is_ready() {
            self.pool.put(self.number, self.born_s, sender);
            return;
        }
        // Its task has not seen the end yet, or the request's body is still being sent.
        let (pool, number, born_s) = (Rc::clone(&self.pool), self.number, self.born_s);
        tokio::task::spawn_local(async move {
            if let Ok(Ok(())) = timeout(SETTLE, sender.ready()).await {
                pool.put(number, born_s, sender);
            }
        });
    }
}
