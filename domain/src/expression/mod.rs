//! Expressions of policies: conditions over a request, written in a subset of CEL (Common Expression Language,
//! `cel-spec/doc/langdef.md`).
//!
//! ```text
//! request.method == 'DELETE' && !('admin' in consumer.claims.roles)
//! request.headers['x-tenant'].matches('^[a-z]{3}$') ? request.size > 1000 : true
//! now.getHours() < 6 && consumer.kind == 'sandbox'
//! ```
//!
//! # Why not a library
//!
//! The maintained one has no bound on the cost of an evaluation and its parser recurses as deep as its input does; both
//! are needed for text that users write and that runs for every call. This subset is small.
//!
//! # What there is
//!
//! - Literals: integers, doubles, text (also raw and triple-quoted), `true`, `false`, `null`, lists, maps.
//! - `+ - * / %`, `== != < <= > >=`, `in`, `&& || !`, `? :`, fields, indexes.
//! - `has()`, and over lists and keys of maps `exists`, `all`, `exists_one`, `filter`, `map`.
//! - `size`, `startsWith`, `endsWith`, `contains`, `matches` (its pattern a literal of RE2's syntax), `lowerAscii`, `upperAscii`; `int`,
//!   `double`, `string`; `timestamp`, `duration` and their `get…` functions (in UTC or a fixed offset).
//!
//! Not there: unsigned integers, bytes, types as values, messages. What can be read is listed in [`Field`] and [`MapField`].
//!
//! # Invariants
//!
//! - Parsed, checked and its patterns compiled once, by [`Expression::parse`]; a mistake is named with its place.
//! - An evaluation takes at most [`MAX_STEPS`] steps and never panics.
//! - A condition that can't be evaluated counts as met ([`Expression::is_met`]): what it guards is refused. That is so for
//!   every error, a missing header as much as an overflow; `has()` asks before.

mod check;
mod evaluate;
mod function;
mod input;
mod lexer;
mod moment;
mod operation;
mod parser;
mod pattern;
mod reads;
mod syntax;
#[cfg(test)]
mod tests;
mod value;

pub use evaluate::{EvaluateError, MAX_STEPS};
pub use input::{Entry, Field, Inputs, MapField};
pub use value::{List, Map, Value};

/// Longest expression, in bytes.
pub const MAX_BYTES: usize = 4096;

/// A condition, ready to be evaluated.
#[derive(Clone, Debug)]
pub struct Expression {
    text: String,
    root: syntax::Node,
}

/// A mistake in an expression, and where it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {mistake}")]
pub struct ExpressionError {
    /// From 1.
    pub line: u32,
    /// In characters, from 1.
    pub column: u32,
    /// What is wrong.
    pub mistake: Mistake,
}

/// What is wrong with an expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mistake {
    /// More than [`MAX_BYTES`].
    #[error("the expression is longer than {MAX_BYTES} bytes")]
    TooLong,
    /// Too many parts inside each other.
    #[error("the expression is nested too deeply")]
    TooDeep,
    /// No token begins so.
    #[error("`{0}` can't stand here")]
    Character(char),
    /// Text without an end.
    #[error("the text has no end")]
    OpenText,
    /// An escape that does not exist.
    #[error("the text has an unknown escape")]
    Escape,
    /// A number that does not exist, or above the range.
    #[error("this is no number in range")]
    Number,
    /// Something else should stand here.
    #[error("{0} is expected here")]
    Expected(&'static str),
    /// In CEL, but not here.
    #[error("{0} are not supported")]
    Unsupported(&'static str),
    /// A word that CEL keeps for itself.
    #[error("`{0}` is a reserved word")]
    Reserved(String),
    /// A name that means nothing.
    #[error("`{0}` is unknown")]
    UnknownName(String),
    /// A field that does not exist.
    #[error("`{of}` has no field `{name}`")]
    UnknownField {
        /// Whose field it would be.
        of: &'static str,
        /// Its name.
        name: String,
    },
    /// A function that does not exist, or not with so many arguments.
    #[error("there is no function `{name}` with {arguments} argument(s)")]
    UnknownFunction {
        /// Its name.
        name: String,
        /// Arguments, what stands before the dot included.
        arguments: usize,
    },
    /// A value of the wrong type.
    #[error("a value of type {expected} is expected here, not {found}")]
    Type {
        /// What fits.
        expected: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// No operator or comparison for these two types.
    #[error("`{operator}` does not fit between {left} and {right}")]
    Operands {
        /// As written.
        operator: &'static str,
        /// Type on the left.
        left: &'static str,
        /// Type on the right.
        right: &'static str,
    },
    /// The pattern of `matches` is not literal text: it could not be compiled once.
    #[error("the pattern must be a literal")]
    PatternNotLiteral,
    /// The pattern of `matches` can't be compiled.
    #[error("the pattern can't be compiled: {0}")]
    Pattern(String),
    /// More than 16 patterns.
    #[error("the expression has too many patterns")]
    TooManyPatterns,
    /// Literal text that is no timestamp (RFC 3339) or duration.
    #[error("this is no {0}")]
    Moment(&'static str),
}

impl Expression {
    /// Reads, checks and compiles a condition.
    ///
    /// # Errors
    /// The first mistake found, with its place.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        let locate = |(at, mistake): (u32, Mistake)| locate(text, at as usize, mistake);
        if text.len() > MAX_BYTES {
            return Err(locate((0, Mistake::TooLong)));
        }
        let root = parser::parse(text).map_err(locate)?;
        check::check(&root).map_err(locate)?;
        Ok(Self {
            text: text.to_owned(),
            root,
        })
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the condition is met.
    ///
    /// # Errors
    /// It can't be said: something that it reads is missing or of another type, a number overflows, or it takes more than
    /// [`MAX_STEPS`].
    pub fn evaluate(&self, inputs: &dyn Inputs) -> Result<bool, EvaluateError> {
        evaluate::evaluate(&self.root, inputs)
    }

    /// Whether the condition is met or can't be evaluated: the reading of a rule that refuses.
    pub fn is_met(&self, inputs: &dyn Inputs) -> bool {
        self.evaluate(inputs).unwrap_or(true)
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Expression {}

fn locate(text: &str, at: usize, mistake: Mistake) -> ExpressionError {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    ExpressionError {
        line: before.matches('\n').count() as u32 + 1,
        column: before[line_start..].chars().count() as u32 + 1,
        mistake,
    }
}
