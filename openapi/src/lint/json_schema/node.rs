//! What a compiled schema is.

use std::rc::Rc;

use serde_json::{Map, Value};

use super::formats::Format;
use crate::validate::Pattern;

/// The number of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::lint) struct NodeId(pub(super) usize);

/// A compiled schema: its rules in the order in which Ajv applies them.
#[derive(Debug, Default)]
pub(super) struct Node<'d> {
    pub(super) verdict: Verdict,
    pub(super) types: Types,
    /// The value of `type`, for messages.
    pub(super) type_words: String,
    pub(super) is_nullable: bool,
    /// The one type whose rules say that the value has another.
    pub(super) late_type: Option<Group>,
    /// Rules for every value, numbers, texts, lists and objects.
    pub(super) groups: [Vec<Rule<'d>>; 5],
    pub(super) messages: Option<&'d Value>,
}

/// What is known without looking at the value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Accepts everything.
    #[default]
    Always,
    /// Accepts nothing.
    Never,
    /// Depends on the value.
    Rules,
}

/// The rules of a schema that look at values of one type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    Any = 0,
    Number = 1,
    String = 2,
    Array = 3,
    Object = 4,
}

impl Group {
    pub(super) const ALL: [Self; 5] = [Self::Any, Self::Number, Self::String, Self::Array, Self::Object];

    pub(super) fn accepts(self, value: &Value) -> bool {
        match self {
            Self::Any => true,
            Self::Number => value.is_number(),
            Self::String => value.is_string(),
            Self::Array => value.is_array(),
            Self::Object => value.is_object(),
        }
    }
}

/// Types of JSON Schema, as a set of bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Types(pub(super) u8);

impl Types {
    pub(super) const NULL: u8 = 1;

    pub(super) fn bit(name: &str) -> Option<u8> {
        let names = ["null", "boolean", "integer", "number", "string", "array", "object"];
        names.iter().position(|known| *known == name).map(|at| 1 << at)
    }

    pub(super) fn accepts(self, value: &Value) -> bool {
        let bits = match value {
            Value::Null => 1,
            Value::Bool(_) => 2,
            Value::Number(number) => {
                let is_whole = number.as_f64().is_some_and(|number| number.fract() == 0.0);
                if is_whole { 4 | 8 } else { 8 }
            }
            Value::String(_) => 16,
            Value::Array(_) => 32,
            Value::Object(_) => 64,
        };
        self.0 & bits != 0
    }
}

/// A limit of a number or a length.
#[derive(Clone, Debug)]
pub(super) struct Bound {
    pub(super) keyword: &'static str,
    pub(super) limit: f64,
    /// As the schema has it.
    pub(super) words: String,
}

/// One keyword.
#[derive(Debug)]
pub(super) enum Rule<'d> {
    DynamicAnchor,
    DynamicRef(NodeId),
    Ref(NodeId),
    Const(&'d Value),
    Enum(&'d [Value]),
    Not(NodeId),
    AnyOf(Vec<NodeId>),
    OneOf(Vec<NodeId>),
    AllOf(Vec<NodeId>),
    If {
        condition: NodeId,
        then: Option<NodeId>,
        otherwise: Option<NodeId>,
    },
    Limit {
        bound: Bound,
        is_upper: bool,
        is_exclusive: bool,
    },
    MultipleOf(f64, String),
    Format(Format, &'d str),
    Length(Bound, bool),
    Pattern(Option<Rc<Pattern>>, &'d str),
    ItemCount(Bound, bool),
    PrefixItems(&'static str, Vec<NodeId>),
    /// Every item from this number on.
    Items {
        keyword: &'static str,
        from: usize,
        schema: NodeId,
    },
    Contains {
        schema: NodeId,
        least: usize,
        most: Option<usize>,
    },
    UniqueItems {
        is_scalar: bool,
    },
    UnevaluatedItems(NodeId),
    PropertyCount(Bound, bool),
    Required {
        names: Vec<&'d str>,
        read_only: Vec<&'d str>,
        write_only: Vec<&'d str>,
    },
    PropertyNames(NodeId),
    AdditionalProperties {
        schema: NodeId,
        named: Option<&'d Map<String, Value>>,
        patterns: Vec<Option<Rc<Pattern>>>,
    },
    Dependencies {
        keyword: &'static str,
        names: Vec<(&'d str, Vec<&'d str>)>,
        schemas: Vec<(&'d str, NodeId)>,
    },
    Properties(Vec<(&'d str, NodeId)>),
    PatternProperties(Vec<(&'d str, Option<Rc<Pattern>>, NodeId)>),
    UnevaluatedProperties(NodeId),
}
