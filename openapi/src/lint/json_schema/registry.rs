//! The schemas that documents are checked against: the structure of each version of OpenAPI, and the meta-schemas of JSON
//! Schema. They are data of the OpenAPI Initiative, the JSON Schema project and Spectral (see `schemas/README.md`).

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::Value;

use crate::model::Format;

/// Schemas that refer to each other by identifier; the first is the one to begin with.
#[derive(Debug, Default)]
pub(in crate::lint) struct Registry {
    documents: Vec<Value>,
    /// Documents from this one on are meta-schemas of Ajv's own, whose formats it doesn't check.
    meta_from: usize,
    by_id: HashMap<String, usize>,
}

static SWAGGER_20: LazyLock<Registry> = LazyLock::new(|| Registry::parse(include_str!("../schemas/swagger-2.0.json")));
static OPENAPI_30: LazyLock<Registry> = LazyLock::new(|| Registry::parse(include_str!("../schemas/openapi-3.0.json")));
static OPENAPI_31: LazyLock<Registry> = LazyLock::new(|| {
    Registry::parse(include_str!("../schemas/openapi-3.1.json"))
        .with_meta(include_str!("../schemas/json-schema-2020-12.json"))
});
static OPENAPI_32: LazyLock<Registry> = LazyLock::new(|| {
    Registry::parse(include_str!("../schemas/openapi-3.2.json"))
        .with_meta(include_str!("../schemas/json-schema-2020-12.json"))
});
static DRAFT_4: LazyLock<Registry> =
    LazyLock::new(|| Registry::default().with_meta(include_str!("../schemas/json-schema-draft-04.json")));
static DRAFT_2020: LazyLock<Registry> =
    LazyLock::new(|| Registry::default().with_meta(include_str!("../schemas/json-schema-2020-12.json")));

impl Registry {
    /// The structure of documents of a version.
    pub(in crate::lint) fn of_format(format: Format) -> &'static Self {
        match format {
            Format::OpenApi20 => &SWAGGER_20,
            Format::OpenApi30 => &OPENAPI_30,
            Format::OpenApi31 => &OPENAPI_31,
            Format::OpenApi32 => &OPENAPI_32,
        }
    }

    /// The meta-schema of JSON Schema, draft 4.
    pub(in crate::lint) fn draft_4() -> &'static Self {
        &DRAFT_4
    }

    /// The meta-schema of JSON Schema 2020-12.
    pub(in crate::lint) fn draft_2020() -> &'static Self {
        &DRAFT_2020
    }

    fn parse(text: &str) -> Self {
        Self {
            meta_from: usize::MAX,
            ..Self::default()
        }
        .with(text)
    }

    fn with_meta(self, text: &str) -> Self {
        Self {
            meta_from: self.documents.len(),
            ..self
        }
        .with(text)
    }

    /// Whether formats of the document with this number are checked.
    pub(super) fn has_formats(&self, document: usize) -> bool {
        document < self.meta_from
    }

    fn with(mut self, text: &str) -> Self {
        // The texts are compiled in, and a test reads every one of them.
        let documents: Vec<Value> = serde_json::from_str(text).unwrap_or_default();
        for document in documents {
            let id = document
                .get("$id")
                .or_else(|| document.get("id"))
                .and_then(Value::as_str);
            let id = id.unwrap_or_default().trim_end_matches('#').to_owned();
            self.by_id.insert(id, self.documents.len());
            self.documents.push(document);
        }
        self
    }

    /// The schema to begin with.
    pub(super) fn root(&self) -> &Value {
        const ANYTHING: &Value = &Value::Bool(true);
        self.documents.first().unwrap_or(ANYTHING)
    }

    /// The target of a reference in the document with this number, with the number of the target's document.
    pub(super) fn resolve(&self, base: usize, reference: &str) -> Option<(&Value, usize)> {
        let (id, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let number = if id.is_empty() {
            base
        } else if let Some(number) = self.by_id.get(id) {
            *number
        } else {
            // Relative to the document that has it: `meta/core`.
            let known = self.by_id.iter().find(|(_, number)| **number == base)?;
            let folder = known.0.rsplit_once('/')?.0;
            *self.by_id.get(&format!("{folder}/{id}"))?
        };
        let fragment = crate::reference::percent_decode(fragment);
        let target = crate::reference::lookup(self.documents.get(number)?, &fragment)?;
        Some((target, number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_is_read_and_every_reference_has_a_target() {
        fn references<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
            match value {
                Value::Object(map) => {
                    found.extend(map.get("$ref").and_then(Value::as_str));
                    map.values().for_each(|value| references(value, found));
                }
                Value::Array(items) => items.iter().for_each(|value| references(value, found)),
                _ => {}
            }
        }
        let formats = [
            Format::OpenApi20,
            Format::OpenApi30,
            Format::OpenApi31,
            Format::OpenApi32,
        ];
        let registries = formats.map(Registry::of_format);
        for registry in registries
            .into_iter()
            .chain([Registry::draft_4(), Registry::draft_2020()])
        {
            assert!(registry.root().is_object());
            for (number, document) in registry.documents.iter().enumerate() {
                let mut found = Vec::new();
                references(document, &mut found);
                for reference in found {
                    assert!(registry.resolve(number, reference).is_some(), "{reference}");
                }
            }
        }
    }
}
