//! Quoting for POSIX shells.

use super::outgoing::{Piece, Text};

/// A text as one word that the shell leaves as it is. NUL can't be passed to a program at all and is left out.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\0', "").replace('\'', r"'\''"))
}

/// A text with environment variables as one word.
pub(super) fn word(text: &Text<'_>) -> String {
    // Inside double quotes these four are special (POSIX.1-2024 §2.2.3); so is `!` in interactive bash, and a backslash doesn't
    // take that away. A text without any of them reads best in one pair of quotes.
    let is_simple = |text: &str| !text.contains(['$', '`', '"', '\\', '!', '\0', '\n']);
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
