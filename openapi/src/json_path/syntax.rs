//! The parts of an expression.

use serde_json::Value;

use super::pattern::Pattern;

/// A segment: what is selected of each node that the segments before it found.
#[derive(Clone, Debug)]
pub(super) enum Segment {
    /// Of its children.
    Child(Vec<Selector>),
    /// Of its children and all that is below them.
    Descendant(Vec<Selector>),
    /// Its key.
    Key,
    /// The value it is in.
    Parent,
}

#[derive(Clone, Debug)]
pub(super) enum Selector {
    Name(String),
    Wildcard,
    Index(i64),
    Slice {
        start: Option<i64>,
        end: Option<i64>,
        step: i64,
    },
    Filter(Box<Expression>),
}

/// A query inside a filter.
#[derive(Clone, Debug)]
pub(super) struct Query {
    /// From the root (`$`), not from the current node (`@`).
    pub(super) is_absolute: bool,
    pub(super) segments: Vec<Segment>,
}

/// What is true or false.
#[derive(Clone, Debug)]
pub(super) enum Expression {
    Or(Vec<Expression>),
    And(Vec<Expression>),
    Not(Box<Expression>),
    /// The query finds something.
    Exists(Query),
    Compare(Operand, Comparison, Operand),
    /// `match` and `search`.
    Matches {
        text: Operand,
        pattern: PatternSource,
        /// Whether the pattern must match all of the text.
        is_whole: bool,
    },
}

#[derive(Clone, Debug)]
pub(super) enum PatternSource {
    Compiled(Pattern),
    /// Compiled for every node: the document has it.
    Operand(Operand),
    /// It can't be compiled, so it matches nothing (RFC 9535 §2.4.6).
    Nothing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// What has one value, or nothing.
#[derive(Clone, Debug)]
pub(super) enum Operand {
    Literal(Value),
    /// A singular query.
    Query(Query),
    Length(Box<Operand>),
    Count(Query),
    ValueOf(Query),
    /// `@property`: the key of the current node.
    Key,
    /// `@.a.length`: the member of this name, or the length of a text or list.
    LengthMember(Query),
}

pub(super) fn is_singular(segments: &[Segment]) -> bool {
    segments.iter().all(|segment| {
        matches!(
            segment,
            Segment::Child(selectors) if matches!(selectors.as_slice(), [Selector::Name(_) | Selector::Index(_)])
        )
    })
}

fn hex(character: char, shift: u32) -> char {
    char::from_digit(u32::from(character) >> shift & 0xf, 16).unwrap_or('0')
}

/// Appends `['name']` as in a normalized path (RFC 9535 §2.7).
pub(super) fn push_quoted(text: &mut String, name: &str) {
    text.push_str("['");
    for character in name.chars() {
        match character {
            '\u{8}' => text.push_str("\\b"),
            '\t' => text.push_str("\\t"),
            '\n' => text.push_str("\\n"),
            '\u{c}' => text.push_str("\\f"),
            '\r' => text.push_str("\\r"),
            '\'' => text.push_str("\\'"),
            '\\' => text.push_str("\\\\"),
            control if control < ' ' => text.extend(['\\', 'u', '0', '0', hex(control, 4), hex(control, 0)]),
            other => text.push(other),
        }
    }
    text.push_str("']");
}
