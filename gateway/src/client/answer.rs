//! The body of an answer: one that the gateway made, or the upstream's, passed on piece by piece as the caller takes it.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep};

use crate::{phase::metering::Tally, upstream::Lease, worker::InFlight};

/// The body of an answer.
#[derive(Debug)]
pub(crate) struct AnswerBody {
    content: Content,
    tally: Tally,
    /// The connection is busy for as long as this lives.
    _in_flight: InFlight,
}

#[derive(Debug)]
enum Content {
    Made(Option<Bytes>),
    Passed {
        incoming: Incoming,
        lease: Option<Lease>,
        stall: Stall,
    },
}

/// How long a body has waited for its next piece. Most bodies never wait, and then there is no timer.
#[derive(Debug)]
struct Stall {
    limit: Duration,
    timer: Option<Pin<Box<Sleep>>>,
    is_waiting: bool,
}

/// A body that can't be passed on to its end; the caller sees that it breaks off.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BrokenAnswer {
    /// The upstream's connection failed.
    #[error("the upstream broke off")]
    Upstream(#[source] hyper::Error),
    /// The upstream sends nothing any more.
    #[error("the upstream sent nothing for {0:?}")]
    Stalled(Duration),
}

impl AnswerBody {
    /// A body made here.
    pub(crate) fn made(bytes: Bytes, tally: Tally, in_flight: InFlight) -> Self {
        Self {
            content: Content::Made(Some(bytes).filter(|bytes| !bytes.is_empty())),
            tally,
            _in_flight: in_flight,
        }
    }

    /// The upstream's body and the connection it comes on. It may stand still for as long as `stall_limit`.
    pub(crate) fn passed(
        incoming: Incoming,
        lease: Lease,
        stall_limit: Duration,
        tally: Tally,
        in_flight: InFlight,
    ) -> Self {
        Self {
            content: Content::Passed {
                incoming,
                lease: Some(lease),
                stall: Stall {
                    limit: stall_limit,
                    timer: None,
                    is_waiting: false,
                },
            },
            tally,
            _in_flight: in_flight,
        }
    }
}

impl Content {
    /// Gives the connection back once the body is over.
    fn settle(&mut self) {
        if let Self::Passed { incoming, lease, .. } = self
            && incoming.is_end_stream()
            && let Some(lease) = lease.take()
        {
            lease.give_back();
        }
    }
}

impl Stall {
    /// Ready when the next piece is overdue.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let limit = self.limit;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(limit)));
        if !self.is_waiting {
            self.is_waiting = true;
            timer.as_mut().reset(Instant::now() + limit);
        }
        timer.as_mut().poll(cx)
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = BrokenAnswer;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BrokenAnswer>>> {
        let this = &mut *self;
        let frame = match &mut this.content {
            Content::Made(bytes) => bytes.take().map(|bytes| Ok(Frame::data(bytes))),
            Content::Passed { incoming, lease, stall } => {
                let Poll::Ready(frame) = Pin::new(incoming).poll_frame(cx) else {
                    ready!(stall.poll(cx));
                    tracing::debug!(limit = ?stall.limit, "an upstream's answer stands still");
                    // Its connection is closed with it.
                    drop(lease.take());
                    return Poll::Ready(Some(Err(BrokenAnswer::Stalled(stall.limit))));
                };
                stall.is_waiting = false;
                if frame.is_none()
                    && let Some(lease) = lease.take()
                {
                    lease.give_back();
                }
                frame.map(|frame| frame.map_err(BrokenAnswer::Upstream))
            }
        };
        if let Some(Ok(frame)) = &frame {
            this.tally.bytes_out += frame.data_ref().map_or(0, |data| data.len() as u64);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        match &self.content {
            Content::Made(bytes) => bytes.is_none(),
            Content::Passed { incoming, .. } => incoming.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Made(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Content::Passed { incoming, .. } => incoming.size_hint(),
        }
    }
}

impl Drop for AnswerBody {
    fn drop(&mut self) {
        // Bodies whose length is known are over without being asked again; an unfinished one closes its connection.
        self.content.settle();
    }
}
