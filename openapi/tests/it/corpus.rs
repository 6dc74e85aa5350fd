//! Real documents.

use std::path::Path;

use openapi::{Document, Limits, Severity, inspect};

use crate::watch::Watch;
use crate::{specs, walk};

fn read(path: &Path) -> Result<Document, openapi::Rejected> {
    openapi::read(&std::fs::read(path).unwrap(), &Limits::default())
}

#[test]
fn counts_of_known_documents() {
    for (file, format, title, [paths, operations, schemas, webhooks]) in [
        (
            "airflow-3.0.json",
            "openapi-3.0",
            "Airflow API (Stable)",
            [50, 73, 85, 0],
        ),
        ("callback-3.0.yaml", "openapi-3.0", "Callback Example", [1, 1, 0, 0]),
        (
            "digitalocean-bundled-3.0.json",
            "openapi-3.0",
            "DigitalOcean API",
            [183, 290, 0, 0],
        ),
        (
            "github-api-16.6.0-3.0.json.gz",
            "openapi-3.0",
            "GitHub's official OpenAPI spec + Octokit extension",
            [615, 935, 754, 0],
        ),
        (
            "kubernetes-1.10-2.0.json.gz",
            "swagger-2.0",
            "Kubernetes",
            [488, 945, 834, 0],
        ),
        (
            "parameters-style-3.1.json",
            "openapi-3.1",
            "Support for parameter serialization",
            [19, 25, 0, 0],
        ),
        ("petstore-2.0.json", "swagger-2.0", "Swagger Petstore", [2, 3, 3, 0]),
        ("petstore-3.0.yaml", "openapi-3.0", "Swagger Petstore", [2, 3, 3, 0]),
        (
            "polymorphism-3.0.json",
            "openapi-3.0",
            "Polymorphism support",
            [13, 13, 7, 0],
        ),
        ("scalar-galaxy-3.1.yaml", "openapi-3.1", "Scalar Galaxy", [7, 10, 15, 1]),
        (
            "schema-circular-3.0.yaml",
            "openapi-3.0",
            "Circular reference examples",
            [3, 3, 11, 0],
        ),
        ("tags-3.2.yaml", "openapi-3.2", "Flight API", [4, 4, 0, 0]),
        ("tictactoe-3.1.yaml", "openapi-3.1", "Tic Tac Toe", [2, 3, 6, 1]),
        ("uspto-3.0.yaml", "openapi-3.0", "USPTO Data Set API", [3, 3, 1, 0]),
        ("webhook-3.1.json", "openapi-3.1", "Webhook Example", [0, 0, 1, 1]),
    ] {
        let document = read(&specs::own("real").join(file)).unwrap_or_else(|rejected| panic!("{file}: {rejected}"));
        let report = inspect::report(&Ok(document));
        assert_eq!(report.format.unwrap().label(), format, "{file}");
        assert_eq!(report.title.as_deref(), Some(title), "{file}");
        let counts = [report.paths, report.operations, report.schemas, report.webhooks];
        assert_eq!(counts, [paths, operations, schemas, webhooks], "{file}");
    }
}

#[test]
fn every_real_document_is_usable() {
    for path in specs::files(&specs::own("real")) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let document = read(&path).unwrap_or_else(|rejected| panic!("{name}: {rejected}"));
        let errors: Vec<String> = document
            .diagnostics()
            .iter()
            .filter(|found| found.severity == Severity::Error)
            .map(ToString::to_string)
            .collect();
        assert!(errors.is_empty(), "{name}: {errors:#?}");
        let walked = walk::everything(&document, &name);
        assert_eq!(walked.operations, document.operations().len(), "{name}");
        assert!(walked.trees > 0 || name.starts_with("tags-"), "{name}");
    }
}

#[test]
fn positions_are_known_for_every_finding() {
    for folder in ["real", "hostile"] {
        for path in specs::files(&specs::own(folder)) {
            let diagnostics = match read(&path) {
                Ok(document) => document.diagnostics().to_vec(),
                Err(rejected) => rejected.diagnostics,
            };
            // These are about the file as a whole; there is no text to point into.
            let is_whole = |code: &str| ["too-large", "empty", "more-findings", "gzip-damaged"].contains(&code);
            for finding in &diagnostics {
                assert!(finding.hint.is_some(), "{}: no hint for {finding}", path.display());
            }
            for finding in diagnostics.iter().filter(|finding| !is_whole(&finding.code)) {
                assert!(
                    finding.line.is_some() && finding.column.is_some(),
                    "{}: {finding}",
                    path.display()
                );
            }
        }
    }
}

/// The larger collection, where it is there.
#[test]
fn shared_documents_are_usable() {
    let Some(shared) = specs::shared() else { return };
    let folders = ["huge", "large", "mid", "tiny", "pairs", "multifile"];
    let mut read_any = 0;
    for path in folders
        .iter()
        .map(|folder| shared.join(folder))
        .filter(|path| path.is_dir())
        .flat_map(|path| specs::files(&path))
    {
        let name = path.display().to_string();
        let is_part = name.contains("multifile") && !name.ends_with("swagger.yaml");
        if is_part || name.ends_with("oasdiff-expected.json") {
            continue;
        }
        let started = Watch::start();
        let document = read(&path).unwrap_or_else(|rejected| panic!("{name}: {rejected}"));
        assert!(started.elapsed().as_secs() < 20, "{name} took {:?}", started.elapsed());
        walk::everything(&document, &name);
        read_any += 1;
    }
    assert!(read_any > 40, "only {read_any} documents in {}", shared.display());
}

/// The specification's own documents: those that are right are read without an error.
#[test]
fn vectors_of_the_specification() {
    let Some(shared) = specs::shared() else { return };
    for path in specs::files(&shared.join("oai-vectors"))
        .iter()
        .filter(|path| path.components().any(|part| part.as_os_str() == "pass"))
    {
        let document = read(path).unwrap_or_else(|rejected| panic!("{}: {rejected}", path.display()));
        // One of them refers to another document on purpose.
        let is_mistake =
            |found: &&openapi::Diagnostic| found.severity == Severity::Error && found.code != "ref-external";
        assert_eq!(
            document.diagnostics().iter().find(is_mistake),
            None,
            "{}",
            path.display()
        );
        walk::everything(&document, &path.display().to_string());
    }
}

/// `cargo test -p openapi --release -- --ignored --nocapture measure`
#[test]
#[ignore = "a measurement, to be run by hand in a release build"]
fn measure_reading() {
    for path in specs::files(&specs::own("real")) {
        let bytes = std::fs::read(&path).unwrap();
        let mut best = std::time::Duration::MAX;
        for _ in 0..5 {
            let started = Watch::start();
            let document = openapi::read(&bytes, &Limits::default()).unwrap();
            best = best.min(started.elapsed());
            drop(document);
        }
        let document = openapi::read(&bytes, &Limits::default()).unwrap();
        let walked = walk::everything(&document, "measured");
        println!(
            "{:40} read {best:>10.1?}  weight {:>6} KiB  {:>4} operations, slowest view {:?}, {} trees of {} nodes, {} findings",
            path.file_name().unwrap().to_string_lossy(),
            document.weight() / 1024,
            walked.operations,
            walked.slowest,
            walked.trees,
            walked.nodes,
            document.diagnostics().len(),
        );
    }
}
