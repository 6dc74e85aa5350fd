//! A caller's body on its way to the upstream: passed on piece by piece as the upstream takes it, and counted.

use std::{
    cell::Cell,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

/// How far a body has come; shared by the body and the call.
#[derive(Debug)]
pub(crate) struct BodyProgress {
    bytes: Cell<u64>,
    last: Cell<Instant>,
    state: Cell<BodyState>,
}

/// What a body waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyState {
    /// The upstream has to ask for more.
    WaitsForUpstream,
    /// The caller has to send more.
    WaitsForCaller,
    /// All was passed on.
    Complete,
    /// More bytes than allowed.
    TooLarge,
    /// The caller broke off or sent what is not a body.
    Broken,
}

impl BodyProgress {
    pub(crate) fn new() -> Rc<Self> {
        Rc::new(Self {
            bytes: Cell::new(0),
            last: Cell::new(Instant::now()),
            state: Cell::new(BodyState::WaitsForUpstream),
        })
    }

    /// Body bytes that were passed on.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.get()
    }

    pub(crate) fn state(&self) -> BodyState {
        self.state.get()
    }

    /// Since the last piece was passed on.
    pub(crate) fn quiet_for(&self) -> Duration {
        self.last.get().elapsed()
    }
}

/// The body of a request to an upstream.
#[derive(Debug)]
pub(crate) enum RequestBody {
    /// No body.
    Empty,
    /// As it comes in.
    Streamed {
        /// Where it comes from.
        incoming: Incoming,
        /// What is told about it.
        progress: Rc<BodyProgress>,
        /// The most that is passed on.
        max_bytes: u64,
    },
}

/// A body that can't be passed on to its end; the reason is in [`BodyProgress::state`].
#[derive(Debug, thiserror::Error)]
#[error("the caller's body broke off")]
pub(crate) struct BrokenBody;

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BrokenBody;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BrokenBody>>> {
        let Self::Streamed {
            incoming,
            progress,
            max_bytes,
        } = &mut *self
        else {
            return Poll::Ready(None);
        };
        progress.state.set(BodyState::WaitsForCaller);
        let frame = ready!(Pin::new(incoming).poll_frame(cx));
        progress.last.set(Instant::now());
        Poll::Ready(match frame {
            Some(Ok(frame)) => {
                progress.state.set(BodyState::WaitsForUpstream);
                if let Some(data) = frame.data_ref() {
                    progress.bytes.set(progress.bytes.get() + data.len() as u64);
                    if progress.bytes.get() > *max_bytes {
                        progress.state.set(BodyState::TooLarge);
                        return Poll::Ready(Some(Err(BrokenBody)));
                    }
                }
                Some(Ok(frame))
            }
            Some(Err(error)) => {
                tracing::debug!(%error, "a caller's body broke off");
                progress.state.set(BodyState::Broken);
                Some(Err(BrokenBody))
            }
            None => {
                progress.state.set(BodyState::Complete);
                None
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Streamed { incoming, progress, .. } => {
                let is_end = incoming.is_end_stream();
                if is_end {
                    progress.state.set(BodyState::Complete);
                }
                is_end
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Streamed { incoming, .. } => incoming.size_hint(),
        }
    }
}
