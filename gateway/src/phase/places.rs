//! Calls that run at the same time.

use std::{future::poll_fn, pin::pin, task::Poll};

use http::{HeaderValue, header::RETRY_AFTER};

use crate::{
    client,
    decision::Refusal,
    message::BodyLength,
    problem::Reason,
    rules::{Caller, NoPlace, Place, PlaceRule, Places},
    worker::Slot,
};

/// Waits for a place, for as long as the call may take; `None` when the caller did not wait as long.
pub(crate) async fn take(
    rule: &PlaceRule,
    places: &Places,
    whose: &Caller<'_>,
    slot: &Slot,
    caller: &mut impl client::Caller,
) -> Option<Result<Place, Box<Refusal>>> {
    let is_silent = caller.body_length() == BodyLength::NONE;
    let mut taking = pin!(rule.take(places, whose));
    poll_fn(|cx| {
        if let Poll::Ready(taken) = taking.as_mut().poll(cx) {
            return Poll::Ready(Some(taken.map_err(|NoPlace| Box::new(full(rule)))));
        }
        if slot.must_be_over() {
            return Poll::Ready(Some(Err(Box::new(too_late()))));
        }
        if is_silent && caller.poll_gone(cx).is_ready() {
            return Poll::Ready(None);
        }
        Poll::Pending
    })
    .await
}

fn full(rule: &PlaceRule) -> Refusal {
    let detail = format!("{} requests run at the same time, and no more may.", rule.max());
    let refusal = Refusal::new(Reason::TooManyConcurrent).detail(detail);
    refusal.field(RETRY_AFTER, HeaderValue::from_static("1"))
}

/// No place became free within the time that the caller gave the call.
fn too_late() -> Refusal {
    let detail = "No place became free within the time that the caller gave the call.";
    let refusal = Refusal::new(Reason::UpstreamTimeout).detail(detail);
    // Nobody was asked yet (RFC 9209 §2.3).
    refusal.proxy_error("connection_limit_reached")
}
