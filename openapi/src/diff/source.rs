//! One of the two documents while they are compared: references and the places that things are in.

use std::collections::HashMap;

use serde_json::Value;

use crate::model::{Document, Format};
use crate::reference::{self, MAX_HOPS};

/// A place in one document: a node in the tree of keys that were passed on the way to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place(u32);

impl Place {
    pub(super) const ROOT: Self = Self(0);
}

/// A value and the place it is in.
#[derive(Clone, Copy, Debug)]
pub(super) struct At<'d> {
    pub(super) value: &'d Value,
    pub(super) place: Place,
}

#[derive(Clone, Debug)]
enum Token<'d> {
    Key(&'d str),
    Owned(Box<str>),
    Index(usize),
}

/// One document, with the places seen so far.
#[derive(Debug)]
pub(super) struct Source<'d> {
    pub(super) document: &'d Document,
    steps: Vec<(u32, Token<'d>)>,
    targets: HashMap<&'d str, Option<At<'d>>>,
}

impl<'d> Source<'d> {
    pub(super) fn new(document: &'d Document) -> Self {
        Self {
            document,
            steps: vec![(0, Token::Index(0))],
            targets: HashMap::new(),
        }
    }

    pub(super) fn root(&self) -> At<'d> {
        At {
            value: self.document.root(),
            place: Place::ROOT,
        }
    }

    /// Whether keywords beside `$ref` mean something: from 3.1.
    pub(super) fn has_siblings(&self) -> bool {
        !matches!(self.document.format(), Format::OpenApi20 | Format::OpenApi30)
    }

    fn push(&mut self, parent: Place, token: Token<'d>) -> Place {
        let place = Place(u32::try_from(self.steps.len()).unwrap_or(0));
        self.steps.push((parent.0, token));
        place
    }

    /// The place of a member.
    pub(super) fn below(&mut self, parent: Place, key: &'d str) -> Place {
        self.push(parent, Token::Key(key))
    }

    /// The place of an item.
    pub(super) fn item(&mut self, parent: Place, index: usize) -> Place {
        self.push(parent, Token::Index(index))
    }

    /// A member and its place; `None` if there is none.
    pub(super) fn member(&mut self, at: At<'d>, key: &'d str) -> Option<At<'d>> {
        let value = at.value.get(key)?;
        let place = self.below(at.place, key);
        Some(At { value, place })
    }

    /// Follows `$ref` until a value that is none; what can't be followed stays what it is.
    pub(super) fn resolve(&mut self, at: At<'d>) -> At<'d> {
        let mut now = at;
        for _ in 0..MAX_HOPS {
            let Some(text) = reference::of(now.value) else {
                return now;
            };
            match self.target(text) {
                Some(target) => {
                    now = At {
                        value: target.value,
                        place: if target.place == Place::ROOT {
                            now.place
                        } else {
                            target.place
                        },
                    };
                }
                None => return now,
            }
        }
        at
    }

    /// The direct target of a reference. Its place is the root where the text doesn't say it (anchors).
    fn target(&mut self, text: &'d str) -> Option<At<'d>> {
        if let Some(known) = self.targets.get(text) {
            return *known;
        }
        let found = self.document.target(text).ok().map(|value| {
            let mut place = Place::ROOT;
            if let Some(pointer) = text.strip_prefix("#/") {
                for token in reference::percent_decode(pointer).split('/') {
                    let token = reference::unescape(token);
                    place = self.push(place, Token::Owned(token.into()));
                }
            }
            At { value, place }
        });
        self.targets.insert(text, found);
        found
    }

    /// The keys from the root to a place.
    pub(super) fn path(&self, place: Place, tail: &[Box<str>]) -> Vec<String> {
        let mut path = Vec::new();
        let mut at = place.0;
        while at != 0 {
            let (parent, token) = &self.steps[at as usize];
            path.push(match token {
                Token::Key(key) => (*key).to_owned(),
                Token::Owned(key) => key.to_string(),
                Token::Index(index) => index.to_string(),
            });
            at = *parent;
        }
        path.reverse();
        path.extend(tail.iter().map(ToString::to_string));
        path
    }
}
