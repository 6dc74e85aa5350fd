//! Connections to upstreams that wait for their next request. Each worker has its own, so taking one is a pop from a
//! stack: no lock, and the connection that was used last, which is the least likely to have been closed meanwhile.

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    pin::pin,
    rc::Rc,
    task::{Context, Waker},
};

use tokio::task::coop::unconstrained;

use super::{Authority, OpenConnection};
use crate::{fast_hash::IdMap, http1::Connection};

/// Idle connections of one worker, by the number of their authority.
#[derive(Debug)]
pub(crate) struct Pool {
    idle: RefCell<IdMap<u64, Vec<Idle>>>,
    /// Pools of the process.
    workers: usize,
    /// Seconds of the worker.
    now_s: Cell<u32>,
}

#[derive(Debug)]
struct Idle {
    connection: Box<Connection>,
    open: OpenConnection,
    born_s: u32,
    since_s: u32,
}

/// A connection that carries a call. Dropped before the answer is over, it is closed.
#[derive(Debug)]
pub(crate) struct Lease {
    pub(crate) connection: Box<Connection>,
    pool: Rc<Pool>,
    number: u64,
    open: OpenConnection,
    born_s: u32,
    max_age_s: u32,
    max_idle: usize,
    /// Whether it carried a call before: then it may have died unnoticed.
    pub(crate) is_reused: bool,
}

/// Kept for each authority; more are closed when they come back.
const MAX_IDLE: usize = 512;
/// Shorter than the keep-alive time of most servers that publish one.
const MAX_IDLE_S: u32 = 30;
/// So that a change of addresses behind a name is noticed.
const MAX_AGE_S: u32 = 600;

impl Pool {
    /// The pool of one worker of so many.
    pub(crate) fn new(workers: usize) -> Rc<Self> {
        Rc::new(Self {
            workers,
            idle: RefCell::default(),
            now_s: Cell::new(0),
        })
    }

    /// The idle connection that was used last.
    pub(crate) fn take(self: &Rc<Self>, authority: &Authority) -> Option<Lease> {
        let mut idle = self.idle.borrow_mut();
        let stack = idle.get_mut(&authority.number)?;
        let (now_s, max_age_s) = (self.now_s.get(), authority.max_age_s(MAX_AGE_S));
        while let Some(mut last) = stack.pop() {
            if last.is_alive() && now_s.saturating_sub(last.born_s) < max_age_s {
                return Some(Lease {
                    connection: last.connection,
                    pool: Rc::clone(self),
                    number: authority.number,
                    open: last.open,
                    born_s: last.born_s,
                    max_age_s,
                    max_idle: authority.max_idle(self.workers, MAX_IDLE),
                    is_reused: true,
                });
            }
        }
        None
    }

    /// A lease of a connection that was just made.
    pub(crate) fn adopt(self: &Rc<Self>, authority: &Authority, connection: Connection, open: OpenConnection) -> Lease {
        Lease {
            connection: Box::new(connection),
            pool: Rc::clone(self),
            number: authority.number,
            open,
            born_s: self.now_s.get(),
            max_age_s: authority.max_age_s(MAX_AGE_S),
            max_idle: authority.max_idle(self.workers, MAX_IDLE),
            is_reused: false,
        }
    }

    /// Closes what has waited too long or is dead, and forgets authorities without connections; called once a second.
    pub(crate) fn tick(&self, now_s: u32) {
        self.now_s.set(now_s);
        self.idle.borrow_mut().retain(|_, stack| {
            stack.retain_mut(|idle| now_s.saturating_sub(idle.since_s) <= MAX_IDLE_S && idle.is_alive());
            !stack.is_empty()
        });
    }

    /// Closes every idle connection.
    pub(crate) fn clear(&self) {
        self.idle.borrow_mut().clear();
    }
}

impl Idle {
    /// Whether the upstream has neither closed the connection nor said what nobody asked for. A system call is only
    /// made when something happened on it.
    fn is_alive(&mut self) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        // A task that has done much would be told that nothing is there, without a look.
        let gone = unconstrained(poll_fn(|cx| self.connection.poll_gone(cx)));
        let is_silent = pin!(gone).poll(&mut cx).is_pending();
        is_silent && self.connection.is_quiet()
    }
}

impl Lease {
    /// The answer is over: the connection may carry the next call, unless something of this one is left.
    pub(crate) fn give_back(self) {
        let now_s = self.pool.now_s.get();
        let is_clean = self.connection.is_quiet() && self.connection.is_body_over() && self.connection.is_sent();
        if !is_clean || now_s.saturating_sub(self.born_s) >= self.max_age_s {
            return;
        }
        let mut idle = self.pool.idle.borrow_mut();
        let stack = idle.entry(self.number).or_default();
        if stack.len() < self.max_idle {
            stack.push(Idle {
                connection: self.connection,
                open: self.open,
                born_s: self.born_s,
                since_s: now_s,
            });
        }
    }
}
