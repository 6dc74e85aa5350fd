use std::{fs, path::PathBuf};

use domain::{
    fixture::{SPEC, World, on_both_engines},
    gateway_config::{ConfigUpdate, VersionRecord},
    policy::PolicySet,
};
use serde_json::json;

use crate::{
    cli::apply::{Mode, apply, read_all},
    temporary::TemporaryFolder,
};

const MANIFEST: &str = r#"turnpike: 1
organizations:
  - slug: acme
    name: Acme
    policies:
      ip: { deny: [203.0.113.0/24] }
      cors: { origins: [https://app.example.com] }
    apis:
      - slug: petstore
        name: Petstore
        policies:
          rate_limits: [{ by: ip, requests: 10, per: 1s }]
        versions:
          - name: v1
            spec: ./petstore.json
            upstream: { targets: [{ url: "http://127.0.0.1:9" }] }
            policies:
              cors: off
            operations:
              GET /pets/{id}:
                policies: { cache: { default_ttl: 1m } }
              listPets:
                policies: { rate_limits: off }
"#;

struct Sheet {
    folder: TemporaryFolder,
}

impl Sheet {
    fn new() -> Self {
        let folder = TemporaryFolder::new("turnpike-policies").unwrap();
        fs::write(folder.path().join("petstore.json"), SPEC).unwrap();
        Self { folder }
    }

    fn write(&self, text: &str) -> Vec<PathBuf> {
        let path = self.folder.path().join("turnpike.yaml");
        fs::write(&path, text).unwrap();
        vec![path]
    }

    async fn apply(&self, world: &World, text: &str, mode: Mode) -> Vec<String> {
        let sources = read_all(&self.write(text)).unwrap();
        let changes = apply(&world.services, &sources, mode).await.unwrap();
        changes
            .iter()
            .map(ToString::to_string)
            .filter(|change| change.contains("policy"))
            .collect()
    }
}

const RUN: Mode = Mode {
    is_dry_run: false,
    prunes: false,
};
const PLAN: Mode = Mode {
    is_dry_run: true,
    prunes: false,
};
const PRUNE: Mode = Mode {
    is_dry_run: false,
    prunes: true,
};

async fn in_force(world: &World) -> VersionRecord {
    match world.services.gateway_config.read(None).await.unwrap() {
        ConfigUpdate::Full(mut config) => config.catalog.versions.remove(0),
        ConfigUpdate::Changes(changes) => panic!("asked for everything, got {changes:?}"),
    }
}

fn set(body: serde_json::Value) -> PolicySet {
    serde_json::from_value(body).unwrap()
}

on_both_engines! {
    async fn policies_of_all_levels_are_applied_once(world) {
        let sheet = Sheet::new();
        let expected = [
            "set        policy ip of acme",
            "set        policy cors of acme",
            "set        policy rate_limits of acme/petstore",
            "set        policy cors of acme/petstore/v1 off",
            "set        policy cache of acme/petstore/v1 GET /pets/{id}",
            "set        policy rate_limits of acme/petstore/v1 GET /pets off",
        ];
        let mut planned = sheet.apply(&world, MANIFEST, PLAN).await;
        let mut made = sheet.apply(&world, MANIFEST, RUN).await;
        planned.sort();
        made.sort();
        let mut expected: Vec<_> = expected.iter().map(ToString::to_string).collect();
        expected.sort();
        assert_eq!((&planned, &made), (&expected, &expected));
        assert!(sheet.apply(&world, MANIFEST, PRUNE).await.is_empty(), "a second time");

        let version = in_force(&world).await;
        let (ip, limits) = (json!({ "deny": ["203.0.113.0/24"] }), json!([{ "by": "ip", "requests": 10, "per": "1s" }]));
        assert_eq!(version.policies, set(json!({ "ip": ip, "rate_limits": limits })));
        let of = |path: &str| {
            let found = version.operations.iter().find(|operation| operation.path == path);
            found.and_then(|operation| operation.policies.as_deref().cloned())
        };
        assert_eq!(of("/pets"), Some(set(json!({ "ip": ip }))));
        let cache = json!({ "default_ttl": "60s" });
        assert_eq!(of("/pets/{id}"), Some(set(json!({ "ip": ip, "rate_limits": limits, "cache": cache }))));
    }

    async fn what_is_no_longer_named_stays_unless_it_is_pruned(world) {
        let sheet = Sheet::new();
        sheet.apply(&world, MANIFEST, RUN).await;
        let text = MANIFEST
            .replace("      cors: { origins: [https://app.example.com] }\n", "")
            .replace("              cors: off\n", "              cache: {}\n")
            .replace("              listPets:\n                policies: { rate_limits: off }\n", "");
        assert_eq!(sheet.apply(&world, &text, RUN).await, ["set        policy cache of acme/petstore/v1"]);
        let mut removed = sheet.apply(&world, &text, PRUNE).await;
        removed.sort();
        assert_eq!(
            removed,
            [
                "remove     policy cors of acme",
                "remove     policy cors of acme/petstore/v1",
                "remove     policy rate_limits of acme/petstore/v1 GET /pets",
            ]
        );
        assert!(in_force(&world).await.policies.cors().is_none());
    }

    async fn a_version_has_no_policy_that_an_operation_lacks_a_parameter_for(world) {
        let sheet = Sheet::new();
        let cors = "              cors: off\n";
        let part = format!("{cors}              composition: {{ parts: {{ a: {{ path: '/y/{{id}}' }} }} }}\n");
        let text = MANIFEST.replace(cors, &part);
        for mode in [PLAN, RUN] {
            let sources = read_all(&sheet.write(&text)).unwrap();
            let error = apply(&world.services, &sources, mode).await.expect_err("it is refused").to_string();
            let place = "turnpike.yaml: organizations[0].apis[0].versions[0].policies.composition.parts.a.path: ";
            assert!(error.contains(place) && error.contains("would not route `GET /pets`:"), "{error}");
        }
        // Said of the operation in the same manifest; and taken away again, both at once.
        let fitting = text.replace("{ rate_limits: off }", "{ rate_limits: off, composition: off }");
        assert_eq!(sheet.apply(&world, &fitting, RUN).await.len(), 8);
        assert!(sheet.apply(&world, &fitting, PRUNE).await.is_empty());
        assert_eq!(sheet.apply(&world, MANIFEST, PRUNE).await.len(), 2);
    }

    async fn policies_hold_before_a_version_is_published(world) {
        let sheet = Sheet::new();
        let changes = apply(&world.services, &read_all(&sheet.write(MANIFEST)).unwrap(), RUN).await.unwrap();
        let changes: Vec<_> = changes.iter().map(ToString::to_string).collect();
        let published = changes.iter().position(|change| change.starts_with("publish")).unwrap();
        assert!(changes[published..].iter().all(|change| !change.contains("policy")), "{changes:?}");
    }
}

#[test]
fn mistakes_are_named_with_their_place() {
    let sheet = Sheet::new();
    for (from, to, message) in [
        (
            "      cors: {",
            "      corz: {",
            "turnpike.yaml:7: organizations[0].policies: unknown field `corz`; did you mean `cors`?",
        ),
        (
            "{ origins: [https://app",
            "{ origin: [https://app",
            "turnpike.yaml:7: organizations[0].policies.cors: unknown field `origin`; did you mean `origins`?",
        ),
        (
            "deny: [203.0.113.0/24]",
            "deny: [203.0.113.1/24]",
            "turnpike.yaml:6: organizations[0].policies.ip.deny: `203.0.113.1/24` has bits behind its prefix",
        ),
        (
            "per: 1s }",
            "per: 2d }",
            "turnpike.yaml: organizations[0].apis[0].policies.rate_limits[0].per: Use a window",
        ),
        (
            "listPets:",
            "listDogs:",
            "turnpike.yaml: organizations[0].apis[0].versions[0].operations.listDogs: the document has no such operation",
        ),
        (
            "listPets:",
            "getPet:",
            "turnpike.yaml: organizations[0].apis[0].versions[0].operations.getPet: `GET /pets/{id}` is named twice",
        ),
        (
            "default_ttl: 1m",
            "default_ttl: 0s",
            "operations.GET /pets/{id}.policies.cache.default_ttl: Use a time between 1s and 31d.",
        ),
    ] {
        assert!(MANIFEST.contains(from), "{from}");
        let path = sheet.write(&MANIFEST.replacen(from, to, 1));
        let error = read_all(&path).expect_err(to).to_string();
        assert!(error.contains(message), "{error}");
    }
}
