//! HTTP/2 (RFC 9113): what both sides of the gateway have in common. Frames, header compression and flow control are the
//! `h2` crate's.

mod body;
mod fields;

pub(crate) use body::{Receiving, Sending};
pub(crate) use fields::{append_all, body_length, header_map, may_be_section};

/// What a stream may receive before it is read. Enough for a fast sender on a distant network, little enough for many.
pub(crate) const STREAM_WINDOW: u32 = 128 * 1024;
/// What all streams of a connection may receive before they are read. As much as all of them together: with less, a few
/// that nobody reads would stop the others.
pub(crate) const CONNECTION_WINDOW: u32 = 256 * STREAM_WINDOW;
/// Bytes of a stream that may wait to be sent.
pub(crate) const SEND_BUFFER: usize = 64 * 1024;
