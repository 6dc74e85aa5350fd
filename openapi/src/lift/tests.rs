//! Whole 2.0 documents.

use serde_json::{Value, json};

use super::lift;
use crate::model::Format;

fn lifted(mut document: Value) -> Value {
    lift(&mut document, Format::OpenApi20);
    document
}

#[test]
fn places_of_a_20_document() {
    let document = lifted(json!({
        "swagger": "2.0", "info": {"title": "t", "version": "1"},
        "host": "api.example.com", "basePath": "/v1/", "schemes": ["http", "https"], "x-own": 1,
        "paths": {"/a": {"get": {"responses": {"200": {"description": "d", "schema": {"$ref": "#/definitions/A"},
            "examples": {"application/json": {"x": 1}}, "headers": {"X-Left": {"type": "integer", "description": "left"}}}}}}},
        "definitions": {"A": {"type": "object", "properties": {"b": {"$ref": "#/definitions/B"}}}, "B": {"type": "string", "x-nullable": true}},
        "securityDefinitions": {"b": {"type": "basic"}, "o": {"type": "oauth2", "flow": "accessCode", "tokenUrl": "https://t", "scopes": {"r": "read"}}},
    }));
    assert_eq!(
        document,
        json!({
            "openapi": "3.1.1", "info": {"title": "t", "version": "1"},
            "servers": [{"url": "https://api.example.com/v1"}, {"url": "http://api.example.com/v1"}], "x-own": 1,
            "paths": {"/a": {"get": {"responses": {"200": {"description": "d",
                "headers": {"X-Left": {"description": "left", "schema": {"type": "integer"}}},
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}, "example": {"x": 1}}}}}}}},
            "components": {
                "schemas": {"A": {"type": "object", "properties": {"b": {"$ref": "#/components/schemas/B"}}}, "B": {"type": ["string", "null"]}},
                "securitySchemes": {"b": {"type": "http", "scheme": "basic"},
                    "o": {"type": "oauth2", "flows": {"authorizationCode": {"tokenUrl": "https://t", "scopes": {"r": "read"}}}}}},
        })
    );
}

#[test]
fn parameters_of_a_20_document() {
    let document = lifted(json!({
        "swagger": "2.0", "info": {}, "consumes": ["application/xml"],
        "parameters": {"Shared": {"name": "s", "in": "body", "required": true, "schema": {"type": "object"}},
            "Page": {"name": "page", "in": "query", "type": "integer"}, "File": {"name": "file", "in": "formData", "type": "file", "required": true}},
        "paths": {
            "/body": {"post": {"parameters": [{"$ref": "#/parameters/Shared"}, {"$ref": "#/parameters/Page"}]}},
            "/own": {"post": {"consumes": ["application/json"], "parameters": [
                {"name": "ids", "in": "query", "type": "array", "items": {"type": "integer"}, "collectionFormat": "pipes"},
                {"name": "b", "in": "body", "schema": {"type": "string"}}]}},
            "/form": {"post": {"parameters": [{"$ref": "#/parameters/File"}, {"name": "n", "in": "formData", "type": "string", "description": "d"}]}},
        },
    }));
    let post = |path: &str| &document["paths"][path]["post"];
    assert_eq!(
        post("/body"),
        &json!({"parameters": [{"$ref": "#/components/parameters/Page"}],
        "requestBody": {"$ref": "#/components/requestBodies/Shared"}})
    );
    assert_eq!(
        document["components"]["requestBodies"]["Shared"],
        json!({"required": true, "content": {"application/xml": {"schema": {"type": "object"}}}})
    );
    assert_eq!(
        post("/own"),
        &json!({
        "parameters": [{"name": "ids", "in": "query", "schema": {"type": "array", "items": {"type": "integer"}},
            "style": "pipeDelimited", "explode": false}],
        "requestBody": {"content": {"application/json": {"schema": {"type": "string"}}}}})
    );
    assert_eq!(
        post("/form")["requestBody"],
        json!({"required": true, "content": {"multipart/form-data": {"schema": {
        "type": "object", "properties": {"file": {"type": "string", "format": "binary"}, "n": {"type": "string", "description": "d"}},
        "required": ["file"]}}}})
    );
}
