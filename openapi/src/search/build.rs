//! From documents and guides to entries and words.

use std::collections::HashMap;

use serde_json::Value;

use super::terms::{Posting, Terms};
use super::token::tokens;
use super::{Entry, EntryKind, Index};
use crate::model::{Document, OperationKind};
use crate::operation::Parameter;
use crate::schema::Merged;

/// Entries of one index.
const MOST_ENTRIES: usize = 200_000;
/// Characters of a description that are looked at, and of it that are kept to be shown.
const MOST_TEXT: usize = 4000;
const MOST_SHOWN: usize = 400;
/// The same for a section of a guide.
const MOST_SECTION: usize = 20_000;
const MOST_SECTION_SHOWN: usize = 4000;
/// Properties of one schema that are looked at.
const MOST_PROPERTIES: usize = 300;

/// A part of an entry that is searched.
#[derive(Clone, Copy)]
enum Field {
    Title,
    Identifier,
    Path,
    Tag,
    Name,
    Text,
}

impl Field {
    /// How much a word in it says, and how many words are usual.
    const fn weight(self) -> (f32, f32) {
        match self {
            Self::Title => (10.0, 4.0),
            Self::Identifier => (8.0, 4.0),
            Self::Path => (5.0, 6.0),
            Self::Tag => (3.0, 2.0),
            Self::Name => (2.0, 20.0),
            Self::Text => (1.0, 30.0),
        }
    }
}

/// Prose beside a document.
#[derive(Clone, Copy, Debug)]
pub struct Guide<'g> {
    /// What the guide is called.
    pub title: &'g str,
    /// Its sections, in order; text before the first heading is a section with an empty heading.
    pub sections: &'g [Section<'g>],
}

/// A part of a guide under a heading of its own.
#[derive(Clone, Copy, Debug)]
pub struct Section<'g> {
    /// The heading; empty for what stands before the first.
    pub heading: &'g str,
    /// Where it is on the page; kept as it is.
    pub anchor: &'g str,
    /// Its text, without markup.
    pub text: &'g str,
}

/// Collects what an index shall find.
#[derive(Debug, Default)]
pub struct IndexBuilder {
    entries: Vec<Entry>,
    postings: HashMap<String, Vec<Posting>>,
}

impl IndexBuilder {
    /// Adds a document's operations, schemas, tags and parameters under a name of the caller's.
    pub fn document(&mut self, source: &str, document: &Document) {
        for tag in document.tags() {
            let text = tag.description.as_deref().unwrap_or_default();
            self.add(
                entry(EntryKind::Tag, source, &tag.name, &tag.name, "", text),
                &[(Field::Title, &tag.name), (Field::Text, text)],
            );
        }
        let mut parameters: HashMap<(String, &'static str), usize> = HashMap::new();
        for operation in document.operations() {
            let Some(view) = document.operation(&operation.slug) else {
                continue;
            };
            let title = operation.title();
            let detail = format!("{} {}", operation.method, operation.path);
            let kind = match operation.kind {
                OperationKind::Path => EntryKind::Operation,
                OperationKind::Webhook => EntryKind::Webhook,
            };
            let own = view.parameters();
            let names: Vec<&str> = own.iter().map(|parameter| parameter.name).collect();
            let text = view.description().unwrap_or_default();
            self.add(
                Entry {
                    is_deprecated: operation.deprecated,
                    ..entry(kind, source, &operation.slug, &title, &detail, text)
                },
                &[
                    (Field::Title, &title),
                    (Field::Identifier, operation.operation_id.as_deref().unwrap_or_default()),
                    (Field::Path, &detail),
                    (Field::Tag, &operation.tags.join(" ")),
                    (Field::Name, &names.join(" ")),
                    (Field::Text, text),
                ],
            );
            for parameter in &own {
                let key = (parameter.name.to_owned(), parameter.location.label());
                let count = parameters.entry(key).or_default();
                *count += 1;
                if *count == 1 {
                    self.parameter(source, &operation.slug, parameter);
                }
            }
        }
        let names: Vec<&str> = document.schemas().collect();
        for name in names {
            let Some(schema) = document.schema(name) else { continue };
            self.schema(source, document, name, schema);
        }
    }

    fn parameter(&mut self, source: &str, slug: &str, parameter: &Parameter<'_>) {
        let text = parameter.description.unwrap_or_default();
        let detail = format!("{} parameter", parameter.location.label());
        self.add(
            Entry {
                is_deprecated: parameter.deprecated,
                ..entry(EntryKind::Parameter, source, slug, parameter.name, &detail, text)
            },
            &[(Field::Title, parameter.name), (Field::Text, text)],
        );
    }

    fn schema(&mut self, source: &str, document: &Document, name: &str, schema: &Value) {
        let merged = Merged::of(document, &[schema]);
        let properties: Vec<&str> = merged
            .properties()
            .into_iter()
            .take(MOST_PROPERTIES)
            .map(|(name, _)| name)
            .collect();
        let text = merged.text("description").unwrap_or_default();
        let title = merged.text("title").filter(|title| *title != name).unwrap_or_default();
        self.add(
            Entry {
                is_deprecated: merged.flag("deprecated"),
                ..entry(EntryKind::Schema, source, name, name, title, text)
            },
            &[
                (Field::Title, name),
                (Field::Identifier, title),
                (Field::Name, &properties.join(" ")),
                (Field::Text, text),
            ],
        );
    }

    /// Adds a guide under a name of the caller's.
    pub fn guide(&mut self, source: &str, guide: &Guide<'_>) {
        for section in guide.sections {
            let (title, detail) = match section.heading {
                "" => (guide.title, ""),
                heading => (heading, guide.title),
            };
            let mut entry = entry(EntryKind::Guide, source, section.anchor, title, detail, "");
            entry.text = shown(section.text, MOST_SECTION_SHOWN);
            let text = first(section.text, MOST_SECTION);
            self.add(
                entry,
                &[(Field::Title, title), (Field::Tag, detail), (Field::Text, text)],
            );
        }
    }

    /// The index of all that was added.
    pub fn build(self) -> Index {
        Index {
            entries: self.entries,
            terms: Terms::of(self.postings),
        }
    }

    fn add(&mut self, entry: Entry, fields: &[(Field, &str)]) {
        if self.entries.len() >= MOST_ENTRIES {
            return;
        }
        let at = self.entries.len() as u32;
        let mut weights: HashMap<String, f32> = HashMap::new();
        for (field, text) in fields {
            let (weight, usual) = field.weight();
            let words = tokens(first(
                text,
                if entry.kind == EntryKind::Guide {
                    MOST_SECTION
                } else {
                    MOST_TEXT
                },
            ));
            // Half of it by length: a word of a long text says less.
            let worth = weight / (0.5 + 0.5 * words.len() as f32 / usual);
            for word in words {
                *weights.entry(word.text).or_default() += worth;
            }
        }
        for (word, weight) in weights {
            self.postings
                .entry(word)
                .or_default()
                .push(Posting { entry: at, weight });
        }
        self.entries.push(entry);
    }
}

fn entry(kind: EntryKind, source: &str, anchor: &str, title: &str, detail: &str, text: &str) -> Entry {
    Entry {
        kind,
        source: source.to_owned(),
        anchor: anchor.to_owned(),
        title: first(title, MOST_SHOWN).to_owned(),
        detail: first(detail, MOST_SHOWN).to_owned(),
        text: shown(text, MOST_SHOWN),
        is_deprecated: false,
    }
}

/// The first characters of a text.
fn first(text: &str, most: usize) -> &str {
    text.char_indices().nth(most).map_or(text, |(at, _)| &text[..at])
}

/// The beginning of a Markdown text as one line, without the marks that a reader doesn't see.
fn shown(markdown: &str, most: usize) -> String {
    let mut text = String::new();
    let mut count = 0;
    for character in first(markdown, 2 * most).chars() {
        let character = match character {
            '`' | '*' | '#' | '|' => continue,
            character if character.is_whitespace() || character.is_control() => ' ',
            other => other,
        };
        if character == ' ' && (text.is_empty() || text.ends_with(' ')) {
            continue;
        }
        text.push(character);
        count += 1;
        if count >= most {
            break;
        }
    }
    text.truncate(text.trim_end().len());
    text
}
