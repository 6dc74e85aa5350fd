//! A call that came by HTTP/1.

use std::{
    io,
    task::{Context, Poll},
};

use http::{HeaderValue, Method, StatusCode, Version};

use super::Caller;
use crate::{
    http1::{Connection, Framing, is_bodyless},
    message::{AnswerHead, BodyLength, Fields, Known, RequestHead, has_token},
    relay::{BodySink, BodySource, Fill, SourceError},
    worker::{Order, Slot},
};

/// What a refused request may still send for its connection to stay open: reading it costs less than a new connection.
const MAX_SKIPPED: u64 = 64 * 1024;

/// A call and its connection.
pub(crate) struct Http1Caller<'a> {
    connection: &'a mut Connection,
    slot: &'a Slot,
    is_http_10: bool,
    is_head: bool,
    /// Whether the connection may carry another call after this one.
    is_persistent: bool,
    /// Whether the caller waits for a word before it sends the body (RFC 9110 §10.1.1). As long as none was given nobody
    /// knows whether the body comes.
    is_waiting_for_word: bool,
}

impl<'a> Http1Caller<'a> {
    pub(crate) fn new(connection: &'a mut Connection, slot: &'a Slot, request: &RequestHead) -> Self {
        let says = |token: &[u8]| {
            request
                .fields
                .all(Known::Connection)
                .any(|value| has_token(value, token))
        };
        let is_http_10 = request.version == Version::HTTP_10;
        let is_body_over = connection.is_body_over();
        Self {
            connection,
            slot,
            is_http_10,
            is_head: request.method == Method::HEAD,
            is_persistent: if is_http_10 {
                says(b"keep-alive") && !says(b"close")
            } else {
                !says(b"close")
            },
            is_waiting_for_word: request.fields.contains(Known::Expect) && !is_body_over,
        }
    }

    /// After a complete answer: whether the connection carries another call. The rest of a small body is skipped first.
    pub(crate) fn is_persistent(&self) -> bool {
        self.is_persistent
    }

    /// Whether the rest of the request's body is worth reading.
    fn may_skip_body(&self) -> bool {
        let is_short = self.connection.body_remaining().is_some_and(|left| left <= MAX_SKIPPED);
        self.connection.is_body_over() || (is_short && !self.is_waiting_for_word)
    }
}

impl Caller for Http1Caller<'_> {
    fn body_length(&self) -> BodyLength {
        self.connection.body_length()
    }

    fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.connection.poll_gone(cx)
    }

    fn inform(&mut self, head: &AnswerHead) {
        if !self.is_http_10 {
            self.is_waiting_for_word &= head.status != StatusCode::CONTINUE;
            write_head(self.connection.head_output(), head);
            self.connection.head_output().extend_from_slice(b"\r\n");
        }
    }

    fn answer(&mut self, head: &mut AnswerHead, body: BodyLength) -> bool {
        let has_body = !self.is_head && !is_bodyless(head.status);
        let framing = match body {
            _ if !has_body => Framing::Length(0),
            BodyLength::Exact(length) => Framing::Length(length),
            BodyLength::Open if self.is_http_10 => Framing::UntilClose,
            BodyLength::Open => Framing::Chunked,
        };
        let is_draining = self.slot.order() != Order::GoOn;
        if framing == Framing::UntilClose || is_draining || !self.may_skip_body() {
            self.is_persistent = false;
        }
        let fields = &mut head.fields;
        match framing {
            Framing::Chunked => {
                fields.remove(Known::ContentLength);
                fields.append(Known::TransferEncoding, &HeaderValue::from_static("chunked"));
            }
            Framing::UntilClose => fields.remove(Known::ContentLength),
            Framing::Length(_) if head.status == StatusCode::NO_CONTENT => fields.remove(Known::ContentLength),
            Framing::Length(_) => {}
        }
        if !self.is_persistent {
            fields.set(Known::Connection, &HeaderValue::from_static("close"));
        } else if self.is_http_10 {
            fields.set(Known::Connection, &HeaderValue::from_static("keep-alive"));
        }
        let out = self.connection.head_output();
        write_head(out, head);
        let has_length = head.fields.contains(Known::ContentLength);
        if let (Framing::Length(length), true, false) = (framing, has_body, has_length) {
            out.extend_from_slice(format!("content-length: {length}\r\n").as_bytes());
        }
        out.extend_from_slice(b"\r\n");
        self.connection.begin_writing(framing);
        has_body
    }

    fn switch(&mut self, head: &mut AnswerHead) -> bool {
        let fields = &mut head.fields;
        fields.set(Known::Connection, &HeaderValue::from_static("upgrade"));
        fields.set(Known::Upgrade, &HeaderValue::from_static("websocket"));
        let out = self.connection.head_output();
        write_head(out, head);
        out.extend_from_slice(b"\r\n");
        self.connection.make_raw();
        self.is_persistent = false;
        true
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        // Whatever went wrong: nothing more can be sent.
        self.connection.poll_close(cx).map(|_| ())
    }
}

/// Status line and fields, without the empty line after them.
fn write_head(out: &mut Vec<u8>, head: &AnswerHead) {
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(head.status.as_str().as_bytes());
    out.push(b' ');
    out.extend_from_slice(head.status.canonical_reason().unwrap_or_default().as_bytes());
    out.extend_from_slice(b"\r\n");
    head.fields.write_to(out);
}

impl BodySource for Http1Caller<'_> {
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<Fill, SourceError>> {
        self.connection.poll_fill(cx)
    }

    fn data(&self) -> &[u8] {
        self.connection.data()
    }

    fn consume(&mut self, count: usize) {
        self.is_waiting_for_word = false;
        self.connection.consume(count);
    }

    fn trailers(&self) -> Option<&Fields> {
        self.connection.trailers()
    }
}

impl BodySink for Http1Caller<'_> {
    fn poll_push(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.connection.poll_push(cx, data)
    }

    fn finish(&mut self, trailers: Option<&Fields>) -> io::Result<()> {
        self.connection.finish(trailers)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.connection.poll_flush(cx)
    }
}
