//! Values that fit a schema: what the document gives as an example if it fits, or else something made from its keywords.
//! The same document always gets the same values.
//!
//! A value is made for everything that applies at once (`conjunction.rs`) and judged against the whole schema, as JSON Schema
//! understands it; if it doesn't fit, other branches of its choices and leaner objects are tried, within a fixed amount of
//! work. What fits nothing (a schema that contradicts itself, endless recursion through required properties, a pattern that
//! can't be solved) gets the first attempt.

mod conjunction;
mod container;
mod kinds;
mod lookaround;
mod number;
mod pattern;
mod scalar;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::model::{Document, weight};
use crate::schema::Direction;
use crate::validate::Judge;
use conjunction::{Conjunction, Picks};
use pattern::Solved;

/// Values in one example, from which on only what is required is filled in, and from which on nothing is.
const FULL_NODES: usize = 400;
const MOST_NODES: usize = 4000;
/// Levels below which only what is required is filled in, and below which nothing is.
const FULL_DEPTH: usize = 4;
const MOST_DEPTH: usize = 12;
/// Memory that examples copied from the document may take in one value.
const MOST_BYTES: usize = 256 * 1024;
/// Values made and thrown away for one example.
const MOST_WORK: usize = 12_000;
/// Combinations of branches that are tried for one value, and those of them that are looked at at all.
const MOST_TRIES: usize = 24;
const MOST_PICKS: usize = 400;

/// A value for a schema, as it travels in this direction: properties of the other direction are left out.
///
/// It is bounded in size and depth; where that cuts something required, the value doesn't fit its schema.
pub fn for_schema(doc: &Document, schema: &Value, direction: Direction) -> Value {
    let mut builder = Builder {
        doc,
        direction,
        judge: Judge::of(doc, schema, direction),
        patterns: HashMap::new(),
        open: Vec::new(),
        nodes_left: MOST_NODES,
        bytes_left: MOST_BYTES,
        work_left: MOST_WORK,
    };
    builder.value(&[schema], 0, 0).value
}

struct Builder<'d> {
    doc: &'d Document,
    direction: Direction,
    /// `None` if the schema is too large to be judged.
    judge: Option<Judge>,
    patterns: HashMap<&'d str, Option<Solved>>,
    /// The schemas that this value is inside of.
    open: Vec<usize>,
    nodes_left: usize,
    bytes_left: usize,
    work_left: usize,
}

/// A value that was made.
struct Made {
    value: Value,
    /// Whether it fits its schemas, as far as anybody knows.
    fits: bool,
}

impl<'d> Builder<'d> {
    /// A value to which all these schemas apply. Different variants are different values, where there are several.
    fn value(&mut self, schemas: &[&'d Value], depth: usize, variant: usize) -> Made {
        self.work_left = self.work_left.saturating_sub(1);
        self.nodes_left = self.nodes_left.saturating_sub(1);
        let (nodes, bytes) = (self.nodes_left, self.bytes_left);
        let mut picks = Vec::new();
        let mut tries = 0;
        let mut first: Option<Value> = None;
        for _ in 0..MOST_PICKS {
            let conjunction = Conjunction::of(
                self.doc,
                schemas,
                &Picks {
                    picks: &picks,
                    open: &self.open,
                },
            );
            let kinds = conjunction.kinds();
            if !conjunction.is_never && !kinds.is_empty() {
                (self.nodes_left, self.bytes_left) = (nodes, bytes);
                if let Some(value) = self.attempt(&conjunction, &kinds, schemas, (depth, variant), &mut first) {
                    return Made { value, fits: true };
                }
                tries += 1;
            }
            if tries >= MOST_TRIES || self.work_left == 0 || !advance(&mut picks, &conjunction.arity) {
                break;
            }
        }
        Made {
            value: first.unwrap_or(Value::Null),
            fits: false,
        }
    }

    /// A value for one way to pick branches, if it fits; what was made first is kept for when nothing does.
    fn attempt(
        &mut self,
        all: &Conjunction<'d>,
        kinds: &[&'d str],
        schemas: &[&'d Value],
        (depth, variant): (usize, usize),
        first: &mut Option<Value>,
    ) -> Option<Value> {
        if let Some(given) = self.given(all, schemas, variant) {
            return Some(given);
        }
        let is_again = self.open.contains(&all.identity);
        for kind in kinds {
            let made = match *kind {
                "object" | "array" if depth > MOST_DEPTH => {
                    let empty = match *kind {
                        "object" => Value::Object(Map::new()),
                        _ => Value::Array(Vec::new()),
                    };
                    self.kept(empty, schemas, first)
                }
                "object" | "array" => {
                    let outside = self.open.len();
                    self.open.push(all.identity);
                    self.open.extend(&all.picked);
                    let made = if *kind == "object" {
                        self.object(all, schemas, depth, variant, is_again, first)
                    } else {
                        self.list(all, schemas, depth, variant, is_again, first)
                    };
                    self.open.truncate(outside);
                    made
                }
                kind => {
                    let candidates = self.scalars(all, kind, variant);
                    candidates
                        .into_iter()
                        .find_map(|candidate| self.kept(candidate, schemas, first))
                }
            };
            if made.is_some() {
                return made;
            }
        }
        None
    }

    /// What the document says is a value, if it is one. Numbers written as texts and texts written as numbers are meant as what
    /// the schema says.
    fn given(&mut self, all: &Conjunction<'d>, schemas: &[&'d Value], variant: usize) -> Option<Value> {
        /// Values that are looked at; a list of thousands of wrong ones isn't worth it.
        const MOST: usize = 80;
        let mut seen: Vec<&Value> = Vec::new();
        for given in all.given().into_iter().take(MOST) {
            if weight(given) > self.bytes_left || seen.contains(&given) {
                continue;
            }
            let mut copy = given.clone();
            self.hide(&mut copy, schemas, 0);
            let fitting = if self.fits(schemas, &copy) {
                Some(copy)
            } else {
                let meant = scalar::meant(given);
                meant.filter(|meant| self.fits(schemas, meant))
            };
            if let Some(value) = fitting {
                if seen.len() >= variant {
                    self.bytes_left -= weight(given);
                    return Some(value);
                }
                seen.push(given);
            }
        }
        None
    }

    /// Takes properties of the other direction out of a value of the document.
    fn hide(&self, value: &mut Value, schemas: &[&'d Value], depth: usize) {
        if depth > FULL_DEPTH || !(value.is_object() || value.is_array()) {
            return;
        }
        let all = self.conjunction(schemas);
        match value {
            Value::Object(map) => {
                let names: Vec<String> = map.keys().take(MOST_NODES).cloned().collect();
                for name in names {
                    let property = all.property(&name, &mut |_, _| false);
                    if self.is_hidden(&self.conjunction(&property)) {
                        map.shift_remove(&name);
                    } else if let Some(value) = map.get_mut(&name) {
                        self.hide(value, &property, depth + 1);
                    }
                }
            }
            Value::Array(items) => {
                for (at, item) in items.iter_mut().take(MOST_NODES).enumerate() {
                    self.hide(item, &all.item(at), depth + 1);
                }
            }
            _ => {}
        }
    }

    /// A value as it is, if it fits.
    fn kept(&mut self, value: Value, schemas: &[&'d Value], first: &mut Option<Value>) -> Option<Value> {
        if self.fits(schemas, &value) {
            return Some(value);
        }
        first.get_or_insert(value);
        None
    }

    fn fits(&mut self, schemas: &[&'d Value], value: &Value) -> bool {
        let doc = self.doc;
        let Some(judge) = &mut self.judge else { return true };
        self.work_left == 0 || schemas.iter().all(|schema| judge.accepts(doc, schema, value))
    }

    /// What applies to a value with the first branch of every choice.
    fn conjunction(&self, schemas: &[&'d Value]) -> Conjunction<'d> {
        Conjunction::of(self.doc, schemas, &Picks { picks: &[], open: &[] })
    }

    /// Whether a property doesn't travel in this direction.
    fn is_hidden(&self, property: &Conjunction<'d>) -> bool {
        property.flag(match self.direction {
            Direction::Request => "readOnly",
            Direction::Response => "writeOnly",
        })
    }

    /// Whether only what is required should be added.
    fn is_crowded(&self) -> bool {
        self.nodes_left < MOST_NODES - FULL_NODES
    }

    /// A pattern of the document, compiled once.
    fn pattern(&mut self, text: &'d str) -> Option<&Solved> {
        self.patterns.entry(text).or_insert_with(|| Solved::of(text)).as_ref()
    }
}

/// The next way to pick branches, the last choice first; false if that was the last one.
fn advance(picks: &mut Vec<usize>, arity: &[usize]) -> bool {
    picks.resize(arity.len(), 0);
    while let Some(last) = picks.pop() {
        if last + 1 < arity[picks.len()] {
            picks.push(last + 1);
            return true;
        }
    }
    false
}
