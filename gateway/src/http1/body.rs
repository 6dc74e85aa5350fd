//! Where a body ends, as it is read (RFC 9112 §6, §7).

use super::syntax::{field_line, is_value};
use crate::message::{Fields, MAX_TRAILERS, NOT_IN_TRAILERS};

/// How a body says where it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// After so many bytes; 0 is no body.
    Length(u64),
    /// In chunks, the last of which is empty.
    Chunked,
    /// When the sender closes.
    UntilClose,
}

/// A body that can't be read on: it is not chunked as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body is not well-formed")]
pub(crate) struct BadBody;

/// Follows a body.
#[derive(Debug)]
pub(crate) struct BodyReader {
    state: State,
    trailers: Fields,
    /// Bytes of chunk extensions and of trailers that may still come.
    allowance: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Length(u64),
    UntilClose,
    Size { size: u64, digits: u8 },
    Extension { size: u64 },
    SizeEnd { size: u64 },
    Data(u64),
    DataEnd(u8),
    Trailers,
    End,
}

/// What lies at the beginning of the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// Bytes that say where things end.
    pub(crate) skipped: usize,
    /// Bytes of the body after them; 0 when more have to come first or the body is over.
    pub(crate) data: usize,
}

/// Bytes of chunk extensions and trailers of one body at most.
const ALLOWANCE: u32 = 16 * 1024;

impl BodyReader {
    pub(crate) fn new(framing: Framing) -> Self {
        Self {
            state: State::of(framing),
            trailers: Fields::default(),
            allowance: ALLOWANCE,
        }
    }

    /// Begins with the next body.
    pub(crate) fn begin(&mut self, framing: Framing) {
        self.state = State::of(framing);
        if framing == Framing::Chunked {
            self.trailers.clear();
            self.allowance = ALLOWANCE;
        }
    }

    /// Whether the body is over.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.state, State::End | State::Length(0))
    }

    /// Whether the body ends when its sender closes.
    pub(crate) fn ends_with_connection(&self) -> bool {
        self.state == State::UntilClose
    }

    /// Bytes that are still to come, where that is known.
    pub(crate) fn remaining(&self) -> Option<u64> {
        match self.state {
            State::Length(left) => Some(left),
            State::End => Some(0),
            _ => None,
        }
    }

    /// The trailer section of a body that is over.
    pub(crate) fn trailers(&self) -> Option<&Fields> {
        (self.state == State::End && self.trailers.len() > 0).then_some(&self.trailers)
    }

    /// Looks at the bytes that have come and were not taken yet.
    pub(crate) fn step(&mut self, bytes: &[u8]) -> Result<Step, BadBody> {
        let mut at = 0;
        loop {
            let rest = &bytes[at..];
            let data = match self.state {
                State::UntilClose => rest.len(),
                State::Length(left) | State::Data(left) => left.min(rest.len() as u64) as usize,
                _ => 0,
            };
            if data > 0 || rest.is_empty() || self.is_over() {
                return Ok(Step { skipped: at, data });
            }
            let taken = match self.state {
                State::Trailers => self.trailer(rest)?,
                state => {
                    self.state = self.next(state, rest[0])?;
                    1
                }
            };
            if taken == 0 {
                return Ok(Step { skipped: at, data: 0 });
            }
            at += taken;
        }
    }

    /// So many bytes of data were taken.
    pub(crate) fn took(&mut self, count: usize) {
        match &mut self.state {
            State::Length(left) => *left -= count as u64,
            State::Data(left) => {
                *left -= count as u64;
                if *left == 0 {
                    self.state = State::DataEnd(0);
                }
            }
            _ => {}
        }
    }

    /// The state after a byte between the chunks.
    fn next(&mut self, state: State, byte: u8) -> Result<State, BadBody> {
        Ok(match (state, byte) {
            (State::Size { size, digits }, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') if digits < 15 => {
                let digit = char::from(byte).to_digit(16).unwrap_or(0);
                State::Size {
                    size: size << 4 | u64::from(digit),
                    digits: digits + 1,
                }
            }
            (State::Size { size, digits: 1.. } | State::Extension { size }, b'\r') => State::SizeEnd { size },
            (State::Size { size, digits: 1.. }, b';' | b' ' | b'\t') => State::Extension { size },
            (State::Extension { size }, _) if is_value(&[byte]) => {
                self.spend(1)?;
                State::Extension { size }
            }
            (State::SizeEnd { size: 0 }, b'\n') => State::Trailers,
            (State::SizeEnd { size }, b'\n') => State::Data(size),
            (State::DataEnd(0), b'\r') => State::DataEnd(1),
            (State::DataEnd(1), b'\n') => State::Size { size: 0, digits: 0 },
            _ => return Err(BadBody),
        })
    }

    /// Reads a line of the trailer section; 0 as long as its end has not come.
    fn trailer(&mut self, bytes: &[u8]) -> Result<usize, BadBody> {
        let Some(end) = memchr::memchr(b'\n', bytes) else {
            return if bytes.len() > self.allowance as usize {
                Err(BadBody)
            } else {
                Ok(0)
            };
        };
        let text = bytes[..end].strip_suffix(b"\r").ok_or(BadBody)?;
        if text.is_empty() {
            self.trailers.remove_all(NOT_IN_TRAILERS);
            self.state = State::End;
            return Ok(end + 1);
        }
        self.spend(end as u32 + 1)?;
        let parts = field_line(text).ok_or(BadBody)?;
        self.trailers.push_line(&bytes[..=end], parts.name, parts.value);
        if self.trailers.len() > MAX_TRAILERS {
            return Err(BadBody);
        }
        Ok(end + 1)
    }

    fn spend(&mut self, bytes: u32) -> Result<(), BadBody> {
        self.allowance = self.allowance.checked_sub(bytes).ok_or(BadBody)?;
        Ok(())
    }
}

impl State {
    fn of(framing: Framing) -> Self {
        match framing {
            Framing::Length(length) => Self::Length(length),
            Framing::Chunked => Self::Size { size: 0, digits: 0 },
            Framing::UntilClose => Self::UntilClose,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads a body that comes in pieces; what it was, its trailers and how many bytes were left over.
    fn read(framing: Framing, text: &[u8], piece: usize) -> Result<(Vec<u8>, String, usize), BadBody> {
        let mut reader = BodyReader::new(framing);
        let (mut input, mut data, mut given) = (Vec::new(), Vec::new(), 0);
        loop {
            let step = reader.step(&input)?;
            input.drain(..step.skipped);
            data.extend(input.drain(..step.data));
            reader.took(step.data);
            if reader.is_over() {
                let trailers = reader.trailers().map(|t| format!("{t:?}")).unwrap_or_default();
                return Ok((data, trailers, input.len() + text.len() - given));
            }
            if step.data == 0 {
                let next = &text[given..(given + piece).min(text.len())];
                if next.is_empty() {
                    return Err(BadBody);
                }
                given += next.len();
                input.extend_from_slice(next);
            }
        }
    }

    #[test]
    fn bodies_end_where_they_say() {
        for piece in [1, 2, 3, 7, 100] {
            let read = |framing, text: &str| read(framing, text.as_bytes(), piece);
            assert_eq!(
                read(Framing::Length(3), "abcdef").unwrap(),
                (b"abc".to_vec(), String::new(), 3)
            );
            assert_eq!(
                read(Framing::Chunked, "3\r\nabc\r\n0A;x=\"y\"\r\n0123456789\r\n0\r\n\r\nGET").unwrap(),
                (b"abc0123456789".to_vec(), String::new(), 3)
            );
            let (data, trailers, left) = read(
                Framing::Chunked,
                "1\r\na\r\n0\r\nX-Sum: 1\r\ncontent-length: 5\r\nauthorization: x\r\n\r\n",
            )
            .unwrap();
            assert_eq!((&data[..], left), (&b"a"[..], 0));
            assert_eq!(trailers, "[(\"X-Sum\", \"1\")]");
        }
    }

    #[test]
    fn bad_chunks_are_refused() {
        for text in [
            "\r\n",
            "g\r\n",
            "-1\r\n",
            "0x1\r\na\r\n",
            " 1\r\na\r\n",
            "1\na\r\n",
            "1\r\nab\r\n",
            "1\r\na\n",
            "1\r\na\r\r\n",
            "1;x\ny\r\na\r\n",
            "1;x\ry\r\na\r\n",
            "1 \0\r\na\r\n",
            "ffffffffffffffff\r\n",
            "0\r\nX : 1\r\n\r\n",
            "0\r\nX: 1\n\r\n",
            "0\r\n folded\r\n\r\n",
        ] {
            for piece in [1, 100] {
                assert_eq!(read(Framing::Chunked, text.as_bytes(), piece), Err(BadBody), "{text:?}");
            }
        }
        let long = format!("1;{}\r\na\r\n0\r\n\r\n", "x".repeat(ALLOWANCE as usize + 1));
        assert_eq!(read(Framing::Chunked, long.as_bytes(), 4_096), Err(BadBody));
    }

    proptest! {
        #[test]
        fn chunks_are_joined(chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..6), piece in 1_usize..64) {
            let mut text = Vec::new();
            for chunk in &chunks {
                text.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
                text.extend(chunk);
                text.extend(b"\r\n");
            }
            text.extend(b"0\r\n\r\n");
            let (data, _, left) = read(Framing::Chunked, &text, piece).unwrap();
            prop_assert_eq!((data, left), (chunks.concat(), 0));
        }

        #[test]
        fn no_bytes_panic(text in prop::collection::vec(any::<u8>(), 0..200), piece in 1_usize..64) {
            let _ = read(Framing::Chunked, &text, piece);
        }
    }
}
