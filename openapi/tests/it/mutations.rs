//! Damaged documents never make the engine panic or hang.

use std::time::Duration;

use openapi::Limits;
use proptest::prelude::*;

use crate::watch::Watch;
use crate::{specs, walk};

const SEEDS: [&str; 6] = [
    "real/petstore-2.0.json",
    "real/callback-3.0.yaml",
    "real/tags-3.2.yaml",
    "real/webhook-3.1.json",
    "hostile/features-31.json",
    "hostile/swagger2-invalid.json",
];

/// What a mutation does to a document at a place between 0 and 1.
#[derive(Clone, Debug)]
enum Mutation {
    Insert(f64, Vec<u8>),
    Delete(f64, usize),
    Repeat(f64, usize),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let words = proptest::sample::select(vec![
        "{", "}", "[", "]", "\"", ",", ":", "- ", "\n", "  ", "&a ", "*a", "<<: ", "null", "true", "1e999", "-0",
        "|\n", ">-\n", "$ref", "#/", "~1", "%", "\\u", "\u{feff}", "\t", "? ", "!!x ", "---\n", "allOf", "object", "'",
    ]);
    prop_oneof![
        (0.0..1.0, words).prop_map(|(at, word): (f64, &str)| Mutation::Insert(at, word.as_bytes().to_vec())),
        (0.0..1.0, proptest::collection::vec(any::<u8>(), 1..4)).prop_map(|(at, bytes)| Mutation::Insert(at, bytes)),
        (0.0..1.0, 1..40usize).prop_map(|(at, length)| Mutation::Delete(at, length)),
        (0.0..1.0, 1..200usize).prop_map(|(at, length)| Mutation::Repeat(at, length)),
    ]
}

fn apply(document: &mut Vec<u8>, mutation: &Mutation) {
    let place = |at: f64, length: usize| (at * length as f64) as usize;
    match mutation {
        Mutation::Insert(at, bytes) => {
            let at = place(*at, document.len());
            document.splice(at..at, bytes.iter().copied());
        }
        Mutation::Delete(at, length) => {
            let at = place(*at, document.len());
            document.drain(at..(at + length).min(document.len()));
        }
        Mutation::Repeat(at, length) => {
            let at = place(*at, document.len());
            let part = document[at..(at + length).min(document.len())].to_vec();
            document.splice(at..at, part);
        }
    }
}

fn survives(bytes: &[u8]) {
    let started = Watch::start();
    let report = openapi::lint::lint(bytes, &Limits::default(), &openapi::lint::Ruleset::turnpike());
    assert!(report.score.total <= 100);
    match openapi::read(bytes, &Limits::default()) {
        Ok(document) => {
            walk::everything(&document, "a damaged document");
        }
        Err(rejected) => assert!(!rejected.diagnostics.is_empty()),
    }
    assert!(
        started.elapsed() < Duration::from_secs(2),
        "took {:?}",
        started.elapsed()
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_documents(seed in proptest::sample::select(SEEDS.to_vec()), mutations in proptest::collection::vec(mutation(), 1..6)) {
        let mut bytes = std::fs::read(specs::own("").join(seed)).unwrap();
        for mutation in &mutations {
            apply(&mut bytes, mutation);
        }
        survives(&bytes);
    }

    #[test]
    fn arbitrary_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        survives(&bytes);
    }

    #[test]
    fn arbitrary_yaml(text in "[ \\n\\-:\\[\\]{}&*!|>'\"#?,a-c<~0-9.%@]{0,200}") {
        survives(text.as_bytes());
        survives(format!("openapi: 3.1.0\ninfo: {{title: a, version: b}}\npaths: {{}}\nx:\n  {}", text.replace('\n', "\n  ")).as_bytes());
    }
}

/// Long and monotonous texts, at which a careless parser takes quadratic time.
#[test]
fn monotonous_texts() {
    for (name, text) in [
        ("open braces", "{".repeat(200_000)),
        ("open brackets", "[".repeat(200_000)),
        ("list items", "- ".repeat(200_000)),
        ("explicit keys", "? ".repeat(200_000)),
        ("anchors", "&a ".repeat(100_000)),
        ("tags", "!a ".repeat(100_000)),
        ("aliases", "*a ".repeat(100_000)),
        ("quotes", "'".repeat(200_001)),
        ("flow keys", format!("{{a{}}}", ",a".repeat(200_000))),
        ("colons", "a: ".repeat(100_000)),
        ("spaces", format!("a:{}b", " ".repeat(1_000_000))),
        ("line ends", format!("a:{}b", "\n".repeat(1_000_000))),
        ("comments", "#\n".repeat(500_000)),
        ("percent signs", "%a\n".repeat(100_000)),
        ("documents", "---\n".repeat(100_000)),
        (
            "nested block lists",
            (0..2000).map(|depth| " ".repeat(depth) + "-\n").collect(),
        ),
        ("plain lines", format!("a: {}", "b\n ".repeat(200_000))),
        ("escapes", format!("{{\"a\":\"{}\"}}", "\\u0000".repeat(100_000))),
        ("duplicate keys", format!("{{{}\"a\":1}}", "\"a\":1,".repeat(200_000))),
        ("digits", format!("{{\"a\":{}}}", "9".repeat(1_000_000))),
    ] {
        let started = Watch::start();
        let _ = openapi::read(text.as_bytes(), &Limits::default());
        assert!(
            started.elapsed() < Duration::from_secs(6),
            "{name} took {:?}",
            started.elapsed()
        );
    }
}

/// Valid documents of a great many small parts, at which anything quadratic takes minutes.
#[test]
fn crowded_documents() {
    let list = |count: usize, item: &dyn Fn(usize) -> String| (0..count).map(item).collect::<Vec<_>>().join(",");
    let document = |rest: String| format!(r#"{{"openapi":"3.2.0","info":{{"title":"t","version":"1"}},{rest}}}"#);
    let parameters = list(60_000, &|at| {
        format!(r#"{{"name":"p{at}","in":"path","required":true,"schema":{{}}}}"#)
    });
    let names = list(50, &|at| format!("{{p{at}}}")).replace(',', "");
    let chain = |schema: &dyn Fn(usize) -> String| {
        document(format!(
            r#""components":{{"schemas":{{{}}}}}"#,
            list(30_000, &|at| format!(r#""S{at}":{}"#, schema(at)))
        ))
    };
    let next = |at: usize| format!(r##"{{"$ref":"#/components/schemas/S{}"}}"##, (at + 1) % 30_000);
    for (name, text) in [
        (
            "parameters",
            document(format!(
                r#""paths":{{"/{names}":{{"get":{{"parameters":[{parameters}]}}}}}}"#
            )),
        ),
        (
            "operations",
            document(format!(
                r#""paths":{{"/x":{{"parameters":[{parameters}],"additionalOperations":{{{}}}}}}}"#,
                list(20_000, &|at| format!(r#""M{at}":{{}}"#))
            )),
        ),
        (
            "tags",
            document(format!(
                r#""paths":{{}},"tags":[{}]"#,
                list(100_000, &|at| format!(r#"{{"name":"t{at}","parent":"t{}"}}"#, at + 1))
            )),
        ),
        (
            "numbers",
            document(format!(
                r#""paths":{{}},"x":[{}]"#,
                list(100_000, &|at| format!("1.000000000000000000000{at}"))
            )),
        ),
        (
            "equal ids",
            document(format!(
                r#""paths":{{{}}}"#,
                list(50_000, &|at| format!(r#""/{at}":{{"get":{{"operationId":"a"}}}}"#))
            )),
        ),
        ("chain of allOf", chain(&|at| format!(r#"{{"allOf":[{}]}}"#, next(at)))),
        (
            "chain of lists",
            chain(&|at| format!(r#"{{"type":"array","items":{}}}"#, next(at))),
        ),
        (
            "chain of maps",
            chain(&|at| format!(r#"{{"type":"object","additionalProperties":{}}}"#, next(at))),
        ),
        (
            "chain of properties",
            chain(&|at| format!(r#"{{"properties":{{"a":{}}}}}"#, next(at))),
        ),
        ("chain of references", chain(&next)),
        (
            "chain of nullables",
            chain(&|at| format!(r#"{{"anyOf":[{},{{"type":"null"}}]}}"#, next(at))),
        ),
    ] {
        let started = Watch::start();
        let document =
            openapi::read(text.as_bytes(), &Limits::default()).unwrap_or_else(|rejected| panic!("{name}: {rejected}"));
        for entry in document.operations().iter().take(3) {
            let operation = document.operation(&entry.slug).unwrap();
            let _ = (operation.parameters(), operation.security());
        }
        for schema in document.schemas().take(8).map(str::to_owned).collect::<Vec<_>>() {
            let schema = document.schema(&schema).unwrap();
            let budget = openapi::schema::TreeBudget::default();
            let _ = openapi::schema::tree(&document, schema, &budget, openapi::Direction::Request);
            let _ = openapi::example::for_schema(&document, schema, openapi::Direction::Request);
        }
        assert!(
            started.elapsed() < Duration::from_secs(6),
            "{name} took {:?}",
            started.elapsed()
        );
    }
}

/// As deep as the limit allows, on the small stack of a test thread.
#[test]
fn deep_documents() {
    let depth = Limits::default().depth - 12;
    let schema = format!("{}{{}}{}", r#"{"allOf":["#.repeat(depth / 2), "]}".repeat(depth / 2));
    let text = format!(
        r#"{{"openapi":"3.0.3","info":{{"title":"t","version":"1"}},"paths":{{}},"components":{{"schemas":{{"A":{schema}}}}}}}"#
    );
    survives(text.as_bytes());
    assert!(openapi::read(text.as_bytes(), &Limits::default()).is_ok());
    let lists = format!(
        "openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\npaths: {{}}\nx: &a {}1{}\ny: [[[*a]]]\n",
        "[".repeat(depth),
        "]".repeat(depth)
    );
    assert!(openapi::read(lists.as_bytes(), &Limits::default()).is_ok());
    let deeper = lists.replace("[[[*a]]]", &format!("{}*a{}", "[".repeat(20), "]".repeat(20)));
    assert_eq!(
        openapi::read(deeper.as_bytes(), &Limits::default())
            .unwrap_err()
            .diagnostics[0]
            .code,
        "too-deep"
    );
}
