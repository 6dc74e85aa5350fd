//! A call that came by HTTP/2 (RFC 9113).

use std::{
    io,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use h2::{
    Reason as ResetReason, RecvStream, SendStream,
    server::{Builder, Connection, SendResponse},
};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header::CONTENT_LENGTH};

use super::Caller;
use crate::{
    Limits,
    http1::{is_bodyless, is_target},
    message::{AnswerHead, BodyLength, Fields, Known, RequestHead},
    problem::Reason,
    relay::{BodySink, BodySource, Fill, SourceError},
    transport::Rewound,
};

/// What a stream may send before it is read. Enough for a fast sender on a distant network, little enough for many.
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;
/// Bytes of a stream that may wait to be sent.
const SEND_BUFFER: usize = 64 * 1024;

/// The calls of one connection.
pub(crate) struct Http2Calls {
    connection: Connection<Rewound, Bytes>,
    is_finishing: bool,
}

impl Http2Calls {
    /// Begins a connection.
    pub(crate) async fn begin(io: Rewound, limits: &Limits) -> Result<Self, h2::Error> {
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
            is_finishing: false,
        })
    }

    /// The next call; `None` when there will be no more.
    pub(crate) fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<(Request<RecvStream>, SendResponse<Bytes>), h2::Error>>> {
        self.connection.poll_accept(cx)
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
    receive: RecvStream,
    respond: SendResponse<Bytes>,
    /// There once the answer has begun.
    send: Option<SendStream<Bytes>>,
    length: BodyLength,
    is_head: bool,
    piece: Bytes,
    is_body_over: bool,
    trailers: Fields,
}

impl Http2Caller {
    /// Takes a call apart.
    ///
    /// # Errors
    /// Why it is refused; `head` then has what could be read.
    pub(crate) fn new(
        request: Request<RecvStream>,
        respond: SendResponse<Bytes>,
        limits: &Limits,
        head: &mut RequestHead,
    ) -> (Self, Result<(), Reason>) {
        let (parts, receive) = request.into_parts();
        let length = match parts.headers.get(CONTENT_LENGTH) {
            _ if receive.is_end_stream() => BodyLength::NONE,
            Some(length) => {
                let length = length.to_str().ok().and_then(|length| length.parse().ok());
                length.map_or(BodyLength::Open, BodyLength::Exact)
            }
            None => BodyLength::Open,
        };
        let checked = read_head(parts, limits, head);
        let caller = Self {
            receive,
            respond,
            send: None,
            length,
            is_head: head.method == http::Method::HEAD,
            piece: Bytes::new(),
            is_body_over: false,
            trailers: Fields::default(),
        };
        (caller, checked)
    }
}

fn read_head(parts: http::request::Parts, limits: &Limits, head: &mut RequestHead) -> Result<(), Reason> {
    head.method = parts.method;
    head.version = http::Version::HTTP_2;
    // Only CONNECT has none (RFC 9113 §8.5), and nothing is found at this place.
    let target = parts.uri.path_and_query().map_or("*", http::uri::PathAndQuery::as_str);
    if !is_target(target.as_bytes()) {
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
    for (name, value) in &parts.headers {
        head.fields.append_named(name, value);
    }
    Ok(())
}

/// Fields as the library has them. What can't be sent is left out: nothing that was read is like that.
fn header_map(fields: &Fields) -> HeaderMap {
    let pairs = fields.iter().filter_map(|(name, value)| {
        let name = HeaderName::from_bytes(name).ok()?;
        Some((name, HeaderValue::from_bytes(value).ok()?))
    });
    let mut map = HeaderMap::with_capacity(fields.len());
    for (name, value) in pairs {
        map.append(name, value);
    }
    map
}

fn failed(error: h2::Error) -> io::Error {
    io::Error::other(error)
}

impl Caller for Http2Caller {
    fn body_length(&self) -> BodyLength {
        self.length
    }

    fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.send {
            Some(send) => send.poll_reset(cx).map(|_| ()),
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
            Ok(send) => self.send = Some(send),
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
        while self.piece.is_empty() && !self.is_body_over {
            match ready!(self.receive.poll_data(cx)) {
                Some(Ok(piece)) => self.piece = piece,
                Some(Err(error)) => {
                    tracing::debug!(%error, "a caller's stream broke off");
                    return Poll::Ready(Err(SourceError::BrokenOff));
                }
                None => {
                    match ready!(self.receive.poll_trailers(cx)) {
                        Ok(Some(trailers)) => {
                            for (name, value) in &trailers {
                                self.trailers.append_named(name, value);
                            }
                        }
                        Ok(None) => {}
                        Err(_) => return Poll::Ready(Err(SourceError::BrokenOff)),
                    }
                    self.is_body_over = true;
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
        let _ = self.receive.flow_control().release_capacity(count);
    }

    fn trailers(&self) -> Option<&Fields> {
        (self.is_body_over && self.trailers.len() > 0).then_some(&self.trailers)
    }
}

impl BodySink for Http2Caller {
    fn poll_push(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let Some(send) = &mut self.send else {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        };
        loop {
            let capacity = send.capacity().min(data.len());
            if capacity > 0 {
                send.send_data(Bytes::copy_from_slice(&data[..capacity]), false)
                    .map_err(failed)?;
                return Poll::Ready(Ok(capacity));
            }
            send.reserve_capacity(data.len().min(SEND_BUFFER));
            match ready!(send.poll_capacity(cx)) {
                Some(Ok(_)) => {}
                Some(Err(error)) => return Poll::Ready(Err(failed(error))),
                None => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            }
        }
    }

    fn finish(&mut self, trailers: Option<&Fields>) -> io::Result<()> {
        let Some(send) = &mut self.send else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        match trailers {
            Some(trailers) => send.send_trailers(header_map(trailers)),
            None => send.send_data(Bytes::new(), true),
        }
        .map_err(failed)
    }

    fn poll_flush(&mut self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The connection's own task sends.
        Poll::Ready(Ok(()))
    }
}

impl Http2Caller {
    /// The answer can't be completed: the caller must not take it for whole.
    pub(crate) fn break_off(mut self) {
        match &mut self.send {
            Some(send) => send.send_reset(ResetReason::INTERNAL_ERROR),
            None => self.respond.send_reset(ResetReason::INTERNAL_ERROR),
        }
    }
}
