//! Numbers as they were written.
//!
//! A JSON value holds integers of 64 bits and binary floating point; documents also contain `123456789012345678901234567890`
//! and `1e400`. Their digits are kept beside the value, keyed by the bits of the nearest number that fits.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::{Number, Value};

/// The digits of those numbers of a document that a JSON value can't hold exactly.
#[derive(Clone, Debug, Default)]
pub(crate) struct NumberTexts {
    by_bits: HashMap<u64, Box<str>>,
}

impl NumberTexts {
    /// Numbers whose digits are kept; a document of nothing else must not fill the memory twice.
    const MOST: usize = 10_000;
    /// Different literals that may share a nearest number and still keep their digits.
    const MOST_NEIGHBOURS: usize = 64;

    /// The number for a JSON number literal (RFC 8259 §6); its digits are remembered if they don't fit.
    pub(crate) fn parse(&mut self, literal: &str) -> Option<Number> {
        if literal.len() <= 20 && literal != "-0" && !literal.contains(['.', 'e', 'E']) {
            if let Ok(number) = literal.parse::<u64>() {
                return Some(number.into());
            }
            if let Ok(number) = literal.parse::<i64>() {
                return Some(number.into());
            }
        }
        let number: f64 = literal.parse().ok()?;
        if number.is_nan() {
            return None;
        }
        if !number.is_infinite() && significant_digits(literal) <= 17 {
            return Number::from_f64(number);
        }
        Number::from_f64(self.remember(number.clamp(f64::MIN, f64::MAX), literal))
    }

    /// Takes over the digits of another document's numbers. Where both have digits for the same number, the own ones stay.
    pub(crate) fn add(&mut self, other: &Self) {
        for (bits, text) in &other.by_bits {
            if self.by_bits.len() < Self::MOST {
                self.by_bits.entry(*bits).or_insert_with(|| text.clone());
            }
        }
    }

    /// Finds a bit pattern for the literal. Two literals that round to the same number get neighbours, so that each keeps
    /// its own digits; the number itself is inexact already.
    fn remember(&mut self, nearest: f64, literal: &str) -> f64 {
        let mut number = nearest;
        for _ in 0..Self::MOST_NEIGHBOURS {
            if self.by_bits.len() >= Self::MOST {
                break;
            }
            match self.by_bits.get(&number.to_bits()) {
                None => {
                    self.by_bits.insert(number.to_bits(), literal.into());
                    return number;
                }
                Some(known) if **known == *literal => return number,
                Some(_) if number > 0.0 => number = number.next_down(),
                Some(_) => number = number.next_up(),
            }
        }
        nearest
    }

    /// The number as the document has it.
    pub(crate) fn text(&self, number: &Number) -> Cow<'_, str> {
        number
            .as_f64()
            .filter(|_| number.is_f64())
            .and_then(|float| self.by_bits.get(&float.to_bits()))
            .map_or_else(|| Cow::Owned(number.to_string()), |text| Cow::Borrowed(&**text))
    }

    /// Bytes in memory, roughly.
    pub(crate) fn weight(&self) -> usize {
        self.by_bits.values().map(|text| text.len() + 32).sum()
    }

    /// A value on one line, for display: texts without quotes, everything else as JSON, numbers as written.
    pub(crate) fn display(&self, value: &Value) -> String {
        match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => self.text(number).into_owned(),
            other => other.to_string(),
        }
    }
}

fn significant_digits(literal: &str) -> usize {
    let mantissa = literal.split(['e', 'E']).next().unwrap_or_default();
    let digits = mantissa
        .bytes()
        .filter(u8::is_ascii_digit)
        .skip_while(|digit| *digit == b'0');
    let mut count = 0;
    let mut significant = 0;
    for digit in digits {
        count += 1;
        if digit != b'0' {
            significant = count;
        }
    }
    significant
}

/// Whether the text is a JSON number (RFC 8259 §6).
pub(crate) fn is_literal(text: &str) -> bool {
    let rest = text.strip_prefix('-').unwrap_or(text);
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits(rest);
    if whole == 0 || (whole > 1 && rest.starts_with('0')) {
        return false;
    }
    let mut rest = &rest[whole..];
    if let Some(fraction) = rest.strip_prefix('.') {
        let length = digits(fraction);
        if length == 0 {
            return false;
        }
        rest = &fraction[length..];
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        let length = digits(exponent);
        return length > 0 && length == exponent.len();
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_kept() {
        let mut numbers = NumberTexts::default();
        for literal in [
            "0",
            "-1",
            "1.5",
            "9007199254740993",
            "18446744073709551615",
            "123456789012345678901234567890",
            "123456789012345678901234567891",
            "1e400",
            "-1e400",
            "99999999999999999999",
        ] {
            let number = numbers.parse(literal).unwrap();
            assert_eq!(numbers.text(&number), literal);
        }
        assert_eq!(numbers.by_bits.len(), 4 + 1);
    }

    #[test]
    fn literals_follow_the_grammar() {
        for (text, expected) in [
            ("0", true),
            ("-0", true),
            ("10", true),
            ("1.50", true),
            ("1e3", true),
            ("1E+3", true),
            ("1.5e-3", true),
            ("", false),
            ("-", false),
            ("01", false),
            ("1.", false),
            (".5", false),
            ("1e", false),
            ("+1", false),
            ("0x1F", false),
        ] {
            assert_eq!(is_literal(text), expected, "{text}");
        }
    }
}
