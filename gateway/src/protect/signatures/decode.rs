//! Text as its reader will see it.

use std::borrow::Cow;

/// Text without its percent-encoding.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decoded {
    pub(super) text: Vec<u8>,
    /// It still has percent-encoding in it: it was encoded twice.
    pub(super) is_encoded_again: bool,
    /// A character was written longer than UTF-8 allows (RFC 3629 §10), a way to hide `/` and `.`; it is decoded too.
    pub(super) is_overlong: bool,
}

/// Whether text is of letters, digits and a few signs that no signature needs: most text is.
pub(super) fn is_plain(text: &[u8]) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b',' | b'~' | b'&' | b'=');
    // A dot alone says nothing, two of them do, and so do slashes before a dot.
    text.iter().all(|byte| is_plain(byte) || matches!(byte, b'/' | b'.')) && !has_suspicious_dots(text)
}

fn has_suspicious_dots(text: &[u8]) -> bool {
    let ends_with = |at: usize, word: &[u8]| at >= word.len() && text[at - word.len()..at].eq_ignore_ascii_case(word);
    // Only `a.b` is harmless: names of files and hosts; but addresses of numbers are looked at.
    let is_after_letter = |at: usize| {
        let is_letter = at > 0 && matches!(text[at - 1], b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'_');
        is_letter && !SENSITIVE_NAMES.iter().any(|name| ends_with(at, name))
    };
    if memchr::memchr_iter(b'.', text).any(|at| !is_after_letter(at)) {
        return true;
    }
    let is_folder =
        |at: usize| text.get(at + 1) == Some(&b'/') || SENSITIVE_FOLDERS.iter().any(|folder| ends_with(at, folder));
    memchr::memchr_iter(b'/', text).any(is_folder)
}

/// What signatures name, up to a dot and up to a slash: the table's tests see to it that nothing is missing.
const SENSITIVE_NAMES: [&[u8]; 2] = [b"boot", b"metadata"];
const SENSITIVE_FOLDERS: [&[u8]; 6] = [b"etc", b"proc", b"windows", b"web-inf", b"bin", b"dev/tcp"];

/// Undoes percent-encoding (RFC 3986 §2.1) and the `%u` form of some servers once; in forms a plus is a space.
pub(super) fn percent(raw: &[u8], is_form: bool) -> Decoded {
    let mut text = Vec::with_capacity(raw.len());
    let mut is_encoded_again = false;
    let mut at = 0;
    while let Some(&byte) = raw.get(at) {
        let rest = &raw[at + 1..];
        let short = (byte == b'%').then(|| hex(rest.get(..2)?)).flatten();
        let long = || hex(rest.strip_prefix(b"u").or(rest.strip_prefix(b"U"))?.get(..4)?);
        match short {
            Some(code) => {
                text.push(code as u8);
                at += 3;
            }
            None if byte == b'%' => match long().and_then(char::from_u32) {
                Some(character) => {
                    // Full-width forms of ASCII are read as ASCII by those servers.
                    let code = character as u32;
                    let character = char::from_u32(code.wrapping_sub(0xFEE0))
                        .filter(char::is_ascii)
                        .unwrap_or(character);
                    text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                    at += 6;
                }
                None => {
                    text.push(byte);
                    at += 1;
                }
            },
            None => {
                text.push(if byte == b'+' && is_form { b' ' } else { byte });
                at += 1;
            }
        }
    }
    for at in memchr::memchr_iter(b'%', &text) {
        is_encoded_again |= text.get(at + 1..at + 3).and_then(hex).is_some();
    }
    let (text, is_overlong) = shortened(text);
    Decoded {
        text,
        is_encoded_again,
        is_overlong,
    }
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits
        .iter()
        .try_fold(0, |value, digit| Some(value << 4 | char::from(*digit).to_digit(16)?))
}

/// Overlong forms of two, three and four bytes, decoded.
fn shortened(text: Vec<u8>) -> (Vec<u8>, bool) {
    let is_suspect = |byte: &u8| matches!(byte, 0xC0 | 0xC1 | 0xE0 | 0xF0);
    if !text.iter().any(is_suspect) {
        return (text, false);
    }
    let (mut out, mut is_overlong, mut at) = (Vec::with_capacity(text.len()), false, 0);
    while let Some(&byte) = text.get(at) {
        let tail = |from: usize, length: usize| {
            let bytes = text.get(at + from..at + length)?;
            bytes.iter().try_fold(0_u32, |value, byte| {
                (byte & 0xC0 == 0x80).then_some(value << 6 | u32::from(byte & 0x3F))
            })
        };
        let found = match byte {
            0xC0 | 0xC1 => tail(1, 2).map(|low| (u32::from(byte & 1) << 6 | low, 2)),
            0xE0 => tail(1, 3).filter(|code| *code < 0x800).map(|code| (code, 3)),
            0xF0 => tail(1, 4).filter(|code| *code < 0x1_0000).map(|code| (code, 4)),
            _ => None,
        };
        match found.and_then(|(code, length)| Some((char::from_u32(code)?, length))) {
            Some((character, length)) => {
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                is_overlong = true;
                at += length;
            }
            None => {
                out.push(byte);
                at += 1;
            }
        }
    }
    (out, is_overlong)
}

/// Longest reference read: `&#x0000003c;`.
const LONGEST_ENTITY: usize = 12;

/// Names that attacks use; other references say nothing here.
const ENTITIES: [(&[u8], u8); 11] = [
    (b"lt", b'<'),
    (b"gt", b'>'),
    (b"quot", b'"'),
    (b"apos", b'\''),
    (b"amp", b'&'),
    (b"lpar", b'('),
    (b"rpar", b')'),
    (b"colon", b':'),
    (b"sol", b'/'),
    (b"Tab", b'\t'),
    (b"NewLine", b'\n'),
];

/// Undoes character references of HTML once, as far as they stand for ASCII.
pub(super) fn entities(text: &[u8]) -> Cow<'_, [u8]> {
    if !memchr::memchr_iter(b'&', text).any(|at| entity(&text[at + 1..]).is_some()) {
        return Cow::Borrowed(text);
    }
    let (mut out, mut at) = (Vec::with_capacity(text.len()), 0);
    while let Some(&byte) = text.get(at) {
        let found = (byte == b'&').then(|| entity(&text[at + 1..])).flatten();
        let (byte, length) = found.unwrap_or((byte, 0));
        out.push(byte);
        at += 1 + length;
    }
    Cow::Owned(out)
}

/// The character and the length of the reference after its ampersand. Browsers forgive a missing semicolon after numbers.
fn entity(text: &[u8]) -> Option<(u8, usize)> {
    let text = &text[..text.len().min(LONGEST_ENTITY)];
    if let Some(number) = text.strip_prefix(b"#") {
        let (radix, digits, prefix) = match number.strip_prefix(b"x").or(number.strip_prefix(b"X")) {
            Some(digits) => (16, digits, 2),
            None => (10, number, 1),
        };
        let count = digits
            .iter()
            .take_while(|digit| char::from(**digit).is_digit(radix))
            .count();
        let digits = std::str::from_utf8(&digits[..count]).ok()?;
        let code = u8::from_str_radix(digits, radix).ok().filter(u8::is_ascii)?;
        let has_end = text.get(prefix + count) == Some(&b';');
        return Some((code, prefix + count + usize::from(has_end)));
    }
    let end = memchr::memchr(b';', text)?;
    let (_, character) = ENTITIES.iter().find(|(name, _)| *name == &text[..end])?;
    Some((*character, end + 1))
}

/// Undoes the escapes of JSON strings (RFC 8259 §7), as far as they stand for ASCII. The quotes around strings stay.
pub(super) fn json_escapes(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\\', text).is_none() {
        return Cow::Borrowed(text);
    }
    let (mut out, mut at) = (Vec::with_capacity(text.len()), 0);
    while let Some(&byte) = text.get(at) {
        let unicode = || {
            hex(text.get(at + 2..at + 6)?)
                .and_then(|code| u8::try_from(code).ok())
                .filter(u8::is_ascii)
        };
        let (byte, length) = match (byte, text.get(at + 1)) {
            (b'\\', Some(b'u')) => unicode().map_or((byte, 1), |character| (character, 6)),
            (b'\\', Some(b'n')) => (b'\n', 2),
            (b'\\', Some(b'r')) => (b'\r', 2),
            (b'\\', Some(b't')) => (b'\t', 2),
            (b'\\', Some(plain @ (b'"' | b'\\' | b'/'))) => (*plain, 2),
            _ => (byte, 1),
        };
        out.push(byte);
        at += length;
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn percent_encoding_is_undone_once() {
        for (raw, is_form, text, is_encoded_again, is_overlong) in [
            (&b"a%20b+c"[..], true, &b"a b c"[..], false, false),
            (b"a%20b+c", false, b"a b+c", false, false),
            (b"%252e%zz%4", false, b"%2e%zz%4", true, false),
            (b"100%", false, b"100%", false, false),
            (b"%u003c%U003E%uff1c", false, b"<><", false, false),
            (b"%c0%ae%c0%af", false, b"./", false, true),
            (b"%e0%80%af%f0%80%80%ae", false, b"/.", false, true),
            (
                "%c3%a9 \u{e0}\u{800}".as_bytes(),
                false,
                "é \u{e0}\u{800}".as_bytes(),
                false,
                false,
            ),
            (b"\xc0 \xc0", false, b"\xc0 \xc0", false, false),
        ] {
            let found = percent(raw, is_form);
            let expected = Decoded {
                text: text.to_vec(),
                is_encoded_again,
                is_overlong,
            };
            assert_eq!(found, expected, "{}", raw.escape_ascii());
        }
    }

    #[test]
    fn references_and_escapes_are_undone_once() {
        for (text, expected) in [
            ("&lt;a&gt; &quot;&apos;&amp;lt;", "<a> \"'&lt;"),
            ("&#60;&#x3C;&#x003c;&#60 &colon;&lpar;", "<<<< :("),
            ("a & b; R&D; &copy; &#233; &", "a & b; R&D; &copy; &#233; &"),
        ] {
            assert_eq!(entities(text.as_bytes()), expected.as_bytes(), "{text}");
        }
        for (text, expected) in [
            (r#"{"a":"\u003cb\u003E \"\\\/\n"}"#, "{\"a\":\"<b> \"\\/\n\"}"),
            (r"\u00e9\u12\x\", r"\u00e9\u12\x\"),
        ] {
            assert_eq!(json_escapes(text.as_bytes()), expected.as_bytes(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(text in proptest::collection::vec(prop_oneof![
            any::<u8>(), proptest::sample::select(&b"%u&#x;\\\xc0\xe0\xf0\x80."[..]),
        ], 0..40)) {
            let _ = (percent(&text, true), entities(&text).len(), json_escapes(&text).len(), is_plain(&text));
        }

        #[test]
        fn plain_text_decodes_to_itself(text in "[a-zA-Z0-9/._~&=-]{0,30}") {
            prop_assert_eq!(percent(text.as_bytes(), true).text, text.as_bytes());
        }
    }
}
