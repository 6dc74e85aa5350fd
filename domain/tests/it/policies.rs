//! Policies: saving, what is in force, and what gateways learn.

use std::sync::Arc;

use domain::{
    actor::Actor,
    authz::Role,
    error::{DomainError, ErrorCode},
    fixture::{INSTALLATION_KEY, SPEC, World, on_both_engines},
    gateway_config::{ConfigUpdate, VersionRecord},
    id::VersionId,
    installation_key::InstallationKey,
    policy::{MASK, OperationKey, PolicyLevel, PolicyName, PolicyScope, PolicySet},
    services::Services,
    upstream::address::AddressPolicy,
};
use sea_orm::{ConnectionTrait as _, Database as Connection, Statement};
use serde_json::json;

use crate::catalog_samples::{local, upload};

fn set(body: serde_json::Value) -> PolicySet {
    serde_json::from_value(body).unwrap()
}

async fn version_record(world: &World, id: VersionId) -> Option<VersionRecord> {
    match world.services.gateway_config.read(None).await.unwrap() {
        ConfigUpdate::Full(config) => config.catalog.versions.into_iter().find(|version| version.id == id),
        ConfigUpdate::Changes(changes) => panic!("asked for everything, got {changes:?}"),
    }
}

async fn operation(world: &World, path: &str) -> OperationKey {
    let detail = world
        .services
        .catalog_reads
        .console_version(&Actor::System, "acme", "pets", "v1")
        .await
        .unwrap();
    let found = detail.operations.iter().find(|operation| operation.path == path);
    OperationKey::of(found.unwrap())
}

on_both_engines! {
    async fn drafts_are_rehearsed_without_a_trace(world) {
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (pets, version) = world.published_api(&owner, acme.id, "pets").await;
        let policies = &world.services.policies;
        let stored = set(json!({ "ip": { "deny": ["203.0.113.0/24"] }, "cors": { "origins": ["*"] } }));
        policies.save(&owner, &PolicyScope::Organization(acme.id), stored.clone()).await.unwrap();
        let before = world.services.gateway_config.revision().await.unwrap();
        let key = operation(&world, "/pets").await;
        let limits = json!({ "rate_limits": [{ "by": "ip", "requests": 1, "per": "1m" }] });
        let drafts = [
            (PolicyScope::Organization(acme.id), set(json!({ "ip": { "deny": ["198.51.100.0/24"] } }))),
            (PolicyScope::Api(pets.id), set(limits.clone())),
            (PolicyScope::Version(version.id), set(json!({ "cors": "off" }))),
            (PolicyScope::Operation(version.id, key), set(json!({ "rate_limits": "off" }))),
        ];
        let (now, draft) = world.services.gateway_config.rehearsal(&drafts).await.unwrap();
        assert_eq!((now.revision, draft.revision), (before, before));
        let [now] = now.catalog.versions.as_slice() else { panic!("{now:?}") };
        assert_eq!(now.policies, stored);
        assert!(now.operations.iter().all(|operation| operation.policies.is_none()));
        let [draft] = draft.catalog.versions.as_slice() else { panic!("{draft:?}") };
        let ip = json!({ "deny": ["198.51.100.0/24"] });
        assert_eq!(draft.policies, set(json!({ "ip": ip, "rate_limits": limits["rate_limits"] })));
        let own: Vec<_> = draft.operations.iter().map(|operation| operation.policies.clone()).collect();
        assert_eq!(own, [Some(Box::new(set(json!({ "ip": ip })))), None]);
        // Nothing was written.
        assert_eq!(world.services.gateway_config.revision().await.unwrap(), before);
        assert_eq!(version_record(&world, version.id).await.unwrap().policies, stored);
    }

    async fn the_narrower_level_reaches_gateways(world) {
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (pets, version) = world.published_api(&owner, acme.id, "pets").await;
        let (other_api, other) = world.published_api(&owner, acme.id, "other").await;
        let policies = &world.services.policies;
        let scope = PolicyScope::Organization(acme.id);
        let before = world.services.gateway_config.revision().await.unwrap();
        let wide = set(json!({ "cors": { "origins": ["*"] }, "ip": { "deny": ["203.0.113.0/24"] } }));
        assert!(policies.save(&owner, &scope, wide.clone()).await.unwrap());
        assert!(!policies.save(&owner, &scope, wide.clone()).await.unwrap(), "nothing new");
        // A gateway that was there before learns it for every version.
        let ConfigUpdate::Changes(changes) = world.services.gateway_config.read(Some(before)).await.unwrap() else {
            panic!("the log reaches back to {before}");
        };
        let versions = changes.catalog.unwrap().versions;
        assert_eq!(versions.len(), 2);
        assert!(versions.iter().all(|version| version.policies == wide));

        let narrow = set(json!({ "cors": { "origins": ["https://a.example"] } }));
        assert!(policies.save(&owner, &PolicyScope::Api(pets.id), narrow.clone()).await.unwrap());
        assert!(policies.save(&owner, &PolicyScope::Version(version.id), set(json!({ "ip": "off" }))).await.unwrap());
        let key = operation(&world, "/pets").await;
        let scope = PolicyScope::Operation(version.id, key.clone());
        assert!(policies.save(&owner, &scope, set(json!({ "cors": "off", "cache": {} }))).await.unwrap());

        let record = version_record(&world, version.id).await.unwrap();
        assert_eq!(record.policies, narrow, "cors of the api, ip off at the version");
        let own: Vec<_> = record.operations.iter().map(|operation| operation.policies.clone()).collect();
        assert_eq!(own, [Some(Box::new(set(json!({ "cache": {} })))), None]);
        assert_eq!(version_record(&world, other.id).await.unwrap().policies, wide);
        assert_ne!(other_api.id, pets.id);

        let levels = policies.levels(&owner, &scope).await.unwrap();
        assert_eq!(levels.iter().map(|said| said.level).collect::<Vec<_>>(), PolicyLevel::ALL);
        assert_eq!(levels[0].said, wide);
        assert!(levels[2].said.is_off(PolicyName::Ip));
        assert_eq!(policies.operations(&owner, version.id).await.unwrap().keys().collect::<Vec<_>>(), [&key]);

        // What is taken away leaves what is broader.
        assert!(policies.remove(&owner, &PolicyScope::Api(pets.id), PolicyName::Cors).await.unwrap());
        assert!(!policies.remove(&owner, &PolicyScope::Api(pets.id), PolicyName::Cors).await.unwrap());
        assert!(policies.remove(&owner, &scope, PolicyName::Cors).await.unwrap());
        let record = version_record(&world, version.id).await.unwrap();
        assert_eq!(record.policies, set(json!({ "cors": { "origins": ["*"] } })));
        assert!(record.operations[0].policies.as_ref().unwrap().cors().is_some());

        let log = world.services.audit.list(&owner, acme.id, None).await.unwrap().items;
        let log: Vec<_> = log.iter().map(|entry| (entry.action.as_str(), entry.detail.as_str())).take(6).collect();
        assert_eq!(
            log,
            [
                ("policy.remove", "pets/v1 GET /pets: cors"),
                ("policy.remove", "pets: cors"),
                ("policy.save", "pets/v1 GET /pets: cache"),
                ("policy.save", "pets/v1 GET /pets: cors off"),
                ("policy.save", "pets/v1: ip off"),
                ("policy.save", "pets: cors"),
            ]
        );
    }

    async fn a_bad_policy_is_refused_at_its_field(world) {
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (_, version) = world.published_api(&owner, acme.id, "pets").await;
        let policies = &world.services.policies;
        let scope = PolicyScope::Version(version.id);
        let wrong = set(json!({ "cors": { "origins": ["*"], "credentials": true }, "ip": { "allow": ["10.0.0.0/8"] } }));
        let error = policies.save(&owner, &scope, wrong).await.unwrap_err();
        assert_eq!(crate::fields(&error), ["policies.cors.credentials"]);
        assert!(version_record(&world, version.id).await.unwrap().policies.is_empty(), "nothing was saved");
        let key = operation(&world, "/pets").await;
        let gone: OperationKey = serde_json::from_value(json!(key.as_str().replace("GET", "PUT"))).unwrap();
        let error = policies.save(&owner, &PolicyScope::Operation(version.id, gone), set(json!({ "cache": {} }))).await;
        assert_eq!(crate::fields(&error.unwrap_err()), ["operation"]);
        // A parameter that the operation does not have.
        let other_path = json!({ "request": { "path": { "template": "/x/{id}" } } });
        let part = json!({ "parts": { "a": { "path": "/y/{name}" } } });
        let misfit = set(json!({ "transform": other_path, "composition": part }));
        let error = policies.save(&owner, &PolicyScope::Operation(version.id, key), misfit).await.unwrap_err();
        assert_eq!(
            crate::fields(&error),
            ["policies.transform.request.path.template", "policies.composition.parts.a.path"]
        );
        // What the gateways of an installation do not act on cannot be saved.
        let product = Services::new(world.services.context.clone());
        let unknown = PolicyName::ALL.iter().find(|name| !name.is_enforced());
        if let Some(name) = unknown {
            let said = PolicySet::read(*name, json!("off")).unwrap();
            let error = product.policies.save(&owner, &scope, said).await.unwrap_err();
            assert_eq!(crate::fields(&error), [format!("policies.{name}")]);
            assert!(error.to_string().contains("does not enforce"), "{error}");
        }
        world.services.catalog.retire(&owner, version.id).await.unwrap();
        let error = policies.save(&owner, &scope, set(json!({ "cache": {} }))).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::Conflict);
    }

    async fn a_policy_fits_every_operation_that_it_is_in_force_for(world) {
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (pets, version) = world.published_api(&owner, acme.id, "pets").await;
        let policies = &world.services.policies;
        let composition = |path: &str| set(json!({ "composition": { "parts": { "a": { "path": path } } } }));
        let part = composition("/y/{id}");
        let list = PolicyScope::Operation(version.id, operation(&world, "/pets").await);
        for scope in [PolicyScope::Organization(acme.id), PolicyScope::Api(pets.id), PolicyScope::Version(version.id)] {
            let error = policies.save(&owner, &scope, part.clone()).await.unwrap_err();
            assert_eq!(crate::fields(&error), ["policies.composition.parts.a.path"]);
            assert!(error.to_string().contains("`GET /pets`"), "{error}");
            assert!(policies.levels(&owner, &scope).await.unwrap().pop().unwrap().said.is_empty(), "nothing was saved");
        }
        // Every operation but one has it, and that one is left out.
        let record = version_record(&world, version.id).await.unwrap();
        let lack = record.operations.iter().filter(|operation| !operation.path.contains("{id}"));
        for operation in lack {
            let scope = PolicyScope::Operation(version.id, OperationKey::of(operation));
            policies.save(&owner, &scope, set(json!({ "composition": "off" }))).await.unwrap();
        }
        let scope = PolicyScope::Version(version.id);
        assert!(policies.save(&owner, &scope, part).await.unwrap());
        // It may not come back into force there; and narrower levels don't stand in the way of broader ones.
        let error = policies.remove(&owner, &list, PolicyName::Composition).await.unwrap_err();
        assert_eq!(crate::fields(&error), ["policies.composition.parts.a.path"]);
        assert!(policies.save(&owner, &PolicyScope::Api(pets.id), composition("/y/{other}")).await.unwrap());
        let error = policies.remove(&owner, &scope, PolicyName::Composition).await.unwrap_err();
        assert!(error.to_string().contains("`other`"), "{error}");
        assert!(policies.save(&owner, &scope, composition("/y")).await.unwrap());
        assert!(policies.remove(&owner, &list, PolicyName::Composition).await.unwrap());
    }

    async fn a_document_that_policies_do_not_fit_is_told_and_not_published(world) {
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (pets, version) = world.published_api(&owner, acme.id, "pets").await;
        let Services { policies, catalog, catalog_reads, .. } = &world.services;
        let only_pet = SPEC.replace("\"/pets\"", "\"/pets/{id}/tags\"");
        catalog.add_revision(&owner, version.id, upload(&only_pet)).await.unwrap();
        let part = set(json!({ "composition": { "parts": { "a": { "path": "/y/{id}" } } } }));
        policies.save(&owner, &PolicyScope::Api(pets.id), part).await.unwrap();
        let told = async |name: &str| {
            let detail = catalog_reads.console_version(&owner, "acme", "pets", name).await.unwrap();
            let found = detail.revisions[0].diagnostics.iter().filter(|found| found.code == "policy-misfit");
            found.map(|found| found.message.clone()).collect::<Vec<_>>()
        };
        assert!(told("v1").await.is_empty());
        // An upload is taken, and the operations that are not routed are named.
        catalog.add_revision(&owner, version.id, upload(SPEC)).await.unwrap();
        let misfits = told("v1").await;
        assert_eq!(misfits.len(), 1);
        assert!(misfits[0].contains("policies.composition.parts.a.path") && misfits[0].contains("`GET /pets`"), "{misfits:?}");
        let found = policies.misfits(&owner, version.id).await.unwrap();
        assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), misfits);
        assert!(policies.misfits(&Actor::Anonymous, version.id).await.is_err());

        let draft = catalog.create_version(&owner, pets.id, "v2", Some(upload(SPEC))).await.unwrap();
        assert_eq!(told("v2").await, misfits);
        catalog.set_upstream(&owner, draft.id, local(9)).await.unwrap();
        let refused = catalog.publish(&owner, draft.id).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::Conflict);
        assert!(refused.to_string().contains("composition") && refused.to_string().contains("`GET /pets`"), "{refused}");
        let list = PolicyScope::Operation(draft.id, operation(&world, "/pets").await);
        policies.save(&owner, &list, set(json!({ "composition": "off" }))).await.unwrap();
        assert!(told("v2").await.is_empty());
        catalog.publish(&owner, draft.id).await.unwrap();
    }

    async fn only_members_who_edit_may(world) {
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (pets, version) = world.published_api(&owner, acme.id, "pets").await;
        let viewer = world.account("viewer@acme.example").await;
        let organizations = &world.services.organizations;
        organizations.set_member(&owner, acme.id, viewer.account().unwrap().id, Role::Viewer).await.unwrap();
        let viewer = world.account("viewer@acme.example").await;
        let (_, stranger) = world.organization("other", "owner@other.example").await;
        let policies = &world.services.policies;
        let key = operation(&world, "/pets").await;
        let scopes = [
            PolicyScope::Organization(acme.id),
            PolicyScope::Api(pets.id),
            PolicyScope::Version(version.id),
            PolicyScope::Operation(version.id, key),
        ];
        fn code<T>(result: Result<T, DomainError>) -> Option<ErrorCode> {
            result.err().map(|error| error.code())
        }
        let (missing, forbidden) = (Some(ErrorCode::NotFound), Some(ErrorCode::Forbidden));
        for scope in &scopes {
            for (actor, change, read) in [
                (&Actor::Anonymous, missing, missing),
                (&stranger, missing, missing),
                (&viewer, forbidden, None),
            ] {
                let said = set(json!({ "cache": {} }));
                assert_eq!(code(policies.save(actor, scope, said).await), change, "{scope}");
                assert_eq!(code(policies.remove(actor, scope, PolicyName::Cache).await), change, "{scope}");
                assert_eq!(code(policies.levels(actor, scope).await), read, "{scope}");
                assert_eq!(code(policies.operations(actor, version.id).await), read);
            }
        }
    }

    async fn secrets_are_kept_and_not_shown(world) {
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (_, version) = world.published_api(&owner, acme.id, "pets").await;
        let policies = &world.services.policies;
        let scope = PolicyScope::Organization(acme.id);
        let with = |secret: &str, timeout: &str| {
            set(json!({ "introspection": {
                "endpoint": "https://a.example/", "client_id": "a", "client_secret": secret, "timeout": timeout,
            } }))
        };
        policies.save(&owner, &scope, with("s3cret", "1s")).await.unwrap();
        let shown = policies.levels(&owner, &scope).await.unwrap().remove(0).said;
        assert_eq!(shown, with(MASK, "1s"));
        assert_eq!(policies.levels(&Actor::System, &scope).await.unwrap()[0].said, with("s3cret", "1s"));
        assert!(policies.save(&owner, &scope, with(MASK, "5s")).await.unwrap());
        assert!(!policies.save(&owner, &scope, with(MASK, "5s")).await.unwrap());
        let record = version_record(&world, version.id).await.unwrap();
        assert_eq!(record.policies, with("s3cret", "5s"));
        let log = world.services.audit.list(&owner, acme.id, None).await.unwrap().items;
        assert!(log.iter().all(|entry| !entry.detail.contains("s3cret")));
    }

    async fn secrets_are_stored_sealed(world) {
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (pets, version) = world.published_api(&owner, acme.id, "pets").await;
        let (_, other) = world.published_api(&owner, acme.id, "other").await;
        let scope = PolicyScope::Api(pets.id);
        let with = |secret: &str| set(json!({ "introspection": {
            "endpoint": "https://a.example/", "client_id": "a", "client_secret": secret,
        } }));
        world.services.policies.save(&owner, &scope, with("s3cret")).await.unwrap();
        let stored = async || {
            let db = Connection::connect(world.url()).await.unwrap();
            let sql = "SELECT CAST(body AS text) AS body FROM policy";
            let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap().unwrap();
            db.close().await.unwrap();
            row.try_get::<String>("", "body").unwrap()
        };
        let sealed = stored().await;
        assert!(sealed.contains("sealed:") && !sealed.contains("s3cret"), "{sealed}");

        let node = async |key: Option<&str>| {
            let key = key.map(|key| Arc::new(InstallationKey::parse(key).unwrap()));
            Services::open(world.url(), "", AddressPolicy::default(), key).await.unwrap()
        };
        let new_key = InstallationKey::generate().expose();
        // Without the key, only what it is for is closed, and its provider can enter the secret again.
        for key in [None, Some(new_key.as_str())] {
            let node = node(key).await;
            let Ok(ConfigUpdate::Full(config)) = node.gateway_config.read(None).await else { panic!("no configuration") };
            assert_eq!(config.catalog.versions.iter().map(|v| v.id).collect::<Vec<_>>(), [other.id]);
            let shown = node.policies.levels(&owner, &scope).await.unwrap().remove(1).said;
            assert_eq!(shown, with(MASK));
            assert_eq!(node.policies.reseal().await.unwrap(), 0);
            node.context.db.close().await;
        }
        let without = Services::open(world.url(), "", AddressPolicy::default(), None).await.unwrap();
        let refused = without.policies.judge(&with("s3cret")).unwrap_err();
        assert!(format!("{refused:?}").contains("policies.introspection.client_secret"), "{refused:?}");
        without.context.db.close().await;

        // Both keys: what the earlier one sealed is sealed with the newest, once.
        let rotated = node(Some(&format!("{new_key}\n{INSTALLATION_KEY}"))).await;
        assert_eq!(rotated.policies.reseal().await.unwrap(), 1);
        assert_eq!(rotated.policies.reseal().await.unwrap(), 0);
        rotated.context.db.close().await;
        assert_ne!(stored().await, sealed);
        let renewed = node(Some(&new_key)).await;
        let Ok(ConfigUpdate::Full(config)) = renewed.gateway_config.read(None).await else { panic!("no configuration") };
        let record = config.catalog.versions.iter().find(|record| record.id == version.id).unwrap();
        assert_eq!(record.policies, with("s3cret"));
        renewed.context.db.close().await;
    }

    async fn a_policy_that_cannot_be_read_closes_its_versions(world) {
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (pets, version) = world.published_api(&owner, acme.id, "pets").await;
        let (_, other) = world.published_api(&owner, acme.id, "other").await;
        let policies = &world.services.policies;
        policies.save(&owner, &PolicyScope::Api(pets.id), set(json!({ "ip": { "deny": ["10.0.0.1"] } }))).await.unwrap();
        let db = Connection::connect(world.url()).await.unwrap();
        db.execute_unprepared("UPDATE policy SET body = '{\"from\": \"a later version\"}'").await.unwrap();
        db.close().await.unwrap();
        assert!(version_record(&world, version.id).await.is_none());
        assert!(version_record(&world, other.id).await.is_some());
    }
}
