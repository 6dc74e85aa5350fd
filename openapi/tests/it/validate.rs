//! Requests and responses against an operation, from outside.

use openapi::validate::{OperationValidator, RequestView, ResponseView, Settings, Unchecked};
use openapi::{Document, Limits};
use serde_json::{Value, json};

/// A document of one operation, `test`, at `/{id}` in `post`, in the shape of 3.1 or another version.
pub(crate) fn document(version: &str, operation: &Value, schemas: &Value) -> Document {
    let mut operation = operation.clone();
    operation["operationId"] = "test".into();
    let document = json!({"openapi": version, "info": {"title": "t", "version": "1"},
        "paths": {"/{id}": {"post": operation}}, "components": {"schemas": schemas}});
    openapi::read(document.to_string().as_bytes(), &Limits::default()).unwrap()
}

pub(crate) fn validator(document: &Document, settings: &Settings) -> OperationValidator {
    OperationValidator::compile(&document.operation("test").unwrap(), settings).unwrap()
}

/// What is wrong with a request, after its status: `[400, query limit: must be at most 10]`.
pub(crate) fn refused(validator: &OperationValidator, request: &RequestView<'_>) -> Vec<String> {
    match validator.check_request(request) {
        Ok(()) => Vec::new(),
        Err(invalid) => {
            assert!((1..=20).contains(&invalid.violations.len()));
            let violations = invalid.violations.iter().map(ToString::to_string);
            std::iter::once(invalid.kind.status().to_string())
                .chain(violations)
                .collect()
        }
    }
}

pub(crate) const NOTHING: RequestView<'static> = RequestView {
    path_parameters: &[],
    query: None,
    headers: &|_, _| {},
    content_type: None,
    body: None,
};

#[test]
fn bodies_of_every_type() {
    let schema = json!({"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"},
        "tags": {"type": "array", "items": {"type": "string", "maxLength": 3}}, "o": {"type": "object", "properties": {"x": {"type": "integer"}}},
        "file": {"type": "string", "format": "binary", "maxLength": 1}}});
    let operation = json!({"responses": {}, "requestBody": {"required": true, "content": {
        "application/json": {"schema": schema},
        "application/vnd.v2+json; version=2": {"schema": {"const": 2}},
        "application/x-www-form-urlencoded": {"schema": schema},
        "multipart/form-data": {"schema": schema, "encoding": {"file": {"contentType": "image/*"}}},
        "text/plain": {"schema": {"type": "string", "maxLength": 5}},
        "application/x-ndjson": {"itemSchema": schema},
        "image/*": {},
    }}});
    let multipart = |parts: &[(&str, &str)]| -> String {
        let parts = parts
            .iter()
            .map(|(headers, body)| format!("--b\r\nContent-Disposition: form-data; {headers}\r\n\r\n{body}\r\n"));
        parts.collect::<String>() + "--b--\r\n"
    };
    let file = "name=file; filename=\"a.png\"\r\nContent-Type: image/png";
    let document = document("3.2.0", &operation, &json!({}));
    let validator = validator(&document, &Settings::default());
    let supported = "body: must be of content type application/json, application/vnd.v2+json, application/x-www-form-urlencoded, \
        multipart/form-data, text/plain or another type that the document lists";
    for (content_type, body, expected) in [
        ("application/json", "{\"n\": 1}".to_owned(), &[][..]),
        ("Application/JSON;charset=\"utf-8\"", "{\"n\": 1}".to_owned(), &[]),
        (
            "application/json; charset=latin1",
            "{}".to_owned(),
            &["415", "body: must be in UTF-8"],
        ),
        (
            "application/json",
            "{\"n\": \"1\"}".to_owned(),
            &["422", "body /n: must be an integer, not a string"],
        ),
        (
            "application/json",
            "{\"n\"".to_owned(),
            &["400", "body: must be JSON: it ends too early at line 1, column 4"],
        ),
        (
            "application/json",
            "{\"n\":1,\"n\":1}".to_owned(),
            &[
                "400",
                "body: must be JSON: a property appears twice in one object at line 1, column 10",
            ],
        ),
        ("application/json", String::new(), &["400", "body: is missing"]),
        ("", "{}".to_owned(), &["415", "body: must have a valid content type"]),
        ("application/xml", "<n/>".to_owned(), &["415", supported]),
        (
            "application/vnd.v2+json;version=2",
            "3".to_owned(),
            &["422", "body: must be 2"],
        ),
        ("application/vnd.v2+json", "2".to_owned(), &["415", supported]),
        ("image/png", "\u{1}".to_owned(), &[]),
        ("text/plain", "hello".to_owned(), &[]),
        (
            "text/plain",
            "hello!".to_owned(),
            &["422", "body: must have at most 5 characters"],
        ),
        (
            "text/plain; charset=utf-16",
            "hello!".to_owned(),
            &["415", "body: must be in UTF-8"],
        ),
        (
            "application/x-ndjson",
            "{\"n\":1}\n{}\n".to_owned(),
            &["422", "body /n: is missing"],
        ),
        ("application/x-www-form-urlencoded", "n=1&tags=a&tags=b".to_owned(), &[]),
        (
            "application/x-www-form-urlencoded",
            "n=1&tags[]=a&tags[]=long&o[x]=5".to_owned(),
            &["422", "body /tags/1: must have at most 3 characters"],
        ),
        (
            "application/x-www-form-urlencoded",
            "n=1&o={\"x\":\"\"}".to_owned(),
            &["422", "body /o/x: must be an integer, not a string"],
        ),
        (
            "application/x-www-form-urlencoded",
            "tags=a".to_owned(),
            &["422", "body /n: is missing"],
        ),
        (
            "application/x-www-form-urlencoded",
            "n=1&n=2".to_owned(),
            &["400", "body: field \"n\" must not be given more than once"],
        ),
        (
            "multipart/form-data; boundary=b",
            multipart(&[("name=n", "1"), (file, "\u{89}PNG"), ("name=o", "{\"x\":1}")]),
            &[],
        ),
        (
            "multipart/form-data; boundary=b",
            multipart(&[("name=n", "1"), ("name=tags", "a"), ("name=tags", "long")]),
            &["422", "body /tags/1: must have at most 3 characters"],
        ),
        (
            "multipart/form-data; boundary=b",
            multipart(&[("name=n", "x")]),
            &["422", "body /n: must be an integer, not a string"],
        ),
        (
            "multipart/form-data; boundary=b",
            multipart(&[
                ("name=n", "1"),
                ("name=file; filename=a\r\nContent-Type: text/html", ""),
            ]),
            &[
                "422",
                "body /file: must be a part of a content type that the document lists",
            ],
        ),
        (
            "multipart/form-data; boundary=b",
            multipart(&[("name=n", "1"), ("name=n", "2")]),
            &["400", "body: must not have two parts of the same name, but for lists"],
        ),
        (
            "multipart/form-data",
            "--b--".to_owned(),
            &["415", "body: must name its boundary"],
        ),
        (
            "multipart/form-data; boundary=b",
            "--b\r\n".to_owned(),
            &["400", "body: must be multipart: the closing boundary is missing"],
        ),
    ] as [(&str, String, &[&str]); 28]
    {
        let request = RequestView {
            content_type: Some(content_type.as_bytes()),
            body: Some(body.as_bytes()),
            ..NOTHING
        };
        assert_eq!(refused(&validator, &request), expected, "{content_type}: {body}");
    }
    let untyped = RequestView {
        body: Some(b"{}"),
        ..NOTHING
    };
    assert_eq!(refused(&validator, &untyped), ["415", "body: has no content type"]);
}

#[test]
fn schemas_mean_what_openapi_says() {
    let schemas = json!({
        "Pet": {"type": "object", "required": ["id", "kind", "secret"], "properties": {
            "id": {"type": "integer", "readOnly": true}, "kind": {"type": "string"}, "secret": {"type": "string", "writeOnly": true},
            "parent": {"$ref": "#/components/schemas/Pet"}}},
        "Cat": {"allOf": [{"$ref": "#/components/schemas/Pet"}, {"type": "object", "required": ["id", "lives"], "properties": {"lives": {"type": "integer"}}}]},
        "Dog": {"allOf": [{"$ref": "#/components/schemas/Pet"}, {"type": "object", "properties": {"breed": {"type": "string"}}}]},
        "Any": {"oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}],
            "discriminator": {"propertyName": "kind", "mapping": {"cat": "#/components/schemas/Cat"}}},
        "Maybe": {"allOf": [{"$ref": "#/components/schemas/Pet"}], "nullable": true},
        "Self": {"allOf": [{"$ref": "#/components/schemas/Self"}], "type": "object"},
    });
    for (schema, value, expected) in [
        ("Pet", json!({"kind": "a", "secret": "b"}), &[][..]),
        (
            "Pet",
            json!({"kind": "a", "secret": "b", "id": 1}),
            &["422", "body /id: is read-only and must not be sent"],
        ),
        (
            "Pet",
            json!({"kind": "a", "secret": "b", "parent": {"kind": 1, "secret": "x"}}),
            &["422", "body /parent/kind: must be a string, not an integer"],
        ),
        ("Any", json!({"kind": "cat", "secret": "b", "lives": 9}), &[]),
        (
            "Any",
            json!({"kind": "cat", "secret": "b"}),
            &["422", "body /lives: is missing"],
        ),
        ("Any", json!({"kind": "Dog", "secret": "b"}), &[]),
        (
            "Any",
            json!({"kind": "cow", "secret": "b", "lives": 9}),
            &[
                "422",
                "body: matches more than one of the alternatives and must match exactly one",
            ],
        ),
        ("Any", json!(5), &["422", "body: must be an object, not an integer"]),
        ("Maybe", json!(null), &[]),
        ("Maybe", json!(1), &["422", "body: must be an object, not an integer"]),
        ("Self", json!({}), &[]),
    ] as [(&str, Value, &[&str]); 11]
    {
        let reference = json!({"$ref": format!("#/components/schemas/{schema}")});
        let operation =
            json!({"responses": {}, "requestBody": {"content": {"application/json": {"schema": reference}}}});
        let document = document("3.0.3", &operation, &schemas);
        let body = value.to_string();
        let request = RequestView {
            content_type: Some(b"application/json"),
            body: Some(body.as_bytes()),
            ..NOTHING
        };
        let validator = validator(&document, &Settings::default());
        assert_eq!(refused(&validator, &request), expected, "{schema}: {value}");
    }
}

#[test]
fn settings_change_what_is_refused() {
    let operation = json!({"responses": {}, "security": [{"key": []}], "parameters": [{"name": "a", "in": "query", "schema": {"format": "date"}}],
        "requestBody": {"content": {"application/json": {"schema": {"properties": {"id": {"readOnly": true}}}}}}});
    let mut document = json!({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {"/": {"post": operation}},
        "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "query", "name": "api_key"}}}});
    document["paths"]["/"]["post"]["operationId"] = "test".into();
    let document = openapi::read(document.to_string().as_bytes(), &Limits::default()).unwrap();
    let request = RequestView {
        query: Some("a=x&b=1&api_key=2"),
        content_type: Some(b"application/json"),
        body: Some(b"{\"id\":1}"),
        ..NOTHING
    };
    let usual = validator(&document, &Settings::default());
    assert_eq!(
        refused(&usual, &request),
        [
            "400",
            "query a: must be a date such as 2026-01-15",
            "body /id: is read-only and must not be sent"
        ]
    );
    let settings = Settings {
        is_query_strict: true,
        is_read_only_refused: false,
        are_formats_checked: false,
        ..Settings::default()
    };
    assert_eq!(
        refused(&validator(&document, &settings), &request),
        ["400", "query b: is not a parameter of this operation"]
    );
}

#[test]
fn messages_never_hold_what_was_sent() {
    let secret = "hunter2".repeat(40);
    let operation = json!({"responses": {}, "parameters": [{"name": "a", "in": "query", "schema": {"type": "integer"}}],
        "requestBody": {"content": {"application/json": {"schema": {"additionalProperties": {"enum": [1]}, "propertyNames": {"maxLength": 3}}}}}});
    let document = document("3.1.0", &operation, &json!({}));
    let query = format!("a={secret}");
    let body = json!({secret.clone(): secret}).to_string();
    let request = RequestView {
        query: Some(&query),
        content_type: Some(b"application/json"),
        body: Some(body.as_bytes()),
        ..NOTHING
    };
    let invalid = validator(&document, &Settings::default())
        .check_request(&request)
        .unwrap_err();
    assert_eq!(invalid.violations.len(), 3);
    for violation in invalid.violations {
        assert!(
            !violation.message.contains("hunter2") && violation.pointer.len() <= 65,
            "{violation:?}"
        );
    }
}

#[test]
fn responses_are_reported() {
    let operation = json!({"responses": {
        "200": {"description": "", "headers": {"X-Count": {"required": true, "schema": {"type": "integer"}}},
            "content": {"application/json": {"schema": {"type": "object", "properties": {"password": {"type": "string", "writeOnly": true}}}}}},
        "4XX": {"description": "", "content": {"application/problem+json": {"schema": {"required": ["title"]}}}},
    }});
    let document = document("3.1.0", &operation, &json!({}));
    let settings = Settings {
        checks_requests: false,
        checks_responses: true,
        ..Settings::default()
    };
    let validator = validator(&document, &settings);
    for (status, count, content_type, body, expected) in [
        (200, Some("5"), "application/json", "{}", &[][..]),
        (200, None, "application/json", "{}", &["header X-Count: is missing"]),
        (
            200,
            Some("x"),
            "application/json",
            "{\"password\":\"a\"}",
            &[
                "header X-Count: must be an integer, not a string",
                "body /password: is write-only and must not be in a response",
            ],
        ),
        (
            200,
            Some("5"),
            "text/html",
            "<html>",
            &["body: must be of content type application/json"],
        ),
        (
            404,
            None,
            "application/problem+json",
            "{}",
            &["body /title: is missing"],
        ),
        (404, None, "", "", &[]),
        (500, None, "", "", &["status: is 500, which the document doesn't list"]),
    ] as [(u16, Option<&str>, &str, &str, &[&str]); 7]
    {
        let headers = |name: &str, value: &mut dyn FnMut(&[u8])| {
            if let Some(count) = count.filter(|_| name.eq_ignore_ascii_case("x-count")) {
                value(count.as_bytes());
            }
        };
        let response = ResponseView {
            status,
            headers: &headers,
            content_type: Some(content_type.as_bytes()),
            body: Some(body.as_bytes()),
        };
        let violations: Vec<String> = validator
            .check_response(&response)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(violations, expected, "{status} {body}");
    }
}

#[test]
fn what_is_not_checked_is_listed() {
    let operation = json!({"responses": {}, "requestBody": {"content": {
        "application/json": {"schema": {"properties": {"a": {"pattern": "^(?!x)"}, "b": {"$ref": "other.yaml#/B"}}, "unevaluatedProperties": false}},
        "application/xml": {"schema": {"type": "object"}}}}});
    let document = document("3.1.0", &operation, &json!({}));
    let validator = validator(&document, &Settings::default());
    let keywords: Vec<&str> = validator
        .unchecked()
        .iter()
        .map(|Unchecked { keyword, .. }| *keyword)
        .collect();
    assert_eq!(keywords, ["content", "$ref", "pattern"]);
    let body = br#"{"a": "x", "b": 1}"#;
    let request = RequestView {
        content_type: Some(b"application/json"),
        body: Some(body),
        ..NOTHING
    };
    assert_eq!(refused(&validator, &request), [""; 0]);
}
