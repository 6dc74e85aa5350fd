//! Names of HTTP: tokens, methods and fields.

/// Longest name of a header field.
const MAX_NAME: usize = 100;
/// Longest value of a header field that a policy can set, in bytes.
const MAX_VALUE: usize = 4_096;

/// Fields that belong to one connection or say where a message ends (RFC 9110 §7.6.1, RFC 9112 §6): the gateway's own.
const FRAMING: [&str; 10] = [
    "connection",
    "content-length",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "expect",
];

/// Whether a text is a `token` (RFC 9110 §5.6.2).
pub(super) fn is_token(text: &str) -> bool {
    let is_token_byte = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    !text.is_empty() && text.bytes().all(is_token_byte)
}

/// What is wrong with the name of a header field.
pub(super) fn header_name(name: &str) -> Option<String> {
    (!is_token(name) || name.len() > MAX_NAME).then(|| format!("`{name}` is not the name of a header."))
}

/// What is wrong with the name of a header field that is to be changed.
pub(super) fn changeable_header(name: &str) -> Option<String> {
    header_name(name).or_else(|| {
        let is_framing = FRAMING.iter().any(|framing| framing.eq_ignore_ascii_case(name));
        is_framing.then(|| format!("`{name}` belongs to the connection and cannot be changed."))
    })
}

/// What is wrong with the value of a header field: visible ASCII, and spaces and tabs inside (RFC 9110 §5.5).
pub(super) fn header_value(value: &str) -> Option<String> {
    let is_plain = value.bytes().all(|b| matches!(b, b'\t' | b' '..=b'~'));
    if !is_plain {
        Some("Use printable ASCII characters on one line.".into())
    } else if value.trim() != value {
        Some("Leave out the spaces around the value.".into())
    } else {
        (value.len() > MAX_VALUE).then(|| "Use at most 4,096 characters.".into())
    }
}

/// What is wrong with a method: a token in capitals, as methods are case-sensitive (RFC 9110 §9.1).
pub(super) fn method(text: &str) -> Option<String> {
    let is_method = is_token(text) && text.len() <= 40 && !text.bytes().any(|b| b.is_ascii_lowercase());
    (!is_method).then(|| format!("`{text}` is not a method; write GET, POST and so on in capitals."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_connection_are_refused() {
        for (name, ok) in [
            ("X-Team", true),
            ("Transfer-Encoding", false),
            ("content-length", false),
            ("a b", false),
            ("", false),
            ("ä", false),
        ] {
            assert_eq!(changeable_header(name).is_none(), ok, "{name}");
        }
    }

    #[test]
    fn values_stay_on_one_line() {
        for (value, ok) in [
            ("a b", true),
            ("", true),
            ("a\r\nb: c", false),
            (" a", false),
            ("é", false),
        ] {
            assert_eq!(header_value(value).is_none(), ok, "{value:?}");
        }
    }
}
