//! Operations that look at nothing but their operands.

use std::cmp::Ordering;

use time::UtcOffset;

use super::{
    evaluate::{EvaluateError, Outcome},
    function::{Function, MomentPart},
    moment,
    syntax::Operator,
    value::{List, Value},
};

/// `+ - * / %`. What the result takes in time and memory, the caller has counted.
pub(super) fn calculate<'a>(operator: Operator, left: Value<'a>, right: Value<'a>) -> Outcome<'a> {
    use Operator::{Add, Divide, Multiply, Remainder, Subtract};
    let value = match (operator, left, right) {
        (_, Value::Int(one), Value::Int(other)) => {
            let result = match operator {
                Add => one.checked_add(other),
                Subtract => one.checked_sub(other),
                Multiply => one.checked_mul(other),
                Divide => one.checked_div(other),
                _ => one.checked_rem(other),
            };
            result.map(Value::Int)
        }
        (Remainder, ..) => return Err(EvaluateError::Type),
        (_, Value::Double(one), Value::Double(other)) => Some(Value::Double(match operator {
            Add => one + other,
            Subtract => one - other,
            Multiply => one * other,
            _ => one / other,
        })),
        (Add, Value::Text(one), Value::Text(other)) => Some(Value::text(one.into_owned() + &other)),
        (Add, Value::List(one), Value::List(other)) => {
            let items = |list: &List<'a>| (0..list.len()).filter_map(|index| list.get(index)).collect::<Vec<_>>();
            let mut all = items(&one);
            all.extend(items(&other));
            Some(Value::list(all))
        }
        (Add, Value::Timestamp(moment), Value::Duration(span))
        | (Add, Value::Duration(span), Value::Timestamp(moment)) => moment.checked_add(span).map(Value::Timestamp),
        (Subtract, Value::Timestamp(moment), Value::Duration(span)) => moment.checked_sub(span).map(Value::Timestamp),
        (Subtract, Value::Timestamp(one), Value::Timestamp(other)) => Some(Value::Duration(one - other)),
        (Add, Value::Duration(one), Value::Duration(other)) => one.checked_add(other).map(Value::Duration),
        (Subtract, Value::Duration(one), Value::Duration(other)) => one.checked_sub(other).map(Value::Duration),
        _ => return Err(EvaluateError::Type),
    };
    value.ok_or(EvaluateError::Range)
}

/// Integers and doubles side by side, without rounding either.
pub(super) fn compare_numbers(left: &Value<'_>, right: &Value<'_>) -> Option<Ordering> {
    match (left, right) {
        (Value::Int(one), Value::Int(other)) => Some(one.cmp(other)),
        (Value::Double(one), Value::Double(other)) => one.partial_cmp(other),
        (Value::Int(one), Value::Double(other)) => compare_mixed(*one, *other),
        (Value::Double(one), Value::Int(other)) => compare_mixed(*other, *one).map(Ordering::reverse),
        _ => None,
    }
}

fn compare_mixed(integer: i64, double: f64) -> Option<Ordering> {
    // 2^63: everything from there on is greater than every integer.
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if double.is_nan() {
        return None;
    }
    if double >= LIMIT {
        return Some(Ordering::Less);
    }
    if double < -LIMIT {
        return Some(Ordering::Greater);
    }
    let whole = double.trunc();
    let by_whole = integer.cmp(&(whole as i64));
    Some(by_whole.then_with(|| whole.partial_cmp(&double).unwrap_or(Ordering::Equal)))
}

pub(super) fn part_of<'a>(value: &Value<'a>, part: MomentPart, offset: Option<&Value<'a>>) -> Outcome<'a> {
    let offset = match offset {
        None => UtcOffset::UTC,
        Some(Value::Text(text)) => moment::offset(text).ok_or(EvaluateError::Conversion)?,
        Some(_) => return Err(EvaluateError::Type),
    };
    let found = match value {
        Value::Timestamp(moment) => moment::part_of(*moment, part, offset),
        Value::Duration(span) => moment::part_of_duration(*span, part),
        _ => return Err(EvaluateError::Type),
    };
    found.map(Value::Int).ok_or(EvaluateError::Range)
}

pub(super) fn convert(function: Function, value: Value<'_>) -> Outcome<'_> {
    use EvaluateError::{Conversion, Range};
    match (function, value) {
        (Function::LowerAscii, Value::Text(text)) => Ok(Value::text(text.to_ascii_lowercase())),
        (Function::UpperAscii, Value::Text(text)) => Ok(Value::text(text.to_ascii_uppercase())),
        (Function::Int, Value::Int(value)) => Ok(Value::Int(value)),
        (Function::Int, Value::Double(value)) => {
            let is_in_range = value > -9_223_372_036_854_775_809.0 && value < 9_223_372_036_854_775_808.0;
            is_in_range.then_some(Value::Int(value as i64)).ok_or(Range)
        }
        (Function::Int, Value::Text(text)) => text.parse().map(Value::Int).map_err(|_| Conversion),
        (Function::Int, Value::Timestamp(moment)) => Ok(Value::Int(moment.unix_timestamp())),
        (Function::Double, Value::Int(value)) => Ok(Value::Double(value as f64)),
        (Function::Double, Value::Double(value)) => Ok(Value::Double(value)),
        (Function::Double, Value::Text(text)) => text.parse().map(Value::Double).map_err(|_| Conversion),
        (Function::Text, Value::Text(text)) => Ok(Value::Text(text)),
        (Function::Text, Value::Int(value)) => Ok(Value::text(value.to_string())),
        (Function::Text, Value::Double(value)) => Ok(Value::text(value.to_string())),
        (Function::Text, Value::Bool(value)) => Ok(Value::text(value.to_string())),
        (Function::Text, Value::Timestamp(value)) => moment::timestamp_text(value).map(Value::text).ok_or(Range),
        (Function::Timestamp, Value::Text(text)) => moment::timestamp(&text).map(Value::Timestamp).ok_or(Conversion),
        (Function::Timestamp, Value::Timestamp(moment)) => Ok(Value::Timestamp(moment)),
        (Function::Duration, Value::Text(text)) => moment::duration(&text).map(Value::Duration).ok_or(Conversion),
        (Function::Duration, Value::Duration(span)) => Ok(Value::Duration(span)),
        _ => Err(EvaluateError::Type),
    }
}
