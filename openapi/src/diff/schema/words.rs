//! How values are put into words.

use serde_json::Value;

/// Characters of a value that a message shows at most.
const MOST: usize = 80;
/// Names that a message lists at most.
const MOST_NAMES: usize = 8;

/// A value as a message shows it.
pub(in crate::diff) fn value(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Array(items) if items.len() > 20 => format!("a list of {} values", items.len()),
        Value::Object(map) if map.len() > 20 => format!("an object of {} members", map.len()),
        // At most 20 members a level; deep ones are cut.
        other => quoted(&bounded(other, 3)),
    }
}

fn bounded(value: &Value, depth: usize) -> String {
    match value {
        Value::Array(_) | Value::Object(_) if depth == 0 => "…".to_owned(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().take(20).map(|item| bounded(item, depth - 1)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(map) => {
            let members = map.iter().take(20);
            let members: Vec<String> = members
                .map(|(key, value)| format!("{key}: {}", bounded(value, depth - 1)))
                .collect();
            format!("{{{}}}", members.join(", "))
        }
        Value::String(text) => cut(text),
        other => other.to_string(),
    }
}

/// Characters of the way to a property that are shown.
pub(in crate::diff) const LONGEST_PATH: usize = 200;

/// The way to a property in backticks, cut in its middle where it is long: its end says most.
pub(in crate::diff) fn quoted_path(path: &str) -> String {
    const FIRST: usize = 60;
    const LAST: usize = LONGEST_PATH - FIRST;
    let length = path.chars().count();
    if length <= LONGEST_PATH {
        return format!("`{}`", visible(path, usize::MAX));
    }
    let last: String = path.chars().skip(length - LAST).collect();
    format!("`{}{}`", visible(path, FIRST), visible(&last, usize::MAX))
}

/// A name or text in backticks, cut where it is long, without anything that could end the code span or move the cursor.
pub(in crate::diff) fn quoted(text: &str) -> String {
    format!("`{}`", cut(text))
}

fn cut(text: &str) -> String {
    visible(text, MOST)
}

fn visible(text: &str, most: usize) -> String {
    let mut shown = String::new();
    for (at, character) in text.chars().enumerate() {
        if at == most {
            shown.push('…');
            break;
        }
        if character == '`' {
            shown.push('\'');
        } else {
            crate::diagnostics::push_visible(&mut shown, character);
        }
    }
    shown
}

/// Names, each in backticks, separated by commas.
pub(in crate::diff) fn list<T: AsRef<str>>(names: &[T]) -> String {
    let mut shown: Vec<String> = names
        .iter()
        .take(MOST_NAMES)
        .map(|name| quoted(name.as_ref()))
        .collect();
    if names.len() > MOST_NAMES {
        shown.push(format!("{} more", names.len() - MOST_NAMES));
    }
    shown.join(", ")
}

/// The types of a schema.
pub(super) fn types(names: &[&str]) -> String {
    if names.is_empty() {
        "any type".to_owned()
    } else {
        names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(" or ")
    }
}

/// A text, or that there is none.
pub(super) fn or_none(text: &str) -> String {
    if text.is_empty() {
        "none".to_owned()
    } else {
        quoted(text)
    }
}
