//! W3C Trace Context: the caller's `traceparent` is passed on, or one is made. Its trace id is the request id.

use std::cell::Cell;

use ring::rand::{SecureRandom, SystemRandom};

use crate::message::{Fields, Known};

/// Of `traceparent` (W3C Trace Context §3.2).
const LENGTH: usize = 55;

/// Makes ids that differ from all others; they are no secrets. One for each worker.
#[derive(Debug)]
pub(crate) struct TraceIds {
    state: Cell<u64>,
    worker: u64,
}

/// The value of `traceparent`: `00-{trace id}-{parent id}-{flags}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TraceContext([u8; LENGTH]);

impl TraceIds {
    /// Seeded by the system.
    pub(crate) fn new() -> Self {
        let mut seed = [0; 16];
        // Without randomness ids repeat after a restart; that is no reason not to serve.
        let _ = SystemRandom::new().fill(&mut seed);
        let (words, _) = seed.as_chunks::<8>();
        Self {
            state: Cell::new(u64::from_le_bytes(words[0])),
            worker: u64::from_le_bytes(words[1]),
        }
    }

    /// A random number that nothing secret may depend on: SplitMix64.
    pub(crate) fn next(&self) -> u64 {
        let state = self.state.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
        self.state.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A new context, not sampled.
    pub(crate) fn make(&self) -> TraceContext {
        let (high, low) = (self.next() ^ self.worker, self.next());
        let mut text = *b"00-00000000000000000000000000000000-0000000000000000-00";
        write_hex(&mut text[3..19], high);
        // An id of zeros would be invalid.
        write_hex(&mut text[19..35], low | 1);
        write_hex(&mut text[36..52], low.rotate_left(17) | 1);
        TraceContext(text)
    }
}

fn write_hex(out: &mut [u8], value: u64) {
    for (i, digit) in out.iter_mut().enumerate() {
        *digit = b"0123456789abcdef"[(value >> (60 - 4 * i)) as usize & 15];
    }
}

impl TraceContext {
    /// The caller's context, if it sent one that is valid.
    pub(crate) fn of(fields: &Fields) -> Option<Self> {
        let bytes = fields.get(Known::Traceparent)?;
        let text: [u8; LENGTH] = bytes.get(..LENGTH)?.try_into().ok()?;
        let is_hex = |range: std::ops::Range<usize>| text[range].iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let is_some = |range: std::ops::Range<usize>| text[range].iter().any(|b| *b != b'0');
        let is_valid = [text[2], text[35], text[52]] == [b'-'; 3]
            && is_hex(0..2)
            && &text[..2] != b"ff"
            && is_hex(3..35)
            && is_hex(36..52)
            && is_hex(53..55)
            && is_some(3..35)
            && is_some(36..52)
            // Version 00 ends here; later ones may go on after a dash.
            && (bytes.len() == LENGTH || (&text[..2] != b"00" && bytes[LENGTH] == b'-'));
        is_valid.then_some(Self(text))
    }

    /// The request id: 32 hexadecimal digits.
    pub(crate) fn trace_id(&self) -> &str {
        std::str::from_utf8(&self.0[3..35]).unwrap_or_default()
    }

    /// The value to send.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_contexts_are_valid_and_differ() {
        let ids = TraceIds::new();
        let (one, two) = (ids.make(), ids.make());
        assert_ne!(one.trace_id(), two.trace_id());
        let mut fields = Fields::default();
        fields.append_parts(Known::Traceparent, &[one.as_bytes()]);
        assert_eq!(TraceContext::of(&fields), Some(one));
    }

    #[test]
    fn only_valid_contexts_are_taken_over() {
        for (text, is_valid) in [
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true),
            ("00-00000000000000000000000000000000-00f067aa0ba902b7-01", false),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", false),
            ("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false),
            ("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", false),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x", false),
            ("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x", true),
            ("nonsense", false),
        ] {
            let mut fields = Fields::default();
            fields.append_parts(Known::Traceparent, &[text.as_bytes()]);
            assert_eq!(TraceContext::of(&fields).is_some(), is_valid, "{text}");
        }
    }
}
