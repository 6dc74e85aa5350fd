//! Whether an answer is as the document says: it is passed on as it comes, kept beside up to a bound, and judged when it
//! is over. Nothing of it is changed or held up.

use std::{
    io,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::StatusCode;
use openapi::validate::{OperationValidator, ResponseView, Violation};

use super::{Coding, Decoded};
use crate::{
    client::Caller,
    held::{HeldBytes, Share},
    message::{AnswerHead, BodyLength, Fields, Known},
    relay::{BodySink, BodySource, Fill, SourceError},
};

/// A caller whose answer is judged.
pub(crate) struct Judged<'a> {
    caller: &'a mut (dyn Caller + 'a),
    validator: Arc<OperationValidator>,
    kept: HeldBytes,
    max_bytes: usize,
    /// Whether all that came was kept; `false` also for answers that are not kept at all.
    is_kept: bool,
}

impl<'a> Judged<'a> {
    /// `body` is the length of the answer's body. `None` for answers that are never judged: those that say that the
    /// caller's copy is still good.
    pub(crate) fn new(
        caller: &'a mut (dyn Caller + 'a),
        validator: Arc<OperationValidator>,
        share: &Rc<Share>,
        max_bytes: usize,
        (answer, body): (&AnswerHead, BodyLength),
    ) -> Self {
        let is_larger = matches!(body, BodyLength::Exact(length) if length > max_bytes as u64);
        Self {
            caller,
            validator,
            kept: HeldBytes::new(share),
            max_bytes,
            is_kept: !is_larger && !is_stream(answer) && Coding::of(&answer.fields) != Coding::Other,
        }
    }

    /// Whether an answer of this status is ever judged: not one that says that the caller's copy is still good, or that is
    /// a part of one.
    pub(crate) fn judges(status: StatusCode) -> bool {
        !matches!(status, StatusCode::NOT_MODIFIED | StatusCode::PARTIAL_CONTENT)
    }

    /// Judges what was passed on. `is_complete` says whether that is all of the answer.
    pub(crate) fn judge(self, answer: &AnswerHead, is_complete: bool) -> Vec<Violation> {
        let is_kept = self.is_kept && is_complete;
        let coding = Coding::of(&answer.fields);
        let decoded = is_kept.then(|| coding.decode(self.kept.as_slice(), self.max_bytes, true));
        let body = match &decoded {
            Some(Decoded::Whole(body)) => Some(&**body),
            _ => None,
        };
        check(&self.validator, answer, body)
    }
}

/// Judges an answer; of its body nothing is said without one.
pub(super) fn check(validator: &OperationValidator, answer: &AnswerHead, body: Option<&[u8]>) -> Vec<Violation> {
    let headers = |name: &str, visit: &mut dyn FnMut(&[u8])| {
        for (candidate, value) in answer.fields.iter() {
            if candidate.eq_ignore_ascii_case(name.as_bytes()) {
                visit(value);
            }
        }
    };
    validator.check_response(&ResponseView {
        status: answer.status.as_u16(),
        headers: &headers,
        content_type: answer.fields.get(Known::ContentType),
        body,
    })
}

/// Whether the answer goes on for as long as there is something to say.
fn is_stream(answer: &AnswerHead) -> bool {
    let media_type = answer.fields.get(Known::ContentType).unwrap_or_default();
    let media_type = media_type
        .split(|byte| *byte == b';')
        .next()
        .unwrap_or_default()
        .trim_ascii();
    media_type.eq_ignore_ascii_case(b"text/event-stream")
        || media_type
            .get(..16)
            .is_some_and(|start| start.eq_ignore_ascii_case(b"application/grpc"))
}

impl BodySource for Judged<'_> {
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

impl BodySink for Judged<'_> {
    fn poll_push(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let count = ready!(self.caller.poll_push(cx, data))?;
        if self.is_kept {
            let fits = self.kept.as_slice().len() + count <= self.max_bytes;
            // No memory is no reason to do anything to an answer.
            if !fits || self.kept.extend(&data[..count]).is_err() {
                self.is_kept = false;
                self.kept.clear();
            }
        }
        Poll::Ready(Ok(count))
    }

    fn finish(&mut self, trailers: Option<&Fields>) -> io::Result<()> {
        self.caller.finish(trailers)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.caller.poll_flush(cx)
    }
}

impl Caller for Judged<'_> {
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
