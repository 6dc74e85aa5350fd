//! Documents, upstreams and errors that the tests of catalog, plans, usage and gateway configuration share.

use std::fmt::Debug;

use domain::{
    catalog::{SpecUpload, service::ApiInput},
    error::{DomainError, ErrorCode},
    upstream::Upstream,
};

/// A document with three operations, a webhook and, after a relative one, an absolute server.
pub(crate) const PETSTORE: &str = r#"{
    "openapi": "3.1.0",
    "info": {"title": "Swagger Petstore", "version": "1.0.7"},
    "servers": [{"url": "/relative"}, {"url": "https://pets.example/base"}],
    "paths": {
        "/pets": {
            "get": {"operationId": "listPets", "responses": {"200": {"description": "Pets"}}},
            "post": {"operationId": "createPet", "responses": {"201": {"description": "Made"}}}
        },
        "/pets/{id}": {"get": {
            "operationId": "getPet", "deprecated": true,
            "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}}],
            "responses": {"200": {"description": "A pet"}}
        }}
    },
    "webhooks": {"petSold": {"post": {"responses": {"200": {"description": "Noted"}}}}}
}"#;

/// A document as it is uploaded.
pub(crate) fn upload(text: &str) -> SpecUpload {
    SpecUpload {
        bytes: text.as_bytes().to_vec(),
        source: "petstore.json".into(),
        overlays: None,
    }
}

/// [`PETSTORE`], with other bytes for each `n`.
pub(crate) fn petstore(n: u32) -> SpecUpload {
    upload(&PETSTORE.replace("1.0.7", &format!("{n}.0")))
}

/// What a provider types about an api.
pub(crate) fn words(slug: &str, name: &str) -> ApiInput {
    ApiInput {
        slug: slug.into(),
        name: name.into(),
        ..ApiInput::default()
    }
}

/// An upstream on this machine.
pub(crate) fn local(port: u16) -> Upstream {
    Upstream::single(format!("http://127.0.0.1:{port}").parse().unwrap())
}

/// The fields that an error is about.
pub(crate) fn fields<T: Debug>(result: Result<T, DomainError>) -> Vec<String> {
    match result {
        Err(DomainError::Invalid(errors)) => errors.into_iter().map(|error| error.field).collect(),
        other => panic!("expected field errors, got {other:?}"),
    }
}

/// The stable code of an error.
pub(crate) fn code<T: Debug>(result: Result<T, DomainError>) -> ErrorCode {
    result.expect_err("it should have been refused").code()
}
