//! JSONPath (RFC 9535): finding places in a document by an expression such as `$.paths[*][?@.deprecated == true]`.
//!
//! Expressions come from rulesets and overlays, which are untrusted like the documents they look at: an expression is bounded
//! when it is parsed, and a search is bounded by a [`Budget`]. Patterns are matched in time that is linear in the text.
//!
//! [`Dialect::Spectral`] adds what Spectral's rulesets write beyond the standard.
//!
//! ```
//! use openapi::json_path::JsonPath;
//!
//! let document = serde_json::json!({"paths": {"/pets": {"get": {"deprecated": true}, "post": {}}}});
//! let path: JsonPath = "$.paths[*][?@.deprecated == true]".parse()?;
//! let found = path.find(&document)?;
//! assert_eq!(found[0].pointer(), "/paths/~1pets/get");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod evaluate;
mod expression;
mod filter;
mod parse;
mod pattern;
mod syntax;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

pub(crate) use evaluate::BYTES_OF_STEP;
use syntax::Segment;

/// Which spellings an expression may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// RFC 9535, nothing else.
    #[default]
    Rfc9535,
    /// Also what Spectral's rulesets are written with: `~` for the keys of the nodes, `^` for their parents, names without
    /// quotes in brackets, names with `-` and `$` behind a dot, `===` and `!==`, `@property`, `@.length`, and
    /// `@.name.match(/pattern/i)`.
    Spectral,
}

/// How much one search may cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Values that are looked at. Default 20,000,000; one pass over GitHub's document looks at 330,000.
    pub steps: u64,
    /// Nodes that are kept at the same time, intermediate ones included. Default 2,000,000, at about 40 bytes each. The ways
    /// to the nodes of the result may have eight steps for each, of 24 bytes.
    pub nodes: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            steps: 20_000_000,
            nodes: 2_000_000,
        }
    }
}

/// A compiled expression.
#[derive(Clone, Debug)]
pub struct JsonPath {
    text: String,
    segments: Vec<Segment>,
}

/// Why a text is no expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a JSONPath: {message}, at character {at}")]
pub struct SyntaxError {
    /// What is wrong.
    pub message: String,
    /// Where, counted in characters from 1.
    pub at: usize,
}

/// A search crossed its [`Budget`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the JSONPath looks at too many values of this document")]
pub struct TooCostly;

/// One step of the way from the root to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step<'d> {
    /// The member of this name.
    Key(&'d str),
    /// The item at this place, from 0.
    Index(usize),
}

impl fmt::Display for Step<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => f.write_str(key),
            Self::Index(index) => index.fmt(f),
        }
    }
}

/// A place that an expression found.
#[derive(Clone, Debug, PartialEq)]
pub struct Node<'d> {
    /// What is there.
    pub value: &'d Value,
    /// The way to it.
    pub path: Vec<Step<'d>>,
    /// Whether its key is meant and not its value (`~` of [`Dialect::Spectral`]).
    pub is_key: bool,
}

impl Node<'_> {
    /// The JSON pointer (RFC 6901) of the place.
    pub fn pointer(&self) -> String {
        let mut pointer = String::new();
        for step in &self.path {
            pointer.push('/');
            match step {
                Step::Key(key) => crate::reference::push_escaped(&mut pointer, key),
                Step::Index(index) => pointer.push_str(&index.to_string()),
            }
        }
        pointer
    }

    /// The normalized path (RFC 9535 §2.7), for example `$['paths']['/pets']['get']`.
    pub fn normalized(&self) -> String {
        let mut text = String::from("$");
        for step in &self.path {
            match step {
                Step::Key(key) => syntax::push_quoted(&mut text, key),
                Step::Index(index) => text.extend(["[", &index.to_string(), "]"]),
            }
        }
        text
    }
}

impl JsonPath {
    /// Compiles an expression in a dialect; [`str::parse`] is for RFC 9535.
    ///
    /// # Errors
    /// [`SyntaxError`] if the text is none, is longer than 10,000 bytes or is nested more than 64 levels deep.
    pub fn parse(text: &str, dialect: Dialect) -> Result<Self, SyntaxError> {
        parse::parse(text, dialect).map(|segments| Self {
            text: text.to_owned(),
            segments,
        })
    }

    /// The places it finds, in the order of the document; a place can be found more than once.
    ///
    /// # Errors
    /// [`TooCostly`] beyond the default [`Budget`].
    pub fn find<'d>(&self, root: &'d Value) -> Result<Vec<Node<'d>>, TooCostly> {
        self.find_within(root, &Budget::default())
    }

    /// As [`Self::find`], with a budget of one's own.
    ///
    /// # Errors
    /// [`TooCostly`] beyond the budget.
    pub fn find_within<'d>(&self, root: &'d Value, budget: &Budget) -> Result<Vec<Node<'d>>, TooCostly> {
        self.search(root, budget, None, &mut 0)
    }

    /// As [`Self::find_within`], in a document where some values may stand for others: `follow` says for which. The ways of the
    /// nodes are the ways through what the values stand for. `left` gets the steps of the budget that are left.
    ///
    /// # Errors
    /// [`TooCostly`] beyond the budget.
    pub(crate) fn search<'d>(
        &self,
        root: &'d Value,
        budget: &Budget,
        follow: Option<&dyn Fn(&'d Value) -> &'d Value>,
        left: &mut u64,
    ) -> Result<Vec<Node<'d>>, TooCostly> {
        evaluate::find(&self.segments, root, budget, follow, left)
    }

    /// Whether it can find at most one place (a singular query, RFC 9535 §2.3.5.1).
    pub fn is_singular(&self) -> bool {
        syntax::is_singular(&self.segments)
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The normalized path through these object keys.
    pub fn of_keys<'k>(keys: impl IntoIterator<Item = &'k str>) -> String {
        let mut text = String::from("$");
        for key in keys {
            syntax::push_quoted(&mut text, key);
        }
        text
    }
}

impl FromStr for JsonPath {
    type Err = SyntaxError;

    fn from_str(text: &str) -> Result<Self, SyntaxError> {
        Self::parse(text, Dialect::Rfc9535)
    }
}

impl fmt::Display for JsonPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for JsonPath {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}
