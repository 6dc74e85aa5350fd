//! The words of all entries, sorted, with the entries that have them; and the words near to one that was typed.

use std::collections::HashMap;

/// Words that one word of a query may stand for.
const MOST_MATCHES: usize = 400;

/// An entry that has a word, and how much the word says about it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Posting {
    pub(super) entry: u32,
    /// How often it has the word, weighted by the fields it is in and their lengths.
    pub(super) weight: f32,
}

/// Every word with its entries.
#[derive(Debug, Default)]
pub(super) struct Terms {
    words: Vec<Box<str>>,
    /// Where the postings of each word begin; one more than there are words.
    starts: Vec<u32>,
    postings: Vec<Posting>,
}

/// A word that a word of the query stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Match {
    pub(super) term: usize,
    /// From 0 to 1: how near it is.
    pub(super) quality: f32,
}

impl Terms {
    pub(super) fn of(lists: HashMap<String, Vec<Posting>>) -> Self {
        let mut lists: Vec<(String, Vec<Posting>)> = lists.into_iter().collect();
        lists.sort_unstable_by(|(left, _), (right, _)| left.cmp(right));
        let mut terms = Self::default();
        terms.starts.push(0);
        for (word, postings) in lists {
            terms.words.push(word.into());
            terms.postings.extend(postings);
            terms.starts.push(terms.postings.len() as u32);
        }
        terms.postings.shrink_to_fit();
        terms
    }

    pub(super) fn word(&self, term: usize) -> &str {
        &self.words[term]
    }

    pub(super) fn postings(&self, term: usize) -> &[Posting] {
        &self.postings[self.starts[term] as usize..self.starts[term + 1] as usize]
    }

    /// The word itself and those it begins.
    pub(super) fn beginning(&self, word: &str) -> Vec<Match> {
        let from = self.words.partition_point(|known| **known < *word);
        let length = word.chars().count() as f32;
        let of_prefix = self.words[from..].iter().take_while(|known| known.starts_with(word));
        let mut matches: Vec<Match> = of_prefix
            .enumerate()
            .map(|(at, known)| Match {
                term: from + at,
                quality: if **known == *word {
                    1.0
                } else {
                    0.4 + 0.5 * length / known.chars().count() as f32
                },
            })
            .collect();
        nearest(&mut matches);
        matches
    }

    /// Words that are this one with a few mistakes, or that begin with it so.
    ///
    /// The words are sorted, so that neighbours share their beginnings and the rows of the distance matrix for them; where every
    /// way to continue has too many mistakes already, all words of that beginning are passed over.
    pub(super) fn resembling(&self, word: &str) -> Vec<Match> {
        let typed: Vec<char> = word.chars().collect();
        let most = match typed.len() {
            0..4 => return Vec::new(),
            4..8 => 1,
            _ => 2,
        };
        let width = typed.len() + 1;
        let mut matches = Vec::new();
        let mut rows: Vec<Vec<usize>> = vec![(0..width).collect()];
        let mut shared: Vec<char> = Vec::new();
        let mut at = 0;
        while at < self.words.len() {
            let word: Vec<char> = self.words[at].chars().collect();
            let common = shared
                .iter()
                .zip(&word)
                .take_while(|(left, right)| left == right)
                .count();
            shared.truncate(common);
            rows.truncate(common + 1);
            let mut is_hopeless = false;
            let mut of_prefix = None;
            for depth in 0..word.len() {
                if depth >= rows.len() - 1 {
                    rows.push(row(&typed, &word[..=depth], &rows));
                    shared.push(word[depth]);
                }
                let last = &rows[depth + 1];
                if last[width - 1] <= most {
                    let better = of_prefix.is_none_or(|known| last[width - 1] < known);
                    of_prefix = if better { Some(last[width - 1]) } else { of_prefix };
                }
                if of_prefix.is_none() && last.iter().min().is_none_or(|least| *least > most) {
                    is_hopeless = true;
                    let beginning: String = word[..=depth].iter().collect();
                    let rest = &self.words[at..];
                    at += rest.partition_point(|known| known.starts_with(&beginning));
                    break;
                }
            }
            if is_hopeless {
                continue;
            }
            let distance = rows.get(word.len()).map_or(usize::MAX, |row| row[width - 1]);
            let quality = match (distance <= most, of_prefix) {
                (true, _) => Some(0.6 / (distance as f32 + 0.5)),
                (false, Some(distance)) => Some(0.4 / (distance as f32 + 0.5)),
                (false, None) => None,
            };
            matches.extend(quality.map(|quality| Match {
                term: at,
                quality: quality.min(0.9),
            }));
            at += 1;
        }
        nearest(&mut matches);
        matches
    }

    pub(super) fn weight(&self) -> usize {
        let words: usize = self.words.iter().map(|word| word.len() + size_of::<Box<str>>()).sum();
        words + self.starts.len() * 4 + self.postings.len() * size_of::<Posting>()
    }
}

/// Keeps the best, so that one letter doesn't stand for half the words.
fn nearest(matches: &mut Vec<Match>) {
    matches.sort_by(|left, right| right.quality.total_cmp(&left.quality).then(left.term.cmp(&right.term)));
    matches.truncate(MOST_MATCHES);
}

/// The next row of the matrix of optimal string alignment distances.
fn row(typed: &[char], word: &[char], rows: &[Vec<usize>]) -> Vec<usize> {
    let depth = word.len();
    let last = &rows[depth - 1];
    let mut row = Vec::with_capacity(typed.len() + 1);
    row.push(depth);
    for at in 1..=typed.len() {
        let is_same = typed[at - 1] == word[depth - 1];
        let mut least = (last[at] + 1)
            .min(row[at - 1] + 1)
            .min(last[at - 1] + usize::from(!is_same));
        if at > 1 && depth > 1 && typed[at - 1] == word[depth - 2] && typed[at - 2] == word[depth - 1] {
            least = least.min(rows[depth - 2][at - 2] + 1);
        }
        row.push(least);
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(words: &[&str]) -> Terms {
        Terms::of(words.iter().map(|word| ((*word).to_owned(), Vec::new())).collect())
    }

    #[test]
    fn words_are_found_in_spite_of_mistakes() {
        let terms = terms(&[
            "issue",
            "issues",
            "label",
            "list",
            "pet",
            "repositories",
            "repository",
            "tissue",
        ]);
        let words = |matches: Vec<Match>| -> Vec<String> {
            let mut words: Vec<String> = matches.iter().map(|found| terms.word(found.term).to_owned()).collect();
            words.sort();
            words
        };
        for (typed, expected) in [
            ("isue", vec!["issue", "issues"]),
            ("issue", vec!["issue", "issues", "tissue"]),
            ("lable", vec!["label"]),
            ("repositroy", vec!["repositories", "repository"]),
            ("pte", vec![]),
            ("xxxxxxxx", vec![]),
        ] {
            assert_eq!(words(terms.resembling(typed)), expected, "{typed}");
        }
        assert_eq!(words(terms.beginning("repo")), ["repositories", "repository"]);
        assert_eq!(terms.beginning("issue")[0], Match { term: 0, quality: 1.0 });
        assert!(terms.beginning("x").is_empty());
    }

    /// The walk that shares rows finds what comparing every word finds.
    #[test]
    fn sharing_rows_changes_nothing() {
        let alphabet = ['a', 'b', 'c'];
        let mut words = vec![String::new()];
        for _ in 0..5 {
            let longer = words
                .iter()
                .flat_map(|word| alphabet.map(|letter| format!("{word}{letter}")));
            words = longer.chain(words.clone()).collect();
            words.sort();
            words.dedup();
        }
        words.retain(|word| !word.is_empty());
        let all = terms(&words.iter().map(String::as_str).collect::<Vec<_>>());
        for typed in ["abca", "aabb", "cbacb"] {
            let found: std::collections::HashSet<usize> =
                all.resembling(typed).iter().map(|found| found.term).collect();
            let expected = (0..all.words.len()).filter(|term| {
                let letters: Vec<char> = typed.chars().collect();
                let word: Vec<char> = all.word(*term).chars().collect();
                let mut rows = vec![(0..=letters.len()).collect::<Vec<usize>>()];
                (1..=word.len()).any(|depth| {
                    let next = row(&letters, &word[..depth], &rows);
                    rows.push(next);
                    rows[depth][letters.len()] <= 1
                })
            });
            let expected: std::collections::HashSet<usize> = expected.collect();
            assert!(
                found.is_subset(&expected) && found.len() == expected.len().min(MOST_MATCHES),
                "{typed}"
            );
        }
    }
}
