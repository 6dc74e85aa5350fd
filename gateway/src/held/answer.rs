//! The body of an upstream's answer, held.

use std::{
    future::poll_fn,
    io,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use super::{HeldBytes, MAX_HOLDING, MemoryFull, Share, replay::Replay};
use crate::{
    client::Caller,
    message::Fields,
    relay::{BodySink, BodySource, Broken, Fill, Passage, SourceError},
    worker::Slot,
};

/// What an upstream's answer comes on, and the beginning of the answer's body or all of it.
#[derive(Debug)]
pub(crate) struct HeldAnswer<S> {
    pub(crate) stream: S,
    replay: Replay,
}

/// The call is over before its answer's body was there: the upstream broke off, it took too long, or the caller went away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotHeld;

impl<S: BodySource + BodySink> HeldAnswer<S> {
    /// Reads the body of an answer up to a bound, or as much of it as there is memory for. What is left of the request's
    /// body goes on meanwhile. `stall_timeout` is how long both may stand still.
    ///
    /// # Errors
    /// [`NotHeld`]; nothing of the answer was passed on yet.
    pub(crate) async fn hold(
        mut stream: S,
        upload: &mut Passage,
        caller: &mut impl Caller,
        slot: &Slot,
        share: &Rc<Share>,
        (max_bytes, stall_timeout): (usize, Duration),
    ) -> Result<Self, NotHeld> {
        let mut held = HeldBytes::new(share);
        let mut is_cut = false;
        let mut moved = 0;
        let bound = slot.bound_within(MAX_HOLDING);
        slot.wait_at_most(stall_timeout);
        let read = poll_fn(|cx| {
            let is_uploading = !is_cut && !upload.is_over();
            if is_uploading && let Poll::Ready(Err(error)) = upload.poll(cx, caller, &mut stream) {
                match error {
                    Broken::Sink(_) => is_cut = true,
                    Broken::Source(_) | Broken::TooLarge => return Poll::Ready(Err(NotHeld)),
                }
            }
            while let Poll::Ready(filled) = stream.poll_fill(cx) {
                match filled {
                    Ok(Fill::End) => return Poll::Ready(Ok(true)),
                    Ok(Fill::Data) => {
                        let room = max_bytes - held.as_slice().len();
                        let data = stream.data();
                        let count = data.len().min(room);
                        if count == 0 || held.extend(&data[..count]) == Err(MemoryFull) {
                            return Poll::Ready(Ok(false));
                        }
                        stream.consume(count);
                    }
                    Err(error) => {
                        tracing::debug!(%error, "an answer broke off");
                        return Poll::Ready(Err(NotHeld));
                    }
                }
            }
            if (is_cut || upload.is_over()) && caller.poll_gone(cx).is_ready() {
                return Poll::Ready(Err(NotHeld));
            }
            let now_moved = upload.bytes + held.as_slice().len() as u64;
            if now_moved > moved {
                moved = now_moved;
                slot.wait_at_most(stall_timeout);
            }
            if slot.is_overdue() {
                tracing::debug!(limit = ?stall_timeout, "an answer stands still");
                return Poll::Ready(Err(NotHeld));
            }
            Poll::Pending
        })
        .await;
        slot.bound(bound);
        slot.wait_freely();
        Ok(Self {
            replay: Replay::new(held, read?),
            stream,
        })
    }

    /// The body, or its beginning. Empty once it was passed on.
    pub(crate) fn body(&self) -> &[u8] {
        self.replay.body()
    }

    /// Whether all of the body is held.
    pub(crate) fn is_whole(&self) -> bool {
        self.replay.is_whole()
    }

    /// Takes another body in place of the one that is held whole, before any of it was passed on. The answer's head has to
    /// say its length.
    ///
    /// # Errors
    /// There is no memory for it.
    pub(crate) fn replace(&mut self, body: Vec<u8>) -> Result<(), MemoryFull> {
        self.replay.replace(body)
    }
}

impl<S: BodySource + BodySink> BodySource for HeldAnswer<S> {
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<Fill, SourceError>> {
        self.replay.poll_fill(cx, &mut self.stream)
    }

    fn data(&self) -> &[u8] {
        self.replay.data(&self.stream)
    }

    fn consume(&mut self, count: usize) {
        self.replay.consume(count, &mut self.stream);
    }

    fn trailers(&self) -> Option<&Fields> {
        self.stream.trailers()
    }
}

impl<S: BodySource + BodySink> BodySink for HeldAnswer<S> {
    fn poll_push(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.stream.poll_push(cx, data)
    }

    fn finish(&mut self, trailers: Option<&Fields>) -> io::Result<()> {
        self.stream.finish(trailers)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.poll_flush(cx)
    }
}
