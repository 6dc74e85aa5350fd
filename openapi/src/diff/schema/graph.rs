//! The graph of compared schemas.
//!
//! A node is a pair of an old and a new schema; it is made once, however often it is reached. Recursive schemas make circles
//! in it, and circles of different lengths make as many pairs as their product, so the number of nodes is bounded.

use std::collections::HashMap;

use super::fact::Fact;
use super::structure;
use super::view::View;
use super::{constraints, types};
use crate::diff::change::Side;
use crate::diff::source::{At, Source};

/// Keywords, members and items of each pair that may be compared, on average: a dozen is usual.
const WORK_OF_PAIR: usize = 40;

/// The number of a node.
pub(in crate::diff) type NodeId = u32;

/// A pair of schemas.
#[derive(Debug)]
pub(in crate::diff) struct Node<'d> {
    pub(in crate::diff) old: View<'d>,
    pub(in crate::diff) new: View<'d>,
    pub(in crate::diff) facts: Vec<Fact>,
    pub(in crate::diff) edges: Vec<Edge<'d>>,
    /// Whether it or anything below it differs.
    pub(in crate::diff) is_changed: bool,
    /// Whether descriptions, titles or examples differ.
    pub(in crate::diff) has_new_words: bool,
}

impl Node<'_> {
    /// Whether callers never send it.
    pub(in crate::diff) fn is_read_only(&self) -> bool {
        self.new.flag("readOnly")
    }

    /// Whether the API never sends it.
    pub(in crate::diff) fn is_write_only(&self) -> bool {
        self.new.flag("writeOnly")
    }
}

/// The way from a schema to one inside it.
#[derive(Debug)]
pub(in crate::diff) struct Edge<'d> {
    pub(in crate::diff) step: Step<'d>,
    /// Whether the old schema required the property.
    pub(in crate::diff) was_required: bool,
    pub(in crate::diff) to: NodeId,
}

/// What a schema is to the one around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::diff) enum Step<'d> {
    Property(&'d str),
    Items,
    /// The item at a position, from 0.
    Item(usize),
    Others,
    Matching(&'d str),
    /// Part of `allOf`: the same value.
    Part,
    /// One choice of `oneOf` or `anyOf`, with its name.
    Choice(String),
    /// Under another keyword, with the name under it.
    Keyword(&'static str, &'d str),
}

/// All pairs of schemas that two documents have in the same places.
#[derive(Debug)]
pub(in crate::diff) struct Graph<'d> {
    pub(in crate::diff) old: Source<'d>,
    pub(in crate::diff) new: Source<'d>,
    pub(in crate::diff) nodes: Vec<Node<'d>>,
    known: HashMap<(usize, usize), NodeId>,
    pub(super) hashes: structure::Hashes,
    next: usize,
    /// Nodes that are made; one more stands for all others.
    most: usize,
    /// What may still be looked at in all pairs together.
    work_left: usize,
    /// What looking at a schema costs, by its identity.
    costs: HashMap<usize, usize>,
    /// Whether there are pairs that are not compared.
    pub(in crate::diff) is_cut: bool,
}

impl<'d> Graph<'d> {
    pub(in crate::diff) fn new(old: Source<'d>, new: Source<'d>, most: usize) -> Self {
        Self {
            old,
            new,
            nodes: Vec::new(),
            known: HashMap::new(),
            hashes: structure::Hashes::default(),
            next: 0,
            most: most.min(NodeId::MAX as usize - 1),
            work_left: most.saturating_mul(WORK_OF_PAIR),
            costs: HashMap::new(),
            is_cut: false,
        }
    }

    /// The node of two schemas.
    pub(in crate::diff) fn pair(&mut self, old: At<'d>, new: At<'d>) -> NodeId {
        let old = View::new(&mut self.old, old);
        let new = View::new(&mut self.new, new);
        let key = (old.identity(), new.identity());
        if let Some(id) = self.known.get(&key) {
            return *id;
        }
        let id = NodeId::try_from(self.nodes.len().min(self.most)).unwrap_or(NodeId::MAX);
        if self.nodes.len() < self.most {
            self.known.insert(key, id);
        } else if std::mem::replace(&mut self.is_cut, true) {
            return id;
        }
        self.nodes.push(Node {
            old,
            new,
            facts: Vec::new(),
            edges: Vec::new(),
            is_changed: false,
            has_new_words: false,
        });
        id
    }

    /// Compares every pair that was asked for, and those inside them, one after the other.
    pub(in crate::diff) fn complete(&mut self) {
        // The last one that is cut off stands for many; it has nothing to say.
        while self.next < self.nodes.len().min(self.most) {
            let at = self.next;
            self.next += 1;
            let (old, new) = (self.nodes[at].old, self.nodes[at].new);
            let cost = self.cost(&old) + self.cost(&new);
            let Some(left) = self.work_left.checked_sub(cost) else {
                self.is_cut = true;
                break;
            };
            self.work_left = left;
            let mut facts = Vec::new();
            let has_types = types::compare((&old, self.old.document), (&new, self.new.document), &mut facts);
            constraints::compare(&old, &new, &mut facts);
            let edges = structure::compare(self, &old, &new, has_types, &mut facts);
            let node = &mut self.nodes[at];
            node.has_new_words = ["title", "description", "examples", "externalDocs"]
                .iter()
                .any(|keyword| old.get(keyword) != new.get(keyword));
            node.facts = facts;
            node.edges = edges;
        }
        self.spread();
    }

    /// What looking at a schema costs: its keywords, with their members, items and texts.
    fn cost(&mut self, view: &View<'d>) -> usize {
        *self.costs.entry(view.identity()).or_insert_with(|| view.cost())
    }

    /// Marks every node from which a difference can be reached, against the direction of the edges.
    fn spread(&mut self) {
        let mut above: Vec<Vec<NodeId>> = vec![Vec::new(); self.nodes.len()];
        let mut open = Vec::new();
        for (at, node) in self.nodes.iter_mut().enumerate() {
            let id = NodeId::try_from(at).unwrap_or(NodeId::MAX);
            for edge in &node.edges {
                above[edge.to as usize].push(id);
            }
            node.is_changed = !node.facts.is_empty();
            if node.is_changed {
                open.push(id);
            }
        }
        while let Some(id) = open.pop() {
            for parent in std::mem::take(&mut above[id as usize]) {
                let node = &mut self.nodes[parent as usize];
                if !node.is_changed {
                    node.is_changed = true;
                    open.push(parent);
                }
            }
        }
    }

    /// The hash of a schema behind its reference.
    pub(super) fn hash_of(&mut self, value: &serde_json::Value, side: Side) -> u64 {
        let document = match side {
            Side::Old => self.old.document,
            Side::New => self.new.document,
        };
        let value = document.resolve(value).map_or(value, |resolved| resolved.value);
        self.hashes.of(value)
    }

    /// A number that is the same for schemas that say the same, words for people aside.
    pub(super) fn hash(&mut self, value: &serde_json::Value) -> u64 {
        self.hashes.of(value)
    }
}
