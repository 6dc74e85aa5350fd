//! Applications of consumers.

use domain::{error::ErrorCode, fixture::on_both_engines, key::KeyState, subscription::SubscriptionState};
use sea_orm::{ConnectionTrait, Database as Connection};

use crate::fields;

on_both_engines! {
    async fn slugs_are_suggested_from_the_name(world) {
        let ada = world.account("ada@example.com").await;
        let applications = &world.services.applications;
        let mut slugs = Vec::new();
        for _ in 0..3 {
            slugs.push(
                applications
                    .create(&ada, "My Shop", "", "")
                    .await
                    .unwrap()
                    .slug
                    .to_string(),
            );
        }
        assert_eq!(slugs, ["my-shop", "my-shop-2", "my-shop-3"]);
        assert_eq!(
            applications
                .create(&ada, "Shop", "shop", "")
                .await
                .unwrap()
                .slug
                .as_str(),
            "shop"
        );
        assert_eq!(
            fields(&applications.create(&ada, "Shop", "shop", "").await.unwrap_err()),
            ["slug"]
        );
        assert_eq!(
            fields(&applications.create(&ada, "…", "", "").await.unwrap_err()),
            ["slug"]
        );
        let long = "x".repeat(501);
        assert_eq!(
            fields(&applications.create(&ada, "", "A b", &long).await.unwrap_err()),
            ["slug", "name", "description"]
        );
        let bob = world.account("bob@example.com").await;
        applications
            .create(&bob, "Shop", "shop", "")
            .await
            .expect("slugs are unique for an owner only");
    }

    async fn an_account_has_a_hundred_at_most(world) {
        let ada = world.account("ada@example.com").await;
        for _ in 0..100 {
            world.application(&ada, "App").await;
        }
        let error = world
            .services
            .applications
            .create(&ada, "App", "", "")
            .await
            .unwrap_err();
        assert_eq!(error.code(), ErrorCode::Conflict);
    }

    async fn name_and_description_change(world) {
        let ada = world.account("ada@example.com").await;
        let application = world.application(&ada, "App").await;
        let applications = &world.services.applications;
        let changed = applications
            .update(&ada, application.id, "Shop", "Two\nlines")
            .await
            .unwrap();
        assert_eq!(
            (
                changed.name.as_str(),
                changed.description.as_str(),
                changed.slug.as_str()
            ),
            ("Shop", "Two\nlines", "app")
        );
        assert_eq!(
            applications
                .detail(&ada, application.id)
                .await
                .unwrap()
                .application
                .name,
            "Shop"
        );
        assert_eq!(
            fields(&applications.update(&ada, application.id, "", "").await.unwrap_err()),
            ["name"]
        );
    }

    async fn lists_show_counts_and_details_show_what_is_live_first(world) {
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (pets, _) = world.published_api(&owner, acme.id, "pets").await;
        let plan = world.plan(&owner, acme.id, "free", &[pets.id]).await;
        let (food, _) = world.published_api(&owner, acme.id, "food").await;
        let gone = world.plan(&owner, acme.id, "food", &[food.id]).await;
        let ada = world.subscribed("ada@example.com", &gone).await;
        let (services, id) = (&world.services, ada.application.id);
        services
            .subscriptions
            .cancel(&ada.consumer, ada.subscription.id)
            .await
            .unwrap();
        let second = services
            .subscriptions
            .subscribe(&ada.consumer, id, plan.id)
            .await
            .unwrap();
        services.keys.revoke(&ada.consumer, ada.key.key.id).await.unwrap();
        services.keys.create(&ada.consumer, id, "second").await.unwrap();
        services.keys.create(&ada.consumer, id, "third").await.unwrap();
        world.application(&ada.consumer, "Another").await;

        let list = services.applications.list(&ada.consumer).await.unwrap();
        let rows: Vec<_> = list
            .iter()
            .map(|row| {
                (
                    row.application.name.as_str(),
                    row.subscriptions,
                    row.keys,
                    row.calls_today,
                )
            })
            .collect();
        assert_eq!(rows, [("Another", 0, 0, 0), ("My app", 1, 2, 0)]);

        let detail = services.applications.detail(&ada.consumer, id).await.unwrap();
        let subscriptions: Vec<_> = detail
            .subscriptions
            .iter()
            .map(|view| (view.subscription.id, view.subscription.state))
            .collect();
        assert_eq!(
            subscriptions,
            [
                (second.id, SubscriptionState::Active),
                (ada.subscription.id, SubscriptionState::Canceled)
            ]
        );
        let view = &detail.subscriptions[0];
        assert_eq!((view.plan.id, view.organization.slug.as_str()), (plan.id, "acme"));
        assert_eq!(view.apis, [("pets".to_owned(), "Pets".to_owned())]);
        assert_eq!((view.quota.used, view.quota.allowed), (0, None));
        let keys: Vec<_> = detail.keys.iter().map(|key| (key.name.as_str(), key.state)).collect();
        assert_eq!(
            keys,
            [
                ("third", KeyState::Active),
                ("second", KeyState::Active),
                ("main", KeyState::Revoked)
            ]
        );
    }

    async fn deleting_revokes_and_cancels_and_frees_the_slug(world) {
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (pets, _) = world.published_api(&owner, acme.id, "pets").await;
        let plan = world.plan(&owner, acme.id, "free", &[pets.id]).await;
        let ada = world.subscribed("ada@example.com", &plan).await;
        let (services, id) = (&world.services, ada.application.id);
        let before = services.gateway_config.revision().await.unwrap();
        services.applications.delete(&ada.consumer, id).await.unwrap();
        assert_eq!(
            services.gateway_config.revision().await.unwrap(),
            before + 1,
            "one change for all of it"
        );
        assert_eq!(
            services
                .applications
                .delete(&ada.consumer, id)
                .await
                .unwrap_err()
                .code(),
            ErrorCode::NotFound
        );
        assert!(services.applications.list(&ada.consumer).await.unwrap().is_empty());
        assert!(
            services
                .subscriptions
                .subscribers(&owner, acme.id)
                .await
                .unwrap()
                .is_empty()
        );
        let entries = services.audit.list(&owner, acme.id, None).await.unwrap().items;
        assert_eq!(entries[0].action, "subscription.cancel", "the provider's log tells");
        assert_eq!(
            world.application(&ada.consumer, "My app").await.slug,
            ada.application.slug
        );
        services
            .plans
            .delete(&owner, plan.id)
            .await
            .expect("nobody is subscribed any more");
    }

    async fn a_row_that_cannot_be_read_does_not_hide_the_others(world) {
        let ada = world.account("ada@example.com").await;
        let (good, bad) = (
            world.application(&ada, "Good").await,
            world.application(&ada, "Bad").await,
        );
        let db = Connection::connect(world.url()).await.unwrap();
        db.execute_unprepared("UPDATE application SET slug = 'NOT A SLUG' WHERE slug = 'bad'")
            .await
            .unwrap();
        let list = world.services.applications.list(&ada).await.unwrap();
        assert_eq!(list.iter().map(|row| row.application.id).collect::<Vec<_>>(), [good.id]);
        let error = world.services.applications.detail(&ada, bad.id).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::Internal);
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(
            cause,
            format!(
                "column `slug` of `application` {} holds something that cannot be read",
                bad.id
            )
        );
    }
}
