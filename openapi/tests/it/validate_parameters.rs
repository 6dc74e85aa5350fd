//! Parameters of every place and style.

use openapi::validate::{RequestView, Settings};
use serde_json::{Value, json};

use crate::validate::{NOTHING, document, refused, validator};

#[test]
fn query_parameters_of_every_style() {
    let list = json!({"type": "array", "items": {"type": "integer"}, "maxItems": 3});
    let object = json!({"type": "object", "properties": {"r": {"type": "integer"}, "tags": {"type": "array", "items": {"type": "string"}}},
        "required": ["r"], "additionalProperties": false});
    for (name, parameter, query, expected) in [
        (
            "number",
            json!({"schema": {"type": "integer", "maximum": 10}}),
            "p=7",
            &[][..],
        ),
        (
            "too large",
            json!({"schema": {"type": "integer", "maximum": 10}}),
            "p=70",
            &["400", "query p: must be at most 10"],
        ),
        (
            "no number",
            json!({"schema": {"type": "integer"}}),
            "p=x",
            &["400", "query p: must be an integer, not a string"],
        ),
        (
            "a fraction",
            json!({"schema": {"type": "integer"}}),
            "p=1.5",
            &["400", "query p: must be an integer, not a number"],
        ),
        (
            "twice",
            json!({"schema": {"type": "integer"}}),
            "p=1&p=2",
            &["400", "query p: must not be given more than once"],
        ),
        (
            "missing",
            json!({"required": true, "schema": {"type": "integer"}}),
            "q=1",
            &["400", "query p: is missing"],
        ),
        ("optional", json!({"schema": {"type": "integer"}}), "", &[]),
        (
            "empty",
            json!({"allowEmptyValue": true, "schema": {"type": "integer"}}),
            "p=",
            &[],
        ),
        (
            "no value",
            json!({"schema": {"type": "integer"}}),
            "p",
            &["400", "query p: must be an integer, not a string"],
        ),
        ("boolean", json!({"schema": {"type": "boolean"}}), "p=true", &[]),
        (
            "digits as text",
            json!({"schema": {"type": "string", "pattern": "^\\d+$"}}),
            "p=007",
            &[],
        ),
        (
            "either, number",
            json!({"schema": {"oneOf": [{"type": "integer"}, {"enum": ["all"]}]}}),
            "p=5",
            &[],
        ),
        (
            "either, word",
            json!({"schema": {"oneOf": [{"type": "integer"}, {"enum": ["all"]}]}}),
            "p=all",
            &[],
        ),
        (
            "either, neither",
            json!({"schema": {"oneOf": [{"type": "integer"}, {"enum": ["all"]}]}}),
            "p=no",
            &["400", "query p: must be \"all\""],
        ),
        ("or null", json!({"schema": {"type": ["integer", "null"]}}), "p=", &[]),
        ("escapes", json!({"schema": {"const": "a b&c"}}), "p=a+b%26c", &[]),
        (
            "no UTF-8",
            json!({"schema": {"type": "string"}}),
            "p=%ff",
            &["400", "query p: must be UTF-8 once its percent-encoding is decoded"],
        ),
        ("exploded list", json!({"schema": list}), "p=1&p=2", &[]),
        ("exploded list of one", json!({"schema": list}), "p=1", &[]),
        (
            "exploded list, wrong item",
            json!({"schema": list}),
            "p=1&p=x",
            &["400", "query p /1: must be an integer, not a string"],
        ),
        (
            "too many items",
            json!({"schema": list}),
            "p=1&p=2&p=3&p=4",
            &["400", "query p: must have at most 3 items"],
        ),
        ("comma", json!({"explode": false, "schema": list}), "p=1,2", &[]),
        (
            "encoded comma",
            json!({"explode": false, "schema": list}),
            "p=1%2C2",
            &[],
        ),
        ("empty list", json!({"explode": false, "schema": list}), "p=", &[]),
        (
            "space",
            json!({"style": "spaceDelimited", "explode": false, "schema": list}),
            "p=1%202",
            &[],
        ),
        (
            "plus",
            json!({"style": "spaceDelimited", "explode": false, "schema": list}),
            "p=1+x",
            &["400", "query p /1: must be an integer, not a string"],
        ),
        (
            "pipe",
            json!({"style": "pipeDelimited", "explode": false, "schema": list}),
            "p=1|2|3",
            &[],
        ),
        (
            "encoded pipe",
            json!({"style": "pipeDelimited", "explode": false, "schema": list}),
            "p=1%7C2%7C3%7C4",
            &["400", "query p: must have at most 3 items"],
        ),
        (
            "exploded object",
            json!({"schema": object}),
            "r=5&tags=a&tags=b&other=1",
            &[],
        ),
        (
            "exploded object, wrong",
            json!({"schema": object}),
            "r=x",
            &["400", "query p /r: must be an integer, not a string"],
        ),
        (
            "exploded object, missing",
            json!({"required": true, "schema": object}),
            "other=1",
            &["400", "query p: is missing"],
        ),
        ("flat object", json!({"explode": false, "schema": object}), "p=r,5", &[]),
        (
            "odd object",
            json!({"explode": false, "schema": object}),
            "p=r",
            &["400", "query p: must be a list of names, each followed by its value"],
        ),
        (
            "deep",
            json!({"style": "deepObject", "schema": object}),
            "p[r]=5&p%5Btags%5D=a&p[tags]=b",
            &[],
        ),
        (
            "deep, unknown",
            json!({"style": "deepObject", "schema": object}),
            "p[r]=5&p[x]=1",
            &["400", "query p /x: is not known here"],
        ),
        (
            "deep, malformed",
            json!({"style": "deepObject", "schema": object}),
            "p[r=5",
            &["400", "query p: must be written as `name[property]=value`"],
        ),
        (
            "JSON",
            json!({"content": {"application/json": {"schema": object}}}),
            "p=%7B%22r%22:1%7D",
            &[],
        ),
        (
            "no JSON",
            json!({"content": {"application/json": {"schema": object}}}),
            "p=%7B",
            &["400", "query p: must be JSON: it ends too early at line 1, column 1"],
        ),
        (
            "JSON, wrong",
            json!({"content": {"application/json": {"schema": object}}}),
            "p={}",
            &["400", "query p /r: is missing"],
        ),
    ] as [(&str, Value, &str, &[&str]); 39]
    {
        let mut parameter = parameter;
        parameter["name"] = "p".into();
        parameter["in"] = "query".into();
        let document = document(
            "3.1.0",
            &json!({"parameters": [parameter], "responses": {}}),
            &json!({}),
        );
        let validator = validator(&document, &Settings::default());
        let request = RequestView {
            query: Some(query),
            ..NOTHING
        };
        assert_eq!(refused(&validator, &request), expected, "{name}");
    }
}

#[test]
fn path_header_and_cookie_parameters() {
    let list = json!({"type": "array", "items": {"type": "integer"}});
    let object = json!({"type": "object", "properties": {"r": {"type": "integer"}}, "required": ["r"]});
    for (name, parameter, text, expected) in [
        (
            "simple",
            json!({"in": "path", "schema": {"type": "integer"}}),
            "5",
            &[][..],
        ),
        (
            "escaped",
            json!({"in": "path", "schema": {"const": "a/b c"}}),
            "a%2Fb%20c",
            &[],
        ),
        ("plus", json!({"in": "path", "schema": {"const": "a+b"}}), "a+b", &[]),
        (
            "wrong",
            json!({"in": "path", "schema": {"type": "integer"}}),
            "x",
            &["400", "path id: must be an integer, not a string"],
        ),
        ("list", json!({"in": "path", "schema": list}), "1,2", &[]),
        ("object", json!({"in": "path", "schema": object}), "r,2", &[]),
        (
            "exploded object",
            json!({"in": "path", "explode": true, "schema": object}),
            "r=2",
            &[],
        ),
        (
            "label",
            json!({"in": "path", "style": "label", "schema": {"type": "integer"}}),
            ".5",
            &[],
        ),
        (
            "no label",
            json!({"in": "path", "style": "label", "schema": {"type": "integer"}}),
            "5",
            &["400", "path id: must begin with a dot"],
        ),
        (
            "label list",
            json!({"in": "path", "style": "label", "explode": true, "schema": list}),
            ".5.x",
            &["400", "path id /1: must be an integer, not a string"],
        ),
        (
            "matrix",
            json!({"in": "path", "style": "matrix", "schema": {"type": "integer"}}),
            ";id=5",
            &[],
        ),
        (
            "matrix list",
            json!({"in": "path", "style": "matrix", "schema": list}),
            ";id=5,6",
            &[],
        ),
        (
            "exploded matrix list",
            json!({"in": "path", "style": "matrix", "explode": true, "schema": list}),
            ";id=5;id=6",
            &[],
        ),
        (
            "exploded matrix object",
            json!({"in": "path", "style": "matrix", "explode": true, "schema": object}),
            ";r=6",
            &[],
        ),
        (
            "matrix without name",
            json!({"in": "path", "style": "matrix", "schema": list}),
            ";5",
            &["400", "path id: must begin with its name and an equals sign"],
        ),
        (
            "header",
            json!({"in": "header", "schema": {"type": "integer"}}),
            "5",
            &[],
        ),
        ("header list", json!({"in": "header", "schema": list}), "5, 6", &[]),
        (
            "header, wrong",
            json!({"in": "header", "schema": list}),
            "5, x",
            &["400", "header id /1: must be an integer, not a string"],
        ),
        (
            "header object",
            json!({"in": "header", "explode": true, "schema": object}),
            "r=5",
            &[],
        ),
        (
            "header JSON",
            json!({"in": "header", "content": {"application/json": {"schema": object}}}),
            "{\"r\": true}",
            &["400", "header id /r: must be an integer, not a boolean"],
        ),
        (
            "cookie",
            json!({"in": "cookie", "schema": {"type": "integer"}}),
            "a=b; id=5",
            &[],
        ),
        (
            "cookie, wrong",
            json!({"in": "cookie", "schema": {"type": "integer"}}),
            "id=x;a=b",
            &["400", "cookie id: must be an integer, not a string"],
        ),
        (
            "cookie, missing",
            json!({"in": "cookie", "required": true, "schema": {"type": "integer"}}),
            "other=1",
            &["400", "cookie id: is missing"],
        ),
        (
            "cookie list",
            json!({"in": "cookie", "explode": false, "schema": list}),
            "id=1,x",
            &["400", "cookie id /1: must be an integer, not a string"],
        ),
    ] as [(&str, Value, &str, &[&str]); 24]
    {
        let mut parameter = parameter;
        parameter["name"] = "id".into();
        if parameter["in"] == "path" {
            parameter["required"] = true.into();
        }
        let document = document(
            "3.1.0",
            &json!({"parameters": [parameter], "responses": {}}),
            &json!({}),
        );
        let validator = validator(&document, &Settings::default());
        let wanted = if parameter["in"] == "cookie" { "cookie" } else { "id" };
        let headers = |name: &str, value: &mut dyn FnMut(&[u8])| {
            if name.eq_ignore_ascii_case(wanted) && parameter["in"] != "path" {
                value(text.as_bytes());
            }
        };
        let request = RequestView {
            path_parameters: &[("id", text)],
            headers: &headers,
            ..NOTHING
        };
        assert_eq!(refused(&validator, &request), expected, "{name}");
    }
}
