//! One connection that carries HTTP/1 messages, on either side of the gateway: a head is read and written at once, bodies
//! pass piece by piece.

use std::{
    io, mem,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
};

use http::Method;
use tokio::io::AsyncWrite;

use super::{
    answer::{AnswerFound, AnswerReader, BadAnswer},
    body::{BadBody, BodyReader, Framing},
    buffer::{Buffers, Input},
    request::{RequestFound, RequestReader},
};
use crate::{
    Limits,
    message::{AnswerHead, BodyLength, Fields, RequestHead},
    problem::Reason,
    relay::{BodySink, BodySource, Fill, SourceError},
    transport::Transport,
};

/// Written at once at most while more is to come.
const FULL: usize = 32 * 1024;
/// Pieces of this size are written from where they lie.
const LARGE: usize = 4 * 1024;

/// A connection.
#[derive(Debug)]
pub(crate) struct Connection {
    transport: Transport,
    input: Input,
    /// Bytes at the beginning of the input that belong to the body.
    available: usize,
    output: Vec<u8>,
    written: usize,
    reader: BodyReader,
    writer: Writer,
}

/// How the body is written that is being sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writer {
    /// So many bytes are still to be sent.
    Length(u64),
    Chunked,
    /// As it is, until the connection is closed.
    UntilClose,
}

/// No answer was read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AnswerError {
    /// The connection ended, after so many bytes of the answer.
    #[error("the connection ended after {0} bytes")]
    Closed(usize),
    /// It failed.
    #[error("the connection failed")]
    Io(#[source] io::Error),
    /// What came can't be read.
    #[error(transparent)]
    Bad(#[from] BadAnswer),
    /// The upstream has not looked at the request (RFC 9113 §8.7): it may be sent again, whatever it is.
    #[error("the stream was refused")]
    Refused(#[source] h2::Error),
    /// The stream was given up, or broke the rules.
    #[error("the stream failed")]
    Stream(#[source] h2::Error),
    /// HTTP/2 has no form for the request.
    #[error("the request can't be sent by HTTP/2")]
    Unsendable,
}

/// What a caller sent.
#[derive(Debug)]
pub(crate) enum RequestEvent {
    /// A head; its body follows.
    Head,
    /// The connection speaks HTTP/2.
    Http2Preface,
    /// It was closed where a message could have begun.
    Closed,
    /// It was closed or failed within a head.
    BrokenOff,
}

impl Connection {
    pub(crate) fn new(transport: Transport, buffers: Rc<Buffers>) -> Self {
        Self {
            transport,
            input: Input::new(buffers),
            available: 0,
            output: Vec::new(),
            written: 0,
            reader: BodyReader::new(Framing::Length(0)),
            writer: Writer::Length(0),
        }
    }

    /// The transport and what was received on it.
    pub(crate) fn into_parts(self) -> (Transport, Vec<u8>) {
        let received = self.input.bytes().to_vec();
        (self.transport, received)
    }

    /// Whether nothing of a next message has come.
    pub(crate) fn is_quiet(&self) -> bool {
        self.input.is_empty()
    }

    /// Whether a request has begun to come. An empty line is none: some callers end a body with one (RFC 9112 §2.2).
    pub(crate) fn has_request_begun(&self) -> bool {
        !matches!(self.input.bytes(), b"" | b"\r" | b"\r\n")
    }

    /// Waits until a request begins to come; `false` when the connection is closed or fails before.
    pub(crate) fn poll_begun(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        while !self.has_request_begun() {
            match ready!(self.input.poll_receive(cx, &mut self.transport)) {
                Ok(0) | Err(_) => return Poll::Ready(false),
                Ok(_) => {}
            }
        }
        Poll::Ready(true)
    }

    /// Gives back the memory that messages need: none comes for a while. To be called when one is over.
    pub(crate) fn rest(&mut self) {
        if self.output.is_empty() {
            self.output = Vec::new();
        }
        self.reader = BodyReader::new(Framing::Length(0));
    }

    /// Reads the head of the next request.
    pub(crate) fn poll_request(
        &mut self,
        cx: &mut Context<'_>,
        reader: &mut RequestReader,
        limits: &Limits,
        head: &mut RequestHead,
    ) -> Poll<Result<RequestEvent, Reason>> {
        loop {
            if !self.input.is_empty() {
                match reader.read(self.input.bytes(), limits, head)? {
                    RequestFound::Unfinished => {}
                    RequestFound::Http2Preface => return Poll::Ready(Ok(RequestEvent::Http2Preface)),
                    RequestFound::Head { length, framing } => {
                        self.input.consume(length);
                        self.begin_reading(framing);
                        return Poll::Ready(Ok(RequestEvent::Head));
                    }
                }
            }
            let was_empty = self.input.is_empty();
            match ready!(self.input.poll_receive(cx, &mut self.transport)) {
                Ok(0) if was_empty => return Poll::Ready(Ok(RequestEvent::Closed)),
                Ok(0) | Err(_) => return Poll::Ready(Ok(RequestEvent::BrokenOff)),
                Ok(_) => {}
            }
        }
    }

    /// Reads the head of the next answer. After an informational one the next follows.
    pub(crate) fn poll_answer(
        &mut self,
        cx: &mut Context<'_>,
        reader: &mut AnswerReader,
        method: &Method,
        head: &mut AnswerHead,
    ) -> Poll<Result<AnswerFound, AnswerError>> {
        loop {
            if !self.input.is_empty()
                && let Some(found) = reader.read(self.input.bytes(), method, head)?
            {
                self.input.consume(found.length);
                self.begin_reading(found.framing);
                return Poll::Ready(Ok(found));
            }
            match ready!(self.input.poll_receive(cx, &mut self.transport)) {
                Ok(0) => return Poll::Ready(Err(AnswerError::Closed(self.input.bytes().len()))),
                Ok(_) => {}
                Err(error) => return Poll::Ready(Err(AnswerError::Io(error))),
            }
        }
    }

    fn begin_reading(&mut self, framing: Framing) {
        self.reader.begin(framing);
        self.available = 0;
    }

    /// Length of the body that is being read, before any of it was taken.
    pub(crate) fn body_length(&self) -> BodyLength {
        self.reader.remaining().map_or(BodyLength::Open, BodyLength::Exact)
    }

    /// Whether the body that is being read is over.
    pub(crate) fn is_body_over(&self) -> bool {
        self.reader.is_over()
    }

    /// Bytes of the body that are still to come, where that is known.
    pub(crate) fn body_remaining(&self) -> Option<u64> {
        self.reader.remaining()
    }

    /// From here on bytes mean nothing to us, in both directions.
    pub(crate) fn make_raw(&mut self) {
        self.begin_reading(Framing::UntilClose);
        self.writer = Writer::UntilClose;
    }

    /// Whether the other side is still there, looked at while it has nothing to say: ready when it is not. What it says
    /// all the same is kept.
    pub(crate) fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while !self.input.is_full() {
            match ready!(self.input.poll_receive(cx, &mut self.transport)) {
                Ok(0) | Err(_) => return Poll::Ready(()),
                Ok(_) => {}
            }
        }
        Poll::Pending
    }

    /// Where a head is written to; it is sent with the first piece of the body.
    pub(crate) fn head_output(&mut self) -> &mut Vec<u8> {
        &mut self.output
    }

    /// The head is written; how the body follows.
    pub(crate) fn begin_writing(&mut self, framing: Framing) {
        self.writer = match framing {
            Framing::Length(length) => Writer::Length(length),
            Framing::Chunked => Writer::Chunked,
            Framing::UntilClose => Writer::UntilClose,
        };
    }

    /// Whether the message that was being written is complete and sent.
    pub(crate) fn is_sent(&self) -> bool {
        self.output.is_empty() && self.writer == Writer::Length(0)
    }

    /// Closes our end. What was not sent yet is sent first.
    pub(crate) fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_flush(cx))?;
        Pin::new(&mut self.transport).poll_shutdown(cx)
    }

    /// Has the other side see that a message is not whole whose end is that of the connection: when this is dropped the
    /// connection is reset. Other messages say themselves where they end.
    pub(crate) fn break_off(&self) {
        if self.writer == Writer::UntilClose {
            self.transport.reset_on_close();
        }
    }

    /// Throws away what comes; how many bytes, 0 at the end.
    pub(crate) fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.input.consume(self.input.bytes().len());
        self.input.poll_receive(cx, &mut self.transport)
    }
}

impl BodySource for Connection {
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<Fill, SourceError>> {
        loop {
            if self.available > 0 {
                return Poll::Ready(Ok(Fill::Data));
            }
            let step = self
                .reader
                .step(self.input.bytes())
                .map_err(|BadBody| SourceError::Bad)?;
            self.input.consume(step.skipped);
            self.available = step.data;
            if step.data > 0 {
                return Poll::Ready(Ok(Fill::Data));
            }
            if self.reader.is_over() {
                return Poll::Ready(Ok(Fill::End));
            }
            match ready!(self.input.poll_receive(cx, &mut self.transport)) {
                Ok(0) if self.reader.ends_with_connection() => {
                    self.reader.begin(Framing::Length(0));
                    return Poll::Ready(Ok(Fill::End));
                }
                Ok(0) => return Poll::Ready(Err(SourceError::BrokenOff)),
                Ok(_) => {}
                Err(error) => {
                    tracing::debug!(%error, "a connection failed within a body");
                    return Poll::Ready(Err(SourceError::BrokenOff));
                }
            }
        }
    }

    fn data(&self) -> &[u8] {
        &self.input.bytes()[..self.available]
    }

    fn consume(&mut self, count: usize) {
        self.available -= count;
        self.input.consume(count);
        self.reader.took(count);
    }

    fn trailers(&self) -> Option<&Fields> {
        self.reader.trailers()
    }
}

impl BodySink for Connection {
    fn poll_push(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        if self.output.len() - self.written >= FULL {
            ready!(self.poll_flush(cx))?;
        }
        let count = data.len().min(FULL);
        match &mut self.writer {
            Writer::Chunked => {
                write_hex(&mut self.output, count);
                self.output.extend_from_slice(b"\r\n");
                self.output.extend_from_slice(&data[..count]);
                self.output.extend_from_slice(b"\r\n");
                return Poll::Ready(Ok(count));
            }
            Writer::Length(left) if *left < data.len() as u64 => {
                return Poll::Ready(Err(io::Error::other("a body is longer than was said")));
            }
            Writer::Length(_) | Writer::UntilClose => {}
        }
        let count = if self.output.is_empty() && data.len() >= LARGE {
            ready!(Pin::new(&mut self.transport).poll_write(cx, data))?
        } else {
            self.output.extend_from_slice(&data[..count]);
            count
        };
        if let Writer::Length(left) = &mut self.writer {
            *left -= count as u64;
        }
        Poll::Ready(Ok(count))
    }

    fn finish(&mut self, trailers: Option<&Fields>) -> io::Result<()> {
        match mem::replace(&mut self.writer, Writer::Length(0)) {
            Writer::Chunked => {
                self.output.extend_from_slice(b"0\r\n");
                if let Some(trailers) = trailers {
                    trailers.write_to(&mut self.output);
                }
                self.output.extend_from_slice(b"\r\n");
            }
            Writer::Length(1..) => return Err(io::Error::other("a body is shorter than was said")),
            Writer::Length(0) | Writer::UntilClose => {}
        }
        Ok(())
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.written < self.output.len() {
            let Poll::Ready(count) = Pin::new(&mut self.transport).poll_write(cx, &self.output[self.written..])? else {
                // A receiver that is always a little behind must not make it grow by all that passes.
                if self.written >= FULL {
                    self.output.drain(..mem::take(&mut self.written));
                }
                return Poll::Pending;
            };
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written += count;
        }
        self.written = 0;
        self.output.clear();
        // What one large message needed is not kept for the small ones after it.
        self.output.shrink_to(2 * FULL);
        Pin::new(&mut self.transport).poll_flush(cx)
    }
}

fn write_hex(out: &mut Vec<u8>, value: usize) {
    let digits = (usize::BITS - value.leading_zeros()).div_ceil(4).max(1);
    for i in (0..digits).rev() {
        out.push(b"0123456789abcdef"[value >> (4 * i) & 15]);
    }
}
