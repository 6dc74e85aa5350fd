//! Attacks and mistakes: each is refused, or accepted with the findings it deserves, in bounded time and memory.

use std::net::TcpListener;
use std::time::Duration;

use openapi::{Diagnostic, Document, Limits, Severity};

use crate::watch::Watch;
use crate::{specs, walk};

/// What must come of a file.
enum Fate {
    /// Refused, with these codes among the errors.
    Refused(&'static [&'static str]),
    /// Accepted, with these codes among the findings; without an error if there are none.
    Accepted(&'static [&'static str]),
}
use Fate::{Accepted, Refused};

const FATES: [(&str, Fate); 70] = [
    ("allof-bomb.json", Accepted(&[])),
    ("both-versions.json", Refused(&["version-conflict"])),
    ("circular-allof.json", Accepted(&["ref-cycle"])),
    ("circular-chain.json", Accepted(&["ref-cycle"])),
    ("circular-legal.json", Accepted(&[])),
    ("circular-pathitems.json", Accepted(&["ref-cycle"])),
    ("circular-self.json", Accepted(&["ref-cycle"])),
    ("dangling-refs.json", Accepted(&["ref-dangling"])),
    ("deep-markdown.json", Accepted(&[])),
    (
        "duplicate-operationids.json",
        Accepted(&["operation-operationId-unique"]),
    ),
    ("dynamicref-31.json", Accepted(&[])),
    ("empty.yaml", Refused(&["empty"])),
    ("enc-invalid-utf8.json", Refused(&["not-utf8"])),
    ("enc-latin1.yaml", Refused(&["not-utf8"])),
    ("enc-lone-surrogate.json", Accepted(&["lone-surrogate"])),
    ("enc-nul-control.json", Accepted(&[])),
    ("enc-utf16.json", Accepted(&[])),
    ("enc-utf8-bom.json", Accepted(&[])),
    ("features-31.json", Accepted(&[])),
    ("features-32.json", Accepted(&["tag-parent", "additional-operation"])),
    ("gzip-bomb.json.gz", Refused(&["too-large"])),
    ("html-not-spec.json", Refused(&["not-openapi"])),
    ("huge-description.json", Accepted(&[])),
    ("huge-enum.json", Accepted(&[])),
    ("huge-oneof.json", Accepted(&[])),
    ("json-comments.json", Refused(&["json-syntax"])),
    ("json-deep-nesting.json", Refused(&["too-deep"])),
    ("json-duplicate-keys.json", Accepted(&["duplicate-key"])),
    ("json-trailing-garbage.json", Refused(&["json-syntax"])),
    ("lfi-refs.json", Accepted(&["ref-external"])),
    ("many-paths.json", Accepted(&[])),
    ("missing-info.json", Refused(&["info-missing"])),
    ("missing-paths.json", Refused(&["paths-missing"])),
    ("missing-version.json", Refused(&["version-missing"])),
    ("null-everywhere.json", Accepted(&["wrong-type"])),
    (
        "numbers.json",
        Accepted(&["schema-number", "schema-type", "typed-enum"]),
    ),
    (
        "parameters-invalid.json",
        Accepted(&[
            "operation-parameters",
            "parameter-in",
            "parameter-name",
            "parameter-schema",
            "header-name",
        ]),
    ),
    (
        "path-parameter-mismatch.json",
        Accepted(&[
            "path-params",
            "path-template",
            "path-declarations-must-exist",
            "path-leading-slash",
        ]),
    ),
    (
        "path-weird.json",
        Accepted(&["path-unsafe", "path-length", "path-leading-slash"]),
    ),
    ("proto-names.json", Accepted(&[])),
    ("redos.json", Accepted(&[])),
    ("ref-bomb.json", Accepted(&[])),
    ("ref-into-paths.json", Accepted(&[])),
    (
        "ref-percent-encoded.json",
        Accepted(&["ref-dangling", "component-name"]),
    ),
    ("ref-siblings.json", Accepted(&["no-$ref-siblings"])),
    ("regex-unsupported.json", Accepted(&[])),
    (
        "responses-methods-invalid.json",
        Accepted(&["response-status", "unknown-method", "missing-field"]),
    ),
    ("root-array.json", Refused(&["not-an-object"])),
    ("scheme-refs.json", Accepted(&["ref-external"])),
    (
        "security-undefined.json",
        Accepted(&["oas3-operation-security-defined", "security-scheme"]),
    ),
    ("self-32.json", Accepted(&["ref-external"])),
    ("ssrf-other-fields.json", Accepted(&["ref-external", "external-value"])),
    ("ssrf-pathitem.yaml", Accepted(&["ref-external"])),
    ("ssrf-refs.json", Accepted(&["ref-external"])),
    (
        "swagger2-invalid.json",
        Accepted(&[
            "oas2-host",
            "oas2-base-path",
            "oas2-schemes",
            "operation-parameters",
            "wrong-type",
        ]),
    ),
    ("type-confusion-deep.json", Refused(&["wrong-type"])),
    ("type-confusion.json", Refused(&["wrong-type"])),
    ("version-number.yaml", Accepted(&["version-not-text"])),
    ("version-unknown.json", Refused(&["version-unsupported"])),
    ("xss-everywhere.json", Accepted(&["unsafe-url"])),
    ("yaml-billion-laughs.yaml", Refused(&["alias-expansion"])),
    ("yaml-deep-flow.yaml", Refused(&["too-deep"])),
    ("yaml-duplicate-keys.yaml", Accepted(&["duplicate-key"])),
    ("yaml-merge-bomb.yaml", Refused(&["alias-expansion"])),
    ("yaml-multi-document.yaml", Refused(&["multiple-documents"])),
    ("yaml-quadratic.yaml", Refused(&["alias-expansion"])),
    ("yaml-recursive-anchor.yaml", Refused(&["recursive-alias"])),
    ("yaml-tabs-crlf.yaml", Accepted(&[])),
    ("yaml-tags.yaml", Refused(&["yaml-tag", "wrong-type"])),
    ("yaml-typing-traps.yaml", Accepted(&[])),
];

fn read(name: &str) -> Result<Document, openapi::Rejected> {
    openapi::read(
        &std::fs::read(specs::own("hostile").join(name)).unwrap(),
        &Limits::default(),
    )
}

#[test]
fn every_file_meets_its_fate() {
    let files = specs::files(&specs::own("hostile"));
    assert_eq!(files.len(), FATES.len(), "the table and the folder differ");
    // The port that the documents try to reach. Another test run may hold it; then there is nothing to see here.
    let canary = TcpListener::bind("127.0.0.1:18999").ok();
    for (name, fate) in &FATES {
        let started = Watch::start();
        let result = read(name);
        if let Ok(document) = &result {
            walk::everything(document, name);
        }
        let elapsed = started.elapsed();
        assert!(elapsed < Duration::from_secs(2), "{name} took {elapsed:?}");
        let (found, codes): (&[Diagnostic], &[&str]) = match (&result, fate) {
            (Ok(document), Accepted(codes)) => (document.diagnostics(), codes),
            (Err(rejected), Refused(codes)) => (&rejected.diagnostics, codes),
            (Ok(_), Refused(_)) => panic!("{name} is accepted"),
            (Err(rejected), Accepted(_)) => panic!("{name} is refused: {rejected}"),
        };
        for code in codes {
            assert!(
                found.iter().any(|found| found.code == *code),
                "{name} has no {code}: {found:#?}"
            );
        }
        let has_error = found.iter().any(|found| found.severity == Severity::Error);
        assert!(!(codes.is_empty() && has_error), "{name}: {found:#?}");
        assert!(result.is_ok() || has_error, "{name} is refused without an error");
        assert!(
            found.iter().all(|found| !found.to_string().contains(char::is_control)),
            "{name} breaks lines"
        );
    }
    if let Some(canary) = canary {
        canary.set_nonblocking(true).unwrap();
        assert!(canary.accept().is_err(), "something connected");
    }
    // The peak of this whole process, other tests included, some of which fill what the limits allow.
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        let kib: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
        assert!(kib < 1024 * 1024, "{kib} KiB");
    }
}

#[test]
fn references_to_nothing_are_named_one_by_one() {
    let document = read("dangling-refs.json").unwrap();
    let pointers: Vec<&str> = document
        .diagnostics()
        .iter()
        .map(|found| found.pointer.rsplit('/').nth(1).unwrap())
        .collect();
    assert_eq!(pointers, ["0", "1", "2", "3", "4", "5"]);
}

#[test]
fn typing_traps_are_read_as_yaml_1_2() {
    let document = read("yaml-typing-traps.yaml").unwrap();
    assert_eq!((document.title(), document.version()), ("on", "1.10"));
    let operation = document.operation("no").unwrap();
    let responses = operation.responses();
    let described: Vec<_> = responses
        .iter()
        .map(|response| (response.status, response.description))
        .collect();
    assert_eq!(described, [("200", "yes"), ("default", "2020-01-01")]);
    let schema = operation.parameters()[0].schema.unwrap();
    let expected = serde_json::json!([
        "NO", "SE", "on", "off", "y", "010", "0x1F", "1e3", "12:30:45", null, null, ".inf"
    ]);
    assert_eq!(schema["enum"], expected);
}

#[test]
fn numbers_keep_their_digits() {
    let document = read("numbers.json").unwrap();
    let shown = |name: &str, keyword: &str| document.display(&document.schema(name).unwrap()[keyword]);
    assert_eq!(shown("A", "maximum"), "1e400");
    assert_eq!(shown("A", "minimum"), "-1e400");
    assert_eq!(shown("A", "default"), "123456789012345678901234567890");
    assert_eq!(shown("B", "minLength"), "99999999999999999999");
    assert!(shown("C", "enum").contains("9007199254740993"));
}

#[test]
fn duplicate_names_have_distinct_slugs() {
    let document = read("duplicate-operationids.json").unwrap();
    let slugs: Vec<&str> = document.operations().iter().map(|entry| entry.slug.as_str()).collect();
    assert_eq!(slugs, ["dup", "dup-2", "dup-3"]);
}

#[test]
fn version_3_2_is_understood() {
    let document = read("features-32.json").unwrap();
    let methods: Vec<&str> = document
        .operations()
        .iter()
        .map(|entry| entry.method.as_str())
        .collect();
    assert_eq!(methods, ["QUERY", "COPY"]);
    let parents: Vec<Option<&str>> = document.tags().iter().map(|tag| tag.parent.as_deref()).collect();
    assert_eq!(parents, [None, Some("a"), None, Some("c")]);
    let query = document.operation(&document.operations()[0].slug).unwrap();
    assert_eq!(query.parameters()[0].location, openapi::ParameterLocation::QueryString);
    let responses = query.responses();
    assert_eq!(responses[0].description, "x");
    assert!(responses[0].content[0].item_schema.is_some());
}

#[test]
fn dynamic_references_and_anchors_are_followed() {
    let document = read("dynamicref-31.json").unwrap();
    let tree = document.schema("Tree").unwrap();
    let items = &tree["properties"]["children"]["items"];
    assert_eq!(document.resolve(items).unwrap().value, tree);
}
