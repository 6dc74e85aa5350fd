//! Calls that run at the same time.

use std::{future::poll_fn, pin::pin, task::Poll};

use http::{HeaderValue, header::RETRY_AFTER};

use crate::{
    client,
    decision::Refusal,
    message::BodyLength,
    problem::Reason,
    rules::{Caller, NoPlace, Place, PlaceRule, Places},
};

/// Waits for a place; `None` when the caller did not wait as long.
pub(crate) async fn take(
    rule: &PlaceRule,
    places: &Places,
    whose: &Caller<'_>,
    caller: &mut impl client::Caller,
) -> Option<Result<Place, Box<Refusal>>> {
    let is_silent = caller.body_length() == BodyLength::NONE;
    let mut taking = pin!(rule.take(places, whose));
    let taken = poll_fn(|cx| {
        if let Poll::Ready(taken) = taking.as_mut().poll(cx) {
            return Poll::Ready(Some(taken));
        }
        if is_silent && caller.poll_gone(cx).is_ready() {
            return Poll::Ready(None);
        }
        Poll::Pending
    })
    .await?;
    Some(taken.map_err(|NoPlace| {
        let detail = format!("{} requests run at the same time, and no more may.", rule.max());
        let refusal = Refusal::new(Reason::TooManyConcurrent).detail(detail);
        Box::new(refusal.field(RETRY_AFTER, HeaderValue::from_static("1")))
    }))
}
