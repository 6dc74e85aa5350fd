//! Bytes that were received and not used yet. The memory is lent by the worker for as long as there is something in it, so
//! that ten thousand idle connections cost none.

use std::{
    cell::RefCell,
    io, mem,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, ReadBuf};

/// Received at once at most, unless a header section is larger.
const BUFFER: usize = 32 * 1024;
/// Buffers kept for the next connections.
const MAX_KEPT: usize = 256;

/// Buffers of one worker that nobody uses.
#[derive(Debug, Default)]
pub(crate) struct Buffers(RefCell<Vec<Box<[u8]>>>);

impl Buffers {
    fn take(&self) -> Box<[u8]> {
        self.0
            .borrow_mut()
            .pop()
            .unwrap_or_else(|| vec![0; BUFFER].into_boxed_slice())
    }

    fn give_back(&self, buffer: Box<[u8]>) {
        let mut kept = self.0.borrow_mut();
        if buffer.len() == BUFFER && kept.len() < MAX_KEPT {
            kept.push(buffer);
        }
    }
}

/// What a connection received.
#[derive(Debug)]
pub(super) struct Input {
    buffers: Rc<Buffers>,
    /// Empty while nothing was received.
    bytes: Box<[u8]>,
    start: usize,
    end: usize,
}

impl Input {
    pub(super) fn new(buffers: Rc<Buffers>) -> Self {
        Self {
            buffers,
            bytes: Box::default(),
            start: 0,
            end: 0,
        }
    }

    /// What is there.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    pub(super) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Whether nothing more fits without growing.
    pub(super) fn is_full(&self) -> bool {
        self.end - self.start >= BUFFER
    }

    /// Bytes at the beginning were used.
    pub(super) fn consume(&mut self, count: usize) {
        self.start += count;
        if self.start >= self.end {
            (self.start, self.end) = (0, 0);
        }
    }

    /// Receives more; how many bytes, 0 at the end of the stream. Memory that stays empty goes back.
    pub(super) fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        io: &mut (impl AsyncRead + Unpin),
    ) -> Poll<io::Result<usize>> {
        self.make_room();
        let mut free = ReadBuf::new(&mut self.bytes[self.end..]);
        let received = Pin::new(io).poll_read(cx, &mut free);
        let count = free.filled().len();
        self.end += count;
        if self.is_empty() {
            self.release();
        }
        ready!(received)?;
        Poll::Ready(Ok(count))
    }

    fn make_room(&mut self) {
        if self.bytes.is_empty() {
            self.bytes = self.buffers.take();
        }
        if self.end < self.bytes.len() {
            return;
        }
        if self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        } else {
            let mut larger = vec![0; self.bytes.len() * 2].into_boxed_slice();
            larger[..self.end].copy_from_slice(&self.bytes);
            self.bytes = larger;
        }
    }

    fn release(&mut self) {
        (self.start, self.end) = (0, 0);
        self.buffers.give_back(mem::take(&mut self.bytes));
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        self.release();
    }
}
