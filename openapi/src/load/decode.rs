//! From uploaded bytes to text: gzip, byte-order marks, UTF-16, UTF-8.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::MultiGzDecoder;

use super::Limits;
use super::source::position_at;
use crate::diagnostics::{Diagnostic, Rejected};

/// The text of an upload, without a byte-order mark.
pub(super) fn text<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Cow<'a, str>, Rejected> {
    let bytes = expand(bytes, limits)?;
    if bytes.len() > limits.bytes {
        return Err(too_large(limits).into());
    }
    match bytes {
        Cow::Borrowed(bytes) => decode(bytes),
        Cow::Owned(bytes) => decode(&bytes).map(|text| Cow::Owned(text.into_owned())),
    }
}

fn expand<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Cow<'a, [u8]>, Rejected> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(Cow::Borrowed(bytes));
    }
    if bytes.len() > limits.bytes {
        return Err(too_large(limits).into());
    }
    let mut expanded = Vec::new();
    // One byte more than allowed is enough to know; a bomb is never expanded any further.
    let mut reader = MultiGzDecoder::new(bytes).take(limits.bytes as u64 + 1);
    match reader.read_to_end(&mut expanded) {
        Ok(_) => Ok(Cow::Owned(expanded)),
        Err(error) => {
            Err(Diagnostic::error("gzip-damaged", format!("the gzip data can't be expanded: {error}")).into())
        }
    }
}

/// A text beyond the limit.
pub(crate) fn too_large(limits: &Limits) -> Diagnostic {
    let mib = limits.bytes as f64 / (1024.0 * 1024.0);
    Diagnostic::error(
        "too-large",
        format!("the document is larger than the limit of {mib:.0} MiB (expanded)"),
    )
    .hint("Split the API into several documents, or move long texts into guides.")
}

fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, Rejected> {
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8(rest),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        // UTF-16 without a mark: a document starts with an ASCII character, so its other half is zero.
        [first, 0, ..] if *first != 0 => utf16(bytes, u16::from_le_bytes),
        [0, second, ..] if *second != 0 => utf16(bytes, u16::from_be_bytes),
        _ => utf8(bytes),
    }
}

fn utf8(bytes: &[u8]) -> Result<Cow<'_, str>, Rejected> {
    std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|error| {
        let valid = &bytes[..error.valid_up_to()];
        let position = position_at(&String::from_utf8_lossy(valid), valid.len());
        let byte = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
        Diagnostic::error(
            "not-utf8",
            format!(
                "the text is not valid UTF-8: byte 0x{byte:02x} at offset {}",
                error.valid_up_to()
            ),
        )
        .on(position)
        .hint("Save the file as UTF-8.")
        .into()
    })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Cow<'static, str>, Rejected> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|pair| unit(*pair));
    let text: Result<String, _> = char::decode_utf16(units).collect();
    match text {
        Ok(text) if rest.is_empty() => Ok(Cow::Owned(text)),
        _ => Err(
            Diagnostic::error("not-utf16", "the text starts like UTF-16 but is not valid UTF-16")
                .hint("Save the file as UTF-8.")
                .into(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf8_error_has_line_and_column_in_characters() {
        let rejected = text(b"a: 1\nb\xc3\xbc: \xff", &Limits::default()).unwrap_err();
        let error = &rejected.diagnostics[0];
        assert_eq!((error.line, error.column), (Some(2), Some(5)));
    }

    #[test]
    fn utf16_is_read_with_and_without_a_mark() {
        for (name, bytes) in [
            ("little endian, mark", vec![0xff, 0xfe, b'a', 0, 0xfc, 0]),
            ("big endian, mark", vec![0xfe, 0xff, 0, b'a', 0, 0xfc]),
            ("little endian", vec![b'a', 0, 0xfc, 0]),
        ] {
            assert_eq!(text(&bytes, &Limits::default()).unwrap(), "aü", "{name}");
        }
    }
}
