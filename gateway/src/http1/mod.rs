//! HTTP/1.0 and HTTP/1.1 on both sides (RFC 9112).
//!
//! An implementation of our own, for three reasons: one strict reader instead of a lenient one behind a guard,
//! informational answers that pass through, and a call that costs four system calls and no allocation.

mod answer;
mod body;
mod buffer;
mod connection;
mod request;
mod syntax;
mod write;

pub(crate) use answer::{AnswerReader, BadAnswer, is_bodyless};
pub(crate) use body::{BodyReader, Framing};
pub(crate) use buffer::Buffers;
pub(crate) use connection::{AnswerError, Connection, RequestEvent};
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use request::RequestFound;
pub(crate) use request::RequestReader;
pub(crate) use syntax::{is_host, is_target, parse_length};
pub(crate) use write::{RequestLine, write_request};
