//! YAML 1.2 core schema (YAML 1.2.2 §10.3.2): what a plain scalar means. `no`, `on` and `12:30` are texts.

use serde_json::Value;

use crate::number::{NumberTexts, is_literal};

/// The value of a plain scalar, or `None` if it is a text.
pub(super) fn resolve(text: &str, numbers: &mut NumberTexts) -> Option<Value> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Some(Value::Null),
        "true" | "True" | "TRUE" => return Some(Value::Bool(true)),
        "false" | "False" | "FALSE" => return Some(Value::Bool(false)),
        _ => {}
    }
    if !text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '+' | '-' | '.')) {
        return None;
    }
    if is_literal(text) {
        return numbers.parse(text).map(Value::Number);
    }
    let based = |prefix: &str, radix| {
        text.strip_prefix(prefix)
            .filter(|digits| digits.chars().all(|digit| digit.is_digit(radix)))
            .and_then(|digits| u64::from_str_radix(digits, radix).ok())
    };
    if let Some(number) = based("0x", 16).or_else(|| based("0o", 8)) {
        return Some(number.into());
    }
    let literal = json_spelling(text)?;
    numbers.parse(&literal).map(Value::Number)
}

/// `+1`, `007`, `.5` and `5.` are numbers to YAML but not to JSON.
fn json_spelling(text: &str) -> Option<String> {
    let (sign, rest) = match text.as_bytes().first() {
        Some(b'+') => ("", &text[1..]),
        Some(b'-') => ("-", &text[1..]),
        _ => ("", text),
    };
    let (mantissa, exponent) = match rest.find(['e', 'E']) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let fraction = if fraction.is_empty() {
        "0".to_owned()
    } else {
        fraction.to_owned()
    };
    let literal = if mantissa.contains('.') {
        format!("{sign}{whole}.{fraction}{exponent}")
    } else {
        format!("{sign}{whole}{exponent}")
    };
    is_literal(&literal).then_some(literal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn core_schema() {
        for (text, expected) in [
            ("no", None),
            ("NO", None),
            ("on", None),
            ("y", None),
            ("12:30:45", None),
            ("2020-01-01", None),
            (".inf", None),
            ("1.2.3", None),
            ("~", Some(json!(null))),
            ("true", Some(json!(true))),
            ("010", Some(json!(10))),
            ("0x1F", Some(json!(31))),
            ("0o17", Some(json!(15))),
            ("1e3", Some(json!(1000.0))),
            ("+5", Some(json!(5))),
            (".5", Some(json!(0.5))),
            ("5.", Some(json!(5.0))),
            ("-", None),
            (".", None),
        ] {
            assert_eq!(resolve(text, &mut NumberTexts::default()), expected, "{text}");
        }
    }
}
