//! YAML 1.2 in block style, as people write it.

use serde_json::{Map, Value};

use crate::number::NumberTexts;

/// Characters of a key up to which a reader must find its colon (YAML 1.2.2 §7.4.2 has 1024).
const LONGEST_KEY: usize = 1000;

pub(super) fn write(value: &Value, numbers: &NumberTexts) -> String {
    let mut writer = Writer {
        text: String::new(),
        numbers,
    };
    match value {
        Value::Object(map) if !map.is_empty() => writer.map(map, 0),
        Value::Array(items) if !items.is_empty() => writer.list(items, 0),
        other => {
            writer.scalar(other, 0);
            writer.text.push('\n');
        }
    }
    writer.text
}

struct Writer<'n> {
    text: String,
    numbers: &'n NumberTexts,
}

impl Writer<'_> {
    fn indent(&mut self, level: usize) {
        (0..level).for_each(|_| self.text.push_str("  "));
    }

    /// The entries of a map, each on lines of its own; the text ends at the start of a line, or behind `- `.
    fn map(&mut self, map: &Map<String, Value>, level: usize) {
        for (at, (key, value)) in map.iter().enumerate() {
            if at > 0 || self.text.is_empty() || self.text.ends_with('\n') {
                self.indent(level);
            }
            if key.chars().nth(LONGEST_KEY).is_some() {
                self.text.push_str("? ");
                self.quoted(key);
                self.text.push('\n');
                self.indent(level);
            } else {
                self.string(key, None);
            }
            self.text.push(':');
            self.value(value, level);
        }
    }

    fn list(&mut self, items: &[Value], level: usize) {
        for (at, item) in items.iter().enumerate() {
            if at > 0 || self.text.is_empty() || self.text.ends_with('\n') {
                self.indent(level);
            }
            self.text.push('-');
            match item {
                Value::Object(map) if !map.is_empty() => {
                    self.text.push(' ');
                    self.map(map, level + 1);
                }
                Value::Array(items) if !items.is_empty() => {
                    self.text.push(' ');
                    self.list(items, level + 1);
                }
                other => {
                    self.text.push(' ');
                    self.scalar(other, level + 1);
                    self.end();
                }
            }
        }
    }

    /// What stands behind the colon of a key at this level.
    fn value(&mut self, value: &Value, level: usize) {
        match value {
            Value::Object(map) if !map.is_empty() => {
                self.text.push('\n');
                self.map(map, level + 1);
            }
            Value::Array(items) if !items.is_empty() => {
                self.text.push('\n');
                self.list(items, level + 1);
            }
            other => {
                self.text.push(' ');
                self.scalar(other, level + 1);
                self.end();
            }
        }
    }

    fn end(&mut self) {
        if !self.text.ends_with('\n') {
            self.text.push('\n');
        }
    }

    fn scalar(&mut self, value: &Value, level: usize) {
        match value {
            Value::String(string) => self.string(string, Some(level)),
            Value::Number(number) => self.text.push_str(&self.numbers.text(number)),
            Value::Bool(true) => self.text.push_str("true"),
            Value::Bool(false) => self.text.push_str("false"),
            Value::Null => self.text.push_str("null"),
            Value::Object(_) => self.text.push_str("{}"),
            Value::Array(_) => self.text.push_str("[]"),
        }
    }

    /// A text in the plainest form that means exactly it; as a block only where there is a level for its lines.
    fn string(&mut self, string: &str, block: Option<usize>) {
        if is_plain(string) {
            self.text.push_str(string);
        } else if let Some(level) = block.filter(|level| *level > 0 && is_block(string)) {
            self.text.push_str(if string.ends_with('\n') { "|\n" } else { "|-\n" });
            for line in string.lines() {
                if !line.is_empty() {
                    self.indent(level);
                    self.text.push_str(line);
                }
                self.text.push('\n');
            }
        } else if string.chars().all(is_printable) {
            self.text.push('\'');
            self.text.push_str(&string.replace('\'', "''"));
            self.text.push('\'');
        } else {
            self.quoted(string);
        }
    }

    fn quoted(&mut self, string: &str) {
        self.text.push('"');
        for character in string.chars() {
            match character {
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                '\n' => self.text.push_str("\\n"),
                '\r' => self.text.push_str("\\r"),
                '\t' => self.text.push_str("\\t"),
                other if is_printable(other) => self.text.push(other),
                other => {
                    let code = format!("\\u{:04x}", u32::from(other));
                    self.text.push_str(&code);
                }
            }
        }
        self.text.push('"');
    }
}

/// Whether a character may stand in quotes as it is: no control, no line end of any YAML version, no mark of byte order.
fn is_printable(character: char) -> bool {
    !character.is_control()
        && !matches!(
            character,
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        )
        && u32::from(character) < 0x11_0000
}

/// Whether a text needs no quotes, to readers of YAML 1.2 and 1.1.
fn is_plain(string: &str) -> bool {
    let starts_plainly = |first: char| first.is_alphabetic() || "_/$(".contains(first);
    if !string.starts_with(starts_plainly) || string.ends_with([' ', ':']) {
        return false;
    }
    // Digits of a sexagesimal or a date come first, and were refused above.
    let is_word = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    if string.len() <= 5 && is_word.contains(&string.to_ascii_lowercase().as_str()) {
        return false;
    }
    string.chars().all(is_printable) && !string.contains(": ") && !string.contains(" #")
}

/// Whether a text of several lines can be a literal block.
fn is_block(string: &str) -> bool {
    let mut lines = string.lines();
    let Some(first) = lines.next() else { return false };
    let is_one_line = !string.trim_end_matches('\n').contains('\n');
    !is_one_line
        && !first.is_empty()
        && !first.starts_with(' ')
        && !string.ends_with("\n\n")
        && string
            .chars()
            .all(|character| character == '\n' || is_printable(character))
        && string.lines().all(|line| line.is_empty() || !line.trim().is_empty())
}
