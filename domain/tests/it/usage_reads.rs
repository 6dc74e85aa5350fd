//! Reading usage, and who may.

use domain::{
    actor::Actor,
    error::ErrorCode,
    fixture::{Subscribed, World, on_both_engines, plan_input},
    id::{ApplicationId, KeyId, SubscriptionId, VersionId},
    organization::Organization,
    usage::{
        UsageBatch, UsageKey, UsageSums,
        query::{TimeRange, UsageScope},
    },
};
use time::{Duration, OffsetDateTime, macros::datetime};

use crate::catalog_samples::{code, fields, upload};

on_both_engines! {
    async fn operations_are_named_as_the_current_document_has_them(world) {
        let scene = scene(&world).await;
        let row = |operation: &str, status: u16, is_refused: bool, calls: u64| {
            let key = UsageKey { operation: operation.into(), status, is_refused, ..scene.key() };
            (key, UsageSums { calls, units: calls, latency_us: 250 * calls, ..UsageSums::default() })
        };
        record(&world, vec![
            row("getPet", 200, false, 5),
            row("getPet", 500, false, 1),
            row("getPet", 429, true, 2),
            row("listPets", 200, false, 3),
            row("removed", 200, false, 2),
            row("", 404, true, 1),
        ]).await;
        let usage = world.services.usage.by_operation(&scene.consumer.consumer, scene.application(), day()).await.unwrap();
        let seen: Vec<_> =
            usage.iter().map(|u| (u.operation.as_str(), u.route.as_str(), u.calls, u.refused, u.errors)).collect();
        assert_eq!(seen, [
            ("getPet", "GET /pets/{id}", 8, 2, 1),
            ("listPets", "GET /pets", 3, 0, 0),
            ("removed", "", 2, 0, 0),
            ("", "", 1, 1, 0),
        ]);
        assert_eq!((usage[0].organization.as_str(), usage[0].api.as_str(), usage[0].version.as_str()), ("acme", "pets", "v1"));
        assert_eq!((usage[0].units, usage[0].mean_latency_us), (8, 250));

        let without = upload(&domain::fixture::SPEC.replace("listPets", "allPets"));
        world.services.catalog.add_revision(&scene.owner, scene.version, without).await.unwrap();
        let usage = world.services.usage.by_operation(&scene.owner, scene.organization(), day()).await.unwrap();
        assert_eq!(usage[1].route, "", "the operation was renamed; its calls stay");
    }

    async fn time_lines_have_no_gaps(world) {
        let scene = scene(&world).await;
        let at = |minute: OffsetDateTime| UsageKey { minute: minute.unix_timestamp(), ..scene.key() };
        let calls = |calls| UsageSums { calls, ..UsageSums::default() };
        record(&world, vec![
            (at(datetime!(2026-11-19 23:59 UTC)), calls(100)),
            (at(datetime!(2026-11-20 0:00 UTC)), calls(1)),
            (at(datetime!(2026-11-20 0:59 UTC)), calls(2)),
            (UsageKey { status: 503, is_refused: true, ..at(datetime!(2026-11-20 1:00 UTC)) }, calls(4)),
            (at(datetime!(2026-11-20 23:59 UTC)), calls(8)),
            (at(datetime!(2026-11-21 0:00 UTC)), calls(100)),
        ]).await;
        let usage = &world.services.usage;
        let consumer = &scene.consumer.consumer;
        let points = usage.timeline(consumer, scene.application(), day(), 24).await.unwrap();
        assert_eq!(points.len(), 24);
        assert!(points.iter().enumerate().all(|(n, point)| point.at == day().from + Duration::hours(n as i64)));
        let seen: Vec<_> = points.iter().map(|p| (p.calls, p.errors, p.refused)).filter(|p| p.0 > 0).collect();
        assert_eq!(seen, [(3, 0, 0), (4, 4, 4), (8, 0, 0)]);
        assert_eq!((points[0].calls, points[1].calls, points[23].calls), (3, 4, 8));
        for (steps, length) in [(0, 1), (7, 7), (100_000, 500)] {
            let points = usage.timeline(consumer, scene.application(), day(), steps).await.unwrap();
            assert_eq!((points.len(), points.iter().map(|p| p.calls).sum::<u64>()), (length, 15), "{steps} steps");
        }
        let backwards = TimeRange { from: day().to, to: day().from };
        assert_eq!(fields(usage.timeline(consumer, scene.application(), backwards, 5).await), ["range"]);
    }

    async fn everybody_reads_their_own(world) {
        let scene = scene(&world).await;
        let anonymous = UsageKey { subscription_id: SubscriptionId::NIL, key_id: KeyId::NIL, ..scene.key() };
        let one = UsageSums { calls: 1, units: 1, ..UsageSums::default() };
        record(&world, vec![(scene.key(), one), (anonymous, one)]).await;
        let usage = &world.services.usage;
        let (consumer, owner) = (&scene.consumer.consumer, &scene.owner);
        for (name, actor, scope, calls) in [
            ("application", consumer, scene.application(), 1),
            ("all applications", consumer, UsageScope::MyApplications, 1),
            ("organization, anonymous calls too", owner, scene.organization(), 2),
            ("applications of somebody who has none", owner, UsageScope::MyApplications, 0),
        ] {
            assert_eq!(usage.totals(actor, scope, day()).await.unwrap().sums.calls, calls, "{name}");
        }
        let stranger = world.account("stranger@elsewhere.example").await;
        for (name, actor, scope) in [
            ("application", &stranger, scene.application()),
            ("application, by the provider", owner, scene.application()),
            ("organization", &stranger, scene.organization()),
            ("organization, by a subscriber", consumer, scene.organization()),
            ("application that is not there", owner, UsageScope::Application(ApplicationId::generate())),
            ("nobody", &Actor::Anonymous, scene.application()),
        ] {
            assert_eq!(code(usage.totals(actor, scope, day()).await), ErrorCode::NotFound, "{name}");
            assert_eq!(code(usage.by_operation(actor, scope, day()).await), ErrorCode::NotFound, "{name}");
            assert_eq!(code(usage.timeline(actor, scope, day(), 5).await), ErrorCode::NotFound, "{name}");
        }
        let nobody = usage.totals(&Actor::Anonymous, UsageScope::MyApplications, day()).await;
        assert_eq!(code(nobody), ErrorCode::Unauthenticated);
    }

    async fn what_is_gone_stays_in_the_numbers(world) {
        let scene = scene(&world).await;
        let one = UsageSums { calls: 1, units: 1, ..UsageSums::default() };
        let gone = UsageKey { version_id: VersionId::generate(), ..scene.key() };
        record(&world, vec![(scene.key(), one), (gone, one)]).await;
        let consumer = &scene.consumer.consumer;
        let usage = world.services.usage.by_operation(consumer, scene.application(), day()).await.unwrap();
        let apis: Vec<&str> = usage.iter().map(|row| row.api.as_str()).collect();
        assert_eq!(apis, ["", "pets"], "a version that is not there has no name");
        world.services.applications.delete(consumer, scene.consumer.application.id).await.unwrap();
        let reads = &world.services.usage;
        assert_eq!(code(reads.totals(consumer, scene.application(), day()).await), ErrorCode::NotFound);
        assert_eq!(reads.totals(consumer, UsageScope::MyApplications, day()).await.unwrap().sums.calls, 2);
        assert_eq!(reads.totals(&scene.owner, scene.organization(), day()).await.unwrap().sums.calls, 1);
    }
}

/// A provider with an api and a consumer who may call it.
struct Scene {
    organization: Organization,
    owner: Actor,
    version: VersionId,
    consumer: Subscribed,
}

impl Scene {
    fn key(&self) -> UsageKey {
        UsageKey {
            subscription_id: self.consumer.subscription.id,
            key_id: self.consumer.key.key.id,
            version_id: self.version,
            operation: "listPets".into(),
            minute: datetime!(2026-11-20 8:30 UTC).unix_timestamp(),
            status: 200,
            is_refused: false,
        }
    }

    fn application(&self) -> UsageScope {
        UsageScope::Application(self.consumer.application.id)
    }

    fn organization(&self) -> UsageScope {
        UsageScope::Organization(self.organization.id)
    }
}

async fn scene(world: &World) -> Scene {
    let (organization, owner) = world.organization("acme", "owner@acme.example").await;
    let (api, version) = world.published_api(&owner, organization.id, "pets").await;
    let plan = world
        .plan_with(&owner, organization.id, plan_input("free", &[api.id]))
        .await;
    let consumer = world.subscribed("dev@consumer.example", &plan).await;
    Scene {
        organization,
        owner,
        version: version.id,
        consumer,
    }
}

fn day() -> TimeRange {
    TimeRange {
        from: datetime!(2026-11-20 0:00 UTC),
        to: datetime!(2026-11-21 0:00 UTC),
    }
}

async fn record(world: &World, rows: Vec<(UsageKey, UsageSums)>) {
    let batch = UsageBatch {
        gateway: "g1".into(),
        sequence: 1,
        rows,
    };
    assert!(world.services.ledger.record(&batch).await.unwrap());
}
