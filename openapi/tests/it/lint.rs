//! Lint: Spectral's findings, our own, and documents that are meant to do harm.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::net::TcpListener;

use openapi::lint::{Origin, Report, Ruleset, lint, rules};
use openapi::{Limits, Severity};
use serde_json::{Value, json};

use crate::specs;
use crate::watch::Watch;

fn bytes(name: &str) -> Vec<u8> {
    let bytes = std::fs::read(specs::own("").join(name)).unwrap();
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return bytes;
    }
    let mut expanded = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes.as_slice())
        .read_to_end(&mut expanded)
        .unwrap();
    expanded
}

fn pointer(path: &[String]) -> String {
    let steps = path.iter().map(|step| step.replace('~', "~0").replace('/', "~1"));
    steps.fold(String::new(), |pointer, step| pointer + "/" + &step)
}

/// The places of every rule's findings, as often as they were found.
fn places(report: &Report) -> BTreeMap<String, Vec<String>> {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for finding in &report.findings {
        places
            .entry(finding.rule.clone())
            .or_default()
            .push(pointer(&finding.path));
    }
    for list in places.values_mut() {
        list.sort();
    }
    places
}

#[test]
fn findings_are_those_of_spectral() {
    let recorded = std::fs::read(specs::own("lint").join("spectral-6.16.3.json")).unwrap();
    let recorded: BTreeMap<String, BTreeMap<String, Value>> = serde_json::from_slice(&recorded).unwrap();
    assert!(recorded.len() >= 19);
    let mut seen = BTreeSet::new();
    for (name, expected) in recorded {
        let found = places(&lint(&bytes(&name), &Limits::default(), &Ruleset::spectral_all()));
        let rules: BTreeSet<&String> = found.keys().chain(expected.keys()).collect();
        for rule in rules {
            let found = found.get(rule).cloned().unwrap_or_default();
            match expected.get(rule) {
                Some(Value::Array(expected)) => {
                    let mut expected: Vec<&str> = expected.iter().filter_map(Value::as_str).collect();
                    expected.sort_unstable();
                    assert_eq!(found, expected, "{rule} in {name}");
                }
                expected => {
                    let expected = expected.map_or(0, |count| count.as_u64().unwrap_or_default() as usize);
                    assert_eq!(found.len(), expected, "{rule} in {name}");
                }
            }
            seen.insert(rule.clone());
        }
    }
    // Every rule of Spectral has a recorded finding, but for the three of its command.
    let command = ["invalid-ref", "parser", "unrecognized-format"];
    for rule in rules().iter().filter(|rule| rule.origin == Origin::Spectral) {
        assert!(
            command.contains(&rule.name) || seen.contains(rule.name),
            "{}",
            rule.name
        );
    }
}

#[test]
fn severities_and_defaults_are_those_of_spectral() {
    let spectral: Vec<_> = rules().iter().filter(|rule| rule.origin == Origin::Spectral).collect();
    // 46 and 11 of the ruleset, and three of the command.
    assert_eq!(spectral.iter().filter(|rule| rule.is_recommended).count(), 46 + 3);
    assert_eq!(spectral.len(), 57 + 3);
    let errors = spectral.iter().filter(|rule| rule.severity == Severity::Error).count();
    assert_eq!(errors, 13 + 2);
    let ruleset = Ruleset::spectral();
    assert!(ruleset.is_on("path-params") && !ruleset.is_on("tag-description") && !ruleset.is_on("server-not-https"));
    let names: BTreeSet<&str> = rules().iter().map(|rule| rule.name).collect();
    assert_eq!(names.len(), rules().len(), "names are unique");
}

#[test]
fn findings_have_positions() {
    let text = "openapi: 3.0.3\ninfo: {title: a, version: '1'}\npaths:\n  /a/:\n    get:\n      responses: {}\n";
    let report = lint(text.as_bytes(), &Limits::default(), &Ruleset::spectral());
    let at = |rule: &str| {
        let finding = report.findings.iter().find(|finding| finding.rule == rule).unwrap();
        (finding.line, finding.column)
    };
    assert_eq!(at("path-keys-no-trailing-slash"), (Some(4), Some(3)));
    assert_eq!(at("operation-description"), (Some(5), Some(5)));
    assert_eq!(at("oas3-api-servers"), (Some(1), Some(1)));
}

/// Rules of our own, each with a document that it says something about, and where.
#[test]
fn own_rules() {
    let base = |extra: Value| {
        let mut document = json!({
            "openapi": "3.1.0",
            "info": {"title": "T", "version": "1"},
            "paths": {},
            "components": {"schemas": {}}
        });
        for (pointer, value) in extra.as_object().unwrap() {
            *document.pointer_mut(pointer).unwrap() = value.clone();
        }
        document
    };
    let list = json!({"type": "array", "items": {"type": "string"}});
    for (rule, document, expected) in [
        (
            "write-operation-unprotected",
            base(json!({"/paths": {"/a": {"post": {}, "get": {}}}})),
            "/paths/~1a/post",
        ),
        (
            "api-key-in-query",
            base(json!({"/components": {"securitySchemes": {"k": {"type": "apiKey", "in": "query", "name": "k"}}}})),
            "/components/securitySchemes/k/in",
        ),
        (
            "server-not-https",
            json!({"openapi": "3.0.0", "servers": [{"url": "http://localhost:80"}, {"url": "http://example.org"}]}),
            "/servers/1/url",
        ),
        (
            "server-not-https",
            json!({"swagger": "2.0", "schemes": ["https", "http"]}),
            "/schemes/1",
        ),
        (
            "oauth2-outdated-flow",
            base(json!({"/components": {"securitySchemes": {"o": {"type": "oauth2", "flows": {"implicit": {}}}}}})),
            "/components/securitySchemes/o/flows/implicit",
        ),
        (
            "basic-authentication",
            json!({"swagger": "2.0", "securityDefinitions": {"b": {"type": "basic"}}}),
            "/securityDefinitions/b",
        ),
        (
            "security-scheme-unused",
            base(json!({"/components": {"securitySchemes": {"b": {"type": "http", "scheme": "bearer"}}}})),
            "/components/securitySchemes/b",
        ),
        (
            "operation-error-response",
            base(json!({"/paths": {"/a": {"get": {"responses": {"200": {}}}}}})),
            "/paths/~1a/get/responses",
        ),
        (
            "error-not-problem-json",
            base(json!({"/paths": {"/a": {"get": {"responses": {"404": {"content": {"application/json": {}}}}}}}})),
            "/paths/~1a/get/responses/404",
        ),
        (
            "collection-without-paging",
            base(
                json!({"/paths": {"/a": {"get": {"responses": {"200": {"content": {"application/json": {"schema": list}}}}}}}}),
            ),
            "/paths/~1a/get",
        ),
        (
            "path-casing",
            base(json!({"/paths": {"/one-two": {}, "/three-four": {}, "/five-six/x_y": {}}})),
            "/paths/~1five-six~1x_y",
        ),
        (
            "schema-casing",
            base(json!({"/components/schemas": {"OneTwo": {}, "ThreeFour": {}, "FiveSix": {}, "seven_eight": {}}})),
            "/components/schemas/seven_eight",
        ),
        (
            "property-casing",
            base(
                json!({"/components/schemas": {"A": {"properties": {"oneTwo": {}, "threeFour": {}, "fiveSix": {}, "seven_eight": {}}}}}),
            ),
            "/components/schemas/A/properties/seven_eight",
        ),
        (
            "ref-external",
            base(json!({"/components/schemas": {"A": {"$ref": "other.yaml#/A"}}})),
            "/components/schemas/A/$ref",
        ),
        (
            "ref-cycle",
            base(json!({"/components/schemas": {"A": {"$ref": "#/components/schemas/A"}}})),
            "/components/schemas/A/$ref",
        ),
        (
            "recursive-schema-example",
            base(
                json!({"/components/schemas": {"A": {"type": "object", "properties": {"a": {"$ref": "#/components/schemas/A"}}, "example": {"a": {"a": 5}}}}}),
            ),
            "/components/schemas/A/example/a/a",
        ),
    ] {
        let text = document.to_string();
        let report = lint(text.as_bytes(), &Limits::default(), &Ruleset::turnpike());
        let found = places(&report).remove(rule).unwrap_or_default();
        assert_eq!(found, [expected], "{rule}");
        let quiet = lint(text.as_bytes(), &Limits::default(), &Ruleset::spectral());
        assert!(
            !quiet.findings.iter().any(|finding| finding.rule == rule),
            "{rule} is no rule of Spectral"
        );
    }
}

#[test]
fn paging_and_protection_are_recognised() {
    let document = json!({
        "openapi": "3.1.0",
        "info": {"title": "T", "version": "1"},
        "security": [{"key": []}],
        "paths": {"/a": {
            "parameters": [{"$ref": "#/components/parameters/Limit"}],
            "get": {"responses": {"200": {"content": {"application/json": {"schema": {"type": "array"}}}}, "4XX": {"content": {"application/problem+json": {}}}}},
            "post": {"responses": {"default": {"description": "no body"}}}
        }},
        "components": {
            "parameters": {"Limit": {"name": "page_size", "in": "query"}},
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}
        }
    });
    let report = lint(
        document.to_string().as_bytes(),
        &Limits::default(),
        &Ruleset::turnpike(),
    );
    let own: Vec<&str> = report
        .findings
        .iter()
        .map(|finding| finding.rule.as_str())
        .filter(|name| openapi::lint::rule(name).is_some_and(|rule| rule.origin == Origin::Turnpike))
        .collect();
    assert!(own.is_empty(), "{own:?}");
}

/// Nothing makes it slow, panic, connect or open a file.
#[test]
fn hostile_documents_are_judged_in_bounded_time() {
    let canary = TcpListener::bind("127.0.0.1:0").unwrap();
    canary.set_nonblocking(true).unwrap();
    let port = canary.local_addr().unwrap().port();
    for path in specs::files(&specs::own("hostile")) {
        let mut bytes = std::fs::read(&path).unwrap();
        if let Ok(text) = std::str::from_utf8(&bytes) {
            bytes = text.replace("18999", &port.to_string()).into_bytes();
        }
        let started = Watch::start();
        for ruleset in [Ruleset::turnpike(), Ruleset::spectral_all()] {
            let report = lint(&bytes, &Limits::default(), &ruleset);
            assert!(!report.findings.is_empty(), "{}", path.display());
            assert!(!report.to_markdown().is_empty());
        }
        started.in_time(&path.to_string_lossy());
    }
    assert!(canary.accept().is_err(), "something connected");
}

#[test]
fn what_spectral_does_not_survive_has_an_answer() {
    for (name, rule) in [
        ("hostile/ssrf-refs.json", "ref-external"),
        ("hostile/lfi-refs.json", "ref-external"),
        ("hostile/circular-chain.json", "ref-cycle"),
        ("hostile/circular-self.json", "ref-cycle"),
        ("hostile/yaml-billion-laughs.yaml", "parser"),
        ("hostile/dangling-refs.json", "invalid-ref"),
        ("hostile/json-duplicate-keys.json", "parser"),
    ] {
        let report = lint(&bytes(name), &Limits::default(), &Ruleset::turnpike());
        assert!(
            report.findings.iter().any(|finding| finding.rule == rule),
            "{rule} in {name}"
        );
    }
    // The pattern is matched in linear time, and the example does match it or not.
    let started = Watch::start();
    lint(&bytes("hostile/redos.json"), &Limits::default(), &Ruleset::turnpike());
    started.in_time("redos.json");
}

#[test]
fn schemas_that_grow_when_references_are_replaced_take_bounded_time() {
    let mut schemas = serde_json::Map::new();
    for number in 0..400 {
        let next = format!("#/components/schemas/S{}", number + 1);
        let both = json!({"allOf": [{"$ref": next}, {"$ref": next}], "anyOf": [{"$ref": next}, {"$ref": next}], "example": {"a": 1}, "type": "object"});
        schemas.insert(format!("S{number}"), both);
    }
    schemas.insert("S400".to_owned(), json!({"type": "string"}));
    let document = json!({"openapi": "3.0.3", "info": {"title": "T", "version": "1"}, "paths": {}, "components": {"schemas": schemas}});
    let started = Watch::start();
    lint(
        document.to_string().as_bytes(),
        &Limits::default(),
        &Ruleset::turnpike(),
    );
    started.in_time("schemas that grow");
}

/// Documents with very many of one thing, at which careless rules take quadratic time.
#[test]
fn crowded_documents_take_bounded_time() {
    let many = |count: usize, make: &dyn Fn(usize) -> (String, Value)| -> Value { (0..count).map(make).collect() };
    let list = |count: usize, make: &dyn Fn(usize) -> Value| -> Value { (0..count).map(make).collect() };
    for (name, field, value) in [
        (
            "paths",
            "paths",
            many(30_000, &|at| (format!("/{at}"), json!({"get": {"operationId": "a"}}))),
        ),
        (
            "parameters",
            "paths",
            json!({"/a": {"get": {"parameters": list(20_000, &|at| json!({"name": format!("p{at}"), "in": "path"}))}}}),
        ),
        ("tags", "tags", list(50_000, &|at| json!({"name": format!("t{at}")}))),
        (
            "schemas that lead on",
            "components",
            json!({"schemas": many(10_000, &|at| {
                let next = json!({"$ref": format!("#/components/schemas/S{}", at + 1)});
                (format!("S{at}"), json!({"type": "object", "properties": {"a": next}, "example": {"a": 1}}))
            })}),
        ),
        (
            "references in a ring",
            "components",
            json!({"schemas": many(10_000, &|at| {
                (format!("S{at}"), json!({"$ref": format!("#/components/schemas/S{}", (at + 1) % 10_000)}))
            })}),
        ),
    ] {
        for version in ["3.0.3", "3.1.0"] {
            let mut document = json!({"openapi": version, "info": {"title": "T", "version": "1"}, "paths": {}});
            document[field] = value.clone();
            let text = document.to_string();
            let started = Watch::start();
            lint(text.as_bytes(), &Limits::default(), &Ruleset::turnpike());
            started.in_time(&format!("{name} in {version}"));
        }
    }
}

#[test]
fn the_larger_collection_is_judged() {
    let Some(folder) = specs::shared() else { return };
    for part in ["tiny", "mid", "large", "pairs", "oai-vectors"] {
        for path in specs::files(&folder.join(part)) {
            let report = lint(&std::fs::read(&path).unwrap(), &Limits::default(), &Ruleset::turnpike());
            assert!(report.score.total <= 100, "{}", path.display());
        }
    }
}
