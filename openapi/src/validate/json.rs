//! JSON that can be read in one way only.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Parses JSON (RFC 8259), at most 128 levels deep. A name that appears twice in one object is an error (RFC 7493 §2.3):
/// readers differ in which one they take, so what was checked might not be what is used.
///
/// # Errors
/// In words, as the end of a sentence, without anything of the text.
pub(super) fn parse(bytes: &[u8]) -> Result<Value, String> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let parsed = OneWay.deserialize(&mut deserializer);
    let parsed = parsed.and_then(|value| deserializer.end().map(|()| value));
    parsed.map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let text = error.to_string();
        let reason = match error.classify() {
            _ if text.starts_with(TWICE) => TWICE,
            _ if text.starts_with("recursion limit") => "it is nested too deeply",
            _ if text.starts_with("number out of range") => "a number is out of range",
            serde_json::error::Category::Eof => "it ends too early",
            _ => "there is a syntax error",
        };
        format!("must be JSON: {reason} at line {line}, column {column}")
    })
}

const TWICE: &str = "a property appears twice in one object";

struct OneWay;

impl<'de> DeserializeSeed<'de> for OneWay {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for OneWay {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(serde_json::Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(OneWay)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if map.contains_key(&key) {
                return Err(A::Error::custom(TWICE));
            }
            let value = entries.next_value_seed(OneWay)?;
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        for (text, expected) in [
            (r#"{"a":[1,-2,0.5,"x",null,true]}"#, None),
            (r#"{"a":1,"a":2}"#, Some("twice")),
            (r#"{"a":1,"\u0061":2}"#, Some("twice")),
            (r#"{"a":{"b":1,"b":2}}"#, Some("twice")),
            (r#"{"a":"#, Some("ends too early")),
            ("{} x", Some("syntax error")),
            ("", Some("ends too early")),
            ("1e999", Some("out of range")),
            ("NaN", Some("syntax error")),
            ("\"\u{fffd}", Some("ends too early")),
            (&"[".repeat(200), Some("too deeply")),
        ] {
            let result = parse(text.as_bytes());
            match (expected, &result) {
                (None, Ok(_)) => {}
                (Some(expected), Err(message)) => assert!(message.contains(expected), "{text}: {message}"),
                _ => panic!("{text}: {result:?}"),
            }
        }
        assert!(parse(b"\"\xff\"").is_err());
    }
}
