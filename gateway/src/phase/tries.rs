//! The tries of a call: which target each goes to, and whether another follows.

use std::time::Duration;

use http::{HeaderValue, Method, header::RETRY_AFTER};

use crate::{
    decision::Refusal,
    message::BodyLength,
    problem::Reason,
    upstream::{Admission, BreakerOpen, CallerTraits, Group, Outcome, Pick, Targets, Tick, Tried, may_repeat},
    worker::{Slot, Worker},
};

/// Targets that are tried where an upstream says nothing about it; only as long as none of them was sent anything.
const MAX_TARGETS_TRIED: u16 = 3;

/// The tries of a call.
pub(crate) struct Tries<'a> {
    targets: &'a Targets,
    worker: &'a Worker,
    slot: &'a Slot,
    group: &'a Group,
    hash: Option<u64>,
    admission: Option<Admission>,
    tried: Tried,
    count: u16,
    /// When the whole call has to be over, in milliseconds of the worker.
    until_ms: u64,
}

/// How far a try came: what decides whether it may be repeated.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Progress {
    /// Something may have been sent.
    pub(crate) is_sent: bool,
    /// The caller was told something by the upstream.
    pub(crate) has_informed: bool,
}

impl Progress {
    /// Whether another try does no harm.
    pub(crate) fn may_repeat(self, method: &Method, body: BodyLength) -> bool {
        !self.has_informed && may_repeat(self.is_sent, method, body != BodyLength::NONE)
    }
}

impl<'a> Tries<'a> {
    /// A call begins, and with it its time. `caller` says who calls; it is only asked where that makes a difference.
    ///
    /// # Errors
    /// The breaker is open.
    pub(crate) fn begin<'b>(
        targets: &'a Targets,
        worker: &'a Worker,
        slot: &'a Slot,
        caller: impl Fn() -> CallerTraits<'b>,
    ) -> Result<Self, Refusal> {
        let (group, is_stable) = targets.group(&caller);
        let admission = if is_stable {
            targets.admit(moment(targets)).map_err(|open| refuse(&open))?
        } else {
            None
        };
        if let Some(retries) = targets.retries() {
            retries.begin();
        }
        let until_ms = targets.total_timeout.map_or(u64::MAX, |total| slot.moment_after(total));
        slot.bound(until_ms);
        Ok(Self {
            targets,
            worker,
            slot,
            group,
            hash: targets.hash(&caller),
            admission,
            tried: Tried::default(),
            count: 0,
            until_ms,
        })
    }

    /// Where the first try goes to.
    pub(crate) fn first(&mut self) -> Option<Pick<'a>> {
        self.pick()
    }

    /// What became of a try speaks for or against its target.
    pub(crate) fn observe(&self, pick: &Pick<'_>, outcome: Outcome) {
        self.group.observe(pick.index, outcome, moment(self.targets));
    }

    /// Where the next try goes to after one that ended like this; `None` when there is none.
    pub(crate) fn next(&mut self, outcome: Outcome, may_repeat: bool) -> Option<Pick<'a>> {
        if self.slot.is_out_of_time() {
            return None;
        }
        let is_allowed = match self.targets.retries() {
            Some(retries) => retries.allow(self.count, outcome, may_repeat),
            None => outcome == Outcome::NotConnected && self.count < MAX_TARGETS_TRIED,
        };
        if !is_allowed {
            return None;
        }
        let next = self.pick();
        if next.is_some() || self.targets.retries().is_none() {
            return next;
        }
        // All were tried: a retry begins with them anew.
        self.tried = Tried::default();
        self.pick()
    }

    /// The call ended like this, as far as the upstream is concerned. Not called, it speaks neither for nor against it.
    pub(crate) fn end(&mut self, outcome: Outcome) {
        if let Some(admission) = self.admission.take() {
            admission.tell(outcome.is_failure(), Tick::now());
        }
    }

    /// A try begins: from now on the time of one try runs.
    pub(crate) fn begin_try(&self) {
        if let Some(limit) = self.per_try() {
            self.slot.bound(self.slot.moment_after(limit).min(self.until_ms));
        }
    }

    /// A try is over, and its time with it.
    pub(crate) fn end_try(&self) {
        if self.per_try().is_some() {
            self.slot.bound(self.until_ms);
        }
    }

    /// How long the head of an answer may be waited for.
    pub(crate) fn response_timeout(&self) -> Duration {
        let limit = self.targets.response_timeout;
        self.per_try().map_or(limit, |per_try| per_try.min(limit))
    }

    /// The refusal of a call that took too long in all; `None` as long as it has not.
    pub(crate) fn too_long(&self) -> Option<Refusal> {
        let total = self.targets.total_timeout.filter(|_| self.slot.is_out_of_time())?;
        let detail = format!("The call took longer than {} ms in all.", total.as_millis());
        let refusal = Refusal::new(Reason::UpstreamTimeout).detail(detail);
        Some(refusal.proxy_error("http_response_timeout"))
    }

    fn per_try(&self) -> Option<Duration> {
        self.targets.retries()?.per_try_timeout
    }

    fn pick(&mut self) -> Option<Pick<'a>> {
        let random = match self.group.targets() {
            [_] => 0,
            _ => self.worker.random(),
        };
        let pick = self
            .group
            .pick(self.hash, random, &mut self.tried, moment(self.targets))?;
        self.count += 1;
        Some(pick)
    }
}

/// The moment, where it makes a difference.
fn moment(targets: &Targets) -> Tick {
    if targets.keeps_time() { Tick::now() } else { Tick::ZERO }
}

fn refuse(open: &BreakerOpen) -> Refusal {
    // Rounded up: a second early is a call in vain.
    let seconds = open.retry_after.as_millis().div_ceil(1_000);
    let seconds = u64::try_from(seconds).unwrap_or(u64::MAX);
    Refusal::new(Reason::BreakerOpen).field(RETRY_AFTER, HeaderValue::from(seconds))
}
