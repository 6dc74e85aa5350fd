//! From a query to ranked entries.

use std::collections::HashSet;

use super::highlight::{excerpt, marks};
use super::terms::Match;
use super::token::tokens;
use super::{Entry, EntryKind, Hit, Index, Query, Results};

/// What counts of a query.
const MOST_CHARACTERS: usize = 200;
const MOST_WORDS: usize = 12;
const MOST_HITS: usize = 200;
/// How soon more of the same word stops saying more (`k1` of BM25).
const SATURATION: f32 = 12.0;
/// Entries that are looked at once more for being named exactly as typed.
const LOOKED_AT: usize = 100;

/// Words that say nothing, unless they are all that was typed.
const FILLERS: [&str; 22] = [
    "a", "an", "and", "are", "as", "by", "do", "for", "how", "i", "in", "is", "it", "my", "of", "on", "or", "the",
    "to", "what", "where", "with",
];

/// An entry with its score.
#[derive(Clone, Copy)]
struct Scored {
    entry: usize,
    words: u8,
    score: f32,
}

pub(super) fn search<'i>(index: &'i Index, query: &Query<'_>) -> Results<'i> {
    let words = words(query.text);
    let is_wanted = |entry: &Entry| {
        (query.kinds.is_empty() || query.kinds.contains(&entry.kind))
            && query.source.is_none_or(|source| source == entry.source)
    };
    let wanted: Vec<bool> = index.entries.iter().map(is_wanted).collect();
    let matches: Vec<Vec<Match>> = words
        .iter()
        .map(|word| {
            let matches = index.terms.beginning(word);
            if matches.is_empty() {
                index.terms.resembling(word)
            } else {
                matches
            }
        })
        .collect();
    let mut scored = score(index, &matches, &wanted);
    let mut used = matches;
    let has_all = |scored: &[Scored]| scored.iter().any(|scored| usize::from(scored.words) == words.len());
    if !has_all(&scored) && words.len() > 1 {
        // A mistake may have made another word of the document.
        let loose: Vec<Vec<Match>> = words
            .iter()
            .zip(&used)
            .map(|(word, known)| {
                let mut matches = known.clone();
                let further = index.terms.resembling(word);
                matches.extend(
                    further
                        .into_iter()
                        .filter(|found| !known.iter().any(|known| known.term == found.term)),
                );
                matches
            })
            .collect();
        let again = score(index, &loose, &wanted);
        if has_all(&again) {
            (scored, used) = (again, loose);
        }
    }
    let most = scored.iter().map(|scored| scored.words).max().unwrap_or(0);
    scored.retain(|scored| scored.words == most);
    let order = |left: &Scored, right: &Scored| right.score.total_cmp(&left.score).then(left.entry.cmp(&right.entry));
    scored.sort_unstable_by(order);
    let typed = squeezed(query.text);
    for scored in scored.iter_mut().take(LOOKED_AT) {
        let entry = &index.entries[scored.entry];
        let names = [&entry.title, &entry.anchor].map(|name| squeezed(name));
        if !typed.is_empty() && names.contains(&typed) {
            scored.score *= 2.0;
        } else if !typed.is_empty() && names[0].starts_with(&typed) {
            scored.score *= 1.2;
        }
    }
    scored.sort_unstable_by(order);
    let total = scored.len();
    scored.truncate(query.limit.min(MOST_HITS));
    let found: HashSet<&str> = used
        .iter()
        .flatten()
        .map(|found| index.terms.word(found.term))
        .collect();
    let hits = scored.iter().map(|scored| {
        let entry = &index.entries[scored.entry];
        let (excerpt, excerpt_marks) = excerpt(&entry.text, &found);
        Hit {
            entry,
            score: scored.score,
            title_marks: marks(&entry.title, &found),
            detail_marks: marks(&entry.detail, &found),
            excerpt,
            excerpt_marks,
        }
    });
    Results {
        hits: hits.collect(),
        total,
    }
}

/// The words of a query that say something.
fn words(text: &str) -> Vec<String> {
    let text = text
        .char_indices()
        .nth(MOST_CHARACTERS)
        .map_or(text, |(at, _)| &text[..at]);
    let mut words: Vec<String> = Vec::new();
    for token in tokens(text) {
        if !token.is_whole && !words.contains(&token.text) && words.len() < MOST_WORDS {
            words.push(token.text);
        }
    }
    let is_telling = |word: &String| !FILLERS.contains(&word.as_str());
    if words.iter().any(is_telling) {
        words.retain(is_telling);
    }
    words
}

/// Letters and digits of a name, to compare names that are written in different ways.
fn squeezed(name: &str) -> String {
    let letters = name.chars().filter(|character| character.is_alphanumeric());
    letters.take(MOST_CHARACTERS).flat_map(char::to_lowercase).collect()
}

/// Scores every entry that has one of the words at least.
fn score(index: &Index, matches: &[Vec<Match>], wanted: &[bool]) -> Vec<Scored> {
    let count = index.entries.len();
    let mut scores = vec![0.0_f32; count];
    let mut words = vec![0_u8; count];
    let mut best = vec![0.0_f32; count];
    for of_word in matches {
        let mut touched: Vec<usize> = Vec::new();
        for found in of_word {
            for posting in index.terms.postings(found.term) {
                let entry = posting.entry as usize;
                if !wanted[entry] {
                    continue;
                }
                let value = found.quality * posting.weight / (posting.weight + SATURATION);
                if best[entry] == 0.0 {
                    touched.push(entry);
                }
                best[entry] = best[entry].max(value);
            }
        }
        // The fewer entries a word is in, the more it says (`idf` of BM25).
        let rarity = (1.0 + (count as f32 - touched.len() as f32 + 0.5) / (touched.len() as f32 + 0.5)).ln();
        for entry in touched {
            scores[entry] += best[entry] * rarity;
            words[entry] += 1;
            best[entry] = 0.0;
        }
    }
    let found = (0..count).filter(|entry| words[*entry] > 0).map(|entry| {
        let own = &index.entries[entry];
        let kind = match own.kind {
            EntryKind::Operation | EntryKind::Guide => 1.0,
            EntryKind::Tag | EntryKind::Schema => 0.9,
            EntryKind::Webhook => 0.8,
            EntryKind::Parameter => 0.7,
        };
        let age = if own.is_deprecated { 0.7 } else { 1.0 };
        Scored {
            entry,
            words: words[entry],
            score: scores[entry] * kind * age,
        }
    });
    found.collect()
}
