//! Numbers as JSON Schema sees them: 1 and 1.0 are one number, and `multipleOf` counts in decimals.

use std::cmp::Ordering;

use serde_json::{Number, Value};

/// Whether it has no fraction; `1.0` is an integer.
pub(super) fn is_integer(number: &Number) -> bool {
    !number.is_f64() || number.as_f64().is_some_and(|number| number.fract() == 0.0)
}

fn integer(number: &Number) -> Option<i128> {
    number
        .as_i64()
        .map(i128::from)
        .or_else(|| number.as_u64().map(i128::from))
}

/// The value of a number without a fraction, exactly; `None` beyond 2^126 too.
fn whole(number: &Number) -> Option<i128> {
    const BOUND: f64 = (1_u128 << 126) as f64;
    integer(number).or_else(|| {
        let float = number.as_f64()?;
        // Within the bound every such number is one of 128 bits.
        (float.fract() == 0.0 && float.abs() <= BOUND).then_some(float as i128)
    })
}

/// Compares by value. Numbers without a fraction are compared exactly, so that what is equal is so whichever way round;
/// anything else as binary floating point.
pub(super) fn compare(left: &Number, right: &Number) -> Ordering {
    if let (Some(left), Some(right)) = (whole(left), whole(right)) {
        return left.cmp(&right);
    }
    let (left, right) = (left.as_f64().unwrap_or_default(), right.as_f64().unwrap_or_default());
    left.partial_cmp(&right).unwrap_or(Ordering::Equal)
}

/// A number as `mantissa × 10^exponent`.
fn decimal(number: &Number) -> Option<(u128, i32)> {
    if let Some(integer) = integer(number) {
        return Some((integer.unsigned_abs(), 0));
    }
    let text = format!("{:e}", number.as_f64()?.abs());
    let (mantissa, exponent) = text.split_once('e')?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent: i32 = exponent.parse().ok()?;
    let digits = [whole, fraction].concat().parse().ok()?;
    Some((digits, exponent - fraction.len() as i32))
}

/// Whether `number` is `step` times an integer, by their decimal digits: 0.0075 is a multiple of 0.0001.
pub(super) fn is_multiple(number: &Number, step: &Number) -> bool {
    let (Some((number, of_number)), Some((step, of_step))) = (decimal(number), decimal(step)) else {
        return true;
    };
    if step == 0 || number == 0 {
        return true;
    }
    // Both as integers at the smaller exponent; the number modulo the step stays within 128 bits.
    let least = of_number.min(of_step);
    let Some(step) = 10_u128
        .checked_pow((of_step - least).unsigned_abs())
        .and_then(|scale| scale.checked_mul(step))
    else {
        return is_multiple_of_huge(number, of_number, step, of_step);
    };
    if step > u128::from(u64::MAX) {
        return is_multiple_of_huge(number, of_number, step, least);
    }
    let mut rest = number % step;
    for _ in least..of_number {
        rest = rest * 10 % step;
        if rest == 0 {
            break;
        }
    }
    rest == 0
}

/// A step beyond 64 bits: exact only as far as binary floating point is.
fn is_multiple_of_huge(number: u128, of_number: i32, step: u128, of_step: i32) -> bool {
    let quotient = (number as f64 / step as f64) * 10_f64.powi(of_number - of_step);
    quotient.is_finite() && quotient.fract() == 0.0
}

/// Whether two values are the same for JSON Schema: numbers by value, objects in any order.
pub(super) fn is_equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => compare(left, right) == Ordering::Equal,
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| is_equal(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(key, left)| right.get(key).is_some_and(|right| is_equal(left, right)))
        }
        (left, right) => left == right,
    }
}

/// A hash that is the same for values that are equal.
pub(super) fn hash(value: &Value, state: &std::hash::RandomState) -> u64 {
    use std::hash::BuildHasher as _;
    match value {
        Value::Null => 1,
        Value::Bool(flag) => 2 + u64::from(*flag),
        // Exactly: of large integers thousands are one binary floating point number.
        Value::Number(number) => match whole(number) {
            Some(whole) => state.hash_one(whole),
            None => state.hash_one(number.as_f64().unwrap_or_default().to_bits()),
        },
        Value::String(text) => state.hash_one(text),
        Value::Array(items) => items
            .iter()
            .fold(7, |sum: u64, item| state.hash_one((sum, hash(item, state)))),
        Value::Object(map) => map.iter().fold(11, |sum: u64, (key, value)| {
            sum.wrapping_add(state.hash_one((key, hash(value, state))))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn multiples_are_counted_in_decimals() {
        for (number, step, expected) in [
            (json!(10), json!(5), true),
            (json!(11), json!(5), false),
            (json!(0.0075), json!(0.0001), true),
            (json!(0.00751), json!(0.0001), false),
            (json!(19.99), json!(0.01), true),
            (json!(19.995), json!(0.01), false),
            (json!(4.5), json!(1.5), true),
            (json!(1e308), json!(0.123_456_789), false),
            (json!(1e308), json!(0.5), true),
            (json!(12_391_239_123_i64), json!(1e-8), true),
            (json!(-6), json!(2), true),
            (json!(0), json!(7), true),
            (json!(u64::MAX), json!(5), true),
            (json!(3), json!(1e300), false),
        ] {
            let (Value::Number(left), Value::Number(right)) = (&number, &step) else {
                unreachable!()
            };
            assert_eq!(is_multiple(left, right), expected, "{number} of {step}");
        }
    }

    #[test]
    fn equal_values_have_equal_hashes() {
        let state = std::hash::RandomState::new();
        for (left, right, expected) in [
            (json!(1), json!(1.0), true),
            (json!(0), json!(-0.0), true),
            (json!(u64::MAX), json!(u64::MAX - 1), false),
            (json!({"a": 1, "b": [2]}), json!({"b": [2.0], "a": 1}), true),
            (json!([1, 2]), json!([2, 1]), false),
            (json!(false), json!(0), false),
            (json!(9_007_199_254_740_993_i64), json!(9_007_199_254_740_992.0), false),
            (json!(9_007_199_254_740_992_i64), json!(9_007_199_254_740_992.0), true),
            (json!(1e300), json!(1e300), true),
            (json!(0.5), json!(0.5), true),
        ] {
            assert_eq!(is_equal(&left, &right), expected, "{left} {right}");
            if expected {
                assert_eq!(hash(&left, &state), hash(&right, &state), "{left} {right}");
            }
        }
    }

    #[test]
    fn large_integers_have_hashes_of_their_own() {
        let state = std::hash::RandomState::new();
        let numbers = (0..2_000_u64).map(|less| json!(u64::MAX - less));
        let hashes: std::collections::HashSet<u64> = numbers.map(|number| hash(&number, &state)).collect();
        assert_eq!(hashes.len(), 2_000);
    }
}
