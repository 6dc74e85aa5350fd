//! Passing a body from one side to the other: as fast as the slower of them, and never more in memory than one piece.

use std::{
    io,
    task::{Context, Poll, ready},
};

use crate::message::Fields;

/// Where a body comes from.
pub(crate) trait BodySource {
    /// Why a policy does not let the body through, after [`SourceError::Refused`].
    fn refusal(&self) -> Option<String> {
        None
    }

    /// Waits for the next piece.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<Fill, SourceError>>;

    /// The piece that is there.
    fn data(&self) -> &[u8];

    /// Bytes of the piece were taken.
    fn consume(&mut self, count: usize);

    /// The trailer section, once the body is over.
    fn trailers(&self) -> Option<&Fields>;
}

/// Where a body goes.
pub(crate) trait BodySink {
    /// Takes bytes of a piece; how many. They may wait here until the next flush.
    fn poll_push(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>>;

    /// The body is over.
    fn finish(&mut self, trailers: Option<&Fields>) -> io::Result<()>;

    /// Sends what waits.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
}

/// What is there of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fill {
    /// A piece.
    Data,
    /// Its end.
    End,
}

/// A body that can't be read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SourceError {
    /// Its sender went away.
    #[error("the sender broke off")]
    BrokenOff,
    /// It is not well-formed.
    #[error("the body is not well-formed")]
    Bad,
    /// A policy does not let it through; whoever watches it knows why.
    #[error("a policy refuses the body")]
    Refused,
}

/// One direction of a call.
#[derive(Debug)]
pub(crate) struct Passage {
    state: State,
    /// Body bytes that were passed on.
    pub(crate) bytes: u64,
    max_bytes: u64,
    /// Whom it waits for, as long as it is not over.
    pub(crate) waits_for: Side,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Passing,
    Flushing,
    Over,
}

/// A side of a passage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Source,
    Sink,
}

/// Why a body was not passed on to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Broken {
    /// It can't be read on.
    #[error(transparent)]
    Source(SourceError),
    /// It can't be written on.
    #[error("the receiver failed")]
    Sink(#[source] io::Error),
    /// It is larger than allowed.
    #[error("the body is too large")]
    TooLarge,
}

impl Passage {
    /// A body of at most so many bytes.
    pub(crate) fn new(max_bytes: u64) -> Self {
        Self {
            state: State::Passing,
            bytes: 0,
            max_bytes,
            waits_for: Side::Source,
        }
    }

    /// Whether all was passed on and sent.
    pub(crate) fn is_over(&self) -> bool {
        self.state == State::Over
    }

    /// Goes on for as long as both sides can.
    pub(crate) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut impl BodySource,
        to: &mut impl BodySink,
    ) -> Poll<Result<(), Broken>> {
        loop {
            match self.state {
                State::Passing => {
                    let Poll::Ready(filled) = from.poll_fill(cx) else {
                        // What has come goes out before more is waited for.
                        self.waits_for = Side::Sink;
                        ready!(to.poll_flush(cx)).map_err(Broken::Sink)?;
                        self.waits_for = Side::Source;
                        return Poll::Pending;
                    };
                    match filled.map_err(Broken::Source)? {
                        Fill::Data => {
                            let data = from.data();
                            if self.bytes + data.len() as u64 > self.max_bytes {
                                return Poll::Ready(Err(Broken::TooLarge));
                            }
                            self.waits_for = Side::Sink;
                            let count = ready!(to.poll_push(cx, data)).map_err(Broken::Sink)?;
                            from.consume(count);
                            self.bytes += count as u64;
                        }
                        Fill::End => {
                            to.finish(from.trailers()).map_err(Broken::Sink)?;
                            self.state = State::Flushing;
                        }
                    }
                }
                State::Flushing => {
                    self.waits_for = Side::Sink;
                    ready!(to.poll_flush(cx)).map_err(Broken::Sink)?;
                    self.state = State::Over;
                }
                State::Over => return Poll::Ready(Ok(())),
            }
        }
    }
}
