//! Looking at the frames of a caller before the library does, for two things that it lets through. One is pseudo-fields in
//! trailers, see [`super::first_field`]. The other is frames that cost us work and bring nothing: floods of PING, SETTINGS,
//! PRIORITY, empty DATA, unknown frames, WINDOW_UPDATE for what was never sent, and streams that are begun only to be reset
//! (CVE-2019-9511 and its siblings, CVE-2023-44487). The library bounds what they cost in memory; this bounds what they cost in
//! time.

use std::{
    cell::Cell,
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
    time::Instant,
};

use h2::Reason;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::first_field::FirstField;
use crate::transport::Rewound;

/// Bytes before the first frame (RFC 9113 §3.4).
const PREFACE: u32 = 24;
const HEADER: usize = 9;
/// All bits of a stream's number but the reserved one.
const STREAM: u32 = u32::MAX >> 1;
/// What a connection may cost at once, and what it may cost each second after that. A caller that cancels a hundred calls
/// a second stays below it.
const BURST: u32 = 1_000;
const PER_SECOND: u32 = 200;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;

/// WINDOW_UPDATE frames that cost nothing, for each frame of DATA that was sent: of its stream and of the connection, by halves;
/// and one more for so many bytes of it, for those that update whenever they have read some.
const UPDATES_PER_FRAME: u32 = 4;
const BYTES_PER_UPDATE: u32 = 1_024;

/// Follows the frames of a connection.
#[derive(Debug)]
struct FrameCount {
    /// WINDOW_UPDATE frames that may come.
    updates: u32,
    /// Bytes of the payload that are still to come.
    payload: u32,
    header: [u8; HEADER],
    header_length: usize,
    cost: u32,
    since: Instant,
    /// The largest number of a stream that was begun.
    largest: u32,
    /// Trailers whose first field is not known yet.
    trailers: Option<FirstField>,
}

impl FrameCount {
    fn new() -> Self {
        Self {
            updates: 0,
            payload: PREFACE,
            header: [0; HEADER],
            header_length: 0,
            cost: 0,
            since: Instant::now(),
            largest: 0,
            trailers: None,
        }
    }

    /// Looks at bytes that were received.
    ///
    /// # Errors
    /// What the connection ends with.
    fn feed(&mut self, mut bytes: &[u8]) -> Result<(), Reason> {
        while !bytes.is_empty() {
            if self.payload > 0 {
                let count = bytes.len().min(self.payload as usize);
                self.payload -= count as u32;
                if let Some(trailers) = &mut self.trailers
                    && trailers.feed(&bytes[..count], self.payload)
                {
                    return Err(Reason::PROTOCOL_ERROR);
                }
                bytes = &bytes[count..];
                continue;
            }
            let count = bytes.len().min(HEADER - self.header_length);
            self.header[self.header_length..][..count].copy_from_slice(&bytes[..count]);
            self.header_length += count;
            bytes = &bytes[count..];
            if self.header_length == HEADER {
                self.header_length = 0;
                let [a, b, c, kind, flags, stream @ ..] = self.header;
                self.payload = u32::from_be_bytes([0, a, b, c]);
                self.cost += match kind {
                    WINDOW_UPDATE if self.updates > 0 => {
                        self.updates -= 1;
                        0
                    }
                    _ => cost(kind, flags, self.payload),
                };
                if self.cost > BURST && !self.is_within_rate() {
                    return Err(Reason::ENHANCE_YOUR_CALM);
                }
                self.follow(kind, flags, u32::from_be_bytes(stream) & STREAM);
            }
        }
        Ok(())
    }

    /// A frame of DATA was sent.
    fn sent(&mut self, length: u32) {
        let updates = UPDATES_PER_FRAME + length / BYTES_PER_UPDATE;
        self.updates = self.updates.saturating_add(updates);
    }

    /// Notes which stream a section belongs to: the second one of a stream are trailers.
    fn follow(&mut self, kind: u8, flags: u8, stream: u32) {
        match (kind, &mut self.trailers) {
            (HEADERS, _) if stream > self.largest => {
                self.largest = stream;
                self.trailers = None;
            }
            (HEADERS, _) => self.trailers = Some(FirstField::new(flags)),
            (CONTINUATION, Some(trailers)) => trailers.go_on(),
            (_, trailers) => *trailers = None,
        }
    }

    /// Takes off what the time since the last look allows.
    fn is_within_rate(&mut self) -> bool {
        let earned = self.since.elapsed().as_millis() * u128::from(PER_SECOND) / 1_000;
        self.since = Instant::now();
        self.cost = self.cost.saturating_sub(u32::try_from(earned).unwrap_or(u32::MAX));
        self.cost <= BURST
    }
}

/// What a frame costs. Those that carry a message cost nothing here: they are bounded by windows, by the number of streams
/// and by the size of header sections.
fn cost(kind: u8, flags: u8, length: u32) -> u32 {
    match kind {
        DATA => u32::from(length == 0 && flags & END_STREAM == 0),
        HEADERS | CONTINUATION => 0,
        // The call was begun, and its upstream may have been asked.
        RST_STREAM => 2,
        _ => 1,
    }
}

/// Follows what is sent, for the frames of DATA in it.
#[derive(Debug, Default)]
struct Sent {
    /// Bytes of the payload that are still to come.
    payload: u32,
    header: [u8; HEADER],
    header_length: usize,
}

impl Sent {
    /// Looks at bytes that were sent.
    fn feed(&mut self, mut bytes: &[u8], count: &mut FrameCount) {
        while !bytes.is_empty() {
            let skipped = bytes.len().min(self.payload as usize);
            self.payload -= skipped as u32;
            bytes = &bytes[skipped..];
            let more = bytes.len().min(HEADER - self.header_length);
            self.header[self.header_length..][..more].copy_from_slice(&bytes[..more]);
            self.header_length += more;
            bytes = &bytes[more..];
            if self.header_length == HEADER {
                self.header_length = 0;
                let [a, b, c, kind, ..] = self.header;
                self.payload = u32::from_be_bytes([0, a, b, c]);
                if kind == DATA && self.payload > 0 {
                    count.sent(self.payload);
                }
            }
        }
    }
}

/// A connection whose frames are looked at. After what must not come nothing more is read.
#[derive(Debug)]
pub(super) struct Guarded {
    io: Rewound,
    count: FrameCount,
    sent: Sent,
    tripped: Rc<Cell<Option<Reason>>>,
}

impl Guarded {
    /// The connection, and where it says what it must end with.
    pub(super) fn new(io: Rewound) -> (Self, Rc<Cell<Option<Reason>>>) {
        let tripped = Rc::new(Cell::new(None));
        let guarded = Self {
            io,
            count: FrameCount::new(),
            sent: Sent::default(),
            tripped: Rc::clone(&tripped),
        };
        (guarded, tripped)
    }
}

impl AsyncRead for Guarded {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.tripped.get().is_some() {
            return Poll::Pending;
        }
        let before = buf.filled().len();
        let read = Pin::new(&mut self.io).poll_read(cx, buf);
        if read.is_ready()
            && let Err(reason) = self.count.feed(&buf.filled()[before..])
        {
            self.tripped.set(Some(reason));
            if reason == Reason::PROTOCOL_ERROR {
                // Nothing of a message that is not well-formed is taken for one.
                buf.set_filled(before);
                return Poll::Pending;
            }
        }
        read
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.io).poll_write(cx, buf))?;
        let Self { sent, count, .. } = &mut *self;
        sent.feed(&buf[..written], count);
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.io).poll_write_vectored(cx, bufs))?;
        let Self { sent, count, .. } = &mut *self;
        let mut rest = written;
        for buf in bufs {
            let (piece, after) = (rest.min(buf.len()), rest.saturating_sub(buf.len()));
            sent.feed(&buf[..piece], count);
            rest = after;
        }
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_counted_wherever_they_are_cut() {
        let mut bytes = vec![b'x'; PREFACE as usize];
        for (kind, length) in [(HEADERS, 5_u8), (6, 8), (DATA, 0), (DATA, 3), (RST_STREAM, 4), (200, 0)] {
            bytes.extend([0, 0, length, kind, 0, 0, 0, 0, 1]);
            bytes.extend(vec![0; usize::from(length)]);
        }
        for piece in [1, 2, 7, 100] {
            let mut count = FrameCount::new();
            assert!(bytes.chunks(piece).all(|piece| count.feed(piece).is_ok()));
            assert_eq!(count.cost, 5, "{piece}");
        }
        let mut count = FrameCount::new();
        assert!(count.feed(&[0; PREFACE as usize]).is_ok());
        let ping = [0, 0, 0, 6, 0, 0, 0, 0, 0];
        assert!(!(0..100_000).all(|_| count.feed(&ping).is_ok()));
    }

    #[test]
    fn windows_are_opened_for_what_was_sent() {
        let update = [[0, 0, 4, WINDOW_UPDATE, 0, 0, 0, 0, 1].as_slice(), &[0, 0, 0, 1]].concat();
        let begun = || {
            let mut count = FrameCount::new();
            assert!(count.feed(&[0; PREFACE as usize]).is_ok());
            count
        };
        let mut count = begun();
        assert!(!(0..100_000).all(|_| count.feed(&update).is_ok()), "nothing was sent");

        // A download in frames of five bytes, of whose header and payload parts are written at a time.
        let data = [[0, 0, 5, DATA, 0, 0, 0, 0, 1].as_slice(), b"hello"].concat();
        for piece in [1, 4, 14, 20] {
            let (mut count, mut sent) = (begun(), Sent::default());
            for _ in 0..1_000 {
                for bytes in data.repeat(10).chunks(piece) {
                    sent.feed(bytes, &mut count);
                }
                for _ in 0..40 {
                    assert!(count.feed(&update).is_ok());
                }
            }
            assert_eq!((count.cost, count.updates), (0, 0), "{piece}");
        }

        // A caller that reads a large frame little by little.
        let (mut count, mut sent) = (begun(), Sent::default());
        sent.feed(&[0, 0x40, 0, DATA, 0, 0, 0, 0, 1], &mut count);
        sent.feed(&[0; 0x4000], &mut count);
        assert_eq!(count.updates, 20);
        // What is no body earns nothing.
        sent.feed(&[0, 0, 4, RST_STREAM, 0, 0, 0, 0, 1, 0, 0, 0, 0], &mut count);
        sent.feed(&[0, 0, 0, DATA, END_STREAM, 0, 0, 0, 1], &mut count);
        assert_eq!(count.updates, 20);
    }
}
