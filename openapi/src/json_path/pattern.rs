//! Patterns of `match` and `search`: I-Regexp (RFC 9485), matched in linear time.

use regex_automata::Input;
use regex_automata::meta::Regex;
use regex_automata::util::syntax;

/// Bytes of a pattern's text.
const MOST_TEXT: usize = 1000;
/// Memory in bytes that a compiled pattern may take.
const MOST_BYTES: usize = 256 * 1024;

#[derive(Clone, Debug)]
pub(super) struct Pattern(Regex);

impl Pattern {
    /// `None` if it is no pattern, or one that takes too much memory.
    pub(super) fn new(text: &str, is_whole: bool, ignores_case: bool) -> Option<Self> {
        if text.len() > MOST_TEXT {
            return None;
        }
        let config = Regex::config()
            .nfa_size_limit(Some(MOST_BYTES))
            .onepass_size_limit(Some(MOST_BYTES / 8))
            .hybrid_cache_capacity(MOST_BYTES / 4)
            .which_captures(regex_automata::nfa::thompson::WhichCaptures::None);
        let syntax = syntax::Config::new().nest_limit(50).case_insensitive(ignores_case);
        let mut pattern = translate(text);
        if is_whole {
            pattern = format!(r"\A(?:{pattern})\z");
        }
        let regex = Regex::builder().configure(config).syntax(syntax).build(&pattern);
        regex.ok().map(Self)
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        self.0.is_match(Input::new(text).earliest(true))
    }
}

/// The dot of I-Regexp doesn't match a carriage return either.
fn translate(pattern: &str) -> String {
    let mut translated = String::with_capacity(pattern.len() + 8);
    let (mut is_class, mut is_escaped) = (false, false);
    for character in pattern.chars() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '[' => is_class = true,
            ']' => is_class = false,
            '.' if !is_class => {
                translated.push_str(r"[^\n\r]");
                continue;
            }
            _ => {}
        }
        translated.push(character);
    }
    translated
}
