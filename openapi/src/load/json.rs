//! A JSON reader (RFC 8259) that reports duplicate keys, keeps the digits of every number and says where it stopped.
//!
//! `serde_json`'s own reader keeps the last of two equal keys without a word and rounds long numbers.

use serde_json::{Map, Value};

use super::source::{Budget, Step, each_position, pointer, position_at};
use super::{Limits, Parsed, duplicate_key};
use crate::diagnostics::{Diagnostic, Rejected};
use crate::number::NumberTexts;

/// Reads one JSON text.
pub(super) fn parse(text: &str, limits: &Limits, numbers: NumberTexts) -> Result<Parsed, Rejected> {
    let mut reader = Reader {
        text,
        bytes: text.as_bytes(),
        at: 0,
        path: Vec::new(),
        budget: Budget::new(limits),
        parsed: Parsed {
            numbers,
            ..Parsed::default()
        },
        offsets: Vec::new(),
    };
    reader.space();
    let value = reader.value()?;
    reader.space();
    if reader.at < reader.bytes.len() {
        return Err(reader.fail("the JSON document ends here, but more text follows"));
    }
    reader.count_lines();
    Ok(reader.parsed.finish(value, reader.budget.spent()))
}

struct Reader<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    path: Vec<PathStep>,
    budget: Budget<'t>,
    parsed: Parsed,
    /// Where findings are: the offset, and the number of the finding.
    offsets: Vec<(usize, usize)>,
}

/// A step that costs nothing to push: keys stay in the text until a diagnostic needs them.
#[derive(Clone, Copy)]
enum PathStep {
    /// Byte range of the key, quotes excluded.
    Key(usize, usize),
    Index(usize),
}

impl Reader<'_> {
    fn fail(&self, message: impl Into<String>) -> Rejected {
        Diagnostic::error("json-syntax", message)
            .on(position_at(self.text, self.at))
            .at(self.pointer())
            .into()
    }

    fn pointer(&self) -> String {
        let steps: Vec<Step> = self
            .path
            .iter()
            .map(|step| match *step {
                PathStep::Key(from, to) => Step::Key(self.text[from..to].to_owned()),
                PathStep::Index(index) => Step::Index(index),
            })
            .collect();
        pointer(&steps)
    }

    /// Keeps a finding about a place of the text; its line is counted in the end.
    fn found(&mut self, finding: Diagnostic, offset: usize) {
        if self.parsed.has_room() {
            self.offsets.push((offset, self.parsed.diagnostics.len()));
            self.parsed.found(finding.at(self.pointer()));
        }
    }

    /// Counts the lines of all findings in one pass: there may be many, far into the text.
    fn count_lines(&mut self) {
        let mut offsets = std::mem::take(&mut self.offsets);
        offsets.sort_unstable();
        each_position(self.text, offsets, |at, position| {
            if let Some(found) = self.parsed.diagnostics.get_mut(at) {
                (found.line, found.column) = (Some(position.line), Some(position.column));
            }
        });
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.bytes.get(self.at) {
            self.at += 1;
        }
    }

    fn unexpected(&self, expected: &str) -> Rejected {
        match self.text[self.at..].chars().next() {
            None => self.fail(format!("the text ends where {expected} is expected")),
            Some('/') => self.fail("comments are not allowed in JSON"),
            Some('\'') => self.fail("JSON texts are written in double quotes"),
            Some(found) => self.fail(format!("expected {expected}, found {found:?}")),
        }
    }

    fn value(&mut self) -> Result<Value, Rejected> {
        let (text, at) = (self.text, self.at);
        self.budget.node(self.path.len(), || position_at(text, at))?;
        match self.bytes.get(self.at) {
            Some(b'{') => self.object(),
            Some(b'[') => self.array(),
            Some(b'"') => self.string().map(Value::String),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.unexpected("a value")),
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, Rejected> {
        if self.text[self.at..].starts_with(word) {
            self.at += word.len();
            return Ok(value);
        }
        Err(self.unexpected("a value"))
    }

    fn object(&mut self) -> Result<Value, Rejected> {
        let mut map = Map::new();
        self.at += 1;
        self.space();
        if self.bytes.get(self.at) == Some(&b'}') {
            self.at += 1;
            return Ok(Value::Object(map));
        }
        loop {
            if self.bytes.get(self.at) != Some(&b'"') {
                return Err(match self.bytes.get(self.at) {
                    Some(b'}') => self.fail("a comma is not allowed before }"),
                    _ => self.unexpected("a key in double quotes"),
                });
            }
            let key_at = self.at;
            let key = self.string()?;
            let text = self.text;
            let above = self.budget.enter(&key, || position_at(text, key_at))?;
            self.path.push(PathStep::Key(key_at + 1, self.at - 1));
            self.space();
            if self.bytes.get(self.at) != Some(&b':') {
                return Err(self.unexpected("a colon after the key"));
            }
            self.at += 1;
            self.space();
            let value = self.value()?;
            if let Some(earlier) = map.insert(key, value) {
                drop(earlier);
                self.found(duplicate_key(), key_at);
            }
            self.path.pop();
            self.budget.leave(above);
            self.space();
            match self.bytes.get(self.at) {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                _ => return Err(self.unexpected("a comma or }")),
            }
            self.space();
        }
        self.at += 1;
        Ok(Value::Object(map))
    }

    fn array(&mut self) -> Result<Value, Rejected> {
        let mut items = Vec::new();
        self.at += 1;
        self.space();
        if self.bytes.get(self.at) == Some(&b']') {
            self.at += 1;
            return Ok(Value::Array(items));
        }
        loop {
            if self.bytes.get(self.at) == Some(&b']') {
                return Err(self.fail("a comma is not allowed before ]"));
            }
            let above = self.budget.enter_item(items.len());
            self.path.push(PathStep::Index(items.len()));
            items.push(self.value()?);
            self.path.pop();
            self.budget.leave(above);
            self.space();
            match self.bytes.get(self.at) {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => return Err(self.unexpected("a comma or ]")),
            }
            self.space();
        }
        self.at += 1;
        Ok(Value::Array(items))
    }

    fn number(&mut self) -> Result<Value, Rejected> {
        let from = self.at;
        while let Some(b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E') = self.bytes.get(self.at) {
            self.at += 1;
        }
        let literal = &self.text[from..self.at];
        let number = if crate::number::is_literal(literal) {
            self.parsed.numbers.parse(literal)
        } else {
            None
        };
        match number {
            Some(number) => Ok(Value::Number(number)),
            None => {
                self.at = from;
                Err(self.fail(format!("{literal:?} is not a JSON number")))
            }
        }
    }

    /// A text; `at` is on its opening quote and ends behind its closing one.
    fn string(&mut self) -> Result<String, Rejected> {
        self.at += 1;
        let mut from = self.at;
        let mut decoded = String::new();
        loop {
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    decoded.push_str(&self.text[from..self.at]);
                    self.at += 1;
                    return Ok(decoded);
                }
                Some(b'\\') => {
                    decoded.push_str(&self.text[from..self.at]);
                    self.escape(&mut decoded)?;
                    from = self.at;
                }
                Some(0..=0x1f) => {
                    return Err(self.fail("a control character or line end inside a text must be escaped"));
                }
                Some(_) => self.at += 1,
                None => return Err(self.fail("the text ends inside a quoted text")),
            }
        }
    }

    fn escape(&mut self, decoded: &mut String) -> Result<(), Rejected> {
        let character = match self.bytes.get(self.at + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(decoded),
            _ => return Err(self.fail("unknown escape in a text; write \\\\ for a backslash")),
        };
        decoded.push(character);
        self.at += 2;
        Ok(())
    }

    fn unicode(&mut self, decoded: &mut String) -> Result<(), Rejected> {
        let first = self.hex(self.at + 2)?;
        if let Some(character) = char::from_u32(first) {
            decoded.push(character);
            self.at += 6;
            return Ok(());
        }
        let is_high = (0xd800..0xdc00).contains(&first);
        if is_high && self.bytes.get(self.at + 6..self.at + 8) == Some(b"\\u") {
            let second = self.hex(self.at + 8)?;
            if (0xdc00..0xe000).contains(&second) {
                let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                decoded.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                self.at += 12;
                return Ok(());
            }
        }
        let finding = Diagnostic::warning(
            "lone-surrogate",
            format!("\\u{first:04x} is half of a character; it is read as U+FFFD"),
        );
        self.found(finding, self.at);
        decoded.push(char::REPLACEMENT_CHARACTER);
        self.at += 6;
        Ok(())
    }

    fn hex(&self, from: usize) -> Result<u32, Rejected> {
        self.bytes
            .get(from..from + 4)
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            .ok_or_else(|| self.fail("\\u must be followed by four hexadecimal digits"))
    }
}
