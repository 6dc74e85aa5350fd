//! What subscriptions used of their quotas, and that nobody renews one.

use std::time::Duration;

use domain::{
    fixture::{on_both_engines, plan_input},
    plan::{Approval, Period, Quota, service::PlanInput},
    subscription::SubscriptionState::{Active, Pending},
};

use crate::subscriptions::Shop;

on_both_engines! {
    async fn a_quota_is_not_renewed_by_canceling(world) {
        let shop = Shop::open(&world).await;
        let pets = world
            .services
            .catalog_reads
            .api(&shop.owner, "acme", "pets")
            .await
            .unwrap()
            .versions[0]
            .id;
        let with_quota = async |slug: &str, per: Period, approval: Approval| {
            let input = PlanInput {
                quota: Some(Quota { requests: 10, per }),
                approval,
                ..plan_input(slug, &shop.apis[..1])
            };
            world.plan_with(&shop.owner, shop.organization.id, input).await
        };
        let monthly = with_quota("monthly", Period::Month, Approval::Automatic).await;
        let daily = with_quota("daily", Period::Day, Approval::Automatic).await;
        let gold = with_quota("gold", Period::Month, Approval::Manual).await;
        let food = shop.plan(&world, "food", &[1]).await;
        let ada = world.subscribed("ada@example.com", &monthly).await;
        world.record_calls(&ada, pets, "listPets", 9).await;
        let (subscriptions, ada_id, app) = (
            &world.services.subscriptions,
            ada.subscription.id,
            ada.application.id,
        );
        let used = async || {
            let detail = world.services.applications.detail(&ada.consumer, app).await.unwrap();
            let view = detail
                .subscriptions
                .iter()
                .find(|view| view.subscription.id == ada_id)
                .unwrap();
            (view.subscription.state, view.quota.used)
        };
        for (plan, state, why) in [
            (&monthly, Active, "the same plan"),
            (&daily, Active, "another period"),
            (&gold, Pending, "the provider decides again"),
            (&monthly, Active, "and back"),
        ] {
            subscriptions.cancel(&ada.consumer, ada_id).await.unwrap();
            world.advance(Duration::from_mins(1));
            let again = subscriptions.subscribe(&ada.consumer, app, plan.id).await.unwrap();
            assert_eq!(
                (again.id, again.plan_id, again.state, again.canceled_at),
                (ada_id, plan.id, state, None),
                "{why}"
            );
            assert_eq!(used().await, (state, 9), "{why}");
        }
        // Nor by canceling under another plan.
        subscriptions.change_plan(&ada.consumer, ada_id, daily.id).await.unwrap();
        subscriptions.cancel(&ada.consumer, ada_id).await.unwrap();
        let again = subscriptions.subscribe(&ada.consumer, app, monthly.id).await.unwrap();
        assert_eq!((again.id, used().await), (ada_id, (Active, 9)));

        let other = subscriptions.subscribe(&ada.consumer, app, food.id).await.unwrap();
        assert_ne!(other.id, ada_id, "another api");
        subscriptions.cancel(&ada.consumer, ada_id).await.unwrap();
        let second = world.application(&ada.consumer, "Second").await;
        let other = subscriptions.subscribe(&ada.consumer, second.id, monthly.id).await.unwrap();
        assert_ne!(other.id, ada_id, "another application");
    }

    async fn what_the_ledger_has_is_what_both_sides_see(world) {
        let shop = Shop::open(&world).await;
        let monthly = Quota {
            requests: 1_000,
            per: Period::Month,
        };
        let input = PlanInput {
            quota: Some(monthly),
            ..plan_input("monthly", &shop.apis[..1])
        };
        let plan = world.plan_with(&shop.owner, shop.organization.id, input).await;
        let ada = world.subscribed("ada@example.com", &plan).await;
        world.subscribed("bob@example.com", &plan).await;
        let pets = world
            .services
            .catalog_reads
            .api(&ada.consumer, "acme", "pets")
            .await
            .unwrap()
            .versions[0]
            .id;
        world.record_calls(&ada, pets, "listPets", 3).await;
        world.record_calls(&ada, pets, "getPet", 4).await;

        let seen = async || {
            let list = world.services.applications.list(&ada.consumer).await.unwrap();
            let detail = world
                .services
                .applications
                .detail(&ada.consumer, ada.application.id)
                .await
                .unwrap();
            let views = world
                .services
                .subscriptions
                .subscribers(&shop.owner, shop.organization.id)
                .await
                .unwrap();
            let view = views
                .iter()
                .find(|view| view.subscription.id == ada.subscription.id)
                .unwrap();
            assert_eq!(view.quota, detail.subscriptions[0].quota, "both sides see one number");
            (list[0].calls_today, view.calls_24h, view.quota.used, view.quota.allowed)
        };
        assert_eq!(seen().await, (7, 7, 7, Some(1_000)));
        world.advance(Duration::from_hours(16));
        assert_eq!(seen().await, (0, 7, 7, Some(1_000)), "after midnight");

        // Counters go on, over the period of the new plan.
        let daily = Quota {
            requests: 100,
            per: Period::Day,
        };
        let input = PlanInput {
            quota: Some(daily),
            ..plan_input("daily", &shop.apis[..1])
        };
        let daily = world.plan_with(&shop.owner, shop.organization.id, input).await;
        world.record_calls(&ada, pets, "listPets", 2).await;
        let (subscriptions, id) = (&world.services.subscriptions, ada.subscription.id);
        subscriptions.change_plan(&ada.consumer, id, daily.id).await.unwrap();
        assert_eq!(seen().await, (2, 9, 2, Some(100)), "today's calls count for the day");
        subscriptions.change_plan(&ada.consumer, id, plan.id).await.unwrap();
        assert_eq!(
            seen().await,
            (2, 9, 9, Some(1_000)),
            "this month's calls count for the month"
        );
    }
}
