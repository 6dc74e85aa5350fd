//! Bodies as DATA frames, with their trailers.

use std::{
    io,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use h2::{Reason, RecvStream, SendStream};

use super::{SEND_BUFFER, append_all, header_map, may_be_section};
use crate::{
    message::{Fields, MAX_TRAILERS, NOT_IN_TRAILERS},
    relay::{BodySink, BodySource, Fill, SourceError},
};

/// A body that is being received.
#[derive(Debug)]
pub(crate) struct Receiving {
    stream: RecvStream,
    piece: Bytes,
    is_over: bool,
    trailers: Fields,
}

impl Receiving {
    pub(crate) fn new(stream: RecvStream) -> Self {
        Self {
            stream,
            piece: Bytes::new(),
            is_over: false,
            trailers: Fields::default(),
        }
    }

    fn take_trailers(&mut self, trailers: &http::HeaderMap) -> Result<(), SourceError> {
        if trailers.len() > MAX_TRAILERS || !may_be_section(trailers) {
            return Err(SourceError::Bad);
        }
        append_all(&mut self.trailers, trailers);
        self.trailers.remove_all(NOT_IN_TRAILERS);
        Ok(())
    }
}

impl BodySource for Receiving {
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<Fill, SourceError>> {
        while self.piece.is_empty() && !self.is_over {
            match ready!(self.stream.poll_data(cx)) {
                Some(Ok(piece)) => self.piece = piece,
                Some(Err(error)) => {
                    tracing::debug!(%error, "a stream broke off");
                    return Poll::Ready(Err(SourceError::BrokenOff));
                }
                None => {
                    match ready!(self.stream.poll_trailers(cx)) {
                        Ok(Some(trailers)) => self.take_trailers(&trailers)?,
                        Ok(None) => {}
                        Err(error) => {
                            tracing::debug!(%error, "a stream broke off in its trailers");
                            return Poll::Ready(Err(SourceError::BrokenOff));
                        }
                    }
                    self.is_over = true;
                }
            }
        }
        Poll::Ready(Ok(if self.piece.is_empty() { Fill::End } else { Fill::Data }))
    }

    fn data(&self) -> &[u8] {
        &self.piece
    }

    fn consume(&mut self, count: usize) {
        self.piece.advance(count);
        // It fails when the stream is over, and then there is nothing to release.
        let _ = self.stream.flow_control().release_capacity(count);
    }

    fn trailers(&self) -> Option<&Fields> {
        (self.is_over && self.trailers.len() > 0).then_some(&self.trailers)
    }
}

/// A body that is being sent. Nothing is taken that the receiver has no window for.
#[derive(Debug)]
pub(crate) struct Sending(SendStream<Bytes>);

impl Sending {
    pub(crate) fn new(stream: SendStream<Bytes>) -> Self {
        Self(stream)
    }

    /// Ready when the receiver gave the stream up, or the connection is gone.
    pub(crate) fn poll_reset(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.0.poll_reset(cx).map(|_| ())
    }

    /// Gives the stream up.
    pub(crate) fn reset(&mut self, reason: Reason) {
        self.0.send_reset(reason);
    }
}

impl BodySink for Sending {
    fn poll_push(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            let count = self.0.capacity().min(data.len());
            if count > 0 {
                self.0
                    .send_data(Bytes::copy_from_slice(&data[..count]), false)
                    .map_err(io::Error::other)?;
                return Poll::Ready(Ok(count));
            }
            self.0.reserve_capacity(data.len().min(SEND_BUFFER));
            match ready!(self.0.poll_capacity(cx)) {
                Some(Ok(_)) => {}
                Some(Err(error)) => return Poll::Ready(Err(io::Error::other(error))),
                None => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            }
        }
    }

    fn finish(&mut self, trailers: Option<&Fields>) -> io::Result<()> {
        match trailers {
            Some(trailers) => self.0.send_trailers(header_map(trailers)),
            None => self.0.send_data(Bytes::new(), true),
        }
        .map_err(io::Error::other)
    }

    fn poll_flush(&mut self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The connection's own task sends.
        Poll::Ready(Ok(()))
    }
}
