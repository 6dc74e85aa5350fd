//! Whether the trailers of a message begin with a pseudo-field, which they may not have (RFC 9113 §8.1). The library takes
//! such fields out without a word; it does refuse those that come after others. So the first field is all there is to look
//! at, and its name nearly always stands in the static table (RFC 7541 appendix A) or is written out. A name from the
//! dynamic table is not followed: such a field is still not passed on.

const PADDED: u8 = 0x08;
const PRIORITIZED: u8 = 0x20;
/// `:authority` to `:status` in the static table.
const LAST_PSEUDO_INDEX: u8 = 14;
/// The code of a colon (RFC 7541 appendix B), in the first seven bits of a byte.
const HUFFMAN_COLON: u8 = 0b101_1100;

/// Looks at the first field of a section, byte by byte, over as many frames as it takes.
#[derive(Debug)]
pub(super) struct FirstField {
    /// Bytes of the frame before the section: of the padding's length and of the priority.
    prefix: u8,
    /// Bytes of padding at the end of the frame, once they are known.
    padding: u32,
    is_padded: bool,
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// A representation begins.
    Representation,
    /// The rest of a number that is no part of a field: a new size of the table.
    TableSize,
    /// The length of a name that is written out.
    NameLength,
    /// Its first byte.
    Name { is_huffman: bool },
    /// It is known what the field is.
    Known,
}

impl FirstField {
    /// Begins with a frame that has these flags.
    pub(super) fn new(flags: u8) -> Self {
        let is_padded = flags & PADDED != 0;
        let priority = if flags & PRIORITIZED == 0 { 0 } else { 5 };
        Self {
            prefix: u8::from(is_padded) + priority,
            padding: 0,
            is_padded,
            state: State::Representation,
        }
    }

    /// The section goes on in another frame.
    pub(super) fn go_on(&mut self) {
        (self.prefix, self.padding, self.is_padded) = (0, 0, false);
    }

    /// Takes bytes of the frame, after which `left` more come; says whether a pseudo-field begins in them.
    pub(super) fn feed(&mut self, bytes: &[u8], left: u32) -> bool {
        let mut left = left + bytes.len() as u32;
        for byte in bytes {
            left -= 1;
            if self.prefix > 0 {
                self.prefix -= 1;
                if self.is_padded {
                    (self.padding, self.is_padded) = ((*byte).into(), false);
                }
                continue;
            }
            if left < self.padding || matches!(self.state, State::Known) {
                return false;
            }
            if self.take(*byte) {
                return true;
            }
        }
        false
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_pseudo = |index: u8| (1..=LAST_PSEUDO_INDEX).contains(&index);
        let (state, found) = match self.state {
            State::Representation => match byte {
                0x00 | 0x10 | 0x40 => (State::NameLength, false),
                0x3f => (State::TableSize, false),
                0x20..0x3f => (State::Representation, false),
                0x80.. => (State::Known, is_pseudo(byte & 0x7f)),
                0x40..0x80 => (State::Known, is_pseudo(byte & 0x3f)),
                0x01..0x20 => (State::Known, is_pseudo(byte & 0x0f)),
            },
            State::TableSize if byte & 0x80 == 0 => (State::Representation, false),
            State::TableSize => (State::TableSize, false),
            // A name of 127 bytes and more is none that begins with a colon and means something.
            State::NameLength => (
                State::Name {
                    is_huffman: byte & 0x80 != 0,
                },
                false,
            ),
            State::Name { is_huffman: true } => (State::Known, byte >> 1 == HUFFMAN_COLON),
            State::Name { is_huffman: false } => (State::Known, byte == b':'),
            State::Known => (State::Known, false),
        };
        self.state = state;
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begins_with_pseudo(flags: u8, frame: &[u8]) -> bool {
        let whole = FirstField::new(flags).feed(frame, 0);
        let mut piecewise = FirstField::new(flags);
        let found = (0..frame.len()).any(|at| piecewise.feed(&frame[at..=at], (frame.len() - at - 1) as u32));
        assert_eq!(whole, found, "{frame:?}");
        whole
    }

    #[test]
    fn pseudo_fields_are_known_in_every_form() {
        for (flags, frame, is_pseudo) in [
            (0, &[0x82][..], true),
            (0, &[0x8e], true),
            (0, &[0x8f], false),
            (0, &[0xbe], false),
            (0, &[0x42, 1, b'x'], true),
            (0, &[0x4f, 1, b'x'], false),
            (0, &[0x02, 1, b'x'], true),
            (0, &[0x0f, 1, 1, b'x'], false),
            (0, &[0x14, 1, b'x'], true),
            (0, &[0x40, 2, b':', b'x', 0], true),
            (0, &[0x00, 2, b':', b'x', 0], true),
            (0, &[0x10, 2, b'x', b':', 0], false),
            (0, &[0x00, 0x82, 0xb9, 0xff, 0], true),
            (0, &[0x00, 0x81, 0xf3, 0], false),
            (0, &[0x20, 0x82], true),
            (0, &[0x3f, 0xe1, 0x1f, 0x82], true),
            (PADDED, &[0, 0x82], true),
            (PADDED, &[2, 0, b':', 0x82, 0x82], false),
            (PADDED, &[1, 0x82], false),
            (PRIORITIZED, &[0, 0, 0, 0, 0x82, 0x82], true),
            (PRIORITIZED | PADDED, &[1, 0, 0, 0, 0, 0x82, 0xbe, 0x82], false),
            (0, &[], false),
        ] {
            assert_eq!(begins_with_pseudo(flags, frame), is_pseudo, "{flags} {frame:x?}");
        }
    }

    #[test]
    fn a_section_goes_on_in_the_next_frame() {
        let mut field = FirstField::new(PADDED);
        assert!(!field.feed(&[1, 0x00, 0x82], 0));
        field.go_on();
        assert!(!field.feed(&[2], 1));
        assert!(field.feed(b":", 0));
    }
}
