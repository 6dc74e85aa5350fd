//! From the JSON of a document to nodes. Schemas are compiled one after the other from a list of what is still to do, so
//! that neither depth nor recursion of a document matters.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::Schemas;
use super::node::{Node, Rule, SchemaId};
use super::pattern::Pattern;
use crate::model::{Document, Format};
use crate::reference::{self, MAX_HOPS};
use crate::schema::Direction;
use crate::validate::{CompileError, Settings, Unchecked};

/// Notes on what isn't checked that are kept.
const MOST_UNCHECKED: usize = 50;

/// Compiles schemas of one document for one direction.
pub(in crate::validate) struct Compiler<'d> {
    pub(in crate::validate) doc: &'d Document,
    pub(in crate::validate) direction: Direction,
    pub(in crate::validate) settings: &'d Settings,
    /// Whether schemas mean what JSON Schema alone says: no discriminator, nothing hidden in a direction.
    pub(super) is_plain: bool,
    nodes: Vec<Node>,
    ids: HashMap<usize, SchemaId>,
    pending: Vec<(SchemaId, &'d Map<String, Value>)>,
    patterns: HashMap<&'d str, Option<Arc<Pattern>>>,
    weight: usize,
    excess: Option<CompileError>,
    unchecked: Vec<Unchecked>,
}

/// What compiling made.
pub(in crate::validate) struct Compiled {
    pub(in crate::validate) schemas: Schemas,
    pub(in crate::validate) nodes: usize,
    pub(in crate::validate) weight: usize,
    pub(in crate::validate) unchecked: Vec<Unchecked>,
    /// Where schemas are, by their address in the document.
    pub(in crate::validate) ids: HashMap<usize, SchemaId>,
}

impl<'d> Compiler<'d> {
    pub(in crate::validate) fn new(doc: &'d Document, direction: Direction, settings: &'d Settings) -> Self {
        let nothing = Node {
            rules: Box::new([Rule::Never]),
            ..Node::default()
        };
        let opaque = Node {
            rules: Box::new([Rule::Opaque]),
            ..Node::default()
        };
        Self {
            doc,
            direction,
            settings,
            is_plain: false,
            nodes: vec![Node::default(), nothing, opaque],
            ids: HashMap::new(),
            pending: Vec::new(),
            patterns: HashMap::new(),
            weight: 0,
            excess: None,
            unchecked: Vec::new(),
        }
    }

    /// Lets discriminators and properties of the other direction pass; the latter are not required all the same.
    pub(in crate::validate) fn plain(mut self) -> Self {
        self.is_plain = true;
        self
    }

    /// The place a schema will have; it is compiled by [`Compiler::finish`].
    pub(in crate::validate) fn add(&mut self, schema: &'d Value) -> SchemaId {
        let mut schema = schema;
        let mut is_target = false;
        for _ in 0..MAX_HOPS {
            let map = match schema {
                Value::Object(map) => map,
                Value::Bool(false) => return SchemaId::NOTHING,
                _ => return SchemaId::ANYTHING,
            };
            let Some(reference) = self.only_reference(map) else {
                let id = self.reserve(map, std::ptr::from_ref(schema).addr());
                self.nodes[id.0 as usize].is_target |= is_target;
                return id;
            };
            is_target = true;
            match self.target("$ref", reference) {
                Some(target) => schema = target,
                None => return SchemaId::OPAQUE,
            }
        }
        self.note("$ref", "a reference leads back to itself".to_owned());
        SchemaId::OPAQUE
    }

    /// The target of a reference; `None` (and a note) if it can't be followed.
    fn target(&mut self, keyword: &'static str, reference: &'d str) -> Option<&'d Value> {
        // Anchors are names within a resource, and two resources may have the same. Which of them a dynamic one means
        // depends on the resources passed on the way here. In a document of one resource, an anchor is what it says.
        let fragment = reference.split_once('#').map_or("", |(_, fragment)| fragment);
        let is_anchor = !fragment.is_empty() && !fragment.starts_with('/');
        if (is_anchor || keyword == "$dynamicRef") && self.doc.has_resources() {
            self.note(
                keyword,
                format!("{reference:?} depends on `$id`, which is not followed"),
            );
            return None;
        }
        match self.doc.target(reference) {
            Ok(target) => Some(target),
            Err(problem) => {
                self.note(keyword, problem.to_string());
                None
            }
        }
    }

    fn reserve(&mut self, map: &'d Map<String, Value>, address: usize) -> SchemaId {
        if let Some(known) = self.ids.get(&address) {
            return *known;
        }
        let limit = self.settings.limits.nodes;
        if self.nodes.len() >= limit {
            self.excess.get_or_insert(CompileError::Nodes { limit });
            return SchemaId::ANYTHING;
        }
        let id = SchemaId(self.nodes.len() as u32);
        self.nodes.push(Node::default());
        self.ids.insert(address, id);
        self.pending.push((id, map));
        id
    }

    /// The reference of a schema that is nothing else. Up to 3.0, what stands beside `$ref` is ignored (3.0.4 §4.8.23.1),
    /// but for `nullable`, which everybody means.
    fn only_reference(&self, map: &'d Map<String, Value>) -> Option<&'d str> {
        let reference = map.get("$ref")?.as_str()?;
        let is_alone = if self.ignores_siblings() {
            map.get("nullable").is_none_or(|flag| flag != true)
        } else {
            map.keys().all(|keyword| keyword == "$ref" || is_note(keyword))
        };
        is_alone.then_some(reference)
    }

    pub(super) fn ignores_siblings(&self) -> bool {
        matches!(self.doc.format(), Format::OpenApi20 | Format::OpenApi30)
    }

    /// Remembers that something of the document isn't checked.
    pub(in crate::validate) fn note(&mut self, keyword: &'static str, reason: String) {
        let note = Unchecked { keyword, reason };
        if self.unchecked.len() < MOST_UNCHECKED && !self.unchecked.contains(&note) {
            self.unchecked.push(note);
        }
    }

    /// Counts memory that belongs to the validator.
    pub(in crate::validate) fn charge(&mut self, bytes: usize) {
        self.weight += bytes;
        let limit = self.settings.limits.bytes;
        if self.weight > limit {
            self.excess.get_or_insert(CompileError::Bytes { limit });
        }
    }

    /// Whether a limit was crossed already, so that more work is wasted.
    pub(in crate::validate) fn is_over(&self) -> bool {
        self.excess.is_some()
    }

    /// A pattern; `None` (and a note) if it can't be checked.
    pub(super) fn pattern(&mut self, text: &'d str) -> Option<Arc<Pattern>> {
        if let Some(known) = self.patterns.get(text) {
            return known.clone();
        }
        let compiled = match Pattern::new(text) {
            Ok(pattern) => {
                self.charge(pattern.weight());
                Some(Arc::new(pattern))
            }
            Err(reason) => {
                self.note("pattern", reason);
                None
            }
        };
        self.patterns.insert(text, compiled.clone());
        compiled
    }

    /// The target of a `$ref` or `$dynamicRef` that has other keywords beside it.
    pub(super) fn reference(&mut self, keyword: &'static str, reference: &'d str) -> SchemaId {
        let Some(target) = self.target(keyword, reference) else {
            return SchemaId::OPAQUE;
        };
        let id = self.add(target);
        if id > SchemaId::OPAQUE {
            self.nodes[id.0 as usize].is_target = true;
        }
        id
    }

    /// Compiles everything that was added and what it leads to.
    ///
    /// # Errors
    /// [`CompileError`] if that crosses a limit.
    pub(in crate::validate) fn finish(mut self) -> Result<Compiled, CompileError> {
        while let Some((id, map)) = self.pending.pop() {
            if let Some(excess) = self.excess.take() {
                return Err(excess);
            }
            let node = self.node(map);
            let rules = node.rules.len() * size_of::<Rule>();
            self.charge(size_of::<Node>() + rules + node.rules.iter().map(Rule::heap).sum::<usize>());
            let place = &mut self.nodes[id.0 as usize];
            *place = Node {
                is_target: place.is_target,
                ..node
            };
        }
        if let Some(excess) = self.excess {
            return Err(excess);
        }
        self.nodes.shrink_to_fit();
        Ok(Compiled {
            nodes: self.nodes.len(),
            schemas: Schemas { nodes: self.nodes },
            weight: self.weight,
            unchecked: self.unchecked,
            ids: self.ids,
        })
    }

    /// Properties that don't travel in this direction, of the schema and of those it is made of.
    pub(super) fn hidden_names(&self, map: &'d Map<String, Value>) -> Vec<Box<str>> {
        const MOST_PARTS: usize = 64;
        let mut names = std::collections::BTreeSet::new();
        let mut parts = vec![map];
        let mut at = 0;
        while at < parts.len() {
            let part = parts[at];
            at += 1;
            for (name, schema) in part.get("properties").and_then(Value::as_object).into_iter().flatten() {
                if self.is_hidden(schema, 0) {
                    names.insert(Box::from(name.as_str()));
                }
            }
            let members = part.get("allOf").and_then(Value::as_array).into_iter().flatten();
            let target = part.get("$ref").and_then(Value::as_str);
            let target = target.and_then(|reference| self.doc.target(reference).ok());
            let inner = members.chain(target);
            let resolved = inner.filter_map(|schema| self.doc.resolve(schema).ok()?.value.as_object());
            for part in resolved {
                if parts.len() < MOST_PARTS && !parts.iter().any(|known| std::ptr::eq(*known, part)) {
                    parts.push(part);
                }
            }
        }
        names.into_iter().collect()
    }

    /// Whether a property doesn't travel in this direction.
    fn is_hidden(&self, schema: &'d Value, depth: usize) -> bool {
        let flag = self.hiding();
        let is_set = |schema: &Value| schema.get(flag).is_some_and(|value| value == true);
        if is_set(schema) {
            return true;
        }
        let target = match reference::of(schema) {
            Some(_) => self.doc.resolve(schema).ok().map(|resolved| resolved.value),
            None => Some(schema),
        };
        let Some(target) = target else { return false };
        let members = target.get("allOf").and_then(Value::as_array).into_iter().flatten();
        is_set(target) || (depth < 3 && members.take(8).any(|member| self.is_hidden(member, depth + 1)))
    }

    /// The keyword of properties that don't travel in this direction.
    pub(super) fn hiding(&self) -> &'static str {
        match self.direction {
            Direction::Request => "readOnly",
            Direction::Response => "writeOnly",
        }
    }
}

/// Whether a keyword says something to people only.
fn is_note(keyword: &str) -> bool {
    matches!(
        keyword,
        "description"
            | "summary"
            | "title"
            | "deprecated"
            | "default"
            | "example"
            | "examples"
            | "externalDocs"
            | "xml"
            | "$comment"
    ) || keyword.starts_with("x-")
}
