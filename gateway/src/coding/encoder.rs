//! Encoders, fed piece by piece.

use std::{
    fmt,
    io::{self, Write},
    rc::Rc,
};

use brotli::{CompressorWriter, enc::BrotliEncoderParams};
use domain::policy::compression::Coding;
use flate2::{Compression, write::GzEncoder};

use crate::held::{Share, Taken};

/// Memory that an encoder takes at most, as measured.
const GZIP_BYTES: usize = 384 << 10;
/// The same, for bodies that are known to be shorter than [`BROTLI_SHORT`].
const BROTLI_SHORT_BYTES: usize = 1_536 << 10;
const BROTLI_BYTES: usize = 3 << 20;
const BROTLI_SHORT: u64 = 32 << 10;
/// Of 9: what comes after it costs twice the time for a few percent.
const GZIP_LEVEL: u32 = 5;
/// Of 11: about as fast as gzip, and smaller.
const BROTLI_QUALITY: i32 = 4;
/// Logarithm of the window of Brotli, in bytes: 256 KiB, so that an encoder stays small.
const BROTLI_WINDOW: i32 = 18;
/// The most that Brotli is told of a body's length: from 1 MiB on an encoder would take twice as much.
const BROTLI_MAX_HINT: usize = (1 << 20) - 1;
/// Written at once by Brotli.
const BROTLI_BUFFER: usize = 4 * 1024;

/// Encodes one body. Its output lies in memory until it is taken.
pub(crate) struct Encoder {
    writer: Writer,
    _taken: Taken,
}

enum Writer {
    Gzip(GzEncoder<Vec<u8>>),
    Brotli(Box<CompressorWriter<Vec<u8>>>),
}

impl Encoder {
    /// A new encoder, unless there is no memory to spare. `length` is that of the body, where it is known.
    pub(crate) fn begin(share: &Rc<Share>, coding: Coding, length: Option<u64>) -> Option<Self> {
        let taken = share.take_spare(match coding {
            Coding::Gzip => GZIP_BYTES,
            Coding::Br if length.is_some_and(|length| length < BROTLI_SHORT) => BROTLI_SHORT_BYTES,
            Coding::Br => BROTLI_BYTES,
        })?;
        let writer = match coding {
            Coding::Gzip => Writer::Gzip(GzEncoder::new(Vec::new(), Compression::new(GZIP_LEVEL))),
            Coding::Br => {
                let params = BrotliEncoderParams {
                    quality: BROTLI_QUALITY,
                    lgwin: BROTLI_WINDOW,
                    size_hint: length.map_or(0, |length| {
                        usize::try_from(length).map_or(BROTLI_MAX_HINT, |length| length.min(BROTLI_MAX_HINT))
                    }),
                    ..BrotliEncoderParams::default()
                };
                Writer::Brotli(Box::new(CompressorWriter::with_params(
                    Vec::new(),
                    BROTLI_BUFFER,
                    &params,
                )))
            }
        };
        Some(Self { writer, _taken: taken })
    }

    /// Takes a piece.
    pub(crate) fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        match &mut self.writer {
            Writer::Gzip(gzip) => gzip.write_all(piece),
            Writer::Brotli(brotli) => brotli.write_all(piece),
        }
    }

    /// Brings out all that was taken, so that it can be decoded.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        match &mut self.writer {
            Writer::Gzip(gzip) => gzip.flush(),
            Writer::Brotli(brotli) => brotli.flush(),
        }
    }

    /// What is there to be sent.
    pub(crate) fn output(&mut self) -> &mut Vec<u8> {
        match &mut self.writer {
            Writer::Gzip(gzip) => gzip.get_mut(),
            Writer::Brotli(brotli) => brotli.get_mut(),
        }
    }

    /// The body is over; what is left of it.
    pub(crate) fn finish(self) -> io::Result<Vec<u8>> {
        match self.writer {
            Writer::Gzip(gzip) => gzip.finish(),
            Writer::Brotli(brotli) => Ok(brotli.into_inner()),
        }
    }
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::held::Memory;

    fn share() -> Rc<Share> {
        Memory::new(64 << 20).share("acme")
    }

    fn decoded(coding: Coding, bytes: &[u8]) -> Vec<u8> {
        let mut text = Vec::new();
        // A stream that is not over ends in an error, after all that was there.
        let _ = match coding {
            Coding::Gzip => flate2::read::GzDecoder::new(bytes).read_to_end(&mut text),
            Coding::Br => brotli::Decompressor::new(bytes, 4_096).read_to_end(&mut text),
        };
        text
    }

    #[test]
    fn a_pause_holds_nothing_back() {
        for coding in [Coding::Gzip, Coding::Br] {
            let mut encoder = Encoder::begin(&share(), coding, None).unwrap();
            let mut sent = Vec::new();
            for expected in ["one ", "one two ", "one two three "] {
                encoder
                    .write(expected.split_inclusive(' ').next_back().unwrap().as_bytes())
                    .unwrap();
                encoder.flush().unwrap();
                sent.append(encoder.output());
                assert_eq!(decoded(coding, &sent), expected.as_bytes(), "{coding:?}");
            }
            sent.extend(encoder.finish().unwrap());
            assert_eq!(decoded(coding, &sent), b"one two three ");
        }
    }

    #[test]
    fn large_bodies_come_back() {
        let text: Vec<u8> = (0..200_000_u32)
            .flat_map(|i| (i % 977).to_string().into_bytes())
            .collect();
        for coding in [Coding::Gzip, Coding::Br] {
            let mut encoder = Encoder::begin(&share(), coding, Some(text.len() as u64)).unwrap();
            let mut sent = Vec::new();
            for piece in text.chunks(7_001) {
                encoder.write(piece).unwrap();
                sent.append(encoder.output());
            }
            sent.extend(encoder.finish().unwrap());
            assert!(sent.len() < text.len() / 4, "{coding:?}: {}", sent.len());
            assert_eq!(decoded(coding, &sent), text);
        }
    }

    #[test]
    fn there_are_as_many_as_there_is_memory_to_spare() {
        let share = Memory::new(8 << 20).share("acme");
        let brotli = || Encoder::begin(&share, Coding::Br, None);
        let running = [brotli().unwrap(), brotli().unwrap()];
        assert!(brotli().is_none());
        assert!(
            Encoder::begin(&share, Coding::Gzip, None).is_none(),
            "the rest is for bodies"
        );
        drop(running);
        let short: Vec<_> = (0..9)
            .map_while(|_| Encoder::begin(&share, Coding::Br, Some(1_000)))
            .collect();
        assert_eq!(short.len(), 4);
    }
}
