//! The value of an expression. Every step is counted, and long text, lists and patterns count by their length, so that
//! both time and memory of an evaluation are bounded.

use std::{borrow::Cow, cmp::Ordering, rc::Rc};

use super::{
    function::Function,
    input::{Entry, Inputs, MapField},
    operation::{calculate, compare_numbers, convert, part_of},
    syntax::{Each, Kind, Node, Operator},
    value::{List, Map, Value},
};

/// Steps of one evaluation; a step is tens of nanoseconds.
pub const MAX_STEPS: u32 = 20_000;

/// Bytes of text that count as a step.
const BYTES_A_STEP: usize = 32;

/// Why an expression has no value for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvaluateError {
    /// A field, name or index that does not exist.
    #[error("something that the expression reads is missing")]
    Missing,
    /// A query parameter that was sent more than once.
    #[error("a query parameter was sent more than once")]
    Several,
    /// An operation on values that it does not fit.
    #[error("a value is of the wrong type")]
    Type,
    /// A number or moment beyond its range, or a division by zero.
    #[error("a number is out of range")]
    Range,
    /// Text that is no number, timestamp, duration or offset.
    #[error("text can't be converted")]
    Conversion,
    /// A map with a key twice.
    #[error("a map has a key twice")]
    DuplicateKey,
    /// More than [`MAX_STEPS`].
    #[error("the expression takes too many steps")]
    Steps,
}

pub(super) type Outcome<'a> = Result<Value<'a>, EvaluateError>;

pub(super) fn evaluate(root: &Node, inputs: &dyn Inputs) -> Result<bool, EvaluateError> {
    let mut evaluation = Evaluation {
        inputs,
        steps: MAX_STEPS,
        variables: Vec::new(),
    };
    evaluation.truth(root)
}

struct Evaluation<'a> {
    inputs: &'a dyn Inputs,
    /// Steps left.
    steps: u32,
    variables: Vec<Value<'a>>,
}

impl<'a> Evaluation<'a> {
    fn charge(&mut self, steps: usize) -> Result<(), EvaluateError> {
        let left = u32::try_from(steps)
            .ok()
            .and_then(|steps| self.steps.checked_sub(steps));
        // Once exceeded it stays so, whatever operator absorbs the error.
        self.steps = left.unwrap_or(0);
        left.map(|_| ()).ok_or(EvaluateError::Steps)
    }

    fn charge_text(&mut self, text: &str) -> Result<(), EvaluateError> {
        self.charge(text.len() / BYTES_A_STEP)
    }

    fn truth(&mut self, node: &'a Node) -> Result<bool, EvaluateError> {
        match self.value(node)? {
            Value::Bool(truth) => Ok(truth),
            _ => Err(EvaluateError::Type),
        }
    }

    fn value(&mut self, node: &'a Node) -> Outcome<'a> {
        self.charge(1)?;
        match &node.kind {
            Kind::Null => Ok(Value::Null),
            Kind::Bool(truth) => Ok(Value::Bool(*truth)),
            Kind::Int(value) => Ok(Value::Int(*value)),
            Kind::Double(value) => Ok(Value::Double(*value)),
            Kind::Text(text) => Ok(Value::text(text.as_str())),
            Kind::Field(field) => self.inputs.field(*field).ok_or(EvaluateError::Missing),
            Kind::HasField(field) => Ok(Value::Bool(self.inputs.field(*field).is_some())),
            Kind::Input(map) => Ok(Value::Map(Map::Input(*map))),
            Kind::Variable(slot) => self.variables.get(*slot).cloned().ok_or(EvaluateError::Missing),
            Kind::Select { of, name, is_test } => {
                let Value::Map(map) = self.value(of)? else {
                    return Err(EvaluateError::Type);
                };
                let found = self.entry(&map, &Value::text(name.as_str()));
                match (found, is_test) {
                    // Several are there, too.
                    (Ok(_) | Err(EvaluateError::Several), true) => Ok(Value::Bool(true)),
                    (Err(EvaluateError::Missing), true) => Ok(Value::Bool(false)),
                    (found, _) => found,
                }
            }
            Kind::Index(parts) => {
                let (of, by) = (self.value(&parts[0])?, self.value(&parts[1])?);
                self.index(&of, &by)
            }
            Kind::List(items) => {
                let items: Result<Vec<Value<'a>>, EvaluateError> = items.iter().map(|item| self.value(item)).collect();
                Ok(Value::list(items?))
            }
            Kind::Map(entries) => self.map(entries),
            Kind::Not(inner) => Ok(Value::Bool(!self.truth(inner)?)),
            Kind::Negate(inner) => match self.value(inner)? {
                Value::Int(value) => value.checked_neg().map(Value::Int).ok_or(EvaluateError::Range),
                Value::Double(value) => Ok(Value::Double(-value)),
                Value::Duration(value) => {
                    let negated = time::Duration::ZERO.checked_sub(value);
                    negated.map(Value::Duration).ok_or(EvaluateError::Range)
                }
                _ => Err(EvaluateError::Type),
            },
            Kind::And(parts) => self.any_is(parts, false).map(|is_false| Value::Bool(!is_false)),
            Kind::Or(parts) => self.any_is(parts, true).map(Value::Bool),
            Kind::Choice(parts) => {
                let [condition, then, otherwise] = &**parts;
                let chosen = if self.truth(condition)? { then } else { otherwise };
                self.value(chosen)
            }
            Kind::Binary(operator, parts) => {
                let (left, right) = (self.value(&parts[0])?, self.value(&parts[1])?);
                self.binary(*operator, left, right)
            }
            Kind::Call(function, arguments) => self.call(*function, arguments),
            Kind::Matches(text, pattern) => match self.value(text)? {
                Value::Text(text) => {
                    // A search costs more for each byte than a comparison.
                    self.charge(text.len() / 2)?;
                    Ok(Value::Bool(pattern.is_match(&text)))
                }
                _ => Err(EvaluateError::Type),
            },
            Kind::Each(each, parts) => self.each(*each, &parts[0], &parts[1]),
        }
    }

    /// Whether any part has this truth value. One that has it decides, even if another one failed (`langdef.md`, Logical
    /// Operators); steps that ran out decide nothing.
    fn any_is(&mut self, parts: &'a [Node], wanted: bool) -> Result<bool, EvaluateError> {
        let mut failure = None;
        for part in parts {
            match self.truth(part) {
                Ok(truth) if truth == wanted => return Ok(true),
                Err(EvaluateError::Steps) => return Err(EvaluateError::Steps),
                Ok(_) => {}
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        failure.map_or(Ok(false), Err)
    }

    fn map(&mut self, entries: &'a [[Node; 2]]) -> Outcome<'a> {
        let mut map: Vec<(Value<'a>, Value<'a>)> = Vec::with_capacity(entries.len());
        for [key, value] in entries {
            let key = self.value(key)?;
            if !matches!(key, Value::Text(_) | Value::Int(_) | Value::Bool(_)) {
                return Err(EvaluateError::Type);
            }
            for (other, _) in &map {
                if self.equal(other, &key)? {
                    return Err(EvaluateError::DuplicateKey);
                }
            }
            let value = self.value(value)?;
            map.push((key, value));
        }
        Ok(Value::Map(Map::Own(Rc::new(map))))
    }

    fn index(&mut self, of: &Value<'a>, by: &Value<'a>) -> Outcome<'a> {
        match (of, by) {
            (Value::List(list), Value::Int(index)) => {
                let found = usize::try_from(*index).ok().and_then(|index| list.get(index));
                found.ok_or(EvaluateError::Missing)
            }
            (Value::Map(map), _) => self.entry(map, by),
            _ => Err(EvaluateError::Type),
        }
    }

    fn entry(&mut self, map: &Map<'a>, key: &Value<'a>) -> Outcome<'a> {
        self.charge(1)?;
        match (map, key) {
            (Map::Own(entries), _) => {
                for (name, value) in &**entries {
                    if self.equal(name, key)? {
                        return Ok(value.clone());
                    }
                }
                Err(EvaluateError::Missing)
            }
            (Map::Json(members), Value::Text(name)) => members
                .get(name.as_ref())
                .map(Value::json)
                .ok_or(EvaluateError::Missing),
            (Map::Input(map), Value::Text(name)) => {
                let is_upper = *map == MapField::Headers && name.bytes().any(|byte| byte.is_ascii_uppercase());
                let name = if is_upper {
                    Cow::Owned(name.to_ascii_lowercase())
                } else {
                    Cow::Borrowed(name.as_ref())
                };
                match self.inputs.entry(*map, &name) {
                    Entry::One(value) => Ok(value),
                    Entry::Missing => Err(EvaluateError::Missing),
                    Entry::Several => Err(EvaluateError::Several),
                }
            }
            _ => Err(EvaluateError::Missing),
        }
    }

    fn binary(&mut self, operator: Operator, left: Value<'a>, right: Value<'a>) -> Outcome<'a> {
        match operator {
            Operator::Equal => self.equal(&left, &right).map(Value::Bool),
            Operator::NotEqual => self.equal(&left, &right).map(|is_equal| Value::Bool(!is_equal)),
            Operator::In => self.is_in(&left, &right).map(Value::Bool),
            Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
                let ordering = self.compare(&left, &right)?;
                // Not-a-number is neither less nor greater.
                Ok(Value::Bool(ordering.is_some_and(|ordering| match operator {
                    Operator::Less => ordering.is_lt(),
                    Operator::LessOrEqual => ordering.is_le(),
                    Operator::Greater => ordering.is_gt(),
                    _ => ordering.is_ge(),
                })))
            }
            _ => self.calculate(operator, left, right),
        }
    }

    fn is_in(&mut self, item: &Value<'a>, of: &Value<'a>) -> Result<bool, EvaluateError> {
        match of {
            Value::List(list) => {
                for index in 0..list.len() {
                    let other = list.get(index).ok_or(EvaluateError::Missing)?;
                    if self.equal(item, &other)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Value::Map(map) => match self.entry(map, item) {
                Ok(_) | Err(EvaluateError::Several) => Ok(true),
                Err(EvaluateError::Missing) => Ok(false),
                Err(error) => Err(error),
            },
            _ => Err(EvaluateError::Type),
        }
    }

    fn equal(&mut self, left: &Value<'a>, right: &Value<'a>) -> Result<bool, EvaluateError> {
        self.charge(1)?;
        match (left, right) {
            (Value::Text(one), Value::Text(other)) => {
                // Text of different length is compared at once.
                if one.len() == other.len() {
                    self.charge_text(one)?;
                }
                Ok(one == other)
            }
            (Value::List(one), Value::List(other)) => {
                if one.len() != other.len() {
                    return Ok(false);
                }
                for index in 0..one.len() {
                    let (Some(left), Some(right)) = (one.get(index), other.get(index)) else {
                        return Ok(false);
                    };
                    if !self.equal(&left, &right)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (Value::Map(one), Value::Map(other)) => {
                let (names, others) = (self.keys(one)?, self.keys(other)?);
                if names.len() != others.len() {
                    return Ok(false);
                }
                for name in names {
                    let left = self.entry(one, &name)?;
                    match self.entry(other, &name) {
                        Ok(right) if self.equal(&left, &right)? => {}
                        Ok(_) | Err(EvaluateError::Missing) => return Ok(false),
                        Err(error) => return Err(error),
                    }
                }
                Ok(true)
            }
            (Value::Int(_) | Value::Double(_), Value::Int(_) | Value::Double(_)) => {
                Ok(compare_numbers(left, right) == Some(Ordering::Equal))
            }
            _ => Ok(left == right),
        }
    }

    fn compare(&mut self, left: &Value<'a>, right: &Value<'a>) -> Result<Option<Ordering>, EvaluateError> {
        Ok(match (left, right) {
            (Value::Bool(one), Value::Bool(other)) => Some(one.cmp(other)),
            (Value::Text(one), Value::Text(other)) => {
                self.charge_text(one)?;
                Some(one.cmp(other))
            }
            (Value::Timestamp(one), Value::Timestamp(other)) => Some(one.cmp(other)),
            (Value::Duration(one), Value::Duration(other)) => Some(one.cmp(other)),
            (Value::Int(_) | Value::Double(_), Value::Int(_) | Value::Double(_)) => compare_numbers(left, right),
            _ => return Err(EvaluateError::Type),
        })
    }

    fn calculate(&mut self, operator: Operator, left: Value<'a>, right: Value<'a>) -> Outcome<'a> {
        match (&left, &right) {
            (Value::Text(one), Value::Text(other)) => {
                self.charge_text(one)?;
                self.charge_text(other)?;
            }
            (Value::List(one), Value::List(other)) => self.charge(one.len() + other.len())?,
            _ => {}
        }
        calculate(operator, left, right)
    }

    fn call(&mut self, function: Function, arguments: &'a [Node]) -> Outcome<'a> {
        let mut values = arguments.iter().map(|argument| self.value(argument));
        let first = values.next().ok_or(EvaluateError::Type)??;
        let second = values.next().transpose()?;
        drop(values);
        if let Value::Text(text) = &first {
            self.charge_text(text)?;
        }
        match (function, first, second) {
            (Function::Size, value, _) => self.size(&value),
            (Function::Moment(part), value, offset) => part_of(&value, part, offset.as_ref()),
            (_, Value::Text(text), Some(Value::Text(other))) => Ok(Value::Bool(match function {
                Function::StartsWith => text.starts_with(other.as_ref()),
                Function::EndsWith => text.ends_with(other.as_ref()),
                _ => text.contains(other.as_ref()),
            })),
            (_, value, None) => convert(function, value),
            _ => Err(EvaluateError::Type),
        }
    }

    fn size(&mut self, value: &Value<'a>) -> Outcome<'a> {
        let size = match value {
            Value::Text(text) => text.chars().count(),
            Value::List(list) => list.len(),
            Value::Map(map) => self.keys(map)?.len(),
            _ => return Err(EvaluateError::Type),
        };
        Ok(Value::Int(size as i64))
    }

    fn keys(&mut self, map: &Map<'a>) -> Result<Vec<Value<'a>>, EvaluateError> {
        let keys: Vec<Value<'a>> = match map {
            Map::Own(entries) => entries.iter().map(|(key, _)| key.clone()).collect(),
            Map::Json(members) => members.keys().map(|name| Value::text(name.as_str())).collect(),
            Map::Input(map) => self.inputs.names(*map).into_iter().map(Value::Text).collect(),
        };
        self.charge(keys.len())?;
        Ok(keys)
    }

    fn each(&mut self, each: Each, over: &'a Node, body: &'a Node) -> Outcome<'a> {
        let list = match self.value(over)? {
            Value::List(list) => list,
            Value::Map(map) => List::Own(Rc::new(self.keys(&map)?)),
            _ => return Err(EvaluateError::Type),
        };
        let (mut failure, mut found, mut kept) = (None, 0, Vec::new());
        for index in 0..list.len() {
            let item = list.get(index).ok_or(EvaluateError::Missing)?;
            self.variables.push(item);
            let outcome = self.value(body);
            let item = self.variables.pop().ok_or(EvaluateError::Missing)?;
            match (each, outcome) {
                (_, Err(EvaluateError::Steps)) => return Err(EvaluateError::Steps),
                (Each::Map, outcome) => kept.push(outcome?),
                (Each::All, Ok(Value::Bool(false))) => return Ok(Value::Bool(false)),
                (Each::Exists, Ok(Value::Bool(true))) => return Ok(Value::Bool(true)),
                (Each::Filter, Ok(Value::Bool(true))) => kept.push(item),
                (_, Ok(Value::Bool(truth))) => found += usize::from(truth),
                // As with `&&` and `||`, a later item may decide.
                (Each::All | Each::Exists, Err(error)) => failure = failure.or(Some(error)),
                (_, Err(error)) => return Err(error),
                (_, Ok(_)) => return Err(EvaluateError::Type),
            }
        }
        match (each, failure) {
            (_, Some(error)) => Err(error),
            (Each::All, None) => Ok(Value::Bool(true)),
            (Each::Exists, None) => Ok(Value::Bool(false)),
            (Each::ExistsOne, None) => Ok(Value::Bool(found == 1)),
            (Each::Filter | Each::Map, None) => Ok(Value::list(kept)),
        }
    }
}
