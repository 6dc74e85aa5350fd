//! Multipart bodies written by hand, for languages whose libraries write none (RFC 7578).

use std::collections::HashSet;

use crate::sample::SamplePart;

use super::literal::disposition;

/// What stands between the parts, unless a part has it.
const BOUNDARY: &str = "----sample-boundary-5f0c1d2e";

/// What a body consists of, in order.
pub(super) enum Piece<'p> {
    /// As it is sent.
    Text(String),
    /// The content of a file of this name.
    File(&'p str),
}

/// The `Content-Type` of the body.
pub(super) fn media_type(parts: &[SamplePart]) -> String {
    format!("multipart/form-data; boundary={}", boundary(parts))
}

/// A text that occurs in no part (RFC 2046 §5.1.1). What files have isn't known.
fn boundary(parts: &[SamplePart]) -> String {
    let mut taken = HashSet::new();
    for text in parts.iter().flat_map(texts) {
        for (at, found) in text.match_indices(BOUNDARY) {
            taken.insert("");
            // `-12` has `-1` in it.
            let behind = &text[at + found.len()..];
            let digits = behind.bytes().skip(1).take(9).take_while(u8::is_ascii_digit).count();
            if behind.starts_with('-') {
                taken.extend((1..=digits).map(|length| &behind[1..=length]));
            }
        }
    }
    if taken.is_empty() {
        return BOUNDARY.to_owned();
    }
    let mut number = 1u32;
    while taken.contains(number.to_string().as_str()) {
        number += 1;
    }
    format!("{BOUNDARY}-{number}")
}

/// Everything of a part that is written into the body.
fn texts(part: &SamplePart) -> impl Iterator<Item = &str> {
    let (name, text, media_type) = match part {
        SamplePart::Field {
            name,
            value,
            media_type,
        } => (name, value, media_type),
        SamplePart::File { name, file, media_type } => (name, file, media_type),
    };
    [name, text].into_iter().chain(media_type).map(String::as_str)
}

/// The body, from the first boundary to the last.
pub(super) fn pieces(parts: &[SamplePart]) -> Vec<Piece<'_>> {
    let boundary = boundary(parts);
    let mut pieces = Vec::new();
    let mut pending = String::new();
    for part in parts {
        let (name, file, kind) = match part {
            SamplePart::Field { name, media_type, .. } => (name, None, media_type),
            SamplePart::File { name, file, media_type } => (name, Some(file), media_type),
        };
        let named = file.map(|file| format!("; filename=\"{}\"", disposition(file)));
        let kind = kind.as_ref().map(|kind| format!("Content-Type: {kind}\r\n"));
        pending.extend([format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"{}\r\n{}\r\n",
            disposition(name),
            named.unwrap_or_default(),
            kind.unwrap_or_default()
        )]);
        match part {
            SamplePart::Field { value, .. } => pending.push_str(value),
            SamplePart::File { file, .. } => {
                pieces.push(Piece::Text(std::mem::take(&mut pending)));
                pieces.push(Piece::File(file));
            }
        }
        pending.push_str("\r\n");
    }
    pending.extend([format!("--{boundary}--\r\n")]);
    pieces.push(Piece::Text(pending));
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_boundary_occurs_in_no_part() {
        for (values, expected) in [
            (vec!["a"], BOUNDARY.to_owned()),
            (vec!["a", BOUNDARY], format!("{BOUNDARY}-1")),
            (vec![&format!("x{BOUNDARY}-12y{BOUNDARY}-3")], format!("{BOUNDARY}-2")),
            (vec![&format!("{BOUNDARY}-é{BOUNDARY}-")], format!("{BOUNDARY}-1")),
        ] {
            let field = |value: &str| SamplePart::Field {
                name: "a".to_owned(),
                value: value.to_owned(),
                media_type: None,
            };
            let parts: Vec<SamplePart> = values.into_iter().map(field).collect();
            assert_eq!(boundary(&parts), expected);
            assert!(parts.iter().flat_map(texts).all(|text| !text.contains(&expected)));
        }
    }
}
