//! Bodies of requests that must come in time.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, sleep};

/// A body that ends with an error if its next piece, or its end, is late.
pub(super) struct Patient {
    body: Incoming,
    pause: Duration,
    until: Instant,
    /// Runs out when the next piece is late; begins with the first time somebody waits for one.
    timer: Option<Pin<Box<Sleep>>>,
}

impl Patient {
    /// Gives each piece `pause` and the whole body `total`.
    pub(super) fn new(body: Incoming, pause: Duration, total: Duration) -> Self {
        Self {
            body,
            pause,
            until: Instant::now() + total,
            timer: None,
        }
    }
}

/// The rest of the body did not come.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the body of the request did not come in time")]
struct Late;

impl Body for Patient {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = self.get_mut();
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) {
            this.timer = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let timer = this.timer.get_or_insert_with(|| {
            let left = this.until.saturating_duration_since(Instant::now());
            Box::pin(sleep(left.min(this.pause)))
        });
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(Some(Err(Late.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
