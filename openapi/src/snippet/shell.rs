//! Quoting for POSIX shells.

/// A text as one word that the shell leaves as it is. NUL can't be passed to a program at all and is left out.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\0', "").replace('\'', r"'\''"))
}

/// Like [`quoted`], but a `$VARIABLE` at the end of the text is expanded.
pub(super) fn quoted_with_variable(text: &str) -> String {
    let Some((before, variable)) = text.rsplit_once('$').filter(|(_, name)| is_name(name)) else {
        return quoted(text);
    };
    let mut escaped = String::new();
    for character in before.chars().filter(|character| *character != '\0') {
        // Inside double quotes these four are special (POSIX.1-2024 §2.2.3); so is `!` in interactive bash, and a
        // backslash doesn't take that away, so such texts get single quotes.
        if matches!(character, '$' | '`' | '"' | '\\') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    if before.contains('!') {
        return format!("{}\"${variable}\"", quoted(before));
    }
    format!("\"{escaped}${variable}\"")
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || character == '_')
}

#[cfg(test)]
mod tests {
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
        assert_eq!(quoted_with_variable("Bearer $KEY"), r#""Bearer $KEY""#);
        assert_eq!(quoted_with_variable("$(id) \"$KEY"), r#""\$(id) \"$KEY""#);
        assert_eq!(quoted_with_variable("a!$KEY"), r#"'a!'"$KEY""#);
        assert_eq!(quoted_with_variable("Bearer $(id)"), "'Bearer $(id)'");
    }
}
