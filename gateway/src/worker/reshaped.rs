//! Bodies that a policy changes on their way: they are held, changed, and passed on with their new length.

use std::{rc::Rc, sync::Arc, time::Duration};

use http::Method;

use super::{Heads, Slot, Worker, call::Run, judged::Judging};
use crate::{
    client::Caller,
    decision::Refusal,
    held::{HeldAnswer, HeldCaller, MemoryFull, NotHeld, Share, hold},
    message::{AnswerHead, BodyLength, Fields, Known},
    phase::{
        deliver::{self, Delivered},
        forward::{Answered, NotAnswered},
        metering::Call,
        respond,
    },
    problem::Reason,
    relay::{BodySource, Passage},
    rules::{BodyChange, Rules, forget_body},
    upstream::UpstreamStream,
};

/// Changes to the body of an answer.
pub(super) struct Changing {
    rules: Arc<Rules>,
    /// Memory for the body.
    share: Rc<Share>,
}

impl Changing {
    /// `None` when the answer stays as it is. `heads` has the head of the upstream's answer.
    pub(super) fn of(worker: &Worker, call: &Call, heads: &Heads, answered: &Answered) -> Option<Self> {
        let rules = call.known.rules.as_ref()?;
        let transform = rules.transform.as_ref()?;
        let has_body = answered.body != BodyLength::NONE || heads.request.method == Method::HEAD;
        let is_changed = has_body && !answered.is_switch && transform.answer_body(&heads.answer).is_some();
        is_changed.then(|| Self {
            rules: Arc::clone(rules),
            share: worker.held(&call.known),
        })
    }

    /// Holds the body of the upstream's answer and changes it. What is left of the request's body goes on meanwhile;
    /// `stall_timeout` is how long both may stand still.
    ///
    /// # Errors
    /// There is no answer that may be given.
    pub(super) async fn change(
        &self,
        slot: &Slot,
        answer: &AnswerHead,
        stream: UpstreamStream,
        (upload, caller): (&mut Passage, &mut impl Caller),
        stall_timeout: Duration,
    ) -> Result<HeldAnswer<UpstreamStream>, NotChanged> {
        let Self { rules, share } = self;
        let transform = rules.transform.as_ref();
        let change = transform.and_then(|transform| transform.answer_body(answer));
        let max_bytes = change.map_or(0, |change| change.max_bytes);
        let bounds = (max_bytes, stall_timeout);
        let held = HeldAnswer::hold(stream, upload, caller, slot, share, bounds).await;
        let mut held = held.map_err(|NotHeld| NotChanged::BrokenOff)?;
        // A body that is longer than what is changed goes on; one that there is no memory for does not: nobody should see
        // what is to be removed, only because there is much to do.
        if !held.is_whole() {
            let is_too_long = held.body().len() >= max_bytes;
            return if is_too_long { Ok(held) } else { Err(NotChanged::NoRoom) };
        }
        if let Some(changed) = change.and_then(|change| change.change.apply(held.body())) {
            held.replace(changed).map_err(|MemoryFull| NotChanged::NoRoom)?;
        }
        Ok(held)
    }
}

/// Why an answer that should be changed is not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotChanged {
    /// It can't be read to its end.
    BrokenOff,
    /// There is no memory for it.
    NoRoom,
}

impl NotChanged {
    fn refusal(self) -> Refusal {
        match self {
            Self::BrokenOff => Refusal::new(Reason::UpstreamBroken)
                .detail("The API's server did not send its answer to the end.")
                .proxy_error("http_response_incomplete"),
            Self::NoRoom => no_room(),
        }
    }
}

impl Run<'_> {
    /// Passes a call on, with its body changed where a policy says so.
    pub(super) async fn reshape(&self, call: Call, caller: &mut impl Caller, heads: &mut Heads) -> Delivered {
        let rules = call.known.rules.as_ref().filter(|rules| rules.transform.is_some());
        match rules.filter(|_| caller.body_length() != BodyLength::NONE).cloned() {
            // Boxed, so that calls without changes stay small.
            Some(rules) => Box::pin(self.forward_changed(call, caller, heads, &rules)).await,
            None => self.forward(call, caller, heads).await,
        }
    }

    async fn forward_changed(
        &self,
        mut call: Call,
        caller: &mut impl Caller,
        heads: &mut Heads,
        rules: &Rules,
    ) -> Delivered {
        let transform = rules.transform.as_ref();
        let Some(change) = transform.and_then(|transform| transform.request_body(&heads.request.fields)) else {
            return self.forward(call, caller, heads).await;
        };
        let bounds = (change.max_bytes, self.worker.limits().stall_timeout);
        let share = self.worker.held(&call.known);
        let held = hold(caller, &mut heads.request, self.slot, &share, bounds).await;
        let changed = held.and_then(|mut held| {
            change_request(change, &mut held, &mut heads.request.fields)?;
            Ok(held)
        });
        match changed {
            Ok(mut held) => self.forward(call, &mut held, heads).await,
            Err(NotAnswered::CallerGone) => Delivered::Broken,
            Err(NotAnswered::Refused(refusal)) => {
                // A call that is refused takes nothing from any budget.
                call.return_all();
                self.refuse(call, caller, heads, *refusal).await
            }
        }
    }

    /// Passes the upstream's answer on with its body changed.
    pub(super) async fn pass_on_changed(
        &self,
        mut call: Call,
        caller: &mut impl Caller,
        heads: &mut Heads,
        answered: Answered,
        changing: Changing,
    ) -> Delivered {
        let Self { worker, slot, now, .. } = self;
        let Answered {
            stream,
            mut upload,
            body,
            is_persistent,
            idle_timeout,
            load: _load,
            ..
        } = answered;
        let stall_timeout = idle_timeout.unwrap_or(worker.limits().stall_timeout);
        let both = (&mut upload, &mut *caller);
        let held = changing.change(slot, &heads.answer, stream, both, stall_timeout);
        let mut held = match held.await {
            Ok(held) => held,
            Err(why) => {
                // What comes in its place is not kept.
                caller.keep_nothing();
                slot.bound(u64::MAX);
                return self.refuse(call, caller, heads, why.refusal()).await;
            }
        };
        forget_body(&mut heads.answer.fields);
        let length = match body {
            _ if held.is_whole() && held.trailers().is_none() => BodyLength::Exact(held.body().len() as u64),
            BodyLength::Exact(_) if held.is_whole() => BodyLength::Open,
            length => length,
        };
        let Heads { request, answer } = heads;
        if let BodyLength::Exact(length) = length
            && request.method != Method::HEAD
        {
            let length = length.to_string();
            answer.fields.append_parts(Known::ContentLength, &[length.as_bytes()]);
        }
        let mut tally = respond::adapt(worker, &mut call, request, answer, now);
        tally.bytes_in = upload.bytes;
        let takes_body = caller.answer(answer, length);
        let delivered = if let Some(judging) = Judging::of(&call, answer.status) {
            let upstream = (&mut held, &mut upload);
            let answer = (&*answer, length, takes_body);
            let judged = self.pass_on_judged(&call, judging, caller, upstream, answer, (stall_timeout, &mut tally));
            Box::pin(judged).await
        } else if takes_body {
            deliver::pass_on(caller, &mut held, &mut upload, slot, stall_timeout, &mut tally).await
        } else {
            deliver::send(caller, slot, stall_timeout, None, &mut tally).await
        };
        if delivered == Delivered::Complete && is_persistent && upload.is_over() {
            held.stream.give_back();
        }
        delivered
    }
}

/// Changes a body that is held whole; a longer one goes on as it is.
fn change_request(change: &BodyChange, held: &mut HeldCaller<'_>, fields: &mut Fields) -> Result<(), NotAnswered> {
    if !held.is_whole() {
        return Ok(());
    }
    if let Some(changed) = change.change.apply(held.body()) {
        forget_body(fields);
        held.replace(changed, fields).map_err(|MemoryFull| no_room())?;
    }
    Ok(())
}

fn no_room() -> Refusal {
    Refusal::new(Reason::NoRoomForBody)
}
