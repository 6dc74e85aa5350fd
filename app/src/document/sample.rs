//! Requests to try and answers to expect.

use domain::catalog::{Version, version::Access};
use leptos::prelude::*;
use openapi::{
    Document, Operation, OperationKind, SampleContext,
    sample::{self, SampleRequest},
    snippet,
};

use crate::{
    href,
    ui::{Language, Sample},
};

/// What stands for the key in samples; a shell fills it in.
const KEY_VARIABLE: &str = "$TURNPIKE_KEY";

/// Where a version answers, without a slash at the end: at its own host or base path, if it has one.
pub fn base_url(gateway_url: &str, organization: &str, api: &str, version: &Version) -> String {
    let name = version.name.as_str();
    version.routing.base_url(gateway_url, organization, api, name)
}

/// The operation to try first: a GET that needs no parameters, else the first that is not deprecated, else the first.
pub fn quickstart_operation(document: &Document) -> Option<Operation<'_>> {
    /// Operations that are looked into; the first ones are the telling ones.
    const LOOKED_INTO: usize = 300;
    let paths = || {
        document
            .operations()
            .iter()
            .filter(|entry| entry.kind == OperationKind::Path)
    };
    let is_easy = |operation: &Operation<'_>| operation.parameters().iter().all(|parameter| !parameter.required);
    paths()
        .filter(|entry| entry.method == "GET" && !entry.deprecated && !entry.path.contains('{'))
        .take(LOOKED_INTO)
        .filter_map(|entry| document.operation(&entry.slug))
        .find(is_easy)
        .or_else(|| {
            paths()
                .find(|entry| !entry.deprecated)
                .and_then(|entry| document.operation(&entry.slug))
        })
        .or_else(|| paths().next().and_then(|entry| document.operation(&entry.slug)))
}

/// The command that calls an operation through the gateway.
pub fn curl(operation: &Operation<'_>, base_url: &str, access: Access) -> String {
    snippet::write(snippet::Language::Curl, &request(operation, base_url, access))
}

/// Code that calls an operation through the gateway, in every language.
pub fn samples(operation: &Operation<'_>, base_url: &str, access: Access) -> Vec<Sample> {
    let request = request(operation, base_url, access);
    let written = |language: snippet::Language| Sample {
        label: language.label().to_owned(),
        language: colours(language),
        text: snippet::write(language, &request),
    };
    snippet::Language::ALL.map(written).to_vec()
}

fn request(operation: &Operation<'_>, base_url: &str, access: Access) -> SampleRequest {
    let credential = match access {
        Access::Key => Some(KEY_VARIABLE),
        Access::Anonymous => None,
    };
    sample::request(operation.document(), operation, &SampleContext { base_url, credential })
}

const fn colours(language: snippet::Language) -> Language {
    match language {
        snippet::Language::Curl => Language::Shell,
        snippet::Language::JavaScript => Language::JavaScript,
        snippet::Language::TypeScript => Language::TypeScript,
        snippet::Language::Python => Language::Python,
        snippet::Language::Go => Language::Go,
        snippet::Language::Rust => Language::Rust,
        snippet::Language::Java => Language::Java,
        snippet::Language::Php => Language::Php,
        snippet::Language::CSharp => Language::CSharp,
    }
}

/// How calls are let in at the gateway, as one sentence.
pub fn authentication(access: Access) -> AnyView {
    match access {
        Access::Key => {
            view! { "An API key: " <code>"Authorization: Bearer KEY"</code> " or " <code>"X-Api-Key: KEY"</code> }
                .into_any()
        }
        Access::Anonymous => "None needed. A key that is sent is checked all the same.".into_any(),
    }
}

/// The same in Markdown, as part of a line.
pub const fn authentication_in_markdown(access: Access) -> &'static str {
    match access {
        Access::Key => "an API key, as `Authorization: Bearer KEY` or `X-Api-Key: KEY`",
        Access::Anonymous => "none needed; a key that is sent is checked all the same",
    }
}

/// How the placeholder in a sample is filled in.
#[component]
pub fn KeyHint(
    /// Whether a key is needed.
    access: Access,
    /// Slug of the provider.
    #[prop(into)]
    organization: String,
    /// Slug of the api, whose plans lead to a key.
    #[prop(into)]
    api: String,
) -> impl IntoView {
    match access {
        Access::Anonymous => view! { <p class="help">"This request works as it is: no key is needed."</p> }.into_any(),
        Access::Key => {
            let plans = format!("{}#plans", href::api(organization, api));
            view! {
                <p class="help">
                    "The key is read from the environment: " <code>"export TURNPIKE_KEY='your key'"</code> ". No key yet? "
                    <a href=plans>"Choose a plan"</a> "."
                </p>
            }
            .into_any()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_calls_the_gateway_with_a_key_from_the_environment() {
        let json = r#"{"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {"/pets": {"get": {"operationId": "a"}}}}"#;
        let document = openapi::read(json.as_bytes(), &openapi::Limits::default()).unwrap();
        let operation = document.operation("a").unwrap();
        let samples = samples(&operation, "https://gateway.example/acme/pets/v1", Access::Key);
        assert_eq!(samples.len(), 9);
        for sample in &samples {
            assert!(
                sample.text.contains("gateway.example/acme/pets/v1/pets"),
                "{}",
                sample.text
            );
            assert!(sample.text.contains("TURNPIKE_KEY"), "{}", sample.text);
        }
        assert!(samples[0].text.starts_with("curl"));
    }

    #[test]
    fn the_first_request_is_one_that_works_as_it_is() {
        for (name, paths, slug) in [
            (
                "a GET without parameters, wherever it is",
                r#""/a": {"post": {"responses": {}}}, "/b/{id}": {"get": {"responses": {}}}, "/c": {"get": {"operationId": "c", "responses": {}}}"#,
                "c",
            ),
            (
                "not one that wants a header",
                r#""/a": {"get": {"parameters": [{"in": "header", "name": "X", "required": true}], "responses": {}}}, "/c": {"get": {"operationId": "c", "responses": {}}}"#,
                "c",
            ),
            (
                "else the first that stays",
                r#""/a": {"get": {"deprecated": true, "responses": {}}}, "/b": {"post": {"operationId": "b", "responses": {}}}"#,
                "b",
            ),
            (
                "else the first",
                r#""/a": {"post": {"deprecated": true, "operationId": "a", "responses": {}}}"#,
                "a",
            ),
        ] {
            let json =
                format!(r#"{{"openapi": "3.1.0", "info": {{"title": "t", "version": "1"}}, "paths": {{{paths}}}}}"#);
            let document = openapi::read(json.as_bytes(), &openapi::Limits::default()).unwrap();
            assert_eq!(quickstart_operation(&document).unwrap().entry().slug, slug, "{name}");
        }
    }
}
