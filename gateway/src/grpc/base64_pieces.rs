//! Base64 that comes in pieces, each of which may end with padding of its own, as gRPC-Web has it.

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// Characters of one group.
const GROUP: usize = 4;

/// Text that is no base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotBase64;

/// Decodes what comes.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    /// The beginning of a group.
    group: Vec<u8>,
}

impl Decoder {
    /// Decodes whole groups into `out`; the rest waits for the next piece.
    pub(super) fn feed(&mut self, mut text: &[u8], out: &mut Vec<u8>) -> Result<(), NotBase64> {
        if !self.group.is_empty() {
            let missing = (GROUP - self.group.len()).min(text.len());
            self.group.extend_from_slice(&text[..missing]);
            text = &text[missing..];
            if self.group.len() < GROUP {
                return Ok(());
            }
            STANDARD.decode_vec(&self.group, out).map_err(|_| NotBase64)?;
            self.group.clear();
        }
        let (groups, rest) = text.split_at(text.len() / GROUP * GROUP);
        // Padding ends a piece, and another piece may follow.
        let ends_piece = |at: &usize| groups[at + GROUP - 1] == b'=';
        let mut from = 0;
        for at in (0..groups.len()).step_by(GROUP).filter(ends_piece) {
            let end = at + GROUP;
            STANDARD.decode_vec(&groups[from..end], out).map_err(|_| NotBase64)?;
            from = end;
        }
        STANDARD.decode_vec(&groups[from..], out).map_err(|_| NotBase64)?;
        self.group.extend_from_slice(rest);
        Ok(())
    }

    /// Whether no group is half there.
    pub(super) fn is_whole(&self) -> bool {
        self.group.is_empty()
    }
}

/// Encodes a piece with its own padding: nothing of it waits for the next.
pub(super) fn encode(piece: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(STANDARD.encode(piece).as_bytes());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_that_is_none_is_refused() {
        for text in ["AA!A", "A=AA", "=AAA", "AAAA====", "\u{e9}\u{e9}"] {
            let fed = Decoder::default().feed(text.as_bytes(), &mut Vec::new());
            assert_eq!(fed, Err(NotBase64), "{text}");
        }
        let mut decoder = Decoder::default();
        decoder.feed(b"AAAAA", &mut Vec::new()).unwrap();
        assert!(!decoder.is_whole());
    }

    proptest! {
        #[test]
        fn pieces_come_back_whatever_their_sizes(
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..20), 0..6),
            step in 1_usize..9,
        ) {
            let mut text = Vec::new();
            for piece in &pieces {
                encode(piece, &mut text);
            }
            let (mut decoder, mut out) = (Decoder::default(), Vec::new());
            for part in text.chunks(step) {
                decoder.feed(part, &mut out).unwrap();
            }
            prop_assert!(decoder.is_whole());
            prop_assert_eq!(out, pieces.concat());
        }
    }
}
