//! The policies `validation`, `mock` and `signatures`, from outside: what the version's document lets through, what it
//! answers with, and what happens to bodies that are held for them.

mod attacks;
mod judging;
mod mocks;
mod signatures;

use std::{io::Write as _, num::NonZeroU32};

use domain::{
    gateway_config::{DocumentText, OperationRecord},
    policy::PolicySet,
};
use flate2::{Compression, write::GzEncoder};
use gateway::{AccessLines, AccessLog, Finding};
use openapi::OperationKind;
use tokio::sync::mpsc;

use crate::{
    caller::{Caller, Reply},
    world::{KEY, Setup, World},
};

/// A document of pets.
const PETS: &str = r##"{"openapi": "3.1.0", "info": {"title": "Pets", "version": "1"}, "paths": {
    "/pets": {
        "get": {"operationId": "listPets", "parameters": [
            {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 100}},
            {"name": "X-Trace", "in": "header", "schema": {"type": "string", "format": "uuid"}}
        ], "responses": {"200": {"description": "Pets", "content": {"application/json": {"schema": {
            "type": "array", "items": {"$ref": "#/components/schemas/Pet"}}}}}}},
        "post": {"operationId": "addPet", "requestBody": {"required": true, "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/Pet"}},
            "application/x-www-form-urlencoded": {"schema": {"$ref": "#/components/schemas/Pet"}},
            "multipart/form-data": {"schema": {"type": "object", "required": ["name", "photo"], "properties": {
                "name": {"type": "string", "maxLength": 20}, "photo": {"type": "string", "format": "binary"}}}}
        }}, "responses": {"201": {"description": "Added", "headers": {"Location": {"required": true, "schema": {"type": "string"}}},
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"},
                "examples": {"dog": {"value": {"name": "Rex"}}, "cat": {"value": {"name": "Tom"}}}}}},
            "409": {"description": "Known"}}}
    },
    "/pets/{id}": {"get": {"operationId": "getPet", "parameters": [
        {"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}}
    ], "responses": {"200": {"description": "A pet", "content": {
        "application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}, "text/plain": {"example": "Rex"}}}}}}
}, "components": {"schemas": {"Pet": {"type": "object", "required": ["name"], "additionalProperties": false, "properties": {
    "name": {"type": "string", "maxLength": 20}, "age": {"type": "integer", "minimum": 0},
    "parents": {"type": "array", "items": {"$ref": "#/components/schemas/Pet"}}}}}}}"##;

const ADD: &str = "/acme/petstore/v1/pets";

fn policies(json: serde_json::Value) -> PolicySet {
    serde_json::from_value(json).unwrap()
}

/// A version with the operations of a document.
fn described(upstream: Option<&str>, document: &[u8], json: serde_json::Value) -> Setup {
    let read = openapi::read(document, &openapi::Limits::default()).unwrap();
    let paths = read
        .operations()
        .iter()
        .filter(|entry| entry.kind == OperationKind::Path);
    let mut setup = Setup::new(upstream);
    setup.version.operations = paths
        .map(|entry| OperationRecord {
            slug: entry.slug.clone(),
            method: entry.method.clone(),
            path: entry.path.clone(),
            deprecated: false,
            policies: None,
        })
        .collect();
    setup.version.policies = policies(json);
    // Any text that is another for another document will do.
    let hash = format!("{:064x}", document.len());
    setup.version.document = Some(DocumentText::new(hash, document));
    setup
}

/// A gateway over pets that logs, with what it logs.
fn pets(upstream: Option<&str>, json: serde_json::Value) -> (World, mpsc::Receiver<AccessLines>) {
    let (log, lines) = AccessLog::channel(NonZeroU32::MIN, 1_000);
    let world = World::start_with(|options| {
        // One worker: lines come in the order of the calls.
        options.threads = 1;
        options.access_log = Some(log);
    });
    let applied = world
        .snapshot
        .apply(described(upstream, PETS.as_bytes(), json).config());
    assert!(applied.warnings.is_empty(), "{applied:?}");
    (world, lines)
}

/// Everything that was logged, once the gateway has stopped.
async fn logged(world: World, mut lines: mpsc::Receiver<AccessLines>) -> Vec<serde_json::Value> {
    world.stop().await;
    let mut logged = Vec::new();
    while let Some(more) = lines.recv().await {
        let text = String::from_utf8(more).unwrap();
        logged.extend(text.lines().map(|line| serde_json::from_str(line).unwrap()));
    }
    logged
}

/// What was found in calls of the version, by policy and finding.
fn findings(world: &World) -> Vec<(&'static str, &'static str, u64)> {
    let found = world.gateway.counters().read().findings;
    let entries = found.into_iter().map(
        |Finding {
             version,
             policy,
             finding,
             calls,
         }| {
            assert_eq!(version, "acme/petstore/v1");
            (policy, finding, calls)
        },
    );
    entries.collect()
}

/// A request with a body of a known length.
fn post(path: &str, fields: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: gateway.test\r\nX-Api-Key: {KEY}\r\nContent-Length: {length}\r\n{fields}\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// A request whose body comes in chunks.
fn chunked(path: &str, fields: &str, chunks: &[&[u8]], trailers: &str) -> Vec<u8> {
    let mut request = format!(
        "POST {path} HTTP/1.1\r\nHost: gateway.test\r\nX-Api-Key: {KEY}\r\nTransfer-Encoding: chunked\r\n{fields}\r\n"
    )
    .into_bytes();
    for chunk in chunks {
        request.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
        request.extend_from_slice(chunk);
        request.extend_from_slice(b"\r\n");
    }
    request.extend(format!("0\r\n{trailers}\r\n").into_bytes());
    request
}

const JSON: &str = "Content-Type: application/json\r\n";

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

/// Pointers and messages of a problem's errors.
fn errors(problem: &serde_json::Value) -> Vec<(String, String)> {
    let errors = problem["errors"].as_array().unwrap().iter();
    let text = |error: &serde_json::Value, member: &str| error[member].as_str().unwrap().to_owned();
    errors
        .map(|error| (text(error, "pointer"), text(error, "message")))
        .collect()
}

async fn ask(world: &World, request: impl AsRef<[u8]>) -> Reply {
    let mut caller = Caller::connect(world.address()).await;
    caller.send(request).await;
    caller.reply().await
}
