//! Examples as text to read: JSON with short lists and objects on one line, cut where it gets long.

use openapi::Document;
use serde_json::Value;

/// Longest single text inside an example, in characters; the rest of it is an ellipsis.
const LONGEST_TEXT: usize = 300;
/// What fits on one line, in bytes of compact JSON.
const ONE_LINE: usize = 64;

/// An example that was written out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pretty {
    /// The text, without a line end at its end.
    pub text: String,
    /// Whether lines are missing at its end.
    pub is_cut: bool,
}

/// A value as JSON of at most `max_lines` lines, with numbers exactly as the document has them.
pub fn pretty(document: &Document, value: &Value, max_lines: usize) -> Pretty {
    let mut writer = Writer {
        document,
        text: String::new(),
        lines: 1,
        max_lines,
        is_cut: false,
    };
    writer.value(value, 0);
    Pretty {
        text: writer.text,
        is_cut: writer.is_cut,
    }
}

struct Writer<'d> {
    document: &'d Document,
    text: String,
    lines: usize,
    max_lines: usize,
    is_cut: bool,
}

impl Writer<'_> {
    fn value(&mut self, value: &Value, depth: usize) {
        match value {
            Value::Array(items) if !items.is_empty() && !fits(value) => {
                self.block('[', ']', depth, items.iter().map(|item| (None, item)));
            }
            Value::Object(map) if !map.is_empty() && !fits(value) => {
                self.block(
                    '{',
                    '}',
                    depth,
                    map.iter().map(|(key, item)| (Some(key.as_str()), item)),
                );
            }
            _ => self.inline(value),
        }
    }

    fn block<'v>(
        &mut self,
        open: char,
        close: char,
        depth: usize,
        entries: impl Iterator<Item = (Option<&'v str>, &'v Value)>,
    ) {
        self.text.push(open);
        for (at, (key, item)) in entries.enumerate() {
            if at > 0 {
                self.text.push(',');
            }
            if !self.line(depth + 1) {
                return;
            }
            if let Some(key) = key {
                self.string(key);
                self.text.push_str(": ");
            }
            self.value(item, depth + 1);
            if self.is_cut {
                return;
            }
        }
        if self.line(depth) {
            self.text.push(close);
        }
    }

    /// Begins a line, unless there are too many already.
    fn line(&mut self, depth: usize) -> bool {
        self.is_cut |= self.lines >= self.max_lines;
        if !self.is_cut {
            self.lines += 1;
            self.text.push('\n');
            self.text.extend(std::iter::repeat_n("  ", depth));
        }
        !self.is_cut
    }

    fn inline(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.string(text),
            Value::Array(items) => {
                self.text.push('[');
                for (at, item) in items.iter().enumerate() {
                    self.text.push_str(if at > 0 { ", " } else { "" });
                    self.inline(item);
                }
                self.text.push(']');
            }
            Value::Object(map) if map.is_empty() => self.text.push_str("{}"),
            Value::Object(map) => {
                self.text.push_str("{ ");
                for (at, (key, item)) in map.iter().enumerate() {
                    self.text.push_str(if at > 0 { ", " } else { "" });
                    self.string(key);
                    self.text.push_str(": ");
                    self.inline(item);
                }
                self.text.push_str(" }");
            }
            scalar => self.text.push_str(&self.document.display(scalar)),
        }
    }

    fn string(&mut self, text: &str) {
        let quoted = match text.char_indices().nth(LONGEST_TEXT) {
            Some((end, _)) => Value::from(format!("{}…", &text[..end])),
            None => Value::from(text),
        };
        self.text.push_str(&quoted.to_string());
    }
}

/// Whether a value is short and flat enough for one line.
fn fits(value: &Value) -> bool {
    fn spend(value: &Value, depth: usize, left: &mut usize) -> bool {
        let cost = match value {
            Value::String(text) => text.len() + 2,
            Value::Array(_) | Value::Object(_) => 4,
            Value::Null | Value::Bool(_) | Value::Number(_) => 5,
        };
        *left = match left.checked_sub(cost) {
            Some(left) => left,
            None => return false,
        };
        match value {
            Value::Array(items) => {
                depth > 0
                    && items
                        .iter()
                        .all(|item| !item.is_object() && spend(item, depth - 1, left))
            }
            Value::Object(map) => {
                let mut entries = map.iter();
                depth > 0
                    && entries.all(|(key, item)| {
                        *left = left.saturating_sub(key.len() + 4);
                        !item.is_object() && spend(item, depth - 1, left)
                    })
            }
            _ => true,
        }
    }
    spend(value, 2, &mut ONE_LINE.clone())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document(example: &str) -> Document {
        let json = format!(
            r#"{{"openapi": "3.1.0", "info": {{"title": "t", "version": "1"}}, "paths": {{}}, "x-e": {example}}}"#
        );
        openapi::read(json.as_bytes(), &openapi::Limits::default()).unwrap()
    }

    #[test]
    fn short_things_stay_on_a_line_and_numbers_as_they_were() {
        let document = document(
            r#"{"id": 123456789012345678901234567890, "tags": ["a", "b"], "empty": {}, "point": {"lat": 47.37, "lon": 8},
            "quoted \"key\"": "line\nbreak"}"#,
        );
        let example = pretty(&document, &document.root()["x-e"], 100);
        assert_eq!(
            example.text,
            "{\n  \"id\": 123456789012345678901234567890,\n  \"tags\": [\"a\", \"b\"],\n  \"empty\": {},\n  \"point\": { \"lat\": 47.37, \"lon\": 8 },\n  \"quoted \\\"key\\\"\": \"line\\nbreak\"\n}"
        );
        assert!(!example.is_cut);
    }

    #[test]
    fn long_examples_end_at_the_line_asked_for() {
        let document = document("{}");
        let long = json!(
            (0..1000)
                .map(|n| json!({"n": n, "text": "x".repeat(80)}))
                .collect::<Vec<_>>()
        );
        let example = pretty(&document, &long, 10);
        assert!(example.is_cut);
        assert_eq!(example.text.lines().count(), 10);
        let text = pretty(&document, &json!("é".repeat(5_000)), 10);
        assert!(text.text.chars().count() < 310);
    }
}
