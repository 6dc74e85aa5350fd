//! A version's way from draft to retirement.

use domain::{
    actor::Actor,
    authz::Role,
    catalog::{VersionState, version::Access},
    deprecation::Deprecation,
    error::{DomainError, ErrorCode},
    fixture::{SPEC, on_both_engines},
    id::VersionId,
};
use time::{Duration, macros::datetime};

use crate::catalog_samples::{code, fields, local, petstore, upload, words};

on_both_engines! {
    async fn a_draft_needs_spec_and_upstream_to_be_published(world) {
        let services = &world.services;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (api, version) = services.catalog.create_api(&owner, acme.id, words("pets", "Pets"), "v1", None).await.unwrap();
        assert_eq!((version.state, version.revision_id), (VersionState::Draft, None));
        assert_eq!(code(services.catalog.publish(&owner, version.id).await), ErrorCode::Conflict, "without a spec");
        services.catalog.add_revision(&owner, version.id, petstore(1)).await.unwrap();
        assert_eq!(code(services.catalog.publish(&owner, version.id).await), ErrorCode::Conflict, "without an upstream");
        services.catalog.set_upstream(&owner, version.id, local(9_000)).await.unwrap();
        let version = services.catalog.publish(&owner, version.id).await.unwrap();
        assert_eq!((version.state, version.published_at), (VersionState::Published, Some(world.clock.now())));
        assert_eq!(code(services.catalog.publish(&owner, version.id).await), ErrorCode::Conflict, "twice");

        let entries = services.audit.list(&owner, acme.id, None).await.unwrap().items;
        let published = entries.iter().find(|entry| entry.action == "version.publish").expect("an audit entry");
        assert_eq!((published.target.as_str(), published.detail.as_str()), (version.id.to_string().as_str(), "pets/v1"));
        assert_eq!(api.name, "Pets");
    }

    async fn the_announcement_of_the_end_has_rules(world) {
        let (services, now) = (&world.services, world.clock.now());
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (api, v1) = world.published_api(&owner, acme.id, "pets").await;
        let v2 = services.catalog.create_version(&owner, api.id, "v2", Some(petstore(2))).await.unwrap();
        let end = |sunset: Option<Duration>, successor: &str| Deprecation {
            since: now,
            sunset: sunset.map(|after| now + after),
            successor: Some(successor.to_owned()).filter(|name| !name.is_empty()),
            guide: None,
        };
        let deprecate = |end| services.catalog.deprecate(&owner, v1.id, end);
        assert_eq!(fields(deprecate(end(Some(-Duration::HOUR), "")).await), ["sunset"], "before the deprecation");
        assert_eq!(fields(deprecate(end(Some(Duration::ZERO), "")).await), ["sunset"], "now");
        let past = Deprecation { since: now - Duration::DAY, ..end(Some(-Duration::HOUR), "") };
        assert_eq!(fields(deprecate(past).await), ["sunset"], "in the past");
        assert_eq!(fields(deprecate(end(None, "v1")).await), ["successor"], "itself");
        assert_eq!(fields(deprecate(end(None, "v9")).await), ["successor"], "no such version");
        assert_eq!(fields(deprecate(end(None, "v2")).await), ["successor"], "a draft");
        assert_eq!(code(services.catalog.deprecate(&owner, v2.id, end(None, "")).await), ErrorCode::Conflict, "a draft");

        services.catalog.set_upstream(&owner, v2.id, local(9_001)).await.unwrap();
        services.catalog.publish(&owner, v2.id).await.unwrap();
        let later = Deprecation { since: now + Duration::DAY, ..end(Some(Duration::weeks(4)), "v2") };
        let version = deprecate(later.clone()).await.unwrap();
        assert_eq!((version.state, version.deprecation.as_ref()), (VersionState::Deprecated, Some(&later)));
        let changed = deprecate(end(None, "")).await.unwrap();
        assert_eq!(changed.deprecation.unwrap().sunset, None, "the announcement can be changed");
        let restored = services.catalog.restore(&owner, v1.id).await.unwrap();
        assert_eq!((restored.state, restored.deprecation), (VersionState::Published, None));
    }

    async fn versions_retire_at_their_sunset(world) {
        let services = &world.services;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (_, due) = world.published_api(&owner, acme.id, "due").await;
        let (_, later) = world.published_api(&owner, acme.id, "later").await;
        let (_, open) = world.published_api(&owner, acme.id, "open").await;
        let now = world.clock.now();
        // Half a second tells a comparison of texts from one of times.
        for (version, sunset) in [
            (&due, Some(now + Duration::HOUR + Duration::milliseconds(500))),
            (&later, Some(now + Duration::HOUR * 2)),
            (&open, None),
        ] {
            let end = Deprecation { since: now, sunset, successor: None, guide: None };
            services.catalog.deprecate(&owner, version.id, end).await.unwrap();
        }
        assert_eq!(services.catalog.retire_sunset_versions().await.unwrap(), 0, "nothing is due");
        world.clock.advance(std::time::Duration::from_hours(1));
        assert_eq!(services.catalog.retire_sunset_versions().await.unwrap(), 0, "half a second before");
        world.clock.advance(std::time::Duration::from_millis(500));
        let before = services.gateway_config.revision().await.unwrap();
        assert_eq!(services.catalog.retire_sunset_versions().await.unwrap(), 1);
        assert_eq!(services.catalog.retire_sunset_versions().await.unwrap(), 0, "once");
        assert_eq!(services.gateway_config.revision().await.unwrap(), before + 1, "gateways are told");
        let state = async |slug: &str| services.catalog_reads.api(&owner, "acme", slug).await.unwrap().versions[0].state;
        assert_eq!(state("due").await, VersionState::Retired);
        assert_eq!(state("later").await, VersionState::Deprecated);
        assert_eq!(state("open").await, VersionState::Deprecated);
    }

    async fn retired_versions_are_history(world) {
        let services = &world.services;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (_, version) = world.published_api(&owner, acme.id, "pets").await;
        let version = services.catalog.retire(&owner, version.id).await.unwrap();
        let catalog = &services.catalog;
        for (what, code) in [
            ("publish", code(catalog.publish(&owner, version.id).await)),
            ("restore", code(catalog.restore(&owner, version.id).await)),
            ("retire", code(catalog.retire(&owner, version.id).await)),
            ("another spec", code(catalog.add_revision(&owner, version.id, petstore(2)).await)),
            ("another upstream", code(catalog.set_upstream(&owner, version.id, local(1)).await)),
            ("another access", code(catalog.set_access(&owner, version.id, Access::Anonymous).await)),
        ] {
            assert_eq!(code, ErrorCode::Conflict, "{what}");
        }
        // What is as it was said to be is no change: a manifest can be applied again.
        catalog.add_revision(&owner, version.id, upload(SPEC)).await.unwrap();
        catalog.set_upstream(&owner, version.id, local(9)).await.unwrap();
        catalog.set_access(&owner, version.id, Access::Key).await.unwrap();
    }

    async fn upstreams_are_judged_by_the_operators_policy(world) {
        let services = &world.services;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (_, version) = world.draft_api(&owner, acme.id, "pets").await;
        let metadata = domain::upstream::Upstream::single("http://169.254.169.254/latest".parse().unwrap());
        let refused = services.catalog.set_upstream(&owner, version.id, metadata).await;
        let Err(DomainError::Invalid(errors)) = refused else { panic!("{refused:?}") };
        assert_eq!(errors[0].field, "upstream");
        assert!(errors[0].message.contains("169.254.169.254 is a link-local address where cloud metadata lives"));

        let mut strict = services.context.clone();
        strict.addresses.allow_private = false;
        let strict = domain::services::Services::new(strict);
        assert_eq!(fields(strict.catalog.set_upstream(&owner, version.id, local(9_000)).await), ["upstream"], "loopback");
        assert_eq!(services.catalog_reads.api(&owner, "acme", "pets").await.unwrap().versions[0].upstream, None);
        // A provider cannot allow it to themselves; a manifest is the operator's word.
        let own_word = domain::upstream::Upstream { allow_private: true, ..local(9_000) };
        assert_eq!(fields(strict.catalog.set_upstream(&owner, version.id, own_word).await), ["upstream"], "own word");
        let set = strict.catalog.set_upstream(&Actor::System, version.id, local(9_000)).await.unwrap();
        assert!(set.upstream.is_some_and(|upstream| upstream.allow_private));
        let set = services.catalog.set_upstream(&owner, version.id, local(9_000)).await.unwrap();
        assert!(set.upstream.is_some_and(|upstream| !upstream.allow_private));
    }

    async fn strangers_and_viewers_change_nothing(world) {
        let services = &world.services;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (api, version) = world.published_api(&owner, acme.id, "pets").await;
        let stranger = world.account("stranger@elsewhere.example").await;
        let viewer = world.account("viewer@acme.example").await;
        let viewer_id = viewer.account().unwrap().id;
        services.organizations.set_member(&owner, acme.id, viewer_id, Role::Viewer).await.unwrap();
        let viewer = world.account("viewer@acme.example").await;
        let end = Deprecation { since: datetime!(2030-01-01 0:00 UTC), sunset: None, successor: None, guide: None };
        for (actor, expected) in [
            (&Actor::Anonymous, ErrorCode::NotFound),
            (&stranger, ErrorCode::NotFound),
            (&viewer, ErrorCode::Forbidden),
        ] {
            let catalog = &services.catalog;
            for (what, code) in [
                ("create_api", code(catalog.create_api(actor, acme.id, words("x", "X"), "v1", None).await)),
                ("update_api", code(catalog.update_api(actor, api.id, words("", "X")).await)),
                ("create_version", code(catalog.create_version(actor, api.id, "v2", None).await)),
                ("add_revision", code(catalog.add_revision(actor, version.id, upload("not even a document")).await)),
                ("set_upstream", code(catalog.set_upstream(actor, version.id, local(1)).await)),
                ("set_access", code(catalog.set_access(actor, version.id, Access::Anonymous).await)),
                ("publish", code(catalog.publish(actor, version.id).await)),
                ("deprecate", code(catalog.deprecate(actor, version.id, end.clone()).await)),
                ("restore", code(catalog.restore(actor, version.id).await)),
                ("retire", code(catalog.retire(actor, version.id).await)),
            ] {
                assert_eq!(code, expected, "{what} by {actor:?}");
            }
        }
        let nowhere = VersionId::generate();
        let known = services.catalog.retire(&stranger, version.id).await.unwrap_err().to_string();
        let unknown = services.catalog.retire(&stranger, nowhere).await.unwrap_err().to_string();
        assert_eq!(known, unknown, "a stranger cannot tell what exists");
    }

    async fn a_change_counts_once(world) {
        let services = &world.services;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (api, version) = world.draft_api(&owner, acme.id, "pets").await;
        let revision = async || services.gateway_config.revision().await.unwrap();
        let start = revision().await;
        services.catalog.set_upstream(&owner, version.id, local(9_000)).await.unwrap();
        assert_eq!(revision().await, start, "gateways don't know drafts");
        services.catalog.publish(&owner, version.id).await.unwrap();
        services.catalog.set_access(&owner, version.id, Access::Anonymous).await.unwrap();
        assert_eq!(revision().await, start + 2);
        services.catalog.set_access(&owner, version.id, Access::Anonymous).await.unwrap();
        services.catalog.set_upstream(&owner, version.id, local(9_000)).await.unwrap();
        let mut same = words("", &api.name);
        same.summary = api.summary.clone();
        services.catalog.update_api(&owner, api.id, same).await.unwrap();
        assert_eq!(revision().await, start + 2, "what is already so is no change");
        let audited = services.audit.list(&owner, acme.id, None).await.unwrap().items;
        assert_eq!(audited.iter().filter(|entry| entry.action == "version.access").count(), 1);
        assert!(audited.iter().all(|entry| entry.action != "api.update"));
    }
}
