//! Overlays, read and applied.

use openapi::overlay::{Overlay, read_with};
use openapi::{Limits, Rejected};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{specs, walk};

fn overlay(actions: &str) -> Result<Overlay, Rejected> {
    Overlay::read(
        format!("overlay: 1.1.0\ninfo: {{title: t, version: '1'}}\nactions:\n{actions}").as_bytes(),
        &Limits::default(),
    )
}

/// What becomes of a value, and the codes of what was found.
fn apply(mut value: Value, actions: &str) -> (Value, Vec<String>) {
    let overlay = overlay(actions).unwrap();
    let found = overlay.apply(&mut value, &Limits::default()).unwrap();
    (value, found.into_iter().map(|found| found.code.into_owned()).collect())
}

#[test]
fn actions_change_what_they_find() {
    for (name, value, actions, expected, codes) in [
        (
            "merge",
            json!({"a": {"b": 1, "c": [1], "d": {"e": 1}}}),
            "- target: $.a\n  update: {b: 2, c: [2], d: {f: 2}, g: 3}",
            json!({"a": {"b": 2, "c": [1, 2], "d": {"e": 1, "f": 2}, "g": 3}}),
            vec![],
        ),
        (
            "root",
            json!({"a": 1}),
            "- target: $\n  update: {b: {c: []}}",
            json!({"a": 1, "b": {"c": []}}),
            vec![],
        ),
        (
            "append an object",
            json!({"a": [{"x": 1}]}),
            "- target: $.a\n  update: {x: 2}",
            json!({"a": [{"x": 1}, {"x": 2}]}),
            vec![],
        ),
        (
            "append a text",
            json!({"a": ["x"]}),
            "- target: $.a\n  update: y",
            json!({"a": ["x", "y"]}),
            vec![],
        ),
        (
            "concatenate",
            json!({"a": [1]}),
            "- target: $.a\n  update: [2, 3]",
            json!({"a": [1, 2, 3]}),
            vec![],
        ),
        (
            "replace",
            json!({"a": [{"b": "x"}, {"b": null}]}),
            "- target: $.a.*.b\n  update: y",
            json!({"a": [{"b": "y"}, {"b": "y"}]}),
            vec![],
        ),
        (
            "in order",
            json!({"a": {"b": 1}}),
            "- target: $.a\n  remove: true\n- target: $\n  update: {a: {c: 1}}",
            json!({"a": {"c": 1}}),
            vec![],
        ),
        (
            "remove items",
            json!({"a": [1, 2, 3, 2]}),
            "- target: $.a[?@ == 2]\n  remove: true",
            json!({"a": [1, 3]}),
            vec![],
        ),
        (
            "remove in removed",
            json!({"a": {"a": {"a": 1, "b": 2}}, "c": 1}),
            "- target: $..a\n  remove: true",
            json!({"c": 1}),
            vec![],
        ),
        (
            "remove nested items",
            json!([[1, 2], [3, 4], 5]),
            "- target: $..[0]\n  remove: true",
            json!([[4], 5]),
            vec![],
        ),
        (
            "remove wins",
            json!({"a": 1}),
            "- target: $.a\n  update: 2\n  remove: true",
            json!({}),
            vec![],
        ),
        (
            "copy",
            json!({"a": {"x": 1}, "b": {}, "c": {"y": 2}}),
            "- target: $['b', 'c']\n  copy: $.a",
            json!({"a": {"x": 1}, "b": {"x": 1}, "c": {"y": 2, "x": 1}}),
            vec![],
        ),
        (
            "copy of several",
            json!({"a": [1, 2], "b": {}}),
            "- target: $.b\n  copy: $.a[*]",
            json!({"a": [1, 2], "b": {}}),
            vec!["overlay-copy"],
        ),
        (
            "found twice, changed once",
            json!({"a": [1]}),
            "- target: $['a', 'a']\n  update: 2",
            json!({"a": [1, 2]}),
            vec![],
        ),
        (
            "outline",
            json!({"a": {"b": 1}, "c": [1]}),
            "- target: $\n  update:\n    a:\n    c:\n    d:",
            json!({"a": {"b": 1}, "c": [1], "d": null}),
            vec![],
        ),
        (
            "no match",
            json!({"a": 1}),
            "- target: $.b\n  remove: true",
            json!({"a": 1}),
            vec!["overlay-no-match"],
        ),
        (
            "other kind",
            json!({"a": {"b": 1, "c": 1}}),
            "- target: $.a\n  update: {b: {x: 1}, c: 2}",
            json!({"a": {"b": 1, "c": 2}}),
            vec!["overlay-mismatch"],
        ),
        (
            "other kind of target",
            json!({"a": {}}),
            "- target: $.a\n  update: 2",
            json!({"a": {}}),
            vec!["overlay-mismatch"],
        ),
        (
            "nothing to do",
            json!({"a": {}}),
            "- target: $.a",
            json!({"a": {}}),
            vec!["overlay-empty-action"],
        ),
        (
            "the root stays",
            json!({"a": {}}),
            "- target: $\n  remove: true",
            json!({"a": {}}),
            vec!["overlay-root"],
        ),
    ] {
        assert_eq!(
            apply(value, actions),
            (expected, codes.into_iter().map(str::to_owned).collect()),
            "{name}"
        );
    }
}

/// The traits example of the specification.
#[test]
fn traits_are_applied() {
    let traits = || json!({"x-oai-traits": ["paged"], "responses": {}});
    let document = json!({"paths": {"/items": {"get": traits()}, "/some": {"get": traits(), "parameters": []}, "/other": {"get": {"responses": {}}}}});
    let (applied, found) = apply(
        document,
        "- target: $.paths[?@.get['x-oai-traits'][?@ == 'paged']].get\n  update: {parameters: [{name: top, in: query}]}",
    );
    assert!(found.is_empty());
    for path in ["/items", "/some"] {
        assert_eq!(applied["paths"][path]["get"]["parameters"][0]["name"], "top");
    }
    assert!(applied["paths"]["/other"]["get"].get("parameters").is_none());
}

#[test]
fn faulty_overlays_are_refused_with_the_place() {
    let read = |text: &str| Overlay::read(text.as_bytes(), &Limits::default());
    for (text, code, place) in [
        ("[]", "overlay-shape", (1, 1)),
        ("openapi: 3.1.0", "overlay-version", (1, 1)),
        (
            "overlay: 1.0\ninfo: {title: t, version: 1}\nactions: [{target: $, remove: false}]",
            "overlay-version",
            (1, 1),
        ),
        (
            "overlay: 2.0.0\ninfo: {title: t, version: 1}\nactions: [{target: $}]",
            "overlay-version",
            (1, 1),
        ),
        ("overlay: 1.0.0\nactions: [{target: $}]", "overlay-shape", (1, 1)),
        (
            "overlay: 1.0.0\ninfo: {title: t}\nactions: [{target: $}]",
            "overlay-shape",
            (2, 1),
        ),
        (
            "overlay: 1.0.0\ninfo: {title: t, version: 1}\nactions: []",
            "overlay-shape",
            (3, 1),
        ),
        (
            "overlay: 1.0.0\ninfo: {title: t, version: 1}\nactions:\n- {}",
            "overlay-target",
            (4, 3),
        ),
        (
            "overlay: 1.0.0\ninfo: {title: t, version: 1}\nactions:\n- target: paths",
            "overlay-target",
            (4, 3),
        ),
        (
            "overlay: 1.0.0\ninfo: {title: t, version: 1}\nactions:\n- target: $\n  remove: 1",
            "overlay-shape",
            (5, 3),
        ),
        (
            "overlay: 1.0.0\ninfo: {title: t, version: 1}\nactions:\n- target: $\n  copy: $.a",
            "overlay-shape",
            (5, 3),
        ),
        (
            "overlay: 1.1.0\ninfo: {title: t, version: 1}\nactions:\n- {target: $, copy: $.a, update: {}}",
            "overlay-shape",
            (4, 3),
        ),
        (
            "overlay: 1.1.0\ninfo: {title: t, version: 1}\nactions: {",
            "yaml-syntax",
            (4, 1),
        ),
    ] {
        let rejected = read(text).unwrap_err();
        let first = &rejected.diagnostics[0];
        let position = (first.line.unwrap(), first.column.unwrap());
        assert_eq!((&*first.code, position), (code, place), "{text}: {first}");
        assert!(first.hint.is_some() || code == "yaml-syntax", "{first:?}");
    }
    let found = overlay("- target: $.nope\n  remove: true")
        .unwrap()
        .apply(&mut json!({}), &Limits::default())
        .unwrap();
    assert_eq!(
        (found[0].line, found[0].column, &*found[0].pointer),
        (Some(4), Some(3), "/actions/0")
    );
}

#[test]
fn overlays_end_within_their_limits() {
    let refused = |value: Value, actions: &str| {
        let limits = Limits {
            nodes: 10_000,
            ..Limits::default()
        };
        let mut value = value;
        overlay(actions)
            .unwrap()
            .apply(&mut value, &limits)
            .unwrap_err()
            .diagnostics[0]
            .code
            .clone()
            .into_owned()
    };
    let doubled = "- target: $.a\n  copy: $\n".repeat(40);
    assert!(["too-many-values", "too-deep"].contains(&refused(json!({"a": []}), &doubled).as_str()));
    let wide = json!({"a": vec![json!({}); 2000]});
    assert_eq!(
        refused(wide.clone(), "- target: $.a.*\n  update: {b: [1, 2, 3, 4, 5]}"),
        "too-many-values"
    );
    // Every value is compared with every other, again and again.
    let list = json!({"a": vec![json!([[1], [2]]); 1000], "b": vec![json!([[1], [2], [3]]); 1000]});
    assert_eq!(
        refused(list, "- target: $..[?$..[?@ == $.b]]\n  remove: true"),
        "overlay-cost"
    );
}

#[test]
fn overlays_are_applied_to_documents_as_uploaded() {
    let swagger =
        br#"{"swagger": "2.0", "info": {"title": "t", "version": "1"}, "paths": {"/a": {"get": {"responses": {}}}}}"#;
    let change = overlay("- target: $.paths['/a'].get\n  update: {produces: [text/plain], responses: {'200': {description: d, schema: {type: 5}}}}").unwrap();
    let applied = read_with(swagger, &[&change], &Limits::default()).unwrap();
    assert_eq!(applied.document.format().label(), "swagger-2.0");
    assert!(applied.document.root()["paths"]["/a"]["get"]["responses"]["200"]["content"]["text/plain"].is_object());
    let found = &applied.document.diagnostics()[0];
    assert_eq!((&*found.code, found.line), ("wrong-type", Some(1)));
    let again = openapi::read(applied.text.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(again.root(), applied.document.root());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_overlays(
        actions in proptest::collection::vec((0..8usize, 0..8usize, 0..3usize), 1..6),
        noise in "[ -~\\n]{0,60}",
    ) {
        let targets = ["$", "$.paths.*", "$..*", "$..['schema']", "$.info.title", "$.paths.*.*.responses", "$.components.schemas[?@.type]", "$..[?@.name == 'limit']"];
        let updates = ["{x: 1}", "[1]", "text", "null", "{info: {title: {}}}", "{paths: {/new: {get: {}}}}", "{responses: []}", "{$ref: '#/nope'}"];
        let text: String = actions.iter().fold(String::new(), |text, (target, update, kind)| {
            let change = match kind {
                0 => format!("update: {}", updates[*update]),
                1 => format!("copy: \"{}\"", targets[*update]),
                _ => "remove: true".to_owned(),
            };
            format!("{text}- target: \"{}\"\n  {change}\n", targets[*target])
        });
        let overlay = overlay(&text).unwrap();
        let bytes = std::fs::read(specs::own("real/petstore-3.0.yaml")).unwrap();
        match read_with(&bytes, &[&overlay, &overlay], &Limits::default()) {
            Ok(applied) => {
                walk::everything(&applied.document, &text);
                openapi::read(applied.text.as_bytes(), &Limits::default()).unwrap();
            }
            Err(rejected) => assert!(!rejected.diagnostics.is_empty()),
        }
        let _ = Overlay::read(noise.as_bytes(), &Limits::default());
        let _ = Overlay::read(format!("overlay: 1.0.0\ninfo: {{title: t, version: '1'}}\nactions: {noise}").as_bytes(), &Limits::default());
    }
}
