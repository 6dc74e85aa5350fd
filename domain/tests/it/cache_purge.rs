//! Purges of answers that gateways keep.

use domain::{
    actor::Actor,
    authz::Role,
    error::ErrorCode,
    fixture::{World, on_both_engines},
    gateway_config::{CachePurge, ConfigChanges, ConfigRevision, ConfigUpdate},
    id::VersionId,
    policy::{
        PolicySet,
        scope::{OperationKey, PolicyScope},
    },
};
use serde_json::json;

use crate::catalog_samples::{code, fields};

async fn changes_since(world: &World, since: ConfigRevision) -> ConfigChanges {
    match world.services.gateway_config.read(Some(since)).await.unwrap() {
        ConfigUpdate::Changes(changes) => *changes,
        ConfigUpdate::Full(config) => panic!("the log reaches back to {since}, got {config:?}"),
    }
}

fn purge(version: VersionId, prefix: &str) -> CachePurge {
    CachePurge {
        version,
        prefix: prefix.into(),
    }
}

on_both_engines! {
    async fn gateways_learn_what_to_forget(world) {
        let catalog = &world.services.catalog;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (_, pets) = world.published_api(&owner, acme.id, "pets").await;
        let (_, shop) = world.published_api(&owner, acme.id, "shop").await;
        let before = world.services.gateway_config.revision().await.unwrap();
        assert_eq!(world.services.gateway_config.purges(before).await.unwrap(), Some(vec![]));

        let first = catalog.purge_cache(&owner, pets.id, "/pets?limit=1").await.unwrap();
        assert_eq!(first, before + 1);
        let changes = changes_since(&world, before).await;
        assert_eq!((changes.revision, &changes.purges), (first, &vec![purge(pets.id, "/pets?limit=1")]));
        assert!(changes.catalog.is_none() && changes.keys.is_empty(), "nothing else has changed");
        assert!(changes_since(&world, first).await.purges.is_empty(), "once");

        // What one covers is not told again; another version is another matter.
        catalog.purge_cache(&owner, pets.id, "/pets").await.unwrap();
        catalog.purge_cache(&owner, pets.id, "/owners").await.unwrap();
        catalog.purge_cache(&owner, shop.id, "/pets/1").await.unwrap();
        let told = |mut purges: Vec<CachePurge>| {
            purges.sort();
            purges
        };
        let expected = told(vec![purge(pets.id, "/pets"), purge(pets.id, "/owners"), purge(shop.id, "/pets/1")]);
        assert_eq!(told(changes_since(&world, before).await.purges), expected);
        assert_eq!(world.services.gateway_config.purges(before).await.unwrap().map(told), Some(expected));
        catalog.purge_cache(&Actor::System, pets.id, "").await.unwrap();
        let expected = told(vec![purge(pets.id, ""), purge(shop.id, "/pets/1")]);
        assert_eq!(told(changes_since(&world, before).await.purges), expected);
        for since in [0, -1, before + 100] {
            assert_eq!(world.services.gateway_config.purges(since).await.unwrap(), None, "{since}");
        }

        let entries = world.services.audit.list(&owner, acme.id, None).await.unwrap().items;
        let details: Vec<&str> = entries
            .iter()
            .filter(|entry| entry.action == "version.purge_cache")
            .map(|entry| entry.detail.as_str())
            .collect();
        assert_eq!(details.len(), 5);
        assert!(details.contains(&"pets/v1: /pets?limit=1") && details.contains(&"pets/v1: everything"), "{details:?}");
    }

    async fn a_purge_is_for_those_who_may_change_a_served_version(world) {
        let catalog = &world.services.catalog;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (_, pets) = world.published_api(&owner, acme.id, "pets").await;
        let (_, draft) = world.draft_api(&owner, acme.id, "draft").await;
        let (_, stranger) = world.organization("other", "owner@other.example").await;
        let viewer = world.account("viewer@acme.example").await;
        let account = viewer.account().unwrap().id;
        world.services.organizations.set_member(&owner, acme.id, account, Role::Viewer).await.unwrap();
        let viewer = world.account("viewer@acme.example").await;
        let before = world.services.gateway_config.revision().await.unwrap();
        for (actor, expected) in [
            (&stranger, ErrorCode::NotFound),
            (&viewer, ErrorCode::Forbidden),
            (&Actor::Anonymous, ErrorCode::NotFound),
        ] {
            assert_eq!(code(catalog.purge_cache(actor, pets.id, "").await), expected, "{actor:?}");
        }
        assert_eq!(code(catalog.purge_cache(&owner, draft.id, "").await), ErrorCode::Conflict);
        assert_eq!(code(catalog.purge_cache(&owner, VersionId::generate(), "").await), ErrorCode::NotFound);
        for prefix in ["pets", "/a b", "/\u{e9}"] {
            assert_eq!(fields(catalog.purge_cache(&owner, pets.id, prefix).await), ["prefix"], "{prefix}");
        }
        assert_eq!(world.services.gateway_config.revision().await.unwrap(), before);
    }

    async fn the_console_knows_where_answers_are_kept(world) {
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (_, pets) = world.published_api(&owner, acme.id, "pets").await;
        let policies = &world.services.policies;
        let set = |body| serde_json::from_value::<PolicySet>(json!({ "cache": body })).unwrap();
        let shown = async || {
            let reads = &world.services.catalog_reads;
            reads.console_version(&owner, "acme", "pets", "v1").await.unwrap()
        };
        let detail = shown().await;
        assert!(!detail.is_cached);
        let operation = PolicyScope::Operation(pets.id, OperationKey::of(&detail.operations[0]));
        policies.save(&owner, &operation, set(json!({}))).await.unwrap();
        assert!(shown().await.is_cached, "an operation alone");
        policies.save(&owner, &operation, set(json!("off"))).await.unwrap();
        assert!(!shown().await.is_cached);
        policies.save(&owner, &PolicyScope::Organization(acme.id), set(json!({}))).await.unwrap();
        assert!(shown().await.is_cached, "inherited");
        policies.save(&owner, &PolicyScope::Version(pets.id), set(json!("off"))).await.unwrap();
        assert!(!shown().await.is_cached);
    }
}
