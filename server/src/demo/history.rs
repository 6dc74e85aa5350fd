//! A week of traffic before the demo began: more by day than by night, a few errors, a few refusals.

use std::collections::{HashMap, hash_map::Entry};

use anyhow::{Context as _, Result};
use domain::{
    actor::Actor,
    application::Application,
    clock::Timestamp,
    id::{KeyId, SubscriptionId, VersionId},
    key::KeyState,
    services::Services,
    usage::{UsageBatch, UsageKey, UsageSums},
};
use time::{Duration, Time};

use super::world::SIGN_INS;

/// Name under which the days are in the ledger: a world that is kept gets each day once.
const GATEWAY: &str = "demo-history";
/// Days before today: fewer than the ledger remembers batches for, or a kept world would get a day twice.
const DAYS: i64 = 6;
/// Between two rows of one operation.
const STEP: Duration = Duration::minutes(15);

/// What a sample application calls, and how often in a step by day.
struct Habit {
    application: &'static str,
    version: (&'static str, &'static str, &'static str),
    operation: &'static str,
    calls: f64,
    latency_us: u64,
}

const fn habit(
    application: &'static str,
    version: (&'static str, &'static str, &'static str),
    operation: &'static str,
    calls: f64,
    latency_us: u64,
) -> Habit {
    Habit {
        application,
        version,
        operation,
        calls,
        latency_us,
    }
}

const PETSTORE: (&str, &str, &str) = ("acme", "petstore", "v1");
const WEATHER: (&str, &str, &str) = ("meridian", "weather", "v1");
const RATES_V1: (&str, &str, &str) = ("meridian", "rates", "v1");
const RATES_V2: (&str, &str, &str) = ("meridian", "rates", "v2");

const HABITS: [Habit; 9] = [
    habit("storefront", PETSTORE, "listPets", 24.0, 3_400),
    habit("storefront", PETSTORE, "getPet", 38.0, 1_900),
    habit("storefront", PETSTORE, "placeOrder", 1.2, 7_800),
    habit("storefront", RATES_V1, "latest", 6.0, 2_100),
    habit("storefront", RATES_V2, "getRates", 2.0, 2_000),
    habit("lobby-screen", PETSTORE, "listPets", 5.0, 3_300),
    habit("lobby-screen", PETSTORE, "getInventory", 2.0, 1_500),
    habit("lobby-screen", WEATHER, "getCurrentWeather", 5.0, 2_600),
    habit("lobby-screen", WEATHER, "getForecast", 1.5, 3_900),
];

/// Who calls, as the ledger knows them.
struct Caller {
    subscriptions: HashMap<String, SubscriptionId>,
    key: KeyId,
}

/// Writes the days that the ledger does not have yet.
pub(super) async fn write(services: &Services) -> Result<()> {
    let now = services.context.clock.now();
    let callers = callers(services).await?;
    let mut versions = HashMap::new();
    for habit in &HABITS {
        if let Entry::Vacant(vacant) = versions.entry(habit.version) {
            let (organization, api, version) = habit.version;
            let reads = &services.catalog_reads;
            let detail = reads
                .console_version(&Actor::System, organization, api, version)
                .await?;
            vacant.insert(detail.version.id);
        }
    }
    let today = now.date();
    for day in (0..=DAYS).rev().map(|back| today - Duration::days(back)) {
        let from = day.with_time(Time::MIDNIGHT).assume_utc();
        // Today ends a while ago: what is now is written by the gateway.
        let to = (from + Duration::DAY).min(now - STEP);
        let mut rows = Vec::new();
        let mut at = from;
        while at < to {
            for habit in &HABITS {
                let caller = callers
                    .get(habit.application)
                    .context("a sample application is missing")?;
                add(&mut rows, habit, caller, versions[&habit.version], at);
            }
            at += STEP;
        }
        // A kept world that was made in the middle of a day is left with the morning of that day.
        let sequence = u64::try_from(day.to_julian_day())?;
        services
            .ledger
            .record(&UsageBatch {
                gateway: GATEWAY.into(),
                sequence,
                rows,
            })
            .await?;
    }
    Ok(())
}

async fn callers(services: &Services) -> Result<HashMap<String, Caller>> {
    let mut callers = HashMap::new();
    for person in SIGN_INS {
        let account = services.accounts.by_email(&Actor::System, person.email).await?;
        let account = account.with_context(|| format!("{} has no account", person.email))?;
        let actor = services.accounts.actor_of(account.id).await?;
        for overview in services.applications.list(&actor).await? {
            let Application { id, slug, .. } = overview.application;
            let detail = services.applications.detail(&actor, id).await?;
            let subscriptions = detail
                .subscriptions
                .iter()
                .map(|known| (known.organization.slug.to_string(), known.subscription.id))
                .collect();
            let Some(key) = detail.keys.iter().find(|key| key.state == KeyState::Active) else {
                continue;
            };
            callers.insert(
                slug.to_string(),
                Caller {
                    subscriptions,
                    key: key.id,
                },
            );
        }
    }
    Ok(callers)
}

fn add(rows: &mut Vec<(UsageKey, UsageSums)>, habit: &Habit, caller: &Caller, version: VersionId, at: Timestamp) {
    let Some(subscription) = caller.subscriptions.get(habit.version.0) else {
        return;
    };
    let chance = noise(habit.operation, at);
    let calls = (habit.calls * daylight(at) * (0.75 + chance / 2.0)).round() as u64;
    let mut row = |status: u16, is_refused: bool, calls: u64| {
        if calls > 0 {
            let key = UsageKey {
                subscription_id: *subscription,
                key_id: caller.key,
                version_id: version,
                operation: habit.operation.into(),
                minute: at.unix_timestamp(),
                status,
                is_refused,
            };
            let latency_us = if is_refused { 80 } else { habit.latency_us };
            let sums = UsageSums {
                calls,
                units: if is_refused { 0 } else { calls },
                bytes_in: calls * 40,
                bytes_out: calls * 900,
                latency_us: calls * (latency_us as f64 * (0.8 + chance * 0.5)) as u64,
            };
            rows.push((key, sums));
        }
    };
    row(200, false, calls);
    // Pets that found a home, an upstream that stumbled, a burst beyond the plan: each now and then.
    row(404, false, if habit.operation == "getPet" { calls / 15 } else { 0 });
    row(500, false, u64::from(chance > 0.985) * (1 + calls / 20));
    row(429, true, u64::from(chance > 0.96) * (calls / 4));
}

/// From a tenth at four in the morning to one at four in the afternoon; less at weekends.
fn daylight(at: Timestamp) -> f64 {
    let hour = f64::from(at.hour()) + f64::from(at.minute()) / 60.0;
    let day = 0.55 + 0.45 * ((hour - 16.0) / 24.0 * std::f64::consts::TAU).cos();
    let is_weekend = matches!(at.weekday(), time::Weekday::Saturday | time::Weekday::Sunday);
    if is_weekend { day * 0.6 } else { day }
}

/// A number from 0 to 1 that depends on operation and moment only (FNV-1a).
fn noise(operation: &str, at: Timestamp) -> f64 {
    let moment = at.unix_timestamp().to_le_bytes();
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = operation.bytes().chain(moment).fold(0xcbf2_9ce4_8422_2325, mix);
    ((hash >> 20) & 0xffff) as f64 / 65_535.0
}
