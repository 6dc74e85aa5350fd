//! Every value of the document with its references followed, once for each context that a rule tells apart.
//!
//! Spectral walks a copy in which every reference is replaced by its target, which grows without bound. Here a target is
//! walked once for each way of looking at it: whether it is part of a request or of a response, and which of a few keys lie
//! on the way to it. That is what Spectral's paths can tell apart, so the findings are the same.

use std::collections::{HashSet, VecDeque};

use serde_json::Value;

use super::place::{Place, Step};
use super::view::{View, address, children};

/// What lies on the way to a value, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Context(u16);

impl Context {
    pub(super) const CONTENT: Self = Self(1);
    pub(super) const HEADERS: Self = Self(2);
    pub(super) const PARAMETERS: Self = Self(4);
    pub(super) const SCHEMAS: Self = Self(8);
    pub(super) const DEFINITIONS: Self = Self(16);
    pub(super) const RESPONSES: Self = Self(32);
    pub(super) const OPERATION: Self = Self(64);
    pub(super) const IN_REQUEST: Self = Self(128);
    pub(super) const IN_RESPONSE: Self = Self(256);
    /// The value is one of a map of media types, parameters or headers.
    const CARRIER: Self = Self(512);
    /// The value is the map of examples of one.
    const EXAMPLES: Self = Self(1024);
    /// The value is one of those examples.
    pub(super) const EXAMPLE: Self = Self(2048);
    /// The value is one of `parameters`.
    pub(super) const PARAMETER: Self = Self(4096);

    pub(super) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    fn with(self, other: Self, is_there: bool) -> Self {
        Self(if is_there { self.0 | other.0 } else { self.0 })
    }
}

/// How far the path is one of the few that matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Prefix {
    Root,
    Paths,
    Path,
    Operation,
    Components,
    Schemas,
    Elsewhere,
}

/// The key that led to a value, as far as rules care.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Properties,
    Text,
    AnyOf,
    OneOf,
    Content,
    Headers,
    Parameters,
    Definitions,
    Responses,
    Examples,
    Xml,
    Other,
}

impl Key {
    fn of(step: Step<'_>) -> Self {
        match step {
            Step::Key("properties") => Self::Properties,
            Step::Key("description" | "title") => Self::Text,
            Step::Key("anyOf") => Self::AnyOf,
            Step::Key("oneOf") => Self::OneOf,
            Step::Key("content") => Self::Content,
            Step::Key("headers") => Self::Headers,
            Step::Key("parameters") => Self::Parameters,
            Step::Key("definitions") => Self::Definitions,
            Step::Key("responses") => Self::Responses,
            Step::Key("examples") => Self::Examples,
            Step::Key("xml") => Self::Xml,
            _ => Self::Other,
        }
    }
}

/// A value that is visited.
pub(super) struct Visit<'d, 'w> {
    pub(super) value: &'d Value,
    pub(super) place: &'w Place<'w>,
    pub(super) key: Key,
    pub(super) context: Context,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct State {
    prefix: Prefix,
    key: Key,
    context: Context,
}

/// Visits a target at most this often; more ways of looking at it don't occur in documents people write.
const MOST_STATES: usize = 400_000;

/// Visits everything below the root.
pub(super) fn walk<'d>(view: &View<'d>, visit: &mut dyn FnMut(&Visit<'d, '_>)) {
    let mut walker = Walker {
        view,
        visit,
        seen: HashSet::new(),
        queue: VecDeque::new(),
    };
    let root = State {
        prefix: Prefix::Root,
        key: Key::Other,
        context: Context::default(),
    };
    walker.below(view.root, &Place::ROOT, root);
    while let Some((value, path, state)) = walker.queue.pop_front() {
        walker.at(value, &Place::At(&path), state);
    }
}

struct Walker<'v, 'd, 'f> {
    view: &'v View<'d>,
    visit: &'f mut dyn FnMut(&Visit<'d, '_>),
    seen: HashSet<(usize, State)>,
    queue: VecDeque<(&'d Value, Vec<String>, State)>,
}

impl<'d> Walker<'_, 'd, '_> {
    fn at(&mut self, value: &'d Value, place: &Place<'_>, state: State) {
        (self.visit)(&Visit {
            value,
            place,
            key: state.key,
            context: state.context,
        });
        self.below(value, place, state);
    }

    fn below(&mut self, value: &'d Value, place: &Place<'_>, state: State) {
        for (step, inner) in children(value) {
            let state = next(state, step, value.is_object());
            let followed = self.view.follow(inner);
            match followed.target {
                None => self.at(inner, &Place::Below(place, step), state),
                Some(path) => {
                    let is_new = self.seen.len() < MOST_STATES && self.seen.insert((address(followed.value), state));
                    if is_new {
                        self.queue.push_back((followed.value, path.to_vec(), state));
                    }
                }
            }
        }
    }
}

fn next(state: State, step: Step<'_>, is_member: bool) -> State {
    let key = Key::of(step);
    let name = match step {
        Step::Key(name) => name,
        Step::Index(_) => "",
    };
    let (mut prefix, mut context) = (Prefix::Elsewhere, state.context);
    // Single places, not whole branches.
    context.0 &= !(Context::CARRIER.0 | Context::EXAMPLES.0 | Context::EXAMPLE.0 | Context::PARAMETER.0);
    context = context
        .with(Context::CONTENT, state.key == Key::Content)
        .with(Context::HEADERS, state.key == Key::Headers)
        .with(Context::PARAMETERS, state.key == Key::Parameters)
        .with(Context::DEFINITIONS, state.key == Key::Definitions)
        .with(Context::RESPONSES, state.key == Key::Responses)
        .with(Context::SCHEMAS, state.prefix == Prefix::Schemas)
        .with(Context::PARAMETER, state.key == Key::Parameters)
        .with(Context::EXAMPLE, state.context.has(Context::EXAMPLES))
        .with(
            Context::EXAMPLES,
            state.context.has(Context::CARRIER) && key == Key::Examples,
        );
    let is_carrier = matches!(state.key, Key::Content | Key::Parameters | Key::Headers);
    let is_below = state.context.has(Context::OPERATION) && state.prefix != Prefix::Operation;
    context = context.with(Context::CARRIER, is_carrier && is_below);
    match state.prefix {
        Prefix::Root => match name {
            "paths" if is_member => prefix = Prefix::Paths,
            "components" if is_member => prefix = Prefix::Components,
            "responses" => context = context.with(Context::IN_RESPONSE, is_member),
            _ => {}
        },
        Prefix::Paths => prefix = Prefix::Path,
        Prefix::Path => {
            prefix = Prefix::Operation;
            context = context.with(Context::OPERATION, true);
        }
        Prefix::Operation => {
            context = context
                .with(Context::IN_REQUEST, name == "requestBody")
                .with(Context::IN_RESPONSE, name == "responses");
        }
        Prefix::Components => {
            context = context
                .with(Context::IN_REQUEST, name == "requestBodies")
                .with(Context::IN_RESPONSE, name == "responses");
            if name == "schemas" {
                prefix = Prefix::Schemas;
            }
        }
        Prefix::Schemas | Prefix::Elsewhere => {}
    }
    State { prefix, key, context }
}
