//! A caller whose body is watched on its way: JSON and XML that is too deep, too wide or too long is stopped before the
//! upstream has read it, without holding it in memory.

use std::{
    io,
    task::{Context, Poll, ready},
};

use domain::policy::{
    limits::{JsonLimits, XmlLimits},
    units::ByteSize,
};

use super::Caller;
use crate::{
    message::{AnswerHead, BodyLength, Fields},
    protect::{
        json_limits::{self, JsonCheck},
        xml_limits::{self, XmlCheck},
    },
    relay::{BodySink, BodySource, Fill, SourceError},
};

/// How a body must look.
pub(crate) enum Shape {
    Json(Box<JsonCheck>),
    Xml(Box<XmlCheck>),
}

fn bounded(size: ByteSize) -> u32 {
    u32::try_from(size.as_bytes()).unwrap_or(u32::MAX)
}

impl Shape {
    pub(crate) fn json(limits: JsonLimits) -> Self {
        Self::Json(Box::new(JsonCheck::new(json_limits::JsonLimits {
            depth: limits.depth,
            keys: limits.keys,
            key_bytes: bounded(limits.string_bytes),
            string_bytes: bounded(limits.string_bytes),
            array_items: limits.array_items,
            // The policy bounds depth and width; a body in many small parts is bounded by its bytes.
            values: u32::MAX,
            ..json_limits::JsonLimits::default()
        })))
    }

    pub(crate) fn xml(limits: XmlLimits) -> Self {
        Self::Xml(Box::new(XmlCheck::new(xml_limits::XmlLimits {
            depth: limits.depth,
            elements: limits.elements,
            attributes: limits.attributes,
            name_bytes: bounded(limits.text_bytes),
            attribute_bytes: bounded(limits.text_bytes),
            text_bytes: bounded(limits.text_bytes),
        })))
    }

    /// Whether a whole body looks like this; otherwise what is wrong, in a sentence.
    pub(crate) fn check(mut self, body: &[u8]) -> Result<(), String> {
        self.feed(body)?;
        self.finish()
    }

    fn feed(&mut self, piece: &[u8]) -> Result<(), String> {
        match self {
            Self::Json(check) => check.feed(piece).map_err(sentence),
            Self::Xml(check) => check.feed(piece).map_err(sentence),
        }
    }

    fn finish(self) -> Result<(), String> {
        match self {
            Self::Json(check) => check.finish().map_err(sentence),
            Self::Xml(check) => check.finish().map_err(sentence),
        }
    }
}

/// What was found, as a sentence.
fn sentence(found: impl std::fmt::Display) -> String {
    let text = found.to_string();
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
        .unwrap_or_default()
}

/// A caller, and what its body must look like.
pub(crate) struct Watched<'a, C> {
    caller: &'a mut C,
    /// `None` once the body is over.
    shape: Option<Shape>,
    /// Bytes of the piece that were judged already.
    judged: usize,
    refusal: Option<String>,
}

impl<'a, C: Caller> Watched<'a, C> {
    pub(crate) fn new(caller: &'a mut C, shape: Shape) -> Self {
        // No body is no document that could have a shape.
        let shape = (caller.body_length() != BodyLength::NONE).then_some(shape);
        Self {
            caller,
            shape,
            judged: 0,
            refusal: None,
        }
    }

    fn judge(&mut self, filled: Fill) -> Result<(), String> {
        match filled {
            Fill::Data => {
                let new = self.caller.data().get(self.judged..).unwrap_or_default();
                if let Some(shape) = &mut self.shape {
                    shape.feed(new)?;
                }
                self.judged = self.caller.data().len();
                Ok(())
            }
            Fill::End => self.shape.take().map_or(Ok(()), Shape::finish),
        }
    }
}

impl<C: Caller> BodySource for Watched<'_, C> {
    fn refusal(&self) -> Option<String> {
        self.refusal.clone()
    }

    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<Fill, SourceError>> {
        if self.refusal.is_some() {
            return Poll::Ready(Err(SourceError::Refused));
        }
        let filled = ready!(self.caller.poll_fill(cx))?;
        if let Err(detail) = self.judge(filled) {
            self.refusal = Some(detail);
            return Poll::Ready(Err(SourceError::Refused));
        }
        Poll::Ready(Ok(filled))
    }

    fn data(&self) -> &[u8] {
        self.caller.data()
    }

    fn consume(&mut self, count: usize) {
        self.caller.consume(count);
        self.judged -= count;
    }

    fn trailers(&self) -> Option<&Fields> {
        self.caller.trailers()
    }
}

impl<C: Caller> BodySink for Watched<'_, C> {
    fn poll_push(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.caller.poll_push(cx, data)
    }

    fn finish(&mut self, trailers: Option<&Fields>) -> io::Result<()> {
        self.caller.finish(trailers)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.caller.poll_flush(cx)
    }
}

impl<C: Caller> Caller for Watched<'_, C> {
    fn body_length(&self) -> BodyLength {
        self.caller.body_length()
    }

    fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.caller.poll_gone(cx)
    }

    fn inform(&mut self, head: &AnswerHead) {
        self.caller.inform(head);
    }

    fn answer(&mut self, head: &mut AnswerHead, body: BodyLength) -> bool {
        self.caller.answer(head, body)
    }

    fn switch(&mut self, head: &mut AnswerHead) -> bool {
        self.caller.switch(head)
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.caller.poll_close(cx)
    }
}
