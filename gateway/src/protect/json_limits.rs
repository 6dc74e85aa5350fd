//! The structure of JSON bodies (RFC 8259), checked while they pass by: depth, keys, lengths, items, duplicate keys, and
//! whether it is JSON at all.
//!
//! Bodies come in pieces that may be cut anywhere. Nothing of them is kept but the brackets that are open and, where
//! duplicate keys are refused, hashes of the keys of open objects: memory is bounded by the limits, not by the body.

use std::{
    collections::{HashSet, hash_map::RandomState},
    hash::BuildHasherDefault,
};

use super::utf8::Utf8;
use crate::fast_hash::IdHasher;

#[cfg(test)]
mod tests;
mod text;

/// What a JSON body may look like. Lengths are bytes as written between the quotes, escapes not undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct JsonLimits {
    /// Objects and arrays inside each other; a number alone has depth 0.
    pub(crate) depth: u32,
    /// Keys of one object.
    pub(crate) keys: u32,
    /// Bytes of one key.
    pub(crate) key_bytes: u32,
    /// Bytes of one string that is a value.
    pub(crate) string_bytes: u32,
    /// Bytes of one number: readers of long numbers take quadratic time.
    pub(crate) number_bytes: u32,
    /// Items of one array.
    pub(crate) array_items: u32,
    /// Values in all, objects and arrays included.
    pub(crate) values: u32,
    /// Whether an object may hold a key twice. Readers differ in which one counts (RFC 8259 §4).
    pub(crate) may_repeat_keys: bool,
}

impl Default for JsonLimits {
    /// Room for ordinary APIs.
    fn default() -> Self {
        Self {
            depth: 32,
            keys: 1_000,
            key_bytes: 256,
            string_bytes: 1 << 20,
            number_bytes: 128,
            array_items: 10_000,
            values: 100_000,
            may_repeat_keys: false,
        }
    }
}

/// Why a body is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum JsonFault {
    /// It is not JSON.
    #[error("the body is not JSON")]
    Syntax,
    /// It is not UTF-8 (RFC 8259 §8.1).
    #[error("the body is not UTF-8")]
    Utf8,
    /// Half of a surrogate pair: no character, and readers differ in what they make of it (RFC 8259 §8.2).
    #[error("a string holds half of a surrogate pair")]
    LoneSurrogate,
    /// It ends too early.
    #[error("the body ends too early")]
    Truncated,
    /// [`JsonLimits::depth`].
    #[error("objects and arrays are nested too deeply")]
    Depth,
    /// [`JsonLimits::keys`].
    #[error("an object has too many keys")]
    Keys,
    /// [`JsonLimits::key_bytes`].
    #[error("a key is too long")]
    KeyBytes,
    /// [`JsonLimits::string_bytes`].
    #[error("a string is too long")]
    StringBytes,
    /// [`JsonLimits::number_bytes`].
    #[error("a number is too long")]
    NumberBytes,
    /// [`JsonLimits::array_items`].
    #[error("an array has too many items")]
    ArrayItems,
    /// [`JsonLimits::values`].
    #[error("the body has too many values")]
    Values,
    /// [`JsonLimits::may_repeat_keys`].
    #[error("an object has a key twice")]
    DuplicateKey,
}

impl JsonFault {
    /// Whether the body is no JSON, as opposed to JSON above a limit.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) fn is_malformed(self) -> bool {
        matches!(self, Self::Syntax | Self::Utf8 | Self::LoneSurrogate | Self::Truncated)
    }
}

/// A refused body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{fault} (at byte {offset})")]
pub(crate) struct JsonRefusal {
    /// Why.
    pub(crate) fault: JsonFault,
    /// Bytes of the body before the place where it was seen.
    pub(crate) offset: u64,
}

/// Follows one body.
#[derive(Debug)]
pub(crate) struct JsonCheck {
    limits: JsonLimits,
    state: State,
    open: Vec<Open>,
    values: u32,
    /// Bytes of the string or number that is being read.
    length: u32,
    utf8: Utf8,
    /// The first half of a surrogate pair, or 0.
    high_surrogate: u16,
    keys: Keys,
    /// Bytes of the pieces before this one.
    offset: u64,
    refusal: Option<JsonRefusal>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Value,
    /// After `[`.
    FirstItem,
    /// After `{`.
    FirstKey,
    /// After a comma in an object.
    Key,
    Colon,
    /// After a value inside an object or array.
    After,
    /// After the whole value.
    End,
    /// In a string.
    Text {
        is_key: bool,
        part: TextPart,
    },
    Number(NumberPart),
    /// In `true`, `false` or `null`: what is still to come.
    Word(&'static [u8]),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TextPart {
    Plain,
    /// After a backslash.
    Escape,
    /// After `\u`.
    Unicode {
        digits: u8,
        value: u16,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NumberPart {
    Minus,
    Zero,
    Integer,
    Point,
    Fraction,
    Exponent,
    ExponentSign,
    ExponentDigits,
}

/// An object or array that is open.
#[derive(Debug)]
struct Open {
    is_object: bool,
    /// Keys or items so far.
    count: u32,
    /// Where its keys begin in [`Keys::seen`].
    keys_from: usize,
    /// All its keys once there are many.
    many: Option<Box<KeySet>>,
}

type KeySet = HashSet<u64, BuildHasherDefault<IdHasher>>;

/// Keys of open objects, as hashes with a seed of this body: an attacker can't make them collide, and two different keys
/// of one object do so with a probability of keys² / 2^65.
#[derive(Debug, Default)]
struct Keys {
    seed: RandomState,
    /// The key that is being read, escapes undone.
    text: Vec<u8>,
    seen: Vec<u64>,
}

/// Objects with more keys than this get a set; below it a search is faster.
const MANY_KEYS: usize = 24;

/// Where the fault is within the piece.
type Step = Result<usize, (JsonFault, usize)>;

impl JsonCheck {
    /// For one body.
    pub(crate) fn new(limits: JsonLimits) -> Self {
        Self {
            limits,
            state: State::Value,
            open: Vec::new(),
            values: 0,
            length: 0,
            utf8: Utf8::default(),
            high_surrogate: 0,
            keys: Keys::default(),
            offset: 0,
            refusal: None,
        }
    }

    /// Takes the next bytes of the body, any number of them.
    ///
    /// # Errors
    /// The body is refused; every later call says the same again.
    pub(crate) fn feed(&mut self, piece: &[u8]) -> Result<(), JsonRefusal> {
        if let Some(refusal) = self.refusal {
            return Err(refusal);
        }
        let mut at = 0;
        while at < piece.len() {
            match self.step(piece, at) {
                Ok(next) => at = next,
                Err((fault, at)) => return Err(self.refuse(fault, at)),
            }
        }
        self.offset += piece.len() as u64;
        Ok(())
    }

    /// The body has ended.
    ///
    /// # Errors
    /// As [`Self::feed`], and where something is missing.
    pub(crate) fn finish(mut self) -> Result<(), JsonRefusal> {
        use NumberPart::{ExponentDigits, Fraction, Integer, Zero};
        if let Some(refusal) = self.refusal {
            return Err(refusal);
        }
        match self.state {
            State::End => Ok(()),
            // Only its end says that a number alone is complete.
            State::Number(Zero | Integer | Fraction | ExponentDigits) if self.open.is_empty() => Ok(()),
            _ => Err(self.refuse(JsonFault::Truncated, 0)),
        }
    }

    fn refuse(&mut self, fault: JsonFault, at: usize) -> JsonRefusal {
        let offset = self.offset + at as u64;
        *self.refusal.insert(JsonRefusal { fault, offset })
    }

    /// Reads from `at` on as far as one token goes; may read nothing, but then it has changed the state.
    fn step(&mut self, piece: &[u8], at: usize) -> Step {
        match self.state {
            State::Text { is_key, part } => self.text(piece, at, is_key, part),
            State::Number(part) => self.number(piece, at, part),
            State::Word(rest) => self.word(piece, at, rest),
            _ => self.structure(piece, at),
        }
    }

    fn structure(&mut self, piece: &[u8], at: usize) -> Step {
        let is_space = |byte: &u8| matches!(byte, b' ' | b'\n' | b'\r' | b'\t');
        let at = at + piece[at..].iter().take_while(|byte| is_space(byte)).count();
        let Some(&byte) = piece.get(at) else { return Ok(at) };
        let is_in_object = self.open.last().is_some_and(|open| open.is_object);
        let outcome = match (self.state, byte) {
            (State::FirstKey | State::Key, b'"') => self.begin_key(),
            (State::After, b',') if is_in_object => self.go_on(State::Key),
            (State::Colon, b':') | (State::After, b',') => self.go_on(State::Value),
            (State::FirstKey | State::After, b'}') if is_in_object => self.close(),
            (State::FirstItem | State::After, b']') if !is_in_object => self.close(),
            (State::Value | State::FirstItem, _) => self.begin_value(byte),
            _ => Err(JsonFault::Syntax),
        };
        outcome.map(|()| at + 1).map_err(|fault| (fault, at))
    }

    #[expect(clippy::unnecessary_wraps, reason = "one arm among others that may fail")]
    fn go_on(&mut self, state: State) -> Result<(), JsonFault> {
        self.state = state;
        Ok(())
    }

    fn begin_key(&mut self) -> Result<(), JsonFault> {
        if let Some(open) = self.open.last_mut() {
            open.count += 1;
            if open.count > self.limits.keys {
                return Err(JsonFault::Keys);
            }
        }
        self.keys.text.clear();
        self.begin_text(true)
    }

    fn begin_text(&mut self, is_key: bool) -> Result<(), JsonFault> {
        self.length = 0;
        let part = TextPart::Plain;
        self.go_on(State::Text { is_key, part })
    }

    fn begin_value(&mut self, byte: u8) -> Result<(), JsonFault> {
        if self.values == self.limits.values {
            return Err(JsonFault::Values);
        }
        self.values += 1;
        if let Some(open) = self.open.last_mut().filter(|open| !open.is_object) {
            open.count += 1;
            if open.count > self.limits.array_items {
                return Err(JsonFault::ArrayItems);
            }
        }
        match byte {
            b'"' => self.begin_text(false),
            b'{' => self.open(true),
            b'[' => self.open(false),
            b'-' => self.begin_number(NumberPart::Minus),
            b'0' => self.begin_number(NumberPart::Zero),
            b'1'..=b'9' => self.begin_number(NumberPart::Integer),
            b't' => self.go_on(State::Word(b"rue")),
            b'f' => self.go_on(State::Word(b"alse")),
            b'n' => self.go_on(State::Word(b"ull")),
            _ => Err(JsonFault::Syntax),
        }
    }

    fn begin_number(&mut self, part: NumberPart) -> Result<(), JsonFault> {
        self.length = 1;
        self.go_on(State::Number(part))
    }

    fn open(&mut self, is_object: bool) -> Result<(), JsonFault> {
        if self.open.len() >= self.limits.depth as usize {
            return Err(JsonFault::Depth);
        }
        self.open.push(Open {
            is_object,
            count: 0,
            keys_from: self.keys.seen.len(),
            many: None,
        });
        self.go_on(if is_object { State::FirstKey } else { State::FirstItem })
    }

    #[expect(clippy::unnecessary_wraps, reason = "one arm among others that may fail")]
    fn close(&mut self) -> Result<(), JsonFault> {
        if let Some(open) = self.open.pop() {
            self.keys.seen.truncate(open.keys_from);
        }
        self.end_value();
        Ok(())
    }

    fn end_value(&mut self) {
        self.state = if self.open.is_empty() { State::End } else { State::After };
    }

    fn word(&mut self, piece: &[u8], at: usize, rest: &'static [u8]) -> Step {
        match rest.split_first() {
            Some((expected, rest)) if piece[at] == *expected => {
                self.state = State::Word(rest);
                if rest.is_empty() {
                    self.end_value();
                }
                Ok(at + 1)
            }
            _ => Err((JsonFault::Syntax, at)),
        }
    }

    fn number(&mut self, piece: &[u8], mut at: usize, mut part: NumberPart) -> Step {
        use NumberPart::{Exponent, ExponentDigits, ExponentSign, Fraction, Integer, Minus, Point, Zero};
        while let Some(byte) = piece.get(at) {
            part = match (part, byte) {
                (Minus, b'0') => Zero,
                (Minus, b'1'..=b'9') | (Integer, b'0'..=b'9') => Integer,
                (Zero | Integer, b'.') => Point,
                (Point | Fraction, b'0'..=b'9') => Fraction,
                (Zero | Integer | Fraction, b'e' | b'E') => Exponent,
                (Exponent, b'+' | b'-') => ExponentSign,
                (Exponent | ExponentSign | ExponentDigits, b'0'..=b'9') => ExponentDigits,
                // Whether what follows may follow, the next state says.
                (Zero | Integer | Fraction | ExponentDigits, _) => {
                    self.end_value();
                    return Ok(at);
                }
                _ => return Err((JsonFault::Syntax, at)),
            };
            self.length += 1;
            if self.length > self.limits.number_bytes {
                return Err((JsonFault::NumberBytes, at));
            }
            at += 1;
        }
        self.state = State::Number(part);
        Ok(at)
    }
}
