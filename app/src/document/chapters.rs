//! Operations by tag: the chapters of a reference and the order it is read in.

use std::collections::{HashMap, HashSet};

use openapi::{Document, OperationEntry, OperationKind, Tag};

/// Operations that belong together.
#[derive(Clone, Debug)]
pub struct Chapter<'d> {
    /// Its name in URLs and ids: small letters, digits and hyphens; unique in the document.
    pub slug: String,
    /// For people.
    pub title: String,
    /// Markdown source.
    pub description: Option<&'d str>,
    /// In document order; an operation with several tags is in several chapters.
    pub entries: Vec<&'d OperationEntry>,
    /// The tag; `None` for operations without one and for webhooks.
    tag: Option<&'d str>,
}

impl<'d> Chapter<'d> {
    fn new(title: String, description: Option<&'d str>, tag: Option<&'d str>) -> Self {
        Self {
            slug: String::new(),
            title,
            description,
            entries: Vec::new(),
            tag,
        }
    }

    /// Whether the operation is read in this chapter: each is, in exactly one, that of its first tag.
    pub fn is_home_of(&self, entry: &OperationEntry) -> bool {
        self.tag.is_none() || self.tag == entry.tags.first().map(String::as_str)
    }
}

/// The chapters that have operations: tags in their order, then operations without a tag, then webhooks.
pub fn chapters(document: &Document) -> Vec<Chapter<'_>> {
    let tags = document.tags();
    let by_name: HashMap<&str, usize> = tags
        .iter()
        .enumerate()
        .map(|(at, tag)| (tag.name.as_str(), at))
        .collect();
    let mut chapters: Vec<Chapter<'_>> = tags
        .iter()
        .map(|tag| Chapter::new(title(tag, tags, &by_name), tag.description.as_deref(), Some(&tag.name)))
        .collect();
    let mut untagged = Chapter::new("Operations".to_owned(), None, None);
    let mut webhooks = Chapter::new("Webhooks".to_owned(), None, None);
    for entry in document.operations() {
        if entry.kind == OperationKind::Webhook {
            webhooks.entries.push(entry);
        } else if entry.tags.is_empty() {
            untagged.entries.push(entry);
        }
        for at in entry
            .tags
            .iter()
            .filter(|_| entry.kind == OperationKind::Path)
            .filter_map(|tag| by_name.get(&**tag))
        {
            let entries = &mut chapters[*at].entries;
            // A tag may be named twice.
            if entries.last().is_none_or(|last| !std::ptr::eq(*last, entry)) {
                entries.push(entry);
            }
        }
    }
    chapters.retain(|chapter| !chapter.entries.is_empty());
    if !chapters.is_empty() {
        "Other operations".clone_into(&mut untagged.title);
    }
    chapters.extend(
        [untagged, webhooks]
            .into_iter()
            .filter(|chapter| !chapter.entries.is_empty()),
    );
    let mut taken = HashSet::new();
    for (at, chapter) in chapters.iter_mut().enumerate() {
        chapter.slug = slug(&chapter.title).unwrap_or_else(|| format!("part-{}", at + 1));
        if !taken.insert(chapter.slug.clone()) {
            // The place in the list tells equal titles apart; it has no letters, so no title makes the same slug twice.
            chapter.slug = format!("{}--{}", chapter.slug, at + 1);
            taken.insert(chapter.slug.clone());
        }
    }
    chapters
}

/// The title of a tag below those of its parents: `Store / Orders`.
fn title(tag: &Tag, tags: &[Tag], by_name: &HashMap<&str, usize>) -> String {
    const DEEPEST: usize = 4;
    let mut titles = vec![tag.title()];
    let mut parent = tag.parent.as_deref();
    while let Some(above) = parent.and_then(|name| tags.get(*by_name.get(name)?)) {
        if titles.len() == DEEPEST {
            break;
        }
        titles.push(above.title());
        parent = above.parent.as_deref();
    }
    titles.reverse();
    titles.join(" / ")
}

fn slug(title: &str) -> Option<String> {
    const LONGEST: usize = 60;
    let mut slug = String::new();
    for c in title.chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() >= LONGEST {
            break;
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    (!slug.is_empty()).then_some(slug)
}

/// The operations before and after one, in reading order.
#[derive(Clone, Copy, Debug, Default)]
pub struct Neighbours<'d> {
    /// `None` at the beginning.
    pub previous: Option<&'d OperationEntry>,
    /// `None` at the end.
    pub next: Option<&'d OperationEntry>,
}

/// The neighbours of an operation, across chapters.
pub fn neighbours<'d>(chapters: &[Chapter<'d>], entry: &OperationEntry) -> Neighbours<'d> {
    let mut order = chapters.iter().flat_map(|chapter| {
        chapter
            .entries
            .iter()
            .copied()
            .filter(|entry| chapter.is_home_of(entry))
    });
    let mut previous = None;
    while let Some(candidate) = order.next() {
        if candidate.slug == entry.slug {
            return Neighbours {
                previous,
                next: order.next(),
            };
        }
        previous = Some(candidate);
    }
    Neighbours::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(json: &str) -> Document {
        openapi::read(json.as_bytes(), &openapi::Limits::default()).unwrap()
    }

    #[test]
    fn every_operation_is_read_once_and_found_under_each_of_its_tags() {
        let document = document(
            r#"{"openapi": "3.1.0", "info": {"title": "t", "version": "1"},
            "tags": [{"name": "b"}, {"name": "unused"}, {"name": "B"}],
            "paths": {"/1": {"get": {"operationId": "one", "tags": ["a"], "responses": {}}},
                      "/2": {"get": {"operationId": "two", "tags": ["b", "a", "b"], "responses": {}}},
                      "/3": {"get": {"operationId": "three", "responses": {}}},
                      "/4": {"get": {"operationId": "four", "tags": ["B"], "responses": {}}}},
            "webhooks": {"ping": {"post": {"operationId": "hook", "tags": ["a"], "responses": {}}}}}"#,
        );
        let chapters = chapters(&document);
        let list: Vec<_> = chapters
            .iter()
            .map(|chapter| {
                let names: Vec<_> = chapter.entries.iter().map(|entry| entry.slug.as_str()).collect();
                (chapter.slug.as_str(), names)
            })
            .collect();
        assert_eq!(
            list,
            [
                ("b", vec!["two"]),
                ("b--2", vec!["four"]),
                ("a", vec!["one", "two"]),
                ("other-operations", vec!["three"]),
                ("webhooks", vec!["hook"]),
            ]
        );
        let mut order = Vec::new();
        let mut at = Some(&document.operations()[1]);
        assert!(neighbours(&chapters, at.unwrap()).previous.is_none());
        while let Some(entry) = at {
            order.push(entry.slug.as_str());
            at = neighbours(&chapters, entry).next;
        }
        assert_eq!(order, ["two", "four", "one", "three", "hook"]);
    }

    #[test]
    fn nested_tags_carry_the_titles_above_them() {
        let document = document(
            r#"{"openapi": "3.2.0", "info": {"title": "t", "version": "1"},
            "tags": [{"name": "store", "summary": "Store"}, {"name": "orders", "parent": "store"}],
            "paths": {"/1": {"get": {"tags": ["orders"], "responses": {}}}}}"#,
        );
        assert_eq!(chapters(&document)[0].title, "Store / orders");
    }
}
