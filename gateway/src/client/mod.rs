//! The caller's side of a call, whatever version of HTTP it speaks.

mod compressed;
mod first_field;
mod frame_guard;
mod http1;
mod http2;
mod watched;

use std::task::{Context, Poll};

use crate::{
    message::{AnswerHead, BodyLength},
    relay::{BodySink, BodySource},
};

pub(crate) use compressed::{Compressed, Compression};
pub(crate) use http1::Http1Caller;
pub(crate) use http2::{Http2Caller, Http2Calls};
pub(crate) use watched::{Shape, Watched};

/// Who called. As a source it is the request's body, as a sink the answer's.
pub(crate) trait Caller: BodySource + BodySink {
    /// Length of the request's body.
    fn body_length(&self) -> BodyLength;

    /// Looks whether the caller is still there while it has nothing to say: ready when it is not.
    fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()>;

    /// Passes an informational answer on (RFC 9110 §15.2), if the caller can read it.
    fn inform(&mut self, head: &AnswerHead);

    /// Begins the answer; `body` is the length of what follows. Returns whether the caller takes a body: not after HEAD.
    fn answer(&mut self, head: &mut AnswerHead, body: BodyLength) -> bool;

    /// What was to be the answer is not: nothing of what comes now is kept.
    fn keep_nothing(&mut self) {}

    /// Answers that the protocol changes as it was asked to; `false` where it can't.
    fn switch(&mut self, head: &mut AnswerHead) -> bool;

    /// Closes our direction of a connection that changed its protocol.
    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<()>;
}
