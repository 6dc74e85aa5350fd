//! What may stand where in a message (RFC 9110 §5, RFC 9112 §2).

/// `tchar` of RFC 9110 §5.6.2.
const TOKEN: u8 = 1;
/// What may stand in a request target: visible ASCII but for what a URI never has and what begins a fragment.
const TARGET: u8 = 2;
/// What may stand in a host with its port (RFC 3986 §3.2.2).
const HOST: u8 = 4;

const CLASSES: [u8; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let byte = i as u8;
        let is_sign = matches!(
            byte,
            b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
        );
        if byte.is_ascii_alphanumeric() || is_sign {
            table[i] |= TOKEN;
        }
        if byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b'`' | b'#') {
            table[i] |= TARGET;
        }
        // The signs of a registered name but for the comma, which joins two hosts to one value.
        let is_host_sign = matches!(
            byte,
            b'-' | b'.' | b'_' | b'~' | b'%' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b';' | b'='
        );
        if byte.is_ascii_alphanumeric() || is_host_sign || matches!(byte, b':' | b'[' | b']') {
            table[i] |= HOST;
        }
        i += 1;
    }
    table
};

/// Whether every byte belongs to a class. Without an early end: nearly every answer is yes.
fn all(bytes: &[u8], class: u8) -> bool {
    let common = bytes
        .iter()
        .fold(class, |common, byte| common & CLASSES[usize::from(*byte)]);
    common == class
}

/// Whether it is a token: a method or a field's name.
pub(super) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && all(bytes, TOKEN)
}

/// Whether it may be a request target.
pub(crate) fn is_target(bytes: &[u8]) -> bool {
    !bytes.is_empty() && all(bytes, TARGET)
}

/// Whether it may be the value of `Host`, or the authority of a target: no user, no path, no second host. An empty one
/// says that there is none (RFC 9110 §7.2).
pub(crate) fn is_host(bytes: &[u8]) -> bool {
    all(bytes, HOST)
}

/// Whether it may be a field's value (RFC 9110 §5.5): no control characters but the tabulator.
pub(super) fn is_value(bytes: &[u8]) -> bool {
    // Written so that many bytes are judged at once.
    let bad = bytes.iter().fold(0, |bad, byte| {
        bad | u8::from(*byte < b' ' && *byte != b'\t') | u8::from(*byte == 0x7f)
    });
    bad == 0
}

/// Digits and nothing else (RFC 9110 §8.6).
pub(crate) fn parse_length(value: &[u8]) -> Option<u64> {
    if value.is_empty() || value.len() > 18 || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(value.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0')))
}

/// A field line taken apart: the length of its name, and where its value is.
pub(super) struct FieldLine {
    pub(super) name: usize,
    pub(super) value: std::ops::Range<usize>,
}

/// Bytes of a field's name at most. Sections keep lengths of names in two bytes: a longer one would be taken for another.
const MAX_NAME: usize = 1024;

/// Takes a line without its end apart: a name, a colon at once after it, and no control characters. Refuses folded
/// lines.
pub(super) fn field_line(line: &[u8]) -> Option<FieldLine> {
    let colon = memchr::memchr(b':', line)?;
    if colon > MAX_NAME || !is_token(&line[..colon]) || !is_value(&line[colon + 1..]) {
        return None;
    }
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
    let mut start = colon + 1;
    while line.get(start).is_some_and(is_space) {
        start += 1;
    }
    let mut end = line.len();
    while end > start && is_space(&line[end - 1]) {
        end -= 1;
    }
    Some(FieldLine {
        name: colon,
        value: start..end,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_lines_are_strict() {
        for (line, parts) in [
            ("a: b", Some(("a", "b"))),
            ("a:b", Some(("a", "b"))),
            ("a:\t b c \t", Some(("a", "b c"))),
            ("a:", Some(("a", ""))),
            ("a: ", Some(("a", ""))),
            ("X-1: \u{e9}", Some(("X-1", "\u{e9}"))),
            ("a : b", None),
            (" a: b", None),
            (": b", None),
            ("a", None),
            ("a: b\0", None),
            ("a: b\rc", None),
            ("a\t: b", None),
            ("a(: b", None),
        ] {
            let found = field_line(line.as_bytes()).map(|found| (&line[..found.name], &line[found.value]));
            assert_eq!(found, parts, "{line:?}");
        }
    }

    #[test]
    fn names_are_not_endless() {
        let line = |length: usize| format!("{}:b", "a".repeat(length));
        assert!(field_line(line(MAX_NAME).as_bytes()).is_some());
        assert!(field_line(line(MAX_NAME + 1).as_bytes()).is_none());
        assert!(field_line(line(65_536 + 4).as_bytes()).is_none());
    }

    #[test]
    fn hosts_are_one_host() {
        for (text, is_right) in [
            ("a.test", true),
            ("a.test:80", true),
            ("[::1]:80", true),
            ("127.0.0.1", true),
            ("my_host", true),
            ("", true),
            ("a.test, b.test", false),
            ("a.test,b.test", false),
            ("a.test b", false),
            ("a.test/x", false),
            ("u@a.test", false),
            ("a.test?x", false),
            ("caf\u{e9}.test", false),
        ] {
            assert_eq!(is_host(text.as_bytes()), is_right, "{text}");
        }
    }

    #[test]
    fn lengths_are_digits() {
        for (text, length) in [
            ("0", Some(0)),
            ("0012", Some(12)),
            ("", None),
            ("+1", None),
            ("1,1", None),
            ("0x1", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(parse_length(text.as_bytes()), length, "{text}");
        }
    }
}
