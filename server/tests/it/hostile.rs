//! Documents made to hurt: the form answers each, and what is imported has quick pages without a script of theirs.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use crate::product::{Product, create_api};

/// Every page of a hostile document is there within this time, without optimisation.
const SLOWEST: Duration = Duration::from_secs(2);
/// Operation pages of one document that are asked for; the documents with more repeat themselves.
const PAGES: usize = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_documents_have_harmless_pages() {
    let product = Product::start().await;
    let mut provider = product.signed_in("ada@acme.example").await;
    provider
        .post("/console/new", &[("name", "Acme"), ("slug", "acme")])
        .await
        .expect(303);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi/tests/specs/hostile");
    let mut documents: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    documents.sort();
    let (mut imported, mut pages) = (0, 0);
    for (n, path) in documents.iter().enumerate() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let api = format!("api-{n}");
        let answer = create_api(&mut provider, "acme", &api, &std::fs::read(path).unwrap()).await;
        harmless(&name, &answer.body);
        match answer.status.as_u16() {
            422 => continue,
            303 => imported += 1,
            _ => panic!("{name}: {answer:?}"),
        }
        let version = format!("/apis/acme/{api}/v1");
        let reference = product
            .running
            .services()
            .catalog_reads
            .reference(&provider_of(&product).await, "acme", &api, "v1")
            .await
            .unwrap();
        let operations = reference.document.operations().iter().take(PAGES);
        let mut paths = vec![
            format!("/console/acme/apis/{api}/versions/v1"),
            format!("/apis/acme/{api}"),
            version.clone(),
        ];
        paths.extend(operations.map(|operation| format!("{version}/operations/{}", operation.slug)));
        for path in paths {
            let since = Instant::now();
            let page = provider.get(&path).await.expect(200);
            let took = since.elapsed();
            assert!(took < SLOWEST, "{name}: {path} took {took:?}");
            harmless(&name, &page.body);
            pages += 1;
        }
    }
    assert!(imported > 20 && pages > 100, "{imported} documents, {pages} pages");
    product.stop().await;
}

/// Whoever may read the drafts of the organization.
async fn provider_of(product: &Product) -> domain::actor::Actor {
    let accounts = &product.running.services().accounts;
    let system = domain::actor::Actor::System;
    let account = accounts.by_email(&system, "ada@acme.example").await.unwrap().unwrap();
    accounts.actor_of(account.id).await.unwrap()
}

/// No script but the page's own, no link that is one, no handler, no frame.
#[track_caller]
fn harmless(document: &str, body: &str) {
    let mut rest = body;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        let tag = rest.split('>').next().unwrap_or_default().to_lowercase();
        let name: String = tag.chars().take_while(|c| !c.is_whitespace() && *c != '/').collect();
        if name == "script" {
            let is_ours = tag.contains("src=\"/assets/") || tag.contains("src=\"/pkg/");
            assert!(is_ours, "{document}: <{tag}>");
        }
        assert!(
            !["iframe", "object", "embed", "base", "applet"].contains(&name.as_str()),
            "{document}: <{tag}>"
        );
        for (attribute, value) in attributes(&tag) {
            assert!(!attribute.starts_with("on"), "{document}: <{tag}>");
            let scheme: String = value
                .chars()
                .filter(|c| !c.is_whitespace() && !c.is_control())
                .collect();
            assert!(
                !["javascript:", "vbscript:", "data:text"]
                    .iter()
                    .any(|bad| scheme.starts_with(bad))
                    || !["href", "src", "action", "formaction"].contains(&attribute),
                "{document}: <{tag}>"
            );
        }
    }
}

/// Attributes of a tag, as the renderer writes them: `name="value"`.
fn attributes(tag: &str) -> Vec<(&str, &str)> {
    let mut parts = tag.split('"');
    let mut attributes = Vec::new();
    while let (Some(before), Some(value)) = (parts.next(), parts.next()) {
        if let Some(name) = before.trim_end().strip_suffix('=') {
            attributes.push((name.rsplit(char::is_whitespace).next().unwrap_or_default(), value));
        }
    }
    attributes
}
