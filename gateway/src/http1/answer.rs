//! Reading the head of an upstream's answer.

use http::{Method, StatusCode, Version};
use memchr::memchr;

use super::{
    body::Framing,
    syntax::{field_line, is_value, parse_length},
};
use crate::message::{AnswerHead, Fields, Known, has_token};

/// Bytes of an answer's head at most.
pub(crate) const MAX_ANSWER_HEAD: usize = 256 * 1024;
/// Fields of an answer at most.
const MAX_ANSWER_FIELDS: usize = 512;

/// Why an answer can't be passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadAnswer {
    /// It does not begin with `HTTP/1.x` and a status.
    #[error("its first line is not a status line")]
    StatusLine,
    /// A field can't be read.
    #[error("a header field is not well-formed")]
    Field,
    /// More fields or bytes than are accepted.
    #[error("its header section is too large")]
    TooLarge,
    /// It could be read in two ways (RFC 9112 §6.3).
    #[error("it says in two ways where it ends")]
    Length,
}

/// A head that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AnswerFound {
    /// Its length in bytes.
    pub(crate) length: usize,
    pub(crate) framing: Framing,
    /// Whether the connection may carry another call.
    pub(crate) is_persistent: bool,
}

/// How far a head was read.
#[derive(Debug, Default)]
pub(crate) struct AnswerReader {
    line_start: usize,
    has_status: bool,
}

impl AnswerReader {
    /// Looks at all bytes of a head that have come, from its first; `None` as long as its end has not. `method` is that
    /// of the request.
    ///
    /// Lines may end with a line feed alone: an answer is read by one reader and written anew, so that nothing can be
    /// hidden in it.
    pub(crate) fn read(
        &mut self,
        bytes: &[u8],
        method: &Method,
        head: &mut AnswerHead,
    ) -> Result<Option<AnswerFound>, BadAnswer> {
        loop {
            let line = &bytes[self.line_start..];
            let Some(end) = memchr(b'\n', line) else {
                return if bytes.len() > MAX_ANSWER_HEAD {
                    Err(BadAnswer::TooLarge)
                } else {
                    Ok(None)
                };
            };
            let text = line[..end].strip_suffix(b"\r").unwrap_or(&line[..end]);
            self.line_start += end + 1;
            if self.line_start > MAX_ANSWER_HEAD || head.fields.len() > MAX_ANSWER_FIELDS {
                return Err(BadAnswer::TooLarge);
            }
            if !self.has_status {
                (head.version, head.status) = status_line(text).ok_or(BadAnswer::StatusLine)?;
                self.has_status = true;
            } else if text.is_empty() {
                let length = self.line_start;
                *self = Self::default();
                let framing = framing(method, head)?;
                let is_persistent = framing != Framing::UntilClose && is_persistent(head);
                head.fields.keep_first(Known::ContentLength);
                return Ok(Some(AnswerFound {
                    length,
                    framing,
                    is_persistent,
                }));
            } else {
                let parts = field_line(text).ok_or(BadAnswer::Field)?;
                head.fields.push_line(&line[..=end], parts.name, parts.value);
            }
        }
    }
}

fn status_line(line: &[u8]) -> Option<(Version, StatusCode)> {
    let (version, rest) = line.split_at_checked(9)?;
    let version = match version {
        b"HTTP/1.1 " => Version::HTTP_11,
        b"HTTP/1.0 " => Version::HTTP_10,
        _ => return None,
    };
    let (status, reason) = rest.split_at_checked(3)?;
    let status = StatusCode::from_bytes(status).ok()?;
    let is_reason = reason.is_empty() || (reason[0] == b' ' && is_value(reason));
    (is_reason && status.as_u16() < 600).then_some((version, status))
}

/// Where the body ends (RFC 9112 §6.3).
fn framing(method: &Method, head: &AnswerHead) -> Result<Framing, BadAnswer> {
    let length = content_length(&head.fields)?;
    let mut codings = head.fields.all(Known::TransferEncoding);
    let coding = codings.next();
    if let Some(coding) = coding {
        // Another coding than `chunked` alone would go out undecoded.
        if !coding.eq_ignore_ascii_case(b"chunked") || codings.next().is_some() || length.is_some() {
            return Err(BadAnswer::Length);
        }
    }
    let is_switch = head.status == StatusCode::SWITCHING_PROTOCOLS;
    if !is_switch && (method == Method::HEAD || is_bodyless(head.status)) {
        return Ok(Framing::Length(0));
    }
    Ok(match (coding, length) {
        _ if is_switch => Framing::UntilClose,
        (Some(_), _) => Framing::Chunked,
        (None, Some(length)) => Framing::Length(length),
        (None, None) => Framing::UntilClose,
    })
}

/// Whether answers with this status never have a body.
pub(crate) fn is_bodyless(status: StatusCode) -> bool {
    status.is_informational() || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

/// The length, if there is one; several are one if they are the same (RFC 9110 §8.6).
fn content_length(fields: &Fields) -> Result<Option<u64>, BadAnswer> {
    let mut found = None;
    for value in fields.all(Known::ContentLength) {
        let length = parse_length(value).ok_or(BadAnswer::Length)?;
        if found.replace(length).is_some_and(|other| other != length) {
            return Err(BadAnswer::Length);
        }
    }
    Ok(found)
}

/// Whether the sender keeps the connection, and nothing may come on it that would be taken for the next answer.
fn is_persistent(head: &AnswerHead) -> bool {
    let is_chunked = head.fields.contains(Known::TransferEncoding);
    // Who announces a body where none can be may send it (RFC 9110 §8.6).
    let has_no_length = head
        .fields
        .get(Known::ContentLength)
        .is_none_or(|length| length == b"0");
    if head.status == StatusCode::NO_CONTENT && (is_chunked || !has_no_length) {
        return false;
    }
    // Chunks are unknown to HTTP/1.0 (RFC 9112 §6.1): somebody in between may have read the length otherwise.
    if head.version == Version::HTTP_10 && is_chunked {
        return false;
    }
    let says = |token: &[u8]| head.fields.all(Known::Connection).any(|value| has_token(value, token));
    match head.version {
        Version::HTTP_10 => says(b"keep-alive") && !says(b"close"),
        _ => !says(b"close"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(method: &Method, text: &str) -> Result<Option<AnswerFound>, BadAnswer> {
        let mut head = AnswerHead::default();
        let whole = AnswerReader::default().read(text.as_bytes(), method, &mut head);
        // Byte by byte it is the same.
        let (mut reader, mut head, mut last) = (AnswerReader::default(), AnswerHead::default(), Ok(None));
        for end in 1..=text.len() {
            last = reader.read(&text.as_bytes()[..end], method, &mut head);
            if !matches!(last, Ok(None)) {
                break;
            }
        }
        assert_eq!(whole, last, "{text:?}");
        whole
    }

    #[test]
    fn the_end_of_a_body_is_clear() {
        for (method, text, framing, is_persistent) in [
            (
                Method::GET,
                "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n",
                Framing::Length(3),
                true,
            ),
            (
                Method::HEAD,
                "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n",
                Framing::Length(0),
                true,
            ),
            (
                Method::GET,
                "HTTP/1.1 304 \r\nContent-Length: 3\r\n\r\n",
                Framing::Length(0),
                true,
            ),
            (Method::GET, "HTTP/1.1 204\r\n\r\n", Framing::Length(0), true),
            (
                Method::GET,
                "HTTP/1.1 200 OK\nTransfer-Encoding: Chunked\n\n",
                Framing::Chunked,
                true,
            ),
            (Method::GET, "HTTP/1.1 200 OK\r\n\r\n", Framing::UntilClose, false),
            (
                Method::GET,
                "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\n",
                Framing::Length(3),
                false,
            ),
            (
                Method::GET,
                "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n",
                Framing::Length(3),
                true,
            ),
            (
                Method::GET,
                "HTTP/1.1 200 OK\r\nConnection: x, close\r\nContent-Length: 0\r\n\r\n",
                Framing::Length(0),
                false,
            ),
        ] {
            let found = read(&method, text).unwrap().unwrap();
            assert_eq!(
                (found.framing, found.is_persistent, found.length),
                (framing, is_persistent, text.len()),
                "{text}"
            );
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for (text, error) in [
            ("HTTP/2 200 OK\r\n\r\n", BadAnswer::StatusLine),
            ("ICY 200 OK\r\n\r\n", BadAnswer::StatusLine),
            ("HTTP/1.1 20 OK\r\n\r\n", BadAnswer::StatusLine),
            ("HTTP/1.1 2000 OK\r\n\r\n", BadAnswer::StatusLine),
            ("HTTP/1.1 700 OK\r\n\r\n", BadAnswer::StatusLine),
            ("HTTP/1.1 200 O\0K\r\n\r\n", BadAnswer::StatusLine),
            ("HTTP/1.1 200 OK\r\nA : b\r\n\r\n", BadAnswer::Field),
            ("HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n", BadAnswer::Field),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                BadAnswer::Length,
            ),
            ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", BadAnswer::Length),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", BadAnswer::Length),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
                BadAnswer::Length,
            ),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
                BadAnswer::Length,
            ),
        ] {
            assert_eq!(read(&Method::GET, text), Err(error), "{text:?}");
        }
        let endless = format!("HTTP/1.1 200 OK\r\nA: {}", "b".repeat(MAX_ANSWER_HEAD));
        let read = AnswerReader::default().read(endless.as_bytes(), &Method::GET, &mut AnswerHead::default());
        assert_eq!(read, Err(BadAnswer::TooLarge));
    }
}
