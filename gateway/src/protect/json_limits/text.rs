//! Strings and keys.

use std::hash::BuildHasher;

use memchr::memchr2;

use super::{JsonCheck, JsonFault, MANY_KEYS, State, Step, TextPart};

impl JsonCheck {
    pub(super) fn text(&mut self, piece: &[u8], at: usize, is_key: bool, part: TextPart) -> Step {
        let byte = piece[at];
        let next = match (part, byte) {
            (TextPart::Plain, _) => return self.plain(piece, at, is_key),
            (TextPart::Escape, b'u') => TextPart::Unicode { digits: 0, value: 0 },
            (TextPart::Escape, _) if self.high_surrogate != 0 => return Err((JsonFault::LoneSurrogate, at)),
            (TextPart::Escape, _) => {
                let character = match byte {
                    b'"' | b'\\' | b'/' => byte,
                    b'b' => 0x08,
                    b'f' => 0x0C,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    _ => return Err((JsonFault::Syntax, at)),
                };
                self.keep(is_key, &[character]);
                TextPart::Plain
            }
            (TextPart::Unicode { digits, value }, _) => {
                let Some(digit) = char::from(byte).to_digit(16) else {
                    return Err((JsonFault::Syntax, at));
                };
                let value = value << 4 | digit as u16;
                if digits == 3 {
                    self.unicode(is_key, value).map_err(|fault| (fault, at))?;
                    TextPart::Plain
                } else {
                    TextPart::Unicode {
                        digits: digits + 1,
                        value,
                    }
                }
            }
        };
        self.state = State::Text { is_key, part: next };
        self.lengthen(is_key, 1).map_err(|fault| (fault, at))?;
        Ok(at + 1)
    }

    /// The run up to a quote or a backslash, and that byte.
    fn plain(&mut self, piece: &[u8], at: usize, is_key: bool) -> Step {
        let rest = &piece[at..];
        let (run, stop) = plain_run(rest).map_err(|index| (JsonFault::Syntax, at + index))?;
        if !run.is_empty() {
            if self.high_surrogate != 0 {
                return Err((JsonFault::LoneSurrogate, at));
            }
            if !(self.utf8.is_complete() && run.is_ascii()) {
                self.utf8.take(run).map_err(|index| (JsonFault::Utf8, at + index))?;
            }
            self.lengthen(is_key, run.len()).map_err(|fault| (fault, at))?;
            self.keep(is_key, run);
        }
        let end = at + run.len();
        let Some(stop) = stop else { return Ok(end) };
        if !self.utf8.is_complete() {
            return Err((JsonFault::Utf8, end));
        }
        if stop == b'\\' {
            let part = TextPart::Escape;
            self.state = State::Text { is_key, part };
            self.lengthen(is_key, 1).map_err(|fault| (fault, end))?;
        } else if self.high_surrogate != 0 {
            return Err((JsonFault::LoneSurrogate, end));
        } else if is_key {
            self.end_key().map_err(|fault| (fault, end))?;
        } else {
            self.end_value();
        }
        Ok(end + 1)
    }

    fn lengthen(&mut self, is_key: bool, by: usize) -> Result<(), JsonFault> {
        let (most, fault) = if is_key {
            (self.limits.key_bytes, JsonFault::KeyBytes)
        } else {
            (self.limits.string_bytes, JsonFault::StringBytes)
        };
        self.length = self.length.saturating_add(u32::try_from(by).unwrap_or(u32::MAX));
        if self.length > most { Err(fault) } else { Ok(()) }
    }

    fn keep(&mut self, is_key: bool, text: &[u8]) {
        if is_key && !self.limits.may_repeat_keys {
            self.keys.text.extend_from_slice(text);
        }
    }

    /// A code unit of UTF-16 that was written as an escape (RFC 8259 §7).
    fn unicode(&mut self, is_key: bool, unit: u16) -> Result<(), JsonFault> {
        let high = std::mem::take(&mut self.high_surrogate);
        let character = match (high, unit) {
            (0, 0xD800..=0xDBFF) => {
                self.high_surrogate = unit;
                return Ok(());
            }
            (0, _) => char::from_u32(unit.into()),
            (_, 0xDC00..=0xDFFF) => char::decode_utf16([high, unit]).next().and_then(Result::ok),
            _ => None,
        };
        let character = character.ok_or(JsonFault::LoneSurrogate)?;
        self.keep(is_key, character.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(())
    }

    fn end_key(&mut self) -> Result<(), JsonFault> {
        self.state = State::Colon;
        let Some(open) = self.open.last_mut().filter(|_| !self.limits.may_repeat_keys) else {
            return Ok(());
        };
        let hash = self.keys.seed.hash_one(&self.keys.text);
        let is_new = if let Some(many) = &mut open.many {
            many.insert(hash)
        } else {
            let own = &self.keys.seen[open.keys_from..];
            let is_new = !own.contains(&hash);
            if own.len() == MANY_KEYS {
                let all = own.iter().copied().chain([hash]);
                open.many = Some(Box::new(all.collect()));
            } else {
                self.keys.seen.push(hash);
            }
            is_new
        };
        if is_new { Ok(()) } else { Err(JsonFault::DuplicateKey) }
    }
}

/// Bytes that most strings end within: a loop over these costs less than the set-up of a search.
pub(super) const SHORT: usize = 24;

/// The bytes before a quote or backslash, and which of them it is, if it comes.
///
/// # Errors
/// The index of a control character: these must be escaped (RFC 8259 §7).
fn plain_run(bytes: &[u8]) -> Result<(&[u8], Option<u8>), usize> {
    for (index, &byte) in bytes.iter().take(SHORT).enumerate() {
        match byte {
            b'"' | b'\\' => return Ok((&bytes[..index], Some(byte))),
            0x00..=0x1F => return Err(index),
            _ => {}
        }
    }
    let from = SHORT.min(bytes.len());
    let end = memchr2(b'"', b'\\', &bytes[from..]).map_or(bytes.len(), |index| from + index);
    let run = &bytes[..end];
    // Without a branch in it the compiler makes this loop look at many bytes at once.
    if run.iter().fold(u8::MAX, |least, byte| least.min(*byte)) < 0x20 {
        return Err(run.iter().position(|byte| *byte < 0x20).unwrap_or(0));
    }
    Ok((run, bytes.get(end).copied()))
}
