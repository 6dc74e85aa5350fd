//! Validators of whole documents, real and hostile. Damaged ones are in `mutations.rs`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use openapi::mock::{self, Preference};
use openapi::validate::{OperationValidator, ResponseView, SchemaValidator, Settings};
use openapi::{Direction, Document, Limits, MediaType, Operation};

use crate::specs;
use crate::watch::Watch;

fn both_ways() -> Settings {
    Settings {
        checks_responses: true,
        ..Settings::default()
    }
}

fn documents(files: Vec<PathBuf>) -> impl Iterator<Item = (String, Document)> {
    files.into_iter().filter_map(|path| {
        let document = openapi::read(&std::fs::read(&path).unwrap(), &Limits::default()).ok()?;
        Some((path.file_name()?.to_string_lossy().into_owned(), document))
    })
}

fn own() -> Vec<PathBuf> {
    let mut files = specs::files(&specs::own("real"));
    files.extend(specs::files(&specs::own("hostile")));
    files
}

fn shared() -> Vec<PathBuf> {
    specs::shared().iter().flat_map(|folder| specs::files(folder)).collect()
}

fn operations(document: &Document) -> impl Iterator<Item = Operation<'_>> {
    let slugs = document.operations().iter();
    slugs.filter_map(|entry| document.operation(&entry.slug))
}

/// Compiles every operation of every document; how many there are.
fn compile_all(files: Vec<PathBuf>) -> usize {
    let mut compiled = 0;
    for (name, document) in documents(files) {
        for operation in operations(&document) {
            let slug = &operation.entry().slug;
            let validator = OperationValidator::compile(&operation, &both_ways());
            let validator = validator.unwrap_or_else(|error| panic!("{name}: {slug}: {error}"));
            assert!(
                validator.weight() < 1024 * 1024,
                "{name}: {slug}: {}",
                validator.weight()
            );
            compiled += 1;
        }
    }
    compiled
}

#[test]
fn every_operation_compiles() {
    assert!(compile_all(own()) > 2500);
    let shared = shared();
    assert!(shared.is_empty() || compile_all(shared) > 10_000);
}

/// The alternatives of a `oneOf` don't exclude each other.
const OVERLAP: &str = "more than one alternative fits";

/// Generated examples that don't fit, in the documents that belong to the project: document, keyword, how many, and why. The
/// validator is right about each.
const EXCEPTIONS: [(&str, &str, usize, &str); 3] = [
    ("digitalocean-bundled-3.0.json", "oneOf", 1, OVERLAP),
    ("polymorphism-3.0.json", "oneOf", 2, OVERLAP),
    (
        "allof-bomb.json",
        "limit",
        1,
        "checking it takes two to the thirtieth visits",
    ),
];

fn is_json(media: &MediaType<'_>) -> bool {
    media.name.contains("json") && !media.name.contains("jsonl")
}

/// Counts the JSON bodies of a document, and those whose example doesn't fit, by the keyword of the first violation.
fn misfits(document: &Document) -> (usize, BTreeMap<&'static str, usize>) {
    let (mut checked, mut misfits) = (0, BTreeMap::new());
    for operation in operations(document) {
        let request = operation.request_body().map(|body| body.content).unwrap_or_default();
        let responses = operation.responses();
        let bodies = request.iter().map(|media| (media, Direction::Request));
        let answers = responses.iter().flat_map(|response| &response.content);
        for (media, direction) in bodies.chain(answers.map(|media| (media, Direction::Response))) {
            let Some(schema) = media.schema.filter(|_| is_json(media)) else {
                continue;
            };
            let validator = SchemaValidator::compile(document, schema, direction, &Settings::default()).unwrap();
            let example = openapi::example::for_schema(document, schema, direction);
            checked += 1;
            if let Some(first) = validator.check(&example).first() {
                *misfits.entry(first.keyword).or_default() += 1;
            }
        }
    }
    (checked, misfits)
}

#[test]
fn generated_examples_fit_their_validators() {
    let mut checked = 0;
    let mut found = Vec::new();
    for (name, document) in documents(own()) {
        let (bodies, misfits) = misfits(&document);
        checked += bodies;
        found.extend(
            misfits
                .into_iter()
                .map(|(keyword, count)| (name.clone(), keyword, count)),
        );
    }
    let found: Vec<(&str, &str, usize)> = found
        .iter()
        .map(|(name, keyword, count)| (name.as_str(), *keyword, *count))
        .collect();
    let expected = EXCEPTIONS.map(|(name, keyword, count, _)| (name, keyword, count));
    assert_eq!(found, expected);
    assert!(checked > 3000, "{checked}");
}

/// Other documents have the same few reasons; nobody lists them one by one.
#[test]
fn most_generated_examples_of_other_documents_fit() {
    let (mut checked, mut misfitting) = (0, 0);
    for (_, document) in documents(shared()) {
        let (bodies, misfits) = misfits(&document);
        checked += bodies;
        misfitting += misfits.values().sum::<usize>();
    }
    assert!(misfitting * 400 <= checked, "{misfitting} of {checked}");
}

/// The usual limit of work leaves room: a quarter of it is enough for the mock answer of every operation.
#[test]
fn real_answers_need_few_steps() {
    let mut checked = 0;
    let mut settings = both_ways();
    settings.limits.steps = 0;
    settings.limits.steps_per_byte /= 4;
    for (name, document) in documents(specs::files(&specs::own("real"))) {
        for operation in operations(&document) {
            let Ok(answer) = mock::answer(&operation, &Preference::default(), None) else {
                continue;
            };
            let validator = OperationValidator::compile(&operation, &settings).unwrap();
            let response = ResponseView {
                status: answer.status,
                headers: &|_, _| {},
                content_type: answer.content_type.as_deref().map(str::as_bytes),
                body: Some(&answer.body).filter(|body| !body.is_empty()).map(Vec::as_slice),
            };
            let violations = validator.check_response(&response);
            let is_over = violations.iter().any(|violation| violation.keyword == "limit");
            assert!(!is_over || answer.body.len() < 16, "{name}: {}", operation.entry().slug);
            checked += 1;
        }
    }
    assert!(checked > 2000, "{checked}");
}

#[test]
#[ignore = "a measurement, to be run by hand in a release build"]
fn measure_compiling() {
    for file in [
        "github-api-16.6.0-3.0.json.gz",
        "kubernetes-1.10-2.0.json.gz",
        "digitalocean-bundled-3.0.json",
    ] {
        let (_, document) = documents(vec![specs::own("real").join(file)]).next().unwrap();
        for settings in [Settings::default(), both_ways()] {
            let (mut weights, mut times, mut nodes) = (Vec::new(), Vec::new(), 0);
            for operation in operations(&document) {
                let mut best = Duration::MAX;
                for _ in 0..3 {
                    let started = Watch::start();
                    drop(OperationValidator::compile(&operation, &settings));
                    best = best.min(started.elapsed());
                }
                times.push(best);
                let validator = OperationValidator::compile(&operation, &settings).unwrap();
                weights.push(validator.weight());
                nodes = nodes.max(validator.nodes());
            }
            times.sort_unstable();
            weights.sort_unstable();
            let count = times.len();
            println!(
                "{file}, responses {}: {count} operations; time half {:?}, most {:?}; bytes half {}, most {}, all {}; most nodes {nodes}",
                settings.checks_responses,
                times[count / 2],
                times[count - 1],
                weights[count / 2],
                weights[count - 1],
                weights.iter().sum::<usize>(),
            );
        }
    }
}
