//! Weather by arithmetic: the same place has the same weather all day, and summers are warmer.

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use domain::clock::{Clock, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use time::{Date, Duration, format_description::well_known::Rfc3339};

struct Place {
    id: &'static str,
    name: &'static str,
    country: &'static str,
    latitude: f64,
    longitude: f64,
    /// Mean temperature of the year and how far summer and winter lie from it.
    climate: (f64, f64),
}

const fn place(
    id: &'static str,
    name: &'static str,
    country: &'static str,
    at: (f64, f64),
    climate: (f64, f64),
) -> Place {
    Place {
        id,
        name,
        country,
        latitude: at.0,
        longitude: at.1,
        climate,
    }
}

const PLACES: [Place; 10] = [
    place("tokyo", "Tokyo", "JP", (35.68, 139.69), (16.0, 11.0)),
    place("sao-paulo", "São Paulo", "BR", (-23.55, -46.63), (19.5, 4.0)),
    place("cairo", "Cairo", "EG", (30.04, 31.24), (22.0, 8.0)),
    place("london", "London", "GB", (51.51, -0.13), (11.5, 7.0)),
    place("toronto", "Toronto", "CA", (43.65, -79.38), (9.0, 13.0)),
    place("berlin", "Berlin", "DE", (52.52, 13.40), (10.5, 10.0)),
    place("nairobi", "Nairobi", "KE", (-1.29, 36.82), (18.5, 1.5)),
    place("lisbon", "Lisbon", "PT", (38.72, -9.14), (17.5, 6.5)),
    place("limassol", "Limassol", "CY", (34.68, 33.04), (20.0, 8.0)),
    place("reykjavik", "Reykjavík", "IS", (64.15, -21.94), (5.5, 6.0)),
];

const SKIES: [&str; 8] = ["clear", "clear", "clouds", "clouds", "clouds", "rain", "fog", "storm"];

pub(super) fn router(clock: Clock) -> Router {
    Router::new()
        .route("/v1/places", get(search))
        .route("/v1/places/{id}/current", get(current))
        .route("/v1/places/{id}/forecast", get(forecast))
        .route("/v1/alerts", get(alerts))
        .with_state(clock)
}

#[derive(Deserialize)]
struct Search {
    #[serde(default)]
    q: String,
}

async fn search(Query(Search { q }): Query<Search>) -> Response {
    let q = q.trim().to_lowercase();
    if q.is_empty() {
        return super::problem(StatusCode::BAD_REQUEST, "`q` is needed: the beginning of a name");
    }
    let found: Vec<Value> = PLACES
        .iter()
        .filter(|place| place.name.to_lowercase().starts_with(&q) || place.id.starts_with(&q))
        .map(|place| {
            json!({ "id": place.id, "name": place.name, "country": place.country,
                    "latitude": place.latitude, "longitude": place.longitude })
        })
        .collect();
    Json(found).into_response()
}

async fn current(State(clock): State<Clock>, Path(id): Path<String>) -> Result<Json<Value>, Response> {
    let place = find(&id).ok_or_else(no_place)?;
    let now = clock.now();
    let day = Weather::of(place, now.date());
    // Warmest at three in the afternoon, by the sun.
    let hour = f64::from(now.hour()) + place.longitude / 15.0;
    let swing = ((hour - 15.0) / 24.0 * std::f64::consts::TAU).cos();
    let temperature = f64::midpoint(day.low, day.high) + swing * (day.high - day.low) / 2.0;
    Ok(Json(json!({
        "place": place.id,
        "at": quarter(now),
        "sky": day.sky,
        "temperature": tenths(temperature),
        "wind": { "speed": tenths(day.wind), "direction": day.direction },
        "rain": if matches!(day.sky, "rain" | "storm") { tenths(day.wind / 3.0) } else { 0.0 },
    })))
}

#[derive(Deserialize)]
struct Range {
    days: Option<String>,
}

async fn forecast(
    State(clock): State<Clock>,
    Path(id): Path<String>,
    Query(Range { days }): Query<Range>,
) -> Result<Json<Value>, Response> {
    let place = find(&id).ok_or_else(no_place)?;
    let days = days
        .as_deref()
        .unwrap_or("3")
        .parse()
        .ok()
        .filter(|days| (1..=7).contains(days));
    let days: i64 = days.ok_or_else(|| super::problem(StatusCode::BAD_REQUEST, "`days` must be between 1 and 7"))?;
    let today = clock.now().date();
    let days: Vec<Value> = (0..days)
        .map(|n| {
            let date = today + Duration::days(n);
            let day = Weather::of(place, date);
            json!({ "date": date.to_string(), "sky": day.sky, "low": tenths(day.low), "high": tenths(day.high),
                    "rain_probability": day.rain_probability })
        })
        .collect();
    Ok(Json(json!({ "place": place.id, "days": days })))
}

async fn alerts(State(clock): State<Clock>) -> Json<Value> {
    let today = clock.now().date();
    let storms: Vec<Value> = PLACES
        .iter()
        .filter(|place| Weather::of(place, today).sky == "storm")
        .map(|place| {
            json!({ "id": format!("{}-{today}", place.id), "severity": "severe",
                    "text": format!("Storm over {}.", place.name), "places": [place.id], "until": null })
        })
        .collect();
    Json(storms.into())
}

struct Weather {
    sky: &'static str,
    low: f64,
    high: f64,
    wind: f64,
    direction: u64,
    rain_probability: f64,
}

impl Weather {
    fn of(place: &Place, date: Date) -> Self {
        let chance = mix(place.id, date);
        let (mean, swing) = place.climate;
        // The year's warmest day is the 200th in the north, and half a year off in the south.
        let season = ((f64::from(date.ordinal()) - 200.0) / 365.0 * std::f64::consts::TAU).cos();
        let middle = mean + swing * season * place.latitude.signum() + share(chance, 0) * 6.0 - 3.0;
        let sky = SKIES[(chance >> 16) as usize % SKIES.len()];
        let sky = if sky == "rain" && middle < 0.0 { "snow" } else { sky };
        Self {
            sky,
            low: middle - 3.0 - share(chance, 8) * 3.0,
            high: middle + 3.0 + share(chance, 24) * 3.0,
            wind: 1.0 + share(chance, 32) * 9.0,
            direction: (chance >> 40) % 360,
            rain_probability: if matches!(sky, "rain" | "storm" | "snow") {
                0.9
            } else {
                0.1
            },
        }
    }
}

fn find(id: &str) -> Option<&'static Place> {
    PLACES.iter().find(|place| place.id == id)
}

fn no_place() -> Response {
    super::problem(StatusCode::NOT_FOUND, "There is no such place")
}

/// A number that depends on place and day only (FNV-1a).
fn mix(id: &str, date: Date) -> u64 {
    let day = date.to_julian_day().to_le_bytes();
    id.bytes().chain(day).fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Eight bits of `chance` as a share of one.
fn share(chance: u64, shift: u32) -> f64 {
    ((chance >> shift) & 0xff) as f64 / 255.0
}

fn tenths(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

fn quarter(now: Timestamp) -> String {
    let minute = now.minute() / 15 * 15;
    let at = now
        .replace_minute(minute)
        .and_then(|at| at.replace_second(0))
        .and_then(|at| at.replace_nanosecond(0));
    at.unwrap_or(now).format(&Rfc3339).unwrap_or_default()
}
