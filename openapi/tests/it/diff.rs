//! Comparing two documents: every family of rules against what oasdiff 1.15 says of the same pair, and what a change says.

use std::path::Path;

use openapi::diff::rules::Origin;
use openapi::diff::{Changes, Date, Options, diff, diff_with};
use openapi::{Document, Limits};
use serde_json::{Value, json};

use crate::specs;

fn read(document: &Value) -> Document {
    openapi::read(document.to_string().as_bytes(), &Limits::default()).unwrap()
}

pub(crate) fn file(path: &Path) -> Document {
    openapi::read(&std::fs::read(path).unwrap(), &Limits::default()).unwrap()
}

/// The day after which sunsets in the fixtures have come or not: they are in 2019, and from 2098 on.
pub(crate) fn options() -> Options {
    Options {
        today: Date::parse("2026-01-01"),
        ..Options::default()
    }
}

/// A document that has one schema in every place that a rule family looks at.
fn everywhere(case: &Value, schema: &Value) -> Value {
    let mut object = json!({"type": "object", "properties": {"p": schema}});
    if case["required"] == true {
        object["required"] = json!(["p"]);
    }
    let media = case["media"].as_str().unwrap_or("application/json");
    let version = case["version"].as_str().unwrap_or("3.0.3");
    let ok = json!({"200": {"description": "x"}});
    let body =
        |schema: &Value| json!({"post": {"requestBody": {"content": {media: {"schema": schema}}}, "responses": ok}});
    let parameter = |name: &str, location: &str, schema: &Value| json!({"get": {"parameters": [{"name": name, "in": location, "schema": schema}], "responses": ok}});
    let answer = |schema: &Value| json!({"get": {"responses": {"200": {"description": "x", "content": {media: {"schema": schema}}}}}});
    let mut document = json!({"openapi": version, "info": {"title": "t", "version": "1"}, "paths": {
        "/body": body(schema),
        "/prop": body(&object),
        "/param": parameter("q", "query", schema),
        "/headparam": parameter("H", "header", schema),
        "/paramprop": parameter("q", "query", &object),
        "/headprop": parameter("H", "header", &object),
        "/rbody": answer(schema),
        "/rprop": answer(&object),
        "/rhead": {"get": {"responses": {"200": {"description": "x", "headers": {"X": {"schema": schema}}}}}},
    }});
    if let Some(schemas) = case.get("components") {
        document["components"] = json!({"schemas": schemas});
    }
    document
}

fn found(changes: &Changes, is_wanted: impl Fn(Origin) -> bool) -> Vec<String> {
    let mut found: Vec<String> = changes
        .list()
        .iter()
        .filter(|change| change.rule.name != "documentation-changed" && is_wanted(change.rule.origin))
        .map(|change| {
            format!(
                "{} {}",
                change.rule.name,
                change.operation.as_deref().unwrap_or_default()
            )
        })
        .map(|text| text.trim().to_owned())
        .collect();
    found.sort();
    found
}

fn names(value: &Value) -> Vec<String> {
    let list = value.as_array().into_iter().flatten();
    list.map(|name| name.as_str().unwrap().to_owned()).collect()
}

/// Each line of the fixture is a pair of schemas or documents, with what oasdiff 1.15 finds, and, where we find something
/// else under its names, what that is and why.
#[test]
fn every_family_of_rules() {
    let text = std::fs::read_to_string(specs::own("diff/cases.jsonl")).unwrap();
    let mut rules: Vec<String> = Vec::new();
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let (old, new) = if case["documents"] == true {
            (case["old"].clone(), case["new"].clone())
        } else {
            (everywhere(&case, &case["old"]), everywhere(&case, &case["new"]))
        };
        let changes = diff_with(&read(&old), &read(&new), &options());
        let expected = case.get("ours").unwrap_or(&case["oasdiff"]);
        assert_eq!(
            found(&changes, |origin| origin == Origin::Oasdiff),
            names(expected),
            "{}",
            case["name"]
        );
        let mut beyond = found(&changes, |origin| origin != Origin::Oasdiff);
        beyond.dedup();
        assert_eq!(beyond, names(&case["beyond"]), "{}", case["name"]);
        assert!(case.get("ours").is_none() || case["why"].is_string());
        rules.extend(found(&changes, |_| true));
        for change in changes.list() {
            assert_eq!(change.level, change.rule.level);
            let document = if change.document == openapi::diff::Side::Old {
                &old
            } else {
                &new
            };
            assert!(is_near(document, &change.path), "{}: {:?}", case["name"], change.path);
        }
    }
    let mut seen: Vec<&str> = rules.iter().filter_map(|rule| rule.split(' ').next()).collect();
    seen.sort_unstable();
    seen.dedup();
    assert!(seen.len() >= 400, "only {} rules are reached", seen.len());
}

/// Whether a path leads to something; keywords that 3.1 has in another form may be gone from its end.
fn is_near(document: &Value, path: &[String]) -> bool {
    let mut value = document;
    for (at, key) in path.iter().enumerate() {
        let next = match value {
            Value::Array(items) => key.parse::<usize>().ok().and_then(|index| items.get(index)),
            other => other.get(key),
        };
        match next {
            Some(next) => value = next,
            None => return at + 1 >= path.len(),
        }
    }
    true
}

#[test]
fn nothing_changed_between_a_document_and_itself() {
    for path in specs::files(&specs::own("real")) {
        let (one, other) = (file(&path), file(&path));
        let changes = diff(&one, &other);
        assert_eq!(changes.list(), [], "{}", path.display());
        assert_eq!(changes.bump(), openapi::diff::Bump::None);
    }
}

fn pets(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

const OLD: &str = r"openapi: 3.0.3
info: {title: Pets & <more>, version: 1.4.2}
paths:
  /pets/{id}:
    get:
      operationId: getPet
      parameters:
        - {name: id, in: path, required: true, schema: {type: string}}
      responses:
        '200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}
  /pets:
    get:
      responses:
        '200': {description: ok, content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Pet'}}}}}
components:
  schemas:
    Pet:
      type: object
      required: [name]
      properties:
        name: {type: string}
        kind: {type: string, enum: [cat, dog]}
";

fn changed(edit: impl Fn(String) -> String) -> (Changes, Vec<u8>, Vec<u8>) {
    let (old, new) = (pets(OLD), pets(&edit(OLD.to_owned())));
    let read = |text: &[u8]| openapi::read(text, &Limits::default()).unwrap();
    let mut changes = diff(&read(&old), &read(&new));
    changes.locate(&old, &new, &Limits::default()).unwrap();
    (changes, old, new)
}

#[test]
fn changes_say_where_and_what() {
    let (changes, ..) = changed(|text| {
        text.replace("/pets/{id}", "/pets/{pet}")
            .replace("{name: id,", "{name: pet,")
            .replace("        name: {type: string}\n", "")
            .replace("[cat, dog]", "[cat, dog, bird]")
    });
    let shown: Vec<String> = changes
        .list()
        .iter()
        .map(|change| {
            format!(
                "{} | {} | {:?} {} line {} | {}",
                change.rule.name,
                change.operation.as_deref().unwrap_or_default(),
                change.document,
                change.pointer(),
                change.line.unwrap(),
                change.message
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            "response-required-property-removed | GET /pets/{id} | Old /components/schemas/Pet/properties/name line 21 | \
             the property `name` of the body of the 200 response was removed",
            "response-required-property-removed | GET /pets | Old /components/schemas/Pet/properties/name line 21 | \
             the property `[].name` of the body of the 200 response was removed",
            "response-property-enum-value-added | GET /pets/{id} | New /components/schemas/Pet/properties/kind/enum/2 \
             line 21 | the property `kind` of the body of the 200 response has the new value `bird`",
            "response-property-enum-value-added | GET /pets | New /components/schemas/Pet/properties/kind/enum/2 \
             line 21 | the property `[].kind` of the body of the 200 response has the new value `bird`",
            "path-parameter-renamed | GET /pets/{id} | New /paths/~1pets~1{pet}/get/parameters/0 line 8 | \
             the path parameter `id` is now called `pet`",
        ]
    );
    let breaks = changes.breaks();
    assert_eq!(breaks.len(), 2);
    assert_eq!(breaks[0].operations, ["GET /pets/{id}", "GET /pets"]);
    assert_eq!(changes.suggested_version("1.4.2").version.as_deref(), Some("2.0.0"));
    let json = serde_json::to_value(&changes.list()[0]).unwrap();
    assert_eq!(json["rule"], "response-required-property-removed");
    assert_eq!(json["level"], "error");
    assert_eq!(json["operationId"], "getPet");
    assert_eq!(json["document"], "old");
    assert_eq!(json["direction"], "response");
    assert_eq!(json["path"][3], "properties");
}

#[test]
fn the_change_log_is_for_people() {
    let (changes, ..) = changed(|text| {
        text.replace("  /pets:\n    get:", "  /pets:\n    put:").replace(
            "{name: id,",
            "{name: 'a*b', in: query, required: true, schema: {}}\n        - {name: id,",
        )
    });
    assert_eq!(
        changes.markdown(),
        "# Changes of Pets \\& \\<more\\>\n\
         \n\
         From version 1.4.2 to 1.4.2.\n\
         \n\
         ## Breaking\n\
         \n\
         ### GET /pets/\\{id\\}\n\
         \n\
         - The query parameter `a*b` is new and required.\n\
         \n\
         ### GET /pets\n\
         \n\
         - The endpoint was removed without being deprecated before.\n\
         \n\
         ## Other changes\n\
         \n\
         ### PUT /pets\n\
         \n\
         - The endpoint is new.\n\
         \n"
    );
    let (changes, ..) = changed(|text| text);
    assert!(changes.markdown().ends_with("Nothing changed.\n"));
    let (changes, ..) = changed(|text| text.replace("description: ok", "description: fine"));
    assert_eq!(changes.suggested_version("1.4.2").version.as_deref(), Some("1.4.3"));
    let (changes, ..) = changed(|text| text + "        age: {type: integer}\n");
    assert_eq!(changes.suggested_version("1.4.2").version.as_deref(), Some("1.5.0"));
    assert!(!changes.is_breaking());
}

/// Swagger 2.0 is compared in the shape of 3.1; paths are those of the upload.
#[test]
fn swagger_2() {
    let document = |kind: &str| {
        json!({"swagger": "2.0", "info": {"title": "t", "version": "1"}, "paths": {"/a": {"post": {
            "parameters": [{"name": "b", "in": "body", "schema": {"$ref": "#/definitions/B"}},
                           {"name": "q", "in": "query", "type": kind}],
            "responses": {"200": {"description": "x", "schema": {"type": "object", "properties": {"r": {"type": kind}}}}}}}},
            "definitions": {"B": {"type": "object", "properties": {"p": {"type": kind}}}}})
    };
    let changes = diff(&read(&document("string")), &read(&document("integer")));
    let shown: Vec<(&str, String)> = changes
        .list()
        .iter()
        .map(|change| (change.rule.name, change.pointer()))
        .collect();
    assert_eq!(
        shown,
        [
            (
                "request-parameter-type-changed",
                "/paths/~1a/post/parameters/0/type".to_owned()
            ),
            (
                "request-property-type-changed",
                "/definitions/B/properties/p/type".to_owned()
            ),
            (
                "response-property-type-changed",
                "/paths/~1a/post/responses/200/schema/properties/r/type".to_owned()
            ),
        ]
    );
}
