//! Parts of kept answers (RFC 9110 §14).

use std::ops::Range;

/// Which part of a body a request gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// All of it: no part is asked for, several are, or what is asked for can't be read.
    Whole,
    Bytes(Range<usize>),
    /// There is no such part.
    Nothing,
}

/// Finds the part that a value of `Range` asks for in a body of some length.
pub(super) fn resolve(range: &[u8], length: usize) -> Part {
    let Some((first, last)) = parse(range) else {
        return Part::Whole;
    };
    let part = match (first, last) {
        (Some(first), Some(last)) if first > last => return Part::Whole,
        (Some(first), Some(last)) => first..length.min(last.saturating_add(1)),
        (Some(first), None) => first..length,
        (None, Some(suffix)) => length.saturating_sub(suffix)..length,
        (None, None) => return Part::Whole,
    };
    if part.is_empty() {
        return Part::Nothing;
    }
    Part::Bytes(part)
}

/// First and last byte of `bytes=FIRST-LAST`.
fn parse(range: &[u8]) -> Option<(Option<usize>, Option<usize>)> {
    let text = std::str::from_utf8(range).ok()?;
    let (unit, set) = text.split_once('=')?;
    let (first, last) = set.trim().split_once('-')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    Some((position(first)?, position(last)?))
}

/// A position; `Some(None)` where none is written. What is larger than any body is the largest.
#[expect(clippy::option_option, reason = "not there and not readable are two answers")]
fn position(text: &str) -> Option<Option<usize>> {
    if text.is_empty() {
        return Some(None);
    }
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| Some(text.parse().unwrap_or(usize::MAX)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parts_are_found() {
        for (range, expected) in [
            ("bytes=0-1", Part::Bytes(0..2)),
            ("Bytes = 3-", Part::Bytes(3..10)),
            ("bytes=-4", Part::Bytes(6..10)),
            ("bytes=-40", Part::Bytes(0..10)),
            ("bytes=8-99999999999999999999999", Part::Bytes(8..10)),
            ("bytes=10-", Part::Nothing),
            ("bytes=10-12", Part::Nothing),
            ("bytes=-0", Part::Nothing),
            ("bytes=3-2", Part::Whole),
            ("bytes=0-1,3-4", Part::Whole),
            ("bytes=-", Part::Whole),
            ("bytes=a-b", Part::Whole),
            ("bytes=+1-2", Part::Whole),
            ("lines=0-1", Part::Whole),
            ("bytes", Part::Whole),
            ("", Part::Whole),
        ] {
            assert_eq!(resolve(range.as_bytes(), 10), expected, "{range}");
        }
        assert_eq!(resolve(b"bytes=0-", 0), Part::Nothing);
    }

    proptest! {
        #[test]
        fn parts_are_within_the_body(range in "bytes=[0-9]{0,20}-[0-9]{0,20}", noise in any::<Vec<u8>>(), length in 0_usize..100) {
            for text in [range.as_bytes(), &noise] {
                if let Part::Bytes(part) = resolve(text, length) {
                    prop_assert!(part.start < part.end && part.end <= length);
                }
            }
        }
    }
}
