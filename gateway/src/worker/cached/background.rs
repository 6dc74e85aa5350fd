//! Validating what is kept while callers are answered with it (RFC 5861 §3).

use std::{future::poll_fn, pin::pin, rc::Rc, sync::Arc, task::Poll};

use super::{give_back, is_failure, judge};
use crate::{
    cache::{Exchange, Handled, Keeping, Landed, Lead, Nobody, Query, Stored, Tee, ask},
    decision::{Known, Permit},
    message::{AnswerHead, RequestHead},
    phase::{
        forward::{self, Answered, Outgoing},
        metering::Call,
    },
    relay::{BodySource, Passage},
    worker::{Heads, InFlight, Peer, Slot, Worker, call::Run, connection::obedient, reshaped::Changing},
};

/// A call of our own for one that was answered already. It counts for nobody and takes from no budget.
pub(super) struct Revalidation {
    worker: Rc<Worker>,
    peer: Peer,
    request: RequestHead,
    permit: Permit,
    known: Known,
    query: Query,
    kept: Arc<Stored>,
    lead: Lead,
}

impl Revalidation {
    /// Begins one beside the call, as if its caller had sent the request again.
    pub(super) fn begin(
        run: &Run<'_>,
        call: &Call,
        request: &RequestHead,
        query: &Query,
        kept: &Arc<Stored>,
        lead: Lead,
    ) {
        let Some(permit) = call.permit() else { return };
        let revalidation = Self {
            worker: Rc::clone(run.worker),
            peer: run.peer.clone(),
            request: request.clone(),
            permit: permit.again(),
            known: call.known.clone(),
            query: query.clone(),
            kept: Arc::clone(kept),
            lead,
        };
        let in_flight = InFlight::begin(run.worker);
        let (slot, place) = run.worker.register();
        tokio::task::spawn_local(async move {
            let worker = Rc::clone(&revalidation.worker);
            obedient(&slot, pin!(revalidation.run(&slot))).await;
            worker.unregister(place);
            drop(in_flight);
        });
    }

    async fn run(self, slot: &Slot) {
        let Self {
            worker,
            peer,
            mut request,
            permit,
            known,
            mut query,
            kept,
            lead,
        } = self;
        let fields = request.fields.clone();
        // Parts and conditions were this caller's; what is asked for is the whole, for all.
        ask(&mut request.fields, &kept);
        request.method = http::Method::GET;
        query.is_head = false;
        let trace = worker.trace_ids.make();
        let now = worker.now();
        let mut call = Call::uncounted(&worker, &now, permit, known);
        let mut heads = Heads {
            request,
            answer: AnswerHead::default(),
        };
        let since = worker.cache.stamp(&query.key);
        let mut outgoing = Outgoing {
            worker: &worker,
            peer: &peer,
            slot,
            request: &mut heads.request,
            answer: &mut heads.answer,
            trace: &trace,
        };
        let Ok(answered) = forward::forward(&mut outgoing, &mut call, &mut Nobody).await else {
            return lead.land(Landed::Failed);
        };
        let exchange = Exchange {
            request_s: now.unix_s(),
            response_s: worker.now().unix_s(),
        };
        let store = &worker.cache;
        let status = heads.answer.status;
        let is_kept = if status == http::StatusCode::NOT_MODIFIED && kept.has_validator() {
            give_back(answered);
            let (fresh, partition) = query.refresh(&kept, &fields, &heads.answer, exchange);
            partition.is_ok_and(|partition| query.keep(store, partition, fresh, since))
        } else if is_failure(status.as_u16()) {
            // What is kept may be used for as long as it says.
            return lead.land(Landed::Failed);
        } else {
            let keepable = judge(&query, &fields, &heads.answer, answered.body, exchange);
            let keeping = keepable.map(|keepable| Keeping::begin(store, &query, keepable, answered.body, since, None));
            match keeping {
                Ok(Ok(keeping)) => {
                    let changing = Changing::of(&worker, &call, &heads, &answered);
                    receive(&worker, slot, &heads.answer, answered, changing, keeping).await
                }
                Ok(Err(_)) | Err(_) => false,
            }
        };
        if !is_kept {
            store.forget(&query.key, &kept);
        }
        lead.land(if is_kept { Landed::Kept } else { Landed::NotKept });
    }
}

/// Receives an answer's body, changed where a policy says so; whether it is kept.
async fn receive(
    worker: &Worker,
    slot: &Slot,
    head: &AnswerHead,
    answered: Answered,
    changing: Option<Changing>,
    keeping: Keeping,
) -> bool {
    let Answered {
        mut stream,
        mut upload,
        is_persistent,
        ..
    } = answered;
    let stall_timeout = worker.limits().stall_timeout;
    let (stream, is_whole, is_kept) = match changing {
        None => {
            let (is_whole, is_kept) = keep(worker, slot, &mut stream, keeping).await;
            (stream, is_whole, is_kept)
        }
        Some(changing) => {
            let both = (&mut upload, &mut Nobody);
            let changed = changing.change(slot, head, stream, both, stall_timeout);
            let Ok(mut changed) = changed.await else { return false };
            let (is_whole, is_kept) = keep(worker, slot, &mut changed, keeping).await;
            (changed.stream, is_whole, is_kept)
        }
    };
    if is_whole && is_persistent && upload.is_over() {
        stream.give_back();
    }
    is_kept
}

/// Receives a body; whether it came to its end, and whether it is kept.
async fn keep(worker: &Worker, slot: &Slot, source: &mut impl BodySource, keeping: Keeping) -> (bool, bool) {
    let stall_timeout = worker.limits().stall_timeout;
    let says = Handled::Hit { ttl_s: 0 };
    let mut nobody = Nobody;
    let mut tee = Tee::new(&mut nobody, worker.name(), says, Some(keeping));
    let mut download = Passage::new(u64::MAX);
    let mut received = 0;
    slot.wait_at_most(stall_timeout);
    let is_whole = poll_fn(|cx| {
        if let Poll::Ready(passed) = download.poll(cx, source, &mut tee) {
            return Poll::Ready(passed.is_ok());
        }
        if download.bytes > received {
            received = download.bytes;
            slot.wait_at_most(stall_timeout);
        }
        if slot.is_overdue() {
            return Poll::Ready(false);
        }
        Poll::Pending
    })
    .await;
    (is_whole, tee.is_kept())
}
