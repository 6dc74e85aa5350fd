//! One schema as the comparison reads it: its own keywords, and what is beside its `$ref`.

use serde_json::{Map, Value};

use crate::diff::source::{At, Place, Source};
use crate::load::Extent;
use crate::reference;

/// Bytes of a text that cost as much as a keyword.
const BYTES_OF_STEP: usize = 64;
/// Keywords with lists of schemas.
const SCHEMAS: [&str; 4] = ["allOf", "anyOf", "oneOf", "prefixItems"];

/// A schema behind its reference, with the keywords beside the reference in front.
#[derive(Clone, Copy, Debug)]
pub(in crate::diff) struct View<'d> {
    outer: Option<At<'d>>,
    inner: At<'d>,
}

impl<'d> View<'d> {
    /// Reads a schema, following its reference.
    pub(in crate::diff) fn new(source: &mut Source<'d>, at: At<'d>) -> Self {
        let inner = source.resolve(at);
        let is_reference = reference::of(at.value).is_some();
        let outer = (is_reference && source.has_siblings() && has_siblings(at.value)).then_some(at);
        Self { outer, inner }
    }

    /// What identifies it: the same schema is the same pointer, however it is reached.
    pub(super) fn identity(&self) -> usize {
        let value = self.outer.map_or(self.inner.value, |outer| outer.value);
        std::ptr::from_ref(value) as usize
    }

    /// Its keywords, with the members, items and texts that a comparison looks at.
    pub(super) fn cost(&self) -> usize {
        let schemas = self.outer.into_iter().chain([self.inner]);
        let keywords = schemas.filter_map(|at| at.value.as_object()).flatten();
        keywords
            .map(|(keyword, value)| {
                let inside = match value {
                    // Schemas inside are other pairs.
                    Value::Object(map) if keyword != "example" && keyword != "default" && keyword != "const" => {
                        map.keys().map(|key| 1 + key.len() / BYTES_OF_STEP).sum()
                    }
                    Value::Array(items) if SCHEMAS.contains(&keyword.as_str()) => items.len(),
                    value => {
                        let extent = Extent::of(value);
                        extent.nodes + extent.bytes / BYTES_OF_STEP
                    }
                };
                1 + inside
            })
            .sum()
    }

    /// A keyword.
    pub(super) fn get(&self, keyword: &str) -> Option<&'d Value> {
        self.outer
            .and_then(|outer| outer.value.get(keyword))
            .or_else(|| self.inner.value.get(keyword))
    }

    /// A keyword and its place.
    pub(super) fn at(&self, source: &mut Source<'d>, keyword: &'d str) -> Option<At<'d>> {
        if let Some(outer) = self.outer
            && let Some(found) = source.member(outer, keyword)
        {
            return Some(found);
        }
        source.member(self.inner, keyword)
    }

    /// The place of the schema itself.
    pub(in crate::diff) fn place(&self) -> Place {
        self.inner.place
    }

    pub(in crate::diff) fn text(&self, keyword: &str) -> Option<&'d str> {
        self.get(keyword).and_then(Value::as_str)
    }

    pub(super) fn flag(&self, keyword: &str) -> bool {
        self.get(keyword).and_then(Value::as_bool).unwrap_or(false)
    }

    pub(super) fn object(&self, keyword: &str) -> Option<&'d Map<String, Value>> {
        self.get(keyword).and_then(Value::as_object)
    }

    pub(super) fn array(&self, keyword: &str) -> &'d [Value] {
        self.get(keyword).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// The types it names, without `null`; empty if it allows every type.
    pub(in crate::diff) fn types(&self) -> Vec<&'d str> {
        let mut types: Vec<&str> = match self.get("type") {
            Some(Value::String(name)) => vec![name.as_str()],
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let had_any = !types.is_empty();
        types.retain(|name| *name != "null");
        if types.is_empty() && had_any {
            types.push("null");
        }
        types
    }

    /// Whether `null` is one of its types, or it is `nullable`.
    pub(super) fn is_nullable(&self) -> bool {
        let has_null = match self.get("type") {
            Some(Value::String(name)) => name == "null",
            Some(Value::Array(names)) => names.iter().any(|name| name == "null"),
            _ => false,
        };
        has_null || self.flag("nullable")
    }

    /// The names in `required`.
    pub(super) fn required(&self) -> impl Iterator<Item = &'d str> {
        self.array("required").iter().filter_map(Value::as_str)
    }
}

/// Whether there is anything beside `$ref` that changes what the schema means.
fn has_siblings(value: &Value) -> bool {
    let annotations = [
        "$ref",
        "$dynamicRef",
        "description",
        "summary",
        "title",
        "$comment",
        "examples",
        "example",
    ];
    value
        .as_object()
        .is_some_and(|map| map.keys().any(|key| !annotations.contains(&key.as_str())))
}
