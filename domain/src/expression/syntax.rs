//! The tree of an expression. Names are resolved, patterns compiled.

use regex::Regex;

use super::{
    function::Function,
    input::{Field, MapField},
};

/// A part of an expression.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// Where it begins in the text, in bytes.
    pub(super) at: u32,
    /// Levels of parts below it: bounds the recursion of everything that walks the tree.
    pub(super) height: u32,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Null,
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(String),
    Field(Field),
    /// `has(request.size)`.
    HasField(Field),
    Input(MapField),
    /// A variable of a macro, by its place on the stack.
    Variable(usize),
    /// `of.name` of a map.
    Select {
        of: Box<Node>,
        name: String,
        /// `has(of.name)`.
        is_test: bool,
    },
    /// `of[by]`.
    Index(Box<[Node; 2]>),
    List(Vec<Node>),
    Map(Vec<[Node; 2]>),
    Not(Box<Node>),
    Negate(Box<Node>),
    /// Two or more.
    And(Vec<Node>),
    /// Two or more.
    Or(Vec<Node>),
    /// `condition ? then : otherwise`.
    Choice(Box<[Node; 3]>),
    Binary(Operator, Box<[Node; 2]>),
    Call(Function, Vec<Node>),
    Matches(Box<Node>, Regex),
    /// A macro over a list or the keys of a map. Its variable is the one above those of the parts around it.
    Each(Each, Box<[Node; 2]>),
}

impl Kind {
    /// Levels of parts in it.
    pub(super) fn height(&self) -> u32 {
        let most = |nodes: &[Node]| nodes.iter().map(|node| node.height + 1).max().unwrap_or(0);
        match self {
            Self::Select { of, .. } | Self::Not(of) | Self::Negate(of) | Self::Matches(of, _) => of.height + 1,
            Self::Index(parts) | Self::Binary(_, parts) | Self::Each(_, parts) => most(&parts[..]),
            Self::Choice(parts) => most(&parts[..]),
            Self::List(items) | Self::And(items) | Self::Or(items) | Self::Call(_, items) => most(items),
            Self::Map(entries) => entries.iter().map(|entry| most(entry)).max().unwrap_or(0),
            _ => 0,
        }
    }
}

/// An operator between two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Operator {
    /// As it is written.
    pub(super) fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::In => "in",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        }
    }
}

/// A macro that evaluates its second part for each item of the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Each {
    All,
    Exists,
    ExistsOne,
    Filter,
    Map,
}

impl Each {
    /// The macro of a name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "all" => Self::All,
            "exists" => Self::Exists,
            "exists_one" => Self::ExistsOne,
            "filter" => Self::Filter,
            "map" => Self::Map,
            _ => return None,
        })
    }
}
