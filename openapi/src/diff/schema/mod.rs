//! Comparing schemas: pairs of schemas become nodes of a graph, with what differs as facts that know nothing of sides.

mod choices;
mod constraints;
mod fact;
mod graph;
mod structure;
mod types;
mod view;
mod words;

pub(super) use fact::{Fact, Kind, Property, TypeChange};
pub(super) use graph::{Edge, Graph, Node, NodeId, Step};
pub(super) use words::{LONGEST_PATH, quoted, quoted_path, value};
