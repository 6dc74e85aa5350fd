//! Content codings (RFC 9110 §8.4): bodies are judged as they were before they were compressed.

use std::{borrow::Cow, io::Read};

use flate2::read::MultiGzDecoder;

use crate::message::{Fields, Known};

/// How a body is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    /// As it is.
    Identity,
    Gzip,
    /// Something that is not read here, or several codings.
    Other,
}

/// A body before it was coded.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Decoded<'b> {
    Whole(Cow<'b, [u8]>),
    /// It is larger than the bound; this is its beginning.
    Part(Vec<u8>),
    /// It is not what it says.
    Unreadable,
}

impl Coding {
    /// As the header fields of a message say.
    pub(crate) fn of(fields: &Fields) -> Self {
        let values = fields
            .all(Known::ContentEncoding)
            .flat_map(|value| value.split(|byte| *byte == b','));
        let mut codings = values
            .map(<[u8]>::trim_ascii)
            .filter(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity"));
        match (codings.next(), codings.next()) {
            (None, _) => Self::Identity,
            (Some(coding), None) if is_gzip(coding) => Self::Gzip,
            _ => Self::Other,
        }
    }

    /// Decodes a body up to a bound: a few bytes may become gigabytes. `is_whole` says whether all of the body is there;
    /// of a part the beginning is decoded. A coding that is not read here is unreadable.
    pub(crate) fn decode(self, body: &[u8], max_bytes: usize, is_whole: bool) -> Decoded<'_> {
        match self {
            Self::Identity if body.len() <= max_bytes && is_whole => Decoded::Whole(Cow::Borrowed(body)),
            Self::Identity => Decoded::Part(body[..body.len().min(max_bytes)].to_vec()),
            Self::Gzip => gunzip(body, max_bytes, is_whole),
            Self::Other => Decoded::Unreadable,
        }
    }
}

fn is_gzip(coding: &[u8]) -> bool {
    coding.eq_ignore_ascii_case(b"gzip") || coding.eq_ignore_ascii_case(b"x-gzip")
}

fn gunzip(body: &[u8], max_bytes: usize, is_whole: bool) -> Decoded<'static> {
    let mut decoded = Vec::new();
    // One byte more says that there is more.
    let mut reader = MultiGzDecoder::new(body).take(max_bytes as u64 + 1);
    let read = reader.read_to_end(&mut decoded);
    if decoded.len() > max_bytes {
        decoded.truncate(max_bytes);
        return Decoded::Part(decoded);
    }
    match read {
        Ok(_) if is_whole => Decoded::Whole(Cow::Owned(decoded)),
        Err(_) if is_whole => Decoded::Unreadable,
        // The end is missing; what came before it is good.
        _ => Decoded::Part(decoded),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{Compression, write::GzEncoder};
    use http::HeaderValue;

    use super::*;

    fn gzip(body: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn codings_are_told_apart() {
        for (lines, coding) in [
            (&[][..], Coding::Identity),
            (&["identity"], Coding::Identity),
            (&["GZIP"], Coding::Gzip),
            (&["identity, x-gzip"], Coding::Gzip),
            (&["gzip, gzip"], Coding::Other),
            (&["gzip", "br"], Coding::Other),
            (&["br"], Coding::Other),
        ] {
            let mut fields = Fields::default();
            for line in lines {
                fields.append(Known::ContentEncoding, &HeaderValue::from_static(line));
            }
            assert_eq!(Coding::of(&fields), coding, "{lines:?}");
        }
    }

    #[test]
    fn a_bomb_is_decoded_up_to_the_bound() {
        let bomb = gzip(&vec![b' '; 50_000_000]);
        assert!(bomb.len() < 100_000);
        assert_eq!(
            Coding::Gzip.decode(&bomb, 1_000, true),
            Decoded::Part(vec![b' '; 1_000])
        );
        let small = gzip(b"{}");
        assert_eq!(
            Coding::Gzip.decode(&small, 2, true),
            Decoded::Whole(Cow::Owned(b"{}".to_vec()))
        );
        assert_eq!(Coding::Gzip.decode(&small, 1, true), Decoded::Part(b"{".to_vec()));
        assert_eq!(
            Coding::Gzip.decode(&small[..small.len() - 1], 9, true),
            Decoded::Unreadable
        );
        assert_eq!(Coding::Gzip.decode(b"{}", 9, true), Decoded::Unreadable);
        // Two members are one body (RFC 1952 §2.2).
        let twice = [gzip(b"{"), gzip(b"}")].concat();
        assert_eq!(
            Coding::Gzip.decode(&twice, 9, true),
            Decoded::Whole(Cow::Owned(b"{}".to_vec()))
        );
        assert_eq!(Coding::Identity.decode(b"abc", 2, true), Decoded::Part(b"ab".to_vec()));
    }
}
