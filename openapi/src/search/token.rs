//! Words, as people see them in prose, names and paths.

/// Characters of one word that count.
const MOST_CHARACTERS: usize = 40;

/// A word of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// In lower case.
    pub(super) text: String,
    /// Where it begins and ends in the text, in bytes.
    pub(super) start: usize,
    pub(super) end: usize,
    /// Whether it is a name of several words as a whole, beside those words.
    pub(super) is_whole: bool,
}

/// The words of a text; names such as `getPetById` give their words and themselves.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut start = None;
    for (at, character) in text.char_indices().chain([(text.len(), ' ')]) {
        match (character.is_alphanumeric(), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                word(text, from, at, &mut tokens);
                start = None;
            }
            _ => {}
        }
    }
    tokens
}

/// What kind of character it is, as far as words begin where kinds change.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Upper,
    Other,
    Digit,
    /// Scripts that put no space between words: each character counts as one.
    Single,
}

fn class(character: char) -> Class {
    match character {
        '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}' => {
            Class::Single
        }
        character if character.is_uppercase() => Class::Upper,
        character if character.is_numeric() => Class::Digit,
        _ => Class::Other,
    }
}

fn word(text: &str, start: usize, end: usize, tokens: &mut Vec<Token>) {
    let word = &text[start..end];
    let characters: Vec<(usize, Class)> = word
        .char_indices()
        .map(|(at, character)| (at, class(character)))
        .collect();
    let mut begins = vec![0];
    for at in 1..characters.len() {
        let (before, here) = (characters[at - 1].1, characters[at].1);
        let next = characters.get(at + 1).map(|(_, class)| *class);
        let is_begin = match (before, here) {
            (Class::Single, _) | (_, Class::Single) => true,
            // `HTTPServer`: the last upper-case letter belongs to what follows.
            (Class::Upper, Class::Upper) => next == Some(Class::Other),
            (Class::Upper, Class::Other) => false,
            (before, here) => before != here,
        };
        if is_begin {
            begins.push(characters[at].0);
        }
    }
    let mut push = |from: usize, to: usize, is_whole: bool| {
        let lower = word[from..to]
            .chars()
            .take(MOST_CHARACTERS)
            .flat_map(char::to_lowercase);
        tokens.push(Token {
            text: lower.collect(),
            start: start + from,
            end: start + to,
            is_whole,
        });
    };
    for (at, from) in begins.iter().enumerate() {
        push(*from, begins.get(at + 1).copied().unwrap_or(word.len()), false);
    }
    if begins.len() > 1 {
        push(0, word.len(), true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_where_people_see_words() {
        for (text, expected) in [
            ("Find a pet", "find a pet"),
            ("getPetById", "get pet by id getpetbyid"),
            ("pull_request-id", "pull request id"),
            ("/user-groups/{groupId}", "user groups group id groupid"),
            ("HTTPServer2", "http server 2 httpserver2"),
            ("OAuth", "o auth oauth"),
            ("Größe", "größe"),
            ("日本", "日 本 日本"),
            ("", ""),
            ("…", ""),
        ] {
            let found: Vec<String> = tokens(text).into_iter().map(|token| token.text).collect();
            assert_eq!(found.join(" "), expected, "{text}");
        }
        let token = &tokens("a getPet")[2];
        assert_eq!(
            ("a getPet".get(token.start..token.end), token.is_whole),
            (Some("Pet"), false)
        );
    }
}
