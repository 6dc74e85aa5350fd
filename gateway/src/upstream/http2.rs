//! Calls as streams of HTTP/2 connections (RFC 9113). Each worker has connections of its own, and as few as it can: the
//! next is made when all streams that the upstream permits on those before it are in use.

mod links;
mod stream;

pub(crate) use links::{Connecting, Links, Turn};
pub(crate) use stream::{Http2Stream, ToSend};
