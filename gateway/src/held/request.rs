//! The body of a request, held.

use std::{
    future::poll_fn,
    io,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use http::{StatusCode, Version};

use super::{HeldBytes, MAX_HOLDING, MemoryFull, Share, replay::Replay};
use crate::{
    client::Caller,
    decision::Refusal,
    message::{AnswerHead, BodyLength, Fields, Known, RequestHead},
    phase::forward::NotAnswered,
    problem::Reason,
    relay::{BodySink, BodySource, Fill, SourceError},
    worker::Slot,
};

/// Why the gateway answers in place of an upstream that it did not ask (RFC 9209 §2.3).
const ERROR: &str = "proxy_internal_error";

/// A caller, and the beginning of its body or all of it.
pub(crate) struct HeldCaller<'a> {
    caller: &'a mut (dyn Caller + 'a),
    replay: Replay,
    /// Length of the body as it was announced, before any of it was taken.
    length: BodyLength,
}

/// Reads the body of a request up to a bound. A caller that waits for a word before it sends the body gets it (RFC 9110
/// §10.1.1). `pause` is how long the body may stand still.
///
/// # Errors
/// The body broke off or is refused, stood still for too long, or found no memory; or nobody waits any more.
pub(crate) async fn hold<'a>(
    caller: &'a mut (dyn Caller + 'a),
    request: &mut RequestHead,
    slot: &Slot,
    share: &Rc<Share>,
    (max_bytes, pause): (usize, Duration),
) -> Result<HeldCaller<'a>, NotAnswered> {
    let mut held = HeldBytes::new(share);
    let length = caller.body_length();
    let mut is_waiting_for_word = takes_word_away(request);
    let mut is_flushed = true;
    let bound = slot.bound_within(MAX_HOLDING);
    slot.wait_at_most(pause);
    let read = poll_fn(|cx| {
        loop {
            match caller.poll_fill(cx) {
                Poll::Ready(Ok(Fill::End)) => return Poll::Ready(Ok(true)),
                Poll::Ready(Ok(Fill::Data)) => {
                    let room = max_bytes - held.as_slice().len();
                    if room == 0 {
                        return Poll::Ready(Ok(false));
                    }
                    let data = caller.data();
                    let count = data.len().min(room);
                    if let Err(MemoryFull) = held.extend(&data[..count]) {
                        return Poll::Ready(Err(Refusal::new(Reason::NoRoomForBody).proxy_error(ERROR).into()));
                    }
                    caller.consume(count);
                    is_waiting_for_word = false;
                    slot.wait_at_most(pause);
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(unreadable(error, caller))),
                Poll::Pending => break,
            }
        }
        if std::mem::take(&mut is_waiting_for_word) {
            caller.inform(&AnswerHead {
                status: StatusCode::CONTINUE,
                ..AnswerHead::default()
            });
            is_flushed = false;
        }
        if !is_flushed {
            match caller.poll_flush(cx) {
                Poll::Ready(Ok(())) => is_flushed = true,
                Poll::Ready(Err(_)) => return Poll::Ready(Err(NotAnswered::CallerGone)),
                Poll::Pending => {}
            }
        }
        if slot.is_overdue() {
            let refusal = Refusal::new(Reason::HeadersTooSlow);
            let refusal = refusal.detail("The body of the request did not go on in time.");
            return Poll::Ready(Err(refusal.into()));
        }
        Poll::Pending
    })
    .await;
    slot.bound(bound);
    slot.wait_freely();
    Ok(HeldCaller {
        replay: Replay::new(held, read?),
        caller,
        length,
    })
}

/// Whether the caller waits for a word before it sends the body. The upstream is not asked for one: the body is there.
fn takes_word_away(request: &mut RequestHead) -> bool {
    let expects = request.fields.get(Known::Expect);
    let is_waiting = expects.is_some_and(|expected| expected.eq_ignore_ascii_case(b"100-continue"));
    if is_waiting {
        request.fields.remove(Known::Expect);
    }
    is_waiting && request.version != Version::HTTP_10
}

/// Why a body can't be held, as its caller is told.
fn unreadable(error: SourceError, caller: &dyn Caller) -> NotAnswered {
    if error == SourceError::Refused {
        let detail = caller.refusal().unwrap_or_default();
        return Refusal::new(Reason::BodyShape).detail(detail).into();
    }
    tracing::debug!(%error, "a caller's body can't be read");
    Refusal::new(Reason::Malformed)
        .detail("The body of the request broke off or is not well-formed.")
        .into()
}

impl<'a> HeldCaller<'a> {
    /// A caller of whose body nothing is held.
    pub(crate) fn nothing(caller: &'a mut (dyn Caller + 'a), share: &Rc<Share>) -> Self {
        Self {
            length: caller.body_length(),
            caller,
            replay: Replay::new(HeldBytes::new(share), false),
        }
    }

    /// The body, or its beginning. Empty once it was passed on.
    pub(crate) fn body(&self) -> &[u8] {
        self.replay.body()
    }

    /// Whether all of the body is held.
    pub(crate) fn is_whole(&self) -> bool {
        self.replay.is_whole()
    }

    /// Takes another body in place of the one that is held whole, before any of it was passed on.
    ///
    /// # Errors
    /// There is no memory for it.
    pub(crate) fn replace(&mut self, body: Vec<u8>, fields: &mut Fields) -> Result<(), MemoryFull> {
        // An upstream finds the length of the new one in its place.
        fields.remove(Known::ContentLength);
        self.replay.replace(body)
    }
}

impl BodySource for HeldCaller<'_> {
    fn refusal(&self) -> Option<String> {
        self.caller.refusal()
    }

    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<Fill, SourceError>> {
        self.replay.poll_fill(cx, &mut *self.caller)
    }

    fn data(&self) -> &[u8] {
        self.replay.data(&*self.caller)
    }

    fn consume(&mut self, count: usize) {
        self.replay.consume(count, &mut *self.caller);
    }

    fn trailers(&self) -> Option<&Fields> {
        self.caller.trailers()
    }
}

impl BodySink for HeldCaller<'_> {
    fn poll_push(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.caller.poll_push(cx, data)
    }

    fn finish(&mut self, trailers: Option<&Fields>) -> io::Result<()> {
        self.caller.finish(trailers)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.caller.poll_flush(cx)
    }
}

impl Caller for HeldCaller<'_> {
    /// Of a body that is held whole it is known, also if it was not announced.
    fn body_length(&self) -> BodyLength {
        if self.is_whole() && self.caller.trailers().is_none() {
            return BodyLength::Exact(self.replay.rest().len() as u64);
        }
        match self.length {
            // What comes may have another length than what was announced.
            BodyLength::Exact(_) if self.is_whole() => BodyLength::Open,
            length => length,
        }
    }

    fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.caller.poll_gone(cx)
    }

    fn inform(&mut self, head: &AnswerHead) {
        self.caller.inform(head);
    }

    fn answer(&mut self, head: &mut AnswerHead, body: BodyLength) -> bool {
        self.caller.answer(head, body)
    }

    fn switch(&mut self, head: &mut AnswerHead) -> bool {
        self.caller.switch(head)
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.caller.poll_close(cx)
    }
}
