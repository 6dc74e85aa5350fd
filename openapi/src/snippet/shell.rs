//! Quoting for POSIX shells.

use std::fmt::Write as _;

use super::outgoing::{Piece, Text};

/// A text as one word that the shell leaves as it is. NUL can't be passed to a program at all and is left out. What is not for a
/// terminal (an escape sequence ends a paste, an override turns the line around) is written by `printf`, in ASCII: the text goes
/// where a reader pastes it.
pub(super) fn quoted(text: &str) -> String {
    let text = text.replace('\0', "");
    let mut word = String::new();
    let mut rest = text.as_str();
    while !rest.is_empty() || word.is_empty() {
        let end = rest.find(is_not_for_terminals).unwrap_or(rest.len());
        let (plain, others) = rest.split_at(end);
        if !plain.is_empty() || word.is_empty() && others.is_empty() {
            let _ = write!(word, "'{}'", plain.replace('\'', r"'\''"));
        }
        let end = others
            .find(|character| !is_not_for_terminals(character))
            .unwrap_or(others.len());
        let (special, after) = others.split_at(end);
        if !special.is_empty() {
            // Byte by byte: not every shell knows code points. None is a line end, which would be lost at the end.
            let octal: String = special.bytes().fold(String::new(), |mut octal, byte| {
                let _ = write!(octal, "\\{byte:03o}");
                octal
            });
            let _ = write!(word, "\"$(printf '{octal}')\"");
        }
        rest = after;
    }
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
            (
                "it's \u{1b}[201~\u{3}\\\n",
                "'it'\\''s '\"$(printf '\\033')\"'[201~'\"$(printf '\\003')\"'\\\n'",
            ),
            ("\u{202e}", r#""$(printf '\342\200\256')""#),
            ("", "''"),
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
