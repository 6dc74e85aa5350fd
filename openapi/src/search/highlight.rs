//! Where a text says what was looked for.

use std::collections::HashSet;

use super::token::{Token, tokens};

/// Bytes of an excerpt, roughly, and of them before the first match.
const LENGTH: usize = 180;
const BEFORE: usize = 50;

/// The words of a text that match, as ranges of bytes.
pub(super) fn marks(text: &str, found: &HashSet<&str>) -> Vec<(usize, usize)> {
    let tokens = tokens(text);
    let matching = tokens.iter().filter(|token| found.contains(token.text.as_str()));
    merged(matching)
}

fn merged<'t>(tokens: impl Iterator<Item = &'t Token>) -> Vec<(usize, usize)> {
    let mut ranges: Vec<(usize, usize)> = tokens.map(|token| (token.start, token.end)).collect();
    ranges.sort_unstable();
    let mut merged: Vec<(usize, usize)> = Vec::new();
    for (start, end) in ranges {
        match merged.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => merged.push((start, end)),
        }
    }
    merged
}

/// A part of the text around the first match, cut between words, and what matches in it.
pub(super) fn excerpt<'t>(text: &'t str, found: &HashSet<&str>) -> (&'t str, Vec<(usize, usize)>) {
    let first = marks(text, found).first().map_or(0, |(start, _)| *start);
    let start = if first > LENGTH - BEFORE {
        after_space(text, first - BEFORE)
    } else {
        0
    };
    let end = if text.len() - start > LENGTH {
        before_space(text, start + LENGTH)
    } else {
        text.len()
    };
    let part = &text[start..end.max(start)];
    (part, marks(part, found))
}

/// The beginning of a word, not before this place.
fn after_space(text: &str, at: usize) -> usize {
    let at = text.ceil_char_boundary(at);
    text[at..].find(' ').map_or(at, |space| at + space + 1)
}

/// The end of a word, not behind this place.
fn before_space(text: &str, at: usize) -> usize {
    let at = text.floor_char_boundary(at);
    text[..at].rfind(' ').filter(|space| *space > at / 2).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matches_is_marked() {
        let found = HashSet::from(["pet", "id"]);
        assert_eq!(marks("getPetById, a pet", &found), [(3, 6), (8, 10), (14, 17)]);
        let long = format!("{} the pet is here {}", "words ".repeat(60), "more ".repeat(80));
        let (part, ranges) = excerpt(&long, &found);
        assert!(part.len() <= LENGTH && part.contains("the pet is") && part.starts_with("words"));
        assert_eq!(&part[ranges[0].0..ranges[0].1], "pet");
        let wide = "ü".repeat(400);
        let (part, ranges) = excerpt(&wide, &found);
        assert!(part.len() <= LENGTH && !part.is_empty() && ranges.is_empty());
        assert_eq!(excerpt("", &found), ("", vec![]));
    }
}
