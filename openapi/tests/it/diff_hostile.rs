//! Comparing documents that were made to cost much.

use openapi::diff::{Limits, Options, diff, diff_with};
use openapi::{Document, read};
use proptest::prelude::*;

use crate::specs;
use crate::watch::Watch;

fn document(paths: &str, schemas: &str) -> Document {
    let text = format!(
        r#"{{"openapi":"3.1.0","info":{{"title":"t","version":"1"}},"paths":{{{paths}}},"components":{{"schemas":{{{schemas}}}}}}}"#
    );
    read(text.as_bytes(), &openapi::Limits::default()).unwrap()
}

fn answering(schema: &str) -> String {
    format!(
        r##""/a":{{"get":{{"responses":{{"200":{{"description":"x","content":{{"application/json":{{"schema":{{"$ref":"#/components/schemas/{schema}"}}}}}}}}}}}}}}"##
    )
}

fn list(count: usize, item: impl Fn(usize) -> String) -> String {
    (0..count).map(item).collect::<Vec<_>>().join(",")
}

/// Each schema has two properties of the next: as many ways as 2 to the power of 40.
#[test]
fn exponentially_many_ways() {
    let schemas = |last: &str| {
        let links = list(40, |at| {
            let next = at + 1;
            format!(
                r##""S{at}":{{"properties":{{"a":{{"$ref":"#/components/schemas/S{next}"}},"b":{{"$ref":"#/components/schemas/S{next}"}}}}}}"##
            )
        });
        format!(r#"{links},"S40":{{"type":"{last}"}}"#)
    };
    let started = Watch::start();
    let changes = diff(
        &document(&answering("S0"), &schemas("string")),
        &document(&answering("S0"), &schemas("integer")),
    );
    assert!(!changes.is_complete());
    assert!(changes.is_breaking());
    started.in_time("exponentially many ways");
}

#[test]
fn schemas_inside_themselves() {
    let schemas = |kind: &str| {
        format!(
            r##""A":{{"type":"object","properties":{{"v":{{"type":"{kind}"}},"a":{{"$ref":"#/components/schemas/A"}},"b":{{"$ref":"#/components/schemas/B"}}}}}},
            "B":{{"allOf":[{{"$ref":"#/components/schemas/A"}}],"not":{{"$ref":"#/components/schemas/B"}}}},
            "C":{{"$ref":"#/components/schemas/C"}}"##
        )
    };
    let old = document(&answering("A"), &schemas("string"));
    let changes = diff(&old, &document(&answering("A"), &schemas("integer")));
    let messages: Vec<&str> = changes.list().iter().map(|change| change.message.as_str()).collect();
    assert_eq!(
        messages,
        ["the property `v` of the body of the 200 response changed its type from `string` to `integer`"]
    );
    assert!(changes.is_complete());
    assert_eq!(
        diff(&old, &document(&answering("C"), &schemas("string"))).list().len(),
        4
    );
}

/// More differences than are kept: each level has its own room, so what breaks isn't crowded out.
#[test]
fn more_changes_than_are_kept() {
    let schemas = |count: usize, kind: &str| {
        format!(
            r#""A":{{"type":"object","properties":{{"x":{{"type":"{kind}"}},{}}}}}"#,
            list(count, |at| format!(r#""p{at}":{{}}"#))
        )
    };
    let (old, new) = (
        document(&answering("A"), &schemas(1, "string")),
        document(&answering("A"), &schemas(500, "integer")),
    );
    let options = Options {
        limits: Limits {
            changes: 100,
            ..Limits::default()
        },
        ..Options::default()
    };
    let changes = diff_with(&old, &new, &options);
    assert_eq!((changes.list().len(), changes.omitted()), (101, 399));
    assert!(changes.is_breaking() && changes.is_complete());
    assert!(changes.markdown().contains("And 399 more."));
}

/// Lists, maps and names by the ten thousand: anything quadratic takes minutes.
#[test]
fn crowded_documents() {
    let count = 20_000;
    for (name, make) in [
        (
            "paths of one shape",
            &(|side: &str| {
                let paths = list(count, |at| {
                    format!(r#""/a/{{{side}{at}}}":{{"get":{{"responses":{{}}}}}}"#)
                });
                document(&paths, "")
            }) as &dyn Fn(&str) -> Document,
        ),
        ("choices", &|side: &str| {
            let choices = list(count, |at| format!(r#"{{"type":"object","title":"{side}{at}"}}"#));
            document(&answering("A"), &format!(r#""A":{{"oneOf":[{choices}]}}"#))
        }),
        ("choices alike", &|side: &str| {
            let choices = list(count, |_| format!(r#"{{"const":"{side}"}}"#));
            document(&answering("A"), &format!(r#""A":{{"anyOf":[{choices}]}}"#))
        }),
        ("values", &|side: &str| {
            let values = list(count, |at| format!(r#""{side}{at}""#));
            document(&answering("A"), &format!(r#""A":{{"enum":[{values}]}}"#))
        }),
        ("required names", &|side: &str| {
            let names = list(count, |at| format!(r#""{side}{at}""#));
            let properties = list(count, |at| format!(r#""{side}{at}":{{}}"#));
            let schema = format!(r#""A":{{"required":[{names}],"properties":{{{properties}}}}}"#);
            document(&answering("A"), &schema)
        }),
        ("parameters", &|side: &str| {
            let parameters = list(count, |at| format!(r#"{{"name":"{side}{at}","in":"query"}}"#));
            document(
                &format!(r#""/a":{{"get":{{"parameters":[{parameters}],"responses":{{}}}}}}"#),
                "",
            )
        }),
        ("media types", &|side: &str| {
            let types = list(count, |at| format!(r#""a/{side}{at}":{{}}"#));
            document(
                &format!(r#""/a":{{"post":{{"requestBody":{{"content":{{{types}}}}},"responses":{{}}}}}}"#),
                "",
            )
        }),
        ("security", &|side: &str| {
            let list = list(count, |at| format!(r#"{{"{side}{at}":["a"]}}"#));
            document(
                &format!(r#""/a":{{"get":{{"security":[{list}],"responses":{{}}}}}}"#),
                "",
            )
        }),
        ("nested choices", &|side: &str| {
            let open = r#"{"oneOf":[{"type":"object"},"#.repeat(45);
            let close = "]}".repeat(45);
            document(&answering("A"), &format!(r#""A":{open}{{"title":"{side}"}}{close}"#))
        }),
    ] {
        let (old, new) = (make("o"), make("n"));
        let started = Watch::start();
        let changes = diff(&old, &new);
        let _ = (changes.markdown(), changes.breaks());
        // Other names in a template are no change.
        assert!(!changes.list().is_empty() || name == "paths of one shape", "{name}");
        started.in_time(name);
    }
}

/// Schemas in circles whose lengths have no common factor: every pair of them meets, and their properties with them.
#[test]
fn circles_of_different_lengths() {
    let circle = |length: usize, properties: usize, kind: &str| {
        let schemas = list(length, |at| {
            let next = (at + 1) % length;
            let more = list(properties, |number| {
                format!(r#""p{number}":{{"type":"{kind}","minLength":{at}}}"#)
            });
            format!(
                r##""S{at}":{{"properties":{{"next":{{"$ref":"#/components/schemas/S{next}"}}{}{more}}}}}"##,
                if properties > 0 { "," } else { "" }
            )
        });
        document(&answering("S0"), &schemas)
    };
    for (name, lengths, properties) in [
        ("circles", (2003, 2011), 0),
        ("circles with properties", (307, 311), 200),
    ] {
        let (old, new) = (
            circle(lengths.0, properties, "string"),
            circle(lengths.1, properties, "integer"),
        );
        let started = Watch::start();
        assert!(!diff(&old, &new).is_complete(), "{name}");
        started.in_time(name);
    }
    // As many pairs as are allowed, and one more.
    let schema = |kind: &str| format!(r#""A":{{"properties":{{"a":{{"type":"{kind}"}},"b":{{"type":"{kind}"}}}}}}"#);
    let (old, new) = (
        document(&answering("A"), &schema("string")),
        document(&answering("A"), &schema("integer")),
    );
    for (pairs, expected) in [(3, (2, true)), (2, (1, false)), (0, (0, false))] {
        let limits = Limits {
            pairs,
            ..Limits::default()
        };
        let options = Options {
            limits,
            ..Options::default()
        };
        let changes = diff_with(&old, &new, &options);
        assert_eq!((changes.list().len(), changes.is_complete()), expected, "{pairs} pairs");
    }
}

const SEEDS: [&str; 6] = [
    "real/petstore-2.0.json",
    "real/callback-3.0.yaml",
    "real/tags-3.2.yaml",
    "real/webhook-3.1.json",
    "real/petstore-3.0.yaml",
    "hostile/features-31.json",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// A document against a damaged copy: no panic, everything has a place and a sentence, and both ways find something or
    /// neither does.
    #[test]
    fn damaged_copies(
        seed in proptest::sample::select(SEEDS.to_vec()),
        edits in proptest::collection::vec((0.0..1.0f64, 0..60usize, "[{}\\[\\]\",: a-z0-9$#/~1]{0,6}"), 1..4),
    ) {
        let text = std::fs::read(specs::own("").join(seed)).unwrap();
        let mut damaged = text.clone();
        for (at, length, insert) in edits {
            let from = (at * damaged.len() as f64) as usize;
            let to = (from + length).min(damaged.len());
            damaged.splice(from..to, insert.bytes());
        }
        let limits = openapi::Limits::default();
        if let (Ok(old), Ok(new)) = (read(&text, &limits), read(&damaged, &limits)) {
            let mut there = diff(&old, &new);
            let back = diff(&new, &old);
            for change in there.list().iter().chain(back.list()) {
                prop_assert!(!change.message.is_empty() && !change.message.contains('\n'));
                prop_assert_eq!(change.level, change.rule.level);
            }
            there.locate(&text, &damaged, &limits).unwrap();
            let _ = (there.markdown(), there.breaks(), there.suggested_version("1.0.0"));
        }
    }
}
