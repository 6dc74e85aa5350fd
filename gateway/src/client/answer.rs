//! The body of an answer: one that the gateway made, or the upstream's, passed on piece by piece as the caller takes it.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

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
    Passed { incoming: Incoming, lease: Option<Lease> },
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

    /// The upstream's body and the connection it comes on.
    pub(crate) fn passed(incoming: Incoming, lease: Lease, tally: Tally, in_flight: InFlight) -> Self {
        Self {
            content: Content::Passed {
                incoming,
                lease: Some(lease),
            },
            tally,
            _in_flight: in_flight,
        }
    }
}

impl Content {
    /// Gives the connection back once the body is over.
    fn settle(&mut self) {
        if let Self::Passed { incoming, lease } = self
            && incoming.is_end_stream()
            && let Some(lease) = lease.take()
        {
            lease.give_back();
        }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let this = &mut *self;
        let frame = match &mut this.content {
            Content::Made(bytes) => bytes.take().map(|bytes| Ok(Frame::data(bytes))),
            Content::Passed { incoming, lease } => {
                let frame = ready!(Pin::new(incoming).poll_frame(cx));
                if frame.is_none()
                    && let Some(lease) = lease.take()
                {
                    lease.give_back();
                }
                frame
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
