//! Quoting for POSIX shells.

use std::fmt::Write as _;

use super::outgoing::{Piece, Text};

/// A text as one word that the shell leaves as it is. NUL can't be passed to a program at all and is left out. What is not for a
/// terminal (an escape sequence ends a paste, an override turns the line around) is written in ASCII, `$'…'`, for a text goes
/// where a reader pastes it.
pub(super) fn quoted(text: &str) -> String {
    if !text.contains(is_not_for_terminals) {
        return format!("'{}'", text.replace('\0', "").replace('\'', r"'\''"));
    }
    let mut word = String::from("$'");
    for character in text.chars().filter(|character| *character != '\0') {
        match character {
            '\'' | '\\' => word.extend(['\\', character]),
            '\n' | '\t' => word.push(character),
            other if is_not_for_terminals(other) => {
                // Byte by byte: not every shell knows code points (POSIX.1-2024 §2.2.4).
                let mut bytes = [0; 4];
                for byte in other.encode_utf8(&mut bytes).bytes() {
                    let _ = write!(word, "\\{byte:03o}");
                }
            }
            other => word.push(other),
        }
    }
    word.push('\'');
    word
}

/// Controls but for line ends and tabs, and characters that reorder or hide others (Unicode TR 9 §2, TR 36 §2).
fn is_not_for_terminals(character: char) -> bool {
    let is_control = character.is_control() && !matches!(character, '\0' | '\n' | '\t');
    is_control
        || matches!(character, '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{E0000}'..='\u{E007F}')
}

/// A text with environment variables as one word.
pub(super) fn word(text: &Text<'_>) -> String {
    // Inside double quotes these four are special (POSIX.1-2024 §2.2.3); so is `!` in interactive bash, and a backslash doesn't
    // take that away. A text without any of them reads best in one pair of quotes.
    let is_simple =
        |text: &str| !text.contains(['$', '`', '"', '\\', '!', '\0', '\n']) && !text.contains(is_not_for_terminals);
    let is_variable = |piece: &Piece<'_>| !matches!(piece, Piece::Text(_));
    let are_simple = text.iter().all(|piece| match piece {
        Piece::Text(text) => is_simple(text),
        Piece::Variable(_) | Piece::Encoded(_) => true,
    });
    if text.iter().any(is_variable) && are_simple {
        return format!("\"{}\"", pieces(text, &|text| text.to_owned(), ""));
    }
    if text.is_empty() {
        return quoted("");
    }
    pieces(text, &quoted, "\"")
}

fn pieces(text: &Text<'_>, quoted: &dyn Fn(&str) -> String, around: &str) -> String {
    let mut word = String::new();
    for (at, piece) in text.iter().enumerate() {
        match piece {
            Piece::Text(text) => word.push_str(&quoted(text)),
            Piece::Variable(name) | Piece::Encoded(name) => {
                // The name must not run on into what follows.
                let runs_on = matches!(text.get(at + 1), Some(Piece::Text(next))
                    if next.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_' || first == '['));
                let name = if runs_on {
                    format!("{{{name}}}")
                } else {
                    (*name).to_owned()
                };
                word.extend([format!("{around}${name}{around}")]);
            }
        }
    }
    word
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    #[test]
    fn words_stay_what_they_are() {
        for (text, expected) in [
            ("a b", "'a b'"),
            ("it's", r"'it'\''s'"),
            ("$HOME `id` \\", r"'$HOME `id` \'"),
            ("a\0b", "'ab'"),
            ("it's \u{1b}[201~\u{3}\\\n", "$'it\\'s \\033[201~\\003\\\\\n'"),
            ("a\u{202e}b", r"$'a\342\200\256b'"),
        ] {
            assert_eq!(quoted(text), expected);
        }
        let text = |text: &'static str| Piece::Text(Cow::Borrowed(text));
        for (pieces, expected) in [
            (vec![text("Bearer "), Piece::Variable("KEY")], r#""Bearer $KEY""#),
            (vec![Piece::Encoded("KEY"), text("s")], r#""${KEY}s""#),
            (vec![text("$(id) \""), Piece::Variable("KEY")], r#"'$(id) "'"$KEY""#),
            (vec![text("a!"), Piece::Variable("KEY")], r#"'a!'"$KEY""#),
            (vec![text("Bearer $(id)")], "'Bearer $(id)'"),
            (vec![], "''"),
        ] {
            assert_eq!(word(&pieces), expected);
        }
    }
}
