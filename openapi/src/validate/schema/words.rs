//! Messages. They quote the document and never the value.

use serde_json::Value;

/// Values that are listed, and bytes of each.
const MOST_VALUES: usize = 6;
const MOST_BYTES: usize = 40;

/// `1 item`, `2 items`, `3 properties`.
pub(super) fn count(count: u64, noun: &str) -> String {
    match (count, noun.strip_suffix('y')) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{count} {stem}ies"),
        (_, None) => format!("{count} {noun}s"),
    }
}

/// A value of the document as JSON, cut.
pub(super) fn value(value: &Value) -> String {
    cut(value.to_string(), MOST_BYTES)
}

fn cut(mut text: String, most: usize) -> String {
    if text.len() > most {
        text.truncate(text.floor_char_boundary(most));
        text.push('…');
    }
    text
}

/// `must be one of "a", "b"`.
pub(super) fn one_of(values: &[Value]) -> String {
    match values {
        [only] => format!("must be {}", value(only)),
        values if values.len() > MOST_VALUES => one_of_many(values.len()),
        values => {
            let values: Vec<String> = values.iter().map(value).collect();
            format!("must be one of {}", values.join(", "))
        }
    }
}

/// The same for many values.
pub(super) fn one_of_many(count: usize) -> String {
    format!("must be one of the {count} values that the document lists")
}

pub(super) fn pattern(pattern: &str) -> String {
    format!("must match the pattern {}", cut(pattern.to_owned(), 120))
}

pub(super) fn hidden(keyword: &str) -> String {
    match keyword {
        "readOnly" => "is read-only and must not be sent".to_owned(),
        _ => "is write-only and must not be in a response".to_owned(),
    }
}
