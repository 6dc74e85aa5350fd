//! Plans: what providers may say, and who sees it.

use domain::{
    actor::Actor,
    error::ErrorCode,
    fixture::{on_both_engines, plan_input},
    gateway_config::ConfigUpdate,
    id::{ApiId, PlanId},
    plan::{Period, Quota, RateLimit, service::PlanInput},
    usage::query::{TimeRange, UsageScope},
};
use time::macros::datetime;

use crate::catalog_samples::{code, fields, words};

on_both_engines! {
    async fn plans_are_made_listed_and_changed(world) {
        let plans = &world.services.plans;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (pets, _) = world.published_api(&owner, acme.id, "pets").await;
        let (birds, _) = world.published_api(&owner, acme.id, "birds").await;
        let made = world.plan(&owner, acme.id, "free", &[pets.id, pets.id]).await;
        assert_eq!(made.apis, [pets.id], "each api once");
        let input = PlanInput {
            rate_limits: vec![RateLimit { requests: 10, per_s: 1, burst: 20 }],
            quota: Some(Quota { requests: 1_000, per: Period::Month }),
            ..plan_input("ignored", &[birds.id, pets.id])
        };
        let revision = world.services.gateway_config.revision().await.unwrap();
        let changed = plans.update(&owner, made.id, input.clone()).await.unwrap();
        assert_eq!((changed.slug.as_str(), changed.apis.len(), changed.created_at), ("free", 2, made.created_at));
        assert_eq!(plans.by_slug(&owner, acme.id, "free").await.unwrap(), changed);
        plans.update(&owner, made.id, input).await.unwrap();
        assert_eq!(world.services.gateway_config.revision().await.unwrap(), revision + 1, "once for one change");
        world.subscribed("dev@consumer.example", &changed).await;
        let overview = plans.list(&owner, acme.id).await.unwrap();
        assert_eq!((overview.len(), overview[0].subscriptions), (1, 1));
        assert_eq!(overview[0].api_names.len(), 2);
        assert!(overview[0].api_names.contains(&"Birds".to_owned()));
    }

    async fn forms_name_every_mistake(world) {
        let plans = &world.services.plans;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (zoo, keeper) = world.organization("zoo", "keeper@zoo.example").await;
        let (pets, _) = world.published_api(&owner, acme.id, "pets").await;
        let (foreign, _) = world.published_api(&keeper, zoo.id, "animals").await;
        let limit = RateLimit { requests: 1, per_s: 1, burst: 1 };
        let wrong = PlanInput {
            name: String::new(),
            rate_limits: vec![limit, RateLimit { requests: 0, ..limit }, RateLimit { per_s: 86_401, ..limit }],
            quota: Some(Quota { requests: 0, per: Period::Day }),
            ..plan_input("No Slug", &[])
        };
        assert_eq!(
            fields(plans.create(&owner, acme.id, wrong).await),
            ["slug", "name", "rate_limits.1", "rate_limits.2", "quota", "apis"]
        );
        for (name, apis) in [("of others", vec![pets.id, foreign.id]), ("unknown", vec![ApiId::generate()])] {
            assert_eq!(fields(plans.create(&owner, acme.id, plan_input("p", &apis)).await), ["apis"], "{name}");
        }
        let many = PlanInput { rate_limits: vec![limit; 5], ..plan_input("p", &[pets.id]) };
        assert_eq!(fields(plans.create(&owner, acme.id, many).await), ["rate_limits"]);
        world.plan(&owner, acme.id, "free", &[pets.id]).await;
        assert_eq!(fields(plans.create(&owner, acme.id, plan_input("free", &[pets.id])).await), ["slug"]);
        world.plan(&keeper, zoo.id, "free", &[foreign.id]).await;
    }

    async fn a_plan_with_subscribers_stays(world) {
        let services = &world.services;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (pets, _) = world.published_api(&owner, acme.id, "pets").await;
        let plan = world.plan(&owner, acme.id, "free", &[pets.id]).await;
        let consumer = world.subscribed("dev@consumer.example", &plan).await;
        assert_eq!(code(services.plans.delete(&owner, plan.id).await), ErrorCode::Conflict);
        services.subscriptions.cancel(&consumer.consumer, consumer.subscription.id).await.unwrap();
        services.plans.delete(&owner, plan.id).await.unwrap();
        assert_eq!(code(services.plans.delete(&owner, plan.id).await), ErrorCode::NotFound);
        assert!(services.plans.list(&owner, acme.id).await.unwrap().is_empty());
    }

    async fn a_deleted_plan_is_gone_but_what_it_counted_stays(world) {
        let services = &world.services;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (pets, version) = world.published_api(&owner, acme.id, "pets").await;
        let plan = world.plan(&owner, acme.id, "free", &[pets.id]).await;
        let consumer = world.subscribed("dev@consumer.example", &plan).await;
        world.record_calls(&consumer, version.id, "listPets", 3).await;
        services.subscriptions.cancel(&consumer.consumer, consumer.subscription.id).await.unwrap();
        services.plans.delete(&owner, plan.id).await.unwrap();

        let day = TimeRange { from: datetime!(2026-11-20 0:00 UTC), to: datetime!(2026-11-21 0:00 UTC) };
        let scope = UsageScope::Application(consumer.application.id);
        assert_eq!(services.usage.totals(&consumer.consumer, scope, day).await.unwrap().sums.calls, 3);
        let detail = services.applications.detail(&consumer.consumer, consumer.application.id).await.unwrap();
        assert_eq!(detail.subscriptions[0].plan.slug.as_str(), "free", "what was canceled is listed still");

        let application = consumer.application.id;
        for (what, code) in [
            ("update", code(services.plans.update(&owner, plan.id, plan_input("free", &[pets.id])).await)),
            ("by_slug", code(services.plans.by_slug(&owner, acme.id, "free").await)),
            ("for_subscriber", code(services.plans.for_subscriber(&Actor::Anonymous, "acme", "free").await)),
            ("subscribe", code(services.subscriptions.subscribe(&consumer.consumer, application, plan.id).await)),
        ] {
            assert_eq!(code, ErrorCode::NotFound, "{what}");
        }
        let api = services.catalog_reads.api(&Actor::Anonymous, "acme", "pets").await.unwrap();
        assert!(api.plans.is_empty(), "not offered");
        let ConfigUpdate::Full(config) = services.gateway_config.read(None).await.unwrap() else { panic!() };
        assert!(config.catalog.plans.is_empty(), "gateways forget it");

        let again = world.plan(&owner, acme.id, "free", &[pets.id]).await;
        assert_ne!(again.id, plan.id, "its short name is free");
    }

    async fn a_plan_cannot_grow_into_what_its_subscribers_have(world) {
        let services = &world.services;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (pets, _) = world.published_api(&owner, acme.id, "pets").await;
        let (food, _) = world.published_api(&owner, acme.id, "food").await;
        let plan = world.plan(&owner, acme.id, "pets", &[pets.id]).await;
        let other = world.plan(&owner, acme.id, "food", &[food.id]).await;
        let consumer = world.subscribed("dev@consumer.example", &plan).await;
        let second = services.subscriptions.subscribe(&consumer.consumer, consumer.application.id, other.id).await.unwrap();
        let both = || plan_input("", &[pets.id, food.id]);
        let grow = async |plan: PlanId| services.plans.update(&owner, plan, PlanInput { name: "Both".into(), ..both() }).await;
        let refused = grow(plan.id).await.unwrap_err();
        assert!(refused.to_string().contains("Food"), "{refused}");
        assert_eq!(fields(Err::<(), _>(refused)), ["apis"]);
        assert_eq!(services.plans.by_slug(&owner, acme.id, "pets").await.unwrap().apis, [pets.id], "nothing changed");
        services.subscriptions.cancel(&consumer.consumer, second.id).await.unwrap();
        grow(plan.id).await.unwrap();
    }

    async fn overlaps_cannot_be_raced_from_both_sides(world) {
        let services = &world.services;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (pets, _) = world.published_api(&owner, acme.id, "pets").await;
        let (food, _) = world.published_api(&owner, acme.id, "food").await;
        for round in 0..8 {
            let plan = world.plan(&owner, acme.id, &format!("pets-{round}"), &[pets.id]).await;
            let other = world.plan(&owner, acme.id, &format!("food-{round}"), &[food.id]).await;
            let consumer = world.subscribed(&format!("dev{round}@consumer.example"), &plan).await;
            let grown = PlanInput { name: "Both".into(), ..plan_input("", &[pets.id, food.id]) };
            let (grow, subscribe) = tokio::join!(
                services.plans.update(&owner, plan.id, grown),
                services.subscriptions.subscribe(&consumer.consumer, consumer.application.id, other.id),
            );
            assert!(grow.is_ok() != subscribe.is_ok(), "one of the two: {grow:?}, {subscribe:?}");
        }
    }

    async fn subscribers_see_plans_of_listed_apis_that_they_see(world) {
        let services = &world.services;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (open, _) = world.published_api(&owner, acme.id, "open").await;
        let (draft, _) = world.draft_api(&owner, acme.id, "draft").await;
        let (secret, _) = world.published_api(&owner, acme.id, "secret").await;
        let mut private = words("", "Secret");
        private.visibility = domain::catalog::Visibility::Private;
        services.catalog.update_api(&owner, secret.id, private).await.unwrap();
        for api in [&open, &draft, &secret] {
            world.plan(&owner, acme.id, api.slug.as_str(), &[api.id]).await;
        }
        world.plan(&owner, acme.id, "both", &[open.id, secret.id]).await;
        let stranger = world.account("dev@consumer.example").await;
        for (slug, for_stranger, for_member) in
            [("open", true, true), ("draft", false, false), ("secret", false, true), ("both", true, true), ("none", false, false)]
        {
            for (actor, expected) in [(&Actor::Anonymous, for_stranger), (&stranger, for_stranger), (&owner, for_member)] {
                let found = services.plans.for_subscriber(actor, "acme", slug).await;
                assert_eq!(found.is_ok(), expected, "{slug} for {actor:?}");
            }
        }
    }

    async fn strangers_change_and_list_no_plans(world) {
        let plans = &world.services.plans;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (pets, _) = world.published_api(&owner, acme.id, "pets").await;
        let plan = world.plan(&owner, acme.id, "free", &[pets.id]).await;
        for actor in [Actor::Anonymous, world.account("stranger@elsewhere.example").await] {
            for (what, code) in [
                ("create", code(plans.create(&actor, acme.id, plan_input("p", &[pets.id])).await)),
                ("update", code(plans.update(&actor, plan.id, plan_input("p", &[pets.id])).await)),
                ("delete", code(plans.delete(&actor, plan.id).await)),
                ("delete what is not there", code(plans.delete(&actor, PlanId::generate()).await)),
                ("list", code(plans.list(&actor, acme.id).await)),
                ("by_slug", code(plans.by_slug(&actor, acme.id, "free").await)),
            ] {
                assert_eq!(code, ErrorCode::NotFound, "{what} by {actor:?}");
            }
        }
    }
}
