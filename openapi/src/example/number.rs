//! Numbers within their bounds and of their steps, in decimal arithmetic: `0.07` is seven times `0.01`.

use serde_json::Value;

use super::conjunction::Conjunction;
use super::scalar::parsed;

/// Digits behind the point that are worked with.
const MOST_DIGITS: u32 = 15;

/// Numbers to try, the most telling first.
pub(super) fn candidates(all: &Conjunction<'_>, is_integer: bool, variant: usize) -> Vec<Value> {
    let numbers = |keyword: &'static str| all.every(keyword).filter_map(Value::as_number).map(ToString::to_string);
    let places = [
        "minimum",
        "exclusiveMinimum",
        "maximum",
        "exclusiveMaximum",
        "multipleOf",
    ]
    .into_iter()
    .flat_map(numbers)
    .map(|text| places(&text))
    .max()
    .unwrap_or(0);
    // Between exclusive bounds there may be room only with one digit more.
    let is_exclusive = ["exclusiveMinimum", "exclusiveMaximum"]
        .into_iter()
        .any(|keyword| numbers(keyword).next().is_some());
    let scale = (places + u32::from(is_exclusive && !is_integer)).min(MOST_DIGITS);
    let scaled =
        |keyword: &'static str| -> Vec<i128> { numbers(keyword).filter_map(|text| scaled(&text, scale)).collect() };
    let one = 10_i128.pow(scale);
    let steps = scaled("multipleOf");
    let mut step = steps.into_iter().filter(|step| *step > 0).fold(0, least_common);
    if is_integer {
        step = least_common(step, one);
    }
    let unit = if step > 0 { step } else { one };
    let above = scaled("exclusiveMinimum").into_iter().map(|bound| bound + 1).max();
    let lower = scaled("minimum").into_iter().chain(above).max();
    let upper = scaled("maximum")
        .into_iter()
        .chain(scaled("exclusiveMaximum").into_iter().map(|bound| bound - 1))
        .min();
    // One is the number that says least, where nothing else is asked for.
    let start = match (lower, upper) {
        (Some(lower), _) if above == Some(lower) => round_up(lower, unit),
        (Some(lower), _) => round_up(lower, unit_of(unit, lower, one, step)),
        (None, Some(upper)) if upper < one => round_down(upper, unit_of(unit, upper, one, step)),
        _ => round_up(one, unit),
    };
    let mut tried = Vec::new();
    let moved = unit.saturating_mul(variant as i128);
    tried.push(start.saturating_add(moved));
    tried.push(
        upper
            .map_or(start, |upper| round_down(upper, unit))
            .saturating_sub(moved),
    );
    tried.extend([lower, upper].into_iter().flatten());
    if let (Some(lower), Some(upper)) = (lower, upper) {
        let middle = lower + (upper - lower) / 2;
        tried.extend([round_up(middle, unit), middle]);
    }
    tried.extend((1..20).map(|further| start.saturating_add(unit.saturating_mul(further))));
    tried.extend([0, one, -one, one / 2]);
    let mut candidates: Vec<Value> = Vec::new();
    for number in tried {
        let value = parsed(&written(number, scale)).map(Value::Number);
        candidates.extend(value.filter(|value| !candidates.contains(value)));
    }
    // Bounds too far out for digits.
    let bounds = ["minimum", "maximum"]
        .into_iter()
        .flat_map(|keyword| all.every(keyword));
    candidates.extend(bounds.filter(|bound| bound.is_number()).cloned());
    candidates
}

/// Without a step of its own, a number with a fraction starts at its bound.
fn unit_of(unit: i128, bound: i128, one: i128, step: i128) -> i128 {
    if step == 0 && bound % one != 0 { 1 } else { unit }
}

/// Digits behind the point of a number as JSON writes it.
fn places(text: &str) -> u32 {
    let (mantissa, exponent) = split(text);
    let fraction = mantissa
        .split_once('.')
        .map_or("", |(_, fraction)| fraction.trim_end_matches('0'));
    (fraction.len() as i64 - exponent).clamp(0, i64::from(u32::MAX)) as u32
}

fn split(text: &str) -> (&str, i64) {
    match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse().unwrap_or(0)),
        None => (text, 0),
    }
}

/// The number times ten to the scale, cut to an integer; `None` if it is too large.
fn scaled(text: &str, scale: u32) -> Option<i128> {
    let (mantissa, exponent) = split(text);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    let shift = exponent - fraction.len() as i64 + i64::from(scale);
    if shift >= 0 {
        let factor = 10_i128.checked_pow(u32::try_from(shift).ok()?)?;
        return digits
            .checked_mul(factor)
            .filter(|number| number.unsigned_abs() < 1 << 100);
    }
    let factor = 10_i128.checked_pow(u32::try_from(-shift).ok()?)?;
    Some(digits / factor)
}

fn written(number: i128, scale: u32) -> String {
    if scale == 0 {
        return number.to_string();
    }
    let one = 10_u128.pow(scale);
    let magnitude = number.unsigned_abs();
    let sign = if number < 0 { "-" } else { "" };
    let (whole, fraction) = (magnitude / one, magnitude % one);
    if fraction == 0 {
        return format!("{sign}{whole}");
    }
    format!("{sign}{whole}.{fraction:0width$}", width = scale as usize)
        .trim_end_matches('0')
        .to_owned()
}

fn round_up(number: i128, unit: i128) -> i128 {
    number.div_euclid(unit) * unit + if number.rem_euclid(unit) == 0 { 0 } else { unit }
}

fn round_down(number: i128, unit: i128) -> i128 {
    number.div_euclid(unit) * unit
}

fn least_common(left: i128, right: i128) -> i128 {
    if left == 0 || right == 0 {
        return left.max(right);
    }
    let (mut high, mut low) = (left, right);
    while low != 0 {
        (high, low) = (low, high % low);
    }
    (left / high)
        .checked_mul(right)
        .filter(|product| *product < 1 << 100)
        .unwrap_or(left)
}
