//! Percent-encoding (RFC 3986).

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Encodes everything but unreserved characters.
pub(crate) fn component(text: &str) -> String {
    encode(text, |byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

/// Encodes what may not stand in a query as it is, leaving reserved characters alone.
pub(super) fn reserved(text: &str) -> String {
    encode(text, |byte| {
        byte.is_ascii_alphanumeric() || b"-._~:/?@!$'()*,;".contains(&byte)
    })
}

/// Encodes the fixed text of a path template; escapes that are there already stay.
pub(super) fn path(text: &str) -> String {
    let bytes = text.as_bytes();
    let is_hex = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_hexdigit);
    let mut encoded = String::with_capacity(text.len());
    for (at, byte) in bytes.iter().enumerate() {
        let is_escape = *byte == b'%' && is_hex(at + 1) && is_hex(at + 2);
        push(
            &mut encoded,
            *byte,
            is_escape || byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?".contains(byte),
        );
    }
    encoded
}

/// A base URL as it is, but for what may stand in no URL or means something to those who expand patterns in one.
pub(super) fn base(text: &str) -> String {
    encode(text, |byte| byte.is_ascii_graphic() && !b"\"<>\\^`{}|#".contains(&byte))
}

/// The value of a header or media type: no control characters, and no others but ASCII, which not every client can send
/// (RFC 9110 §5.5); those are percent-encoded.
pub(super) fn header(text: &str) -> String {
    let visible: String = text.chars().filter(|character| !character.is_control()).collect();
    encode(visible.trim(), |byte| byte.is_ascii())
}

fn encode(text: &str, stays: impl Fn(u8) -> bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        push(&mut encoded, byte, stays(byte));
    }
    encoded
}

fn push(encoded: &mut String, byte: u8, stays: bool) {
    if stays {
        encoded.push(char::from(byte));
    } else {
        encoded.push('%');
        encoded.push(char::from(HEX[usize::from(byte >> 4)]));
        encoded.push(char::from(HEX[usize::from(byte & 0xf)]));
    }
}
