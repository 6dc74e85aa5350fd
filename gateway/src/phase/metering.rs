//! Counting calls: once when the answer's head is known, and the bytes when it is over.

use std::{
    net::IpAddr,
    rc::Rc,
    time::{Duration, Instant},
};

use domain::{
    id::{KeyId, SubscriptionId},
    usage::UsageSums,
};

use super::{FirstFailure, logging::LoggedCall};
use crate::{
    decision::{Known, Permit},
    limit::Moment,
    message::RequestHead,
    meter::MeterKey,
    problem::Reason,
    trace_context::TraceContext,
    worker::Worker,
};

/// Status of calls whose caller went away before the answer; nobody sees it but the ledger.
const CLIENT_CLOSED: u16 = 499;

/// A call that is not counted yet. Dropped without an answer it counts as given up by its caller: with one unit if it
/// was passed on, because the upstream may have done the work; otherwise with none, and the quota gets its unit back.
pub(crate) struct Call {
    worker: Rc<Worker>,
    pub(crate) known: Known,
    permit: Option<Permit>,
    /// Body bytes that were passed on to the upstream.
    pub(crate) bytes_in: u64,
    started: Instant,
    minute: u32,
    is_passed_on: bool,
    is_counted: bool,
    logged: Option<Box<LoggedCall>>,
}

/// Counts the bytes of an answer when it is over.
#[derive(Debug)]
pub(crate) struct Tally {
    worker: Rc<Worker>,
    key: MeterKey,
    version: Option<std::sync::Arc<crate::snapshot::Version>>,
    bytes_in_counted: u64,
    /// Body bytes passed on to the upstream in all.
    pub(crate) bytes_in: u64,
    /// Body bytes sent to the caller in all.
    pub(crate) bytes_out: u64,
    logged: Option<Box<LoggedCall>>,
}

impl Call {
    pub(crate) fn begin(worker: &Rc<Worker>, now: &Moment) -> Self {
        Self {
            worker: Rc::clone(worker),
            known: Known::default(),
            permit: None,
            bytes_in: 0,
            started: Instant::now(),
            minute: (now.unix_s() / 60) as u32,
            is_passed_on: false,
            is_counted: false,
            logged: None,
        }
    }

    /// A call of our own, to validate what is in the cache: it counts for nobody.
    pub(crate) fn uncounted(worker: &Rc<Worker>, now: &Moment, permit: Permit, known: Known) -> Self {
        let mut call = Self::begin(worker, now);
        call.permit = Some(permit);
        call.known = known;
        call.is_counted = true;
        call
    }

    /// The call is to be in the access log.
    pub(crate) fn log(&mut self, now: &Moment, request: &RequestHead, trace: &TraceContext, client: IpAddr) {
        self.logged = Some(Box::new(LoggedCall::new(self.started, now, request, trace, client)));
    }

    /// The call passed every phase.
    pub(crate) fn admit(&mut self, permit: Permit) {
        self.permit = Some(permit);
    }

    pub(crate) fn permit(&self) -> Option<&Permit> {
        self.permit.as_ref()
    }

    /// Whether it goes to an upstream by HTTP/2.
    pub(crate) fn is_to_http2(&self) -> bool {
        let targets = self.permit.as_ref().and_then(Permit::targets);
        targets.is_some_and(|targets| targets.stable().is_http2())
    }

    /// The request is on its way to the upstream, or came back from a connection that had taken nothing of it.
    pub(crate) fn passed_on(&mut self, is_passed_on: bool) {
        self.is_passed_on = is_passed_on;
        if let Some(logged) = &mut self.logged {
            logged.sent();
        }
    }

    /// A try begins.
    pub(crate) fn tries(&mut self) {
        if let Some(logged) = &mut self.logged {
            logged.tries += 1;
        }
    }

    /// A try failed, and another follows.
    pub(crate) fn tried_in_vain(&mut self, failure: FirstFailure) {
        self.worker.counters().retried(failure);
        if let Some(logged) = &mut self.logged {
            logged.first_failure.get_or_insert(failure);
        }
    }

    /// Whether the upstream may have seen something of it.
    pub(crate) fn is_passed_on(&self) -> bool {
        self.is_passed_on
    }

    /// The upstream answered: the call counts.
    pub(crate) fn answered(&mut self, status: u16) -> Tally {
        if let Some(logged) = &mut self.logged {
            logged.received();
        }
        self.count(status, false, 1)
    }

    /// The gateway answers itself: the call does not count, and a unit that was taken goes back.
    pub(crate) fn refused(&mut self, reason: Reason, status: u16) -> Tally {
        self.return_quota();
        if let Some(logged) = &mut self.logged {
            logged.reason = Some(reason);
        }
        self.count(status, true, 0)
    }

    /// The gateway answers itself, and nothing was asked of it that counts.
    pub(crate) fn answered_here(&mut self, status: u16) -> Tally {
        self.count(status, false, 0)
    }

    /// Everything that was taken goes back: the call was refused after all.
    pub(crate) fn return_all(&mut self) {
        if let Some(permit) = self.permit.take() {
            permit.give_back(&self.known);
        }
    }

    fn return_quota(&self) {
        if let (Some(holder), Some(taken)) = (&self.known.subscription, self.permit.as_ref().and_then(Permit::taken)) {
            holder.budget.return_quota(taken);
        }
    }

    fn count(&mut self, status: u16, is_refused: bool, units: u64) -> Tally {
        self.is_counted = true;
        let key = MeterKey {
            subscription_id: self
                .known
                .subscription
                .as_ref()
                .map_or(SubscriptionId::NIL, |holder| holder.id),
            key_id: self.known.key_id.unwrap_or(KeyId::NIL),
            compilation: self.known.version.as_ref().map_or(0, |version| version.compilation),
            operation: self.known.operation.unwrap_or(u32::MAX),
            minute: self.minute,
            status,
            is_refused,
        };
        let bytes_in = self.bytes_in;
        let sums = UsageSums {
            calls: 1,
            units,
            bytes_in,
            bytes_out: 0,
            latency_us: micros(self.started.elapsed()),
        };
        if let Some(logged) = &mut self.logged {
            logged.counted(status, sums.latency_us, &self.known);
        }
        self.worker.count(key, self.known.version.as_ref(), &sums);
        Tally {
            worker: Rc::clone(&self.worker),
            key,
            version: self.known.version.clone(),
            bytes_in_counted: bytes_in,
            bytes_in,
            bytes_out: 0,
            logged: self.logged.take(),
        }
    }
}

impl Tally {
    /// The first mistakes of the answer, for the access log.
    pub(crate) fn note_answer(&mut self, mistakes: Vec<String>) {
        if let Some(logged) = &mut self.logged {
            logged.answer_mistakes = mistakes;
        }
    }
}

/// Whole microseconds.
pub(super) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

impl Drop for Call {
    fn drop(&mut self) {
        if self.is_counted {
            return;
        }
        if !self.is_passed_on {
            self.return_quota();
        }
        self.count(CLIENT_CLOSED, false, u64::from(self.is_passed_on));
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        if let (Some(logged), Some(log)) = (&self.logged, self.worker.log()) {
            log.record(&logged.record(self.bytes_in, self.bytes_out));
        }
        let bytes_in = self.bytes_in.saturating_sub(self.bytes_in_counted);
        if bytes_in > 0 || self.bytes_out > 0 {
            let sums = UsageSums {
                bytes_in,
                bytes_out: self.bytes_out,
                ..UsageSums::default()
            };
            self.worker.count(self.key, self.version.as_ref(), &sums);
        }
    }
}
