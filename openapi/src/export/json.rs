//! JSON (RFC 8259).

use serde_json::Value;

use crate::number::NumberTexts;

pub(super) fn write(value: &Value, numbers: &NumberTexts) -> String {
    let mut text = String::new();
    push(&mut text, value, numbers, 0);
    text.push('\n');
    text
}

fn push(text: &mut String, value: &Value, numbers: &NumberTexts, level: usize) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            text.push('{');
            for (at, (key, value)) in map.iter().enumerate() {
                line(text, at, level + 1);
                push_text(text, key);
                text.push_str(": ");
                push(text, value, numbers, level + 1);
            }
            end(text, level);
            text.push('}');
        }
        Value::Array(items) if !items.is_empty() => {
            text.push('[');
            for (at, value) in items.iter().enumerate() {
                line(text, at, level + 1);
                push(text, value, numbers, level + 1);
            }
            end(text, level);
            text.push(']');
        }
        Value::Object(_) => text.push_str("{}"),
        Value::Array(_) => text.push_str("[]"),
        Value::String(string) => push_text(text, string),
        Value::Number(number) => text.push_str(&numbers.text(number)),
        Value::Bool(true) => text.push_str("true"),
        Value::Bool(false) => text.push_str("false"),
        Value::Null => text.push_str("null"),
    }
}

fn line(text: &mut String, at: usize, level: usize) {
    if at > 0 {
        text.push(',');
    }
    end(text, level);
}

fn end(text: &mut String, level: usize) {
    text.push('\n');
    (0..level).for_each(|_| text.push_str("  "));
}

/// A text in double quotes; in YAML it means the same.
pub(super) fn push_text(text: &mut String, string: &str) {
    text.push('"');
    let mut from = 0;
    for (at, byte) in string.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..0x20 | 0x7f => "",
            _ => continue,
        };
        text.push_str(&string[from..at]);
        from = at + 1;
        if escape.is_empty() {
            let digit = |number: u8| char::from_digit(u32::from(number), 16).unwrap_or('0');
            text.extend(['\\', 'u', '0', '0', digit(byte >> 4), digit(byte & 0xf)]);
        } else {
            text.push_str(escape);
        }
    }
    text.push_str(&string[from..]);
    text.push('"');
}
