//! Requests to try and answers to expect.

use domain::{
    catalog::Version,
    policy::access::{AccessPolicy, CredentialKind},
};
use leptos::prelude::*;
use openapi::{
    Document, Operation, OperationKind,
    sample::{self, SampleCredential, SampleOptions, SampleRequest, Secret},
    snippet,
};

use crate::{
    href, twin,
    ui::{Language, Sample},
};

/// The environment variables that stand for a key and for a token in samples.
const KEY_VARIABLE: &str = "TURNPIKE_KEY";
const TOKEN_VARIABLE: &str = "ACCESS_TOKEN";
/// The files that stand for a certificate and its key in samples.
const CERTIFICATE: [&str; 2] = ["client.pem", "client.key"];

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
pub fn curl(operation: &Operation<'_>, base_url: &str, access: &AccessPolicy) -> String {
    snippet::write(snippet::Language::Curl, &request(operation, base_url, access))
}

/// Code that calls an operation through the gateway, in every language.
pub fn samples(operation: &Operation<'_>, base_url: &str, access: &AccessPolicy) -> Vec<Sample> {
    let request = request(operation, base_url, access);
    let written = |language: snippet::Language| Sample {
        label: language.label().to_owned(),
        language: colours(language),
        text: snippet::write(language, &request),
    };
    snippet::Language::ALL.map(written).to_vec()
}

fn request(operation: &Operation<'_>, base_url: &str, access: &AccessPolicy) -> SampleRequest {
    let mut request = sample::build(operation, &SampleOptions::at(base_url));
    request.credentials = shown_kind(access).map(credential).into_iter().collect();
    request
}

/// The kind of credential that samples send: the first that is accepted; none where calls pass without.
fn shown_kind(access: &AccessPolicy) -> Option<CredentialKind> {
    access.accept.first().copied().filter(|_| !access.anonymous)
}

fn credential(kind: CredentialKind) -> SampleCredential {
    let variable = |name: &str| Secret::Variable(name.to_owned());
    let bearer = |name: &str| SampleCredential::Header {
        name: "Authorization".to_owned(),
        prefix: "Bearer ".to_owned(),
        secret: variable(name),
    };
    match kind {
        CredentialKind::Key => bearer(KEY_VARIABLE),
        CredentialKind::Basic => SampleCredential::Basic {
            user: Secret::Value("key".to_owned()),
            password: variable(KEY_VARIABLE),
        },
        CredentialKind::Jwt | CredentialKind::Oauth2 | CredentialKind::ClientCredentials => bearer(TOKEN_VARIABLE),
        CredentialKind::Mtls => {
            let [certificate, key] = CERTIFICATE.map(str::to_owned);
            SampleCredential::Certificate { certificate, key }
        }
    }
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

/// A part of a sentence.
enum Part {
    Words(&'static str),
    Code(String),
}

/// How calls are let in at the gateway.
fn parts(access: &AccessPolicy) -> Vec<Part> {
    use Part::{Code, Words};
    let is_only_keys = access.accept == [CredentialKind::Key];
    if access.anonymous {
        return vec![Words(match access.accept.is_empty() {
            true => "none needed",
            false if is_only_keys => "none needed; a key that is sent is checked all the same",
            false => "none needed; a credential that is sent is checked all the same",
        })];
    }
    let mut parts = Vec::new();
    for kind in &access.accept {
        if !parts.is_empty() {
            parts.push(Words("; or "));
        }
        let bearer = || Code("Authorization: Bearer TOKEN".to_owned());
        match kind {
            CredentialKind::Key => {
                parts.extend([
                    Words("an API key, as "),
                    Code("Authorization: Bearer KEY".to_owned()),
                    Words(" or "),
                    Code(format!("{}: KEY", access.key_header)),
                ]);
                if let Some(name) = &access.key_query {
                    parts.extend([Words(" or "), Code(format!("?{name}=KEY"))]);
                }
            }
            CredentialKind::Basic => parts.push(Words("an API key as the password of HTTP Basic authentication")),
            CredentialKind::Jwt => parts.extend([Words("a JSON Web Token, as "), bearer()]),
            CredentialKind::Oauth2 => parts.extend([Words("an OAuth 2.0 access token, as "), bearer()]),
            CredentialKind::ClientCredentials => parts.extend([
                Words("an access token of the gateway's token endpoint "),
                Code("/oauth2/token".to_owned()),
                Words(", as "),
                bearer(),
            ]),
            CredentialKind::Mtls => parts.push(Words("a client certificate")),
        }
    }
    if parts.is_empty() {
        parts.push(Words("no credential is accepted"));
    }
    parts
}

/// How calls are let in at the gateway, as one sentence.
pub fn authentication(access: &AccessPolicy) -> AnyView {
    let parts = parts(access).into_iter().enumerate().map(|(at, part)| match part {
        Part::Words(words) if at == 0 => {
            let (first, rest) = words.split_at(1);
            format!("{}{rest}", first.to_uppercase()).into_any()
        }
        Part::Words(words) => words.into_any(),
        Part::Code(code) => view! { <code>{code}</code> }.into_any(),
    });
    parts.collect_view().into_any()
}

/// The same in Markdown, as part of a line.
pub fn authentication_in_markdown(access: &AccessPolicy) -> String {
    let parts = parts(access).into_iter().map(|part| match part {
        Part::Words(words) => words.to_owned(),
        Part::Code(code) => twin::code_span(&code),
    });
    parts.collect()
}

/// How the placeholder in a sample is filled in.
#[component]
pub fn KeyHint(
    /// What lets calls in.
    access: AccessPolicy,
    /// Slug of the provider.
    #[prop(into)]
    organization: String,
    /// Slug of the api, whose plans lead to a key.
    #[prop(into)]
    api: String,
) -> impl IntoView {
    let Some(kind) = shown_kind(&access) else {
        return view! { <p class="help">"This request works as it is: no key is needed."</p> }.into_any();
    };
    match kind {
        CredentialKind::Key | CredentialKind::Basic => {
            let plans = format!("{}#plans", href::api(organization, api));
            let export = format!("export {KEY_VARIABLE}='your key'");
            view! {
                <p class="help">
                    "The key is read from the environment: " <code>{export}</code> ". No key yet? "
                    <a href=plans>"Choose a plan"</a> "."
                </p>
            }
            .into_any()
        }
        CredentialKind::Jwt | CredentialKind::Oauth2 | CredentialKind::ClientCredentials => {
            let export = format!("export {TOKEN_VARIABLE}='your token'");
            view! { <p class="help">"The token is read from the environment: " <code>{export}</code> "."</p> }
                .into_any()
        }
        CredentialKind::Mtls => {
            let [certificate, key] = CERTIFICATE;
            view! {
                <p class="help">
                    "Your certificate and its key are read from the files " <code>{certificate}</code> " and "
                    <code>{key}</code> "."
                </p>
            }
            .into_any()
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::catalog::version::Access;

    use super::*;

    #[test]
    fn samples_and_words_go_by_what_is_accepted() {
        let json = r#"{"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {"/pets": {"get": {"operationId": "a"}}}}"#;
        let document = openapi::read(json.as_bytes(), &openapi::Limits::default()).unwrap();
        let operation = document.operation("a").unwrap();
        for (accept, sent, words) in [
            (r#"{"key_header": "X-Other"}"#, "Bearer $TURNPIKE_KEY", "`X-Other: KEY`"),
            (r#"{"key_query": "k"}"#, "Bearer $TURNPIKE_KEY", "or `?k=KEY`"),
            (r#"{"accept": ["basic"]}"#, "$TURNPIKE_KEY", "HTTP Basic"),
            (
                r#"{"accept": ["jwt", "key"]}"#,
                "Bearer $ACCESS_TOKEN",
                "a JSON Web Token, as `Authorization: Bearer TOKEN`; or an API key",
            ),
            (r#"{"accept": ["mtls"]}"#, "client.pem", "a client certificate"),
        ] {
            let access: AccessPolicy = serde_json::from_str(accept).unwrap();
            let command = curl(&operation, "https://gateway.example", &access);
            assert!(command.contains(sent), "{accept}: {command}");
            let said = authentication_in_markdown(&access);
            assert!(said.contains(words), "{accept}: {said}");
        }
        let open = AccessPolicy::from(Access::Anonymous);
        assert!(!curl(&operation, "https://gateway.example", &open).contains('$'));
        assert!(authentication(&open).to_html().contains("None needed"));
    }

    #[test]
    fn every_language_calls_the_gateway_with_a_key_from_the_environment() {
        let json = r#"{"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {"/pets": {"get": {"operationId": "a"}}}}"#;
        let document = openapi::read(json.as_bytes(), &openapi::Limits::default()).unwrap();
        let operation = document.operation("a").unwrap();
        let samples = samples(
            &operation,
            "https://gateway.example/acme/pets/v1",
            &AccessPolicy::from(Access::Key),
        );
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
