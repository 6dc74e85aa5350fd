//! Examples fit their schemas: a validator that shares nothing with the engine judges every schema of every document.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jsonschema::Registry;
use openapi::{Direction, Document, Format, Limits, example};
use serde_json::{Map, Value, json};

use crate::specs;
use crate::watch::Watch;

/// The name under which the validator knows a document.
const BASE: &str = "urn:turnpike:document";

/// A document as JSON Schema 2020-12 alone would have it, for values that travel in one direction.
struct Judged<'d> {
    doc: &'d Document,
    hiding: &'static str,
}

impl Judged<'_> {
    fn plain(&self, value: &Value) -> Value {
        match value {
            Value::Array(items) => Value::Array(items.iter().map(|item| self.plain(item)).collect()),
            Value::Object(map) => self.object(map),
            other => other.clone(),
        }
    }

    fn object(&self, map: &Map<String, Value>) -> Value {
        let ignores_siblings = matches!(self.doc.format(), Format::OpenApi20 | Format::OpenApi30);
        let mut plain = Map::new();
        for (key, value) in map {
            let is_kept = match (key.as_str(), value) {
                // Data, or what means nothing to JSON Schema and might look like it did.
                ("example" | "examples" | "default" | "discriminator" | "nullable", _) => false,
                (other, _) if ignores_siblings && map.contains_key("$ref") => other == "$ref",
                _ => true,
            };
            let value = match (key.as_str(), value) {
                ("enum" | "const", value) => value.clone(),
                // Names, which may be those of keywords.
                ("properties" | "patternProperties" | "definitions" | "schemas", Value::Object(named)) => named
                    .iter()
                    .map(|(name, schema)| (name.clone(), self.plain(schema)))
                    .collect(),
                ("$ref" | "$dynamicRef", Value::String(target)) => json!(format!("{BASE}{target}")),
                ("required", Value::Array(names)) => {
                    let hidden = self.hidden(map, 0);
                    let is_kept = |name: &&Value| !hidden.iter().any(|hidden| *name == hidden);
                    names.iter().filter(is_kept).cloned().collect()
                }
                (_, value) => self.plain(value),
            };
            if is_kept {
                plain.insert(key.clone(), value);
            }
        }
        let is_null_added = map.get("nullable").is_some_and(|flag| flag == true) && !map.contains_key("type");
        if is_null_added {
            return json!({"anyOf": [{"type": "null"}, plain]});
        }
        Value::Object(plain)
    }

    /// Properties of a schema and of those it is made of that don't travel in this direction.
    fn hidden(&self, map: &Map<String, Value>, depth: usize) -> Vec<String> {
        if depth > 6 {
            return Vec::new();
        }
        let properties = map.get("properties").and_then(Value::as_object);
        let is_hidden = |schema: &Value| {
            let target = self.doc.resolve(schema).map_or(schema, |resolved| resolved.value);
            let members = target.get("allOf").and_then(Value::as_array).into_iter().flatten();
            let mut all = members
                .filter_map(|member| self.doc.resolve(member).ok())
                .map(|resolved| resolved.value)
                .chain([schema, target]);
            all.any(|schema| schema.get(self.hiding).is_some_and(|flag| flag == true))
        };
        let own = properties.into_iter().flatten().filter(|(_, schema)| is_hidden(schema));
        let mut names: Vec<String> = own.map(|(name, _)| name.clone()).collect();
        for member in map.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            if let Some(member) = self
                .doc
                .resolve(member)
                .ok()
                .and_then(|resolved| resolved.value.as_object())
            {
                names.extend(self.hidden(member, depth + 1));
            }
        }
        names
    }
}

/// Whatever fits one alternative of a `oneOf` fits another as well.
const OVERLAP: &str = "the alternatives of a oneOf don't exclude each other";

/// The parts of the schema contradict each other: an enumeration of numbers of type string, a required property that is not allowed,
/// `null` beside alternatives without it, `false`.
const NOTHING_FITS: &str = "the parts of the schema contradict each other";

/// Schemas that no value fits, or none that can be found: file, beginning of the place, reason.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    (
        "digitalocean-bundled-3.0.json",
        "dropletActions_post_byTag body",
        OVERLAP,
    ),
    ("polymorphism-3.0.json", "patch-pets body", OVERLAP),
    ("polymorphism-3.0.json", "post-anything-one-of-object-ref body", OVERLAP),
    ("polymorphism-3.0.json", "post-anything-one-of-object body", OVERLAP),
    ("polymorphism-3.0.json", "post-anything-one-of-required body", OVERLAP),
    ("jira-3.0.json", "addSecurityLevelMembers body", NOTHING_FITS),
    ("jira-3.0.json", "createScreenScheme body", NOTHING_FITS),
    ("jira-3.0.json", "schema CustomContextVariable", NOTHING_FITS),
    ("jira-3.0.json", "schema CustomFieldContextDefaultValue", NOTHING_FITS),
    ("jira-3.0.json", "schema JqlQueryClause", NOTHING_FITS),
    ("jira-3.0.json", "schema ScreenSchemeDetails", NOTHING_FITS),
    ("jira-3.0.json", "schema ScreenTypes", NOTHING_FITS),
    ("jira-3.0.json", "schema SecuritySchemeMembersRequest", NOTHING_FITS),
    ("jira-3.0.json", "schema WorkflowCondition", NOTHING_FITS),
    ("numbers.json", "schema C", "numbers beyond the judge's precision"),
    ("valid_schema_types.yaml", "schema nothing_", NOTHING_FITS),
    ("vercel-3.1.json", "get-v1-integrations-search-repo 200", NOTHING_FITS),
    ("vercel-3.1.json", "getEdgeConfigItem 200", NOTHING_FITS),
    ("vercel-3.1.json", "schema EdgeConfigItem", NOTHING_FITS),
    ("xss-everywhere.json", "a-alert-1 parameter", NOTHING_FITS),
    ("zoom-3.0.json", "accountSettings", OVERLAP),
    ("zoom-3.0.json", "getAccountLockSettings 200", OVERLAP),
    ("zoom-3.0.json", "getGroupLockSettings 200", OVERLAP),
    ("zoom-3.0.json", "getGroupSettings 200", OVERLAP),
    ("zoom-3.0.json", "getZRAccountSettings 200", OVERLAP),
    ("zoom-3.0.json", "getZRLocationSettings 200", OVERLAP),
    ("zoom-3.0.json", "getZRSettings 200", OVERLAP),
    ("zoom-3.0.json", "groupLockedSettings body", OVERLAP),
    ("zoom-3.0.json", "reportTelephone parameter type", NOTHING_FITS),
    ("zoom-3.0.json", "updateAccountLockSettings body", OVERLAP),
    ("zoom-3.0.json", "updateGroupSettings body", OVERLAP),
    ("zoom-3.0.json", "updateZRLocationSettings body", OVERLAP),
    ("zoom-3.0.json", "updateZRSettings body", OVERLAP),
    ("zoom-3.0.json", "updateZoomRoomAccSettings body", OVERLAP),
    ("zoom-3.0.json", "userSettings", OVERLAP),
    ("zoom-3.0.json", "userTSP", NOTHING_FITS),
];

/// What came of the schemas of a document.
#[derive(Debug, Default)]
struct Verdict {
    fitting: usize,
    /// Schemas that are no JSON Schema, so that nothing can be said.
    malformed: usize,
    /// Examples that don't fit: where, and why.
    wrong: BTreeMap<String, String>,
}

/// Every schema that a page shows, with a name for messages.
fn schemas(doc: &Document) -> Vec<(String, &Value, Direction)> {
    let mut schemas = Vec::new();
    for name in doc.schemas().map(str::to_owned).collect::<Vec<_>>() {
        for direction in [Direction::Request, Direction::Response] {
            schemas.extend(
                doc.schema(&name)
                    .map(|schema| (format!("schema {name}"), schema, direction)),
            );
        }
    }
    for entry in doc.operations() {
        let operation = doc.operation(&entry.slug).unwrap();
        let slug = &entry.slug;
        for parameter in operation.parameters() {
            let place = format!("{slug} parameter {}", parameter.name);
            schemas.extend(parameter.schema.map(|schema| (place, schema, Direction::Request)));
        }
        for media in operation.request_body().map(|body| body.content).unwrap_or_default() {
            let of_media = media.schema.into_iter().chain(media.item_schema);
            schemas.extend(of_media.map(|schema| (format!("{slug} body {}", media.name), schema, Direction::Request)));
        }
        for response in operation.responses() {
            for media in &response.content {
                let place = format!("{slug} {} {}", response.status, media.name);
                let of_media = media.schema.into_iter().chain(media.item_schema);
                schemas.extend(of_media.map(|schema| (place.clone(), schema, Direction::Response)));
            }
            for header in &response.headers {
                let place = format!("{slug} {} header {}", response.status, header.name);
                schemas.extend(header.schema.map(|schema| (place, schema, Direction::Response)));
            }
        }
    }
    schemas
}

/// Makes an example for every schema (or every so many of them) and has it judged.
fn judge(doc: &Document, every: usize) -> Verdict {
    let mut verdict = Verdict::default();
    for (direction, hiding) in [(Direction::Request, "readOnly"), (Direction::Response, "writeOnly")] {
        let judged = Judged { doc, hiding };
        let plain = judged.plain(doc.root());
        let Ok(registry) = Registry::new().draft(jsonschema::Draft::Draft202012).add(BASE, plain) else {
            continue;
        };
        let Ok(registry) = registry.prepare() else { continue };
        let mut seen = BTreeSet::new();
        let of_direction = schemas(doc).into_iter().filter(|(_, _, own)| *own == direction);
        for (place, schema, _) in of_direction.step_by(every) {
            // The same reference again says nothing new.
            if schema.get("$ref").is_some() && !seen.insert(schema.to_string()) {
                continue;
            }
            let options = jsonschema::options()
                .with_draft(jsonschema::Draft::Draft202012)
                .with_registry(&registry)
                .should_validate_formats(true)
                .offline();
            let Ok(validator) = options.build(&judged.plain(schema)) else {
                verdict.malformed += 1;
                continue;
            };
            let example = example::for_schema(doc, schema, direction);
            match validator.validate(&example) {
                Ok(()) => verdict.fitting += 1,
                Err(error) => {
                    let reason: String = format!("{}: {error}", error.instance_path())
                        .chars()
                        .take(300)
                        .collect();
                    verdict.wrong.insert(format!("{place} ({direction:?})"), reason);
                }
            }
        }
    }
    verdict
}

fn read(path: &Path) -> Option<Document> {
    openapi::read(&std::fs::read(path).unwrap(), &Limits::default()).ok()
}

/// Has the examples of a document judged, and says which don't fit without a known reason.
fn check(path: &Path, every: usize) -> (Verdict, Vec<String>) {
    let Some(document) = read(path) else {
        return (Verdict::default(), Vec::new());
    };
    let verdict = judge(&document, every);
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let is_known = |place: &str| {
        let mut exceptions = EXCEPTIONS.iter();
        exceptions.any(|(file, known, _)| *file == name && place.starts_with(known))
    };
    let wrong = verdict.wrong.iter().filter(|(place, _)| !is_known(place));
    let wrong = wrong
        .map(|(place, reason)| format!("{name}: {place}: {reason}"))
        .collect();
    (verdict, wrong)
}

#[test]
fn examples_fit_their_schemas() {
    for path in specs::files(&specs::own("real")) {
        // The judge takes a minute for all of the largest documents.
        let size = std::fs::metadata(&path).unwrap().len();
        let (verdict, wrong) = check(&path, if size > 300_000 { 40 } else { 3 });
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert!(
            verdict.fitting > 0 || path.ends_with("tags-3.2.yaml"),
            "{}",
            path.display()
        );
    }
}

/// `cargo test -p openapi --test it -- --ignored --nocapture every_example`
#[test]
#[ignore = "takes minutes: every schema of every document; to be run by hand"]
fn every_example_of_every_document() {
    let mut folders = vec![specs::own("real"), specs::own("hostile")];
    let names = [
        "tiny",
        "mid",
        "large",
        "huge",
        "pairs",
        "multifile",
        "oai-vectors",
        "hostile",
    ];
    folders.extend(
        specs::shared()
            .into_iter()
            .flat_map(|shared| names.map(|name| shared.join(name))),
    );
    let mut total = (0, 0, 0);
    let mut all_wrong = Vec::new();
    for path in folders
        .iter()
        .filter(|folder| folder.is_dir())
        .flat_map(|folder| specs::files(folder))
    {
        let started = Watch::start();
        let (verdict, wrong) = check(&path, 1);
        all_wrong.extend(wrong);
        total.0 += verdict.fitting;
        total.1 += verdict.malformed;
        total.2 += verdict.wrong.len();
        if verdict.fitting + verdict.malformed + verdict.wrong.len() > 0 {
            println!(
                "{:60} {:>6} fit {:>4} no schema {:>3} known {:>8.1?}",
                path.file_name().unwrap().to_string_lossy(),
                verdict.fitting,
                verdict.malformed,
                verdict.wrong.len(),
                started.elapsed()
            );
        }
    }
    println!(
        "{} examples fit, {} schemas are none, {} don't fit for a known reason",
        total.0, total.1, total.2
    );
    assert!(
        all_wrong.is_empty(),
        "{} don't fit:\n{}",
        all_wrong.len(),
        all_wrong.join("\n")
    );
}
