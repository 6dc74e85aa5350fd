//! What the languages have in common when they write texts and data.

use serde_json::Value;

/// Whether a character shows nothing, or changes how what follows is shown, so that code would not be what it looks like.
pub(super) fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
                | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
        )
}

/// A text between quotes, with backslashes before what they end or begin, `\n`, `\r` and `\t`, and `code` for all else that
/// is hidden.
pub(super) fn quoted(text: &str, quote: char, special: &str, code: impl Fn(char) -> String) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push(quote);
    for character in text.chars() {
        match character {
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            other if is_hidden(other) => quoted.push_str(&code(other)),
            other if other == quote || other == '\\' || special.contains(other) => quoted.extend(['\\', other]),
            other => quoted.push(other),
        }
    }
    quoted.push(quote);
    quoted
}

/// `\uXXXX`, twice for what takes two.
pub(super) fn utf16_escape(character: char) -> String {
    let mut units = [0; 2];
    let units = character.encode_utf16(&mut units);
    let escapes: Vec<String> = units.iter().map(|unit| format!("\\u{unit:04x}")).collect();
    escapes.concat()
}

/// `\u{…}`.
pub(super) fn braced_escape(character: char) -> String {
    format!("\\u{{{:x}}}", u32::from(character))
}

/// JSON over several lines, hidden characters escaped, which are the same in any JSON.
pub(super) fn json(value: &Value) -> String {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    if !text.chars().any(|character| character != '\n' && is_hidden(character)) {
        return text;
    }
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if character != '\n' && is_hidden(character) {
            escaped.push_str(&utf16_escape(character));
        } else {
            escaped.push(character);
        }
    }
    escaped
}

/// Every line but the first (and empty ones) with so much space before it.
pub(super) fn indented(text: &str, spaces: &str) -> String {
    text.replace('\n', &format!("\n{spaces}"))
}

/// Fields as `a=b&c=d` (URL standard §5.2), for languages that have nothing that writes them.
pub(super) fn form(fields: &[(String, String)]) -> String {
    let encode = |text: &str| crate::sample::percent_encode(text).replace("%20", "+");
    let pairs: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    pairs.join("&")
}

/// Every item on a line of its own.
pub(super) fn lines(before: &str, items: impl IntoIterator<Item = impl AsRef<str>>, after: &str) -> String {
    let mut lines = String::new();
    for item in items {
        lines.push_str(before);
        lines.push_str(item.as_ref());
        lines.push_str(after);
    }
    lines
}

/// Whether every field has a name of its own.
pub(super) fn are_distinct<'f>(names: impl Iterator<Item = &'f String>) -> bool {
    let mut seen = std::collections::HashSet::new();
    let mut names = names;
    names.all(|name| seen.insert(name))
}

/// A name or file in `Content-Disposition`, as browsers write it (HTML standard, multipart/form-data).
pub(super) fn disposition(text: &str) -> String {
    text.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}
