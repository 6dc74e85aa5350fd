//! gRPC-Web in front of an upstream that speaks gRPC
//! (<https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md>): messages pass as they are, trailers become the last
//! frame of the body, and the text form is decoded and encoded on the way.

use std::{
    io,
    task::{Context, Poll, ready},
};

use http::HeaderValue;

use super::{
    Dialect,
    base64_pieces::{Decoder, encode},
};
use crate::{
    client::Caller,
    message::{AnswerHead, BodyLength, Fields, Known},
    relay::{BodySink, BodySource, Fill, SourceError},
};

/// Flag of the frame that has trailers.
const TRAILERS: u8 = 0x80;
/// Encoded at once at most.
const PIECE: usize = 24 * 1024;

/// A caller of gRPC-Web, as one of gRPC.
pub(crate) struct WebCaller<'a, C> {
    caller: &'a mut C,
    /// There while the request's body is in base64.
    decoder: Option<Decoder>,
    decoded: Vec<u8>,
    taken: usize,
    is_text_answer: bool,
    /// Whether the answer is gRPC, and not an error of something else.
    is_translating: bool,
    /// What is to be sent before anything else.
    waiting: Vec<u8>,
    sent: usize,
    is_finishing: bool,
}

impl<'a, C: Caller> WebCaller<'a, C> {
    /// Makes a request of gRPC out of one of gRPC-Web.
    pub(crate) fn new(caller: &'a mut C, is_text: bool, fields: &mut Fields) -> Self {
        let accepts = |name: &[u8]| {
            let mut accepted = fields.all(Known::Accept);
            accepted.any(|value| value.to_ascii_lowercase().windows(name.len()).any(|part| part == name))
        };
        let is_text_answer = accepts(b"application/grpc-web-text") || (is_text && !accepts(b"application/grpc-web"));
        if let Some(value) = translated(fields, "application/grpc") {
            fields.set(Known::ContentType, &value);
        }
        fields.remove(Known::Accept);
        fields.remove_named(b"x-grpc-web");
        fields.set(Known::Te, &HeaderValue::from_static("trailers"));
        if is_text {
            fields.remove(Known::ContentLength);
        }
        Self {
            caller,
            decoder: is_text.then(Decoder::default),
            decoded: Vec::new(),
            taken: 0,
            is_text_answer,
            is_translating: false,
            waiting: Vec::new(),
            sent: 0,
            is_finishing: false,
        }
    }

    fn poll_send_waiting(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.sent < self.waiting.len() {
            self.sent += ready!(self.caller.poll_push(cx, &self.waiting[self.sent..]))?;
        }
        self.waiting.clear();
        self.sent = 0;
        Poll::Ready(Ok(()))
    }
}

/// The media type of a message in another dialect, with the same `+proto`.
fn translated(fields: &Fields, name: &str) -> Option<HeaderValue> {
    let (_, rest) = Dialect::of_type(fields.get(Known::ContentType)?)?;
    HeaderValue::from_bytes(&[name.as_bytes(), rest].concat()).ok()
}

/// A frame with a trailer section: lower-case names, one line a field.
fn trailer_frame(trailers: &Fields) -> Vec<u8> {
    let mut lines = Vec::new();
    for (name, value) in trailers.iter() {
        lines.extend(name.iter().map(u8::to_ascii_lowercase));
        lines.extend_from_slice(b": ");
        lines.extend_from_slice(value);
        lines.extend_from_slice(b"\r\n");
    }
    let mut frame = vec![TRAILERS];
    frame.extend_from_slice(&u32::try_from(lines.len()).unwrap_or(u32::MAX).to_be_bytes());
    frame.append(&mut lines);
    frame
}

impl<C: Caller> Caller for WebCaller<'_, C> {
    fn body_length(&self) -> BodyLength {
        match self.caller.body_length() {
            BodyLength::Exact(1..) if self.decoder.is_some() => BodyLength::Open,
            length => length,
        }
    }

    fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.caller.poll_gone(cx)
    }

    fn inform(&mut self, head: &AnswerHead) {
        self.caller.inform(head);
    }

    fn answer(&mut self, head: &mut AnswerHead, body: BodyLength) -> bool {
        self.is_translating = Dialect::of(&head.fields) == Some(Dialect::Grpc);
        if !self.is_translating {
            return self.caller.answer(head, body);
        }
        let name = if self.is_text_answer {
            "application/grpc-web-text"
        } else {
            "application/grpc-web"
        };
        if let Some(value) = translated(&head.fields, name) {
            head.fields.set(Known::ContentType, &value);
        }
        head.fields.remove(Known::Trailer);
        let body = match body {
            BodyLength::Exact(0) => body,
            BodyLength::Exact(_) | BodyLength::Open => {
                head.fields.remove(Known::ContentLength);
                BodyLength::Open
            }
        };
        self.caller.answer(head, body)
    }

    fn switch(&mut self, _head: &mut AnswerHead) -> bool {
        false
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.caller.poll_close(cx)
    }
}

impl<C: Caller> BodySource for WebCaller<'_, C> {
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<Fill, SourceError>> {
        let Some(decoder) = &mut self.decoder else {
            return self.caller.poll_fill(cx);
        };
        while self.taken == self.decoded.len() {
            self.decoded.clear();
            self.taken = 0;
            match ready!(self.caller.poll_fill(cx))? {
                Fill::Data => {
                    let text = self.caller.data();
                    let count = text.len();
                    decoder.feed(text, &mut self.decoded).map_err(|_| SourceError::Bad)?;
                    self.caller.consume(count);
                }
                Fill::End if decoder.is_whole() => return Poll::Ready(Ok(Fill::End)),
                Fill::End => return Poll::Ready(Err(SourceError::Bad)),
            }
        }
        Poll::Ready(Ok(Fill::Data))
    }

    fn data(&self) -> &[u8] {
        match self.decoder {
            Some(_) => &self.decoded[self.taken..],
            None => self.caller.data(),
        }
    }

    fn consume(&mut self, count: usize) {
        match self.decoder {
            Some(_) => self.taken += count,
            None => self.caller.consume(count),
        }
    }

    fn trailers(&self) -> Option<&Fields> {
        // A request of gRPC-Web has none.
        None
    }
}

impl<C: Caller> BodySink for WebCaller<'_, C> {
    fn poll_push(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_send_waiting(cx))?;
        if !(self.is_translating && self.is_text_answer) {
            return self.caller.poll_push(cx, data);
        }
        let count = data.len().min(PIECE);
        encode(&data[..count], &mut self.waiting);
        Poll::Ready(Ok(count))
    }

    fn finish(&mut self, trailers: Option<&Fields>) -> io::Result<()> {
        if !self.is_translating {
            return self.caller.finish(trailers);
        }
        if let Some(trailers) = trailers {
            let frame = trailer_frame(trailers);
            if self.is_text_answer {
                encode(&frame, &mut self.waiting);
            } else {
                self.waiting.extend_from_slice(&frame);
            }
        }
        // What waits goes before the end.
        self.is_finishing = true;
        Ok(())
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send_waiting(cx))?;
        if self.is_finishing {
            self.is_finishing = false;
            self.caller.finish(None)?;
        }
        self.caller.poll_flush(cx)
    }
}
