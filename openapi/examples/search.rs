//! Searches a document: `cargo run --release -p openapi --example search -- FILE WORDS…`. Without words, measures: how long building
//! takes, what it weighs, and what queries take that were made from the document's own words, half of them with a mistake.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "what an example is for")]

use std::process::ExitCode;
use std::time::{Duration, Instant};

use openapi::search::{Index, IndexBuilder, Query};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(path) = arguments.next() else {
        eprintln!("search FILE [WORDS…]");
        return ExitCode::FAILURE;
    };
    let document = std::fs::read(&path)
        .map_err(|error| error.to_string())
        .and_then(|bytes| openapi::read(&bytes, &openapi::Limits::default()).map_err(|rejected| rejected.to_string()));
    let document = match document {
        Ok(document) => document,
        Err(problem) => {
            eprintln!("{path}: {problem}");
            return ExitCode::FAILURE;
        }
    };
    let started = Instant::now();
    let mut builder = IndexBuilder::default();
    builder.document("document", &document);
    let index = builder.build();
    let words: Vec<String> = arguments.collect();
    if words.is_empty() {
        println!(
            "built in {:.1?}: {} entries, {} KiB beside a document of {} KiB",
            started.elapsed(),
            index.len(),
            index.weight() / 1024,
            document.weight() / 1024
        );
        measure(&index, &document);
    } else {
        let text = words.join(" ");
        let results = index.search(&Query::new(&text));
        for hit in &results.hits {
            println!(
                "{:5.2}  {:?}  {}  ({})",
                hit.score, hit.entry.kind, hit.entry.title, hit.entry.detail
            );
        }
        println!("{} in all", results.total);
    }
    ExitCode::SUCCESS
}

fn measure(index: &Index, document: &openapi::Document) {
    let mut times: Vec<(Duration, String)> = Vec::new();
    for entry in document.operations() {
        let title = entry.title();
        let mut mistaken: Vec<char> = title.chars().collect();
        let middle = mistaken.len() / 2;
        if middle > 1 {
            mistaken.swap(middle - 1, middle);
        }
        let beginning: String = title.chars().take(3).collect();
        for text in [title, mistaken.into_iter().collect(), beginning] {
            let started = Instant::now();
            let results = index.search(&Query::new(&text));
            times.push((started.elapsed(), text));
            assert!(results.hits.len() <= 20);
        }
    }
    for text in [
        "a",
        "e",
        "the",
        "zzzzzzzzzz",
        "repositroy permisions administraton",
        "a b c d e f g h i j k l",
    ] {
        let started = Instant::now();
        let _ = index.search(&Query::new(text));
        times.push((started.elapsed(), text.to_owned()));
    }
    times.sort();
    let at = |share: f64| &times[((times.len() - 1) as f64 * share) as usize];
    println!(
        "{} queries: p50 {:.2?}, p99 {:.2?}, slowest {:.2?} ({:?})",
        times.len(),
        at(0.5).0,
        at(0.99).0,
        at(1.0).0,
        at(1.0).1
    );
}
