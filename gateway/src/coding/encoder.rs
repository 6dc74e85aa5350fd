//! Encoders, fed piece by piece.

use std::{
    cell::Cell,
    fmt,
    io::{self, Write},
    rc::Rc,
};

use brotli::{CompressorWriter, enc::BrotliEncoderParams};
use domain::policy::compression::Coding;
use flate2::{Compression, write::GzEncoder};

/// Answers that one worker encodes at the same time; further ones go out as they are. An encoder takes up to 2 MiB.
const MAX_ENCODERS: usize = 256;
/// Of 9: what comes after it costs twice the time for a few percent.
const GZIP_LEVEL: u32 = 5;
/// Of 11: about as fast as gzip, and smaller.
const BROTLI_QUALITY: i32 = 4;
/// Logarithm of the window of Brotli, in bytes: 256 KiB, so that an encoder stays small.
const BROTLI_WINDOW: i32 = 18;
/// Written at once by Brotli.
const BROTLI_BUFFER: usize = 4 * 1024;

/// How many answers a worker encodes.
#[derive(Debug, Default)]
pub(crate) struct Encoders(Rc<Cell<usize>>);

/// Encodes one body. Its output lies in memory until it is taken.
pub(crate) struct Encoder {
    writer: Writer,
    _place: Place,
}

enum Writer {
    Gzip(GzEncoder<Vec<u8>>),
    Brotli(Box<CompressorWriter<Vec<u8>>>),
}

/// One of the encoders that may run, until it is dropped.
#[derive(Debug)]
struct Place(Rc<Cell<usize>>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

impl Encoders {
    /// A new encoder, unless there are too many. `length` is that of the body, where it is known.
    pub(crate) fn begin(&self, coding: Coding, length: Option<u64>) -> Option<Encoder> {
        let Self(running) = self;
        if running.get() >= MAX_ENCODERS {
            return None;
        }
        running.set(running.get() + 1);
        let place = Place(Rc::clone(running));
        let writer = match coding {
            Coding::Gzip => Writer::Gzip(GzEncoder::new(Vec::new(), Compression::new(GZIP_LEVEL))),
            Coding::Br => {
                let params = BrotliEncoderParams {
                    quality: BROTLI_QUALITY,
                    lgwin: BROTLI_WINDOW,
                    size_hint: length
                        .and_then(|length| usize::try_from(length).ok())
                        .unwrap_or_default(),
                    ..BrotliEncoderParams::default()
                };
                Writer::Brotli(Box::new(CompressorWriter::with_params(
                    Vec::new(),
                    BROTLI_BUFFER,
                    &params,
                )))
            }
        };
        Some(Encoder { writer, _place: place })
    }
}

impl Encoder {
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
            let encoders = Encoders::default();
            let mut encoder = encoders.begin(coding, None).unwrap();
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
            let mut encoder = Encoders::default().begin(coding, Some(text.len() as u64)).unwrap();
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
    fn there_are_only_so_many() {
        let encoders = Encoders::default();
        let running: Vec<_> = (0..MAX_ENCODERS)
            .map(|_| encoders.begin(Coding::Gzip, None).unwrap())
            .collect();
        assert!(encoders.begin(Coding::Gzip, None).is_none());
        drop(running);
        assert!(encoders.begin(Coding::Gzip, None).is_some());
    }
}
