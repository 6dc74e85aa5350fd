//! The report about a document, as Markdown.

use openapi::{Limits, inspect};

fn report(text: &str) -> String {
    inspect::markdown(&openapi::read(text.as_bytes(), &Limits::default()))
}

#[test]
fn a_report_has_everything() {
    let text = "openapi: 3.1.0\ninfo: {title: Pets, version: '2', summary: All of them}\nservers:\n  - url: https://{r}.example/\n    description: Live\n    variables: {r: {default: eu, enum: [eu, us]}}\npaths:\n  /pets/{id}:\n    parameters: [{name: id, in: path, required: true, schema: {type: nonsense}}]\n    get: {operationId: getPet, summary: One, tags: [pets, all], deprecated: true}\nwebhooks: {born: {post: {}}}\ncomponents: {securitySchemes: {key: {type: apiKey, in: header, name: X-Key}, other: {type: odd}}}\n";
    let expected = "# Pets

Version 2, written in OpenAPI 3.1.

All of them

| Paths | Operations | Schemas | Webhooks |
|---:|---:|---:|---:|
| 1 | 1 | 0 | 1 |

## Operations

| Method | Path | Operation | Summary | Tags |
|---|---|---|---|---|
| GET | `/pets/{id}` | `getPet` | (deprecated) One | pets, all |
| POST | webhook `born` |  |  |  |

## Servers

- `https://{r}.example/`: Live
  - `r`: `eu` of `eu`, `us`

## Security schemes

- `key`: a key in header `X-Key`
- `other`: of an unknown type

## Findings

- **error** `9:64`: \\`nonsense\\` is not a type in this version (`schema-type`) at `/paths/~1pets~1{id}/parameters/0/schema/type`. Use array, boolean, integer, number, object, string, and from 3.1 on null.
- **error** `12:86`: \\`odd\\` is not a type of security scheme (`security-scheme`) at `/components/securitySchemes/other/type`. Complete the scheme as its type requires.
";
    assert_eq!(report(text), expected);
    assert_eq!(
        report(""),
        "# This document can't be imported\n\n## Findings\n\n- **error**: the document is empty (`empty`). Choose the file with the OpenAPI document.\n"
    );
}

/// Names and texts are shown, not acted on.
#[test]
fn a_report_is_not_made_by_the_document() {
    let text = r#"{"openapi": "3.1.0", "info": {"title": "a\n# b <script>", "version": "|1`2`|"}, "paths": {"/a|`b`": {"get": {"summary": "x | [y](z)\n\n| z", "operationId": "```", "tags": ["<b>"]}}}}"#;
    let report = report(text);
    assert!(
        report.starts_with("# a \\# b \\<script\\>\n\nVersion \\|1\\`2\\`\\|,"),
        "{report}"
    );
    let row = report.lines().find(|line| line.starts_with("| GET")).unwrap();
    assert_eq!(
        row,
        "| GET | `` /a\\|`b` `` | ```` ``` ```` | x \\| \\[y\\](z) \\| z | \\<b\\> |"
    );
}
