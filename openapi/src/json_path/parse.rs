//! Reads an expression: segments and selectors (RFC 9535 §2.3, §2.5); what is inside filters is in `expression`.

use serde_json::Value;

use super::syntax::{Segment, Selector};
use super::{Dialect, SyntaxError};

/// Bytes of an expression.
const MOST_TEXT: usize = 10_000;
/// Levels of filters and parentheses.
const MOST_LEVELS: usize = 64;
/// Largest number of an index or slice: what is exact in binary floating point (RFC 9535 §2.1).
const MOST_INDEX: i64 = (1 << 53) - 1;

pub(super) fn parse(text: &str, dialect: Dialect) -> Result<Vec<Segment>, SyntaxError> {
    let mut parser = Parser {
        text,
        at: 0,
        levels: 0,
        dialect,
    };
    if text.len() > MOST_TEXT {
        return Err(parser.fail(format!("the expression is longer than {MOST_TEXT} bytes")));
    }
    if !parser.take("$") {
        return Err(parser.fail("an expression starts with $"));
    }
    let segments = parser.segments()?;
    if parser.at < text.len() {
        return Err(parser.unexpected("`.` or `[`"));
    }
    Ok(segments)
}

pub(super) struct Parser<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
    levels: usize,
    pub(super) dialect: Dialect,
}

impl<'t> Parser<'t> {
    pub(super) fn fail(&self, message: impl Into<String>) -> SyntaxError {
        SyntaxError {
            message: message.into(),
            at: self.text[..self.at].chars().count() + 1,
        }
    }

    pub(super) fn unexpected(&self, expected: &str) -> SyntaxError {
        match self.peek() {
            None => self.fail(format!("it ends where {expected} is expected")),
            Some(found) => self.fail(format!("expected {expected}, found {found:?}")),
        }
    }

    pub(super) fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn take(&mut self, token: &str) -> bool {
        let is_there = self.rest().starts_with(token);
        if is_there {
            self.at += token.len();
        }
        is_there
    }

    /// Steps over what fits and returns it.
    pub(super) fn take_while(&mut self, fits: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let length = rest.find(|character| !fits(character)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    pub(super) fn space(&mut self) {
        self.take_while(|character| matches!(character, ' ' | '\t' | '\n' | '\r'));
    }

    pub(super) fn is_spectral(&self) -> bool {
        self.dialect == Dialect::Spectral
    }

    /// Goes one level deeper; the caller goes up again with [`Self::leave`].
    pub(super) fn enter(&mut self) -> Result<(), SyntaxError> {
        self.levels += 1;
        if self.levels > MOST_LEVELS {
            return Err(self.fail(format!("it is nested more than {MOST_LEVELS} levels deep")));
        }
        Ok(())
    }

    pub(super) fn leave(&mut self) {
        self.levels -= 1;
    }

    /// Segments up to something that is none; the space before that is not taken.
    pub(super) fn segments(&mut self) -> Result<Vec<Segment>, SyntaxError> {
        let mut segments = Vec::new();
        loop {
            let before = self.at;
            self.space();
            if self.take("..") {
                let selectors = if self.take("[") {
                    self.selectors()?
                } else {
                    vec![self.shorthand()?]
                };
                segments.push(Segment::Descendant(selectors));
            } else if self.is_spectral() && self.rest().starts_with(".match(") {
                return Ok(segments);
            } else if self.take(".") {
                segments.push(Segment::Child(vec![self.shorthand()?]));
            } else if self.take("[") {
                segments.push(Segment::Child(self.selectors()?));
            } else if self.is_spectral() && self.take("~") {
                segments.push(Segment::Key);
            } else if self.is_spectral() && self.take("^") {
                segments.push(Segment::Parent);
            } else {
                self.at = before;
                return Ok(segments);
            }
        }
    }

    /// What may stand behind a dot.
    fn shorthand(&mut self) -> Result<Selector, SyntaxError> {
        if self.take("*") {
            return Ok(Selector::Wildcard);
        }
        let name = self.name();
        if name.is_empty() {
            return Err(self.unexpected("a name or *"));
        }
        Ok(Selector::Name(name.to_owned()))
    }

    /// A name without quotes; empty if there is none.
    pub(super) fn name(&mut self) -> &'t str {
        let is_spectral = self.is_spectral();
        let is_first = |c: char| c.is_ascii_alphabetic() || c == '_' || !c.is_ascii() || (is_spectral && c == '$');
        if !self.peek().is_some_and(is_first) {
            return "";
        }
        self.take_while(|c| is_first(c) || c.is_ascii_digit() || (is_spectral && c == '-'))
    }

    /// Selectors behind `[`, with the closing bracket.
    fn selectors(&mut self) -> Result<Vec<Selector>, SyntaxError> {
        let mut selectors = Vec::new();
        loop {
            self.space();
            selectors.push(self.selector()?);
            self.space();
            if self.take("]") {
                return Ok(selectors);
            }
            if !self.take(",") {
                return Err(self.unexpected("`,` or `]`"));
            }
        }
    }

    fn selector(&mut self) -> Result<Selector, SyntaxError> {
        match self.peek() {
            Some('\'' | '"') => self.quoted().map(Selector::Name),
            Some('*') => {
                self.at += 1;
                Ok(Selector::Wildcard)
            }
            Some('?') => {
                self.at += 1;
                self.space();
                self.expression()
                    .map(|expression| Selector::Filter(Box::new(expression)))
            }
            Some('0'..='9' | '-' | ':') => self.index_or_slice(),
            Some(_) if self.is_spectral() => match self.name() {
                "" => Err(self.unexpected("a selector")),
                name => Ok(Selector::Name(name.to_owned())),
            },
            _ => Err(self.unexpected("a selector")),
        }
    }

    fn index_or_slice(&mut self) -> Result<Selector, SyntaxError> {
        let start = self.integer()?;
        let before = self.at;
        self.space();
        if !self.take(":") {
            self.at = before;
            return start
                .map(Selector::Index)
                .ok_or_else(|| self.unexpected("a number or `:`"));
        }
        self.space();
        let end = self.integer()?;
        let before = self.at;
        self.space();
        let mut step = 1;
        if self.take(":") {
            let before = self.at;
            self.space();
            match self.integer()? {
                Some(number) => step = number,
                None => self.at = before,
            }
        } else {
            self.at = before;
        }
        Ok(Selector::Slice { start, end, step })
    }

    /// `0`, `7` or `-7`, if there is one.
    fn integer(&mut self) -> Result<Option<i64>, SyntaxError> {
        let from = self.at;
        let is_negative = self.take("-");
        let digits = self.take_while(|character| character.is_ascii_digit());
        if digits.is_empty() {
            return if is_negative {
                Err(self.unexpected("a digit"))
            } else {
                Ok(None)
            };
        }
        let is_plain = digits == "0" && !is_negative || !digits.starts_with('0');
        let number = self.text[from..self.at].parse::<i64>().ok();
        match number.filter(|number| is_plain && number.abs() <= MOST_INDEX) {
            Some(number) => Ok(Some(number)),
            None => {
                self.at = from;
                Err(self.fail("this is no index: a whole number without leading zeros, within 2^53"))
            }
        }
    }

    /// A text in single or double quotes (RFC 9535 §2.3.1.1).
    pub(super) fn quoted(&mut self) -> Result<String, SyntaxError> {
        let quote = self.peek().unwrap_or('\'');
        self.at += 1;
        let mut text = String::new();
        loop {
            let Some(character) = self.peek() else {
                return Err(self.fail("the text in quotes doesn't end"));
            };
            match character {
                _ if character == quote => {
                    self.at += 1;
                    return Ok(text);
                }
                '\\' => text.push(self.escape(quote)?),
                control if control < ' ' => {
                    return Err(self.fail("a control character in a text must be escaped"));
                }
                other => {
                    text.push(other);
                    self.at += other.len_utf8();
                }
            }
        }
    }

    fn escape(&mut self, quote: char) -> Result<char, SyntaxError> {
        self.at += 1;
        let Some(character) = self.peek() else {
            return Err(self.fail("the text in quotes doesn't end"));
        };
        let plain = match character {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            '/' | '\\' => character,
            _ if character == quote => character,
            'u' => {
                self.at += 1;
                return self.unicode();
            }
            _ => return Err(self.fail("unknown escape in a text")),
        };
        self.at += 1;
        Ok(plain)
    }

    fn unicode(&mut self) -> Result<char, SyntaxError> {
        let first = self.hex()?;
        let code = match first {
            0xd800..0xdc00 if self.take("\\u") => {
                let second = self.hex()?;
                if !(0xdc00..0xe000).contains(&second) {
                    return Err(self.fail("half of a character: two \\u escapes make one"));
                }
                0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)
            }
            code => code,
        };
        char::from_u32(code).ok_or_else(|| self.fail("half of a character: two \\u escapes make one"))
    }

    fn hex(&mut self) -> Result<u32, SyntaxError> {
        let digits = self.rest().get(..4);
        let digits = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let Some(code) = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) else {
            return Err(self.fail("\\u must be followed by four hexadecimal digits"));
        };
        self.at += 4;
        Ok(code)
    }

    /// A JSON number, `true`, `false`, `null` or a text in quotes, if there is one.
    pub(super) fn literal(&mut self) -> Result<Option<Value>, SyntaxError> {
        match self.peek() {
            Some('\'' | '"') => self.quoted().map(|text| Some(Value::String(text))),
            Some('0'..='9' | '-') => {
                let from = self.at;
                let literal = self.take_while(|c| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E'));
                let number = crate::number::is_literal(literal)
                    .then(|| literal.parse::<serde_json::Number>().ok())
                    .flatten();
                match number {
                    Some(number) => Ok(Some(Value::Number(number))),
                    None => {
                        self.at = from;
                        Err(self.fail("this is no JSON number"))
                    }
                }
            }
            _ => {
                let from = self.at;
                let word = self.take_while(|c| c.is_ascii_alphanumeric() || c == '_');
                let value = match word {
                    "true" => Value::Bool(true),
                    "false" => Value::Bool(false),
                    "null" => Value::Null,
                    _ => {
                        self.at = from;
                        return Ok(None);
                    }
                };
                Ok(Some(value))
            }
        }
    }
}
