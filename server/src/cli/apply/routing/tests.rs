//! A plan refuses what the run would be refused for, in the same words.

use std::fs;

use domain::fixture::{SPEC, World, on_both_engines};

use crate::{
    cli::apply::{Mode, apply, read_all, run_once},
    temporary::TemporaryFolder,
};

const PLAN: Mode = Mode {
    is_dry_run: true,
    prunes: false,
};
const RUN: Mode = Mode {
    is_dry_run: false,
    prunes: false,
};

/// Two organizations with a version each, whose places and policies are filled in.
fn manifest(first: &str, second: &str, third: &str) -> String {
    let version = |name: &str, says: &str| {
        format!(
            "          - name: {name}\n            spec: ./petstore.json\n            upstream: {{ targets: [{{ url: \
             \"http://127.0.0.1:9\" }}] }}\n{says}"
        )
    };
    format!(
        "turnpike: 1\norganizations:\n  - slug: acme\n    name: Acme\n    apis:\n      - slug: pets\n        name: Pets\n        \
         versions:\n{}{}  - slug: other\n    name: Other\n    apis:\n      - slug: shop\n        name: Shop\n        \
         versions:\n{}",
        version("v1", first),
        version("v2", second),
        version("v1", third),
    )
}

fn at(host: &str, base_path: &str) -> String {
    format!("            host: \"{host}\"\n            base_path: {base_path}\n")
}

/// What a plan says, and what the run says when nothing was planned before it.
async fn refusals(world: &World, text: &str) -> (Option<String>, Option<String>) {
    let folder = TemporaryFolder::new("turnpike-plan").unwrap();
    fs::write(folder.path().join("petstore.json"), SPEC).unwrap();
    let path = folder.path().join("turnpike.yaml");
    fs::write(&path, text).unwrap();
    let sources = read_all(&[path]).unwrap();
    let planned = apply(&world.services, &sources, PLAN).await.err();
    let made = run_once(&world.services, &sources, RUN).await.err();
    let words = |error: anyhow::Error| error.to_string().rsplit_once("turnpike.yaml: ").unwrap().1.to_owned();
    (planned.map(words), made.map(words))
}

on_both_engines! {
    async fn a_plan_finds_places_that_others_of_the_manifest_have(world) {
        let text = manifest(&at("api.acme.example", "/pets"), &at("api.acme.example", "/pets/"), "");
        let (planned, made) = refusals(&world, &text).await;
        assert_eq!(planned.as_deref(), Some("organizations[0].apis[0].versions[1].host: pets/v1 answers there."));
        assert_eq!(planned, made);
    }

    async fn a_plan_finds_hosts_that_others_have(world) {
        let text = manifest(&at("api.acme.example", "/"), "", &at("*.acme.example", "/"));
        let (planned, made) = refusals(&world, &text).await;
        let expected = "organizations[1].apis[0].versions[0].host: This host belongs to another organization.";
        assert_eq!(planned.as_deref(), Some(expected));
        assert_eq!(planned, made);
        // By now the first organization has it.
        let (planned, made) = refusals(&world, &text).await;
        assert_eq!(planned.as_deref(), Some(expected));
        assert_eq!(planned, made);
    }

    async fn a_plan_knows_what_is_free_by_then(world) {
        let text = manifest(&at("api.acme.example", "/"), "", "");
        assert_eq!(refusals(&world, &text).await, (None, None));
        // One version moves, and another takes its place.
        let text = manifest(&at("new.acme.example", "/"), &at("api.acme.example", "/"), "");
        assert_eq!(refusals(&world, &text).await, (None, None));
        // One is retired, and another organization takes its host.
        let retired = format!("{}            state: retired\n", at("api.acme.example", "/"));
        let text = manifest(&at("new.acme.example", "/"), &retired, &at("api.acme.example", "/"));
        assert_eq!(refusals(&world, &text).await, (None, None));
        let text = text.replace("new.acme.example", "api.acme.example");
        let (planned, made) = refusals(&world, &text).await;
        assert_eq!(
            planned.as_deref(),
            Some("organizations[0].apis[0].versions[0].host: This host belongs to another organization.")
        );
        assert_eq!(planned, made);
    }

    async fn a_plan_finds_policies_that_do_not_fit_their_operation(world) {
        let says = "            operations:\n              GET /pets:\n                policies: { transform: { request: { path: { template: \
                        \"/animals/{petId}\" } } } }\n";
        let (planned, made) = refusals(&world, &manifest(says, "", "")).await;
        let planned_words = planned.clone().unwrap_or_default();
        assert!(
            planned_words.starts_with("organizations[0].apis[0].versions[0].operations.GET /pets.policies.transform")
                && planned_words.contains("`petId`"),
            "{planned_words}"
        );
        assert_eq!(planned, made);
    }
}
