//! Pages made from real and from hostile documents: complete, escaped, bounded.

use std::{path::Path, sync::Arc};

use domain::{
    catalog::{
        Api, Revision, Version, VersionState, Visibility,
        query::{ApiDetail, Reference},
        routing::Routing,
        run_time::InForce,
        version::Access,
    },
    id::{ApiId, OrganizationId, RevisionId, VersionId},
    organization::Organization,
};
use leptos::prelude::RenderHtml;
use openapi::{Direction, Document, schema::SchemaNode};
use time::macros::datetime;

use super::{operation, operation_list::ListQuery, reading::Reading, trees::Trees, twins, version};
use crate::{
    cx::{Assets, Settings},
    document::chapters,
    ui::text::short_text,
};

/// Operations of one document that are rendered: spread over all of it.
const SAMPLED: usize = 25;

pub(super) fn reading(document: Document) -> Reading {
    let at = datetime!(2026-11-20 9:00 UTC);
    let organization = Organization {
        id: OrganizationId::generate(),
        slug: "acme".parse().unwrap(),
        name: "Acme".into(),
        created_at: at,
    };
    let api = Api {
        id: ApiId::generate(),
        organization_id: organization.id,
        slug: "things".parse().unwrap(),
        name: document.title().chars().take(100).collect(),
        summary: String::new(),
        visibility: Visibility::Public,
        tags: Vec::new(),
        created_at: at,
    };
    let version = Version {
        id: VersionId::generate(),
        api_id: api.id,
        name: "v1".parse().unwrap(),
        state: VersionState::Published,
        revision_id: Some(RevisionId::generate()),
        upstream: None,
        access: Access::Key,
        routing: Routing::default(),
        deprecation: None,
        created_at: at,
        published_at: Some(at),
    };
    let revision = Revision {
        id: RevisionId::generate(),
        version_id: version.id,
        number: 1,
        sha256: String::new(),
        upload_sha256: None,
        overlays: Vec::new(),
        format: document.format().label().to_owned(),
        title: document.title().to_owned(),
        document_version: document.version().to_owned(),
        operations: document.operations().len() as u32,
        size: 0,
        diagnostics: Vec::new(),
        created_at: at,
    };
    let detail = ApiDetail {
        organization,
        api,
        versions: vec![version.clone()],
        plans: Vec::new(),
    };
    let settings = Settings {
        name: "Turnpike".into(),
        portal_url: "http://127.0.0.1:3000".into(),
        gateway_url: "http://127.0.0.1:8080".into(),
        secure_cookies: false,
        has_mail_sink: false,
        assets: Assets::default(),
        problems: Vec::new(),
    };
    let reference = Reference {
        detail,
        version,
        revision,
        document: Arc::new(document),
        in_force: InForce::default(),
    };
    Reading {
        reference,
        settings: Arc::new(settings),
        now: at,
    }
}

fn read(text: &str) -> Document {
    openapi::read(text.as_bytes(), &openapi::Limits::default()).unwrap()
}

/// As views escape text.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn names<'n>(node: &'n SchemaNode, into: &mut Vec<&'n str>) {
    into.extend(node.name.as_deref());
    for child in &node.children {
        names(child, into);
    }
}

/// What runs or loads in a page: none of it may come out of a document.
fn check_harmless(name: &str, html: &str) {
    let lower = html.to_lowercase();
    for bad in [
        "<script",
        "<img",
        "<iframe",
        "<object",
        "<embed",
        "<base",
        "<style",
        "<link",
        "<meta",
        "<foreignobject",
    ] {
        assert!(!lower.contains(bad), "{name}: {bad}");
    }
    for attribute in ["href=\"", "action=\"", "src=\""] {
        for value in lower.split(attribute).skip(1) {
            let value = value.split('"').next().unwrap_or_default();
            let is_known = ["/", "#", "http://", "https://", "mailto:", "?"]
                .iter()
                .any(|start| value.starts_with(start));
            assert!(is_known && !value.starts_with("//"), "{name}: {attribute}{value}");
        }
    }
    // Inside of tags only: texts may say what they like.
    for tag in lower
        .split('<')
        .skip(1)
        .filter_map(|rest| rest.split_once('>').map(|(tag, _)| tag))
    {
        let outside_quotes: String = tag.split('"').step_by(2).collect();
        assert!(
            !outside_quotes.contains(" on") && !outside_quotes.contains(" style="),
            "{name}: <{tag}>"
        );
    }
}

fn check_operation(name: &str, reading: &Reading, slug: &str) {
    let html = operation::view(reading, slug).to_html();
    let document = reading.document();
    let operation = document.operation(slug).unwrap();
    let place = format!("{name} {slug}");
    check_harmless(&place, &html);
    assert!(html.len() < 1_500_000, "{place}: {} bytes", html.len());
    let twin = twins::operation_twin(reading, slug);
    assert!(twin.len() < 1_100_000, "{place}: {} bytes of Markdown", twin.len());
    let has = |text: &str| assert!(html.contains(&escaped(text)), "{place}: {text:?} is missing");
    for parameter in operation.parameters().iter().take(100) {
        has(&short_text(parameter.name, 200));
    }
    for response in operation.responses().iter().take(50) {
        has(&short_text(response.status, 20));
    }
    // The first tree of the page has the whole budget, so that all of its names must be there.
    let body = operation.request_body();
    let schema = body
        .as_ref()
        .and_then(|body| body.content.first()?.schema)
        .filter(|_| operation.parameters().is_empty());
    if let Some(schema) = schema {
        let tree = Trees::new(document).tree(schema, Direction::Request, 400);
        let mut all = Vec::new();
        names(&tree, &mut all);
        for name in all {
            has(&crate::ui::text::visible_text(name));
        }
    }
}

fn check_document(name: &str, document: Document) {
    let reading = reading(document);
    let entries = reading.document().operations();
    let step = entries.len().div_ceil(SAMPLED).max(1);
    let slugs: Vec<String> = entries.iter().step_by(step).map(|entry| entry.slug.clone()).collect();
    for slug in &slugs {
        check_operation(name, &reading, slug);
    }
    let chapter = chapters(reading.document())
        .last()
        .map(|chapter| chapter.slug.clone())
        .unwrap_or_default();
    let queries = [
        ListQuery::default(),
        ListQuery {
            chapter,
            ..ListQuery::default()
        },
        ListQuery {
            q: "get".into(),
            ..ListQuery::default()
        },
        ListQuery {
            q: "<script>alert(1)</script>".into(),
            chapter: "\"><script>".into(),
            after: "x".into(),
        },
    ];
    for query in &queries {
        let html = version::view(&reading, query).to_html();
        check_harmless(&format!("{name} {query:?}"), &html);
        assert!(html.len() < 1_500_000, "{name} {query:?}: {} bytes", html.len());
    }
}

fn check_folder(folder: &Path) -> usize {
    let Ok(files) = std::fs::read_dir(folder) else { return 0 };
    let mut checked = 0;
    for path in files.filter_map(Result::ok).map(|file| file.path()) {
        if path.is_dir() {
            checked += check_folder(&path);
            continue;
        }
        let is_spec = [".json", ".yaml", ".yml", ".gz"]
            .iter()
            .any(|ending| path.to_string_lossy().ends_with(ending));
        let bytes = std::fs::read(&path).unwrap();
        let read = is_spec.then(|| openapi::read(&bytes, &openapi::Limits::default()));
        if let Some(Ok(document)) = read {
            check_document(&path.to_string_lossy(), document);
            checked += 1;
        }
    }
    checked
}

#[test]
fn documents_of_every_kind_become_pages() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    assert!(
        check_folder(&here.join("../openapi/tests/specs")) > 10,
        "the specs of the engine's tests are beside it"
    );
    check_folder(&here.join("../../shared/specs"));
}

#[test]
fn nothing_of_a_document_runs() {
    const EVIL: &str = "<script>alert(1)</script><img src=x onerror=alert(1)>\\\" onmouseover=alert(1) x=\\\"";
    let text = r#"{"openapi": "3.1.0",
        "info": {"title": "EVIL", "version": "EVIL", "description": "EVIL [x](javascript:alert(1))",
                 "contact": {"name": "EVIL", "url": "javascript:alert(1)"}},
        "servers": [{"url": "javascript:alert(1)//EVIL", "description": "EVIL"}],
        "tags": [{"name": "EVIL", "description": "EVIL"}],
        "security": [{"EVIL": ["EVIL"]}],
        "paths": {"/EVIL/{EVIL}": {"post": {"operationId": "EVIL", "summary": "EVIL", "description": "EVIL", "tags": ["EVIL"],
            "externalDocs": {"url": "javascript:alert(1)", "description": "EVIL"},
            "callbacks": {"EVIL": {}},
            "parameters": [{"in": "path", "name": "EVIL", "description": "EVIL", "example": "EVIL",
                            "schema": {"type": "string", "enum": ["EVIL"], "pattern": "EVIL", "default": "EVIL"}}],
            "requestBody": {"description": "EVIL", "content": {"EVIL": {"schema": {"title": "EVIL", "type": "object",
                "properties": {"EVIL": {"type": "EVIL", "description": "EVIL"}}}, "examples": {"EVIL": {"summary": "EVIL", "value": "EVIL",
                "externalValue": "javascript:alert(1)"}}}}},
            "responses": {"EVIL": {"description": "EVIL"}, "200": {"description": "EVIL", "headers": {"X-A": {"description": "EVIL"}},
                "content": {"application/json": {"example": {"EVIL": "EVIL"}}}}}}}},
        "components": {"securitySchemes": {"EVIL": {"type": "apiKey", "in": "EVIL", "name": "EVIL"}}}}"#;
    check_document("evil", read(&text.replace("EVIL", EVIL)));
}

#[test]
fn a_page_has_what_its_operation_has() {
    let reading = reading(read(
        r#"{"openapi": "3.1.0", "info": {"title": "Pets", "version": "1"},
        "paths": {"/pets/{id}": {"put": {"operationId": "changePet", "summary": "Change a pet", "deprecated": true,
            "tags": ["Pets"], "description": "Changes **one** pet.",
            "parameters": [{"in": "path", "name": "id", "required": true, "schema": {"type": "integer"}},
                           {"in": "query", "name": "expand", "style": "form", "explode": false, "schema": {"type": "array", "items": {"type": "string"}}},
                           {"in": "header", "name": "If-Match", "schema": {"type": "string"}, "example": "abc"}],
            "requestBody": {"required": true, "content": {"application/json": {"schema": {"type": "object", "properties": {"name": {"type": "string"}}}}}},
            "responses": {"200": {"description": "The pet", "headers": {"ETag": {"schema": {"type": "string"}}},
                                  "content": {"application/json": {"example": {"name": "Rex"}}}},
                          "404": {"description": ""}}}},
          "/pets": {"get": {"operationId": "listPets", "tags": ["Pets"], "responses": {}}}}}"#,
    ));
    let html = operation::view(&reading, "changePet").to_html();
    for part in [
        "<h1>Change a pet",
        "/acme/things/v1/pets/{id}",
        "Changes <strong>one</strong> pet.",
        "This operation is deprecated",
        "TURNPIKE_KEY",
        "expand",
        "several values separated by commas",
        "If-Match",
        "ETag",
        "Not Found",
        "/apis/acme/things/v1/operations/listPets",
        "Rex",
        "aria-current=\"page\"",
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
}

#[test]
fn twins_have_bounds_of_their_own() {
    use std::fmt::Write as _;
    // Every parameter and header is a reference to a large thing, so that little text stands for much.
    let (mut parameters, mut headers, mut operations) = (String::new(), String::new(), String::new());
    for n in 0..2_000 {
        let comma = if n == 0 { "" } else { "," };
        let _ = write!(
            parameters,
            r##"{comma}{{"in": "query", "name": "parameter{n}", "schema": {{"$ref": "#/components/schemas/Large"}}}}"##
        );
        let _ = write!(
            headers,
            r##"{comma}"X-Header-{n}": {{"schema": {{"$ref": "#/components/schemas/Large"}}}}"##
        );
    }
    let summary = "word ".repeat(30);
    for n in 0..6_000 {
        let _ = write!(
            operations,
            r#","/things/{n}": {{"get": {{"summary": "{n} {summary}"}}}}"#
        );
    }
    let long = "word ".repeat(1_000);
    let reading = reading(read(&format!(
        r#"{{"openapi": "3.1.0", "info": {{"title": "t", "version": "1"}},
        "components": {{"schemas": {{"Large": {{"type": "string", "description": "{long}", "enum": ["a", "b"]}}}}}},
        "paths": {{"/a": {{"get": {{"operationId": "a", "parameters": [{parameters}],
            "responses": {{"200": {{"description": "", "headers": {{{headers}}}}}}}}}}}{operations}}}}}"#
    )));
    let twin = twins::operation_twin(&reading, "a");
    assert!(
        twin.contains("`parameter199`") && !twin.contains("`parameter200`"),
        "{twin}"
    );
    assert!(twin.contains("1,800 more are in the document."), "{twin}");
    assert!(
        twin.contains("`X-Header-39`") && !twin.contains("`X-Header-40`"),
        "{twin}"
    );
    assert!(twin.contains("1,960 more are in the document."), "{twin}");
    assert!(twin.len() < 300_000, "{} bytes", twin.len());
    let twin = twins::version_twin(&reading);
    assert!((900_000..1_100_000).contains(&twin.len()), "{} bytes", twin.len());
    assert!(
        twin.contains("/operations/a.md") && twin.contains("The rest is left out"),
        "says so"
    );
}
