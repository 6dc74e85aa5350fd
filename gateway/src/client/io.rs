//! A caller's connection as the HTTP library sees it: bytes that passed [`Framing`], and an end when they did not.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering::Relaxed},
    },
    task::{Context, Poll, Waker, ready},
};

use bytes::{Buf, Bytes};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use super::framing::{Framing, Scan};
use crate::{Limits, problem::Reason};

/// What a connection and its worker tell each other. Atomics because an upgraded connection has to be able to move
/// between threads; all of them stay on one.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    phase: AtomicU8,
    /// Worker's second in which the phase began.
    since_s: AtomicU32,
    now_s: Arc<AtomicU32>,
    /// Whether bytes wait for the caller to take them, and since which second.
    is_blocked: AtomicBool,
    blocked_since_s: AtomicU32,
    is_upgraded: AtomicBool,
    last_words: OnceLock<Bytes>,
    /// Who waits for the running call to be over; rare, so a lock is enough.
    waiting: Mutex<Option<Waker>>,
    is_waiting: AtomicBool,
}

/// What a connection is waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum ConnectionPhase {
    /// The next request.
    Idle,
    /// The rest of a header section.
    Head,
    /// An answer, or the rest of a body.
    Busy,
    /// The caller's end of the connection, after a refusal.
    Closing,
    /// Bytes of another protocol; lasts since the last of them.
    Upgraded,
}

impl Slot {
    /// A slot whose time is its worker's.
    pub(crate) fn new(now_s: Arc<AtomicU32>) -> Self {
        let since_s = AtomicU32::new(now_s.load(Relaxed));
        Self {
            since_s,
            now_s,
            ..Self::default()
        }
    }

    pub(crate) fn enter(&self, phase: ConnectionPhase) {
        // Nothing leads back from another protocol.
        if self.is_upgraded.load(Relaxed) {
            return;
        }
        if self.phase.swap(phase as u8, Relaxed) != phase as u8 || phase == ConnectionPhase::Idle {
            self.since_s.store(self.now_s.load(Relaxed), Relaxed);
        }
    }

    /// The phase and how many seconds it has lasted.
    pub(crate) fn phase(&self) -> (ConnectionPhase, u32) {
        let phase = match self.phase.load(Relaxed) {
            0 => ConnectionPhase::Idle,
            1 => ConnectionPhase::Head,
            2 => ConnectionPhase::Busy,
            3 => ConnectionPhase::Closing,
            _ => ConnectionPhase::Upgraded,
        };
        (
            phase,
            self.now_s.load(Relaxed).saturating_sub(self.since_s.load(Relaxed)),
        )
    }

    /// No call runs any more.
    pub(crate) fn calls_over(&self) {
        self.enter(ConnectionPhase::Idle);
        if self.is_waiting.swap(false, Relaxed)
            && let Some(waker) = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take()
        {
            waker.wake();
        }
    }

    fn wait_for_calls(&self, waker: &Waker) {
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = Some(waker.clone());
        self.is_waiting.store(true, Relaxed);
    }

    /// The answer is 101: what follows is no longer HTTP.
    pub(crate) fn upgraded(&self) {
        self.enter(ConnectionPhase::Upgraded);
        self.is_upgraded.store(true, Relaxed);
    }

    /// For how many seconds the caller has taken nothing of what waits for it.
    pub(crate) fn blocked_s(&self) -> Option<u32> {
        let now_s = self.now_s.load(Relaxed);
        self.is_blocked
            .load(Relaxed)
            .then(|| now_s.saturating_sub(self.blocked_since_s.load(Relaxed)))
    }

    /// Bytes went through.
    fn moved(&self) {
        if self.is_upgraded.load(Relaxed) {
            self.since_s.store(self.now_s.load(Relaxed), Relaxed);
        }
    }

    /// Whether the caller took what was written.
    fn wrote(&self, is_taken: bool) {
        if is_taken {
            self.is_blocked.store(false, Relaxed);
            self.moved();
        } else if !self.is_blocked.swap(true, Relaxed) {
            self.blocked_since_s.store(self.now_s.load(Relaxed), Relaxed);
        }
    }

    /// What is sent before the connection is closed; the first words win.
    pub(crate) fn say_last(&self, words: impl FnOnce() -> Bytes) {
        let _ = self.last_words.get_or_init(words);
    }
}

/// The connection.
pub(crate) struct ClientIo<F> {
    stream: TcpStream,
    framing: Framing,
    /// Bytes that were read but not passed on.
    carry: Vec<u8>,
    /// So many of them may be passed on.
    approved: usize,
    /// Why the next message is refused.
    refused: Option<Reason>,
    slot: Arc<Slot>,
    refuse: F,
    said: usize,
    is_shut: bool,
    lingered: usize,
}

/// Read at once while a header section is incomplete.
const PIECE: usize = 4_096;
/// What a caller may still send while its connection is being closed. Without reading it the system would reset the
/// connection, and the caller might never see the answer.
const MAX_LINGER: usize = 1 << 20;

impl<F: Fn(Reason) -> Bytes + Unpin> ClientIo<F> {
    pub(crate) fn new(stream: TcpStream, limits: Limits, slot: Arc<Slot>, refuse: F) -> Self {
        Self {
            stream,
            framing: Framing::new(limits),
            carry: Vec::new(),
            approved: 0,
            refused: None,
            slot,
            refuse,
            said: 0,
            is_shut: false,
            lingered: 0,
        }
    }

    fn judge(&mut self, scan: Scan) {
        self.refused = self.refused.or(scan.refused);
        if scan.approved > 0 {
            self.slot.enter(ConnectionPhase::Busy);
        }
    }

    /// Whether nothing more is read. A refusal waits for calls that came before it on the same connection: its words
    /// must not get into their answers.
    fn poll_end(&self, cx: &Context<'_>) -> Option<Poll<io::Result<()>>> {
        if let Some(reason) = self.refused {
            if self.slot.phase().0 == ConnectionPhase::Busy {
                self.slot.wait_for_calls(cx.waker());
                return Some(Poll::Pending);
            }
            self.slot.say_last(|| (self.refuse)(reason));
        }
        self.slot.last_words.get().map(|_| Poll::Ready(Ok(())))
    }

    /// Passes approved bytes on.
    fn hand_over(&mut self, buf: &mut ReadBuf<'_>) {
        let count = self.approved.min(buf.remaining());
        buf.put_slice(&self.carry[..count]);
        self.carry.drain(..count);
        self.approved -= count;
    }
}

impl<F: Fn(Reason) -> Bytes + Unpin> AsyncRead for ClientIo<F> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            if this.approved > 0 {
                this.hand_over(buf);
                return Poll::Ready(Ok(()));
            }
            if let Some(end) = this.poll_end(cx) {
                return end;
            }
            if buf.remaining() == 0 {
                return Poll::Ready(Ok(()));
            }
            if this.slot.is_upgraded.load(Relaxed) {
                this.framing.make_raw();
            }
            if this.carry.is_empty() {
                let start = buf.filled().len();
                ready!(Pin::new(&mut this.stream).poll_read(cx, buf))?;
                let new = &buf.filled()[start..];
                if new.is_empty() {
                    return Poll::Ready(Ok(()));
                }
                this.slot.moved();
                let scan = this.framing.scan(new);
                if scan.refused.is_none() {
                    this.carry.extend_from_slice(&new[scan.approved..]);
                }
                buf.set_filled(start + scan.approved);
                this.judge(scan);
                if scan.approved > 0 {
                    return Poll::Ready(Ok(()));
                }
            } else {
                if this.slot.phase().0 == ConnectionPhase::Idle {
                    this.slot.enter(ConnectionPhase::Head);
                }
                let mut piece = [0; PIECE];
                let mut piece = ReadBuf::new(&mut piece);
                ready!(Pin::new(&mut this.stream).poll_read(cx, &mut piece))?;
                if piece.filled().is_empty() {
                    return Poll::Ready(Ok(()));
                }
                this.carry.extend_from_slice(piece.filled());
                let scan = this.framing.scan(&this.carry);
                this.approved = scan.approved;
                this.judge(scan);
            }
        }
    }
}

impl<F: Fn(Reason) -> Bytes + Unpin> AsyncWrite for ClientIo<F> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.slot.wrote(written.is_ready());
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    /// Says the last words, closes our end, and then reads away what the caller still sends.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        while let Some(words) = this.slot.last_words.get().filter(|words| this.said < words.len()) {
            this.slot.enter(ConnectionPhase::Closing);
            let mut rest = words.clone();
            rest.advance(this.said);
            this.said += ready!(Pin::new(&mut this.stream).poll_write(cx, &rest))?;
        }
        if !this.is_shut {
            ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
            this.is_shut = true;
        }
        if this.said == 0 && !this.framing.is_inside_body() {
            return Poll::Ready(Ok(()));
        }
        this.slot.enter(ConnectionPhase::Closing);
        while this.lingered < MAX_LINGER {
            let mut piece = [0; PIECE];
            let mut piece = ReadBuf::new(&mut piece);
            match ready!(Pin::new(&mut this.stream).poll_read(cx, &mut piece)) {
                Ok(()) if !piece.filled().is_empty() => this.lingered += piece.filled().len(),
                // Whatever went wrong: there is nobody left to answer.
                Ok(()) | Err(_) => break,
            }
        }
        Poll::Ready(Ok(()))
    }
}
