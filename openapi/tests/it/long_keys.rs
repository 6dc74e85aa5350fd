//! Long keys: every pointer to something below repeats them.

use openapi::files::{FileSet, read_files};
use openapi::lint::{Ruleset, lint};
use openapi::overlay::{Overlay, read_with};
use openapi::{Limits, inspect, read};
use serde_json::{Map, Value, json};

use crate::watch::Watch;

fn document(extension: &Value) -> String {
    json!({"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {}, "x-a": extension}).to_string()
}

fn code(read: Result<impl std::fmt::Debug, openapi::Rejected>) -> String {
    read.unwrap_err().diagnostics[0].code.clone().into_owned()
}

/// What each door says of a document.
fn codes(text: &str) -> [String; 3] {
    let mut files = FileSet::default();
    files.insert("openapi.yaml", text.as_bytes().to_vec()).unwrap();
    let overlay = Overlay::new("T", "1");
    [
        code(read(text.as_bytes(), &Limits::default())),
        code(read_files(&files, None, &Limits::default())),
        code(read_with(text.as_bytes(), &[&overlay], &Limits::default())),
    ]
}

fn many(count: usize) -> Value {
    let members = (0..count).map(|at| (at.to_string(), json!([at])));
    Value::Object(members.collect::<Map<_, _>>())
}

#[test]
fn long_keys_are_refused() {
    let started = Watch::start();
    let key = "k".repeat(5_000_000);
    let long = document(&json!({&key: many(10_000)}));
    let deep = (0..8).fold(many(1), |inner, _| json!({"k".repeat(10_000): inner}));
    let wide = document(&json!({"k".repeat(16_000): many(20_000)}));
    let key = "k".repeat(10_000);
    let aliases: Vec<String> = (0..400).map(|at| format!("  ? {key}{at}\n  : *a\n")).collect();
    let anchor: Vec<String> = (0..200).map(|at| format!("  {at}: {at}\n")).collect();
    let (aliases, anchor) = (aliases.concat(), anchor.concat());
    let aliased = format!("openapi: 3.1.0\nx-a: &a\n{anchor}x-b:\n{aliases}");
    for (name, text, expected) in [
        ("one long key", &long, "key-too-long"),
        ("long keys in long keys", &document(&deep), "pointer-too-long"),
        ("a long key around many values", &wide, "pointers-too-long"),
        ("long keys with one alias", &aliased, "pointers-too-long"),
        ("YAML", &long.replacen('{', "{ x-first: 1, ", 1), "key-too-long"),
    ] {
        assert_eq!(codes(text), [expected; 3], "{name}");
        let report = lint(text.as_bytes(), &Limits::default(), &Ruleset::turnpike());
        assert_eq!(report.findings[0].rule, "parser", "{name}");
        assert!(inspect::markdown(&read(text.as_bytes(), &Limits::default())).len() < 10_000);
    }
    let rejected = read(long.as_bytes(), &Limits::default()).unwrap_err();
    let found = &rejected.diagnostics[0];
    assert!(
        found.message.contains("5000000") && found.message.contains("16384"),
        "{found}"
    );
    assert!(found.hint.is_some() && found.line == Some(1) && found.pointer.len() < 100);
    started.in_time("long keys");
}

#[test]
fn documents_with_keys_as_long_as_allowed_are_looked_at() {
    let started = Watch::start();
    let (key, count) = ("k".repeat(16_000), 800);
    let schemas = (0..count).map(|at| {
        let schema = json!({"type": "wrong", "$ref": format!("#/nowhere/{at}"), "enum": ["a", "a"]});
        (at.to_string(), schema)
    });
    let schemas: Map<String, Value> = schemas.collect();
    let text = json!({"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {},
        "components": {"schemas": {&key: {"properties": schemas, "type": "object"}}}})
    .to_string();
    let document = read(text.as_bytes(), &Limits::default());
    assert!(document.is_ok());
    let _ = (inspect::report(&document), inspect::markdown(&document));
    let report = lint(text.as_bytes(), &Limits::default(), &Ruleset::turnpike());
    assert!(!report.findings.is_empty());
    let _ = report.to_markdown();
    let mut files = FileSet::default();
    files.insert("openapi.json", text.clone().into_bytes()).unwrap();
    let part = format!("{{\"a\": {{\"$ref\": \"openapi.json#/components/schemas/{key}\"}}}}");
    files.insert("part.json", part.into_bytes()).unwrap();
    assert!(read_files(&files, None, &Limits::default()).is_ok());
    let overlay = br#"{"overlay": "1.0.0", "info": {"title": "T", "version": "1"}, "actions": [
        {"target": "$..properties[*]", "update": {"description": "d"}}]}"#;
    let overlay = Overlay::read(overlay, &Limits::default()).unwrap();
    assert!(read_with(text.as_bytes(), &[&overlay], &Limits::default()).is_ok());
    started.in_time("keys as long as allowed");
}

/// Findings by the hundred thousand, each far into a text without lines.
#[test]
fn findings_far_into_a_text_are_counted_once() {
    let started = Watch::start();
    let halves = "\\ud800".repeat(200_000);
    let twice = "\"a\":1,".repeat(100_000);
    let text = format!(
        "{{\"openapi\": \"3.1.0\", \"info\": {{\"title\": \"T\", \"version\": \"1\"}}, \"paths\": {{}}, \"x-a\": \"{halves}\",\n {twice} \"x-b\": 1}}"
    );
    let document = read(text.as_bytes(), &Limits::default()).unwrap();
    assert!(
        document
            .diagnostics()
            .iter()
            .all(|found| found.line == Some(1) || found.pointer.is_empty())
    );
    let twice = format!("{{\"openapi\": \"3.1.0\",\n{twice} \"x-b\": 1}}");
    let rejected = read(twice.as_bytes(), &Limits::default()).unwrap_err();
    let found: Vec<_> = rejected
        .diagnostics
        .iter()
        .filter(|found| found.code == "duplicate-key")
        .collect();
    assert_eq!((found[0].line, found[0].column), (Some(2), Some(7)));
    assert_eq!((found[9].line, found[9].column), (Some(2), Some(61)));
    started.in_time("findings far into a text");
}
