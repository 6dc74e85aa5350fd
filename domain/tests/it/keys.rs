//! Keys.

use domain::{
    actor::Actor,
    error::{DomainError, ErrorCode},
    fixture::on_both_engines,
    key::{KeyPlaintext, KeyState, text::is_well_formed},
};

use crate::fields;

on_both_engines! {
    async fn a_key_is_shown_once_and_listed_by_its_ends(world) {
        let ada = world.account("ada@example.com").await;
        let application = world.application(&ada, "App").await;
        let before = world.services.gateway_config.revision().await.unwrap();
        let created = world
            .services
            .keys
            .create(&ada, application.id, " main ")
            .await
            .unwrap();
        assert_eq!(created.revision, before + 1);
        assert_eq!(
            world.services.gateway_config.revision().await.unwrap(),
            created.revision
        );
        let text = created.plaintext.expose_once();
        assert!(is_well_formed(&text), "{text}");
        let listed = world
            .services
            .applications
            .detail(&ada, application.id)
            .await
            .unwrap()
            .keys
            .remove(0);
        assert_eq!((listed.id, listed.name.as_str()), (created.key.id, "main"));
        assert!(
            text.starts_with(&listed.prefix) && text.ends_with(&listed.last_four),
            "{text} {listed:?}"
        );
        assert_eq!((listed.last_used_at, listed.revoked_at), (None, None));
        assert_eq!(
            fields(&world.services.keys.create(&ada, application.id, "").await.unwrap_err()),
            ["name"]
        );
        assert_eq!(
            fields(
                &world
                    .services
                    .keys
                    .create(&ada, application.id, &"x".repeat(61))
                    .await
                    .unwrap_err()
            ),
            ["name"]
        );
    }

    async fn revoking_is_final_and_can_be_repeated(world) {
        let ada = world.account("ada@example.com").await;
        let application = world.application(&ada, "App").await;
        let created = world.services.keys.create(&ada, application.id, "main").await.unwrap();
        let revision = world.services.keys.revoke(&ada, created.key.id).await.unwrap();
        assert_eq!(revision, created.revision + 1);
        assert_eq!(
            world.services.keys.revoke(&ada, created.key.id).await.unwrap(),
            revision,
            "nothing changed"
        );
        let listed = world
            .services
            .applications
            .detail(&ada, application.id)
            .await
            .unwrap()
            .keys
            .remove(0);
        assert_eq!(
            (listed.state, listed.revoked_at),
            (KeyState::Revoked, Some(world.clock.now()))
        );
    }

    async fn the_cap_cannot_be_raced(world) {
        let ada = world.account("ada@example.com").await;
        let application = world.application(&ada, "App").await;
        for n in 0..19 {
            world
                .services
                .keys
                .create(&ada, application.id, &format!("key {n}"))
                .await
                .unwrap();
        }
        // Two nodes, two callers each, one slot.
        let other = world.second_node().await;
        let racing = [&world.services, &other, &world.services, &other].map(|services| {
            let (keys, ada) = (services.keys.clone(), ada.clone());
            tokio::spawn(async move { keys.create(&ada, application.id, "last").await })
        });
        let mut made = Vec::new();
        for task in racing {
            match task.await.unwrap() {
                Ok(created) => made.push(created),
                Err(error) => assert_eq!(error.code(), ErrorCode::Conflict, "{error:?}"),
            }
        }
        assert_eq!(made.len(), 1);
        world.services.keys.revoke(&ada, made[0].key.id).await.unwrap();
        world
            .services
            .keys
            .create(&ada, application.id, "again")
            .await
            .expect("a revoked key makes room");
    }

    async fn fixed_keys_are_stored_once(world) {
        let (ada, bob) = (
            world.account("ada@example.com").await,
            world.account("bob@example.com").await,
        );
        let (mine, theirs) = (
            world.application(&ada, "App").await,
            world.application(&bob, "App").await,
        );
        let fixed = || KeyPlaintext::fixed("demo-key-0001").unwrap();
        let keys = &world.services.keys;
        let named = |name: &str| vec![(name.to_owned(), fixed())];
        let system = Actor::System;
        assert_eq!(keys.import_all(&system, mine.id, named("demo")).await.unwrap(), 1);
        assert_eq!(keys.import_all(&system, mine.id, named("other name")).await.unwrap(), 0);
        let detail = world.services.applications.detail(&ada, mine.id).await.unwrap();
        let names: Vec<_> = detail.keys.iter().map(|key| key.name.as_str()).collect();
        assert_eq!(names, ["demo"], "left as it is");
        let taken = keys.import_all(&system, theirs.id, named("demo")).await.unwrap_err();
        assert!(matches!(taken, DomainError::Conflict(_)), "{taken:?}");
        assert_eq!(
            keys.import_all(&ada, mine.id, named("demo")).await.unwrap_err().code(),
            ErrorCode::Forbidden
        );
    }
}
