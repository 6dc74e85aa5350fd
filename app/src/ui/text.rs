//! Text that strangers wrote: names, titles and paths out of uploaded documents.

use std::{borrow::Cow, fmt::Write as _};

/// Whether a character may deceive the reader or break a line: controls, bidirectional embeddings, overrides and
/// isolates (Unicode TR 9 §2), invisible format characters and tag characters.
///
/// The zero-width joiners, and the left-to-right and right-to-left marks, stay: ordinary words of Persian, Hindi or
/// Hebrew contain them, and they cannot reorder their surroundings.
fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{00AD}'
                | '\u{180E}'
                | '\u{200B}'
                | '\u{2028}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}'
                | '\u{FEFF}'
                | '\u{FFF9}'..='\u{FFFB}'
                | '\u{E0000}'..='\u{E007F}'
        )
}

/// The text with deceptive characters written out as `[U+202E]`; tabs and line ends become spaces.
///
/// For one-line texts of untrusted origin. Nothing is hidden: what was there can still be seen.
pub fn visible_text(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_deceptive) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\t' | '\n' | '\r' => out.push(' '),
            c if is_deceptive(c) => {
                let _ = write!(out, "[U+{:04X}]", u32::from(c));
            }
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// As [`visible_text`], for text of several lines: tabs and line ends stay.
pub fn visible_lines(text: &str) -> Cow<'_, str> {
    let is_bad = |c: char| is_deceptive(c) && !matches!(c, '\t' | '\n' | '\r');
    if !text.chars().any(is_bad) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_bad(c) {
            let _ = write!(out, "[U+{:04X}]", u32::from(c));
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// [`visible_text`], cut to at most `max` characters with an ellipsis in place of what is missing.
pub fn short_text(text: &str, max: usize) -> String {
    let text = visible_text(text);
    if text.char_indices().nth(max).is_none() {
        return text.into_owned();
    }
    let end = text.char_indices().nth(max.saturating_sub(1)).map_or(0, |(at, _)| at);
    format!("{}…", text[..end].trim_end())
}

/// One or two characters for the plate of an api: the initials of its first two words, or the first two letters.
pub fn initials(name: &str) -> String {
    let mut words = name
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    let letters: String = match (words.next(), words.next()) {
        (Some(first), Some(second)) => first.chars().take(1).chain(second.chars().take(1)).collect(),
        (Some(first), None) => first.chars().take(2).collect(),
        (None, _) => "?".into(),
    };
    letters.to_uppercase()
}

/// `one` for 1, `many` for every other number, with the number before it: `1 call`, `2,310 calls`.
pub fn counted(number: u64, one: &str, many: &str) -> String {
    let word = if number == 1 { one } else { many };
    format!("{} {word}", domain::plan::grouped(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deceptive_characters_become_visible() {
        for (name, text, shown) in [
            ("plain", "Petstore", "Petstore"),
            ("right-to-left word", "واجهة الطقس", "واجهة الطقس"),
            ("persian joiner", "می\u{200C}خواهم", "می\u{200C}خواهم"),
            ("override", "user\u{202E}gpj.exe", "user[U+202E]gpj.exe"),
            ("isolate", "a\u{2066}b\u{2069}", "a[U+2066]b[U+2069]"),
            ("null and bell", "a\0b\u{7}", "a[U+0000]b[U+0007]"),
            ("line ends", "a\r\nb\tc", "a  b c"),
            ("line separator", "a\u{2028}b", "a[U+2028]b"),
            ("zero width space", "pay\u{200B}pal", "pay[U+200B]pal"),
            ("byte order mark", "\u{FEFF}x", "[U+FEFF]x"),
            ("tag", "x\u{E0041}", "x[U+E0041]"),
            ("markup is left to the escaping of views", "<b>", "<b>"),
        ] {
            assert_eq!(visible_text(text), shown, "{name}");
        }
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        assert_eq!(short_text("Wetter", 6), "Wetter");
        assert_eq!(short_text("Wetterdienst", 7), "Wetter…");
        assert_eq!(short_text("日本語のAPI", 3), "日本…");
        assert_eq!(short_text("", 0), "");
    }

    #[test]
    fn plates_carry_one_or_two_characters() {
        for (name, plate) in [
            ("Petstore", "PE"),
            ("Shipping rates", "SR"),
            ("x", "X"),
            ("", "?"),
            ("---", "?"),
            ("\u{202E}evil", "EV"),
            ("天気 API", "天A"),
        ] {
            assert_eq!(initials(name), plate, "{name}");
        }
    }
}
