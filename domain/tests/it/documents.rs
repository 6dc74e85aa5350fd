//! Documents on their way to gateways: those that a policy goes by, and no others.

use std::sync::Arc;

use domain::{
    catalog::SpecUpload,
    error::ErrorCode,
    fixture::{World, on_both_engines},
    gateway_config::{ConfigUpdate, DocumentText},
    policy::{PolicyScope, PolicySet},
};
use serde_json::json;

fn set(body: serde_json::Value) -> PolicySet {
    serde_json::from_value(body).unwrap()
}

/// The documents of all versions, in the order of the versions.
async fn documents(world: &World) -> Vec<Option<DocumentText>> {
    match world.services.gateway_config.read(None).await.unwrap() {
        ConfigUpdate::Full(config) => {
            let versions = config.catalog.versions.into_iter();
            versions.map(|version| version.document).collect()
        }
        ConfigUpdate::Changes(changes) => panic!("asked for everything, got {changes:?}"),
    }
}

on_both_engines! {
    async fn gateways_get_the_documents_that_policies_go_by(world) {
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (_, version) = world.published_api(&owner, acme.id, "pets").await;
        let (_, other) = world.published_api(&owner, acme.id, "other").await;
        assert_eq!(documents(&world).await, [None, None], "nothing goes by them");
        let policies = &world.services.policies;
        let scope = PolicyScope::Version(version.id);
        assert!(policies.save(&owner, &scope, set(json!({ "validation": {} }))).await.unwrap());
        let told = documents(&world).await;
        let (Some(first), None) = (&told[0], &told[1]) else {
            panic!("one of them: {told:?}");
        };
        assert!(openapi::read(first.bytes(), &openapi::Limits::default()).is_ok());
        assert_eq!(first.sha256().len(), 64);

        // The same text for both is the same bytes, and it is read from the database once.
        assert!(policies.save(&owner, &PolicyScope::Version(other.id), set(json!({ "mock": {} }))).await.unwrap());
        let told = documents(&world).await;
        let (Some(again), Some(second)) = (&told[0], &told[1]) else {
            panic!("both of them: {told:?}");
        };
        assert!(Arc::ptr_eq(first.bytes(), again.bytes()));
        assert!(Arc::ptr_eq(again.bytes(), second.bytes()));

        // A new revision brings another document; a gateway that was there before learns it.
        let before = world.services.gateway_config.revision().await.unwrap();
        let text = String::from_utf8(first.bytes().to_vec()).unwrap() + "\n";
        let upload = SpecUpload { bytes: text.clone().into_bytes(), source: "upload".into(), overlays: None };
        world.services.catalog.add_revision(&owner, version.id, upload).await.unwrap();
        let ConfigUpdate::Changes(changes) = world.services.gateway_config.read(Some(before)).await.unwrap() else {
            panic!("the log reaches back to {before}");
        };
        let newer = changes.catalog.unwrap().versions[0].document.clone().unwrap();
        assert_eq!(&**newer.bytes(), text.as_bytes());
        assert_ne!(newer.sha256(), first.sha256());

        // Records are written with the hash alone.
        let written = serde_json::to_value(&newer).unwrap();
        assert_eq!(written, newer.sha256());
        let read: DocumentText = serde_json::from_value(written).unwrap();
        assert!(read.bytes().is_empty() && read.with_bytes(Arc::clone(newer.bytes())) == newer);
        assert!(policies.save(&owner, &scope, set(json!({ "validation": "off" }))).await.unwrap());
        assert_eq!(documents(&world).await[0], None);
    }

    async fn a_version_that_is_mocked_needs_no_upstream(world) {
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (_, draft) = world.draft_api(&owner, acme.id, "pets").await;
        let catalog = &world.services.catalog;
        assert_eq!(catalog.publish(&owner, draft.id).await.unwrap_err().code(), ErrorCode::Conflict);
        let scope = PolicyScope::Version(draft.id);
        assert!(world.services.policies.save(&owner, &scope, set(json!({ "mock": {} }))).await.unwrap());
        let published = catalog.publish(&owner, draft.id).await.unwrap();
        assert!(published.upstream.is_none());
        assert!(documents(&world).await[0].is_some());
    }
}
