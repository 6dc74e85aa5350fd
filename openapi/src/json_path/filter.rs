//! Whether a filter holds for a node (RFC 9535 §2.3.5.2).

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::{Number, Value};

use super::evaluate::{BYTES_OF_STEP, Found, Search};
use super::pattern::Pattern;
use super::syntax::{Comparison, Expression, Operand, PatternSource, Query};
use super::{Step, TooCostly};

/// What compiling a pattern that the document has costs, in values looked at.
const COMPILING: usize = 5_000;

impl<'d> Search<'d, '_> {
    pub(super) fn holds(&mut self, expression: &Expression, node: Found<'d>) -> Result<bool, TooCostly> {
        self.pay(1)?;
        match expression {
            Expression::Or(any) => {
                for expression in any {
                    if self.holds(expression, node)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Expression::And(all) => {
                for expression in all {
                    if !self.holds(expression, node)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Expression::Not(expression) => Ok(!self.holds(expression, node)?),
            Expression::Exists(query) => Ok(!self.nodes(query, node)?.is_empty()),
            Expression::Compare(left, comparison, right) => {
                let left = self.value(left, node)?;
                let right = self.value(right, node)?;
                self.compare(left.as_deref(), *comparison, right.as_deref())
            }
            Expression::Matches {
                text,
                pattern,
                is_whole,
            } => {
                let text = self.value(text, node)?;
                let Some(Value::String(text)) = text.as_deref() else {
                    return Ok(false);
                };
                self.pay(text.len() / BYTES_OF_STEP)?;
                match pattern {
                    PatternSource::Nothing => Ok(false),
                    PatternSource::Compiled(pattern) => Ok(pattern.matches(text)),
                    PatternSource::Operand(operand) => {
                        let pattern = self.value(operand, node)?;
                        let Some(Value::String(pattern)) = pattern.as_deref() else {
                            return Ok(false);
                        };
                        self.pay(COMPILING)?;
                        Ok(Pattern::new(pattern, *is_whole, false).is_some_and(|pattern| pattern.matches(text)))
                    }
                }
            }
        }
    }

    fn nodes(&mut self, query: &Query, node: Found<'d>) -> Result<Vec<&'d Value>, TooCostly> {
        let start = if query.is_absolute {
            Found::root(self.root)
        } else {
            node
        };
        self.subquery(&query.segments, start)
    }

    fn value<'e>(&mut self, operand: &'e Operand, node: Found<'d>) -> Result<Option<Cow<'e, Value>>, TooCostly>
    where
        'd: 'e,
    {
        let number = |length: usize| Some(Cow::Owned(Value::from(length)));
        Ok(match operand {
            Operand::Literal(value) => Some(Cow::Borrowed(value)),
            Operand::Query(query) => self.nodes(query, node)?.first().map(|value| Cow::Borrowed(*value)),
            Operand::ValueOf(query) => match self.nodes(query, node)?.as_slice() {
                [value] => Some(Cow::Borrowed(*value)),
                _ => None,
            },
            Operand::Count(query) => number(self.nodes(query, node)?.len()),
            Operand::Length(operand) => match self.value(operand, node)?.as_deref() {
                Some(Value::Object(map)) => number(map.len()),
                Some(other) => self.length(other)?.and_then(number),
                None => None,
            },
            Operand::Key => match self.key(node) {
                Some(Step::Key(key)) => {
                    self.pay(key.len() / BYTES_OF_STEP)?;
                    Some(Cow::Owned(Value::from(key)))
                }
                Some(Step::Index(index)) => Some(Cow::Owned(Value::from(index.to_string()))),
                None => None,
            },
            Operand::LengthMember(query) => match self.nodes(query, node)?.first() {
                Some(Value::Object(map)) => map.get("length").map(Cow::Borrowed),
                Some(other) => self.length(other)?.and_then(number),
                None => None,
            },
        })
    }

    /// The length of a text, in characters, or of a list.
    fn length(&mut self, value: &Value) -> Result<Option<usize>, TooCostly> {
        Ok(match value {
            Value::String(text) => {
                self.pay(text.len() / BYTES_OF_STEP)?;
                Some(text.chars().count())
            }
            Value::Array(items) => Some(items.len()),
            _ => None,
        })
    }

    fn compare(
        &mut self,
        left: Option<&Value>,
        comparison: Comparison,
        right: Option<&Value>,
    ) -> Result<bool, TooCostly> {
        Ok(match comparison {
            Comparison::Equal => self.equal(left, right)?,
            Comparison::Unequal => !self.equal(left, right)?,
            Comparison::Less => self.order(left, right)? == Some(Ordering::Less),
            Comparison::Greater => self.order(left, right)? == Some(Ordering::Greater),
            Comparison::LessOrEqual => self.order(left, right)? == Some(Ordering::Less) || self.equal(left, right)?,
            Comparison::GreaterOrEqual => {
                self.order(left, right)? == Some(Ordering::Greater) || self.equal(left, right)?
            }
        })
    }

    /// Only numbers and texts have an order; that of texts is the order of their characters.
    fn order(&mut self, left: Option<&Value>, right: Option<&Value>) -> Result<Option<Ordering>, TooCostly> {
        let (Some(left), Some(right)) = (left, right) else {
            return Ok(None);
        };
        Ok(match (left, right) {
            (Value::Number(left), Value::Number(right)) => order_numbers(left, right),
            (Value::String(left), Value::String(right)) => {
                self.pay(left.len().min(right.len()) / BYTES_OF_STEP)?;
                Some(left.cmp(right))
            }
            _ => None,
        })
    }

    fn equal(&mut self, left: Option<&Value>, right: Option<&Value>) -> Result<bool, TooCostly> {
        match (left, right) {
            (None, None) => Ok(true),
            (Some(left), Some(right)) => self.equal_values(left, right),
            _ => Ok(false),
        }
    }

    fn equal_values(&mut self, left: &Value, right: &Value) -> Result<bool, TooCostly> {
        self.pay(1)?;
        match (left, right) {
            (Value::Number(left), Value::Number(right)) => Ok(order_numbers(left, right) == Some(Ordering::Equal)),
            (Value::Array(left), Value::Array(right)) => {
                if left.len() != right.len() {
                    return Ok(false);
                }
                for (left, right) in left.iter().zip(right) {
                    if !self.equal_values(left, right)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (Value::Object(left), Value::Object(right)) => {
                if left.len() != right.len() {
                    return Ok(false);
                }
                for (key, left) in left {
                    self.pay(key.len() / BYTES_OF_STEP)?;
                    let is_equal = match right.get(key) {
                        Some(right) => self.equal_values(left, right)?,
                        None => false,
                    };
                    if !is_equal {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (Value::String(left), Value::String(right)) => {
                if left.len() == right.len() {
                    self.pay(left.len() / BYTES_OF_STEP)?;
                }
                Ok(left == right)
            }
            (left, right) => Ok(left == right),
        }
    }
}

fn order_numbers(left: &Number, right: &Number) -> Option<Ordering> {
    match (left.as_i128(), right.as_i128()) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}
