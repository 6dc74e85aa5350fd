//! Exchange rates, in two versions: the old one with floating-point numbers, the new one with decimal text.

use axum::{
    Json, Router,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use domain::clock::Clock;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use time::{Date, macros::format_description};

/// Code, name and price of one euro in ten-thousandths.
const CURRENCIES: [(&str, &str, i128); 10] = [
    ("AUD", "Australian dollar", 16_431),
    ("BRL", "Brazilian real", 61_890),
    ("CHF", "Swiss franc", 9_412),
    ("EUR", "Euro", 10_000),
    ("GBP", "Pound sterling", 8_571),
    ("INR", "Indian rupee", 914_300),
    ("JPY", "Japanese yen", 1_672_500),
    ("KES", "Kenyan shilling", 1_398_700),
    ("SEK", "Swedish krona", 114_050),
    ("USD", "US dollar", 10_843),
];

/// Rates have four places after the point.
const SCALE: i128 = 10_000;

pub(super) fn router(clock: Clock) -> Router {
    Router::new()
        .route("/v1/latest", get(latest))
        .route("/v1/convert", get(convert_v1))
        .route("/v2/currencies", get(currencies))
        .route("/v2/rates", get(rates))
        .route("/v2/conversions", get(conversions))
        .with_state(clock)
}

#[derive(Deserialize)]
struct Ask {
    base: Option<String>,
    date: Option<String>,
    symbols: Option<String>,
    from: Option<String>,
    to: Option<String>,
    amount: Option<String>,
}

async fn latest(State(clock): State<Clock>, Query(ask): Query<Ask>) -> Result<Json<Value>, Response> {
    let today = clock.now().date();
    let base = ask.base.as_deref().unwrap_or("EUR");
    let rates = table(base, today, None).ok_or_else(|| old_error(base))?;
    let rates: Map<String, Value> = rates
        .map(|(code, rate)| (code.into(), json!(rate as f64 / SCALE as f64)))
        .collect();
    Ok(Json(json!({ "base": base, "date": today.to_string(), "rates": rates })))
}

async fn convert_v1(State(clock): State<Clock>, Query(ask): Query<Ask>) -> Result<Json<Value>, Response> {
    let (from, to) = (ask.from.unwrap_or_default(), ask.to.unwrap_or_default());
    let rate = rate(&from, &to, clock.now().date()).ok_or_else(|| old_error(&format!("{from} or {to}")))?;
    let amount: f64 = ask
        .amount
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| old_error("amount"))?;
    Ok(Json(json!({ "amount": amount * rate as f64 / SCALE as f64 })))
}

async fn currencies() -> Json<Value> {
    let list: Vec<Value> = CURRENCIES
        .iter()
        .map(|(code, name, _)| json!({ "code": code, "name": name }))
        .collect();
    Json(list.into())
}

async fn rates(State(clock): State<Clock>, Query(ask): Query<Ask>) -> Result<Json<Value>, Response> {
    let today = clock.now().date();
    let date = match ask.date {
        Some(text) => Date::parse(&text, format_description!("[year]-[month]-[day]"))
            .ok()
            .filter(|date| *date <= today)
            .ok_or_else(|| bad("`date` must be a day that has begun, like 2026-01-31"))?,
        None => today,
    };
    let base = ask.base.as_deref().unwrap_or("EUR");
    let rates = table(base, date, ask.symbols.as_deref()).ok_or_else(|| unknown(base))?;
    let rates: Map<String, Value> = rates.map(|(code, rate)| (code.into(), decimal(rate).into())).collect();
    Ok(Json(json!({ "base": base, "date": date.to_string(), "rates": rates })))
}

async fn conversions(State(clock): State<Clock>, Query(ask): Query<Ask>) -> Result<Json<Value>, Response> {
    let (from, to) = (ask.from.unwrap_or_default(), ask.to.unwrap_or_default());
    let amount = ask.amount.unwrap_or_default();
    let value = parse_decimal(&amount).ok_or_else(|| bad("`amount` must be a decimal number like 100.00"))?;
    let rate = rate(&from, &to, clock.now().date()).ok_or_else(|| unknown(&format!("{from} or {to}")))?;
    let result = half_even(value * rate, SCALE * SCALE / 100);
    let result = format!("{}.{:02}", result / 100, result % 100);
    Ok(Json(
        json!({ "from": from, "to": to, "amount": amount, "rate": decimal(rate), "result": result }),
    ))
}

/// Rates of all currencies but the base, or of those asked for. `None` for an unknown base.
fn table(base: &str, date: Date, symbols: Option<&str>) -> Option<impl Iterator<Item = (&'static str, i128)>> {
    let from = price(base, date)?;
    let wanted = move |code: &str| symbols.is_none_or(|list| list.split(',').any(|symbol| symbol.trim() == code));
    let wanted: Vec<_> = CURRENCIES
        .iter()
        .map(|(code, ..)| *code)
        .filter(|code| *code != base && wanted(code))
        .collect();
    Some(
        wanted
            .into_iter()
            .filter_map(move |code| Some((code, half_even(price(code, date)? * SCALE, from)))),
    )
}

fn rate(from: &str, to: &str, date: Date) -> Option<i128> {
    Some(half_even(price(to, date)? * SCALE, price(from, date)?))
}

/// Price of a euro on a day, in ten-thousandths: it moves by up to two percent over the weeks.
fn price(code: &str, date: Date) -> Option<i128> {
    let (index, (_, _, price)) = CURRENCIES.iter().enumerate().find(|(_, (known, ..))| *known == code)?;
    if code == "EUR" {
        return Some(*price);
    }
    let phase = f64::from(date.to_julian_day()) / 17.0 + index as f64;
    Some(price + (*price as f64 * 0.02 * phase.sin()) as i128)
}

/// Division that rounds a tie to the even neighbour.
fn half_even(numerator: i128, denominator: i128) -> i128 {
    let (quotient, rest) = (numerator / denominator, numerator % denominator);
    match (rest * 2).cmp(&denominator) {
        std::cmp::Ordering::Less => quotient,
        std::cmp::Ordering::Greater => quotient + 1,
        std::cmp::Ordering::Equal => quotient + quotient % 2,
    }
}

/// Ten-thousandths as text.
fn decimal(number: i128) -> String {
    format!("{}.{:04}", number / SCALE, number % SCALE)
}

/// Text as ten-thousandths: up to twelve digits, and up to four after the point.
fn parse_decimal(text: &str) -> Option<i128> {
    let (whole, places) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits =
        |text: &str, most: usize| (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole, 12) || !is_digits(places, 4) {
        return None;
    }
    Some(whole.parse::<i128>().ok()? * SCALE + format!("{places:0<4}").parse::<i128>().ok()?)
}

fn unknown(code: &str) -> Response {
    bad(&format!("`{code}` is not a currency with a rate"))
}

fn bad(title: &str) -> Response {
    super::problem(StatusCode::BAD_REQUEST, title)
}

fn old_error(what: &str) -> Response {
    (
        StatusCode::BAD_REQUEST,
        Json(json!({ "error": format!("unknown: {what}") })),
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_calculated_in_decimals() {
        assert_eq!(parse_decimal("100.00"), Some(1_000_000));
        assert_eq!(parse_decimal("0.5"), Some(5_000));
        for text in ["", ".", "1.", ".5", "1.23456", "-1", "1e3", "1234567890123"] {
            assert_eq!(parse_decimal(text), None, "{text}");
        }
        assert_eq!(decimal(10_843), "1.0843");
        for (numerator, rounded) in [(25, 2), (35, 4), (26, 3), (24, 2)] {
            assert_eq!(half_even(numerator, 10), rounded, "{numerator}");
        }
    }
}
