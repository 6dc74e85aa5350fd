//! Writing usage: once, and in sums that agree with each other.

use std::time::Duration;

use domain::{
    actor::Actor,
    fixture::{Subscribed, World, on_both_engines, plan_input},
    gateway_config::{ConfigUpdate, QuotaStart},
    id::{KeyId, SubscriptionId, VersionId},
    plan::{Period, Plan, Quota, service::PlanInput},
    usage::{
        UsageBatch, UsageKey, UsageSums,
        query::{TimeRange, UsageScope, UsageTotals},
    },
};
use time::macros::datetime;

on_both_engines! {
    async fn a_batch_counts_once(world) {
        let (subscribed, version) = subscribed(&world, None).await;
        let key = key(&subscribed, version, world.clock.now().unix_timestamp());
        let batch = batch(1, vec![(key.clone(), calls(3))]);
        assert!(world.services.ledger.record(&batch).await.unwrap());
        assert!(!world.services.ledger.record(&batch).await.unwrap(), "sent again");
        assert_eq!(totals(&world, &subscribed).await.sums, calls(3));
        let next = UsageBatch { sequence: 2, ..batch.clone() };
        assert!(world.services.ledger.record(&next).await.unwrap(), "the next of the same gateway");
        let other = UsageBatch { gateway: "g2".into(), ..batch };
        assert!(world.services.ledger.record(&other).await.unwrap(), "the first of another gateway");
        assert_eq!(totals(&world, &subscribed).await.sums, calls(9), "rows of one key are added up");
        assert_eq!(quota_start(&world, &subscribed).await.units, 9);
        let twice = UsageBatch { sequence: 3, gateway: "g1".into(), rows: vec![(key.clone(), calls(1)), (key, calls(1))] };
        assert!(world.services.ledger.record(&twice).await.unwrap(), "a key that comes twice in a batch");
        assert_eq!(totals(&world, &subscribed).await.sums, calls(11));
    }

    async fn only_units_count_against_the_quota(world) {
        let (subscribed, version) = subscribed(&world, None).await;
        let minute = world.clock.now().unix_timestamp();
        let one = key(&subscribed, version, minute);
        let refused = UsageKey { status: 429, is_refused: true, ..one.clone() };
        let failed = UsageKey { status: 502, ..one.clone() };
        let anonymous = UsageKey { subscription_id: SubscriptionId::NIL, key_id: KeyId::NIL, ..one.clone() };
        let free = UsageSums { units: 0, ..calls(5) };
        let rows = vec![(one, calls(2)), (refused, free), (failed, free), (anonymous, calls(7))];
        world.services.ledger.record(&batch(1, rows)).await.unwrap();
        assert_eq!(quota_start(&world, &subscribed).await.units, 2);
        let totals = totals(&world, &subscribed).await;
        assert_eq!((totals.sums.calls, totals.sums.units, totals.refused, totals.errors), (12, 2, 5, 5));
    }

    async fn counters_begin_again_with_the_period(world) {
        let (subscribed, version) = subscribed(&world, Some(Period::Day)).await;
        let noon = datetime!(2026-11-20 12:00 UTC).unix_timestamp();
        let rows = vec![
            (key(&subscribed, version, noon), calls(3)),
            (key(&subscribed, version, noon + 86_400), calls(4)),
            // Late, for a day that is over: it counts there.
            (key(&subscribed, version, noon - 86_400), calls(50)),
        ];
        world.services.ledger.record(&batch(1, rows)).await.unwrap();
        let today = QuotaStart { period_start: datetime!(2026-11-20 0:00 UTC), units: 3 };
        assert_eq!(quota_start(&world, &subscribed).await, today);
        world.advance(Duration::from_hours(24));
        let tomorrow = QuotaStart { period_start: datetime!(2026-11-21 0:00 UTC), units: 4 };
        assert_eq!(quota_start(&world, &subscribed).await, tomorrow);
    }

    async fn a_quota_of_another_period_finds_its_count(world) {
        let (subscribed, version) = subscribed(&world, None).await;
        let now = world.clock.now().unix_timestamp();
        let rows = vec![
            (key(&subscribed, version, now), calls(3)),
            (key(&subscribed, version, now - 86_400), calls(20)),
            (key(&subscribed, version, now - 86_400 * 25), calls(100)),
        ];
        world.services.ledger.record(&batch(1, rows)).await.unwrap();
        let month = QuotaStart { period_start: datetime!(2026-11-01 0:00 UTC), units: 23 };
        assert_eq!(quota_start(&world, &subscribed).await, month, "a plan without a quota is counted by the month");
        let day = QuotaStart { period_start: datetime!(2026-11-20 0:00 UTC), units: 3 };
        for (period, expected) in [(Some(Period::Day), day), (Some(Period::Month), month), (None, month)] {
            let input = quota_plan(&plan_of(&world, &subscribed).await, period);
            world.services.plans.update(&Actor::System, subscribed.subscription.plan_id, input).await.unwrap();
            assert_eq!(quota_start(&world, &subscribed).await, expected, "{period:?}");
        }
    }

    async fn the_last_use_of_a_key_is_noted_to_the_minute(world) {
        let (subscribed, version) = subscribed(&world, None).await;
        let now = world.clock.now().unix_timestamp();
        let last_use = async || {
            let application = subscribed.application.id;
            let detail = world.services.applications.detail(&subscribed.consumer, application).await.unwrap();
            detail.keys[0].last_used_at.map(time::OffsetDateTime::unix_timestamp)
        };
        assert_eq!(last_use().await, None);
        for (sequence, minute, expected) in [(1, now, now), (2, now + 120, now + 120), (3, now + 60, now + 120)] {
            let rows = vec![(key(&subscribed, version, minute), calls(1))];
            world.services.ledger.record(&batch(sequence, rows)).await.unwrap();
            assert_eq!(last_use().await, Some(expected), "batch {sequence}");
        }
    }

    async fn large_batches_and_forgotten_things_are_no_trouble(world) {
        let (subscribed, version) = subscribed(&world, None).await;
        let now = world.clock.now().unix_timestamp();
        let mut rows: Vec<_> = (0..5_000)
            .map(|n| {
                let row = key(&subscribed, version, now - now % 60);
                (UsageKey { operation: format!("op{n}"), ..row }, calls(1))
            })
            .collect();
        let gone = UsageKey {
            subscription_id: SubscriptionId::generate(),
            key_id: KeyId::generate(),
            version_id: VersionId::generate(),
            ..rows[0].0.clone()
        };
        rows.push((gone, calls(1)));
        assert!(world.services.ledger.record(&batch(1, rows)).await.unwrap());
        assert_eq!(totals(&world, &subscribed).await.sums.calls, 5_000);
        assert!(world.services.ledger.record(&batch(2, Vec::new())).await.unwrap(), "an empty batch");
    }

    async fn old_batches_and_counters_are_forgotten(world) {
        let (subscribed, version) = subscribed(&world, None).await;
        let row = key(&subscribed, version, world.clock.now().unix_timestamp());
        world.services.ledger.record(&batch(1, vec![(row.clone(), calls(1))])).await.unwrap();
        world.advance(Duration::from_hours(24 * 7));
        assert_eq!(world.services.ledger.forget_old().await.unwrap(), 0);
        world.advance(Duration::from_hours(24 * 60));
        world.services.ledger.record(&batch(2, Vec::new())).await.unwrap();
        assert_eq!(world.services.ledger.forget_old().await.unwrap(), 2, "a batch and a counter");
        assert_eq!(totals(&world, &subscribed).await.sums, calls(1), "the ledger stays");
        assert!(!world.services.ledger.record(&batch(2, Vec::new())).await.unwrap(), "a new batch is remembered");
    }

    async fn gateways_write_at_the_same_time(world) {
        let (subscribed, version) = subscribed(&world, None).await;
        let now = world.clock.now().unix_timestamp();
        let writers = (0..8).map(|n| {
            let ledger = world.services.ledger.clone();
            let row = key(&subscribed, version, now);
            tokio::spawn(async move {
                for sequence in 1..=10 {
                    let keys = (0..20).rev().map(|op| UsageKey { operation: format!("op{}", (op + n) % 20), ..row.clone() });
                    let rows = keys.map(|key| (key, calls(1))).collect();
                    let batch = UsageBatch { gateway: format!("g{n}"), sequence, rows };
                    assert!(ledger.record(&batch).await.unwrap());
                }
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.unwrap();
        }
        assert_eq!(totals(&world, &subscribed).await.sums.calls, 8 * 10 * 20);
        assert_eq!(quota_start(&world, &subscribed).await.units, 8 * 10 * 20);
    }
}

/// A consumer on a plan, and the version that it may call.
async fn subscribed(world: &World, period: Option<Period>) -> (Subscribed, VersionId) {
    let (acme, owner) = world.organization("acme", "owner@acme.example").await;
    let (api, version) = world.published_api(&owner, acme.id, "pets").await;
    let quota = period.map(|per| Quota { requests: 1_000, per });
    let plan = world
        .plan_with(
            &owner,
            acme.id,
            PlanInput {
                quota,
                ..plan_input("free", &[api.id])
            },
        )
        .await;
    (world.subscribed("dev@consumer.example", &plan).await, version.id)
}

async fn plan_of(world: &World, subscribed: &Subscribed) -> Plan {
    let detail = world
        .services
        .applications
        .detail(&subscribed.consumer, subscribed.application.id)
        .await
        .unwrap();
    detail.subscriptions[0].plan.clone()
}

fn quota_plan(plan: &Plan, period: Option<Period>) -> PlanInput {
    PlanInput {
        quota: period.map(|per| Quota { requests: 10, per }),
        ..plan_input("free", &plan.apis)
    }
}

fn key(subscribed: &Subscribed, version_id: VersionId, minute: i64) -> UsageKey {
    UsageKey {
        subscription_id: subscribed.subscription.id,
        key_id: subscribed.key.key.id,
        version_id,
        operation: "listPets".into(),
        minute,
        status: 200,
        is_refused: false,
    }
}

fn calls(n: u64) -> UsageSums {
    UsageSums {
        calls: n,
        units: n,
        bytes_in: 10 * n,
        bytes_out: 100 * n,
        latency_us: 1_000 * n,
    }
}

fn batch(sequence: u64, rows: Vec<(UsageKey, UsageSums)>) -> UsageBatch {
    UsageBatch {
        gateway: "g1".into(),
        sequence,
        rows,
    }
}

async fn totals(world: &World, subscribed: &Subscribed) -> UsageTotals {
    let range = TimeRange {
        from: datetime!(2026-01-01 0:00 UTC),
        to: datetime!(2027-01-01 0:00 UTC),
    };
    let scope = UsageScope::Application(subscribed.application.id);
    world
        .services
        .usage
        .totals(&subscribed.consumer, scope, range)
        .await
        .unwrap()
}

/// Where a gateway that starts now would begin to count; the changes since the first configuration say the same.
async fn quota_start(world: &World, subscribed: &Subscribed) -> QuotaStart {
    let id = subscribed.subscription.id;
    let ConfigUpdate::Full(full) = world.services.gateway_config.read(None).await.unwrap() else {
        panic!("not full")
    };
    let ConfigUpdate::Changes(changes) = world.services.gateway_config.read(Some(1)).await.unwrap() else {
        panic!("full")
    };
    let of = |records: &[domain::gateway_config::SubscriptionRecord]| records.iter().find(|r| r.id == id).unwrap().used;
    assert_eq!(of(&full.subscriptions), of(&changes.subscriptions));
    of(&full.subscriptions)
}
