//! Multipart bodies written by hand, for languages whose libraries write none (RFC 7578).

use crate::sample::SamplePart;

use super::literal::disposition;

/// What stands between the parts.
const BOUNDARY: &str = "----sample-boundary-5f0c1d2e";

/// What a body consists of, in order.
pub(super) enum Piece<'p> {
    /// As it is sent.
    Text(String),
    /// The content of a file of this name.
    File(&'p str),
}

/// The `Content-Type` of such bodies.
pub(super) fn media_type() -> String {
    format!("multipart/form-data; boundary={BOUNDARY}")
}

/// The body, from the first boundary to the last.
pub(super) fn pieces(parts: &[SamplePart]) -> Vec<Piece<'_>> {
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
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{}\"{}\r\n{}\r\n",
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
    pending.extend([format!("--{BOUNDARY}--\r\n")]);
    pieces.push(Piece::Text(pending));
    pieces
}
