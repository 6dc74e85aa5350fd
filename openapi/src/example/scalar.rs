//! Texts, numbers and booleans that fit their keywords.

use serde_json::{Number, Value};

use super::conjunction::Conjunction;
use super::{Builder, number};

/// The longest text that is made.
const MOST_TEXT: usize = 64 * 1024;

/// Texts that real patterns are often about, the plainest first.
const USUAL: [&str; 22] = [
    "string",
    "name",
    "abc",
    "ABC",
    "1",
    "0",
    "123",
    "2026-01-15",
    "2026-01-15T09:30:00Z",
    "09:30:00",
    "2026",
    "user@example.com",
    "https://example.com",
    "https://example.com/path",
    "/path",
    "api.example.com",
    "192.0.2.1",
    "+15555550100",
    "6f1c2e4a-9b7d-4c3e-8a5f-0d1e2f3a4b5c",
    "dHVybnBpa2U=",
    "1.0.0",
    "en-US",
];

/// Addresses and ids reserved for documentation (RFC 2606, 5737, 3849).
pub(super) fn of_format(format: &str) -> Option<&'static str> {
    Some(match format {
        "date" => "2026-01-15",
        "date-time" => "2026-01-15T09:30:00Z",
        "time" => "09:30:00Z",
        "duration" => "PT1H",
        "email" | "idn-email" => "user@example.com",
        "hostname" | "idn-hostname" => "api.example.com",
        "ipv4" | "ip" => "192.0.2.1",
        "ipv6" => "2001:db8::1",
        "uri" | "url" | "iri" => "https://example.com",
        "uri-reference" | "iri-reference" => "/path",
        "uri-template" => "/items/{id}",
        "uuid" => "6f1c2e4a-9b7d-4c3e-8a5f-0d1e2f3a4b5c",
        "byte" | "base64" | "base64url" => "dHVybnBpa2U=",
        "json-pointer" => "/a/0",
        "relative-json-pointer" => "0/a",
        "regex" => "^[a-z]+$",
        "password" => "correct horse battery staple",
        "phone" => "+15555550100",
        _ => return None,
    })
}

/// A text of the format that is another one for each variant, where that is easy.
fn varied(format: &str, text: &str, variant: usize) -> String {
    let two = variant % 28;
    match format {
        _ if variant == 0 => text.to_owned(),
        "date" => format!("2026-01-{:02}", two + 1),
        "date-time" => format!("2026-01-{:02}T09:30:00Z", two + 1),
        "time" => format!("09:{:02}:00Z", variant % 60),
        "duration" => format!("PT{}H", variant + 1),
        "email" | "idn-email" => format!("user{variant}@example.com"),
        "hostname" | "idn-hostname" => format!("api{variant}.example.com"),
        "ipv4" | "ip" => format!("192.0.2.{}", variant % 255 + 1),
        "ipv6" => format!("2001:db8::{:x}", variant + 1),
        "uri" | "url" | "iri" => format!("https://example.com/{variant}"),
        "uuid" => format!("6f1c2e4a-9b7d-4c3e-8a5f-{variant:012x}"),
        "byte" | "base64" | "base64url" => format!("dHV{}bnBpa2U=", char::from(b'a' + (variant % 26) as u8)),
        _ => format!("{text}{variant}"),
    }
}

/// What a document means that writes a number as text, or a text as number.
pub(super) fn meant(given: &Value) -> Option<Value> {
    match given {
        Value::Number(_) | Value::Bool(_) => Some(Value::String(given.to_string())),
        Value::String(text) if text.len() <= 40 => match serde_json::from_str(text.trim()) {
            Ok(value @ (Value::Number(_) | Value::Bool(_))) => Some(value),
            _ => None,
        },
        _ => None,
    }
}

impl<'d> Builder<'d> {
    /// Scalars of this JSON Schema type to try, the most telling first.
    pub(super) fn scalars(&mut self, all: &Conjunction<'d>, kind: &str, variant: usize) -> Vec<Value> {
        match kind {
            "string" => self.texts(all, variant).into_iter().map(Value::String).collect(),
            "integer" => number::candidates(all, true, variant),
            "number" => number::candidates(all, false, variant),
            "boolean" => {
                let is_first = variant.is_multiple_of(2);
                vec![Value::Bool(is_first), Value::Bool(!is_first)]
            }
            "null" => vec![Value::Null],
            // A type that JSON Schema doesn't have.
            _ => vec![Value::String("string".to_owned())],
        }
    }

    fn texts(&mut self, all: &Conjunction<'d>, variant: usize) -> Vec<String> {
        let least = all.at_least("minLength").min(MOST_TEXT);
        let most = all.at_most("maxLength");
        let format = all.text("format").unwrap_or_default();
        let mut texts: Vec<String> = Vec::new();
        let of_format = of_format(format);
        texts.extend(of_format.map(|text| varied(format, text, variant)));
        let patterns: Vec<&'d str> = all.every("pattern").filter_map(Value::as_str).take(8).collect();
        if patterns.is_empty() {
            texts.extend(of_format.map(str::to_owned));
            if let Some(stretched) = of_format.and_then(|text| stretched(format, text, least)) {
                texts.push(stretched);
            }
            texts.push(sized("string", least, most, variant));
            return texts;
        }
        let mut solved: Vec<String> = Vec::new();
        for pattern in &patterns {
            solved.extend(
                self.pattern(pattern)
                    .map(|solved| solved.texts(variant, least, most))
                    .into_iter()
                    .flatten(),
            );
        }
        if variant == 0 {
            texts.extend(USUAL.iter().map(|text| (*text).to_owned()));
        }
        texts.extend(solved);
        texts.push(sized("string", least, most, variant));
        // The judge takes no notice of patterns with look-around; here they count.
        for pattern in patterns {
            if let Some(solved) = self.pattern(pattern).filter(|solved| solved.has_lookaround()) {
                let (fitting, others): (Vec<_>, Vec<_>) = texts.into_iter().partition(|text| solved.matches(text));
                texts = if fitting.is_empty() { others } else { fitting };
            }
        }
        texts
    }
}

/// A text of this many characters, different for each variant.
fn sized(word: &str, least: usize, most: usize, variant: usize) -> String {
    let mut text = word.to_owned();
    if variant > 0 {
        text.push_str(&variant.to_string());
    }
    while text.len() < least {
        text.push_str(word);
    }
    if least > word.len() {
        text.truncate(least);
    }
    if text.len() > most {
        // Short ones differ in their first characters.
        let digits = format!("{variant}{word}");
        text = if variant > 0 && most > 0 { digits } else { text };
        if most == 1 && variant > 0 {
            text = char::from_u32(u32::from(b'a') + variant as u32 % 26)
                .unwrap_or('a')
                .to_string();
        }
        text.truncate(most);
    }
    text
}

/// A longer text of a format that has room.
fn stretched(format: &str, text: &str, least: usize) -> Option<String> {
    let missing = least.checked_sub(text.len()).filter(|missing| *missing > 0)?;
    Some(match format {
        "uri" | "url" | "iri" => format!("{text}/{}", "a".repeat(missing)),
        "uri-reference" | "iri-reference" | "uri-template" | "json-pointer" | "password" => {
            format!("{text}{}", "a".repeat(missing))
        }
        "byte" | "base64" | "base64url" => "dHVy".repeat(least.div_ceil(4)),
        "email" | "idn-email" => format!("{}@example.com", "user".repeat(missing / 4 + 2)),
        _ => return None,
    })
}

/// A number from text, if JSON can hold it.
pub(super) fn parsed(text: &str) -> Option<Number> {
    if let Ok(integer) = text.parse::<i64>() {
        return Some(integer.into());
    }
    if let Ok(integer) = text.parse::<u64>() {
        return Some(integer.into());
    }
    text.parse::<f64>().ok().and_then(Number::from_f64)
}
