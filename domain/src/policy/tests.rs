use serde_json::json;

use super::*;

fn set(body: serde_json::Value) -> PolicySet {
    serde_json::from_value(body).unwrap()
}

#[test]
fn every_example_is_a_valid_policy() {
    for name in PolicyName::ALL {
        let body: serde_json::Value = yaml_serde::from_str(name.example()).unwrap();
        let set = PolicySet::read(*name, body).unwrap();
        assert_eq!(set.validate(), [], "{name}");
        assert_eq!(set.names().collect::<Vec<_>>(), [*name]);
        // What is saved reads back as the same.
        assert_eq!(PolicySet::read(*name, set.said(*name).unwrap()).unwrap(), set);
        assert!(name.summary().ends_with('.'), "{name}");
    }
}

#[test]
fn names_are_the_fields_of_a_set() {
    for name in PolicyName::ALL {
        assert_eq!(PolicyName::parse(name.as_str()), Some(*name));
        assert_eq!(json!(name), json!(name.as_str()));
        assert!(PolicySet::read(*name, json!("off")).unwrap().is_off(*name));
    }
    assert_eq!(PolicyName::parse("corz"), None);
}

#[test]
fn the_narrower_level_wins_as_a_whole() {
    let organization = set(json!({
        "cors": { "origins": ["https://a.example"], "credentials": true },
        "ip": { "deny": ["203.0.113.0/24"] },
    }));
    let api = set(json!({ "cors": { "origins": ["*"] }, "ip": "off" }));
    let version = set(json!({ "ip": { "allow": ["10.0.0.0/8"] } }));
    let nothing = PolicySet::default();

    let effective = PolicySet::effective([&organization, &nothing]);
    assert_eq!(effective, organization);
    let effective = PolicySet::effective([&organization, &api]);
    assert_eq!(effective, set(json!({ "cors": { "origins": ["*"] } })));
    assert!(!effective.cors().unwrap().credentials);
    let effective = PolicySet::effective([&organization, &api, &version]);
    assert!(effective.ip().unwrap().deny.is_empty());
    assert!(PolicySet::effective([]).is_empty());
}

#[test]
fn mistakes_name_their_field() {
    for (name, said, field) in [
        (PolicyName::Cors, json!({ "origin": [] }), "policies.cors.origin"),
        (PolicyName::Cors, json!({ "origins": "*" }), "policies.cors.origins"),
        (
            PolicyName::Ip,
            json!({ "allow": ["10.0.0.1", "x"] }),
            "policies.ip.allow[1]",
        ),
        (
            PolicyName::Limits,
            json!({ "json": { "depth": "deep" } }),
            "policies.limits.json.depth",
        ),
        (
            PolicyName::RateLimits,
            json!([{ "requests": 1 }]),
            "policies.rate_limits[0]",
        ),
        (
            PolicyName::RateLimits,
            json!([{ "requests": 1, "per": "x" }]),
            "policies.rate_limits[0].per",
        ),
        (PolicyName::Cache, json!(null), "policies.cache"),
        (PolicyName::Cache, json!("on"), "policies.cache"),
        (PolicyName::Cache, json!(true), "policies.cache"),
    ] {
        let error = PolicySet::read(name, said.clone()).unwrap_err();
        assert_eq!(error.field, field, "{said}: {}", error.message);
    }
    let wrong =
        set(json!({ "cors": { "origins": ["x"] }, "rate_limits": [{ "requests": 1, "per": "2d" }], "expression": [] }));
    let fields: Vec<_> = wrong.validate().into_iter().map(|error| error.field).collect();
    assert_eq!(
        fields,
        [
            "policies.expression",
            "policies.cors.origins[0]",
            "policies.rate_limits[0].per"
        ]
    );
}

#[test]
fn off_is_off_for_programs_that_write_yaml_1_1_too() {
    assert!(set(json!({ "cache": false })).is_off(PolicyName::Cache));
    let text = "cache: off\ncors: { origins: ['*'] }\n";
    let read: PolicySet = yaml_serde::from_str(text).unwrap();
    assert!(read.is_off(PolicyName::Cache));
    assert_eq!(serde_json::to_value(&read).unwrap()["cache"], json!("off"));
}

#[test]
fn secrets_are_masked_and_come_back() {
    let body = json!({ "endpoint": "https://a.example/", "client_id": "a", "client_secret": "s3cret" });
    let saved = set(json!({ "introspection": body }));
    let shown = saved.clone().masked();
    assert!(!serde_json::to_string(&shown).unwrap().contains("s3cret"));
    assert_eq!(shown.unmasked(&saved), saved);
}

#[test]
fn unknown_policies_are_refused() {
    let error = serde_json::from_value::<PolicySet>(json!({ "corz": {} })).unwrap_err();
    assert!(error.to_string().contains("unknown field `corz`"), "{error}");
}

/// The part of a document that stands between fences of YAML.
fn fragment(text: &str) -> &str {
    let (_, rest) = text.split_once("```yaml\n").unwrap();
    rest.split_once("```").unwrap().0
}

#[test]
fn every_policy_has_a_section_with_its_example() {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Fragment {
        policies: PolicySet,
    }
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let mut sections: Vec<_> = std::fs::read_dir(folder.join("policies"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    sections.sort();
    let mut files: Vec<_> = PolicyName::ALL.iter().map(|name| format!("{name}.md")).collect();
    files.sort();
    assert_eq!(sections, files);
    for name in PolicyName::ALL {
        let text = std::fs::read_to_string(folder.join(format!("policies/{name}.md"))).unwrap();
        assert!(text.starts_with(&format!("# `{name}`\n")), "{name}");
        let read: Fragment = yaml_serde::from_str(fragment(&text)).unwrap();
        assert_eq!(read.policies.validate(), [], "{name}");
        let example = PolicySet::read_from(*name, yaml_serde::Deserializer::from_str(name.example())).unwrap();
        assert_eq!(read.policies, example, "{name}");
    }
    // Readers are led to what gateways act on, and to nothing else.
    let index = std::fs::read_to_string(folder.join("policies.md")).unwrap();
    let linked: Vec<_> = PolicyName::ALL
        .iter()
        .filter(|name| index.contains(&format!("(policies/{name}.md)")))
        .collect();
    let enforced: Vec<_> = PolicyName::ALL.iter().filter(|name| name.is_enforced()).collect();
    assert_eq!(linked, enforced, "docs/policies.md lists the policies in ENFORCED");
}
