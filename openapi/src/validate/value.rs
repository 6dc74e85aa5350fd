//! Texts to values: what parameters, form fields and parts of multipart bodies carry.

use std::borrow::Cow;

use serde_json::{Number, Value};

use super::schema::{Schemas, Steps, TypeSet};
use super::shape::Shape;

/// Makes values from texts, guided by shapes.
pub(super) struct Reader<'s> {
    pub(super) schemas: &'s Schemas,
    pub(super) steps: &'s mut Steps,
}

impl Reader<'_> {
    /// The value of a text that has no parts. Where the shape allows several types, the first that fits its schema of
    /// number, boolean, null and string; a text that is of no allowed type stays a string, which the schema then refuses.
    pub(super) fn scalar(&mut self, text: &str, shape: &Shape) -> Value {
        if !shape.is_typed {
            return Value::String(text.to_owned());
        }
        let number = || number(text).map(Value::Number);
        let boolean = || match text {
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            _ => None,
        };
        let null = || matches!(text, "" | "null").then_some(Value::Null);
        let string = || Some(Value::String(text.to_owned()));
        let candidates = [
            (TypeSet::NUMBER, &number as &dyn Fn() -> Option<Value>),
            (TypeSet::BOOLEAN, &boolean),
            (TypeSet::NULL, &null),
            (TypeSet::STRING, &string),
        ];
        let mut candidates: Vec<Value> = candidates
            .into_iter()
            .filter(|(types, _)| shape.types.meets(*types))
            .filter_map(|(_, candidate)| candidate())
            .collect();
        match candidates.len() {
            0 => Value::String(text.to_owned()),
            1 => candidates.swap_remove(0),
            _ => {
                let fitting = candidates
                    .iter()
                    .position(|candidate| self.schemas.accepts(shape.schema, candidate, self.steps));
                candidates.swap_remove(fitting.unwrap_or(0))
            }
        }
    }

    /// The value of an item of a list of this shape.
    pub(super) fn item(&mut self, text: &str, list: &Shape) -> Value {
        match &list.items {
            Some(items) => self.scalar(text, items),
            None => Value::String(text.to_owned()),
        }
    }

    /// The value of a property of an object of this shape.
    pub(super) fn property(&mut self, name: &str, text: &str, object: &Shape) -> Value {
        match object.property(name) {
            Some(shape) => self.scalar(text, shape),
            None => Value::String(text.to_owned()),
        }
    }
}

/// A number as JSON writes it (RFC 8259 §6).
fn number(text: &str) -> Option<Number> {
    let starts_well = text.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    if !starts_well || !text.ends_with(|last: char| last.is_ascii_digit()) || text.len() > 400 {
        return None;
    }
    serde_json::from_str(text).ok()
}

/// Decodes `%XX`, and in a query or form `+`; `None` if the result is not UTF-8. What isn't a valid escape stays.
pub(super) fn decode(text: &str, is_form: bool) -> Option<Cow<'_, str>> {
    if !text.bytes().any(|byte| byte == b'%' || (is_form && byte == b'+')) {
        return Some(Cow::Borrowed(text));
    }
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = |offset: usize| bytes.get(at + offset).and_then(|byte| char::from(*byte).to_digit(16));
        match (bytes[at], hex(1), hex(2)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high * 16 + low) as u8);
                at += 2;
            }
            (b'+', _, _) if is_form => decoded.push(b' '),
            (byte, _, _) => decoded.push(byte),
        }
        at += 1;
    }
    String::from_utf8(decoded).ok().map(Cow::Owned)
}

/// Splits at a delimiter, or at its escape where there is no plain one.
pub(super) fn split<'t>(text: &'t str, delimiters: &[&str]) -> Vec<&'t str> {
    for delimiter in delimiters {
        if text.contains(delimiter) {
            return text.split(delimiter).collect();
        }
    }
    vec![text]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_decoded() {
        for (text, is_form, expected) in [
            ("a+b%20c", true, Some("a b c")),
            ("a+b%20c", false, Some("a+b c")),
            ("%C3%A9", true, Some("é")),
            ("%ff", true, None),
            ("100%", true, Some("100%")),
            ("%4", true, Some("%4")),
        ] {
            assert_eq!(decode(text, is_form).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn only_numbers_of_json_are_numbers() {
        for (text, is_number) in [
            ("1", true),
            ("-1.5e3", true),
            ("+1", false),
            ("01", false),
            (" 1", false),
            ("1 ", false),
            ("0x1", false),
            ("NaN", false),
            ("1e999", false),
            ("", false),
        ] {
            assert_eq!(number(text).is_some(), is_number, "{text:?}");
        }
    }
}
