//! Documents of several files.

use openapi::files::{Bundle, FileSet, read_files};
use openapi::{Limits, Rejected, Severity};
use serde_json::Value;

use crate::{same, specs, walk};

pub(crate) fn set(files: &[(&str, &str)]) -> FileSet {
    let mut set = FileSet::default();
    for (path, text) in files {
        set.insert(path, text.as_bytes().to_vec()).unwrap();
    }
    set
}

pub(crate) fn read(files: &[(&str, &str)]) -> Result<Bundle, Rejected> {
    read_files(&set(files), None, &Limits::default())
}

/// What was found, as lines without the messages.
fn found(bundle: &Bundle) -> Vec<String> {
    let found = bundle.document.diagnostics().iter();
    found
        .map(|found| {
            let position = (found.line.unwrap_or_default(), found.column.unwrap_or_default());
            format!(
                "{}:{}:{} {} {}",
                found.file.as_deref().unwrap_or_default(),
                position.0,
                position.1,
                found.code,
                found.pointer
            )
        })
        .collect()
}

/// A document whose only path has this schema.
pub(crate) fn entry(schema: &str) -> String {
    format!(
        "openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\npaths:\n  /a:\n    get:\n      responses:\n        '200':\n          \
         description: d\n          content:\n            application/json:\n              schema: {schema}\n"
    )
}

/// `redocly/` has what the bundler of Redocly CLI 2.77.0 makes of the same folders (`redocly bundle ENTRY -o out.json`).
#[test]
fn folders_are_bundled_as_by_another_tool() {
    for (folder, entry, parts) in [
        ("museum", "openapi.yaml", 18),
        ("petstore-separate-2.0", "spec/swagger.yaml", 5),
    ] {
        let files = specs::file_set(&specs::own("multifile").join(folder));
        let bundle = read_files(&files, None, &Limits::default()).unwrap();
        assert_eq!((bundle.entry.as_str(), bundle.files.len()), (entry, parts));
        assert!(
            bundle.document.diagnostics().is_empty(),
            "{:#?}",
            bundle.document.diagnostics()
        );
        let ours: Value = serde_json::from_str(&bundle.text).unwrap();
        let recorded = specs::own("multifile").join("redocly").join(format!("{folder}.json"));
        let theirs: Value = serde_json::from_slice(&std::fs::read(recorded).unwrap()).unwrap();
        assert_eq!(same::differences(&ours, &theirs), Vec::<String>::new(), "{folder}");
        let again = openapi::read(bundle.text.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(again.root(), bundle.document.root(), "{folder}");
        assert!(again.diagnostics().is_empty(), "{folder}");
        walk::everything(&bundle.document, folder);
    }
}

#[test]
fn parts_get_readable_names() {
    let files = specs::file_set(&specs::own("multifile").join("museum"));
    let bundle = read_files(&files, None, &Limits::default()).unwrap();
    let schemas: Vec<&str> = bundle.document.schemas().collect();
    let expected = [
        "Exhibit",
        "Animal",
        "Visitor",
        "Ticket",
        "Cat",
        "Dog",
        "Id",
        "Name",
        "Origin",
        "types_Origin",
        "Cause",
    ];
    assert!(expected.iter().all(|name| schemas.contains(name)), "{schemas:?}");
    assert_eq!(schemas.len(), expected.len());
    let animal = bundle.document.schema("Animal").unwrap();
    assert_eq!(animal["discriminator"]["mapping"]["dog"], "#/components/schemas/Dog");
    let example = bundle
        .document
        .root()
        .pointer("/paths/~1exhibits/get/responses/200/content/application~1json/example");
    assert_eq!(example.unwrap()[0]["$ref"], "this is data, not a reference");
}

#[test]
fn findings_name_file_line_and_column() {
    let bundle = read(&[
        ("openapi.yaml", &entry("{ $ref: parts/Pet.yaml }")),
        ("parts/Pet.yaml", "type: object\nproperties:\n  id: { type: nonsense }\n  owner: { $ref: ../missing.yaml }\n  name:\n    $ref: '../types.json#/Name'\n"),
        ("types.json", "{\n  \"Name\": {\"minLength\": -1},\n  \"Name\": {\"type\": \"string\", \"minLength\": -2}\n}"),
        ("notes.yaml", "nothing refers: to this"),
    ]).unwrap();
    let expected = [
        "parts/Pet.yaml:3:9 schema-type /properties/id/type",
        "parts/Pet.yaml:4:12 ref-file /properties/owner/$ref",
        "types.json:3:3 duplicate-key /Name",
        "types.json:3:30 schema-number /Name/minLength",
        "notes.yaml:0:0 file-unused ",
    ];
    assert_eq!(found(&bundle), expected);
}

#[test]
fn references_that_lead_nowhere_are_explained() {
    for (reference, code, hint) in [
        ("https://example.com/Pet.yaml", "ref-external", "uploaded files"),
        ("file:///etc/passwd", "ref-external", "uploaded files"),
        ("/etc/passwd", "ref-external", "uploaded files"),
        ("//example.com/x", "ref-external", "uploaded files"),
        ("../../etc/passwd", "ref-external", "folder above"),
        ("..%2f..%2fetc/passwd", "ref-external", "folder above"),
        ("pet.yaml", "ref-file", "Pet.yaml; capitals"),
        ("none.yaml#/x", "ref-file", "Upload the file"),
        ("Pet.yaml#/nothing", "ref-dangling", "follows the #"),
        ("Pet.yaml#anchor", "ref-dangling", "follows the #"),
        ("a.yaml", "ref-cycle", "real part"),
        ("openapi.yaml#", "ref-dangling", "follows the #"),
    ] {
        let bundle = read(&[
            ("openapi.yaml", &entry(&format!("{{ $ref: '{reference}' }}"))),
            ("Pet.yaml", "type: object"),
            ("a.yaml", "$ref: b.yaml"),
            ("b.yaml", "$ref: a.yaml"),
        ])
        .unwrap();
        let errors: Vec<_> = bundle
            .document
            .diagnostics()
            .iter()
            .filter(|found| found.severity == Severity::Error)
            .collect();
        let [error] = errors.as_slice() else {
            panic!("{reference}: {errors:#?}")
        };
        assert_eq!((&*error.code, error.line), (code, Some(11)), "{reference}");
        assert!(error.hint.as_ref().unwrap().contains(hint), "{reference}: {error:?}");
        assert!(error.message.contains(reference), "{error}");
    }
}

#[test]
fn what_references_can_say() {
    let bundle = read(&[
        ("openapi.yaml", &entry("{ $ref: 'My%20types.yaml#/Pet%20%7Bone%7D' }")),
        ("My types.yaml", "'Pet {one}':\n  properties:\n    a: { $ref: '#named' }\n    b: { $ref: 'index.json#/Other/properties/x' }\n    c: { $ref: '../openapi.yaml#/paths/~1a' , description: climbs }\nThing: { $anchor: named, const: 1 }\n"),
        ("index.json", r#"{"Other": {"$ref": "other.yaml"}}"#),
        ("other.yaml", "properties:\n  x: { $ref: '#/$defs/y' }\n$defs:\n  y: { enum: [y, 1] }\n"),
    ]).unwrap();
    let root = bundle.document.root();
    let pet = bundle.document.schema("Pet_one_").unwrap();
    let named = bundle.document.resolve(&pet["properties"]["a"]).unwrap().value;
    assert_eq!(named["const"], 1);
    let through = bundle.document.resolve(&pet["properties"]["b"]).unwrap().value;
    assert_eq!(through["enum"], serde_json::json!(["y", 1]));
    assert_eq!(root["components"]["schemas"].as_object().unwrap().len(), 3);
    let errors: Vec<String> = found(&bundle);
    assert_eq!(errors, ["My types.yaml:5:10 ref-external /Pet {one}/properties/c/$ref"]);
}

#[test]
fn path_items_and_whole_sections_are_put_in_place() {
    let bundle = read(&[
        ("openapi.yaml", "openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths: { $ref: paths/_index.yaml }\ncomponents:\n  schemas: { $ref: schemas/_index.yaml }\n"),
        ("paths/_index.yaml", "/a: { $ref: a.yaml }\n/b: { $ref: a.yaml, summary: mine }\n/c: { $ref: '#/~1a' }\n"),
        ("paths/a.yaml", "get:\n  responses:\n    '200':\n      description: d\n      content: { application/json: { schema: { $ref: ../schemas/Pet.yaml } } }\n  callbacks:\n    again:\n      '{$request.query.url}': { $ref: a.yaml }\n"),
        ("schemas/_index.yaml", "Pet: { $ref: Pet.yaml }\nCat: { allOf: [{ $ref: '#/Pet' }] }\n"),
        ("schemas/Pet.yaml", "properties: { kitten: { $ref: './_index.yaml#/Cat' } }\n"),
    ]).unwrap();
    let document = &bundle.document;
    assert_eq!(document.diagnostics(), []);
    assert_eq!(document.schemas().collect::<Vec<_>>(), ["Pet", "Cat"]);
    assert_eq!(
        document.schema("Cat").unwrap()["allOf"][0]["$ref"],
        "#/components/schemas/Pet"
    );
    assert_eq!(
        document.schema("Pet").unwrap()["properties"]["kitten"]["$ref"],
        "#/components/schemas/Cat"
    );
    let paths: Vec<&str> = document.operations().iter().map(|entry| entry.path.as_str()).collect();
    assert_eq!(paths, ["/a", "/b", "/c"]);
    let again = document
        .root()
        .pointer("/paths/~1a/get/callbacks/again/{$request.query.url}/$ref");
    assert_eq!(again.unwrap(), "#/paths/~1a");
}

#[test]
fn the_entry_is_found_or_asked_for() {
    let api = entry("{}");
    let code = |files: &[(&str, &str)], named: Option<&str>| match read_files(&set(files), named, &Limits::default()) {
        Ok(bundle) => bundle.entry,
        Err(rejected) => format!(
            "{} {}",
            rejected.diagnostics[0].code,
            rejected.diagnostics[0].hint.as_deref().unwrap_or_default()
        ),
    };
    let swagger = "{\"swagger\": \"2.0\", \"info\": {\"title\": \"t\", \"version\": \"1\"}, \"paths\": {}}";
    assert_eq!(code(&[("x/y.json", swagger), ("z.yaml", "a: 1")], None), "x/y.json");
    assert_eq!(code(&[("x.yaml", &api), ("openapi.yml", &api)], None), "openapi.yml");
    assert_eq!(
        code(&[("x/openapi.yml", &api), ("openapi.yml", &api)], None),
        "openapi.yml"
    );
    assert_eq!(
        code(
            &[("x.yaml", &api), ("y.yaml", "description: 'openapi: is mentioned'")],
            None
        ),
        "x.yaml"
    );
    assert_eq!(
        code(&[("x.yaml", &api), ("y.json", swagger)], None),
        "entry-ambiguous They are x.yaml, y.json."
    );
    assert_eq!(
        code(&[("x.yaml", &api), ("y.json", swagger)], Some("./y.json")),
        "y.json"
    );
    assert_eq!(
        code(&[("x.yaml", &api)], Some("y.json")),
        "entry-missing The files are x.yaml."
    );
    assert_eq!(
        code(&[("x.yaml", "a: 1"), ("readme.md", "openapi: 3")], None),
        "entry-missing The files are readme.md, x.yaml."
    );
    assert!(code(&[("x.yaml", &api)], Some("../x.yaml")).starts_with("file-path"));
    assert!(code(&[], None).starts_with("entry-missing"));
}

#[test]
fn a_file_that_cannot_be_read_is_fatal_where_it_is_needed() {
    let broken = ("broken.json", "{\"a\": 1,}");
    let rejected = read(&[("openapi.yaml", &entry("{ $ref: broken.json }")), broken]).unwrap_err();
    let first = &rejected.diagnostics[0];
    assert_eq!(
        (first.file.as_deref(), &*first.code, first.line),
        (Some("broken.json"), "json-syntax", Some(1))
    );
    assert!(first.to_string().starts_with("broken.json:1:9: error: "), "{first}");
    assert!(read(&[("openapi.yaml", &entry("{}")), broken]).is_ok());
}
