//! Markup: tags, comments, sections and instructions.

use super::{MAX_DECLARATION, State, Step, XmlCheck, XmlFault, is_space};

impl XmlCheck {
    /// Reads from `at` on as far as one token goes; may read nothing, but then it has changed the state.
    pub(super) fn step(&mut self, piece: &[u8], at: usize) -> Step {
        let byte = piece[at];
        let outcome = match self.state {
            State::Text { brackets } => return self.text(piece, at, brackets),
            State::Reference { quote } => return self.reference(piece, at, quote),
            State::Value { quote } => return self.value(piece, at, quote),
            State::Start => return self.start(byte, at),
            State::Tag => self.tag(byte),
            State::Declaration => self.declaration(byte),
            State::Comment { dashes } => self.comment(byte, dashes),
            State::Cdata { brackets } => self.cdata(byte, brackets),
            State::InstructionName { is_first } => self.instruction_name(byte, is_first),
            State::Instruction {
                is_declaration,
                is_question,
            } => self.instruction(byte, is_declaration, is_question),
            State::StartName => self.start_name(byte),
            State::Inside { has_space } => self.inside(byte, has_space),
            State::AttributeName => self.attribute_name(byte),
            State::Equals | State::Quote | State::End if is_space(byte) => Ok(()),
            State::Equals if byte == b'=' => self.become_state(State::Quote),
            State::Quote if matches!(byte, b'"' | b'\'') => {
                self.length = 0;
                self.become_state(State::Value { quote: byte })
            }
            State::Empty | State::End if byte == b'>' => self.close(),
            State::EndName => self.end_name(byte),
            State::Equals | State::Quote | State::Empty | State::End => Err(XmlFault::Syntax),
        };
        outcome.map(|()| at + 1).map_err(|fault| (fault, at))
    }

    #[expect(clippy::unnecessary_wraps, reason = "one arm among others that may fail")]
    fn become_state(&mut self, state: State) -> Result<(), XmlFault> {
        self.state = state;
        Ok(())
    }

    /// A byte order mark (its bytes were found to be UTF-8 already), then markup or white space.
    fn start(&mut self, byte: u8, at: usize) -> Step {
        const MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];
        if let Some(index) = MARK.iter().position(|mark| *mark == byte)
            && index == self.word.len()
        {
            self.word.push(byte);
            return Ok(at + 1);
        }
        let is_cut = matches!(self.word.len(), 1 | 2);
        self.word.clear();
        if byte == b'<' && !is_cut {
            // `<?xml` may stand here only; `Tag` finds out.
            self.word.push(b'<');
            self.state = State::Tag;
            return Ok(at + 1);
        }
        self.begin_text();
        if is_cut { Err((XmlFault::Syntax, at)) } else { Ok(at) }
    }

    fn tag(&mut self, byte: u8) -> Result<(), XmlFault> {
        // No name has that sign: [`Self::start`] left it here.
        let is_first = self.word == b"<";
        self.word.clear();
        self.length = 0;
        match byte {
            b'!' => self.become_state(State::Declaration),
            b'?' => self.become_state(State::InstructionName { is_first }),
            b'/' if !self.open.ends.is_empty() => self.become_state(State::EndName),
            _ if self.open.ends.is_empty() && self.has_root => Err(XmlFault::Syntax),
            _ => {
                self.has_root = true;
                self.elements += 1;
                if self.elements > self.limits.elements {
                    return Err(XmlFault::Elements);
                }
                self.state = State::StartName;
                self.name_part(byte)
            }
        }
    }

    /// A byte of a name. Beyond ASCII every character is taken: which ones are letters (§2.3), readers agree on less than
    /// on where names end.
    fn name_part(&mut self, byte: u8) -> Result<(), XmlFault> {
        let is_start = byte.is_ascii_alphabetic() || byte >= 0x80 || matches!(byte, b'_' | b':');
        let is_part = is_start || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
        if !(if self.word.is_empty() { is_start } else { is_part }) {
            return Err(XmlFault::Syntax);
        }
        if self.word.len() >= self.limits.name_bytes as usize {
            return Err(XmlFault::NameBytes);
        }
        self.word.push(byte);
        Ok(())
    }

    fn start_name(&mut self, byte: u8) -> Result<(), XmlFault> {
        if !(is_space(byte) || matches!(byte, b'>' | b'/')) {
            return self.name_part(byte);
        }
        if self.open.ends.len() >= self.limits.depth as usize {
            return Err(XmlFault::Depth);
        }
        self.open.push(&self.word);
        self.attributes.clear();
        self.inside(byte, false)
    }

    fn inside(&mut self, byte: u8, has_space: bool) -> Result<(), XmlFault> {
        match byte {
            _ if is_space(byte) => self.become_state(State::Inside { has_space: true }),
            b'>' => {
                self.begin_text();
                Ok(())
            }
            b'/' => self.become_state(State::Empty),
            _ if has_space => {
                self.word.clear();
                self.state = State::AttributeName;
                self.name_part(byte)
            }
            _ => Err(XmlFault::Syntax),
        }
    }

    fn attribute_name(&mut self, byte: u8) -> Result<(), XmlFault> {
        if !(is_space(byte) || byte == b'=') {
            return self.name_part(byte);
        }
        if self.attributes.contains(&self.word) {
            return Err(XmlFault::DuplicateAttribute);
        }
        if self.attributes.ends.len() >= self.limits.attributes as usize {
            return Err(XmlFault::Attributes);
        }
        self.attributes.push(&self.word);
        self.become_state(if byte == b'=' { State::Quote } else { State::Equals })
    }

    fn value(&mut self, piece: &[u8], at: usize, quote: u8) -> Step {
        let rest = &piece[at..];
        let end = memchr::memchr3(quote, b'<', b'&', rest).unwrap_or(rest.len());
        let most = self.limits.attribute_bytes;
        let outcome = self.lengthen(end, most, XmlFault::AttributeBytes);
        outcome.map_err(|fault| (fault, at))?;
        let end = at + end;
        match piece.get(end) {
            None => return Ok(end),
            Some(b'<') => return Err((XmlFault::Syntax, end)),
            Some(b'&') => {
                self.word.clear();
                self.state = State::Reference { quote };
            }
            Some(_) => self.state = State::Inside { has_space: false },
        }
        Ok(end + 1)
    }

    fn end_name(&mut self, byte: u8) -> Result<(), XmlFault> {
        if !(is_space(byte) || byte == b'>') {
            return self.name_part(byte);
        }
        if self.word.is_empty() {
            return Err(XmlFault::Syntax);
        }
        if self.open.last() != Some(&*self.word) {
            return Err(XmlFault::EndTag);
        }
        self.state = State::End;
        if byte == b'>' { self.close() } else { Ok(()) }
    }

    #[expect(clippy::unnecessary_wraps, reason = "one arm among others that may fail")]
    fn close(&mut self) -> Result<(), XmlFault> {
        self.open.pop();
        self.begin_text();
        Ok(())
    }

    /// `<!--`, `<![CDATA[`, or a declaration of a document type or of what belongs into one.
    fn declaration(&mut self, byte: u8) -> Result<(), XmlFault> {
        self.word.push(byte);
        match &*self.word {
            b"--" => self.become_state(State::Comment { dashes: 0 }),
            b"[CDATA[" if self.open.ends.is_empty() => Err(XmlFault::Syntax),
            b"[CDATA[" => self.become_state(State::Cdata { brackets: 0 }),
            word if b"--".starts_with(word) || b"[CDATA[".starts_with(word) => Ok(()),
            // `DOCTYPE`, `ENTITY` and so on, complete or not, in whatever case.
            word if word.iter().all(u8::is_ascii_alphabetic) => Err(XmlFault::DocumentType),
            _ => Err(XmlFault::Syntax),
        }
    }

    /// Two dashes end a comment, and may not stand in one (§2.5).
    fn comment(&mut self, byte: u8, dashes: u8) -> Result<(), XmlFault> {
        self.lengthen(1, self.limits.text_bytes, XmlFault::TextBytes)?;
        match (byte, dashes) {
            (b'-', 0 | 1) => self.become_state(State::Comment { dashes: dashes + 1 }),
            (b'>', 2) => {
                self.begin_text();
                Ok(())
            }
            (_, 2) => Err(XmlFault::Syntax),
            _ => self.become_state(State::Comment { dashes: 0 }),
        }
    }

    fn cdata(&mut self, byte: u8, brackets: u8) -> Result<(), XmlFault> {
        self.lengthen(1, self.limits.text_bytes, XmlFault::TextBytes)?;
        match (byte, brackets) {
            (b'>', 2) => {
                self.begin_text();
                Ok(())
            }
            (b']', _) => self.become_state(State::Cdata {
                brackets: (brackets + 1).min(2),
            }),
            _ => self.become_state(State::Cdata { brackets: 0 }),
        }
    }

    fn instruction_name(&mut self, byte: u8, is_first: bool) -> Result<(), XmlFault> {
        if !(is_space(byte) || byte == b'?') {
            return self.name_part(byte);
        }
        let is_xml = self.word.eq_ignore_ascii_case(b"xml");
        // The declaration is written in lower case, at the very beginning (§2.6, §2.8).
        if self.word.is_empty() || (is_xml && !(is_first && self.word == b"xml")) {
            return Err(XmlFault::Syntax);
        }
        self.word.clear();
        self.become_state(State::Instruction {
            is_declaration: is_xml,
            is_question: byte == b'?',
        })
    }

    fn instruction(&mut self, byte: u8, is_declaration: bool, is_question: bool) -> Result<(), XmlFault> {
        self.lengthen(1, self.limits.text_bytes, XmlFault::TextBytes)?;
        if byte == b'>' && is_question {
            if is_declaration && !is_good_declaration(&self.word) {
                return Err(XmlFault::Encoding);
            }
            self.begin_text();
            return Ok(());
        }
        if is_declaration && byte != b'?' {
            if self.word.len() == MAX_DECLARATION || is_question {
                return Err(XmlFault::Syntax);
            }
            self.word.push(byte);
        }
        self.become_state(State::Instruction {
            is_declaration,
            is_question: byte == b'?',
        })
    }
}

/// Whether an XML declaration names no encoding, or UTF-8 or ASCII: a reader that believed another would read other text
/// than was checked here (UTF-7 hides tags).
fn is_good_declaration(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text).to_ascii_lowercase();
    let Some(encoding) = text.split("encoding").nth(1) else {
        return true;
    };
    let value = encoding
        .trim_start()
        .strip_prefix('=')
        .map(str::trim_start)
        .unwrap_or_default();
    let quoted = value
        .strip_prefix(['"', '\''])
        .and_then(|rest| rest.split(['"', '\'']).next());
    matches!(quoted, Some("utf-8" | "us-ascii"))
}
