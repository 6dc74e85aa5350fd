//! Schema trees within a bound for the whole page, however many bodies it shows.

use std::cell::Cell;

use openapi::{
    Direction, Document,
    schema::{self, SchemaNode, TreeBudget},
};
use serde_json::Value;

use crate::ui::text::short_text;

/// Nodes on one page.
const PAGE_NODES: usize = 1_200;
/// Nodes that a tree gets even when the page is full: what it is, and the first properties.
const LEAST_NODES: usize = 12;
/// Longest name or value, in characters.
const LONGEST: usize = 200;

/// Makes the trees of one page.
pub(super) struct Trees<'d> {
    document: &'d Document,
    left: Cell<usize>,
}

impl<'d> Trees<'d> {
    pub(super) fn new(document: &'d Document) -> Self {
        Self {
            document,
            left: Cell::new(PAGE_NODES),
        }
    }

    pub(super) fn document(&self) -> &'d Document {
        self.document
    }

    /// The tree of a schema, of at most `nodes` nodes and what the page has left.
    pub(super) fn tree(&self, schema: &Value, direction: Direction, nodes: usize) -> SchemaNode {
        let budget = TreeBudget {
            nodes: nodes.min(self.left.get()).max(LEAST_NODES),
            ..TreeBudget::default()
        };
        let mut node = schema::tree(self.document, schema, &budget, direction);
        self.left.set(self.left.get().saturating_sub(tidy(&mut node)));
        node
    }
}

/// Shortens what strangers may have made long; the number of nodes.
fn tidy(node: &mut SchemaNode) -> usize {
    let cut = |text: &mut String| {
        if text.len() > LONGEST {
            *text = short_text(text, LONGEST);
        }
    };
    node.name.iter_mut().chain(&mut node.title).for_each(cut);
    cut(&mut node.type_label);
    for constraint in &mut node.constraints {
        cut(&mut constraint.label);
        constraint.values.iter_mut().for_each(cut);
    }
    1 + node.children.iter_mut().map(tidy).sum::<usize>()
}
