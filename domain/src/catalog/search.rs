//! Finding apis by words: matching, order and facets, without a database.
//!
//! A catalog has at most a few thousand apis, and ranking with accents folded away is something that SQLite and
//! PostgreSQL each do in their own way or not at all. So the small columns of all visible apis are read and judged
//! here; only the apis of the page that is shown are loaded in full.

use std::collections::HashMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use uuid::Uuid;

use super::query::{CatalogFilter, FacetCount};
use crate::{
    error::{DomainError, Result},
    id::ApiId,
};

/// Words of a query that are looked at; a longer query is a paste by mistake.
const MAX_WORDS: usize = 10;
/// Characters of a query that are looked at.
const MAX_TEXT: usize = 200;

/// What the search looks at of one api.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Identifies the api.
    pub(crate) id: ApiId,
    /// Short name of the api.
    pub(crate) slug: String,
    /// Name for people.
    pub(crate) name: String,
    /// One sentence.
    pub(crate) summary: String,
    /// Words to find it by.
    pub(crate) tags: Vec<String>,
    /// Slug of the provider.
    pub(crate) organization_slug: String,
    /// Name of the provider.
    pub(crate) organization_name: String,
}

/// The answer to a search, by id.
#[derive(Debug)]
pub(crate) struct Found {
    /// Apis of the page, best first.
    pub(crate) page: Vec<ApiId>,
    /// Where the next page begins.
    pub(crate) next: Option<String>,
    /// Matches in all.
    pub(crate) total: u64,
    /// Tags among the matches, most frequent first.
    pub(crate) tags: Vec<FacetCount>,
    /// Providers among the matches, most frequent first.
    pub(crate) providers: Vec<FacetCount>,
}

/// Position in the order of the answer: relevance, then name, then id, so that no two apis share one.
type Position = (u32, String, Uuid);

/// Finds the entries that match `filter`, in order, and the page that its cursor asks for.
///
/// # Errors
/// `Invalid` at `cursor` for a text that no answer contained.
pub(crate) fn search(entries: &[Entry], filter: &CatalogFilter, page_size: usize) -> Result<Found> {
    let after = filter.cursor.as_deref().map(read_cursor).transpose()?;
    let words = words(&filter.text);
    let mut matches: Vec<(Position, &Entry)> = entries
        .iter()
        .filter(|entry| filter.tag.as_ref().is_none_or(|tag| entry.tags.contains(tag)))
        .filter(|entry| {
            filter
                .provider
                .as_ref()
                .is_none_or(|provider| entry.organization_slug == *provider)
        })
        .filter_map(|entry| {
            let folded = Folded::of(entry);
            let rank = words.iter().try_fold(0, |sum, word| Some(sum + folded.rank(word)?))?;
            Some(((rank, folded.name, entry.id.uuid()), entry))
        })
        .collect();
    matches.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));

    let begin = after.map_or(0, |after| matches.partition_point(|(position, _)| *position <= after));
    let end = matches.len().min(begin + page_size);
    let next = (end < matches.len()).then(|| matches[begin..end].last()).flatten();
    Ok(Found {
        page: matches[begin..end].iter().map(|(_, entry)| entry.id).collect(),
        next: next.map(|(position, _)| write_cursor(position)),
        total: matches.len() as u64,
        tags: facet(
            matches
                .iter()
                .flat_map(|(_, entry)| entry.tags.iter().map(|tag| (tag.as_str(), tag.as_str()))),
        ),
        providers: facet(
            matches
                .iter()
                .map(|(_, entry)| (entry.organization_slug.as_str(), entry.organization_name.as_str())),
        ),
    })
}

/// An entry with case and accents folded away.
struct Folded {
    name: String,
    slug: String,
    tags: Vec<String>,
    organization: [String; 2],
    summary: String,
}

impl Folded {
    fn of(entry: &Entry) -> Self {
        Self {
            name: fold(&entry.name),
            slug: fold(&entry.slug),
            tags: entry.tags.iter().map(|tag| fold(tag)).collect(),
            organization: [fold(&entry.organization_slug), fold(&entry.organization_name)],
            summary: fold(&entry.summary),
        }
    }

    /// Where a word stands, best place first; `None` if nowhere.
    fn rank(&self, word: &str) -> Option<u32> {
        if self.name.starts_with(word) {
            Some(0)
        } else if self.name.contains(word) || self.slug.contains(word) {
            Some(1)
        } else if self
            .tags
            .iter()
            .chain(&self.organization)
            .any(|text| text.contains(word))
        {
            Some(2)
        } else if self.summary.contains(word) {
            Some(3)
        } else {
            None
        }
    }
}

fn words(text: &str) -> Vec<String> {
    let text: String = text.chars().take(MAX_TEXT).collect();
    fold(&text)
        .split_whitespace()
        .take(MAX_WORDS)
        .map(str::to_owned)
        .collect()
}

/// A text without case and accents. Letters that Unicode does not take apart are written as people type them.
fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text
        .nfkd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase)
    {
        match c {
            'ß' => out.push_str("ss"),
            'æ' => out.push_str("ae"),
            'œ' => out.push_str("oe"),
            'ø' => out.push('o'),
            'ł' => out.push('l'),
            'đ' | 'ð' => out.push('d'),
            'ı' => out.push('i'),
            // `İ` in small letters is `i` and a dot above.
            c if is_combining_mark(c) => {}
            c => out.push(c),
        }
    }
    out
}

fn facet<'a>(values: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<FacetCount> {
    let mut counts: HashMap<&str, (&str, u64)> = HashMap::new();
    for (value, label) in values {
        counts.entry(value).or_insert((label, 0)).1 += 1;
    }
    let mut facet: Vec<FacetCount> = counts
        .into_iter()
        .map(|(value, (label, count))| FacetCount {
            value: value.to_owned(),
            label: label.to_owned(),
            count,
        })
        .collect();
    facet.sort_unstable_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
    facet
}

fn write_cursor((rank, name, id): &Position) -> String {
    URL_SAFE_NO_PAD.encode(format!("{rank} {} {name}", id.simple()))
}

fn read_cursor(text: &str) -> Result<Position> {
    let read = || {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let (rank, rest) = text.split_once(' ')?;
        let (id, name) = rest.split_once(' ')?;
        Some((rank.parse().ok()?, name.to_owned(), Uuid::try_parse(id).ok()?))
    };
    read().ok_or_else(|| DomainError::field("cursor", "This page does not exist. Begin with the first one."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(n: u128, name: &str, summary: &str, tags: &[&str], organization: &str) -> Entry {
        Entry {
            id: ApiId::from_uuid(Uuid::from_u128(n)),
            slug: crate::slug::Slug::suggest(name).map(String::from).unwrap_or_default(),
            name: name.into(),
            summary: summary.into(),
            tags: tags.iter().map(|&tag| tag.to_owned()).collect(),
            organization_slug: organization.to_lowercase(),
            organization_name: organization.into(),
        }
    }

    fn sample() -> Vec<Entry> {
        vec![
            entry(
                1,
                "Weather",
                "Storms and sun for every pet owner.",
                &["forecast"],
                "Acme",
            ),
            entry(2, "Animals", "All of them.", &["pets"], "Zoo"),
            entry(3, "Petstore", "Buy and sell.", &["shop"], "Acme"),
            entry(4, "The Pet Registry", "Who owns whom.", &[], "Acme"),
            entry(5, "Café Orders", "Übersicht der Straße.", &["shop"], "Zoo"),
        ]
    }

    fn names(text: &str) -> Vec<String> {
        let entries = sample();
        let filter = CatalogFilter {
            text: text.into(),
            ..CatalogFilter::default()
        };
        let found = search(&entries, &filter, 50).unwrap();
        found
            .page
            .iter()
            .map(|id| entries.iter().find(|e| e.id == *id).unwrap().name.clone())
            .collect()
    }

    #[test]
    fn the_better_place_comes_first() {
        assert_eq!(names("pet"), ["Petstore", "The Pet Registry", "Animals", "Weather"]);
        assert_eq!(
            names(""),
            ["Animals", "Café Orders", "Petstore", "The Pet Registry", "Weather"],
            "by name"
        );
    }

    #[test]
    fn case_and_accents_do_not_matter_and_all_words_must_occur() {
        for (text, expected) in [
            ("CAFE", vec!["Café Orders"]),
            ("café", vec!["Café Orders"]),
            ("ubersicht strasse", vec!["Café Orders"]),
            ("pet acme sell", vec!["Petstore"]),
            ("pet nothing", vec![]),
            ("zoo shop", vec!["Café Orders"]),
        ] {
            assert_eq!(names(text), expected, "{text}");
        }
    }

    #[test]
    fn facets_count_over_the_matches() {
        let filter = CatalogFilter {
            text: "s".into(),
            provider: Some("zoo".into()),
            ..CatalogFilter::default()
        };
        let found = search(&sample(), &filter, 1).unwrap();
        assert_eq!(found.total, 2);
        let count = |facet: &[FacetCount]| facet.iter().map(|f| (f.label.clone(), f.count)).collect::<Vec<_>>();
        assert_eq!(count(&found.tags), [("pets".into(), 1), ("shop".into(), 1)]);
        assert_eq!(count(&found.providers), [("Zoo".into(), 2)]);
    }

    #[test]
    fn pages_follow_each_other_without_gap_or_repeat() {
        let entries: Vec<Entry> = (0..25).map(|n| entry(n, "Same name", "", &[], "Acme")).collect();
        let mut filter = CatalogFilter::default();
        let mut seen = Vec::new();
        loop {
            let found = search(&entries, &filter, 10).unwrap();
            seen.extend(found.page);
            filter.cursor = found.next;
            if filter.cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, entries.iter().map(|e| e.id).collect::<Vec<_>>());
        filter.cursor = Some("no cursor of ours".into());
        assert!(matches!(search(&entries, &filter, 10), Err(DomainError::Invalid(_))));
    }
}
