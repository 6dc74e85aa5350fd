//! Subscriptions of consumers and decisions of providers.

use domain::{
    actor::Actor,
    catalog::{Visibility, service::ApiInput},
    error::ErrorCode,
    fixture::{World, on_both_engines, plan_input},
    organization::Organization,
    plan::{Period, Plan, Quota, service::PlanInput},
    subscription::SubscriptionState::{Active, Canceled, Pending, Suspended},
};

/// A provider with two apis.
pub(crate) struct Shop {
    pub(crate) organization: Organization,
    pub(crate) owner: Actor,
    pub(crate) apis: Vec<domain::id::ApiId>,
}

impl Shop {
    pub(crate) async fn open(world: &World) -> Self {
        let (organization, owner) = world.organization("acme", "owner@acme.example").await;
        let mut apis = Vec::new();
        for slug in ["pets", "food"] {
            apis.push(world.published_api(&owner, organization.id, slug).await.0.id);
        }
        Self {
            organization,
            owner,
            apis,
        }
    }

    pub(crate) async fn plan(&self, world: &World, slug: &str, apis: &[usize]) -> Plan {
        let apis: Vec<_> = apis.iter().map(|index| self.apis[*index]).collect();
        world.plan(&self.owner, self.organization.id, slug, &apis).await
    }

    async fn manual_plan(&self, world: &World, slug: &str) -> Plan {
        world
            .manual_plan(&self.owner, self.organization.id, slug, &self.apis[..1])
            .await
    }
}

on_both_engines! {
    async fn two_live_subscriptions_cannot_cover_one_api(world) {
        let shop = Shop::open(&world).await;
        let (pets, food, both) = (
            shop.plan(&world, "pets", &[0]).await,
            shop.plan(&world, "food", &[1]).await,
            shop.plan(&world, "both", &[0, 1]).await,
        );
        let ada = world.subscribed("ada@example.com", &pets).await;
        let subscriptions = &world.services.subscriptions;
        let overlap = subscriptions
            .subscribe(&ada.consumer, ada.application.id, both.id)
            .await
            .unwrap_err();
        assert_eq!(overlap.code(), ErrorCode::Conflict);
        assert!(overlap.to_string().contains("Pets"), "{overlap}");
        subscriptions
            .subscribe(&ada.consumer, ada.application.id, food.id)
            .await
            .expect("another api");
        let second = world.application(&ada.consumer, "Second").await;
        subscriptions
            .subscribe(&ada.consumer, second.id, both.id)
            .await
            .expect("another application");
        subscriptions.cancel(&ada.consumer, ada.subscription.id).await.unwrap();
        subscriptions
            .subscribe(&ada.consumer, ada.application.id, pets.id)
            .await
            .expect("the first one is over");
    }

    async fn overlaps_cannot_be_raced(world) {
        let shop = Shop::open(&world).await;
        let plans = [
            shop.plan(&world, "a", &[0]).await,
            shop.plan(&world, "b", &[0, 1]).await,
        ];
        let ada = world.account("ada@example.com").await;
        let application = world.application(&ada, "App").await;
        let other = world.second_node().await;
        let racing = [
            (&world.services, &plans[0]),
            (&other, &plans[1]),
            (&world.services, &plans[1]),
        ]
        .map(|(services, plan)| {
            let (subscriptions, ada, plan) = (services.subscriptions.clone(), ada.clone(), plan.id);
            tokio::spawn(async move { subscriptions.subscribe(&ada, application.id, plan).await })
        });
        let mut made = 0;
        for task in racing {
            match task.await.unwrap() {
                Ok(_) => made += 1,
                Err(error) => assert_eq!(error.code(), ErrorCode::Conflict, "{error:?}"),
            }
        }
        assert_eq!(made, 1);
    }

    async fn plans_that_cannot_be_seen_cannot_be_subscribed_to(world) {
        let shop = Shop::open(&world).await;
        let plan = shop.plan(&world, "pets", &[0]).await;
        let (draft, _) = world.draft_api(&shop.owner, shop.organization.id, "secret").await;
        let unlisted = world
            .plan(&shop.owner, shop.organization.id, "unlisted", &[draft.id])
            .await;
        let ada = world.account("ada@example.com").await;
        let application = world.application(&ada, "App").await;
        let subscriptions = &world.services.subscriptions;
        assert_eq!(
            subscriptions
                .subscribe(&ada, application.id, unlisted.id)
                .await
                .unwrap_err()
                .code(),
            ErrorCode::NotFound
        );
        let private = ApiInput {
            name: "Pets".into(),
            visibility: Visibility::Private,
            ..ApiInput::default()
        };
        world
            .services
            .catalog
            .update_api(&shop.owner, shop.apis[0], private)
            .await
            .unwrap();
        assert_eq!(
            subscriptions
                .subscribe(&ada, application.id, plan.id)
                .await
                .unwrap_err()
                .code(),
            ErrorCode::NotFound
        );
        let own = world.application(&shop.owner, "Own").await;
        subscriptions
            .subscribe(&shop.owner, own.id, plan.id)
            .await
            .expect("members see private apis");
    }

    async fn a_provider_decides_and_the_consumer_reads_of_it(world) {
        let shop = Shop::open(&world).await;
        let plan = shop.manual_plan(&world, "gold").await;
        let ada = world.subscribed("ada@example.com", &plan).await;
        assert_eq!(ada.subscription.state, Pending);
        let (subscriptions, id) = (&world.services.subscriptions, ada.subscription.id);
        let mut states = Vec::new();
        let mut revision = world.services.gateway_config.revision().await.unwrap();
        states.push(subscriptions.approve(&shop.owner, id).await.unwrap().state);
        states.push(subscriptions.suspend(&shop.owner, id).await.unwrap().state);
        states.push(subscriptions.resume(&shop.owner, id).await.unwrap().state);
        assert_eq!(states, [Active, Suspended, Active]);
        revision += 3;
        assert_eq!(
            world.services.gateway_config.revision().await.unwrap(),
            revision,
            "gateways learn each"
        );
        let refused = subscriptions.refuse(&shop.owner, id).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::Conflict, "an active one is not refused");
        let second = world.application(&ada.consumer, "Second").await;
        let other = subscriptions
            .subscribe(&ada.consumer, second.id, plan.id)
            .await
            .unwrap();
        let other = subscriptions.refuse(&shop.owner, other.id).await.unwrap();
        assert_eq!((other.state, other.canceled_at), (Canceled, Some(world.clock.now())));

        let mails = world.mails().await;
        let subjects: Vec<_> = mails.iter().map(|mail| mail.subject.as_str()).collect();
        assert_eq!(
            subjects,
            [
                "Acme approved your subscription",
                "Acme suspended your subscription",
                "Acme did not approve your subscription"
            ]
        );
        let link = format!("http://portal.example/dashboard/applications/{}", ada.application.id);
        assert!(
            mails.iter().all(|mail| mail.to == "ada@example.com") && mails[0].body.contains(&link),
            "{mails:?}"
        );
        let entries = world
            .services
            .audit
            .list(&shop.owner, shop.organization.id, None)
            .await
            .unwrap()
            .items;
        let actions: Vec<_> = entries.iter().take(6).map(|entry| entry.action.as_str()).collect();
        assert_eq!(
            actions,
            [
                "subscription.refuse",
                "subscription.create",
                "subscription.resume",
                "subscription.suspend",
                "subscription.approve",
                "subscription.create"
            ]
        );
    }

    async fn subscribers_are_listed_pending_first(world) {
        let shop = Shop::open(&world).await;
        let quota = Quota {
            requests: 1_000,
            per: Period::Day,
        };
        let input = PlanInput {
            quota: Some(quota),
            ..plan_input("daily", &shop.apis[..1])
        };
        let daily = world.plan_with(&shop.owner, shop.organization.id, input).await;
        let manual = shop.manual_plan(&world, "gold").await;
        world.subscribed("waits@example.com", &manual).await;
        world.subscribed("first@example.com", &daily).await;
        world.subscribed("second@example.com", &daily).await;
        let gone = world.subscribed("gone@example.com", &daily).await;
        world
            .services
            .subscriptions
            .cancel(&gone.consumer, gone.subscription.id)
            .await
            .unwrap();
        let views = world
            .services
            .subscriptions
            .subscribers(&shop.owner, shop.organization.id)
            .await
            .unwrap();
        let rows: Vec<_> = views
            .iter()
            .map(|view| (view.owner.email.as_str(), view.subscription.state, view.quota.allowed))
            .collect();
        assert_eq!(
            rows,
            [
                ("waits@example.com", Pending, None),
                ("second@example.com", Active, Some(1_000)),
                ("first@example.com", Active, Some(1_000)),
            ]
        );
        assert_eq!(
            (views[1].quota.since, views[1].calls_24h),
            (Period::Day.start(world.clock.now()), 0)
        );
        assert_eq!(views[1].application.name, "My app");
    }

    async fn a_plan_can_be_changed_to_one_that_covers_the_same(world) {
        let shop = Shop::open(&world).await;
        let (pets, both, food) = (
            shop.plan(&world, "pets", &[0]).await,
            shop.plan(&world, "both", &[0, 1]).await,
            shop.plan(&world, "food", &[1]).await,
        );
        let (manual, ada) = (
            shop.manual_plan(&world, "gold").await,
            world.subscribed("ada@example.com", &pets).await,
        );
        let (subscriptions, id) = (&world.services.subscriptions, ada.subscription.id);
        for (plan, why) in [(&food, "covers something else"), (&manual, "needs approval")] {
            let error = subscriptions.change_plan(&ada.consumer, id, plan.id).await.unwrap_err();
            assert_eq!(error.code(), ErrorCode::Conflict, "{why}");
        }
        let moved = subscriptions.change_plan(&ada.consumer, id, both.id).await.unwrap();
        assert_eq!((moved.id, moved.plan_id, moved.state), (id, both.id, Active));
        assert_eq!(
            subscriptions
                .change_plan(&ada.consumer, id, pets.id)
                .await
                .unwrap_err()
                .code(),
            ErrorCode::Conflict,
            "covers less"
        );
        let second = world.application(&ada.consumer, "Second").await;
        let waiting = subscriptions
            .subscribe(&ada.consumer, second.id, manual.id)
            .await
            .unwrap();
        subscriptions
            .subscribe(&ada.consumer, second.id, food.id)
            .await
            .unwrap();
        let overlap = subscriptions
            .change_plan(&ada.consumer, waiting.id, both.id)
            .await
            .unwrap_err();
        assert_eq!(overlap.code(), ErrorCode::Conflict, "another subscription covers food");
        let begun = subscriptions
            .change_plan(&ada.consumer, waiting.id, pets.id)
            .await
            .unwrap();
        assert_eq!(begun.state, Active, "the new plan begins at once");
        subscriptions.cancel(&ada.consumer, id).await.unwrap();
        assert_eq!(
            subscriptions
                .change_plan(&ada.consumer, id, pets.id)
                .await
                .unwrap_err()
                .code(),
            ErrorCode::Conflict,
            "over"
        );
        assert_eq!(
            subscriptions.cancel(&ada.consumer, id).await.unwrap_err().code(),
            ErrorCode::Conflict,
            "over"
        );
    }
}
