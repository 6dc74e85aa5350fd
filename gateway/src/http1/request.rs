//! Reading a request's head, and refusing what could be read in two ways (RFC 9112 §2.2, §5.1, §6.3): bare line feeds, two
//! lengths, a length beside a transfer coding, spaces before a colon. A lenient gateway before a differently lenient
//! upstream is how requests are smuggled.

use http::{Method, Version};
use memchr::{memchr, memrchr};

use super::{
    body::Framing,
    syntax::{field_line, is_host, is_target, is_token, parse_length},
};
use crate::{
    Limits,
    message::{Known, RequestHead},
    problem::Reason,
};

/// How far a head was read.
#[derive(Debug, Default)]
pub(crate) struct RequestReader {
    /// Where the line begins that is being read.
    line_start: usize,
    /// Lines read, the request line included.
    lines: usize,
    content_length: Option<u64>,
    is_chunked: bool,
    hosts: usize,
    /// Whether a message was read before: the HTTP/2 preface can only come first.
    is_later: bool,
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequestFound {
    /// The head's end has not come yet.
    Unfinished,
    /// A head of so many bytes, and what its body is like.
    Head { length: usize, framing: Framing },
    /// The first line of the preface of HTTP/2 (RFC 9113 §3.4).
    Http2Preface,
}

impl RequestReader {
    /// Looks at all bytes of a head that have come, from its first.
    ///
    /// # Errors
    /// Why the message is refused. Nothing after it can be read.
    pub(crate) fn read(
        &mut self,
        bytes: &[u8],
        limits: &Limits,
        head: &mut RequestHead,
    ) -> Result<RequestFound, Reason> {
        loop {
            let line = &bytes[self.line_start..];
            let Some(end) = memchr(b'\n', line) else {
                return self.unfinished(bytes.len(), limits);
            };
            let Some((b'\r', text)) = line[..end].split_last().map(|(last, text)| (*last, text)) else {
                return Err(Reason::Malformed);
            };
            let after = self.line_start + end + 1;
            if after > limits.header_bytes {
                return Err(if self.lines == 0 {
                    Reason::TargetTooLong
                } else {
                    Reason::HeadersTooLarge
                });
            }
            self.line_start = after;
            match (self.lines, text.is_empty()) {
                // One empty line before a request is left over from an older client's last one (RFC 9112 §2.2).
                (0, true) if after <= 2 => {}
                (0, true) => return Err(Reason::Malformed),
                (0, false) => {
                    if !self.is_later && text == b"PRI * HTTP/2.0" {
                        return Ok(RequestFound::Http2Preface);
                    }
                    request_line(text, limits, head)?;
                    self.lines = 1;
                }
                (_, true) => {
                    let framing = self.framing(head.version)?;
                    *self = Self {
                        is_later: true,
                        ..Self::default()
                    };
                    return Ok(RequestFound::Head { length: after, framing });
                }
                (_, false) => {
                    self.lines += 1;
                    if self.lines > limits.header_count + 1 {
                        return Err(Reason::HeadersTooLarge);
                    }
                    self.field(text, &line[..=end], head)?;
                }
            }
        }
    }

    fn unfinished(&self, length: usize, limits: &Limits) -> Result<RequestFound, Reason> {
        // Room for the method and the protocol's name around the target.
        if self.lines == 0 && length > limits.target_bytes + 64 {
            return Err(Reason::TargetTooLong);
        }
        if length > limits.header_bytes {
            return Err(Reason::HeadersTooLarge);
        }
        Ok(RequestFound::Unfinished)
    }

    fn field(&mut self, text: &[u8], line: &[u8], head: &mut RequestHead) -> Result<(), Reason> {
        let parts = field_line(text).ok_or(Reason::Malformed)?;
        let value = &text[parts.value.clone()];
        match head.fields.push_line(line, parts.name, parts.value) {
            Known::Host if is_host(value) => self.hosts += 1,
            Known::Host => return Err(Reason::Malformed),
            Known::ContentLength => {
                let length = parse_length(value).ok_or(Reason::Malformed)?;
                if self.content_length.replace(length).is_some() {
                    return Err(Reason::Malformed);
                }
            }
            Known::TransferEncoding => {
                if self.is_chunked || !value.eq_ignore_ascii_case(b"chunked") {
                    return Err(Reason::Malformed);
                }
                self.is_chunked = true;
            }
            _ => {}
        }
        Ok(())
    }

    fn framing(&self, version: Version) -> Result<Framing, Reason> {
        let is_http_10 = version == Version::HTTP_10;
        let is_host_right = self.hosts == 1 || (self.hosts == 0 && is_http_10);
        if !is_host_right || (self.is_chunked && (self.content_length.is_some() || is_http_10)) {
            return Err(Reason::Malformed);
        }
        Ok(match self.content_length {
            _ if self.is_chunked => Framing::Chunked,
            length => Framing::Length(length.unwrap_or(0)),
        })
    }
}

fn request_line(line: &[u8], limits: &Limits, head: &mut RequestHead) -> Result<(), Reason> {
    // Exactly two spaces: none is left in the target, which is looked at below, and none in the protocol's name.
    let (Some(first), Some(last)) = (memchr(b' ', line), memrchr(b' ', line)) else {
        return Err(Reason::Malformed);
    };
    let (method, protocol) = (&line[..first], &line[last + 1..]);
    let target = line.get(first + 1..last).unwrap_or_default();
    if target.len() > limits.target_bytes {
        return Err(Reason::TargetTooLong);
    }
    head.version = match protocol {
        b"HTTP/1.1" => Version::HTTP_11,
        b"HTTP/1.0" => Version::HTTP_10,
        _ => return Err(Reason::Malformed),
    };
    if !is_token(method) || !is_target(target) {
        return Err(Reason::Malformed);
    }
    head.method = Method::from_bytes(method).map_err(|_| Reason::Malformed)?;
    let target = std::str::from_utf8(target).map_err(|_| Reason::Malformed)?;
    head.set_target(target);
    // An absolute target without an authority leads nowhere (RFC 9110 §4.2.1).
    match head.authority.as_deref() {
        Some(authority) if authority.is_empty() || !is_host(authority.as_bytes()) => Err(Reason::Malformed),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
