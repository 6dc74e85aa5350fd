//! Mock answers, from outside.

use openapi::mock::{self, NoAnswer, Preference};
use openapi::{Document, Limits};
use serde_json::json;

fn document() -> Document {
    let pet = json!({"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}, "password": {"type": "string", "writeOnly": true}}});
    let document = json!({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {"/pets": {"get": {"operationId": "test", "responses": {
        "404": {"description": "", "content": {"application/problem+json": {"example": {"title": "gone"}}}},
        "201": {"description": "", "content": {"application/json": {"schema": pet}}},
        "200": {"description": "",
            "headers": {"X-Rate": {"schema": {"type": "integer", "example": 9}}, "X-Bad": {"example": "a\r\nSet-Cookie: b"}, "Content-Length": {"example": 7}},
            "content": {
                "application/json; charset=utf-8": {"schema": pet, "examples": {"dog": {"value": {"id": 1}}, "cat": {"value": {"id": 2}}}},
                "text/plain": {"example": "a dog"},
                "application/xml": {"schema": pet}}},
        "5XX": {"description": "", "content": {"*/*": {"schema": {"type": "string"}}}},
        "204": {"description": "", "content": {"application/json": {"example": 1}}},
    }}}}});
    openapi::read(document.to_string().as_bytes(), &Limits::default()).unwrap()
}

#[test]
fn answers_are_chosen_as_preferred() {
    let document = document();
    let operation = document.operation("test").unwrap();
    for (prefer, accept, expected) in [
        (
            "",
            None,
            Ok((200, Some("application/json; charset=utf-8"), "{\"id\":1}")),
        ),
        (
            "example=cat",
            None,
            Ok((200, Some("application/json; charset=utf-8"), "{\"id\":2}")),
        ),
        (
            "dynamic=true",
            None,
            Ok((200, Some("application/json; charset=utf-8"), "{\"id\":1}")),
        ),
        ("code=201", None, Ok((201, Some("application/json"), "{\"id\":1}"))),
        (
            "code=404",
            None,
            Ok((404, Some("application/problem+json"), "{\"title\":\"gone\"}")),
        ),
        ("code=503", None, Ok((503, Some("application/json"), "\"string\""))),
        ("code=503", Some("text/plain"), Ok((503, Some("text/plain"), "string"))),
        ("code=204", None, Ok((204, None, ""))),
        ("code=302", None, Err(NoAnswer::NoResponse)),
        ("example=cow", None, Err(NoAnswer::NoExample)),
        ("", Some("text/*"), Ok((200, Some("text/plain"), "a dog"))),
        (
            "",
            Some("application/json;q=0.5, text/plain"),
            Ok((200, Some("text/plain"), "a dog")),
        ),
        (
            "",
            Some("application/json;q=0, */*"),
            Ok((200, Some("text/plain"), "a dog")),
        ),
        ("", Some("image/png"), Err(NoAnswer::NotAcceptable)),
        ("", Some("application/xml"), Err(NoAnswer::NotAcceptable)),
    ] {
        let answer = mock::answer(&operation, &Preference::parse([prefer]), accept);
        let seen = answer.as_ref().map(|answer| {
            let body = std::str::from_utf8(&answer.body).unwrap();
            (answer.status, answer.content_type.as_deref(), body)
        });
        assert_eq!(seen.map_err(Clone::clone), expected, "{prefer} {accept:?}");
    }
}

#[test]
fn headers_are_safe_to_send() {
    let document = document();
    let operation = document.operation("test").unwrap();
    let answer = mock::answer(&operation, &Preference::parse(["code=200, example=cat"]), None).unwrap();
    let headers: Vec<(&str, &str)> = answer.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
    let expected = [
        ("X-Rate", "9"),
        ("X-Bad", "aSet-Cookie: b"),
        ("Preference-Applied", "code=200, example=cat"),
    ];
    assert_eq!(headers, expected);
}
