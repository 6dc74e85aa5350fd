//! JSON Schema as Ajv 8 understands it, which is what Spectral's findings about examples and structure come from: the same
//! keywords in the same order, stopping at the first mistake (or not), with the same paths and messages.
//!
//! [`crate::validate`] answers another question (may this request pass?) by OpenAPI's own rules; a linter whose findings are
//! to be those of another tool has to ask that tool's question. Everything is bounded: schemas are compiled once each, and
//! checking takes a limited number of steps, after which a value counts as unchecked.

mod applicators;
mod compile;
mod containers;
mod ecma;
mod evaluated;
mod fault;
mod formats;
mod lists;
mod messages;
mod names;
mod node;
mod objects;
mod registry;
mod replace;
mod report;
mod run;
mod scalars;

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use serde_json::Value;

pub(super) use compile::{Refusal, is_truthy};
pub(super) use fault::{Detail, Fault};
pub(super) use messages::{are_equal, canonical};
pub(super) use node::NodeId;
pub(super) use registry::Registry;
pub(super) use report::{Report, best_match, report};

use super::view::View;
use node::Node;

/// Which keywords there are, and what they mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Draft4,
    Draft7,
    Draft2020,
}

/// Properties that need not be there, because they don't travel in this direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Relaxed {
    No,
    /// `readOnly` properties, in the example of a request.
    ReadOnly,
    /// `writeOnly` properties, in the example of a response.
    WriteOnly,
}

/// How an engine works.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) dialect: Dialect,
    /// Goes on after the first mistake.
    pub(super) has_all_errors: bool,
    /// Reads `x-nullable` as `nullable`, as documents of version 2.0 mean it.
    pub(super) has_x_nullable: bool,
}

/// Where schemas come from.
#[derive(Clone, Copy)]
enum Source<'v, 'd> {
    /// The linted document: references were followed already.
    Document(&'v View<'d>),
    /// Schemas that belong to this program and name each other by identifier.
    Registry(&'d Registry),
    /// One schema that refers to nothing.
    Alone,
}

/// Compiles and checks.
pub(super) struct Engine<'v, 'd> {
    settings: Settings,
    source: Source<'v, 'd>,
    /// Follows references of the values that are checked.
    data_view: Option<&'v View<'d>>,
    nodes: Vec<Rc<Node<'d>>>,
    ids: HashMap<(usize, usize), Result<NodeId, Refusal>>,
    patterns: HashMap<&'d str, Option<Rc<crate::validate::Pattern>>>,
    depth: usize,
    has_unevaluated: bool,
    has_messages: bool,
    faults: Vec<Fault>,
    dynamic: Option<NodeId>,
    steps: usize,
    relaxed: Relaxed,
    /// Values that passed the schema of this number before; for meta-schemas, which meet the same schema again and again.
    passed: HashSet<(NodeId, usize)>,
    is_remembering: bool,
}

impl<'v, 'd> Engine<'v, 'd> {
    fn new(settings: Settings, source: Source<'v, 'd>, data_view: Option<&'v View<'d>>) -> Self {
        Self {
            settings,
            source,
            data_view,
            nodes: Vec::new(),
            ids: HashMap::new(),
            patterns: HashMap::new(),
            depth: 0,
            has_unevaluated: false,
            has_messages: false,
            faults: Vec::new(),
            dynamic: None,
            steps: 0,
            relaxed: Relaxed::No,
            passed: HashSet::new(),
            is_remembering: false,
        }
    }

    /// For schemas and values of the linted document.
    pub(super) fn of_document(settings: Settings, view: &'v View<'d>) -> Self {
        Self::new(settings, Source::Document(view), Some(view))
    }

    /// For schemas of this program; values are taken as they are written.
    pub(super) fn of_registry(settings: Settings, registry: &'d Registry) -> Self {
        let mut engine = Self::new(settings, Source::Registry(registry), None);
        engine.has_messages = true;
        engine.has_unevaluated = settings.dialect == Dialect::Draft2020;
        engine
    }

    /// For a meta-schema: the values are schemas of the linted document.
    pub(super) fn of_meta_schema(settings: Settings, registry: &'d Registry, view: &'v View<'d>) -> Self {
        let mut engine = Self::new(settings, Source::Registry(registry), Some(view));
        engine.is_remembering = true;
        engine
    }

    /// For a schema out of a ruleset, and values of the linted document.
    pub(super) fn of_ruleset(settings: Settings, view: &'v View<'d>) -> Self {
        let mut engine = Self::new(settings, Source::Alone, Some(view));
        engine.has_unevaluated = settings.dialect == Dialect::Draft2020;
        engine
    }

    /// How many of the steps the last check took.
    pub(super) fn steps_taken(&self, budget: usize) -> usize {
        budget - self.steps.min(budget)
    }

    /// A value with its references followed, if this engine does that.
    fn data(&self, value: &'d Value) -> &'d Value {
        match self.data_view {
            Some(view) => view.value(value),
            None => value,
        }
    }
}
