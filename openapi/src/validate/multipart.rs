//! `multipart/form-data` (RFC 7578, RFC 2046 §5.1).

use serde_json::{Map, Value};

use super::form::FormRule;
use super::json;
use super::shape::Shape;
use super::value::Reader;
use crate::media_type::{MediaType, parameters};

/// Parts of one body.
const MOST_PARTS: usize = 1000;
/// Bytes of the headers of one part.
const MOST_HEADERS: usize = 16 * 1024;

/// One part.
#[derive(Debug, PartialEq)]
struct Part<'b> {
    name: String,
    is_file: bool,
    kind: Option<MediaType>,
    body: &'b [u8],
}

/// A body as an object: texts and JSON as values, files as empty texts.
#[derive(Debug)]
pub(super) struct Form {
    pub(super) value: Value,
    /// Properties that are files.
    pub(super) files: Vec<String>,
    /// Parts whose type the document doesn't allow, and what is wrong.
    pub(super) wrong_types: Vec<(String, String)>,
}

/// Reads a body.
///
/// # Errors
/// In words, as the end of a sentence.
pub(super) fn read(
    body: &[u8],
    boundary: &str,
    rule: &FormRule,
    shape: &Shape,
    reader: &mut Reader<'_>,
) -> Result<Form, String> {
    let mut form = Form {
        value: Value::Null,
        files: Vec::new(),
        wrong_types: Vec::new(),
    };
    let mut map = Map::new();
    for part in parts(body, boundary)? {
        let property = shape.property(&part.name);
        let (item, is_list) = match property {
            Some(list) if list.is_list() => (list.items.as_deref(), true),
            other => (other, false),
        };
        check_type(&part, rule, &mut form);
        let value = part_value(&part, item, property, &mut form, reader)?;
        match map.get_mut(&part.name) {
            // A list may also come as one part that holds JSON.
            None if is_list && value.is_array() => drop(map.insert(part.name, value)),
            None if is_list => drop(map.insert(part.name, Value::Array(vec![value]))),
            None => drop(map.insert(part.name, value)),
            Some(Value::Array(items)) if is_list || property.is_none() => items.push(value),
            Some(first) if property.is_none() => {
                let items = vec![first.take(), value];
                *first = Value::Array(items);
            }
            Some(_) => return Err("must not have two parts of the same name, but for lists".to_owned()),
        }
    }
    form.value = Value::Object(map);
    Ok(form)
}

fn check_type(part: &Part<'_>, rule: &FormRule, form: &mut Form) {
    let Some(encoding) = rule.encoding(&part.name).filter(|encoding| !encoding.types.is_empty()) else {
        return;
    };
    let plain = MediaType::parse("text/plain");
    let Some(kind) = part.kind.as_ref().or(plain.as_ref()) else {
        return;
    };
    let is_allowed = |range: &MediaType| range.closeness(kind).is_some();
    // A text without a type is one that the form's library didn't think worth a type.
    let is_untyped_text = part.kind.is_none() && !part.is_file;
    if !encoding.types.iter().any(is_allowed) && !is_untyped_text {
        let message = "must be a part of a content type that the document lists".to_owned();
        form.wrong_types.push((part.name.clone(), message));
    }
}

fn part_value(
    part: &Part<'_>,
    item: Option<&Shape>,
    property: Option<&Shape>,
    form: &mut Form,
    reader: &mut Reader<'_>,
) -> Result<Value, String> {
    let is_json = part.kind.as_ref().is_some_and(MediaType::is_json);
    let is_text = part.kind.as_ref().is_none_or(MediaType::is_text);
    let is_binary = item.is_some_and(|shape| shape.is_binary) || property.is_some_and(|shape| shape.is_binary);
    if is_binary || (!is_json && (part.is_file || !is_text)) {
        if !form.files.contains(&part.name) {
            form.files.push(part.name.clone());
        }
        return Ok(Value::String(String::new()));
    }
    let is_structured = item.is_some_and(|shape| shape.is_object() && !shape.may_be_scalar());
    if is_json || (part.kind.is_none() && is_structured) {
        return json::parse(part.body).map_err(|problem| format!("has a part that {problem}"));
    }
    let text = std::str::from_utf8(part.body).map_err(|_| "has a text part that is not UTF-8".to_owned())?;
    Ok(match item {
        Some(shape) => reader.scalar(text, shape),
        None => Value::String(text.to_owned()),
    })
}

fn parts<'b>(body: &'b [u8], boundary: &str) -> Result<Vec<Part<'b>>, String> {
    const MALFORMED: &str = "must be multipart: ";
    let problem = |reason: &str| Err(format!("{MALFORMED}{reason}"));
    // RFC 2046 §5.1.1.
    if boundary.is_empty() || boundary.len() > 70 {
        return problem("the boundary must have 1 to 70 characters");
    }
    let opening = format!("--{boundary}");
    let delimiter = format!("\r\n{opening}");
    let mut rest = if body.starts_with(opening.as_bytes()) {
        &body[opening.len()..]
    } else {
        // What stands before the first boundary is ignored.
        match find(body, delimiter.as_bytes()) {
            Some(at) => &body[at + delimiter.len()..],
            None => return problem("its boundary doesn't appear"),
        }
    };
    let mut parts = Vec::new();
    loop {
        if rest.starts_with(b"--") {
            return Ok(parts);
        }
        let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let Some(part) = rest[blanks..].strip_prefix(b"\r\n") else {
            return problem("a boundary is not followed by a line end");
        };
        let Some(end) = find(part, delimiter.as_bytes()) else {
            return problem("the closing boundary is missing");
        };
        if parts.len() >= MOST_PARTS {
            return problem("there are more than 1000 parts");
        }
        match self::part(&part[..end]) {
            Some(part) => parts.push(part),
            None => return problem("a part has no `Content-Disposition: form-data` with a name"),
        }
        rest = &part[end + delimiter.len()..];
    }
}

fn part(bytes: &[u8]) -> Option<Part<'_>> {
    let (headers, body) = match bytes.strip_prefix(b"\r\n") {
        Some(body) => (&b""[..], body),
        None => {
            let at = find(&bytes[..bytes.len().min(MOST_HEADERS)], b"\r\n\r\n")?;
            (&bytes[..at], &bytes[at + 4..])
        }
    };
    let headers = std::str::from_utf8(headers).ok()?;
    let (mut name, mut is_file, mut kind) = (None, false, None);
    for line in headers.split("\r\n") {
        let Some((header, value)) = line.split_once(':') else {
            continue;
        };
        if header.eq_ignore_ascii_case("content-disposition") {
            let (disposition, rest) = value.split_once(';')?;
            if !disposition.trim().eq_ignore_ascii_case("form-data") || name.is_some() {
                return None;
            }
            for (parameter, value) in parameters(rest) {
                match &*parameter {
                    "name" => name = Some(value.into_string()),
                    "filename" | "filename*" => is_file = true,
                    _ => {}
                }
            }
        } else if header.eq_ignore_ascii_case("content-type") {
            kind = MediaType::parse(value);
        }
    }
    Some(Part {
        name: name?,
        is_file,
        kind,
        body,
    })
}

fn find(text: &[u8], pattern: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_split_at_boundaries() {
        let body = b"preamble\r\n--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\n--y\r\n--x \r\n\
            Content-Type: image/png\r\ncontent-disposition: form-data; name=b; filename=\"p.png\"\r\n\r\n\x89\r\n--x--\r\n";
        let parts = parts(body, "x").unwrap();
        let seen: Vec<(&str, bool, &[u8])> = parts
            .iter()
            .map(|part| (&*part.name, part.is_file, part.body))
            .collect();
        assert_eq!(seen, [("a", false, &b"one\r\n--y"[..]), ("b", true, &b"\x89"[..])]);
    }

    #[test]
    fn what_is_no_multipart_is_refused() {
        for body in [
            "",
            "--x",
            "--x\r\n",
            "--x\r\n\r\ntext\r\n--x--",
            "--x\r\nContent-Disposition: form-data; name=a\r\n\r\ntext",
            "--x\r\nContent-Disposition: attachment; name=a\r\n\r\n1\r\n--x--",
            "--xContent-Disposition: form-data; name=a\r\n\r\n1\r\n--x--",
        ] {
            assert!(parts(body.as_bytes(), "x").is_err(), "{body:?}");
        }
        assert_eq!(parts(b"--x--", "x"), Ok(Vec::new()));
    }
}
