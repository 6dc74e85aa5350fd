//! What was read can be written and read again, and means the same.

use openapi::{Document, Limits};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::specs;

/// Writes a document as JSON and as YAML and reads both.
fn again(document: &Document, name: &str) {
    let limits = Limits {
        bytes: 64 * 1024 * 1024,
        ..Limits::default()
    };
    for (syntax, text) in [("JSON", document.to_json()), ("YAML", document.to_yaml())] {
        let read =
            openapi::read(text.as_bytes(), &limits).unwrap_or_else(|rejected| panic!("{name} as {syntax}: {rejected}"));
        assert!(read.root() == document.root(), "{name} as {syntax} is another document");
        // Equality of values doesn't look at the order of members.
        assert!(
            read.to_json() == document.to_json(),
            "{name} as {syntax} has another order or other digits"
        );
        let slugs = |document: &Document| {
            document
                .operations()
                .iter()
                .map(|entry| entry.slug.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(slugs(&read), slugs(document), "{name} as {syntax}");
        assert_eq!(read.counts(), document.counts(), "{name} as {syntax}");
    }
}

#[test]
fn real_and_hostile_documents() {
    for folder in ["real", "hostile"] {
        for path in specs::files(&specs::own(folder)) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if let Ok(document) = openapi::read(&std::fs::read(&path).unwrap(), &Limits::default()) {
                again(&document, &name);
            }
        }
    }
}

/// What has a meaning of its own in a document, in every form.
#[test]
fn nothing_loses_its_meaning() {
    let text = r##"{
        "openapi": "3.2.0", "x-first": 1, "info": {"x-a": 1, "title": "t", "version": "1.10", "description": "a: b\n  # c\n"},
        "servers": [{"url": "https://{host}:{port}/", "variables": {"host": {"default": "a", "enum": ["a", "b"]}, "port": {"default": "8443"}}}],
        "security": [{}, {"a": [], "b": ["x"]}, {"c": []}],
        "paths": {"/b": {"get": {"responses": {"200": {"description": "", "links": {"next": {"operationId": "a", "parameters": {"p": "$response.body#/p"}}}}},
            "callbacks": {"c": {"{$request.body#/u}": {"post": {"responses": {}}}}}}}, "/a": {"$ref": "#/paths/~1b", "summary": "s"}},
        "webhooks": {"w": {"post": {"responses": {}}}},
        "components": {"schemas": {
            "Z": {"const": null}, "A": true, "B": false, "C": {}, "D": {"$ref": "#/components/schemas/Z", "description": "beside", "minLength": 1},
            "E": {"type": ["string", "null"], "enum": ["no", "NO", "1.10", "0x1F", "null", "~", "", " ", "a: b", "a #b", "- a", "é", "\u0000\u0085\u2028\ufeff", null]},
            "F": {"oneOf": [{"$ref": "#/components/schemas/C"}], "discriminator": {"propertyName": "k", "mapping": {"c": "#/components/schemas/C", "x": "C"}}},
            "G": {"maximum": 123456789012345678901234567890, "minimum": -1e400, "multipleOf": 1e-7, "const": 1.0, "default": -0},
            "H": {"x-unknown": {"$ref": 5}, "unknown": [], "if": true, "then": false, "$defs": {"a": {"$anchor": "here"}}, "nullable": true},
            "I": {"type": "string", "default": 5, "example": true, "examples": ["5", 5, 5.50]}
        }, "securitySchemes": {"a": {"type": "oauth2", "flows": {"x": {}}}, "b": {"type": "mutualTLS"}, "c": {"type": "http", "scheme": "Bearer"}}}
    }"##;
    let document = openapi::read(text.as_bytes(), &Limits::default()).unwrap();
    again(&document, "all meanings");
    // 3.1 and 3.2 are not changed by reading.
    let written: Value = serde_json::from_str(&document.to_json().replace("-1e400", "-1")).unwrap();
    assert_eq!(
        written.as_object().unwrap().keys().collect::<Vec<_>>()[..2],
        ["openapi", "x-first"]
    );
    assert!(document.to_json().contains("123456789012345678901234567890") && document.to_yaml().contains("-1e400"));
    let original: Value = serde_json::from_str(&text.replace("-1e400", "-1")).unwrap();
    for name in ["Z", "A", "B", "C", "D", "E", "F", "H", "I"] {
        assert_eq!(
            document.schema(name).unwrap(),
            &original["components"]["schemas"][name],
            "{name}"
        );
    }
    for field in ["servers", "security", "webhooks", "paths", "info"] {
        assert_eq!(document.root()[field], original[field], "{field}");
    }
}

/// 2.0 and 3.0 become 3.1 once; reading that again changes nothing.
#[test]
fn lifting_is_done_once() {
    let text = r##"{"swagger": "2.0", "info": {"title": "t", "version": "1"}, "host": "h", "paths": {"/a": {"post": {
        "consumes": ["multipart/form-data"], "parameters": [{"name": "f", "in": "formData", "type": "file"}, {"name": "q", "in": "query", "type": "array", "items": {"type": "integer"}, "collectionFormat": "pipes"}],
        "responses": {"200": {"description": "d", "schema": {"$ref": "#/definitions/A"}, "examples": {"application/json": {}}}}}}},
        "definitions": {"A": {"type": "object", "x-nullable": true, "properties": {"n": {"type": "number", "minimum": 0, "exclusiveMinimum": true}}, "discriminator": "n"}},
        "securityDefinitions": {"o": {"type": "oauth2", "flow": "application", "tokenUrl": "https://h/t", "scopes": {}}}}"##;
    again(&openapi::read(text.as_bytes(), &Limits::default()).unwrap(), "2.0");
    let text = r##"{"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": {}, "components": {"schemas": {"A": {
        "type": "integer", "nullable": true, "maximum": 5, "exclusiveMaximum": true, "example": 4, "enum": [1, null]}, "B": {"$ref": "#/components/schemas/A", "nullable": true}}}}"##;
    again(&openapi::read(text.as_bytes(), &Limits::default()).unwrap(), "3.0");
}

/// Values of every kind, with the texts that a careless writer gets wrong.
fn value() -> impl Strategy<Value = Value> {
    let words = vec![
        "",
        " ",
        "a",
        "no",
        "Yes",
        "null",
        "~",
        "1",
        "1.5",
        "-0",
        "0x1F",
        "1e3",
        ".inf",
        "2020-01-01",
        "12:30",
        "<<",
        "=",
        "- a",
        "? a",
        ": a",
        "a: b",
        "a:",
        "a #b",
        "#a",
        "&a",
        "*a",
        "!a",
        "|",
        ">",
        "%a",
        "@a",
        "`a",
        "'a'",
        "\"a\"",
        "{a}",
        "[a]",
        "a,b",
        "---",
        "...",
        "a\nb",
        "a\n\nb\n",
        "a\n b\n",
        " a\nb",
        "a\n\n",
        "\n",
        "\ta",
        "a\tb\nc",
        "a \nb",
        "a\r\nb",
        "\u{85}",
        "\u{2028}a\nb",
        "\u{feff}",
        "\u{0}",
        "\u{7f}",
        "é\nü",
        "\u{1f600}",
        "a\\b",
        "a\n  \nb",
        "$ref",
        "x",
        "(x)",
        "/x",
        "_x",
        "y",
        "OFF",
    ];
    let text = prop_oneof![
        proptest::sample::select(words).prop_map(str::to_owned),
        "[ -~\\n\\t\u{e9}\u{85}\u{2028}]{0,40}",
        "\\PC{0,20}"
    ];
    let number = prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from)
    ];
    let leaf = prop_oneof![
        text.clone().prop_map(Value::String),
        number,
        any::<bool>().prop_map(Value::Bool),
        Just(Value::Null)
    ];
    leaf.prop_recursive(5, 60, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            proptest::collection::vec((text.clone(), inner), 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_values(value in value(), long in "[a-z: ]{0,1500}") {
        let root = json!({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {}, "x-value": value, "x-long": {long: 1}});
        let text = root.to_string();
        let document = openapi::read(text.as_bytes(), &Limits::default()).unwrap();
        again(&document, &text);
    }
}
