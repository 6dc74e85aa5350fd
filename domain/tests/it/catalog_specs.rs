//! Uploads, and what is read back from them.

use std::{path::PathBuf, sync::Arc};

use domain::{
    actor::Actor,
    catalog::{OverlayUpload, SpecUpload, documents::Documents},
    error::{DomainError, ErrorCode},
    fixture::{SPEC, on_both_engines},
    id::RevisionId,
};
use sea_orm::{ConnectionTrait as _, Database as Connection, Statement};

use crate::catalog_samples::{PETSTORE, code, fields, petstore, upload, words};

on_both_engines! {
    async fn an_upload_becomes_a_revision(world) {
        let services = &world.services;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (api, version) = world.draft_api(&owner, acme.id, "pets").await;
        let revision = services.catalog.add_revision(&owner, version.id, upload(PETSTORE)).await.unwrap();
        assert_eq!((revision.number, revision.operations, revision.size), (2, 3, PETSTORE.len() as u64));
        assert_eq!((revision.title.as_str(), revision.document_version.as_str()), ("Swagger Petstore", "1.0.7"));
        assert_eq!((revision.format.as_str(), revision.created_at), ("openapi-3.1", world.clock.now()));
        assert!(revision.diagnostics.is_sorted_by_key(|diagnostic| diagnostic.severity), "worst first");

        let detail = services.catalog_reads.console_version(&owner, "acme", "pets", "v1").await.unwrap();
        assert_eq!(detail.revisions.iter().map(|r| r.number).collect::<Vec<_>>(), [2, 1], "newest first");
        assert_eq!(detail.version.revision_id, Some(revision.id));
        assert_eq!(detail.suggested_upstream.as_deref(), Some("https://pets.example/base"), "the first absolute server");
        let routes: Vec<_> = detail.operations.iter().map(|o| format!("{} {} {}", o.method, o.path, o.deprecated)).collect();
        assert_eq!(routes, ["GET /pets false", "POST /pets false", "GET /pets/{id} true"], "webhooks are not routed");
        let (name, bytes) = services.catalog_reads.original(&owner, "acme", "pets", "v1").await.unwrap();
        assert_eq!((name.as_str(), bytes.as_slice()), ("acme-pets-v1.json", PETSTORE.as_bytes()));
        assert_eq!(api.name, "Pets");
    }

    async fn what_stricter_tools_would_say_is_said_at_the_import(world) {
        let services = &world.services;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (_, version) = world.draft_api(&owner, acme.id, "pets").await;
        let document = |required: &str| {
            upload(&format!(
                r#"{{"openapi": "3.0.3", "info": {{"title": "T", "version": "1"}}, "paths": {{"/a": {{"get": {{
                    "parameters": [{{"name": "n", "in": "query", "required": {required}, "schema": {{"type": "string"}}}}],
                    "responses": {{"200": {{"description": "ok"}}}}}}}}}}}}"#
            ))
        };
        for (required, findings) in [("true", 0), ("\"yes\"", 1)] {
            let revision = services.catalog.add_revision(&owner, version.id, document(required)).await.unwrap();
            let strict = revision.diagnostics.iter().filter(|diagnostic| diagnostic.code == "strict-3.0");
            assert_eq!(strict.count(), findings, "{required}: {:?}", revision.diagnostics);
        }
    }

    async fn the_same_bytes_change_nothing(world) {
        let services = &world.services;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (_, version) = world.draft_api(&owner, acme.id, "pets").await;
        let first = services.catalog.add_revision(&owner, version.id, petstore(1)).await.unwrap();
        let again = services.catalog.add_revision(&owner, version.id, petstore(1)).await.unwrap();
        assert_eq!((again.id, again.number), (first.id, first.number));
        services.catalog.add_revision(&owner, version.id, petstore(2)).await.unwrap();
        let back = services.catalog.add_revision(&owner, version.id, petstore(1)).await.unwrap();
        assert_eq!(back.number, first.number + 2, "going back is a revision of its own");
        assert_eq!(back.sha256, first.sha256);
    }

    async fn an_archive_is_kept_as_it_came_and_read_as_one_document(world) {
        let services = &world.services;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (_, version) = world.draft_api(&owner, acme.id, "pets").await;
        let mut files = openapi::files::FileSet::default();
        let entry = r#"{"openapi": "3.1.0", "info": {"title": "Pets of files", "version": "7"}, "paths": {"/pets": {"get": {"operationId": "listPets", "responses":
            {"200": {"description": "ok", "content": {"application/json": {"schema": {"$ref": "schemas/Pet.json"}}}}}}}}}"#;
        files.insert("openapi.json", entry.into()).unwrap();
        files.insert("schemas/Pet.json", br#"{"type": "object"}"#.to_vec()).unwrap();
        let zip = files.to_zip().unwrap();
        let spec = || SpecUpload { bytes: zip.clone(), source: "pets.zip".into(), overlays: None };
        let revision = services.catalog.add_revision(&owner, version.id, spec()).await.unwrap();
        assert_eq!((revision.title.as_str(), revision.size), ("Pets of files", zip.len() as u64));
        assert_eq!(services.catalog.add_revision(&owner, version.id, spec()).await.unwrap().id, revision.id, "the same archive");
        let (name, bytes) = services.catalog_reads.original(&owner, "acme", "pets", "v1").await.unwrap();
        assert_eq!((name.as_str(), bytes == zip), ("acme-pets-v1.zip", true));
        let others = Documents::new(services.context.clone(), 1 << 20);
        let document = others.get(revision.id).await.unwrap();
        assert!(document.schema("Pet").is_some(), "it is read again from what is kept");
        let detail = services.catalog_reads.console_version(&owner, "acme", "pets", "v1").await.unwrap();
        let report = detail.report.unwrap();
        assert!(report.checks.findings.iter().all(|finding| finding.line.is_none()), "nobody wrote those lines");
        assert!(report.changes.unwrap().errors > 0);
        let mut broken = openapi::files::FileSet::default();
        broken.insert("openapi.json", entry.into()).unwrap();
        let spec = SpecUpload { bytes: broken.to_zip().unwrap(), source: "pets.zip".into(), overlays: None };
        let revision = services.catalog.add_revision(&owner, version.id, spec).await.unwrap();
        let missing = revision.diagnostics.iter().find(|found| found.code == "ref-file").unwrap();
        assert_eq!((missing.file.as_deref(), missing.line.is_some()), (Some("openapi.json"), true));
    }

    async fn overlays_stay_with_the_version_until_others_come(world) {
        let services = &world.services;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (_, version) = world.draft_api(&owner, acme.id, "pets").await;
        let overlay = |update: &str| OverlayUpload {
            name: "words.yaml".into(),
            bytes: format!("overlay: 1.0.0\ninfo: {{ title: Words, version: '1' }}\nactions:\n  - target: $.info\n    update: {update}\n").into_bytes(),
        };
        let with = |overlays| SpecUpload { overlays, ..petstore(1) };
        let original = petstore(1).bytes;
        let add = async |spec| services.catalog.add_revision(&owner, version.id, spec).await;
        let first = add(with(Some(vec![overlay("{ title: Animals }")]))).await.unwrap();
        assert_eq!((first.title.as_str(), first.overlays.len()), ("Animals", 1));
        assert_eq!(services.catalog_reads.original(&owner, "acme", "pets", "v1").await.unwrap().1, original, "untouched");
        assert_eq!(services.documents.get(first.id).await.unwrap().title(), "Animals");
        assert_eq!(add(with(None)).await.unwrap().id, first.id, "nothing new");
        let next = add(petstore(2)).await.unwrap();
        assert_eq!((next.title.as_str(), next.overlays.len(), next.number), ("Animals", 1, first.number + 1));

        let strange = || OverlayUpload { name: format!("a\0b{}", "x".repeat(500)), ..overlay("{ title: Beasts }") };
        let named = add(with(Some(vec![strange()]))).await.unwrap();
        assert_eq!((named.overlays[0].name.starts_with("a b"), named.overlays[0].name.len()), (true, 200));
        assert_eq!(add(with(Some(vec![strange()]))).await.unwrap().id, named.id, "the same by any name that is kept");

        let Err(DomainError::SpecRejected(found)) = add(with(Some(vec![overlay("text")]))).await else { panic!("it does not fit") };
        assert_eq!((found[0].file.as_deref(), found[0].line), (Some("words.yaml"), Some(4)));
        assert!(found[0].message.contains("$.info"), "{found:?}");
        let without = add(with(Some(Vec::new()))).await.unwrap();
        assert_eq!((without.title.as_str(), without.overlays.len(), without.upload_sha256), ("Swagger Petstore", 0, None));
    }

    async fn uploads_at_the_same_time_are_judged_beside_each_other(world) {
        let services = &world.services;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (_, version) = world.published_api(&owner, acme.id, "pets").await;
        let words = "overlay: 1.0.0\ninfo: { title: Words, version: '1' }\nactions:\n  - { target: $.info, update: { title: Animals } }\n";
        let overlay = OverlayUpload { name: "words.yaml".into(), bytes: words.into() };
        let add = async |n| services.catalog.add_revision(&owner, version.id, petstore(n)).await.unwrap();
        let (a, b, c) = tokio::join!(
            add(2),
            add(3),
            async { services.catalog.set_overlays(&owner, version.id, vec![overlay]).await.unwrap() },
        );
        let mut numbers = [a.number, b.number, c.number];
        numbers.sort_unstable();
        assert_eq!(numbers, [2, 3, 4]);
        let changelog = services.catalog_reads.changelog(&Actor::Anonymous, "acme", "pets").await.unwrap();
        let mut before: Vec<_> = changelog.entries.iter().map(|entry| entry.changes.before.as_str()).collect();
        before.sort_unstable();
        assert_eq!(before, ["revision 1", "revision 2", "revision 3"]);
        // Whoever came last, nobody's change is lost.
        let detail = services.catalog_reads.console_version(&owner, "acme", "pets", "v1").await.unwrap();
        let newest = &detail.revisions[0];
        assert_eq!((newest.title.as_str(), newest.overlays.len(), newest.number), ("Animals", 1, 4));
        assert_ne!(newest.document_version, "1.0.0", "an upload did not go back to what it replaced");
        assert_eq!(detail.version.revision_id, Some(newest.id));
    }

    async fn other_overlays_keep_the_name_of_the_document(world) {
        let services = &world.services;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (api, version) = world.draft_api(&owner, acme.id, "pets").await;
        let overlay = |update: &str| OverlayUpload {
            name: "words.yaml".into(),
            bytes: format!("overlay: 1.0.0\ninfo: {{ title: Words, version: '1' }}\nactions:\n  - target: $.info\n    update: {update}\n").into_bytes(),
        };
        let set = async |id, overlays| services.catalog.set_overlays(&owner, id, overlays).await;
        let made = set(version.id, vec![overlay("{ title: Animals }")]).await.unwrap();
        assert_eq!((made.title.as_str(), made.number), ("Animals", 2));
        assert_eq!(set(version.id, vec![overlay("{ title: Animals }")]).await.unwrap().id, made.id, "nothing new");
        let Err(DomainError::SpecRejected(_)) = set(version.id, vec![overlay("text")]).await else { panic!("it does not fit") };
        assert_eq!(set(version.id, Vec::new()).await.unwrap().title, "Petstore");
        let db = Connection::connect(world.url()).await.unwrap();
        let sql = "SELECT source FROM revision WHERE number = 3";
        let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap().unwrap();
        assert_eq!(row.try_get::<String>("", "source").unwrap(), "petstore.json");
        db.close().await.unwrap();
        let empty = services.catalog.create_version(&owner, api.id, "v2", None).await.unwrap();
        assert_eq!(code(set(empty.id, Vec::new()).await), ErrorCode::NotFound);
        for actor in [Actor::Anonymous, world.account("stranger@elsewhere.example").await] {
            let refused = services.catalog.set_overlays(&actor, version.id, Vec::new()).await;
            assert_eq!(code(refused), ErrorCode::NotFound);
        }
    }

    async fn a_rejected_document_stores_nothing(world) {
        let services = &world.services;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (_, version) = world.draft_api(&owner, acme.id, "pets").await;
        let broken = || upload("{\"openapi\": \"3.1.0\", \"info\": ");
        let create = services.catalog.create_api(&owner, acme.id, words("birds", "Birds"), "v1", Some(broken())).await;
        let Err(DomainError::SpecRejected(diagnostics)) = create else { panic!("{create:?}") };
        assert!(!diagnostics.is_empty() && diagnostics[0].line.is_some(), "{diagnostics:?}");
        assert_eq!(code(services.catalog_reads.console_api(&owner, "acme", "birds").await), ErrorCode::NotFound);
        assert_eq!(code(services.catalog.add_revision(&owner, version.id, broken()).await), ErrorCode::SpecRejected);
        let detail = services.catalog_reads.console_version(&owner, "acme", "pets", "v1").await.unwrap();
        assert_eq!(detail.revisions.len(), 1);
        let api = detail.api.id;
        assert_eq!(
            code(services.catalog.create_version(&owner, api, "v2", Some(broken())).await),
            ErrorCode::SpecRejected
        );
        assert_eq!(services.catalog_reads.console_api(&owner, "acme", "pets").await.unwrap().versions.len(), 1);
    }

    async fn forms_name_every_mistake_at_once(world) {
        let services = &world.services;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        world.draft_api(&owner, acme.id, "pets").await;
        let mut input = words("No Slug", "");
        input.summary = "s".repeat(301);
        input.tags = vec!["not a tag".into()];
        let mut wrong = fields(services.catalog.create_api(&owner, acme.id, input, "V1", None).await);
        wrong.sort();
        assert_eq!(wrong, ["name", "slug", "summary", "tags", "version"]);
        let taken = services.catalog.create_api(&owner, acme.id, words("pets", "Pets"), "v1", None).await;
        assert_eq!(fields(taken), ["slug"]);
        let detail = services.catalog_reads.console_api(&owner, "acme", "pets").await.unwrap();
        assert_eq!(fields(services.catalog.create_version(&owner, detail.api.id, "v1", None).await), ["version"]);
        assert_eq!(fields(services.catalog.update_api(&owner, detail.api.id, words("", " ")).await), ["name"]);
        assert_eq!(
            code(services.catalog.create_api(&world.unverified("owner@acme.example").await, acme.id, words("x", "X"), "v1", None).await),
            ErrorCode::Conflict,
            "an unverified address changes nothing"
        );
    }

    async fn a_name_left_empty_is_taken_from_the_document(world) {
        let services = &world.services;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let spec = upload(&PETSTORE.replace("Swagger Petstore", "Pets\\u0000 & more"));
        let (api, version) = services.catalog.create_api(&owner, acme.id, words("pets", " "), "v1", Some(spec)).await.unwrap();
        assert_eq!(api.name, "Pets  & more", "control characters are not for a database");
        assert!(version.revision_id.is_some());
    }

    async fn documents_are_parsed_once_and_shared(world) {
        let services = &world.services;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (_, version) = world.draft_api(&owner, acme.id, "pets").await;
        let id = version.revision_id.unwrap();
        let kept = services.documents.get(id).await.unwrap();
        assert!(Arc::ptr_eq(&kept, &services.documents.get(id).await.unwrap()));
        let other = Documents::new(services.context.clone(), 1 << 20);
        let (a, b) = tokio::join!(other.get(id), other.get(id));
        assert!(Arc::ptr_eq(&a.unwrap(), &b.unwrap()), "one of them parsed, the other waited");
        let poor = Documents::new(services.context.clone(), 1);
        assert_eq!(poor.get(id).await.unwrap().title(), "Petstore", "too heavy to keep is still read");
        assert_eq!(code(services.documents.get(RevisionId::generate()).await), ErrorCode::NotFound);
    }

    async fn a_large_document_is_stored_and_read_back(world) {
        let services = &world.services;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (bytes, operations) = large_document();
        let spec = SpecUpload { bytes: bytes.clone(), source: "large".into(), overlays: None };
        let (_, version) =
            services.catalog.create_api(&owner, acme.id, words("large", "Large"), "v1", Some(spec)).await.unwrap();
        let detail = services.catalog_reads.console_version(&owner, "acme", "large", "v1").await.unwrap();
        assert_eq!(detail.operations.len(), operations);
        let (_, original) = services.catalog_reads.original(&owner, "acme", "large", "v1").await.unwrap();
        assert!(original == bytes, "the bytes are kept as they came");
        let fresh = Documents::new(services.context.clone(), 1 << 30);
        let document = fresh.get(version.revision_id.unwrap()).await.unwrap();
        let slugs: Vec<&str> = document.operations().iter().map(|entry| entry.slug.as_str()).collect();
        assert!(detail.operations.iter().all(|operation| slugs.contains(&operation.slug.as_str())));
    }

    async fn strangers_read_no_draft(world) {
        let services = &world.services;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (api, _) = world.published_api(&owner, acme.id, "pets").await;
        services.catalog.create_version(&owner, api.id, "v2", Some(petstore(2))).await.unwrap();
        let reads = &services.catalog_reads;
        assert!(reads.reference(&owner, "acme", "pets", "v2").await.is_ok());
        for actor in [Actor::Anonymous, world.account("stranger@elsewhere.example").await] {
            assert_eq!(reads.reference(&actor, "acme", "pets", "v1").await.ok().unwrap().document.title(), "Petstore");
            assert_eq!(reads.reference(&actor, "acme", "pets", "v2").await.err().unwrap().code(), ErrorCode::NotFound);
            assert_eq!(code(reads.original(&actor, "acme", "pets", "v2").await), ErrorCode::NotFound);
            assert_eq!(reads.original(&actor, "acme", "pets", "v1").await.unwrap().1, SPEC.as_bytes());
        }
    }
}

/// GitHub's document where the checkout has the collection of documents beside it, otherwise one of two thousand
/// operations; with the number of its operations.
fn large_document() -> (Vec<u8>, usize) {
    let shared = option_env!("TURNPIKE_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")),
        PathBuf::from,
    );
    let github = std::fs::read(shared.join("specs/huge/github-api-16.6.0-3.0.json.gz"));
    let bytes = github.unwrap_or_else(|_| {
        let path = |n: u32| {
            let operation = serde_json::json!({"operationId": format!("op{n}"), "responses": {"200": {"description": "x".repeat(1_000)}}});
            (format!("/things/{n}"), serde_json::json!({"get": operation}))
        };
        let paths: serde_json::Map<_, _> = (0..2_000).map(path).collect();
        let document = serde_json::json!({"openapi": "3.1.0", "info": {"title": "Large", "version": "1"}, "paths": paths});
        document.to_string().into_bytes()
    });
    let document = openapi::read(&bytes, &openapi::Limits::default()).unwrap();
    (bytes, document.counts().operations)
}
