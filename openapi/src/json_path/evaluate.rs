//! Finds the nodes of an expression.
//!
//! The way to a node is a link to the node before it, so that a step costs the same at every depth; ways are written out for
//! the nodes of the result only.

use std::collections::HashSet;

use serde_json::Value;

use super::syntax::{Segment, Selector};
use super::{Budget, Node, Step, TooCostly};

/// Steps of the ways to all nodes, for each node that the budget allows; a dozen is usual.
const MOST_STEPS_OF_NODE: usize = 8;
/// Bytes of a text that cost as much as a value.
pub(crate) const BYTES_OF_STEP: usize = 16;

/// What a value stands for: itself, or the target of its reference.
pub(super) type Follow<'d, 'f> = &'f dyn Fn(&'d Value) -> &'d Value;

/// The nodes; `left` gets the steps that are left.
pub(super) fn find<'d>(
    segments: &[Segment],
    root: &'d Value,
    budget: &Budget,
    follow: Option<Follow<'d, '_>>,
    left: &mut u64,
) -> Result<Vec<Node<'d>>, TooCostly> {
    let mut search = Search::new(root, budget, follow);
    let found = search.query(segments, Found::root(root));
    *left = search.steps_left;
    let found = found?;
    search.pay_ways(&found)?;
    Ok(found.into_iter().map(|found| search.node(found)).collect())
}

/// A node on the way.
#[derive(Clone, Copy)]
pub(super) struct Found<'d> {
    pub(super) value: &'d Value,
    /// The last link of its way, counted from 1; 0 is the root.
    link: usize,
    is_key: bool,
}

impl<'d> Found<'d> {
    pub(super) fn root(value: &'d Value) -> Self {
        Self {
            value,
            link: 0,
            is_key: false,
        }
    }
}

struct Link<'d> {
    before: usize,
    step: Step<'d>,
    /// The value that the step starts from.
    parent: &'d Value,
}

pub(super) struct Search<'d, 'f> {
    pub(super) root: &'d Value,
    links: Vec<Link<'d>>,
    steps_left: u64,
    most_nodes: usize,
    follow: Option<Follow<'d, 'f>>,
}

impl<'d, 'f> Search<'d, 'f> {
    fn new(root: &'d Value, budget: &Budget, follow: Option<Follow<'d, 'f>>) -> Self {
        Self {
            root,
            links: Vec::new(),
            steps_left: budget.steps,
            most_nodes: budget.nodes,
            follow,
        }
    }

    pub(super) fn pay(&mut self, steps: usize) -> Result<(), TooCostly> {
        self.steps_left = self.steps_left.checked_sub(steps as u64).ok_or(TooCostly)?;
        Ok(())
    }

    /// Pays for writing the ways out: many nodes far down would take much more than the nodes themselves.
    fn pay_ways(&self, found: &[Found<'d>]) -> Result<(), TooCostly> {
        let mut left = self.most_nodes.saturating_mul(MOST_STEPS_OF_NODE);
        for node in found {
            let mut at = node.link;
            while let Some(link) = at.checked_sub(1).and_then(|at| self.links.get(at)) {
                left = left.checked_sub(1).ok_or(TooCostly)?;
                at = link.before;
            }
        }
        Ok(())
    }

    fn node(&self, found: Found<'d>) -> Node<'d> {
        let mut path = Vec::new();
        let mut at = found.link;
        while let Some(link) = at.checked_sub(1).and_then(|at| self.links.get(at)) {
            path.push(link.step);
            at = link.before;
        }
        path.reverse();
        Node {
            value: found.value,
            path,
            is_key: found.is_key,
        }
    }

    /// The key of a node, if it has one.
    pub(super) fn key(&self, found: Found<'d>) -> Option<Step<'d>> {
        let link = self.links.get(found.link.checked_sub(1)?)?;
        Some(link.step)
    }

    fn child(&mut self, parent: Found<'d>, step: Step<'d>, value: &'d Value) -> Result<Found<'d>, TooCostly> {
        self.pay(1)?;
        if self.links.len() >= self.most_nodes {
            return Err(TooCostly);
        }
        let value = self.follow.map_or(value, |follow| follow(value));
        self.links.push(Link {
            before: parent.link,
            step,
            parent: parent.value,
        });
        Ok(Found {
            value,
            link: self.links.len(),
            is_key: false,
        })
    }

    /// The nodes that a query inside a filter finds, without keeping their ways.
    pub(super) fn subquery(&mut self, segments: &[Segment], start: Found<'d>) -> Result<Vec<&'d Value>, TooCostly> {
        let kept = self.links.len();
        let found = self.query(segments, start)?;
        self.links.truncate(kept);
        Ok(found.into_iter().map(|found| found.value).collect())
    }

    fn query(&mut self, segments: &[Segment], start: Found<'d>) -> Result<Vec<Found<'d>>, TooCostly> {
        let mut nodes = vec![start];
        for segment in segments {
            let mut next = Vec::new();
            let mut entered = HashSet::new();
            for node in nodes {
                self.pay(1)?;
                match segment {
                    Segment::Child(selectors) => self.select(selectors, node, &mut next)?,
                    Segment::Descendant(selectors) => self.descend(selectors, node, &mut next, &mut entered)?,
                    Segment::Key => {
                        if node.link > 0 {
                            next.push(Found { is_key: true, ..node });
                        }
                    }
                    Segment::Parent => next.extend(self.parent(node)),
                }
                if next.len() > self.most_nodes {
                    return Err(TooCostly);
                }
            }
            nodes = next;
        }
        Ok(nodes)
    }

    fn parent(&self, node: Found<'d>) -> Option<Found<'d>> {
        let link = self.links.get(node.link.checked_sub(1)?)?;
        Some(Found {
            value: link.parent,
            link: link.before,
            is_key: false,
        })
    }

    /// Applies the selectors to the node and everything below it, parents first, in the order of the document. The target of
    /// a reference is entered once, however many references lead to it.
    fn descend(
        &mut self,
        selectors: &[Selector],
        start: Found<'d>,
        next: &mut Vec<Found<'d>>,
        entered: &mut HashSet<usize>,
    ) -> Result<(), TooCostly> {
        let mut pending = vec![start];
        while let Some(node) = pending.pop() {
            self.select(selectors, node, next)?;
            let from = pending.len();
            match node.value {
                Value::Object(map) => {
                    for (key, value) in map {
                        self.pay(1)?;
                        if value.is_object() || value.is_array() {
                            pending.extend(self.entered(node, Step::Key(key), value, entered)?);
                        }
                    }
                }
                Value::Array(items) => {
                    for (index, value) in items.iter().enumerate() {
                        self.pay(1)?;
                        if value.is_object() || value.is_array() {
                            pending.extend(self.entered(node, Step::Index(index), value, entered)?);
                        }
                    }
                }
                _ => {}
            }
            pending[from..].reverse();
            if next.len() > self.most_nodes {
                return Err(TooCostly);
            }
        }
        Ok(())
    }

    fn entered(
        &mut self,
        parent: Found<'d>,
        step: Step<'d>,
        value: &'d Value,
        entered: &mut HashSet<usize>,
    ) -> Result<Option<Found<'d>>, TooCostly> {
        let child = self.child(parent, step, value)?;
        let is_known = !std::ptr::eq(child.value, value) && !entered.insert(std::ptr::from_ref(child.value).addr());
        Ok((!is_known).then_some(child))
    }

    fn select(&mut self, selectors: &[Selector], node: Found<'d>, next: &mut Vec<Found<'d>>) -> Result<(), TooCostly> {
        for selector in selectors {
            match (selector, node.value) {
                (Selector::Name(name), Value::Object(map)) => {
                    self.pay(name.len() / BYTES_OF_STEP)?;
                    if let Some((key, value)) = map.get_key_value(name) {
                        next.push(self.child(node, Step::Key(key), value)?);
                    }
                }
                (Selector::Index(index), Value::Array(items)) => {
                    let at = absolute(*index, items.len());
                    if let Some((at, value)) = at.and_then(|at| Some((at, items.get(at)?))) {
                        next.push(self.child(node, Step::Index(at), value)?);
                    }
                }
                (Selector::Slice { start, end, step }, Value::Array(items)) => {
                    for at in slice(*start, *end, *step, items.len()) {
                        next.push(self.child(node, Step::Index(at), &items[at])?);
                    }
                }
                (Selector::Wildcard, Value::Object(map)) => {
                    for (key, value) in map {
                        next.push(self.child(node, Step::Key(key), value)?);
                    }
                }
                (Selector::Wildcard, Value::Array(items)) => {
                    for (at, value) in items.iter().enumerate() {
                        next.push(self.child(node, Step::Index(at), value)?);
                    }
                }
                (Selector::Filter(filter), Value::Object(map)) => {
                    for (key, value) in map {
                        self.filtered(filter, node, Step::Key(key), value, next)?;
                    }
                }
                (Selector::Filter(filter), Value::Array(items)) => {
                    for (at, value) in items.iter().enumerate() {
                        self.filtered(filter, node, Step::Index(at), value, next)?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn filtered(
        &mut self,
        filter: &super::syntax::Expression,
        node: Found<'d>,
        step: Step<'d>,
        value: &'d Value,
        next: &mut Vec<Found<'d>>,
    ) -> Result<(), TooCostly> {
        let child = self.child(node, step, value)?;
        if self.holds(filter, child)? {
            next.push(child);
        } else {
            self.links.truncate(child.link - 1);
        }
        Ok(())
    }
}

/// An index counted from the end, if it is negative, as one from the start.
fn absolute(index: i64, length: usize) -> Option<usize> {
    if index < 0 {
        length.checked_sub(usize::try_from(index.unsigned_abs()).ok()?)
    } else {
        usize::try_from(index).ok()
    }
}

/// The places of a slice (RFC 9535 §2.3.4.2.2).
fn slice(start: Option<i64>, end: Option<i64>, step: i64, length: usize) -> Vec<usize> {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let normal = |index: i64| if index < 0 { length.saturating_add(index) } else { index };
    let mut places = Vec::new();
    if step > 0 {
        let mut at = normal(start.unwrap_or(0)).clamp(0, length);
        let upper = normal(end.unwrap_or(length)).clamp(0, length);
        while at < upper {
            places.push(at as usize);
            at = at.saturating_add(step);
        }
    } else if step < 0 {
        let mut at = start.map_or(length - 1, normal).clamp(-1, length - 1);
        let lower = end.map_or(-1, |end| normal(end).clamp(-1, length - 1));
        while at > lower {
            places.push(at as usize);
            at = at.saturating_add(step);
        }
    }
    places
}
