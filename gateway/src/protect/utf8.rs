//! UTF-8 that comes in pieces (RFC 3629): a character may begin in one piece and end in the next.

/// Follows one text. Between two pieces it remembers at most one unfinished character.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Utf8 {
    /// Bytes that the character begun still needs.
    needed: u8,
    /// Range of the next byte: it excludes overlong forms, surrogates and what is above U+10FFFF.
    low: u8,
    high: u8,
}

impl Utf8 {
    /// Whether no character is unfinished.
    pub(super) fn is_complete(self) -> bool {
        self.needed == 0
    }

    /// Takes the next bytes of the text.
    ///
    /// # Errors
    /// The index of the first byte that can't stand there.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<(), usize> {
        let mut at = 0;
        while self.needed > 0 {
            let Some(byte) = bytes.get(at) else { return Ok(()) };
            self.byte(*byte).map_err(|()| at)?;
            at += 1;
        }
        let rest = &bytes[at..];
        let Err(error) = std::str::from_utf8(rest) else {
            return Ok(());
        };
        at += error.valid_up_to();
        if error.error_len().is_some() {
            return Err(at);
        }
        // The text ends within a character: at most three bytes.
        for (index, byte) in bytes.iter().enumerate().skip(at) {
            self.byte(*byte).map_err(|()| index)?;
        }
        Ok(())
    }

    /// RFC 3629 §4.
    fn byte(&mut self, byte: u8) -> Result<(), ()> {
        if self.needed > 0 {
            if !(self.low..=self.high).contains(&byte) {
                return Err(());
            }
            (self.low, self.high) = (0x80, 0xBF);
            self.needed -= 1;
            return Ok(());
        }
        (self.needed, self.low, self.high) = match byte {
            0x00..=0x7F => (0, 0, 0),
            0xC2..=0xDF => (1, 0x80, 0xBF),
            0xE0 => (2, 0xA0, 0xBF),
            0xED => (2, 0x80, 0x9F),
            0xE1..=0xEF => (2, 0x80, 0xBF),
            0xF0 => (3, 0x90, 0xBF),
            0xF1..=0xF3 => (3, 0x80, 0xBF),
            0xF4 => (3, 0x80, 0x8F),
            _ => return Err(()),
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn in_pieces(bytes: &[u8], size: usize) -> bool {
        let mut utf8 = Utf8::default();
        bytes.chunks(size).all(|piece| utf8.take(piece).is_ok()) && utf8.is_complete()
    }

    #[test]
    fn what_looks_like_a_character_but_is_none_is_refused() {
        for bytes in [
            &b"\xC0\xAF"[..],
            b"\xE0\x80\xAF",
            b"\xED\xA0\x80",
            b"\xF4\x90\x80\x80",
            b"\x80",
            b"\xC3",
            b"\xC3A",
            b"\xFF",
        ] {
            for size in 1..=4 {
                assert!(!in_pieces(bytes, size), "{bytes:x?} by {size}");
            }
        }
    }

    proptest! {
        #[test]
        fn pieces_say_what_the_whole_says(
            bytes in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..12),
                ".{0,12}".prop_map(String::into_bytes),
            ],
            size in 1_usize..6,
        ) {
            prop_assert_eq!(in_pieces(&bytes, size), std::str::from_utf8(&bytes).is_ok());
        }
    }
}
