//! Answering a request for one of the gateway's own pages.

use std::{future::poll_fn, task::Poll};

use super::{Heads, Slot, call::Run};
use crate::{
    client::Caller,
    decision::RequestFacts,
    message::{BodyLength, Known},
    phase::{
        deliver::{self, Delivered},
        metering::Call,
        route,
    },
    relay::{BodySource, Fill},
    snapshot::Snapshot,
    token_endpoint::{BODY_TIMEOUT, Body, MAX_BODY, OwnAnswer, Page, TokenEndpoint},
};

/// Whether an own page goes before what versions have at its path: on the gateway's own host, and on every host that is no
/// version's own. Elsewhere it comes after them.
pub(super) fn goes_first(endpoint: Option<&TokenEndpoint>, snapshot: &Snapshot, head: &RequestFacts<'_>) -> bool {
    // First what costs next to nothing and is true of few calls.
    let Some(endpoint) = endpoint.filter(|_| Page::at(head.path).is_some()) else {
        return false;
    };
    let is_shared = |name| snapshot.catalog.hosts().is_none_or(|hosts| hosts.on(name).is_none());
    snapshot.revision.is_some() && route::host(head).is_none_or(|name| endpoint.is_at(name) || is_shared(name))
}

/// Answers, and sends the answer to its end.
pub(super) async fn answer(
    run: &Run<'_>,
    endpoint: &TokenEndpoint,
    page: Page,
    mut call: Call,
    caller: &mut impl Caller,
    heads: &mut Heads,
) -> Delivered {
    let Run { worker, slot, .. } = run;
    let body = if page.reads_body(&heads.request.method) {
        match read(caller, slot).await {
            Some(body) => body,
            None => return Delivered::Broken,
        }
    } else {
        Body::Whole(Vec::new())
    };
    let peer = worker.caller_address(run.peer, &heads.request.fields);
    let made = {
        let mut reader = worker.snapshot.borrow_mut();
        endpoint.answer(page, reader.load(), &heads.request, body, peer, run.now)
    };
    let OwnAnswer { status, fields, body } = made;
    let head = &mut heads.answer;
    head.clear();
    head.status = status;
    for (name, value) in &fields {
        head.fields.append_named(name, value);
    }
    let length = body.len().to_string();
    head.fields.append_parts(Known::ContentLength, &[length.as_bytes()]);
    if let Some(date) = worker.date() {
        head.fields.append(Known::Date, &date);
    }
    let trace_id = run.trace.trace_id();
    head.fields.append_parts(Known::XRequestId, &[trace_id.as_bytes()]);
    worker.counters().answered(status.as_u16());
    let mut tally = call.answered_here(status.as_u16());
    let takes_body = caller.answer(head, BodyLength::Exact(body.len() as u64));
    let body = takes_body.then_some(body);
    deliver::send(caller, slot, worker.limits().stall_timeout, body, &mut tally).await
}

/// Reads a small body; `None` if it does not end, or not in time.
async fn read(caller: &mut impl BodySource, slot: &Slot) -> Option<Body> {
    let mut body = Vec::new();
    slot.wait_at_most(BODY_TIMEOUT);
    let reading = poll_fn(|cx| {
        loop {
            match caller.poll_fill(cx) {
                Poll::Ready(Ok(Fill::Data)) => {
                    let count = caller.data().len();
                    if body.len() + count > MAX_BODY {
                        return Poll::Ready(Some(Body::TooLarge));
                    }
                    body.extend_from_slice(caller.data());
                    caller.consume(count);
                }
                Poll::Ready(Ok(Fill::End)) => return Poll::Ready(Some(Body::Whole(std::mem::take(&mut body)))),
                Poll::Ready(Err(_)) => return Poll::Ready(None),
                Poll::Pending if slot.is_overdue() => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    });
    let read = reading.await;
    slot.wait_freely();
    read
}
