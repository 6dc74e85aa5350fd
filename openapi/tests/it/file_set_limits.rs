//! Sets of files that cost much, and arbitrary ones.

use std::time::Duration;

use openapi::files::{FileLimits, FileSet, read_files};
use openapi::{Limits, Rejected};
use proptest::prelude::*;

use crate::file_sets::{entry, read, set};
use crate::watch::Watch;

/// Parts of parts of parts: the same small files referred to again and again.
#[test]
fn sets_end_within_their_limits() {
    // Each of 200 files nests in the one before it, 150 levels deep: no stack overflow, but a clear message.
    let mut files = FileSet::default();
    files
        .insert(
            "openapi.yaml",
            b"openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths: { /a: { $ref: 0.json } }\n".to_vec(),
        )
        .unwrap();
    for at in 0..200 {
        let next = format!(
            "{{\"get\": {{\"responses\": {{}}, \"callbacks\": {{\"c\": {{\"u\": {{\"$ref\": \"{}.json\"}}}}}}}}}}",
            at + 1
        );
        files.insert(&format!("{at}.json"), next.into_bytes()).unwrap();
    }
    let rejected = read_files(&files, None, &Limits::default()).unwrap_err();
    assert_eq!(rejected.diagnostics[0].code, "too-deep");
    // A list of headers that is put in place thousands of times.
    let headers = format!(
        "{{{}}}",
        (0..2000)
            .map(|at| format!("\"h{at}\": {{\"type\": \"string\"}}"))
            .collect::<Vec<_>>()
            .join(",")
    );
    let responses: Vec<String> = (0..2000)
        .map(|at| format!("  r{at}: {{description: d, headers: {{$ref: headers.json}}}}\n"))
        .collect();
    let responses = responses.concat();
    let files = set(&[
        (
            "swagger.yaml",
            &format!("swagger: '2.0'\ninfo: {{title: t, version: '1'}}\npaths: {{}}\nresponses:\n{responses}"),
        ),
        ("headers.json", &headers),
    ]);
    let rejected = read_files(&files, None, &Limits::default()).unwrap_err();
    assert_eq!(rejected.diagnostics[0].code, "too-many-values");
    // A great many parts with one name.
    let parts: Vec<String> = (0..20_000)
        .map(|at| format!("\"p{at}\": {{\"Pet\": {{\"const\": {at}}}}}"))
        .collect();
    let parts = parts.join(",");
    let all: Vec<String> = (0..20_000)
        .map(|at| format!("{{$ref: 'parts.json#/p{at}/Pet'}}"))
        .collect();
    let bundle = read(&[
        ("openapi.yaml", &entry(&format!("{{ oneOf: [{}] }}", all.join(", ")))),
        ("parts.json", &format!("{{{parts}}}")),
    ])
    .unwrap();
    assert_eq!(bundle.document.schemas().count(), 20_000);
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n".to_owned()
        + &(b'b'..b'i')
            .map(|letter| {
                let (name, before) = (char::from(letter), char::from(letter - 1));
                format!("{name}: &{name} [*{before},*{before},*{before},*{before},*{before},*{before}]\n")
            })
            .collect::<Vec<_>>()
            .concat();
    let names: Vec<(String, String)> = (0..50).map(|at| (format!("{at}.yaml"), bomb.clone())).collect();
    let mut files = FileSet::default();
    let all: Vec<String> = (0..50).map(|at| format!("{{$ref: '{at}.yaml#/a'}}")).collect();
    files
        .insert(
            "openapi.yaml",
            entry(&format!("{{ oneOf: [{}] }}", all.join(", "))).into_bytes(),
        )
        .unwrap();
    for (name, text) in &names {
        files.insert(name, text.clone().into_bytes()).unwrap();
    }
    assert!(read_files(&files, None, &Limits::default()).is_err());
}

#[test]
fn sets_are_bounded() {
    let mut files = FileSet::new(FileLimits { files: 2, bytes: 10 });
    files.insert("a", vec![0; 4]).unwrap();
    let code = |rejected: Rejected| rejected.diagnostics[0].code.clone().into_owned();
    assert_eq!(code(files.insert("./a", vec![]).unwrap_err()), "duplicate-file");
    assert_eq!(code(files.insert("b", vec![0; 7]).unwrap_err()), "too-large");
    let mut files = FileSet::new(FileLimits { files: 1, bytes: 10 });
    files.insert("a", vec![]).unwrap();
    assert_eq!(code(files.insert("b", vec![]).unwrap_err()), "too-many-files");
}

fn piece() -> impl Strategy<Value = String> {
    let words = vec![
        "$ref: ",
        "a.yaml",
        "b.json",
        "openapi.yaml",
        "#/",
        "#",
        "/a",
        "~1",
        "%2f",
        "../",
        "./",
        "properties",
        "allOf",
        "\n  ",
        "\n",
        "{",
        "}",
        "[",
        "]",
        ": ",
        "\"",
        ",",
        "paths",
        "components",
        "schemas",
        "get",
        "responses",
        "callbacks",
        "x",
        "discriminator",
        "mapping",
        "- ",
        "https://",
        "$anchor: x",
    ];
    proptest::collection::vec(proptest::sample::select(words), 0..30).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_sets(schema in piece(), a in piece(), b in piece(), rest in piece()) {
        let started = Watch::start();
        let references = format!("{}{rest}\n", entry("{ allOf: [{ $ref: a.yaml }, { $ref: 'b.json#/a' }] }"));
        let files = set(&[("openapi.yaml", &references), ("a.yaml", &a), ("b.json", &b)]);
        if let Ok(bundle) = read_files(&files, None, &Limits::default()) {
            openapi::read(bundle.text.as_bytes(), &Limits::default()).unwrap();
            for found in bundle.document.diagnostics() {
                assert!(found.file.is_some() || found.code == "more-findings", "{found}");
            }
        }
        let _ = read(&[("openapi.yaml", &entry(&format!("\n                {}", schema.replace('\n', "\n                ")))), ("a.yaml", &a), ("b.json", &b)]);
        assert!(started.elapsed() < Duration::from_secs(2));
    }
}
