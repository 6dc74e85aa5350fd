//! Everything a portal does with a document, in one pass.

use std::collections::HashSet;
use std::time::Duration;

use openapi::mock::{self, Preference};
use openapi::sample::{Access, SampleOptions};
use openapi::schema::{SchemaNode, TreeBudget, tree};
use openapi::search::{IndexBuilder, Query};
use openapi::snippet::Language;
use openapi::validate::{OperationValidator, RequestView, ResponseView, Settings};
use openapi::{Direction, Document, Operation, SampleContext};

use crate::watch::Watch;

/// What a walk did, so that a test can see that it did something.
#[derive(Debug, Default)]
pub(crate) struct Walked {
    pub(crate) operations: usize,
    pub(crate) trees: usize,
    pub(crate) nodes: usize,
    /// The slowest operation page.
    pub(crate) slowest: Duration,
}

/// Builds every view of every operation, every tree, example and snippet; checks what must hold for all of them.
pub(crate) fn everything(doc: &Document, name: &str) -> Walked {
    let name_of_document = name;
    let mut walked = Walked::default();
    let mut slugs = HashSet::new();
    for entry in doc.operations() {
        let is_safe = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        assert!(
            !entry.slug.is_empty() && entry.slug.len() <= 120 && entry.slug.chars().all(is_safe),
            "{name}: {}",
            entry.slug
        );
        assert!(
            slugs.insert(entry.slug.to_ascii_lowercase()),
            "{name}: {} is not unique",
            entry.slug
        );
        let started = Watch::start();
        let operation = doc
            .operation(&entry.slug)
            .unwrap_or_else(|| panic!("{name}: no view of {}", entry.slug));
        self::operation(doc, &operation, &mut walked);
        walked.operations += 1;
        walked.slowest = walked.slowest.max(started.elapsed());
    }
    let names: Vec<String> = doc.schemas().map(str::to_owned).collect();
    for name in &names {
        let schema = doc.schema(name).unwrap();
        for direction in [Direction::Request, Direction::Response] {
            schema_page(doc, schema, direction, &mut walked);
        }
    }
    let mut builder = IndexBuilder::default();
    builder.document(name_of_document, doc);
    let index = builder.build();
    assert!(index.search(&Query::new("get a pett by id")).hits.len() <= 20);
    assert!(doc.weight() > 0);
    serde_json::to_string(doc.diagnostics()).unwrap();
    walked
}

fn operation(doc: &Document, operation: &Operation<'_>, walked: &mut Walked) {
    assert!(!operation.entry().title().is_empty());
    let _ = (
        operation.description(),
        operation.security(),
        operation.servers(),
        operation.external_docs(),
    );
    let _ = operation.callbacks();
    for parameter in operation.parameters() {
        assert!(!parameter.name.is_empty());
        parameter
            .schema
            .iter()
            .for_each(|schema| schema_page(doc, schema, Direction::Request, walked));
    }
    let request = operation.request_body().map(|body| body.content).unwrap_or_default();
    request
        .iter()
        .filter_map(|media| media.schema)
        .for_each(|schema| schema_page(doc, schema, Direction::Request, walked));
    for response in operation.responses() {
        let schemas = response
            .content
            .iter()
            .flat_map(|media| media.schema.into_iter().chain(media.item_schema));
        let headers = response.headers.iter().filter_map(|header| header.schema);
        schemas
            .chain(headers)
            .for_each(|schema| schema_page(doc, schema, Direction::Response, walked));
    }
    // Every operation is compiled in `validate_corpus.rs`; a document of great many needs no more requests to each.
    if walked.operations < 200 {
        validation(operation);
    }
    let context = SampleContext {
        base_url: "https://gateway.example/acme/api/v1",
        credential: Some("$TURNPIKE_KEY"),
    };
    let curl = openapi::snippet::curl(doc, operation, &context);
    assert!(
        curl.starts_with("curl ") && !curl.contains('\r') && !curl.contains('\0'),
        "{curl}"
    );
    if walked.operations < 40 {
        let options = SampleOptions {
            access: Access::Document,
            has_optional: true,
            ..SampleOptions::at(context.base_url)
        };
        let request = openapi::sample::build(operation, &options);
        for language in Language::ALL {
            assert!(openapi::snippet::write(language, &request).len() > 20);
        }
    }
    let sample = openapi::sample::request(doc, operation, &context);
    let is_url = |c: char| c.is_ascii_graphic() && !"\"<>\\^`{}|#".contains(c);
    assert!(
        sample.url.starts_with(context.base_url) && sample.url.chars().all(is_url),
        "{}",
        sample.url
    );
}

/// Compiles validators and mocks the operation, and checks what it mocks.
fn validation(operation: &Operation<'_>) {
    let settings = Settings {
        checks_responses: true,
        is_query_strict: true,
        ..Settings::default()
    };
    let answer = mock::answer(operation, &Preference::default(), None);
    let Ok(validator) = OperationValidator::compile(operation, &settings) else {
        return;
    };
    let limits = &settings.limits;
    assert!(validator.nodes() <= 2 * limits.nodes && validator.weight() <= 3 * limits.bytes);
    for body in ["{}", "[{\"id\":1}]", "null", "id=1&a[b][]=c", "--b\r\n"] {
        for content_type in [
            "application/json",
            "multipart/form-data; boundary=b",
            "application/x-www-form-urlencoded",
        ] {
            let request = RequestView {
                path_parameters: &[("id", "%7B1"), ("petId", "a,b;c")],
                query: Some("id=1&a=%ff&filter[a][b]=1&limit=x&&=&tags=a|b"),
                headers: &|_, value| value(b"a=1; b=2"),
                content_type: Some(content_type.as_bytes()),
                body: Some(body.as_bytes()),
            };
            if let Err(invalid) = validator.check_request(&request) {
                assert!((1..=20).contains(&invalid.violations.len()));
            }
        }
    }
    if let Ok(answer) = answer {
        assert!((100..600).contains(&answer.status) && answer.body.len() < 1_000_000);
        let is_text = |text: &str| text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        assert!(
            answer
                .headers
                .iter()
                .all(|(name, value)| is_text(name) && is_text(value))
        );
        let response = ResponseView {
            status: answer.status,
            headers: &|_, _| {},
            content_type: answer.content_type.as_deref().map(str::as_bytes),
            body: Some(&answer.body),
        };
        assert!(validator.check_response(&response).len() <= 20);
    }
}

fn schema_page(doc: &Document, schema: &serde_json::Value, direction: Direction, walked: &mut Walked) {
    let budget = TreeBudget::default();
    let node = tree(doc, schema, &budget, direction);
    let nodes = count(&node);
    assert!(nodes <= budget.nodes, "{nodes} nodes");
    walked.trees += 1;
    walked.nodes += nodes;
    let example = openapi::example::for_schema(doc, schema, direction);
    assert!(serde_json::to_string(&example).unwrap().len() < 1_000_000);
    assert!(!openapi::schema::type_label(doc, schema).is_empty());
}

fn count(node: &SchemaNode) -> usize {
    1 + node.children.iter().map(count).sum::<usize>()
}
