//! `pattern`: the regular expressions of ECMA-262 (2025, §22.2.1 with the `u` flag), as far as they can be matched in time
//! that grows with the text and no faster. Look-around and back-references can't; a schema with one is compiled without it.

use std::fmt;

use regex_automata::Input;
use regex_automata::meta::{BuildError, Regex};
use regex_automata::util::syntax;

/// Memory in bytes that a compiled pattern may take. `\w{1,64}` needs about 10 KiB.
const MOST_BYTES: usize = 256 * 1024;
/// Memory in bytes for what matching remembers, for each pattern and thread that matches at the same time.
const CACHE_BYTES: usize = 64 * 1024;

/// A compiled pattern.
pub(crate) struct Pattern {
    text: Box<str>,
    regex: Regex,
}

impl fmt::Debug for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Pattern").field(&self.text).finish()
    }
}

impl Pattern {
    /// Compiles a pattern of a schema.
    ///
    /// # Errors
    /// In words, if it is no regular expression, or one that needs look-around, back-references or too much memory.
    pub(crate) fn new(text: &str) -> Result<Self, String> {
        Self::with_case(text, false)
    }

    /// As [`Pattern::new`]; perhaps without telling capital letters from small ones (flag `i`).
    ///
    /// # Errors
    /// As [`Pattern::new`].
    pub(crate) fn with_case(text: &str, ignores_case: bool) -> Result<Self, String> {
        const MOST_TEXT: usize = 10_000;
        if text.len() > MOST_TEXT {
            return Err(format!("the pattern is longer than {MOST_TEXT} bytes"));
        }
        let config = Regex::config()
            .nfa_size_limit(Some(MOST_BYTES))
            .onepass_size_limit(Some(MOST_BYTES / 8))
            .hybrid_cache_capacity(CACHE_BYTES)
            .which_captures(regex_automata::nfa::thompson::WhichCaptures::None);
        let syntax = syntax::Config::new().nest_limit(100).case_insensitive(ignores_case);
        let regex = Regex::builder()
            .configure(config)
            .syntax(syntax)
            .build(&translate(text));
        let regex = regex.map_err(|error| reason(&error))?;
        Ok(Self {
            text: text.into(),
            regex,
        })
    }

    /// Whether it matches anywhere in the text.
    pub(crate) fn matches(&self, text: &str) -> bool {
        self.regex.is_match(Input::new(text).earliest(true))
    }

    /// What looking at a byte of text may cost, as many times what a plain pattern costs: a state machine that is too large to be
    /// kept is made anew from place to place.
    pub(crate) fn effort(&self) -> u64 {
        /// Memory of a plain pattern, in bytes.
        const PLAIN: usize = 16 * 1024;
        1 + (self.regex.memory_usage() / PLAIN) as u64
    }

    /// As the document has it.
    pub(in crate::validate) fn text(&self) -> &str {
        &self.text
    }

    /// Memory in bytes, with one cache.
    pub(in crate::validate) fn weight(&self) -> usize {
        size_of::<Self>() + self.text.len() + self.regex.memory_usage() + CACHE_BYTES / 8
    }
}

fn reason(error: &BuildError) -> String {
    match error.syntax_error() {
        Some(error) => {
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
            format!("the pattern can't be compiled: {last}")
        }
        None => "the pattern takes too much memory".to_owned(),
    }
}

/// Rewrites what ECMA-262 and the syntax of this engine write differently.
pub(crate) fn translate(pattern: &str) -> String {
    let mut translated = String::with_capacity(pattern.len() + 8);
    let mut rest = pattern.chars().peekable();
    let mut is_class = false;
    while let Some(character) = rest.next() {
        match character {
            '\\' => escape(&mut translated, &mut rest, is_class),
            '[' if is_class => translated.push_str(r"\["),
            '[' => {
                is_class = true;
                translated.push('[');
                let is_negated = rest.next_if_eq(&'^').is_some();
                if is_negated {
                    translated.push('^');
                }
                // `[]` matches nothing and `[^]` everything.
                if rest.next_if_eq(&']').is_some() {
                    is_class = false;
                    translated.truncate(translated.len() - 1 - usize::from(is_negated));
                    translated.push_str(if is_negated { r"(?s:.)" } else { r"[^\s\S]" });
                }
            }
            ']' => {
                is_class = false;
                translated.push(']');
            }
            // Set operations of the engine that ECMA-262 has only with the `v` flag.
            '&' | '~' if is_class => translated.extend(['\\', character]),
            '-' if is_class && rest.peek() == Some(&'-') => translated.push_str(r"\-"),
            '{' if !is_class && !starts_quantifier(rest.clone()) => translated.push_str(r"\{"),
            // The end of the text, never before a last line feed.
            '$' if !is_class => translated.push_str(r"\z"),
            other => translated.push(other),
        }
    }
    translated
}

/// Whether what follows a brace makes it a quantifier: without the `u` flag, any other brace stands for itself.
fn starts_quantifier(rest: impl Iterator<Item = char>) -> bool {
    let inner: String = rest.take(24).take_while(|character| *character != '}').collect();
    let (least, most) = inner.split_once(',').unwrap_or((&inner, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    !least.is_empty() && are_digits(least) && are_digits(most)
}

fn escape(translated: &mut String, rest: &mut std::iter::Peekable<std::str::Chars<'_>>, is_class: bool) {
    let Some(character) = rest.next() else {
        translated.push('\\');
        return;
    };
    match (character, is_class) {
        ('d', false) => translated.push_str("[0-9]"),
        ('d', true) => translated.push_str("0-9"),
        ('D', _) => translated.push_str("[^0-9]"),
        ('w', false) => translated.push_str("[0-9A-Za-z_]"),
        ('w', true) => translated.push_str("0-9A-Za-z_"),
        ('W', _) => translated.push_str("[^0-9A-Za-z_]"),
        // White space and line ends of ECMA-262: those of Unicode without U+0085, with the byte order mark.
        ('s', _) => translated.push_str(r"[\s\u{feff}--\u{85}]"),
        ('S', _) => translated.push_str(r"[^\s\u{feff}]"),
        ('b', false) => translated.push_str(r"(?-u:\b)"),
        ('B', false) => translated.push_str(r"(?-u:\B)"),
        ('b', true) => translated.push_str(r"\x08"),
        ('0', _) => translated.push_str(r"\x00"),
        ('c', _) => match rest.next_if(char::is_ascii_alphabetic) {
            Some(letter) => push_code(translated, u32::from(letter) % 32),
            None => translated.push_str(r"\\c"),
        },
        // A pair of surrogates is one character.
        ('u', _) => match surrogates(rest) {
            Some(character) => push_code(translated, character.into()),
            None => {
                translated.push_str(r"\u");
                braced(translated, rest);
            }
        },
        ('p' | 'P', _) => {
            translated.extend(['\\', character]);
            braced(translated, rest);
        }
        ('/' | '"' | '\'' | '<' | '>' | '=' | '!' | ':' | '@' | ' ' | ',' | ';' | '_' | '`' | '%', _) => {
            translated.push(character);
        }
        (other, _) => translated.extend(['\\', other]),
    }
}

/// Appends a character by its number.
fn push_code(translated: &mut String, code: u32) {
    let escape = format!(r"\u{{{code:x}}}");
    translated.push_str(&escape);
}

/// Copies what is in braces.
fn braced(translated: &mut String, rest: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    if rest.peek() == Some(&'{') {
        for character in rest.by_ref() {
            translated.push(character);
            if character == '}' {
                break;
            }
        }
    }
}

/// `\uXXXX\uXXXX` behind the first `\u`, where the two are one character.
fn surrogates(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<char> {
    let mut ahead = rest.clone();
    let unit = |ahead: &mut std::iter::Peekable<std::str::Chars<'_>>| {
        (0..4).try_fold(0, |unit, _| Some(unit * 16 + ahead.next()?.to_digit(16)?))
    };
    let high = unit(&mut ahead)?;
    if !(0xd800..0xdc00).contains(&high) || ahead.next() != Some('\\') || ahead.next() != Some('u') {
        return None;
    }
    let low = unit(&mut ahead).filter(|low| (0xdc00..0xe000).contains(low))?;
    *rest = ahead;
    char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_large_patterns_cost_is_known() {
        let effort = |text: &str| Pattern::new(text).unwrap().effort();
        assert!(effort("^[a-z]+$") <= 3, "{}", effort("^[a-z]+$"));
        assert!(effort("(a?){500}a{500}") >= 5, "{}", effort("(a?){500}a{500}"));
    }

    #[test]
    fn patterns_mean_what_ecmascript_means() {
        for (pattern, text, expected) in [
            (r"^\d{5}$", "12345", true),
            (r"^\d{5}$", "12345\n", false),
            (r"^\d+$", "٣", false),
            (r"^\w+$", "é", false),
            (r"^[\w.-]+$", "a.b-c_9", true),
            (r"^[\d\w]$", "_", true),
            (r"^[a-z[]+$", "a[", true),
            (r"^[a&&b]+$", "&", true),
            (r"^[^]$", "\n", true),
            (r"^\/a\/b$", "/a/b", true),
            (r"^[\s]$", "\u{feff}", true),
            (r"^\s$", "\u{85}", false),
            (r"^\S$", "x", true),
            (r"^\cC$", "\u{3}", true),
            (r"^\u00e9$", "é", true),
            (r"^\ud83d\ude00$", "😀", true),
            (r"^\p{L}+$", "ßäÑ", true),
            (r"^\p{Letter}+$", "ß", true),
            (r"^a{,2}$", "a{,2}", true),
            (r"{id}", "x{id}", true),
            (r"\bcat\b", "a cat sat", true),
            (r"^[^\d]$", "x", true),
            (r"^.$", "\n", false),
        ] {
            let compiled = Pattern::new(pattern).unwrap_or_else(|reason| panic!("{pattern}: {reason}"));
            assert_eq!(
                compiled.matches(text),
                expected,
                "{pattern} on {text:?} as {}",
                translate(pattern)
            );
        }
    }

    #[test]
    fn what_needs_backtracking_or_too_much_memory_is_refused() {
        for pattern in ["^(?!a)", "(?<=a)b", r"(a)\1", "(", "(x{1000}){1000}", &"(".repeat(300)] {
            assert!(Pattern::new(pattern).is_err(), "{pattern}");
        }
    }

    #[test]
    fn catastrophic_patterns_take_linear_time() {
        let pattern = Pattern::new("^(([a-z])+.)+[A-Z]([a-z])+$").unwrap();
        assert!(!pattern.matches(&"a".repeat(100_000)));
    }
}
