//! What to do about a finding, for those whose place has no better advice.

use crate::diagnostics::{Diagnostic, Rejected};

/// Gives every finding a hint that has none.
pub(crate) fn complete(diagnostics: &mut [Diagnostic]) {
    for found in diagnostics.iter_mut().filter(|found| found.hint.is_none()) {
        found.hint = advice(&found.code).map(str::to_owned);
    }
}

/// The same for what a document is refused with.
pub(crate) fn completed(mut rejected: Rejected) -> Rejected {
    complete(&mut rejected.diagnostics);
    rejected
}

/// Advice by the code of a finding.
fn advice(code: &str) -> Option<&'static str> {
    Some(match code {
        // The text.
        "empty" => "Choose the file with the OpenAPI document.",
        "too-large" => "Split the API into several documents, or move long texts into guides.",
        "gzip-damaged" => "Compress the file again, or upload it as it is.",
        "not-utf8" | "not-utf16" => "Save the file as UTF-8.",
        "json-syntax" => "Mend the text at this place; an editor with JSON support shows it.",
        "yaml-syntax" => "Mend the text at this place; look at the indentation and at quotes around it.",
        "yaml-key" => "Write the key as a plain text.",
        "yaml-tag" => "Remove the tag; write the value itself.",
        "yaml-merge" => "Let << be followed by an alias of an object, or write the fields out.",
        "alias-expansion" | "recursive-alias" => "Use $ref instead of aliases.",
        "multiple-documents" => "Keep one document; remove the --- between them.",
        "duplicate-key" => "Rename or remove one of them.",
        "lone-surrogate" => "Write the character itself, or both halves of it.",
        "too-deep" => "Move inner schemas to components, and refer to them by $ref.",
        "too-many-values" => "Split the API into several documents.",
        "key-too-long" => "Shorten the key; move long texts into values.",
        "pointer-too-long" | "pointers-too-long" => "Shorten the longest keys.",
        "too-slow" => "Split the API into several documents, and use few aliases.",
        "more-findings" => "Mend those that are listed, and read the document again.",
        // The document as a whole.
        "not-openapi" | "not-an-object" => "Choose the JSON or YAML file that starts with `openapi` or `swagger`.",
        "version-missing" => "Add `openapi: 3.1.1` at the top.",
        "version-conflict" => "Keep `openapi` for version 3, or `swagger` for version 2.",
        "version-unsupported" => "Supported are `swagger: \"2.0\"` and `openapi` 3.0, 3.1 and 3.2.",
        "version-not-text" => "Put the version in quotes.",
        "info-missing" => "Add `info` with `title` and `version`.",
        "paths-missing" => "Add `paths` with the paths of the API.",
        "wrong-type" => "Write it as this field of the specification is written.",
        "missing-field" => "Add the field; the specification requires it.",
        "unknown-field" => "Remove the field, correct its name, or let it start with x-.",
        "needs-3.2" => "Raise `openapi` to 3.2.0, or write it as an extension that starts with x-.",
        "strict-3.0" => "Correct the field, or raise the document to OpenAPI 3.1.",
        "unsafe-url" => "Write an address that starts with https://.",
        "server-url" => "Write the address without a query and a fragment.",
        "server-variable" => {
            "List every variable of the URL under `variables`, each with a default that is one of its values."
        }
        "component-name" => "Rename it, and the references to it.",
        "openapi-tags-uniqueness" => "Keep one of the two.",
        "tag-parent" => "Name a declared tag that isn't below this one.",
        // Paths and operations.
        "path-leading-slash" => "Begin the path with a slash.",
        "path-length" => "Shorten the path, or move parts of it to parameters.",
        "path-not-include-query" => "Describe what follows the ? as query parameters.",
        "path-unsafe" => "Remove spaces, control characters and dot segments from the path.",
        "path-template" => "Close every brace before the next is opened.",
        "path-declarations-must-exist" => "Put the name of the parameter between the braces.",
        "path-params" => {
            "Let the names in braces and the path parameters be the same, each once, with `required: true`."
        }
        "unknown-method" => "Use a method of the specification, or let the field start with x-.",
        "additional-operation" => "Use the method's own field; only other methods are additional ones.",
        "operation-operationId-unique" => "Give each operation an id of its own.",
        "response-status" => "Write a status such as \"200\", a class such as \"4XX\", or default.",
        // Parameters, bodies, schemas.
        "operation-parameters" => "Remove or rename one of them.",
        "parameter-in" => "Write one of query, header, path and cookie, as the version allows.",
        "parameter-name" => "Add `name`.",
        "parameter-schema" => "Give it a `schema`, or `content` with one media type.",
        "parameter-style" => "Write a style that this place of a parameter can have.",
        "header-name" => "Use letters, digits and - in names of header fields.",
        "header-reserved" => "Describe it by the media types or the security of the operation.",
        "encoding" => "Keep `encoding` for named properties, or the other two for lists.",
        "example-exclusive" => "Keep one of them.",
        "external-value" => "Write the example itself as `value` if it shall be shown.",
        "xml-node-type" => "Write `nodeType` instead of the older fields.",
        "array-items" => "Add `items`, or `items: {}` for anything.",
        "schema-items" => "Rename `items` to `prefixItems`.",
        "schema-number" => "Write a number that this keyword can have.",
        "schema-type" => "Use array, boolean, integer, number, object, string, and from 3.1 on null.",
        "typed-enum" => "Correct the value or the type.",
        "no-$ref-siblings" => "Move it to the schema that is referred to, or put the reference into allOf.",
        // References and security.
        "ref-external" => "Copy what it refers to into the document, or upload the files together.",
        "ref-dangling" => "Correct the reference, or add what it names.",
        "ref-cycle" => "Let one of these lead to a real part instead of the next reference.",
        "oas2-operation-security-defined" | "oas3-operation-security-defined" => {
            "Define the scheme or scope, or correct its name."
        }
        "security-scheme" => "Complete the scheme as its type requires.",
        "oas2-host" => "Write the name and perhaps the port, such as api.example.com:8443.",
        "oas2-base-path" => "Write a path such as /v1.",
        "oas2-schemes" => "Write http, https, ws or wss.",
        _ => return None,
    })
}
