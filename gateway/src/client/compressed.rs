//! A caller whose answers are compressed on their way out: those of upstreams, those that were kept, and those that the
//! gateway composed. What is kept and what is counted are the bytes before.

use std::{
    io,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::Method;

use super::Caller;
use crate::{
    coding::Encoder,
    held::Share,
    message::{AnswerHead, BodyLength, Fields, RequestHead},
    relay::{BodySink, BodySource, Fill, SourceError},
    rules::{Coded, CodingWish, Rules},
    worker::Worker,
};

/// Encoded at once at most.
const PIECE: usize = 16 * 1024;

/// What a policy says about compression, and what a caller wants.
#[derive(Debug)]
pub(crate) struct Compression {
    rules: Arc<Rules>,
    wish: CodingWish,
}

impl Compression {
    /// `None` where no policy says anything. To be asked before the request is changed.
    pub(crate) fn of(rules: &Arc<Rules>, request: &RequestHead) -> Option<Self> {
        let wish = rules
            .compression
            .as_ref()?
            .wish(&request.fields, request.method == Method::HEAD);
        let rules = Arc::clone(rules);
        Some(Self { rules, wish })
    }

    fn judge(&self, head: &AnswerHead, body: BodyLength) -> Coded {
        let rule = self.rules.compression.as_ref();
        rule.map_or(Coded::Never, |rule| rule.judge(&self.wish, head, body))
    }
}

/// A caller, and what it wants.
pub(crate) struct Compressed<'a> {
    caller: &'a mut (dyn Caller + 'a),
    worker: Rc<Worker>,
    /// Memory for the encoder.
    share: Rc<Share>,
    compression: Compression,
    /// There while a body is encoded.
    encoder: Option<Encoder>,
    /// Whether the encoder holds something back.
    is_behind: bool,
    /// Encoded, and not sent yet.
    waiting: Vec<u8>,
    sent: usize,
    /// Whether the body is over and its end was not passed on yet.
    is_ending: bool,
    trailers: Option<Fields>,
}

impl<'a> Compressed<'a> {
    pub(crate) fn new(
        caller: &'a mut (dyn Caller + 'a),
        worker: &Rc<Worker>,
        share: Rc<Share>,
        compression: Compression,
    ) -> Self {
        Self {
            caller,
            worker: Rc::clone(worker),
            share,
            compression,
            encoder: None,
            is_behind: false,
            waiting: Vec::new(),
            sent: 0,
            is_ending: false,
            trailers: None,
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

    /// Takes what the encoder has brought out, when nothing waits any more.
    fn take_output(&mut self) {
        if let Some(encoder) = &mut self.encoder {
            std::mem::swap(encoder.output(), &mut self.waiting);
            self.worker.counters().compressed(0, self.waiting.len());
        }
    }

    /// How the answer is coded, and the encoder for it.
    fn begin(&self, head: &AnswerHead, body: BodyLength) -> (Coded, Option<Encoder>) {
        let coded = self.compression.judge(head, body);
        let Coded::As(coding) = coded else {
            return (coded, None);
        };
        let length = match body {
            BodyLength::Exact(length) => Some(length),
            BodyLength::Open => None,
        };
        match Encoder::begin(&self.share, coding, length) {
            Some(encoder) => (coded, Some(encoder)),
            None => (Coded::Plain, None),
        }
    }
}

impl Caller for Compressed<'_> {
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
        let (coded, encoder) = self.begin(head, body);
        coded.say(head);
        self.compression.wish.confirm(head);
        if encoder.is_none() {
            return self.caller.answer(head, body);
        }
        let has_body = self.caller.answer(head, BodyLength::Open);
        self.encoder = encoder.filter(|_| has_body);
        has_body
    }

    fn switch(&mut self, head: &mut AnswerHead) -> bool {
        self.caller.switch(head)
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.caller.poll_close(cx)
    }
}

impl BodySource for Compressed<'_> {
    fn refusal(&self) -> Option<String> {
        self.caller.refusal()
    }

    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<Fill, SourceError>> {
        self.caller.poll_fill(cx)
    }

    fn data(&self) -> &[u8] {
        self.caller.data()
    }

    fn consume(&mut self, count: usize) {
        self.caller.consume(count);
    }

    fn trailers(&self) -> Option<&Fields> {
        self.caller.trailers()
    }
}

impl BodySink for Compressed<'_> {
    fn poll_push(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_send_waiting(cx))?;
        let Some(encoder) = &mut self.encoder else {
            return self.caller.poll_push(cx, data);
        };
        let count = data.len().min(PIECE);
        encoder.write(&data[..count])?;
        self.is_behind = true;
        self.worker.counters().compressed(count, 0);
        self.take_output();
        Poll::Ready(Ok(count))
    }

    fn finish(&mut self, trailers: Option<&Fields>) -> io::Result<()> {
        let Some(encoder) = self.encoder.take() else {
            return self.caller.finish(trailers);
        };
        let rest = encoder.finish()?;
        self.worker.counters().compressed(0, rest.len());
        self.waiting.extend_from_slice(&rest);
        // What waits goes before the end.
        self.is_ending = true;
        self.trailers = trailers.cloned();
        Ok(())
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send_waiting(cx))?;
        if std::mem::take(&mut self.is_behind)
            && let Some(encoder) = &mut self.encoder
        {
            // The body pauses: whoever reads it gets all there is.
            encoder.flush()?;
            self.take_output();
            ready!(self.poll_send_waiting(cx))?;
        }
        if std::mem::take(&mut self.is_ending) {
            self.caller.finish(self.trailers.as_ref())?;
        }
        self.caller.poll_flush(cx)
    }
}
