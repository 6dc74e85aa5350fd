//! Rulesets: what they switch and add, and what is refused.

use openapi::lint::{Area, Report, Ruleset, lint};
use openapi::{Limits, Severity};
use serde_json::json;

const DOCUMENT: &str = r##"{
    "openapi": "3.1.0",
    "info": {"title": "T", "version": "1"},
    "servers": [{"url": "https://api.example.com"}],
    "tags": [{"name": "b"}, {"name": "a"}],
    "paths": {
        "/v1/pets": {
            "get": {"operationId": "ListPets", "tags": ["a"], "parameters": [{"$ref": "#/components/parameters/Limit"}], "responses": {"200": {"description": "ok"}}},
            "post": {"operationId": "create_pet", "responses": {"201": {"description": "ok"}}}
        },
        "/health": {"get": {"operationId": "health", "responses": {"200": {"description": "ok"}}}}
    },
    "components": {
        "parameters": {"Limit": {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 1000}}},
        "schemas": {"Used": {"type": "object"}, "Unused": {"type": "object"}}
    }
}"##;

fn run(ruleset: &str) -> Report {
    let ruleset = Ruleset::read(ruleset.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
    lint(DOCUMENT.as_bytes(), &Limits::default(), &ruleset)
}

/// The findings of a ruleset with one own rule.
fn found(rule: &str) -> Vec<String> {
    let report = run(&format!("rules:\n  mine:\n    {}", rule.replace('\n', "\n    ")));
    let own = report.findings.iter().filter(|finding| finding.rule == "mine");
    own.map(|finding| format!("/{} {}", finding.path.join("/"), finding.message))
        .collect()
}

#[test]
fn functions() {
    for (rule, expected) in [
        (
            "given: $.info\nthen: {field: contact, function: truthy}",
            vec!["/info \"contact\" property must be truthy"],
        ),
        (
            "given: $.info\nthen: {field: title, function: falsy}",
            vec!["/info/title \"title\" property must be falsy"],
        ),
        (
            "given: $.info\nthen: {field: summary, function: defined}",
            vec!["/info \"summary\" property must be defined"],
        ),
        (
            "given: $.tags\nthen: {function: undefined}",
            vec!["/tags \"tags\" property must be undefined"],
        ),
        (
            "given: $.paths\nthen: {field: '@key', function: pattern, functionOptions: {match: '^/v[0-9]+/'}}",
            vec!["/paths//health \"/health\" property must match the pattern \"^/v[0-9]+/\""],
        ),
        (
            "given: $.paths[*][*].operationId\nthen: {function: casing, functionOptions: {type: camel}}",
            vec![
                "/paths//v1/pets/get/operationId \"operationId\" property must be camel case",
                "/paths//v1/pets/post/operationId \"operationId\" property must be camel case",
            ],
        ),
        (
            "given: $.tags\nthen: {function: length, functionOptions: {max: 1}}",
            vec!["/tags \"tags\" property must be shorter than 1"],
        ),
        (
            "given: $.openapi\nthen: {function: enumeration, functionOptions: {values: ['3.0.3']}}",
            vec!["/openapi \"openapi\" property must be equal to one of the allowed values: \"3.0.3\""],
        ),
        (
            "given: $.tags\nthen: {function: alphabetical, functionOptions: {keyedBy: name}}",
            vec!["/tags \"tags\" property must be in alphabetical order: \"b\" comes after \"a\""],
        ),
        (
            "given: $.paths[*][*].parameters[*]\nthen: {field: schema, function: schema, functionOptions: {schema: {properties: {maximum: {maximum: 100}}}}}",
            vec!["/components/parameters/Limit/schema/maximum \"maximum\" property must be <= 100"],
        ),
        (
            "given: $.info\nthen: {function: xor, functionOptions: {properties: [title, version]}}",
            vec!["/info \"info\" property must have just one of \"title\" and \"version\""],
        ),
        (
            "given: $.info\nthen: {function: or, functionOptions: {properties: [contact, summary]}}",
            vec!["/info \"info\" property must have at least one of \"contact\" or \"summary\""],
        ),
        (
            "given: $.components.parameters\nthen: {function: unreferencedReusableObject, functionOptions: {reusableObjectsLocation: '#/components/parameters'}}",
            vec![],
        ),
    ] {
        assert_eq!(found(rule), expected, "{rule}");
    }
}

#[test]
fn references_are_followed_unless_the_rule_says_otherwise() {
    let rule = "given: $.paths[*][*].parameters[*].name\nthen: {function: undefined}";
    assert_eq!(found(rule).len(), 1);
    assert_eq!(found(&format!("resolved: false\n{rule}")).len(), 0);
}

#[test]
fn aliases_messages_and_formats() {
    let report = run(r##"
aliases:
  Ids: ["#OperationObject.operationId"]
rules:
  mine:
    description: Ids are short.
    message: "{{property}} at {{path}} is {{value}}: {{description}}"
    severity: hint
    formats: [oas3.1]
    given: "#Ids"
    then: {function: length, functionOptions: {max: 6}}
  other:
    formats: [oas2]
    given: $
    then: {function: undefined}
"##);
    let texts: Vec<&str> = report.findings.iter().map(|finding| finding.message.as_str()).collect();
    assert!(
        texts.contains(&"operationId at #/paths/~1v1~1pets/get/operationId is \"ListPets\": Ids are short."),
        "{texts:?}"
    );
    assert_eq!(report.findings.len(), 2);
    assert!(report.findings.iter().all(|finding| finding.severity == Severity::Hint));
}

#[test]
fn rules_are_switched_and_weighed() {
    let ruleset = "extends: [[spectral:oas, off], turnpike]\nrules: {info-contact: off, operation-description: error, tag-description: on, oas3-unused-component: false}";
    let report = run(ruleset);
    let rules: Vec<&str> = report.findings.iter().map(|finding| finding.rule.as_str()).collect();
    assert!(!rules.contains(&"info-contact") && !rules.contains(&"oas3-unused-component"));
    assert!(rules.contains(&"tag-description") && rules.contains(&"operation-error-response"));
    let description = report
        .findings
        .iter()
        .find(|finding| finding.rule == "operation-description")
        .unwrap();
    assert_eq!(description.severity, Severity::Error);
    assert_eq!(serde_json::to_value(description).unwrap()["severity"], "error");
    let off = run("extends: [[spectral:oas, off]]");
    assert!(off.findings.is_empty());
}

#[test]
fn exceptions_need_a_reason_and_are_listed() {
    let report = run(r#"
extends: turnpike
exceptions:
  - {rule: operation-description, path: "/paths/~1health", reason: Nobody reads it.}
  - {rule: operation-tags, path: "/paths/*/post", reason: Old.}
  - {rule: path-params, path: "/paths/~1gone", reason: Old.}
"#);
    let excepted: Vec<(&str, &str)> = report
        .excepted
        .iter()
        .map(|excepted| (excepted.finding.rule.as_str(), excepted.reason.as_str()))
        .collect();
    assert_eq!(
        excepted,
        [
            ("operation-tags", "Old."),
            ("operation-description", "Nobody reads it.")
        ]
    );
    assert_eq!(report.unused_exceptions.len(), 1);
    let is_there = |rule: &str, place: &str| {
        report
            .findings
            .iter()
            .any(|finding| finding.rule == rule && finding.path.contains(&place.to_owned()))
    };
    assert!(!is_there("operation-description", "/health") && is_there("operation-description", "/v1/pets"));
    assert!(report.to_markdown().contains("## Accepted (2)"));
}

#[test]
fn what_is_wrong_is_refused_by_its_field() {
    let rule = |rest: &str| format!("rules: {{mine: {{given: $, then: {{function: truthy}}, {rest}}}}}");
    let then = |then: &str| format!("rules: {{mine: {{given: $, then: {then}}}}}");
    for (ruleset, field) in [
        ("[]".to_owned(), ""),
        ("rules: [".to_owned(), ""),
        ("extends: spectral:asyncapi".to_owned(), "extends"),
        ("extends: [[spectral:oas, some]]".to_owned(), "extends[0]"),
        ("extends: https://example.com/rules.yaml".to_owned(), "extends"),
        ("functions: [mine]".to_owned(), "functions"),
        ("overrides: []".to_owned(), "overrides"),
        ("nope: 1".to_owned(), "nope"),
        ("rules: {nope: off}".to_owned(), "rules.nope"),
        ("rules: {info-contact: loud}".to_owned(), "rules.info-contact"),
        (
            "rules: {info-contact: {given: $, then: {function: truthy}}}".to_owned(),
            "rules.info-contact",
        ),
        (rule("severity: loud"), "rules.mine.severity"),
        (rule("nope: 1"), "rules.mine.nope"),
        (rule("formats: [oas4]"), "rules.mine.formats"),
        (
            "rules: {mine: {then: {function: truthy}}}".to_owned(),
            "rules.mine.given",
        ),
        ("rules: {mine: {given: $}}".to_owned(), "rules.mine.then"),
        (
            "rules: {mine: {given: '$..[', then: {function: truthy}}}".to_owned(),
            "rules.mine.given",
        ),
        (
            "rules: {mine: {given: '#Nope', then: {function: truthy}}}".to_owned(),
            "rules.mine.given",
        ),
        (then("{function: myFunction}"), "rules.mine.then.function"),
        (then("{field: a}"), "rules.mine.then.function"),
        (then("{function: pattern}"), "rules.mine.then.functionOptions.match"),
        (
            then("{function: pattern, functionOptions: {match: '('}}"),
            "rules.mine.then.functionOptions.match",
        ),
        (
            then("{function: pattern, functionOptions: {match: '(?=a)'}}"),
            "rules.mine.then.functionOptions.match",
        ),
        (
            then("[{function: truthy}, {function: casing, functionOptions: {type: loud}}]"),
            "rules.mine.then[1].functionOptions.type",
        ),
        (
            then("{function: length, functionOptions: {min: a}}"),
            "rules.mine.then.functionOptions.min",
        ),
        (
            then("{function: truthy, functionOptions: {a: 1}}"),
            "rules.mine.then.functionOptions.a",
        ),
        (
            then("{function: schema, functionOptions: {schema: {$ref: 'https://example.com'}}}"),
            "rules.mine.then.functionOptions.schema",
        ),
        (then("{field: '$.a', function: truthy}"), "rules.mine.then.field"),
        (
            "exceptions: [{rule: info-contact, path: /info}]".to_owned(),
            "exceptions[0].reason",
        ),
        (
            "exceptions: [{rule: info-contact, path: /info, reason: ' '}]".to_owned(),
            "exceptions[0].reason",
        ),
        (
            "exceptions: [{rule: nope, path: /info, reason: a}]".to_owned(),
            "exceptions[0].rule",
        ),
        (
            "exceptions: [{rule: info-contact, path: info, reason: a}]".to_owned(),
            "exceptions[0].path",
        ),
        (
            "exceptions: [{rule: info-contact, file: a, reason: a}]".to_owned(),
            "exceptions[0].file",
        ),
    ] {
        let error = Ruleset::read(ruleset.as_bytes()).expect_err(&ruleset);
        assert_eq!(error.field, field, "{ruleset}: {error}");
        assert!(!error.message.is_empty());
    }
}

#[test]
fn rulesets_are_data() {
    let text = json!({"extends": "turnpike", "rules": {"info-contact": "off"}});
    let ruleset: Ruleset = serde_json::from_value(text.clone()).unwrap();
    assert_eq!(serde_json::to_value(&ruleset).unwrap(), text);
    assert!(serde_json::from_value::<Ruleset>(json!({"rules": {"nope": "off"}})).is_err());
}

#[test]
fn the_score_is_what_the_documentation_says() {
    let report = run("extends: turnpike");
    let again = run("extends: turnpike");
    assert_eq!(report, again);
    let score = &report.score;
    // Three operations and two schemas are fewer than ten.
    assert_eq!(score.size, 10);
    for part in &score.areas {
        let cost = |severity: Severity, each: usize| {
            let mut counts = std::collections::BTreeMap::<&str, usize>::new();
            for finding in report.findings.iter().filter(|finding| finding.severity == severity) {
                if openapi::lint::rule(&finding.rule).is_some_and(|rule| rule.area == part.area) {
                    *counts.entry(&finding.rule).or_default() += 1;
                }
            }
            counts.values().map(|count| each * count.min(&10)).sum::<usize>()
        };
        let cost =
            cost(Severity::Error, 10) + cost(Severity::Warning, 3) + cost(Severity::Info, 1) + cost(Severity::Hint, 1);
        assert_eq!(usize::from(part.score), 1000 * 10 / (10 * 10 + cost), "{:?}", part.area);
    }
    let total: usize = score
        .areas
        .iter()
        .map(|part| usize::from(part.score) * usize::from(part.weight))
        .sum();
    assert_eq!(usize::from(score.total), total / 100);
    assert_eq!(score.areas.iter().map(|part| u32::from(part.weight)).sum::<u32>(), 100);
    let structure = score.areas.iter().find(|part| part.area == Area::Structure).unwrap();
    assert_eq!(structure.score, 100);
    let unreadable = lint(b"{", &Limits::default(), &Ruleset::turnpike());
    assert_eq!(unreadable.score.total, 0);
    assert_eq!(unreadable.findings[0].rule, "parser");
}
