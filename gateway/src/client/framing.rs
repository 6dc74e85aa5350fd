//! Where messages begin and end on a caller's connection, and refusing what could be read in two ways before the HTTP
//! library sees it (RFC 9112 §2.2, §5.1, §6.3): bare line feeds, two lengths, a length beside a transfer coding, spaces
//! before a colon. The library is lenient there, and a lenient gateway before a differently lenient upstream is how
//! requests are smuggled.

use memchr::{memchr, memrchr};

use crate::{Limits, problem::Reason};

/// Follows the bytes of one connection.
#[derive(Debug)]
pub(super) struct Framing {
    state: State,
    limits: Limits,
    head: Head,
    /// Whether a message was read before: the HTTP/2 preface can only come first.
    is_first: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// In a request line or header section, or before one.
    Head,
    /// So many bytes of a body are to come.
    Body(u64),
    Chunked(Chunked),
    /// No longer messages of HTTP/1.1: HTTP/2, an upgraded connection, or a body that the library will refuse.
    Raw,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Chunked {
    Size {
        size: u64,
        digits: u8,
    },
    Extension {
        size: u64,
    },
    SizeEnd {
        size: u64,
    },
    Data(u64),
    DataEnd(u8),
    /// In the trailer section; `true` while the line is empty so far.
    Trailer {
        is_empty: bool,
    },
}

/// What is known of a header section whose end has not come yet.
#[derive(Debug, Default)]
struct Head {
    /// Where the line begins that is being read.
    line_start: usize,
    /// Lines read, the request line included.
    lines: usize,
    content_length: Option<u64>,
    is_chunked: bool,
    hosts: usize,
    is_http_10: bool,
}

/// What a scan found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scan {
    /// Bytes from the beginning that may be passed on.
    pub(super) approved: usize,
    /// The message after them is refused.
    pub(super) refused: Option<Reason>,
}

impl Framing {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            state: State::Head,
            limits,
            head: Head::default(),
            is_first: true,
        }
    }

    /// Whether the last byte that was passed on lies inside a body.
    pub(super) fn is_inside_body(&self) -> bool {
        matches!(self.state, State::Body(_) | State::Chunked(_))
    }

    /// Whether the connection no longer carries messages of HTTP/1.1.
    #[cfg(test)]
    fn is_raw(&self) -> bool {
        self.state == State::Raw
    }

    /// From here on bytes have no meaning to us.
    pub(super) fn make_raw(&mut self) {
        self.state = State::Raw;
    }

    /// Looks at bytes: all that were not approved by the last scan, and new ones after them.
    pub(super) fn scan(&mut self, bytes: &[u8]) -> Scan {
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            match self.state {
                State::Raw => at = bytes.len(),
                State::Body(left) => {
                    let taken = left.min(rest.len() as u64);
                    at += taken as usize;
                    self.state = if left == taken {
                        State::Head
                    } else {
                        State::Body(left - taken)
                    };
                }
                State::Chunked(part) => {
                    let taken = self.chunked(part, rest);
                    at += taken;
                }
                State::Head => match self.head(rest) {
                    Ok(Some(length)) => {
                        at += length;
                        self.head = Head::default();
                        self.is_first = false;
                    }
                    Ok(None) => {
                        return Scan {
                            approved: at,
                            refused: None,
                        };
                    }
                    Err(reason) => {
                        return Scan {
                            approved: at,
                            refused: Some(reason),
                        };
                    }
                },
            }
        }
        Scan {
            approved: at,
            refused: None,
        }
    }

    /// Reads a header section from its beginning; its length when its end is there.
    fn head(&mut self, bytes: &[u8]) -> Result<Option<usize>, Reason> {
        loop {
            let line = &bytes[self.head.line_start..];
            let Some(end) = memchr(b'\n', line) else {
                return self.unfinished(bytes.len());
            };
            let Some((b'\r', line)) = line[..end].split_last().map(|(last, line)| (*last, line)) else {
                return Err(Reason::Malformed);
            };
            let after = self.head.line_start + end + 1;
            if after > self.limits.header_bytes {
                return Err(if self.head.lines == 0 {
                    Reason::TargetTooLong
                } else {
                    Reason::HeadersTooLarge
                });
            }
            self.head.line_start = after;
            match (self.head.lines, line.is_empty()) {
                // One empty line before a request is left over from an older client's last one (RFC 9112 §2.2).
                (0, true) if after <= 2 => {}
                (0, true) => return Err(Reason::Malformed),
                (0, false) => {
                    if self.is_first && line == b"PRI * HTTP/2.0" {
                        self.state = State::Raw;
                        return Ok(Some(after));
                    }
                    self.request_line(line)?;
                    self.head.lines = 1;
                }
                (_, true) => {
                    return self.end_of_head().map(|state| {
                        self.state = state;
                        Some(after)
                    });
                }
                (_, false) => {
                    self.head.lines += 1;
                    if self.head.lines > self.limits.header_count + 1 {
                        return Err(Reason::HeadersTooLarge);
                    }
                    self.field_line(line)?;
                }
            }
        }
    }

    fn unfinished(&self, length: usize) -> Result<Option<usize>, Reason> {
        // Room for the method and the protocol's name around the target.
        if self.head.lines == 0 && length > self.limits.target_bytes + 64 {
            return Err(Reason::TargetTooLong);
        }
        if length > self.limits.header_bytes {
            return Err(Reason::HeadersTooLarge);
        }
        Ok(None)
    }

    fn request_line(&mut self, line: &[u8]) -> Result<(), Reason> {
        // Exactly two spaces: none is left in the target, which is looked at below, and none in the protocol's name.
        let (Some(first), Some(last)) = (memchr(b' ', line), memrchr(b' ', line)) else {
            return Err(Reason::Malformed);
        };
        let (method, protocol) = (&line[..first], &line[last + 1..]);
        let target = line.get(first + 1..last).unwrap_or_default();
        if target.len() > self.limits.target_bytes {
            return Err(Reason::TargetTooLong);
        }
        self.head.is_http_10 = match protocol {
            b"HTTP/1.1" => false,
            b"HTTP/1.0" => true,
            _ => return Err(Reason::Malformed),
        };
        let is_well_formed = !method.is_empty() && all(method, TOKEN) && !target.is_empty() && all(target, TARGET);
        if is_well_formed { Ok(()) } else { Err(Reason::Malformed) }
    }

    fn field_line(&mut self, line: &[u8]) -> Result<(), Reason> {
        // A name, a colon at once after it, and no control characters: also refuses folded lines.
        let Some(colon) = memchr(b':', line) else {
            return Err(Reason::Malformed);
        };
        let (name, value) = (&line[..colon], &line[colon + 1..]);
        if name.is_empty() || !all(name, TOKEN) || !all(value, VALUE) {
            return Err(Reason::Malformed);
        }
        match name.len() {
            4 if name.eq_ignore_ascii_case(b"host") => self.head.hosts += 1,
            14 if name.eq_ignore_ascii_case(b"content-length") => {
                let length = parse_length(value.trim_ascii()).ok_or(Reason::Malformed)?;
                if self.head.content_length.replace(length).is_some() {
                    return Err(Reason::Malformed);
                }
            }
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => {
                if self.head.is_chunked || !value.trim_ascii().eq_ignore_ascii_case(b"chunked") {
                    return Err(Reason::Malformed);
                }
                self.head.is_chunked = true;
            }
            _ => {}
        }
        Ok(())
    }

    fn end_of_head(&self) -> Result<State, Reason> {
        let Head {
            content_length,
            is_chunked,
            hosts,
            is_http_10,
            ..
        } = self.head;
        let is_host_right = hosts == 1 || (hosts == 0 && is_http_10);
        if !is_host_right || (is_chunked && (content_length.is_some() || is_http_10)) {
            return Err(Reason::Malformed);
        }
        Ok(match content_length {
            _ if is_chunked => State::Chunked(Chunked::Size { size: 0, digits: 0 }),
            Some(0) | None => State::Head,
            Some(length) => State::Body(length),
        })
    }

    /// Follows a chunked body; how many bytes were taken. What is not well-formed is left to the library, which refuses
    /// it: nothing after it will be read as a message.
    fn chunked(&mut self, part: Chunked, bytes: &[u8]) -> usize {
        if let Chunked::Data(left) = part {
            let taken = left.min(bytes.len() as u64);
            self.state = State::Chunked(if left == taken {
                Chunked::DataEnd(0)
            } else {
                Chunked::Data(left - taken)
            });
            return taken as usize;
        }
        let byte = bytes.first().copied().unwrap_or_default();
        let next = match (part, byte) {
            (Chunked::Size { size, digits }, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') if digits < 15 => {
                let digit = char::from(byte).to_digit(16).unwrap_or(0);
                Some(Chunked::Size {
                    size: size << 4 | u64::from(digit),
                    digits: digits + 1,
                })
            }
            (Chunked::Size { size, digits: 1.. } | Chunked::Extension { size }, b'\r') => {
                Some(Chunked::SizeEnd { size })
            }
            (Chunked::Size { size, digits: 1.. }, b';' | b' ' | b'\t') => Some(Chunked::Extension { size }),
            (Chunked::Extension { size }, _) if byte != b'\n' => Some(Chunked::Extension { size }),
            (Chunked::SizeEnd { size: 0 }, b'\n') | (Chunked::Trailer { is_empty: true }, b'\r') => {
                Some(Chunked::Trailer { is_empty: true })
            }
            (Chunked::SizeEnd { size }, b'\n') => Some(Chunked::Data(size)),
            (Chunked::DataEnd(0), b'\r') => Some(Chunked::DataEnd(1)),
            (Chunked::DataEnd(1), b'\n') => Some(Chunked::Size { size: 0, digits: 0 }),
            (Chunked::Trailer { is_empty: true }, b'\n') => {
                self.state = State::Head;
                return 1;
            }
            (Chunked::Trailer { .. }, b'\n') => Some(Chunked::Trailer { is_empty: true }),
            (Chunked::Trailer { .. }, _) => Some(Chunked::Trailer { is_empty: false }),
            _ => None,
        };
        self.state = next.map_or(State::Raw, State::Chunked);
        1
    }
}

/// Digits and nothing else (RFC 9110 §8.6).
fn parse_length(value: &[u8]) -> Option<u64> {
    if value.is_empty() || value.len() > 18 || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(value.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0')))
}

/// `tchar` of RFC 9110 §5.6.2.
const TOKEN: u8 = 1;
/// What may stand in a request target: visible ASCII but for what a URI never has and what begins a fragment.
const TARGET: u8 = 2;
/// What may stand in a field's value (RFC 9110 §5.5): no control characters but the tabulator.
const VALUE: u8 = 4;

/// Whether every byte belongs to a class. Without an early end: nearly every answer is yes.
fn all(bytes: &[u8], class: u8) -> bool {
    const CLASSES: [u8; 256] = {
        let mut table = [0; 256];
        let mut i = 0;
        while i < 256 {
            let byte = i as u8;
            let is_token = byte.is_ascii_alphanumeric()
                || matches!(
                    byte,
                    b'!' | b'#'
                        | b'$'
                        | b'%'
                        | b'&'
                        | b'\''
                        | b'*'
                        | b'+'
                        | b'-'
                        | b'.'
                        | b'^'
                        | b'_'
                        | b'`'
                        | b'|'
                        | b'~'
                );
            let is_target = byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b'`' | b'#');
            let is_value = byte >= b' ' && byte != 0x7f || byte == b'\t';
            if is_token {
                table[i] |= TOKEN;
            }
            if is_target {
                table[i] |= TARGET;
            }
            if is_value {
                table[i] |= VALUE;
            }
            i += 1;
        }
        table
    };
    let common = bytes
        .iter()
        .fold(class, |common, byte| common & CLASSES[usize::from(*byte)]);
    common == class
}

#[cfg(test)]
mod tests;
