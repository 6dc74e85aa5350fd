//! Writing a request's head.

use http::{HeaderValue, Method};

use super::Framing;
use crate::message::{Fields, Known};

/// A request to an upstream, as its first line and `Host` have it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestLine<'a> {
    pub(crate) method: &'a Method,
    /// The target in parts.
    pub(crate) target: [&'a str; 3],
    pub(crate) host: &'a HeaderValue,
}

/// Writes a head. `fields` have no `Host` and nothing about the connection but what is meant for this one.
pub(crate) fn write_request(out: &mut Vec<u8>, line: &RequestLine<'_>, fields: &Fields, framing: Framing) {
    out.extend_from_slice(line.method.as_str().as_bytes());
    out.push(b' ');
    for part in line.target {
        out.extend_from_slice(part.as_bytes());
    }
    out.extend_from_slice(b" HTTP/1.1\r\nhost: ");
    out.extend_from_slice(line.host.as_bytes());
    out.extend_from_slice(b"\r\n");
    fields.write_to(out);
    match framing {
        Framing::Length(length @ 1..) if !fields.contains(Known::ContentLength) => {
            out.extend_from_slice(format!("content-length: {length}\r\n").as_bytes());
        }
        Framing::Chunked => out.extend_from_slice(b"transfer-encoding: chunked\r\n"),
        Framing::Length(_) | Framing::UntilClose => {}
    }
    out.extend_from_slice(b"\r\n");
}
