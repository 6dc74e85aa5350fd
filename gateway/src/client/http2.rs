//! A call that came by HTTP/2 (RFC 9113).

use std::{
    cell::Cell,
    io,
    rc::Rc,
    task::{Context, Poll},
};

use bytes::Bytes;
use h2::{
    Reason as ResetReason, RecvStream,
    server::{Builder, Connection, SendResponse},
};
use http::{Method, Request, Response, StatusCode, header::HOST};

use super::{Caller, frame_guard::Guarded};
use crate::{
    Limits,
    http1::{is_bodyless, is_host, is_target},
    http2::{
        CONNECTION_WINDOW, Receiving, SEND_BUFFER, STREAM_WINDOW, Sending, append_all, body_length, header_map,
        may_be_section,
    },
    message::{AnswerHead, BodyLength, Fields, Known, RequestHead},
    problem::Reason,
    relay::{BodySink, BodySource, Fill, SourceError},
    transport::Rewound,
};

/// A request and where its answer goes.
pub(crate) type Http2Call = (Request<RecvStream>, SendResponse<Bytes>);

/// The calls of one connection.
pub(crate) struct Http2Calls {
    connection: Connection<Guarded, Bytes>,
    /// What the connection ends with, after frames that must not come.
    tripped: Rc<Cell<Option<ResetReason>>>,
    is_finishing: bool,
}

impl Http2Calls {
    /// Begins a connection.
    pub(crate) async fn begin(io: Rewound, limits: &Limits) -> Result<Self, h2::Error> {
        let (io, tripped) = Guarded::new(io);
        let connection = Builder::new()
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_send_buffer_size(SEND_BUFFER)
            .max_concurrent_streams(limits.streams)
            .max_header_list_size(u32::try_from(limits.header_bytes).unwrap_or(u32::MAX))
            .handshake(io)
            .await?;
        Ok(Self {
            connection,
            tripped,
            is_finishing: false,
        })
    }

    /// The next call; `None` when there will be no more.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Http2Call, h2::Error>>> {
        let mut next = self.connection.poll_accept(cx);
        // The library lets requests without a path through (RFC 9113 §8.3.1).
        while let Poll::Ready(Some(Ok((request, respond)))) = &mut next
            && request.method() != Method::CONNECT
            && request.uri().path_and_query().is_none()
        {
            respond.send_reset(ResetReason::PROTOCOL_ERROR);
            next = self.connection.poll_accept(cx);
        }
        if next.is_pending()
            && !self.is_finishing
            && let Some(reason) = self.tripped.get()
        {
            self.is_finishing = true;
            self.connection.abrupt_shutdown(reason);
            return self.connection.poll_accept(cx);
        }
        next
    }

    /// Takes no new calls; the running ones may end.
    pub(crate) fn finish(&mut self) {
        if !self.is_finishing {
            self.is_finishing = true;
            self.connection.graceful_shutdown();
        }
    }

    /// Whether no new calls are taken.
    pub(crate) fn is_finishing(&self) -> bool {
        self.is_finishing
    }
}

/// A stream.
pub(crate) struct Http2Caller {
    receiving: Receiving,
    respond: SendResponse<Bytes>,
    /// There once the answer has begun.
    sending: Option<Sending>,
    length: BodyLength,
    is_head: bool,
}

impl Http2Caller {
    /// Takes a call apart; also returns why it is refused, if it is. `head` then has what could be read.
    pub(crate) fn new(
        request: Request<RecvStream>,
        respond: SendResponse<Bytes>,
        limits: &Limits,
        head: &mut RequestHead,
    ) -> (Self, Result<(), Reason>) {
        let (parts, stream) = request.into_parts();
        let length = body_length(&parts.headers, &stream);
        let checked = length.ok_or(Reason::Malformed);
        let checked = read_head(parts, limits, head).and(checked);
        let caller = Self {
            receiving: Receiving::new(stream),
            respond,
            sending: None,
            length: length.unwrap_or(BodyLength::Open),
            is_head: head.method == Method::HEAD,
        };
        (caller, checked.map(|_| ()))
    }

    /// The answer can't be completed: the caller must not take it for whole.
    pub(crate) fn break_off(mut self) {
        match &mut self.sending {
            Some(sending) => sending.reset(ResetReason::INTERNAL_ERROR),
            None => self.respond.send_reset(ResetReason::INTERNAL_ERROR),
        }
    }
}

/// Whether it is clear where a request is for (RFC 9113 §8.3.1): `Host` says the same as `:authority`, and there is no user.
fn check_authority(parts: &http::request::Parts) -> Result<(), Reason> {
    let authority = parts.uri.authority().map(http::uri::Authority::as_str);
    let mut hosts = parts.headers.get_all(HOST).iter();
    let is_clear = match (authority, hosts.next(), hosts.next()) {
        (Some(authority), Some(host), None) => host.as_bytes().eq_ignore_ascii_case(authority.as_bytes()),
        (Some(_), None, _) | (None, Some(_), None) => true,
        // Nowhere, as HTTP/1.1 without `Host` (RFC 9112 §3.2); or in two places.
        (None, None, _) | (_, Some(_), Some(_)) => false,
    };
    let has_user = authority.is_some_and(|authority| authority.contains('@'));
    if is_clear && !has_user {
        Ok(())
    } else {
        Err(Reason::Malformed)
    }
}

fn read_head(parts: http::request::Parts, limits: &Limits, head: &mut RequestHead) -> Result<(), Reason> {
    check_authority(&parts)?;
    head.method = parts.method;
    head.version = http::Version::HTTP_2;
    // Only CONNECT has none (RFC 9113 §8.5), and nothing is found at this place.
    let target = parts.uri.path_and_query().map_or("*", http::uri::PathAndQuery::as_str);
    if !is_target(target.as_bytes()) || !may_be_section(&parts.headers) {
        return Err(Reason::Malformed);
    }
    if target.len() > limits.target_bytes {
        return Err(Reason::TargetTooLong);
    }
    head.set_target(target);
    head.authority = parts.uri.authority().map(|authority| authority.as_str().to_owned());
    if parts.headers.len() > limits.header_count {
        return Err(Reason::HeadersTooLarge);
    }
    append_all(&mut head.fields, &parts.headers);
    // One host and nothing else (RFC 9113 §8.3.1): upstreams and logs get it as a field.
    let mut hosts = head.fields.all(Known::Host);
    let is_one_host = hosts.next().is_none_or(is_host) && hosts.next().is_none();
    let is_authority = head.authority.as_ref().is_none_or(|host| is_host(host.as_bytes()));
    if !is_one_host || !is_authority {
        return Err(Reason::Malformed);
    }
    Ok(())
}

impl Caller for Http2Caller {
    fn body_length(&self) -> BodyLength {
        self.length
    }

    fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.sending {
            Some(sending) => sending.poll_reset(cx),
            None => self.respond.poll_reset(cx).map(|_| ()),
        }
    }

    fn inform(&mut self, head: &AnswerHead) {
        let mut response = Response::new(());
        *response.status_mut() = head.status;
        *response.headers_mut() = header_map(&head.fields);
        if let Err(error) = self.respond.send_informational(response) {
            tracing::debug!(%error, "an informational answer can't be passed on");
        }
    }

    fn answer(&mut self, head: &mut AnswerHead, body: BodyLength) -> bool {
        let has_body = !self.is_head && !is_bodyless(head.status) && body != BodyLength::NONE;
        if body == BodyLength::Open || head.status == StatusCode::NO_CONTENT {
            head.fields.remove(Known::ContentLength);
        }
        let mut response = Response::new(());
        *response.status_mut() = head.status;
        *response.headers_mut() = header_map(&head.fields);
        match self.respond.send_response(response, !has_body) {
            Ok(stream) => self.sending = Some(Sending::new(stream)),
            // The stream is gone; writing to it will say so.
            Err(error) => tracing::debug!(%error, "an answer can't be begun"),
        }
        has_body
    }

    fn switch(&mut self, _head: &mut AnswerHead) -> bool {
        false
    }

    fn poll_close(&mut self, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

impl BodySource for Http2Caller {
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<Fill, SourceError>> {
        self.receiving.poll_fill(cx)
    }

    fn data(&self) -> &[u8] {
        self.receiving.data()
    }

    fn consume(&mut self, count: usize) {
        self.receiving.consume(count);
    }

    fn trailers(&self) -> Option<&Fields> {
        self.receiving.trailers()
    }
}

/// Before the answer has begun there is nowhere to write to.
fn begun(sending: &mut Option<Sending>) -> io::Result<&mut Sending> {
    sending.as_mut().ok_or_else(|| io::ErrorKind::BrokenPipe.into())
}

impl BodySink for Http2Caller {
    fn poll_push(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        begun(&mut self.sending)?.poll_push(cx, data)
    }

    fn finish(&mut self, trailers: Option<&Fields>) -> io::Result<()> {
        begun(&mut self.sending)?.finish(trailers)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.sending {
            Some(sending) => sending.poll_flush(cx),
            None => Poll::Ready(Ok(())),
        }
    }
}
