//! `multipart/form-data` (RFC 7578, RFC 2046 §5.1).

use serde_json::{Map, Value};

use super::form::FormRule;
use super::json;
use super::schema::TypeSet;
use super::shape::Shape;
use super::value::Reader;
use crate::media_type::{MediaType, is_utf8, parameters};
use crate::model::is_token;

/// Parts of one body.
const MOST_PARTS: usize = 1000;
/// Bytes of the headers of one part.
const MOST_HEADERS: usize = 16 * 1024;

/// One part.
#[derive(Debug, PartialEq)]
struct Part<'b> {
    name: String,
    /// Whether it has the name of a file.
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
        let value = part_value(&part, rule, (item, property), reader)?;
        let is_known_file = form.files.contains(&part.name);
        if property.is_some() && map.contains_key(&part.name) && is_known_file != value.is_none() {
            return Err("must not have files and values of the same name".to_owned());
        }
        if value.is_none() && !is_known_file {
            form.files.push(part.name.clone());
        }
        let value = value.unwrap_or_else(|| Value::String(String::new()));
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

/// The value of a part; `None` for a file. What the document describes as a value is one, whatever the part says of itself: many
/// servers go by its name alone.
fn part_value(
    part: &Part<'_>,
    rule: &FormRule,
    (item, property): (Option<&Shape>, Option<&Shape>),
    reader: &mut Reader<'_>,
) -> Result<Option<Value>, String> {
    let kind = part.kind.as_ref();
    let is_json = kind.is_some_and(MediaType::is_json);
    let is_text = kind.is_none_or(MediaType::is_text);
    let is_binary = item.is_some_and(|shape| shape.is_binary) || property.is_some_and(|shape| shape.is_binary);
    let is_undescribed = property.is_none() && (part.is_file || !is_text);
    if is_binary || (!is_json && (is_undescribed || is_listed(part, rule))) {
        return Ok(None);
    }
    if kind.is_some_and(|kind| !kind.is_utf8()) {
        return Err("has a part that is not in UTF-8".to_owned());
    }
    let is_structured = item.is_some_and(|shape| shape.is_object() && !shape.may_be_scalar());
    // JSON in place of a simple value is one of more than one way to read it, unless the document says so.
    let is_simple = property.is_some_and(|shape| shape.is_typed && !shape.is_object() && !shape.is_list());
    if is_structured || (is_json && (!is_simple || is_listed(part, rule))) {
        let value = json::parse(part.body).map_err(|problem| format!("has a part that {problem}"))?;
        return Ok(Some(value));
    }
    let Ok(text) = std::str::from_utf8(part.body) else {
        let may_be_file =
            item.is_none_or(|shape| !shape.is_typed || (part.is_file && shape.types.meets(TypeSet::STRING)));
        return if may_be_file && (part.is_file || !is_text) {
            Ok(None)
        } else {
            Err("has a text part that is not UTF-8".to_owned())
        };
    };
    // RFC 7578 §4.6: it says how all others are to be read.
    if part.name == "_charset_" && !is_utf8(text) {
        return Err("has a part that is not in UTF-8".to_owned());
    }
    Ok(Some(match item {
        Some(shape) => reader.scalar(text, shape),
        None => Value::String(text.to_owned()),
    }))
}

/// Whether the document lists the type of a part that is more than text.
fn is_listed(part: &Part<'_>, rule: &FormRule) -> bool {
    let types = rule.encoding(&part.name).map(|encoding| &*encoding.types);
    part.kind.as_ref().filter(|kind| !kind.is_text()).is_some_and(|kind| {
        let mut types = types.unwrap_or_default().iter();
        types.any(|range| range.closeness(kind).is_some())
    })
}

fn parts<'b>(body: &'b [u8], boundary: &str) -> Result<Vec<Part<'b>>, String> {
    const UNCLEAR: &str = "its boundary stands where no part begins";
    let problem = |reason: &str| Err(format!("must be multipart: {reason}"));
    // RFC 2046 §5.1.1.
    if boundary.is_empty() || boundary.len() > 70 {
        return problem("the boundary must have 1 to 70 characters");
    }
    let opening = format!("--{boundary}");
    let delimiter = format!("\r\n{opening}");
    // Some take a line feed for a line end.
    let unclear = format!("\n{opening}");
    let is_unclear = |text: &[u8]| find(text, unclear.as_bytes()).is_some();
    let mut rest = if body.starts_with(opening.as_bytes()) {
        &body[opening.len()..]
    } else {
        // What stands before the first boundary is ignored.
        match find(body, delimiter.as_bytes()) {
            Some(at) if is_unclear(&body[..at]) => return problem(UNCLEAR),
            Some(at) => &body[at + delimiter.len()..],
            None => return problem("its boundary doesn't appear"),
        }
    };
    let mut parts = Vec::new();
    loop {
        if let Some(after) = rest.strip_prefix(b"--") {
            return if is_unclear(after) { problem(UNCLEAR) } else { Ok(parts) };
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
        if is_unclear(&part[..end]) {
            return problem(UNCLEAR);
        }
        match self::part(&part[..end]) {
            Ok(part) => parts.push(part),
            Err(reason) => return problem(reason),
        }
        rest = &part[end + delimiter.len()..];
    }
}

/// Reads a part.
///
/// # Errors
/// The end of a sentence: why it is none, or is one that servers read in different ways.
fn part(bytes: &[u8]) -> Result<Part<'_>, &'static str> {
    const NAMELESS: &str = "a part has no `Content-Disposition: form-data` with a name";
    const UNCLEAR: &str = "a part has a header that can be read in several ways";
    let (headers, body) = match bytes.strip_prefix(b"\r\n") {
        Some(body) => (&b""[..], body),
        None => {
            let at = find(&bytes[..bytes.len().min(MOST_HEADERS)], b"\r\n\r\n").ok_or(NAMELESS)?;
            (&bytes[..at], &bytes[at + 4..])
        }
    };
    let headers = std::str::from_utf8(headers).map_err(|_| UNCLEAR)?;
    let (mut found, mut kind) = (None, None);
    for line in headers.split("\r\n").filter(|line| !line.is_empty()) {
        let (header, value) = line.split_once(':').ok_or(UNCLEAR)?;
        // A line that goes on with the one before it has no name either.
        if !is_token(header) || value.contains(|character: char| character.is_control() && character != '\t') {
            return Err(UNCLEAR);
        }
        if header.eq_ignore_ascii_case("content-disposition") {
            if found.is_some() {
                return Err(UNCLEAR);
            }
            let (disposition, rest) = value.split_once(';').ok_or(NAMELESS)?;
            if !disposition.trim().eq_ignore_ascii_case("form-data") {
                return Err(NAMELESS);
            }
            found = Some(parameters(rest).ok_or(UNCLEAR)?);
        } else if header.eq_ignore_ascii_case("content-type") {
            let is_first = kind.is_none();
            kind = MediaType::parse(value).filter(|_| is_first);
            if kind.is_none() {
                return Err("a part has no valid content type");
            }
        } else if header.eq_ignore_ascii_case("content-transfer-encoding") {
            // RFC 7578 §4.7: nobody should, so some decode it and some don't.
            let plain = ["7bit", "8bit", "binary"];
            if !plain.iter().any(|plain| value.trim().eq_ignore_ascii_case(plain)) {
                return Err("a part has a transfer encoding");
            }
        }
    }
    let parameters = found.unwrap_or_default();
    let parameter = |wanted: &str| parameters.iter().find(|(name, _)| **name == *wanted);
    Ok(Part {
        name: parameter("name").map(|(_, name)| name.to_string()).ok_or(NAMELESS)?,
        // Without a name some take it for a text.
        is_file: parameter("filename").is_some_and(|(_, name)| !name.is_empty()),
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
