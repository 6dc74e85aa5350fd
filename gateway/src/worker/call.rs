//! One call, phase by phase.

use std::rc::Rc;

use http::StatusCode;

use super::{Heads, InFlight, Peer, Slot, Worker};
use crate::{
    client::Caller,
    decision::{Refusal, RequestFacts, decide},
    limit::Moment,
    message::BodyLength,
    phase::{
        deliver::{self, Delivered},
        forward::{self, Answered, NotAnswered, Outgoing},
        metering::Call,
        respond,
    },
    problem::Reason,
    trace_context::TraceContext,
};

/// One call, from its head to the end of its answer: the phases in order.
pub(super) async fn handle(
    worker: &Rc<Worker>,
    peer: &Peer,
    slot: &Slot,
    caller: &mut impl Caller,
    heads: &mut Heads,
    readable: Result<(), Reason>,
) -> Delivered {
    let _in_flight = InFlight::begin(worker);
    let now = worker.now();
    let trace = TraceContext::of(&heads.request.fields).unwrap_or_else(|| worker.trace_ids.make());
    let mut call = Call::begin(worker, &now);
    let decision = {
        let facts = RequestFacts {
            method: &heads.request.method,
            path: heads.request.path(),
            fields: &heads.request.fields,
            body_bytes: match caller.body_length() {
                BodyLength::Exact(length) => Some(length),
                BodyLength::Open => None,
            },
            max_body_bytes: worker.limits().body_bytes,
        };
        let mut reader = worker.snapshot.borrow_mut();
        readable
            .map_err(|reason| Box::new(Refusal::new(reason)))
            .and_then(|()| decide(reader.load(), &facts, &now, &mut call.known))
    };
    let refusal = match decision {
        Ok(permit) => {
            call.admit(permit);
            let mut outgoing = Outgoing {
                worker,
                peer,
                slot,
                request: &mut heads.request,
                answer: &mut heads.answer,
                trace: &trace,
            };
            match forward::forward(&mut outgoing, &mut call, caller).await {
                Ok(answered) => return pass_on(worker, slot, call, caller, heads, answered, &now).await,
                Err(NotAnswered::CallerGone) => return Delivered::Broken,
                Err(NotAnswered::Refused(refusal)) => refusal,
            }
        }
        Err(refusal) => refusal,
    };
    let Heads { request, answer } = heads;
    let (body, mut tally) = respond::refuse(worker, &mut call, *refusal, request.path(), &trace, &now, answer);
    let takes_body = caller.answer(answer, BodyLength::Exact(body.len() as u64));
    let body = takes_body.then_some(body);
    deliver::send(caller, slot, worker.limits().stall_timeout, body, &mut tally).await
}

/// Passes the upstream's answer on, to its end.
async fn pass_on(
    worker: &Worker,
    slot: &Slot,
    mut call: Call,
    caller: &mut impl Caller,
    heads: &mut Heads,
    answered: Answered,
    now: &Moment,
) -> Delivered {
    let Answered {
        mut lease,
        mut upload,
        body,
        is_persistent,
        is_switch,
    } = answered;
    let answer = &mut heads.answer;
    let mut tally = respond::adapt(worker, &mut call, answer, now);
    tally.bytes_in = upload.bytes;
    let limits = worker.limits();
    if is_switch {
        // Only HTTP/1.1 can ask for it.
        if caller.switch(answer) {
            deliver::tunnel(caller, &mut lease, slot, limits.websocket_timeout, &mut tally).await;
        }
        return Delivered::Broken;
    }
    debug_assert_ne!(answer.status, StatusCode::SWITCHING_PROTOCOLS);
    let delivered = if caller.answer(answer, body) {
        deliver::pass_on(caller, &mut lease, &mut upload, slot, limits.stall_timeout, &mut tally).await
    } else {
        deliver::send(caller, slot, limits.stall_timeout, None, &mut tally).await
    };
    if delivered == Delivered::Complete && is_persistent && upload.is_over() {
        lease.give_back();
    }
    delivered
}
