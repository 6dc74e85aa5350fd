//! Rulesets that were made to cost much.

use openapi::lint::{Report, Ruleset, lint};
use openapi::{Limits, json_path::JsonPath};
use serde_json::{Map, Value, json};

use crate::watch::Watch;

fn run(ruleset: &Value, document: &Value) -> Report {
    let text = ruleset.to_string();
    let ruleset = Ruleset::read(text.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
    lint(document.to_string().as_bytes(), &Limits::default(), &ruleset)
}

fn document(extension: &Value) -> Value {
    json!({"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {}, "x-a": extension})
}

fn rules(count: usize, rule: &Value) -> Value {
    let rules = (0..count).map(|at| (format!("r{at}"), rule.clone()));
    json!({"rules": rules.collect::<Map<_, _>>()})
}

#[test]
fn placeholders_are_filled_once_and_messages_are_short() {
    let rule = |message: &str| json!({"given": "$.info.title", "message": message, "then": {"function": "falsy"}});
    let mut document = document(&json!(1));
    document["info"]["title"] = "{{property}}{{value}}".into();
    let report = run(&rules(1, &rule("{{value}}")), &document);
    assert_eq!(report.findings[0].message, "\"{{property}}{{value}}\"");
    let started = Watch::start();
    document["info"]["title"] = "{{value}}".repeat(100_000).into();
    for message in ["{{value}}".repeat(50_000), "long ".repeat(100_000)] {
        let report = run(&rules(1, &rule(&message)), &document);
        assert_eq!(report.findings.len(), 1);
        assert!(report.findings[0].message.len() < 2_100);
    }
    // What the functions say themselves, and the description.
    let words: Vec<String> = (0..20_000).map(|at| format!("word{at}")).collect();
    let list: Vec<Value> = (0..5_000).map(Value::from).collect();
    for rule in [
        json!({"given": "$.x-a[*]", "then": {"function": "enumeration", "functionOptions": {"values": &words}}}),
        json!({"given": "$.x-a[*]", "description": "d".repeat(500_000), "then": {"function": "falsy"}}),
        json!({"given": "$..*", "then": {"function": "xor", "functionOptions": {"properties": &words}}}),
    ] {
        let report = run(&rules(1, &rule), &self::document(&json!(list)));
        assert!(!report.findings.is_empty());
        assert!(report.findings.iter().all(|finding| finding.message.len() < 2_100));
    }
    started.in_time("messages");
}

/// All rules share what may be done; one that isn't completed says so.
#[test]
fn rulesets_end_within_their_budget() {
    let objects: Vec<Value> = (0..30_000).map(|at| json!({"a": {"b": at}, "c": [at, "x"]})).collect();
    let crowd = document(&json!(objects));
    let text = document(&json!(vec!["t".repeat(50_000); 200]));
    let nested = document(&(0..180).fold(json!(vec![0; 20_000]), |inner, _| json!([inner])));
    let schema = json!({"properties": {"a": {"pattern": "^(a+)+$"}}});
    for (name, rule, document, is_completed) in [
        (
            "few",
            json!({"given": "$.info", "then": {"function": "truthy"}}),
            &crowd,
            true,
        ),
        (
            "everything",
            json!({"given": "$..*", "then": {"function": "undefined"}}),
            &crowd,
            false,
        ),
        (
            "filters",
            json!({"given": "$..[?(@.a && @.a.b > 5)]", "then": {"function": "falsy"}}),
            &crowd,
            false,
        ),
        (
            "schemas",
            json!({"given": "$..*", "then": {"function": "schema", "functionOptions": {"schema": schema}}}),
            &crowd,
            false,
        ),
        (
            "order",
            json!({"given": "$..*", "then": {"function": "alphabetical"}}),
            &nested,
            false,
        ),
        (
            "texts",
            json!({"given": "$.x-a[?(@ == $.x-a[0])]", "then": {"function": "pattern", "functionOptions": {"notMatch": "a.*b"}}}),
            &text,
            false,
        ),
        (
            "reusable objects",
            json!({"given": "$..*", "then": {"function": "unreferencedReusableObject",
                "functionOptions": {"reusableObjectsLocation": "#/components/schemas"}}}),
            &crowd,
            false,
        ),
    ] {
        let started = Watch::start();
        let report = run(&rules(200, &rule), document);
        started.in_time(name);
        let unfinished = |message: &str| message.starts_with("not completed") || message.starts_with("not checked");
        let is_told = report.findings.iter().any(|finding| unfinished(&finding.message)) || report.dropped > 0;
        assert_eq!(!is_told, is_completed, "{name}");
    }
}

#[test]
fn reusable_objects_are_looked_up_once() {
    let count = 3_000;
    let schemas = (0..count).map(|at| {
        let next = json!({"$ref": format!("#/components/schemas/S{}", (at + 2) % count)});
        (format!("S{at}"), json!({"properties": {"next": next}}))
    });
    let mut document = document(&json!(1));
    document["components"] = json!({"schemas": schemas.collect::<Map<_, _>>()});
    document["components"]["schemas"]["Alone"] = json!({});
    let rule = json!({"given": ["$.components.schemas", "$.components.schemas[*]"], "then": {"function": "unreferencedReusableObject",
        "functionOptions": {"reusableObjectsLocation": "#/components/schemas"}}});
    let started = Watch::start();
    let report = run(&rules(1, &rule), &document);
    started.in_time("reusable objects");
    let found: Vec<String> = report.findings.iter().map(openapi::lint::Finding::pointer).collect();
    assert!(found.contains(&"/components/schemas/Alone".to_owned()), "{found:?}");
    assert!(!found.contains(&"/components/schemas/S0".to_owned()));
}

#[test]
fn texts_cost_by_their_length() {
    let long = "x".repeat(100_000);
    let document = json!({"a": vec![&long; 2_000], "b": long});
    for expression in ["$.a[?@ == $.b]", "$.a[?@ < $.b]", "$[?@ == $.a]"] {
        let path: JsonPath = expression.parse().unwrap();
        let started = Watch::start();
        let budget = openapi::json_path::Budget {
            steps: 1_000_000,
            ..openapi::json_path::Budget::default()
        };
        assert!(path.find_within(&document, &budget).is_err(), "{expression}");
        started.in_time(expression);
    }
    // Few nodes whose ways are long.
    let deep = (0..1_000).fold(json!([0]), |inner, _| json!([inner]));
    let path: JsonPath = "$..*".parse().unwrap();
    let budget = openapi::json_path::Budget {
        nodes: 10_000,
        ..openapi::json_path::Budget::default()
    };
    assert!(path.find_within(&deep, &budget).is_err());
}

/// Expressions through aliases of aliases.
#[test]
fn aliases_are_bounded() {
    let mut aliases = Map::new();
    for (name, next) in [("A", "#B"), ("B", "#C"), ("C", "#D"), ("D", "#E")] {
        aliases.insert(name.to_owned(), vec![next; 10_000].into());
    }
    let refused = |last: Value| {
        let mut aliases = aliases.clone();
        aliases.insert("E".to_owned(), last);
        let rule = json!({"given": "#A", "then": {"function": "truthy"}});
        let ruleset = json!({"aliases": aliases, "rules": {"r": rule}});
        Ruleset::read(ruleset.to_string().as_bytes()).unwrap_err()
    };
    assert_eq!(refused(json!([])).field, "aliases.E");
    assert_eq!(refused(json!(["$"])).field, "rules.r.given");
}
