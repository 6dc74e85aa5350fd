//! What is said of revisions: checks by the organization's rules, changes, and the changelog of an api.

use std::sync::Arc;

use domain::{
    actor::Actor,
    catalog::{
        Visibility,
        report::{ChangeLevel, MOST_KEPT},
        reports::Against,
        service::ApiInput,
    },
    error::ErrorCode,
    fixture::on_both_engines,
    policy::{PolicyScope, PolicySet},
};

use sea_orm::{ConnectionTrait as _, Database as Connection};

use crate::{
    catalog_samples::{PETSTORE, code, fields, local, petstore, upload},
    fields as fields_of,
};

/// [`PETSTORE`] with a parameter that must be given now.
fn stricter() -> String {
    PETSTORE.replace(
        r#"{"operationId": "listPets", "#,
        r#"{"operationId": "listPets", "parameters": [{"name": "kind", "in": "query", "required": true, "schema": {"type": "string"}}], "#,
    )
}

on_both_engines! {
    async fn a_revision_is_checked_and_compared_with_the_one_before(world) {
        let services = &world.services;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (api, _) = world.draft_api(&owner, acme.id, "pets").await;
        let version = services.catalog.create_version(&owner, api.id, "v2", Some(upload(PETSTORE))).await.unwrap();
        let detail = services.catalog_reads.console_version(&owner, "acme", "pets", "v2").await.unwrap();
        let report = detail.report.unwrap();
        assert!(report.changes.is_none() && report.ruleset.is_empty() && !detail.is_report_outdated);
        let contact = report.checks.findings.iter().find(|finding| finding.code == "info-contact").unwrap();
        assert_eq!((contact.pointer.as_str(), contact.line), ("/info", Some(3)));
        assert!(report.checks.score < 100 && report.checks.findings.is_sorted_by_key(|finding| finding.severity));

        services.catalog.add_revision(&owner, version.id, upload(&stricter())).await.unwrap();
        let detail = services.catalog_reads.console_version(&owner, "acme", "pets", "v2").await.unwrap();
        let changes = detail.report.clone().unwrap().changes.unwrap();
        assert_eq!((changes.before.as_str(), changes.errors, changes.suggested_version.as_deref()), ("revision 1", 1, Some("2.0.0")));
        let change = &changes.list[0];
        assert_eq!((change.rule.as_str(), change.level, change.line), ("new-required-request-parameter", ChangeLevel::Error, Some(7)));
        assert_eq!(change.operation.as_deref(), Some("GET /pets"));

        let with_first = async || services.catalog_reads.comparison(&owner, &detail, &Against::Revision(1)).await.unwrap();
        assert_eq!((with_first().await, with_first().await), (changes.clone(), changes), "once more, and from what is kept");
        let with_itself = services.catalog_reads.comparison(&owner, &detail, &Against::Revision(2)).await.unwrap();
        assert!(with_itself.is_empty());
        let nowhere = services.catalog_reads.comparison(&owner, &detail, &Against::Version("v9".into())).await;
        assert_eq!(code(nowhere), ErrorCode::NotFound);
        assert_eq!(code(services.catalog_reads.comparison(&Actor::Anonymous, &detail, &Against::Revision(1)).await), ErrorCode::NotFound);
    }

    async fn rules_of_an_organization_are_kept_as_written_and_judge_its_documents(world) {
        let services = &world.services;
        let organizations = &services.organizations;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        assert_eq!(organizations.ruleset(&owner, acme.id).await.unwrap(), None);
        let source = "# ours\nextends: turnpike\nrules: { info-contact: error }\nexceptions:\n  - { rule: operation-tags, reason: We have few. }\n";
        assert!(organizations.set_ruleset(&owner, acme.id, source).await.unwrap());
        assert!(!organizations.set_ruleset(&owner, acme.id, source).await.unwrap(), "it is the same");
        assert_eq!(organizations.ruleset(&owner, acme.id).await.unwrap().unwrap().source, source);
        for (wrong, field) in [
            ("rules: { no-such-rule: error }", "ruleset.rules.no-such-rule"),
            ("extends: https://rules.example/ruleset.yaml", "ruleset.extends"),
            ("rules: [", "ruleset"),
        ] {
            assert_eq!(fields(organizations.set_ruleset(&owner, acme.id, wrong).await), [field], "{wrong}");
        }
        let long = format!("# {}", "x".repeat(300_000));
        assert_eq!(fields_of(&organizations.set_ruleset(&owner, acme.id, &long).await.unwrap_err()), ["ruleset"]);

        let (api, _) = world.draft_api(&owner, acme.id, "pets").await;
        let version = services.catalog.create_version(&owner, api.id, "v2", Some(upload(PETSTORE))).await.unwrap();
        let read = async || services.catalog_reads.console_version(&owner, "acme", "pets", "v2").await.unwrap();
        let report = read().await.report.unwrap();
        let is_error = |finding: &&openapi::Diagnostic| finding.severity == openapi::Severity::Error;
        assert!(report.checks.findings.iter().filter(is_error).any(|finding| finding.code == "info-contact"));
        assert!(report.checks.accepted.iter().all(|accepted| accepted.finding.code == "operation-tags" && accepted.reason == "We have few."));
        assert!(!report.checks.accepted.is_empty());

        assert!(organizations.set_ruleset(&owner, acme.id, " ").await.unwrap(), "back to the default");
        let detail = read().await;
        assert!(detail.is_report_outdated, "the report stays until somebody asks for a new one");
        services.catalog.check_again(&owner, version.id).await.unwrap();
        let detail = read().await;
        assert!(!detail.is_report_outdated && detail.report.unwrap().checks.accepted.is_empty());
        let log = services.audit.list(&owner, acme.id, None).await.unwrap().items;
        assert_eq!((log[0].action.as_str(), log[0].detail.as_str()), ("version.check", "pets/v2 #1"));
        assert_eq!(code(services.catalog.check_again(&Actor::Anonymous, version.id).await), ErrorCode::NotFound);
    }

    async fn a_report_that_cannot_be_read_is_left_out(world) {
        let services = &world.services;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (_, version) = world.published_api(&owner, acme.id, "pets").await;
        services.catalog.add_revision(&owner, version.id, upload(PETSTORE)).await.unwrap();
        let db = Connection::connect(world.url()).await.unwrap();
        db.execute_unprepared("UPDATE revision_report SET checks = '{\"from\": \"a later version\"}'").await.unwrap();
        db.close().await.unwrap();
        let read = async || services.catalog_reads.console_version(&owner, "acme", "pets", "v1").await.unwrap();
        let detail = read().await;
        assert!(detail.report.is_none() && detail.revisions.len() == 2);
        services.catalog.check_again(&owner, version.id).await.unwrap();
        assert!(read().await.report.is_some());
    }

    async fn the_changelog_tells_what_changed_for_callers(world) {
        let services = &world.services;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (_, version) = world.published_api(&owner, acme.id, "pets").await;
        services.catalog.add_revision(&owner, version.id, upload(PETSTORE)).await.unwrap();
        world.advance(std::time::Duration::from_mins(1));
        services.catalog.add_revision(&owner, version.id, upload(&stricter())).await.unwrap();
        let changelog = services.catalog_reads.changelog(&Actor::Anonymous, "acme", "pets").await.unwrap();
        let told: Vec<_> = changelog.entries.iter().map(|entry| (entry.version.as_str(), entry.changes.before.as_str())).collect();
        assert_eq!(told, [("v1", "revision 2"), ("v1", "revision 1")], "newest first");
        assert_eq!(changelog.entries[0].changes.errors, 1);

        let (_, draft) = world.draft_api(&owner, acme.id, "birds").await;
        services.catalog.add_revision(&owner, draft.id, upload(PETSTORE)).await.unwrap();
        assert_eq!(code(services.catalog_reads.changelog(&Actor::Anonymous, "acme", "birds").await), ErrorCode::NotFound);
        assert!(services.catalog_reads.changelog(&owner, "acme", "birds").await.unwrap().entries.is_empty());
    }

    async fn drafts_take_no_place_in_the_changelog(world) {
        let services = &world.services;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (api, version) = world.published_api(&owner, acme.id, "pets").await;
        services.catalog.add_revision(&owner, version.id, upload(&stricter())).await.unwrap();
        world.advance(std::time::Duration::from_mins(1));
        let draft = services.catalog.create_version(&owner, api.id, "v2", Some(petstore(1))).await.unwrap();
        for n in 2..34 {
            services.catalog.add_revision(&owner, draft.id, petstore(n)).await.unwrap();
        }
        world.advance(std::time::Duration::from_mins(1));
        services.catalog.set_upstream(&owner, draft.id, local(9)).await.unwrap();
        services.catalog.publish(&owner, draft.id).await.unwrap();
        let told = async || {
            let changelog = services.catalog_reads.changelog(&Actor::Anonymous, "acme", "pets").await.unwrap();
            let told = changelog.entries.iter().map(|entry| format!("{} {}", entry.version, entry.document_version));
            told.collect::<Vec<_>>()
        };
        assert_eq!(told().await, ["v1 1.0.7"], "what was replaced before it was published is nobody's news");
        services.catalog.add_revision(&owner, draft.id, petstore(40)).await.unwrap();
        assert_eq!(told().await, ["v2 40.0", "v1 1.0.7"]);
    }

    async fn what_changed_in_private_is_nobody_elses_business(world) {
        let services = &world.services;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (api, version) = world.published_api(&owner, acme.id, "pets").await;
        services.catalog.add_revision(&owner, version.id, upload(&stricter())).await.unwrap();
        let private = ApiInput {
            slug: "pets".into(),
            name: "Pets".into(),
            summary: String::new(),
            visibility: Visibility::Private,
            tags: Vec::new(),
        };
        services.catalog.update_api(&owner, api.id, private).await.unwrap();
        let stranger = world.account("eve@elsewhere.example").await;
        for actor in [&Actor::Anonymous, &stranger] {
            assert_eq!(code(services.catalog_reads.changelog(actor, "acme", "pets").await), ErrorCode::NotFound);
            let detail = services.catalog_reads.console_version(actor, "acme", "pets", "v1").await;
            assert_eq!(code(detail.map(drop)), ErrorCode::NotFound);
        }
        assert_eq!(services.catalog_reads.changelog(&owner, "acme", "pets").await.unwrap().entries.len(), 1);
    }

    async fn a_document_of_mistakes_is_taken_and_its_report_stays_small(world) {
        let services = &world.services;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (api, _) = world.draft_api(&owner, acme.id, "pets").await;
        let long = "x".repeat(12_000);
        let operation = |n: usize| format!("\"/{n}{long}\": {{\"get\": {{\"operationId\": \"same\"}}}}");
        let paths: Vec<String> = (0..400).map(operation).collect();
        let document = format!(r#"{{"openapi": "3.0.0", "info": {{"title": "T", "version": "1"}}, "paths": {{{}}}}}"#, paths.join(","));
        let version = services.catalog.create_version(&owner, api.id, "v2", Some(upload(&document))).await.unwrap();
        let detail = services.catalog_reads.console_version(&owner, "acme", "pets", "v2").await.unwrap();
        let checks = detail.report.unwrap().checks;
        assert!(checks.errors > 0 && checks.omitted > 0 && checks.findings.len() == MOST_KEPT, "{}", checks.findings.len());
        services.catalog.add_revision(&owner, version.id, upload(PETSTORE)).await.unwrap();
        let detail = services.catalog_reads.console_version(&owner, "acme", "pets", "v2").await.unwrap();
        let changes = detail.report.unwrap().changes.unwrap();
        assert!(changes.errors >= 400, "{}", changes.errors);
        assert!(serde_json::to_vec(&(checks, changes)).unwrap().len() < 4_000_000);
    }

    async fn the_document_at_the_gateway_is_made_once_for_what_holds(world) {
        let services = &world.services;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (_, version) = world.published_api(&owner, acme.id, "pets").await;
        let reads = &services.catalog_reads;
        let enriched = async || {
            let reference = reads.reference(&Actor::Anonymous, "acme", "pets", "v1").await.unwrap();
            reads.enriched(&reference, "https://api.example/pets", "https://api.example").await.unwrap()
        };
        let before = enriched().await;
        assert!(Arc::ptr_eq(&before, &enriched().await), "nothing changed");
        let scopes: PolicySet = serde_json::from_value(serde_json::json!({"access": {"accept": ["key"], "key_header": "X-Pets"}})).unwrap();
        services.policies.save(&owner, &PolicyScope::Version(version.id), scopes).await.unwrap();
        let after = enriched().await;
        assert!(!before.document.contains("X-Pets") && after.document.contains("X-Pets") && after.overlay.contains("X-Pets"));
        services.catalog.add_revision(&owner, version.id, upload(&stricter())).await.unwrap();
        let after = enriched().await;
        assert!(after.document.contains("\"kind\"") && openapi::read(after.document.as_bytes(), &openapi::Limits::default()).is_ok());
    }
}
