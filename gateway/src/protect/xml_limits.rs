//! The structure of XML bodies (XML 1.0, fifth edition), checked while they pass by: depth, elements, attributes,
//! lengths, and whether it is well-formed as far as readers would disagree about it.
//!
//! Declarations of document types are refused whatever the limits: entities that expand to gigabytes, and those that read
//! files, begin there. With them gone, the only entities are the five of XML itself and numbers.
//!
//! Bodies come in pieces that may be cut anywhere. Kept are the names of open elements and of the attributes of one
//! start tag: memory is bounded by the limits.

use std::fmt;

use memchr::memchr3;

use super::utf8::Utf8;

mod markup;
#[cfg(test)]
mod tests;

/// What an XML body may look like. Lengths are bytes as written, references not undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct XmlLimits {
    /// Elements inside each other.
    pub(crate) depth: u32,
    /// Elements in all.
    pub(crate) elements: u32,
    /// Attributes of one element, declarations of namespaces included.
    pub(crate) attributes: u32,
    /// Bytes of the name of an element, an attribute or a processing instruction.
    pub(crate) name_bytes: u32,
    /// Bytes of the value of an attribute.
    pub(crate) attribute_bytes: u32,
    /// Bytes of text between two tags; also of a comment or a processing instruction.
    pub(crate) text_bytes: u32,
}

impl Default for XmlLimits {
    /// Room for ordinary APIs.
    fn default() -> Self {
        Self {
            depth: 64,
            elements: 100_000,
            attributes: 64,
            name_bytes: 256,
            attribute_bytes: 64 << 10,
            text_bytes: 1 << 20,
        }
    }
}

/// Why a body is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum XmlFault {
    /// It is not well-formed XML.
    #[error("the body is not XML")]
    Syntax,
    /// It is not UTF-8, or says that it is in another encoding.
    #[error("the body is not UTF-8")]
    Encoding,
    /// It ends too early.
    #[error("the body ends too early")]
    Truncated,
    /// An end tag without its start tag.
    #[error("an end tag does not fit its start tag")]
    EndTag,
    /// An element with an attribute twice.
    #[error("an element has an attribute twice")]
    DuplicateAttribute,
    /// A document type is declared.
    #[error("document types are not accepted")]
    DocumentType,
    /// A reference to an entity that XML does not define.
    #[error("the body refers to an unknown entity")]
    Entity,
    /// [`XmlLimits::depth`].
    #[error("elements are nested too deeply")]
    Depth,
    /// [`XmlLimits::elements`].
    #[error("there are too many elements")]
    Elements,
    /// [`XmlLimits::attributes`].
    #[error("an element has too many attributes")]
    Attributes,
    /// [`XmlLimits::name_bytes`].
    #[error("a name is too long")]
    NameBytes,
    /// [`XmlLimits::attribute_bytes`].
    #[error("the value of an attribute is too long")]
    AttributeBytes,
    /// [`XmlLimits::text_bytes`].
    #[error("a text is too long")]
    TextBytes,
}

impl XmlFault {
    /// Whether the body is no XML, as opposed to XML that is above a limit or declares a type.
    #[cfg(test)]
    pub(crate) fn is_malformed(self) -> bool {
        use XmlFault::{DuplicateAttribute, Encoding, EndTag, Entity, Syntax, Truncated};
        matches!(
            self,
            Syntax | Encoding | Truncated | EndTag | DuplicateAttribute | Entity
        )
    }
}

/// A refused body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{fault} (at byte {offset})")]
pub(crate) struct XmlRefusal {
    /// Why.
    pub(crate) fault: XmlFault,
    /// Bytes of the body before the place where it was seen.
    pub(crate) offset: u64,
}

/// Follows one body.
pub(crate) struct XmlCheck {
    limits: XmlLimits,
    state: State,
    utf8: Utf8,
    open: Names,
    attributes: Names,
    /// The name that is being read; also the few bytes that tell what a piece of markup is.
    word: Vec<u8>,
    /// Bytes of the text or value that is being read.
    length: u32,
    elements: u32,
    /// Whether the root element has begun.
    has_root: bool,
    /// Bytes of the pieces before this one.
    offset: u64,
    refusal: Option<XmlRefusal>,
}

impl fmt::Debug for XmlCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("XmlCheck")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// Names one after the other, without an allocation for each.
#[derive(Debug, Default)]
struct Names {
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Names {
    fn push(&mut self, name: &[u8]) {
        self.text.extend_from_slice(name);
        self.ends.push(self.text.len());
    }

    fn last(&self) -> Option<&[u8]> {
        let end = *self.ends.last()?;
        Some(&self.text[self.start_of(self.ends.len() - 1)..end])
    }

    fn start_of(&self, index: usize) -> usize {
        index.checked_sub(1).map_or(0, |before| self.ends[before])
    }

    fn pop(&mut self) {
        self.ends.pop();
        self.text.truncate(self.ends.last().copied().unwrap_or(0));
    }

    fn contains(&self, name: &[u8]) -> bool {
        (0..self.ends.len()).any(|index| &self.text[self.start_of(index)..self.ends[index]] == name)
    }

    fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// At the very beginning: a byte order mark may come, and only here an XML declaration.
    Start,
    /// Between tags; `brackets` counts a `]]` before, since `]]>` may not stand in text (§2.4).
    Text {
        brackets: u8,
    },
    /// After `&`; `quote` is the one around the value it is in, or 0.
    Reference {
        quote: u8,
    },
    /// After `<`.
    Tag,
    /// After `<!`: what it is, is not known yet.
    Declaration,
    Comment {
        dashes: u8,
    },
    Cdata {
        brackets: u8,
    },
    /// After `<?`.
    InstructionName {
        is_first: bool,
    },
    /// After the name of an instruction; the XML declaration is kept to be judged.
    Instruction {
        is_declaration: bool,
        is_question: bool,
    },
    StartName,
    /// In a start tag, outside names and values.
    Inside {
        has_space: bool,
    },
    AttributeName,
    /// After the name of an attribute.
    Equals,
    /// After `=`.
    Quote,
    Value {
        quote: u8,
    },
    /// After `/` in a start tag.
    Empty,
    EndName,
    /// After the name in an end tag.
    End,
}

/// Longest reference: `&#x0010FFFF`, with some zeros more.
const MAX_REFERENCE: usize = 16;
/// Longest XML declaration.
const MAX_DECLARATION: usize = 256;

type Step = Result<usize, (XmlFault, usize)>;

impl XmlCheck {
    /// For one body.
    pub(crate) fn new(limits: XmlLimits) -> Self {
        Self {
            limits,
            state: State::Start,
            utf8: Utf8::default(),
            open: Names::default(),
            attributes: Names::default(),
            word: Vec::new(),
            length: 0,
            elements: 0,
            has_root: false,
            offset: 0,
            refusal: None,
        }
    }

    /// Takes the next bytes of the body, any number of them.
    ///
    /// # Errors
    /// The body is refused; every later call says the same again.
    pub(crate) fn feed(&mut self, piece: &[u8]) -> Result<(), XmlRefusal> {
        if let Some(refusal) = self.refusal {
            return Err(refusal);
        }
        // UTF-16 and the like end here, before anything is read into them.
        if let Err(at) = self.characters(piece) {
            return Err(self.refuse(XmlFault::Encoding, at));
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
    pub(crate) fn finish(mut self) -> Result<(), XmlRefusal> {
        if let Some(refusal) = self.refusal {
            return Err(refusal);
        }
        let is_whole = self.has_root && self.open.ends.is_empty() && self.utf8.is_complete();
        match self.state {
            State::Text { .. } if is_whole => Ok(()),
            _ => Err(self.refuse(XmlFault::Truncated, 0)),
        }
    }

    fn refuse(&mut self, fault: XmlFault, at: usize) -> XmlRefusal {
        let offset = self.offset + at as u64;
        *self.refusal.insert(XmlRefusal { fault, offset })
    }

    /// Whether all are characters of XML (§2.2) in UTF-8. U+FFFE and U+FFFF are let pass: no reader does harm with them.
    fn characters(&mut self, piece: &[u8]) -> Result<(), usize> {
        let is_control = |byte: &u8| *byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r');
        let has_control = piece.iter().fold(false, |found, byte| found | is_control(byte));
        if has_control {
            return Err(piece.iter().position(is_control).unwrap_or(0));
        }
        if self.utf8.is_complete() && piece.is_ascii() {
            return Ok(());
        }
        self.utf8.take(piece)
    }

    fn lengthen(&mut self, by: usize, most: u32, fault: XmlFault) -> Result<(), XmlFault> {
        self.length = self.length.saturating_add(u32::try_from(by).unwrap_or(u32::MAX));
        if self.length > most { Err(fault) } else { Ok(()) }
    }

    fn begin_text(&mut self) {
        self.length = 0;
        self.state = State::Text { brackets: 0 };
    }

    /// Text up to a tag, a reference or a bracket.
    fn text(&mut self, piece: &[u8], at: usize, brackets: u8) -> Step {
        let rest = &piece[at..];
        let end = memchr3(b'<', b'&', b']', rest).unwrap_or(rest.len());
        let run = &rest[..end];
        if brackets >= 2 && rest.first() == Some(&b'>') {
            return Err((XmlFault::Syntax, at));
        }
        // Outside the root there is only white space (§2.1), and no reference.
        let is_outside = self.open.ends.is_empty();
        if is_outside && let Some(index) = run.iter().position(|byte| !is_space(*byte)) {
            return Err((XmlFault::Syntax, at + index));
        }
        let most = self.limits.text_bytes;
        self.lengthen(run.len(), most, XmlFault::TextBytes)
            .map_err(|fault| (fault, at))?;
        let end = at + end;
        let Some(&stop) = piece.get(end) else {
            self.state = State::Text {
                brackets: if run.is_empty() { brackets } else { 0 },
            };
            return Ok(end);
        };
        match stop {
            b'<' => self.state = State::Tag,
            _ if is_outside => return Err((XmlFault::Syntax, end)),
            b'&' => self.begin_reference(0),
            _ => {
                self.lengthen(1, most, XmlFault::TextBytes)
                    .map_err(|fault| (fault, end))?;
                let before = if run.is_empty() { brackets } else { 0 };
                self.state = State::Text {
                    brackets: (before + 1).min(2),
                };
            }
        }
        Ok(end + 1)
    }

    fn begin_reference(&mut self, quote: u8) {
        self.word.clear();
        self.state = State::Reference { quote };
    }

    /// `&name;`, `&#10;`, `&#xA;`: the five names of §4.6, and numbers of characters.
    fn reference(&mut self, piece: &[u8], at: usize, quote: u8) -> Step {
        let byte = piece[at];
        if byte != b';' {
            self.word.push(byte);
            let is_part = byte.is_ascii_alphanumeric() || byte == b'#';
            return if is_part && self.word.len() <= MAX_REFERENCE {
                Ok(at + 1)
            } else {
                Err((XmlFault::Entity, at))
            };
        }
        let is_known = match self.word.strip_prefix(b"#") {
            None => matches!(&*self.word, b"lt" | b"gt" | b"amp" | b"apos" | b"quot"),
            Some(number) => is_character(number),
        };
        if !is_known {
            return Err((XmlFault::Entity, at));
        }
        let (most, fault) = match quote {
            0 => (self.limits.text_bytes, XmlFault::TextBytes),
            _ => (self.limits.attribute_bytes, XmlFault::AttributeBytes),
        };
        self.lengthen(self.word.len() + 2, most, fault)
            .map_err(|fault| (fault, at))?;
        self.state = match quote {
            0 => State::Text { brackets: 0 },
            _ => State::Value { quote },
        };
        Ok(at + 1)
    }
}

/// §2.3.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Whether digits name a character that XML allows (§2.2, §4.1).
fn is_character(number: &[u8]) -> bool {
    let (digits, radix) = match number.strip_prefix(b"x") {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    let is_digits = !digits.is_empty() && digits.iter().all(|digit| char::from(*digit).is_digit(radix));
    let code = std::str::from_utf8(digits)
        .ok()
        .and_then(|digits| u32::from_str_radix(digits, radix).ok());
    let is_allowed = |code| matches!(code, 0x9 | 0xA | 0xD | 0x20..=0xD7FF | 0xE000..=0xFFFD | 0x1_0000..=0x10_FFFF);
    is_digits && code.is_some_and(is_allowed)
}
