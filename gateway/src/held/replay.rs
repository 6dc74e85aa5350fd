//! What was held of a body, passed on again before the rest of it.

use std::task::{Context, Poll};

use super::{HeldBytes, MemoryFull};
use crate::relay::{BodySource, Fill, SourceError};

/// The beginning of a body or all of it, held, on its way to whom it is for.
#[derive(Debug)]
pub(super) struct Replay {
    held: HeldBytes,
    /// Bytes of `held` that were passed on.
    passed: usize,
    is_whole: bool,
}

impl Replay {
    pub(super) fn new(held: HeldBytes, is_whole: bool) -> Self {
        Self {
            held,
            passed: 0,
            is_whole,
        }
    }

    /// What was held. Empty once it was passed on.
    pub(super) fn body(&self) -> &[u8] {
        self.held.as_slice()
    }

    /// Whether all of the body is held.
    pub(super) fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// What is held and was not passed on yet.
    pub(super) fn rest(&self) -> &[u8] {
        &self.held.as_slice()[self.passed..]
    }

    /// Takes another body in place of the one that is held whole, before any of it was passed on.
    ///
    /// # Errors
    /// There is no memory for it.
    pub(super) fn replace(&mut self, body: Vec<u8>) -> Result<(), MemoryFull> {
        debug_assert!(self.is_whole && self.passed == 0);
        self.held.replace(body)
    }

    /// As [`BodySource::poll_fill`]; `source` has what was not held.
    pub(super) fn poll_fill(
        &self,
        cx: &mut Context<'_>,
        source: &mut (impl BodySource + ?Sized),
    ) -> Poll<Result<Fill, SourceError>> {
        if !self.rest().is_empty() {
            return Poll::Ready(Ok(Fill::Data));
        }
        if self.is_whole {
            return Poll::Ready(Ok(Fill::End));
        }
        source.poll_fill(cx)
    }

    /// As [`BodySource::data`].
    pub(super) fn data<'a>(&'a self, source: &'a (impl BodySource + ?Sized)) -> &'a [u8] {
        match self.rest() {
            [] => source.data(),
            rest => rest,
        }
    }

    /// As [`BodySource::consume`].
    pub(super) fn consume(&mut self, count: usize, source: &mut (impl BodySource + ?Sized)) {
        if self.rest().is_empty() {
            return source.consume(count);
        }
        self.passed += count;
        if self.rest().is_empty() {
            // It is not needed again, and what it was sent to may take long with its answer.
            self.held.clear();
            self.passed = 0;
        }
    }
}
