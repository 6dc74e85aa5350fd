//! Callers: a thread each, that calls until the time is over.

use std::{
    io,
    time::{Duration, Instant},
};

use super::{
    client::{Answer, Body, Broken, Connection, Request},
    judge::{Promise, Tally},
    pause,
    world::{KEY, World},
};

/// A kind of callers.
#[derive(Clone, Copy)]
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) callers: usize,
    /// Between two calls.
    pub(super) pause: Duration,
    /// Makes a call, or a few that belong together.
    pub(super) call: fn(&mut Caller<'_>),
    /// What has to have happened at least once: statuses of answers, and marks.
    pub(super) seen: (&'static [u16], &'static [&'static str]),
}

pub(super) struct Caller<'a> {
    pub(super) world: &'a World,
    pub(super) kind: Kind,
    /// Tells callers apart, in their paths.
    number: usize,
    calls: u64,
    connection: Option<Connection>,
    pub(super) tally: Tally,
}

/// A call that is only answered with 200, by the targets that never die.
pub(super) fn steady(path: &str) -> Request<'_> {
    Request {
        method: "GET",
        version: "steady",
        path,
        key: KEY,
        fields: "",
        body: Body::None,
    }
}

/// The promise for such a call.
pub(super) fn answered(version: &'static str) -> Promise<'static> {
    Promise {
        version,
        statuses: &[200],
        grace: None,
    }
}

impl<'a> Caller<'a> {
    /// Calls until the time is over.
    pub(super) fn run(world: &'a World, kind: Kind, number: usize) -> Tally {
        let mut caller = Self {
            world,
            kind,
            number,
            calls: 0,
            connection: None,
            tally: Tally::default(),
        };
        while !world.is_over() {
            (kind.call)(&mut caller);
            pause(kind.pause);
        }
        caller.tally
    }

    /// A path in the room that no other call has.
    pub(super) fn path(&mut self, room: &str) -> String {
        self.calls += 1;
        format!("/{room}/{}-{}", self.number, self.calls)
    }

    /// How many paths were taken.
    pub(super) fn calls(&self) -> u64 {
        self.calls
    }

    /// The connection that is kept alive, or a new one.
    pub(super) fn connection(&mut self) -> io::Result<Connection> {
        match self.connection.take() {
            Some(connection) => Ok(connection),
            None => Connection::open(self.world.gateway),
        }
    }

    /// Keeps the connection for the next call, unless the answer says that it ends.
    pub(super) fn keep(&mut self, connection: Connection, answer: &Answer) {
        if !answer.field("connection").eq_ignore_ascii_case("close") {
            self.connection = Some(connection);
        }
    }

    /// Sends a request and reads its answer.
    pub(super) fn call(&mut self, request: &Request<'_>) -> Result<Answer, Broken> {
        let mut connection = self.connection().map_err(Broken::Head)?;
        let sent = connection.send(&request.bytes());
        match (connection.answer(), sent) {
            (Ok(answer), Ok(())) => {
                self.keep(connection, &answer);
                Ok(answer)
            }
            // An answer may come before all of the request is sent; the connection is over then.
            (Ok(answer), Err(_)) => Ok(answer),
            (Err(Broken::Head(_)), Err(error)) => Err(Broken::Head(error)),
            (Err(broken), _) => Err(broken),
        }
    }

    /// Takes what came of a call into account.
    pub(super) fn judge(
        &mut self,
        promise: &Promise<'_>,
        started: Instant,
        outcome: Result<Answer, Broken>,
        check: impl FnOnce(&Answer) -> Result<(), String>,
    ) {
        let (name, deaths) = (self.kind.name, &self.world.deaths);
        self.tally.judge(name, promise, deaths, started, outcome, check);
    }

    /// Calls, and takes what came of it into account.
    pub(super) fn try_call(
        &mut self,
        request: &Request<'_>,
        promise: &Promise<'_>,
        check: impl FnOnce(&Answer) -> Result<(), String>,
    ) {
        let started = Instant::now();
        let outcome = self.call(request);
        self.judge(promise, started, outcome, check);
    }

    /// A mistake of the kind's own.
    pub(super) fn wrong(&mut self, what: &str) {
        self.tally.wrong(self.kind.name, what);
    }
}
