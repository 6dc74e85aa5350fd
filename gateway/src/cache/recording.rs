//! Keeping an answer while it is passed on.

use std::{
    io,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;

use super::{
    flight::{Landed, Lead},
    query::Query,
    status::Handled,
    storability::Keepable,
    store::{Stamp, Store},
};
use crate::{
    client::Caller,
    message::{AnswerHead, BodyLength, Fields},
    relay::{BodySink, BodySource, Fill, SourceError},
};

/// Asked for at once where the length is not known.
const STEP: usize = 64 * 1024;

/// A body that is being received. Its memory is asked for from the store, so that many at once are bounded too.
#[derive(Debug)]
struct Recording {
    store: Arc<Store>,
    body: Vec<u8>,
    reserved: usize,
    max_bytes: usize,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Receiving,
    Whole,
    /// It is larger than is kept, or has trailers, which are not.
    GivenUp,
}

impl Recording {
    /// Begins with a body; `None` when it is too large.
    fn begin(store: &Arc<Store>, length: BodyLength, max_bytes: usize) -> Option<Self> {
        let mut recording = Self {
            store: Arc::clone(store),
            body: Vec::new(),
            reserved: 0,
            max_bytes: max_bytes.min(store.max_entry()),
            state: State::Receiving,
        };
        if let BodyLength::Exact(length) = length {
            let length = usize::try_from(length).ok()?;
            if !recording.reserve(length) {
                return None;
            }
        }
        Some(recording)
    }

    /// Makes room for so many bytes in all.
    fn reserve(&mut self, bytes: usize) -> bool {
        if bytes <= self.reserved {
            return true;
        }
        if bytes > self.max_bytes || !self.store.reserve(bytes - self.reserved) {
            return false;
        }
        self.reserved = bytes;
        self.body.reserve_exact(bytes - self.body.len());
        true
    }

    fn take(&mut self, data: &[u8]) {
        if self.state != State::Receiving {
            return;
        }
        let bytes = self.body.len() + data.len();
        let wanted = if bytes <= self.reserved {
            bytes
        } else {
            // Twice as much each time, so that it is copied a few times only.
            bytes.max(self.reserved * 2).max(STEP).min(self.max_bytes.max(bytes))
        };
        if self.reserve(wanted) {
            self.body.extend_from_slice(data);
        } else {
            self.give_up();
        }
    }

    fn finish(&mut self, has_trailers: bool) {
        if has_trailers {
            self.give_up();
        } else if self.state == State::Receiving {
            self.state = State::Whole;
        }
    }

    fn give_up(&mut self) {
        self.state = State::GivenUp;
        self.body = Vec::new();
        self.store.release(std::mem::take(&mut self.reserved));
    }

    /// The body, if it came to its end.
    fn whole(&mut self) -> Option<Bytes> {
        if self.state != State::Whole {
            return None;
        }
        let mut body = std::mem::take(&mut self.body);
        body.shrink_to_fit();
        Some(Bytes::from(body))
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.store.release(self.reserved);
    }
}

/// An answer that is kept as soon as its body came to its end: before its caller sees the end, so that whoever asks after
/// that finds it. Dropped before, it is not kept.
#[derive(Debug)]
pub(crate) struct Keeping {
    recording: Recording,
    /// There as long as the body comes.
    pending: Option<Pending>,
    is_kept: bool,
}

#[derive(Debug)]
struct Pending {
    query: Query,
    keepable: Keepable,
    since: Stamp,
    lead: Option<Lead>,
}

impl Keeping {
    /// Begins to keep the answer to a request that was asked for at `since`; who waits for `lead` is told how it ended.
    ///
    /// # Errors
    /// The lead, when the answer is too large.
    pub(crate) fn begin(
        store: &Arc<Store>,
        query: &Query,
        keepable: Keepable,
        length: BodyLength,
        since: Stamp,
        lead: Option<Lead>,
    ) -> Result<Self, Option<Lead>> {
        let Some(recording) = Recording::begin(store, length, query.settings.max_bytes()) else {
            return Err(lead);
        };
        Ok(Self {
            recording,
            pending: Some(Pending {
                query: query.clone(),
                keepable,
                since,
                lead,
            }),
            is_kept: false,
        })
    }

    /// Whether it came to its end and is kept.
    pub(crate) fn is_kept(&self) -> bool {
        self.is_kept
    }

    /// Tells who waits for it whether the caller takes no more of the answer.
    fn stands(&self, is_still: bool) {
        if let Some(lead) = self.pending.as_ref().and_then(|pending| pending.lead.as_ref()) {
            lead.stands(is_still);
        }
    }

    fn take(&mut self, data: &[u8]) {
        self.recording.take(data);
        if self.recording.state == State::GivenUp {
            self.end();
        }
    }

    fn finish(&mut self, has_trailers: bool) {
        self.recording.finish(has_trailers);
        self.end();
    }

    fn end(&mut self) {
        let Some(pending) = self.pending.take() else { return };
        if let Some(body) = self.recording.whole() {
            let partition = pending.keepable.partition;
            let stored = Arc::new(pending.keepable.with(body));
            self.is_kept = pending
                .query
                .keep(&self.recording.store, partition, stored, pending.since);
        }
        if let Some(lead) = pending.lead {
            lead.land(if self.is_kept { Landed::Kept } else { Landed::NotKept });
        }
    }
}

/// A caller whose answer is said to come through the cache, and may be kept.
pub(crate) struct Tee<'a, C> {
    caller: &'a mut C,
    name: &'static str,
    says: Handled,
    keeping: Option<Keeping>,
}

impl<'a, C> Tee<'a, C> {
    pub(crate) fn new(caller: &'a mut C, name: &'static str, says: Handled, keeping: Option<Keeping>) -> Self {
        Self {
            caller,
            name,
            says,
            keeping,
        }
    }

    /// Whether the answer is kept.
    pub(crate) fn is_kept(&self) -> bool {
        self.keeping.as_ref().is_some_and(Keeping::is_kept)
    }
}

impl<C: Caller> Caller for Tee<'_, C> {
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
        self.says.say(self.name, &mut head.fields);
        let has_body = self.caller.answer(head, body);
        if !has_body && let Some(keeping) = &mut self.keeping {
            keeping.finish(false);
        }
        has_body
    }

    fn keep_nothing(&mut self) {
        self.keeping = None;
    }

    fn switch(&mut self, head: &mut AnswerHead) -> bool {
        self.caller.switch(head)
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.caller.poll_close(cx)
    }
}

impl<C: Caller> BodySource for Tee<'_, C> {
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

impl<C: Caller> BodySink for Tee<'_, C> {
    fn poll_push(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let pushed = self.caller.poll_push(cx, data);
        if let Some(keeping) = &self.keeping {
            keeping.stands(pushed.is_pending());
        }
        let count = ready!(pushed)?;
        if let Some(keeping) = &mut self.keeping {
            keeping.take(&data[..count]);
        }
        Poll::Ready(Ok(count))
    }

    fn finish(&mut self, trailers: Option<&Fields>) -> io::Result<()> {
        if let Some(keeping) = &mut self.keeping {
            keeping.finish(trailers.is_some());
        }
        self.caller.finish(trailers)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.caller.poll_flush(cx)
    }
}

/// Nobody: who asks when an answer is only validated for those who will ask later.
pub(crate) struct Nobody;

impl Caller for Nobody {
    fn body_length(&self) -> BodyLength {
        BodyLength::NONE
    }

    fn poll_gone(&mut self, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }

    fn inform(&mut self, _head: &AnswerHead) {}

    fn answer(&mut self, _head: &mut AnswerHead, _body: BodyLength) -> bool {
        true
    }

    fn switch(&mut self, _head: &mut AnswerHead) -> bool {
        false
    }

    fn poll_close(&mut self, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

impl BodySource for Nobody {
    fn poll_fill(&mut self, _cx: &mut Context<'_>) -> Poll<Result<Fill, SourceError>> {
        Poll::Ready(Ok(Fill::End))
    }

    fn data(&self) -> &[u8] {
        &[]
    }

    fn consume(&mut self, _count: usize) {}

    fn trailers(&self) -> Option<&Fields> {
        None
    }
}

impl BodySink for Nobody {
    fn poll_push(&mut self, _cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(data.len()))
    }

    fn finish(&mut self, _trailers: Option<&Fields>) -> io::Result<()> {
        Ok(())
    }

    fn poll_flush(&mut self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
