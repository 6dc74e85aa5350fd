//! Search over what documents describe, and over guides beside them: typo-tolerant, ranked, in memory.
//!
//! An [`Index`] is built from any number of documents and guides, doesn't change, and is `Send + Sync`. It holds no document.
//! Building it takes less time than reading the document; keep it beside the document and build it anew when that changes.
//!
//! ```
//! use openapi::search::{EntryKind, IndexBuilder, Query};
//!
//! let text = r#"{"openapi": "3.1.0", "info": {"title": "Pets", "version": "1"}, "paths": {
//!     "/pets/{petId}": {"get": {"operationId": "getPetById", "summary": "Find a pet"}},
//!     "/orders": {"post": {"operationId": "placeOrder", "summary": "Order a pet"}}}}"#;
//! let document = openapi::read(text.as_bytes(), &openapi::Limits::default())?;
//! let mut builder = IndexBuilder::default();
//! builder.document("pets", &document);
//! let index = builder.build();
//!
//! let results = index.search(&Query::new("find petz"));
//! assert_eq!(results.hits[0].entry.title, "Find a pet");
//! assert_eq!(results.hits[0].entry.anchor, "getPetById");
//! assert_eq!(results.hits[0].entry.kind, EntryKind::Operation);
//! # Ok::<(), openapi::Rejected>(())
//! ```
//!
//! # How it ranks
//!
//! Names are split where people see words: `getPetById`, `pull_request` and `/user-groups/{id}` are found by each of their words,
//! and by the whole. A word of the query matches a word of an entry as it is, as its beginning, or, where neither is to be
//! had, with one mistake from four letters on and two from eight on (a letter more, less, other, or two swapped). An entry's
//! score is BM25 with weights per field: title, identifier, path, tags, names of properties and parameters, text. Entries that
//! have every word come first; where none has, those that have the most. Equal scores stay in the order of the document, so
//! the same query always gets the same answer.

mod build;
mod find;
mod highlight;
mod terms;
mod token;

use serde::{Deserialize, Serialize};

pub use build::{Guide, IndexBuilder, Section};

use terms::Terms;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EntryKind {
    /// An operation under a path.
    Operation,
    /// An operation that the API calls.
    Webhook,
    /// A named schema.
    Schema,
    /// A tag.
    Tag,
    /// A parameter; the same one of several operations is one entry.
    Parameter,
    /// A section of a guide.
    Guide,
}

/// Something that can be found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// What it is.
    pub kind: EntryKind,
    /// What the caller named the document or guide.
    pub source: String,
    /// Where it is in its source: the slug of an operation (for parameters, of the first that has it), the name of a schema or
    /// tag, or the anchor of a guide's section.
    pub anchor: String,
    /// What to show as its name.
    pub title: String,
    /// What to show beside it: method and path, place of a parameter, title of the guide; may be empty.
    pub detail: String,
    /// The beginning of its description, as text without markup; may be empty.
    pub text: String,
    /// Whether the document calls it deprecated.
    pub is_deprecated: bool,
}

/// What to look for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Query<'q> {
    /// What somebody typed; the first 200 characters and twelve words of it count.
    pub text: &'q str,
    /// Only entries of these kinds; of all, if empty.
    pub kinds: &'q [EntryKind],
    /// Only entries of this source.
    pub source: Option<&'q str>,
    /// Most hits. Default 20, at most 200.
    pub limit: usize,
}

impl<'q> Query<'q> {
    /// A query for everything.
    pub const fn new(text: &'q str) -> Self {
        Self {
            text,
            kinds: &[],
            source: None,
            limit: 20,
        }
    }
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Results<'i> {
    /// The best entries, best first.
    pub hits: Vec<Hit<'i>>,
    /// How many entries there are in all.
    pub total: usize,
}

/// One entry that was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Hit<'i> {
    /// The entry.
    pub entry: &'i Entry,
    /// How well it fits; comparable within one query only.
    pub score: f32,
    /// The parts of the title that match, as ranges of bytes, in order and apart.
    pub title_marks: Vec<(usize, usize)>,
    /// The same for the detail.
    pub detail_marks: Vec<(usize, usize)>,
    /// A part of the text around the first match, or its beginning.
    pub excerpt: &'i str,
    /// The parts of the excerpt that match.
    pub excerpt_marks: Vec<(usize, usize)>,
}

/// An index that can be searched.
#[derive(Debug, Default)]
pub struct Index {
    entries: Vec<Entry>,
    terms: Terms,
}

impl Index {
    /// The entries that fit best.
    pub fn search(&self, query: &Query<'_>) -> Results<'_> {
        find::search(self, query)
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is nothing to find.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes it takes in memory, approximately.
    pub fn weight(&self) -> usize {
        let entries = self.entries.iter().map(|entry| {
            size_of::<Entry>()
                + entry.source.capacity()
                + entry.anchor.capacity()
                + entry.title.capacity()
                + entry.detail.capacity()
                + entry.text.capacity()
        });
        entries.sum::<usize>() + self.terms.weight()
    }
}
