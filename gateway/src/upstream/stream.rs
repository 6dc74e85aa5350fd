//! What a call is carried by, whatever version of HTTP its upstream speaks.

use std::{
    io,
    task::{Context, Poll},
};

use http::Method;

use super::{
    Lease,
    http2::{Http2Stream, ToSend},
};
use crate::{
    http1::{AnswerError, AnswerReader, Connection, Framing, write_request},
    message::{AnswerHead, BodyLength, Fields},
    relay::{BodySink, BodySource, Fill, SourceError},
};

/// A connection of HTTP/1, or a stream of HTTP/2. Dropped before the answer is over, it is given up.
#[derive(Debug)]
pub(crate) enum UpstreamStream {
    Http1(Lease),
    Http2(Box<Http2Stream>),
}

impl UpstreamStream {
    /// Whether its connection carried a call before: then it may have died unnoticed.
    pub(crate) fn is_reused(&self) -> bool {
        match self {
            Self::Http1(lease) => lease.is_reused,
            Self::Http2(stream) => stream.is_reused,
        }
    }

    /// Sends the head, at the latest with the first piece of the body.
    pub(crate) fn send_head(&mut self, head: &ToSend<'_>) {
        match self {
            Self::Http1(lease) => {
                let framing = match head.body {
                    BodyLength::Exact(length) => Framing::Length(length),
                    BodyLength::Open => Framing::Chunked,
                };
                write_request(lease.connection.head_output(), &head.line, head.fields, framing);
                lease.connection.begin_writing(framing);
            }
            Self::Http2(stream) => stream.send_head(head),
        }
    }

    /// Waits for the head of the next answer; returns whether the connection may carry another call. After an
    /// informational answer the next follows.
    pub(crate) fn poll_answer(
        &mut self,
        cx: &mut Context<'_>,
        reader: &mut AnswerReader,
        method: &Method,
        head: &mut AnswerHead,
    ) -> Poll<Result<bool, AnswerError>> {
        match self {
            Self::Http1(lease) => {
                let found = lease.connection.poll_answer(cx, reader, method, head);
                found.map_ok(|found| found.is_persistent)
            }
            Self::Http2(stream) => stream.poll_answer(cx, method, head).map_ok(|()| true),
        }
    }

    /// Length of the answer's body, before any of it was taken.
    pub(crate) fn body_length(&self) -> BodyLength {
        match self {
            Self::Http1(lease) => lease.connection.body_length(),
            Self::Http2(stream) => stream.body_length(),
        }
    }

    /// Nothing was heard for too long: whatever is shared with other calls takes no new ones.
    pub(crate) fn distrust(&self) {
        match self {
            // It is closed with this call.
            Self::Http1(_) => {}
            Self::Http2(stream) => stream.distrust(),
        }
    }

    /// The answer is over: the connection may carry the next call.
    pub(crate) fn give_back(self) {
        match self {
            Self::Http1(lease) => lease.give_back(),
            // Its connection was never taken away from others.
            Self::Http2(_) => {}
        }
    }

    /// The connection, if the call has one to itself.
    pub(crate) fn own_connection(&mut self) -> Option<&mut Connection> {
        match self {
            Self::Http1(lease) => Some(&mut lease.connection),
            Self::Http2(_) => None,
        }
    }
}

impl BodySource for UpstreamStream {
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<Fill, SourceError>> {
        match self {
            Self::Http1(lease) => lease.connection.poll_fill(cx),
            Self::Http2(stream) => stream.poll_fill(cx),
        }
    }

    fn data(&self) -> &[u8] {
        match self {
            Self::Http1(lease) => lease.connection.data(),
            Self::Http2(stream) => stream.data(),
        }
    }

    fn consume(&mut self, count: usize) {
        match self {
            Self::Http1(lease) => lease.connection.consume(count),
            Self::Http2(stream) => stream.consume(count),
        }
    }

    fn trailers(&self) -> Option<&Fields> {
        match self {
            Self::Http1(lease) => lease.connection.trailers(),
            Self::Http2(stream) => stream.trailers(),
        }
    }
}

impl BodySink for UpstreamStream {
    fn poll_push(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        match self {
            Self::Http1(lease) => lease.connection.poll_push(cx, data),
            Self::Http2(stream) => stream.poll_push(cx, data),
        }
    }

    fn finish(&mut self, trailers: Option<&Fields>) -> io::Result<()> {
        match self {
            Self::Http1(lease) => lease.connection.finish(trailers),
            Self::Http2(stream) => stream.finish(trailers),
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Http1(lease) => lease.connection.poll_flush(cx),
            Self::Http2(stream) => stream.poll_flush(cx),
        }
    }
}
