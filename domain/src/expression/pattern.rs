//! Patterns of `matches`: the syntax of RE2, as CEL asks for it.

use std::borrow::Cow;

use regex::{Regex, RegexBuilder};

use super::Mistake;

/// Memory of one compiled pattern, in bytes. It also bounds the time of a match, which in the worst case is the size of
/// the pattern for each byte of text.
const MAX_BYTES: usize = 32 << 10;
/// Memory that matching may use to go faster, in bytes.
const MAX_CACHE_BYTES: usize = 256 << 10;

pub(super) fn compile(pattern: &str) -> Result<Regex, Mistake> {
    RegexBuilder::new(&with_ascii_classes(pattern))
        .size_limit(MAX_BYTES)
        .dfa_size_limit(MAX_CACHE_BYTES)
        .build()
        .map_err(|error| Mistake::Pattern(error.to_string()))
}

/// In RE2 `\d`, `\w`, `\s` and `\b` are about ASCII. The library means all of Unicode: other digits than a reader of the
/// policy expects, and automata a hundred times as large.
fn with_ascii_classes(pattern: &str) -> Cow<'_, str> {
    if !pattern.contains('\\') {
        return Cow::Borrowed(pattern);
    }
    let mut out = String::with_capacity(pattern.len() + 32);
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        let escaped = if character == '\\' { characters.next() } else { None };
        match escaped {
            Some('d') => out.push_str("[0-9]"),
            Some('D') => out.push_str("[^0-9]"),
            Some('w') => out.push_str("[0-9A-Za-z_]"),
            Some('W') => out.push_str("[^0-9A-Za-z_]"),
            Some('s') => out.push_str(r"[\t\n\f\r ]"),
            Some('S') => out.push_str(r"[^\t\n\f\r ]"),
            Some('b') => out.push_str(r"(?-u:\b)"),
            _ => {
                out.push(character);
                out.extend(escaped);
            }
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_those_of_re2() {
        for (pattern, text, is_match) in [
            (r"^\d+$", "123", true),
            (r"^\d+$", "\u{661}", false),
            (r"^[\w-]{1,64}$", "a-b_9", true),
            (r"^\w$", "é", false),
            (r"^\W$", "é", true),
            (r"^[^\s]+$", "a b", false),
            (r"^\S\D\s$", "aé ", true),
            (r"\bcat\b", "a cat!", true),
            (r"\bcat\b", "concat", false),
            (r"^\\d$", r"\d", true),
            (r"^é.😀$", "éa😀", true),
            (r"(?i)^ABC$", "abc", true),
        ] {
            assert_eq!(compile(pattern).unwrap().is_match(text), is_match, "{pattern} {text}");
        }
    }

    #[test]
    fn what_would_be_slow_or_large_is_refused() {
        for pattern in [
            "(a{1000}){1000}",
            r"(\w{100}){100}",
            r"a(?=b)",
            r"(a)\1",
            "(",
            r"\",
            "[z-a]",
        ] {
            assert!(matches!(compile(pattern), Err(Mistake::Pattern(_))), "{pattern}");
        }
    }
}
