//! Validators under attack, by the document or by the sender. What would take for ever without a bound would hang here.

use openapi::validate::{CompileError, OperationValidator, RequestView, SchemaValidator, Settings};
use openapi::{Direction, Document, Limits};
use serde_json::{Value, json};

fn document(schemas: &Value) -> Document {
    let document = json!({"openapi": "3.1.0", "info": {"title": "t", "version": "1"},
        "paths": {"/": {"post": {"operationId": "test", "responses": {}, "parameters": [
            {"name": "list", "in": "query", "schema": {"type": "array", "items": {"type": ["integer", "string"]}}},
            {"name": "deep", "in": "query", "style": "deepObject", "schema": {"type": "object"}}],
            "requestBody": {"content": {
                "application/json": {"schema": {"$ref": "#/components/schemas/A"}},
                "application/x-www-form-urlencoded": {"schema": {"type": "object"}},
                "multipart/form-data": {"schema": {"type": "object"}}}}}}},
        "components": {"schemas": schemas}});
    openapi::read(document.to_string().as_bytes(), &Limits::default()).unwrap()
}

fn keywords(schemas: &Value, value: &Value) -> Vec<&'static str> {
    let document = document(schemas);
    let schema = document.schema("A").unwrap();
    let validator = SchemaValidator::compile(&document, schema, Direction::Request, &Settings::default()).unwrap();
    validator
        .check(value)
        .into_iter()
        .map(|violation| violation.keyword)
        .collect()
}

fn reference(name: impl std::fmt::Display) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// Forty schemas, each twice the next: two to the fortieth visits.
fn doubling(keyword: &str) -> Value {
    let level = |at: usize| match at {
        40 => json!({"type": "string"}),
        at => {
            json!({keyword: [reference(format_args!("S{}", at + 1)), {"allOf": [reference(format_args!("S{}", at + 1))]}]})
        }
    };
    let mut schemas: serde_json::Map<String, Value> = (1..=40).map(|at| (format!("S{at}"), level(at))).collect();
    schemas.insert("A".to_owned(), reference("S1"));
    Value::Object(schemas)
}

#[test]
fn documents_that_double_their_work_are_cut() {
    for keyword in ["allOf", "anyOf", "oneOf"] {
        let found = keywords(&doubling(keyword), &json!(5));
        assert!(found.contains(&"limit") || found == ["type"], "{keyword}: {found:?}");
    }
    assert_eq!(keywords(&doubling("oneOf"), &json!("x")).last(), Some(&"limit"));
}

#[test]
fn schemas_that_contain_themselves_end() {
    for schema in [
        reference("A"),
        json!({"allOf": [reference("A")]}),
        json!({"anyOf": [reference("A"), {"type": "string"}]}),
        json!({"oneOf": [reference("A")]}),
        json!({"if": reference("A"), "then": reference("A"), "else": reference("A")}),
        json!({"allOf": [{"allOf": [reference("A")]}], "unevaluatedProperties": false, "properties": {"a": true}}),
        json!({"dependentSchemas": {"a": reference("A")}}),
        json!({"properties": {"a": reference("A")}, "items": reference("A")}),
        json!({"propertyNames": reference("A")}),
    ] {
        for value in [json!({"a": {"a": 1}}), json!([[[]]]), json!(1)] {
            let found = keywords(&json!({"A": schema}), &value);
            assert!(!found.contains(&"limit"), "{schema} {value}: {found:?}");
        }
    }
    // What asks for its own opposite has no answer; any will do.
    let _ = keywords(&json!({"A": {"not": reference("A")}}), &json!(1));
}

#[test]
fn values_are_checked_within_their_bounds() {
    let recursive = json!({"A": {"anyOf": [{"type": "array", "items": reference("A")}, {"type": "array", "items": {"anyOf": [reference("A"), reference("A")]}}]}});
    let deep = (0..120).fold(json!(1), |inner, _| json!([inner]));
    let found = keywords(&recursive, &deep);
    assert!(!found.is_empty() && found.len() <= 20, "{found:?}");
    let many: Vec<Value> = (0..100_000).map(|at| json!({"n": at})).collect();
    assert_eq!(
        keywords(&json!({"A": {"uniqueItems": true}}), &many.clone().into()),
        [""; 0]
    );
    let wrong = keywords(&json!({"A": {"items": {"type": "string"}}}), &many.into());
    assert_eq!(wrong, ["type"; 20]);
    let pattern = json!({"A": {"pattern": "^(a+)+$"}});
    assert_eq!(keywords(&pattern, &("a".repeat(1_000_000) + "b").into()), ["pattern"]);
}

#[test]
fn operations_that_are_too_large_are_refused() {
    let schemas: serde_json::Map<String, Value> = (0..30_000)
        .map(|at| {
            (
                format!("S{at}"),
                json!({"properties": {"next": reference(format_args!("S{}", at + 1))}}),
            )
        })
        .chain([("A".to_owned(), reference("S0"))])
        .collect();
    let large = document(&schemas.into());
    let compile = |document: &Document| {
        OperationValidator::compile(&document.operation("test").unwrap(), &Settings::default()).unwrap_err()
    };
    assert_eq!(compile(&large), CompileError::Nodes { limit: 20_000 });
    let patterns: serde_json::Map<String, Value> = (0..3000)
        .map(|at| (at.to_string(), json!({"pattern": format!("^{at}\\w{{1,100}}$")})))
        .collect();
    let heavy = document(&json!({"A": {"properties": patterns}}));
    assert_eq!(compile(&heavy), CompileError::Bytes { limit: 8 * 1024 * 1024 });
}

fn repeated(count: usize, text: impl Fn(usize) -> String) -> String {
    (0..count).map(text).collect::<Vec<_>>().concat()
}

#[test]
fn requests_of_great_many_parts_are_bounded() {
    let document = document(&json!({"A": {}}));
    let operation = document.operation("test").unwrap();
    let validator = OperationValidator::compile(&operation, &Settings::default()).unwrap();
    let part = "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n";
    let json = "application/json";
    let form = "application/x-www-form-urlencoded";
    for (name, query, content_type, body) in [
        ("pairs", "list=1&".repeat(50_000), json, "{}".to_owned()),
        (
            "names",
            repeated(20_000, |at| format!("deep[{at}]=1&")),
            json,
            "{}".to_owned(),
        ),
        (
            "levels",
            format!("deep{}=1", "[a]".repeat(10_000)),
            json,
            "{}".to_owned(),
        ),
        ("depth", String::new(), json, "[".repeat(1_000_000)),
        ("form", String::new(), form, repeated(100_000, |at| format!("{at}=1&"))),
        ("brackets", String::new(), form, "a[".repeat(100_000)),
        (
            "parts",
            String::new(),
            "multipart/form-data; boundary=b",
            part.repeat(2000) + "--b--",
        ),
        (
            "header",
            String::new(),
            "multipart/form-data; boundary=b",
            format!("--b\r\n{}", "a:b\r\n".repeat(100_000)),
        ),
    ] {
        let request = RequestView {
            path_parameters: &[],
            query: Some(&query),
            headers: &|_, _| {},
            content_type: Some(content_type.as_bytes()),
            body: Some(body.as_bytes()),
        };
        let violations = validator
            .check_request(&request)
            .err()
            .map_or(0, |invalid| invalid.violations.len());
        assert!(violations <= 20, "{name}");
    }
}
