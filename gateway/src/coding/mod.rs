//! Content codings of answers (RFC 9110 §8.4): which one a caller wants, and writing it piece by piece.

mod accept;
mod encoder;

pub(crate) use accept::choose;
pub(crate) use encoder::Encoder;
