//! Searching real and hostile documents, from outside.

use std::time::Duration;

use openapi::search::{EntryKind, Guide, Index, IndexBuilder, Query, Section};
use openapi::{Document, Limits};
use proptest::prelude::*;

use crate::specs;
use crate::watch::Watch;

fn read(file: &str) -> Document {
    openapi::read(
        &std::fs::read(specs::own("real").join(file)).unwrap(),
        &Limits::default(),
    )
    .unwrap()
}

fn index(file: &str) -> Index {
    let mut builder = IndexBuilder::default();
    builder.document(file, &read(file));
    builder.build()
}

#[test]
fn what_people_type_into_a_search_is_found_first() {
    let index = index("github-api-16.6.0-3.0.json.gz");
    for (text, kinds, expected) in [
        ("create an issue", &[][..], "issues-create"),
        ("creat isue", &[EntryKind::Operation], "issues-create"),
        ("issues/create", &[], "issues-create"),
        ("list repository webhooks", &[], "repos-list-webhooks"),
        ("list repositroy webhoks", &[], "repos-list-webhooks"),
        ("merge pull request", &[EntryKind::Operation], "pulls-merge"),
        ("simple user", &[EntryKind::Schema], "simple-user"),
        ("simple-user", &[EntryKind::Schema], "simple-user"),
        ("per_page", &[EntryKind::Parameter], ""),
        ("gists", &[EntryKind::Tag], "gists"),
    ] {
        let results = index.search(&Query {
            kinds,
            ..Query::new(text)
        });
        let found: Vec<&str> = results.hits.iter().map(|hit| hit.entry.anchor.as_str()).collect();
        let is_first = |anchor: &&&str| anchor.eq_ignore_ascii_case(expected) || expected.is_empty();
        let place = found.iter().position(|anchor| is_first(&anchor));
        assert!(
            place.is_some_and(|place| place < 5),
            "{text}: {:?}",
            &found[..found.len().min(5)]
        );
        assert!(results.total >= results.hits.len());
        assert!(results.hits.is_sorted_by(|left, right| left.score >= right.score));
        assert!(kinds.is_empty() || results.hits.iter().all(|hit| kinds.contains(&hit.entry.kind)));
    }
}

#[test]
fn guides_and_documents_are_searched_together() {
    let mut builder = IndexBuilder::default();
    builder.document("pets", &read("petstore-3.0.yaml"));
    let sections = [
        Section {
            heading: "",
            anchor: "start",
            text: "Get a key first.",
        },
        Section {
            heading: "Pagination of pets",
            anchor: "start#pagination",
            text: "Follow the cursor until there is no next page.",
        },
    ];
    builder.guide(
        "guides",
        &Guide {
            title: "Getting started",
            sections: &sections,
        },
    );
    let index = builder.build();
    let results = index.search(&Query::new("pagination"));
    let hit = &results.hits[0];
    assert_eq!(
        (hit.entry.kind, hit.entry.anchor.as_str()),
        (EntryKind::Guide, "start#pagination")
    );
    assert_eq!(
        (hit.entry.title.as_str(), hit.entry.detail.as_str()),
        ("Pagination of pets", "Getting started")
    );
    assert_eq!(hit.title_marks, [(0, 10)]);

    let results = index.search(&Query::new("cursor"));
    let hit = &results.hits[0];
    let (start, end) = hit.excerpt_marks[0];
    assert_eq!(&hit.excerpt[start..end], "cursor");

    let only = Query {
        source: Some("pets"),
        ..Query::new("pets")
    };
    let results = index.search(&only);
    assert!(!results.hits.is_empty() && results.hits.iter().all(|hit| hit.entry.source == "pets"));
    for text in ["", "   ", "…", "qqqqqqqqq"] {
        assert_eq!(index.search(&Query::new(text)).total, 0, "{text}");
    }
    let none = Query {
        limit: 0,
        ..Query::new("pet")
    };
    assert!(index.search(&none).hits.is_empty() && index.search(&none).total > 0);
}

/// The same words of the same documents are always answered in the same order.
#[test]
fn answers_are_the_same_every_time() {
    let (one, other) = (index("airflow-3.0.json"), index("airflow-3.0.json"));
    for text in ["dag", "list runs", "conection", "a", "get task instance"] {
        let query = Query {
            limit: 200,
            ..Query::new(text)
        };
        assert_eq!(one.search(&query), one.search(&query));
        let order = |index: &Index| -> Vec<(String, String)> {
            let hits = index.search(&query).hits;
            hits.iter()
                .map(|hit| (hit.entry.title.clone(), hit.entry.anchor.clone()))
                .collect()
        };
        assert_eq!(order(&one), order(&other), "{text}");
    }
}

#[test]
fn hostile_documents_are_indexed_within_bounds() {
    for path in specs::files(&specs::own("hostile")) {
        let Ok(document) = openapi::read(&std::fs::read(&path).unwrap(), &Limits::default()) else {
            continue;
        };
        let started = Watch::start();
        let mut builder = IndexBuilder::default();
        builder.document("hostile", &document);
        let index = builder.build();
        for text in ["a", "pet", "__proto__", "constructr", "\u{0}\u{202e}<script>"] {
            let results = index.search(&Query::new(text));
            assert!(results.hits.len() <= 20);
        }
        assert!(index.weight() < 4 * document.weight() + 1_000_000, "{}", path.display());
        assert!(
            started.elapsed() < Duration::from_secs(4),
            "{} took {:?}",
            path.display(),
            started.elapsed()
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is typed, marks are parts of the texts they are about.
    #[test]
    fn any_query_is_answered(text in "[a-zA-Z0-9 ßüé日本😀/_{}.-]{0,60}|\\PC{0,40}") {
        thread_local!(static INDEX: Index = index("scalar-galaxy-3.1.yaml"));
        INDEX.with(|index| {
            for hit in index.search(&Query::new(&text)).hits {
                let texts = [(hit.entry.title.as_str(), &hit.title_marks), (hit.entry.detail.as_str(), &hit.detail_marks), (hit.excerpt, &hit.excerpt_marks)];
                for (text, marks) in texts {
                    assert!(marks.is_sorted() && marks.iter().all(|(start, end)| start < end && text.get(*start..*end).is_some()));
                }
            }
        });
    }
}
