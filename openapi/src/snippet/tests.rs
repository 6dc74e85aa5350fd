//! What the code looks like; `tests/it/snippets.rs` sees what it sends.

use serde_json::json;

use super::{Language, write};
use crate::sample::{Access, SampleOptions, build};

/// The samples of one operation in every language, one after the other.
#[test]
fn the_code_is_what_a_person_writes() {
    let document = json!({"openapi": "3.1.0", "info": {"title": "t", "version": "1"},
    "components": {"securitySchemes": {
        "key": {"type": "apiKey", "in": "query", "name": "api key"},
        "session": {"type": "apiKey", "in": "cookie", "name": "sid"},
        "basic": {"type": "http", "scheme": "basic"}, "token": {"type": "http", "scheme": "bearer"},
        "certificate": {"type": "mutualTLS"}}},
    "paths": {
        "/pets": {"get": {"operationId": "list"}, "post": {"operationId": "create", "security": [{"token": []}],
            "parameters": [{"name": "X-It", "in": "header", "required": true, "example": "it's \"$HOME\""}],
            "requestBody": {"content": {"application/json": {"example": {"name": "Rex", "tags": ["a", true, null], "a-b": 1.5}}}}}},
        "/upload": {"post": {"operationId": "upload", "security": [{"basic": [], "session": [], "key": []}], "requestBody": {"content": {"multipart/form-data": {
            "schema": {"type": "object", "properties": {"note": {"type": "string", "example": "hi"}, "meta": {"type": "object", "example": {"a": 1}}, "file": {"type": "string", "format": "binary"}}},
            "encoding": {"file": {"contentType": "image/png"}}}}}}},
        "/form": {"put": {"operationId": "form", "security": [{"certificate": []}], "requestBody": {"content": {"application/x-www-form-urlencoded": {"example": {"a": "1 2", "b": ["x", "y"]}}}}}},
    }});
    let doc = crate::read(document.to_string().as_bytes(), &crate::Limits::default()).unwrap();
    let options = SampleOptions {
        access: Access::Document,
        ..SampleOptions::at("https://api.example.com/v1")
    };
    let mut found = String::new();
    for slug in ["list", "create", "upload", "form"] {
        let request = build(&doc.operation(slug).unwrap(), &options);
        for language in Language::ALL {
            found.extend([format!(
                "=== {slug} {}\n{}\n\n",
                language.name(),
                write(language, &request)
            )]);
        }
    }
    let golden = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snippets/golden.txt");
    if !golden.exists() {
        std::fs::create_dir_all(golden.parent().unwrap()).unwrap();
        std::fs::write(&golden, &found).unwrap();
    }
    let expected = std::fs::read_to_string(golden).unwrap();
    for (found, expected) in found.split("=== ").zip(expected.split("=== ")) {
        assert_eq!(found, expected, "remove the golden file to write it anew, and read it");
    }
    assert_eq!(found.len(), expected.len());
}

#[test]
fn languages_are_found_by_name() {
    for language in Language::ALL {
        assert_eq!(Language::parse(language.name()), Some(language));
        assert_eq!(serde_json::to_value(language).unwrap(), language.name());
    }
    assert_eq!(Language::parse("cobol"), None);
}
