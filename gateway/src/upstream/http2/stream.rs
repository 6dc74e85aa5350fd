//! One call on a connection that many share.

use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use h2::{
    Reason, RecvStream,
    client::{ResponseFuture, SendRequest},
};
use http::{HeaderMap, Method, Request, StatusCode, Uri, Version, uri::Scheme};

use super::links::Place;
use crate::{
    http1::{AnswerError, BadAnswer, RequestLine},
    http2::{Receiving, Sending, append_all, body_length, header_map, may_be_section},
    message::{AnswerHead, BodyLength, Fields},
    relay::{BodySink, BodySource, Fill, SourceError},
};

/// A stream. Dropped before it is over, it is reset (RFC 9113 §8.7: CANCEL).
#[derive(Debug)]
pub(crate) struct Http2Stream {
    requests: SendRequest<Bytes>,
    response: Option<ResponseFuture>,
    sending: Option<Sending>,
    receiving: Option<Receiving>,
    /// Length of the answer's body.
    length: BodyLength,
    /// Why the request could not be sent.
    failure: Option<AnswerError>,
    /// Whether the connection carried a call before.
    pub(crate) is_reused: bool,
    place: Place,
}

/// A request, as it is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ToSend<'a> {
    pub(crate) line: RequestLine<'a>,
    pub(crate) is_tls: bool,
    pub(crate) fields: &'a Fields,
    pub(crate) body: BodyLength,
}

impl Http2Stream {
    pub(super) fn new(requests: SendRequest<Bytes>, place: Place, is_reused: bool) -> Self {
        Self {
            requests,
            response: None,
            sending: None,
            receiving: None,
            length: BodyLength::NONE,
            failure: None,
            is_reused,
            place,
        }
    }

    /// Sends the head. If that can't be done, the wait for the answer says why.
    pub(crate) fn send_head(&mut self, head: &ToSend<'_>) {
        let Some(request) = request(head) else {
            self.failure = Some(AnswerError::Unsendable);
            return;
        };
        let has_body = head.body != BodyLength::NONE;
        match self.requests.send_request(request, !has_body) {
            Ok((response, stream)) => {
                self.response = Some(response);
                self.sending = has_body.then(|| Sending::new(stream));
            }
            Err(error) => self.failure = Some(answer_error(error, true)),
        }
    }

    /// Waits for the head of the next answer. After an informational one the next follows.
    pub(crate) fn poll_answer(
        &mut self,
        cx: &mut Context<'_>,
        method: &Method,
        head: &mut AnswerHead,
    ) -> Poll<Result<(), AnswerError>> {
        if let Some(failure) = self.failure.take() {
            return Poll::Ready(Err(failure));
        }
        let Some(response) = &mut self.response else {
            return Poll::Ready(Err(AnswerError::Closed(0)));
        };
        head.version = Version::HTTP_2;
        match response.poll_informational(cx) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Some(Ok(informational))) => {
                return Poll::Ready(take_section(head, informational.status(), informational.headers()));
            }
            Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(answer_error(error, false))),
            Poll::Ready(None) => {}
        }
        let answer = ready!(Pin::new(response).poll(cx)).map_err(|error| answer_error(error, false))?;
        let (parts, stream) = answer.into_parts();
        take_section(head, parts.status, &parts.headers)?;
        self.length = length(method, &parts, &stream)?;
        self.receiving = Some(Receiving::new(stream));
        Poll::Ready(Ok(()))
    }

    /// Length of the answer's body.
    pub(crate) fn body_length(&self) -> BodyLength {
        self.length
    }

    /// Nothing was heard for too long: the connection is not trusted with another call.
    pub(crate) fn distrust(&self) {
        self.place.retire_link();
    }
}

/// The request as the library takes it; `None` if it has no such form.
fn request(head: &ToSend<'_>) -> Option<Request<()>> {
    let scheme = if head.is_tls { Scheme::HTTPS } else { Scheme::HTTP };
    let uri = Uri::builder()
        .scheme(scheme)
        .authority(head.line.host.as_bytes())
        .path_and_query(head.line.target.concat())
        .build()
        .ok()?;
    let mut request = Request::new(());
    *request.method_mut() = head.line.method.clone();
    *request.uri_mut() = uri;
    *request.version_mut() = Version::HTTP_2;
    *request.headers_mut() = header_map(head.fields);
    Some(request)
}

fn take_section(head: &mut AnswerHead, status: StatusCode, headers: &HeaderMap) -> Result<(), AnswerError> {
    if !may_be_section(headers) {
        return Err(BadAnswer::Field.into());
    }
    head.status = status;
    append_all(&mut head.fields, headers);
    Ok(())
}

fn length(method: &Method, parts: &http::response::Parts, stream: &RecvStream) -> Result<BodyLength, AnswerError> {
    let length = body_length(&parts.headers, stream).ok_or(BadAnswer::Length)?;
    // A length there is that of another message (RFC 9110 §8.6).
    let is_bodyless = *method == Method::HEAD || crate::http1::is_bodyless(parts.status);
    Ok(if is_bodyless { BodyLength::NONE } else { length })
}

/// What a failure means. `is_unsent` says that the library has not taken the request.
fn answer_error(error: h2::Error, is_unsent: bool) -> AnswerError {
    let is_refused = error.is_reset() && error.is_remote() && error.reason() == Some(Reason::REFUSED_STREAM);
    // The library says GOAWAY only to streams after the last one that the upstream has looked at (RFC 9113 §6.8).
    let is_after_last = error.is_go_away() && error.is_remote();
    if is_refused || is_after_last || is_unsent {
        return AnswerError::Refused(error);
    }
    if error.is_io() {
        return AnswerError::Io(io::Error::other(error));
    }
    AnswerError::Stream(error)
}

impl BodySource for Http2Stream {
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<Fill, SourceError>> {
        match &mut self.receiving {
            Some(receiving) => receiving.poll_fill(cx),
            None => Poll::Ready(Ok(Fill::End)),
        }
    }

    fn data(&self) -> &[u8] {
        self.receiving.as_ref().map_or(&[], BodySource::data)
    }

    fn consume(&mut self, count: usize) {
        if let Some(receiving) = &mut self.receiving {
            receiving.consume(count);
        }
    }

    fn trailers(&self) -> Option<&Fields> {
        self.receiving.as_ref().and_then(BodySource::trailers)
    }
}

impl BodySink for Http2Stream {
    fn poll_push(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.sending {
            Some(sending) => sending.poll_push(cx, data),
            None => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn finish(&mut self, trailers: Option<&Fields>) -> io::Result<()> {
        // Without a body the request was over with its head.
        self.sending.as_mut().map_or(Ok(()), |sending| sending.finish(trailers))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.sending {
            Some(sending) => sending.poll_flush(cx),
            None => Poll::Ready(Ok(())),
        }
    }
}
