//! Waiting for somebody who vouches for a token.

use std::{future::poll_fn, pin::pin, task::Poll};

use crate::{
    client::Caller,
    identity::{Question, Vouching, Witnesses, vouch},
    message::BodyLength,
};

/// What comes of a question; `None` when the caller did not wait as long.
pub(crate) async fn ask(question: &Question, witnesses: Witnesses<'_>, caller: &mut impl Caller) -> Option<Vouching> {
    let is_silent = caller.body_length() == BodyLength::NONE;
    let mut asking = pin!(vouch(question, witnesses));
    poll_fn(|cx| {
        if let Poll::Ready(vouching) = asking.as_mut().poll(cx) {
            return Poll::Ready(Some(vouching));
        }
        if is_silent && caller.poll_gone(cx).is_ready() {
            return Poll::Ready(None);
        }
        Poll::Pending
    })
    .await
}
