//! One schema and everything that applies together with it: the target of its `$ref`, the members of its `allOf`, and the one
//! alternative left when another only says "or null".

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::Composition;
use crate::model::Document;
use crate::reference;

/// Most schemas merged into one; inheritance of real documents is under ten levels.
const MOST_PARTS: usize = 64;

/// Schema objects that apply together.
pub(crate) struct Merged<'d> {
    pub(crate) doc: &'d Document,
    /// Referenced and inherited schemas first, the schema's own keywords last: the last one that has a keyword wins.
    parts: Vec<&'d Map<String, Value>>,
    /// The component schema this is, by name.
    pub(crate) name: Option<String>,
    /// Tells schemas apart by where they are in the document; the same schema reached by another way is equal.
    pub(crate) identity: usize,
    /// The schema is `false`: nothing fits it.
    pub(crate) is_never: bool,
    /// A reference that couldn't be followed.
    pub(crate) broken: Option<String>,
    is_nullable: bool,
}

impl<'d> Merged<'d> {
    /// Merges schemas that all apply: usually one, or those that several parents give to one property.
    pub(crate) fn of(doc: &'d Document, schemas: &[&'d Value]) -> Self {
        let mut merged = Self {
            doc,
            parts: Vec::new(),
            name: None,
            identity: 0,
            is_never: false,
            broken: None,
            is_nullable: false,
        };
        let mut seen = HashSet::new();
        for (at, schema) in schemas.iter().enumerate() {
            let (identity, name) = merged.collect(schema, &mut seen, 0);
            if at == 0 {
                (merged.identity, merged.name) = (identity, name);
            }
        }
        merged
    }

    /// Adds a schema and what it brings along; returns what it is.
    fn collect(&mut self, schema: &'d Value, seen: &mut HashSet<usize>, depth: usize) -> (usize, Option<String>) {
        let identity = std::ptr::from_ref(schema).addr();
        if depth > MOST_PARTS || self.parts.len() >= MOST_PARTS || !seen.insert(identity) {
            return (identity, None);
        }
        let map = match schema {
            Value::Object(map) => map,
            Value::Bool(false) => {
                self.is_never = true;
                return (identity, None);
            }
            _ => return (identity, None),
        };
        let mut is = (identity, None);
        if reference::of(schema).is_some() {
            match self.doc.resolve(schema) {
                Ok(resolved) => {
                    let (target, inner) = self.collect(resolved.value, seen, depth + 1);
                    is = (target, resolved.name.or(inner));
                }
                Err(problem) => self.broken = Some(problem.reference().to_owned()),
            }
        }
        let members = map.get("allOf").and_then(Value::as_array);
        let is_wrapper = members.is_some_and(|members| members.len() == 1) && !map.contains_key("properties");
        for member in members.into_iter().flatten().take(MOST_PARTS) {
            let inner = self.collect(member, seen, depth + 1);
            if is_wrapper && is.1.is_none() && inner.1.is_some() {
                is = inner;
            }
        }
        if let Some(only) = only_alternative(map) {
            let inner = self.collect(only, seen, depth + 1);
            if is.1.is_none() && !map.contains_key("properties") {
                is = inner;
            }
        }
        self.is_nullable |= map.get("nullable").is_some_and(|flag| flag == true)
            || alternatives(map).any(|(_, list)| list.iter().any(is_null_type));
        self.parts.push(map);
        is
    }

    /// A keyword; the schema's own before those it inherits.
    pub(crate) fn get(&self, keyword: &str) -> Option<&'d Value> {
        self.parts.iter().rev().find_map(|part| part.get(keyword))
    }

    /// Every value the keyword has, the schema's own first.
    pub(crate) fn every(&self, keyword: &str) -> impl Iterator<Item = &'d Value> {
        self.parts.iter().rev().filter_map(move |part| part.get(keyword))
    }

    pub(crate) fn text(&self, keyword: &str) -> Option<&'d str> {
        self.every(keyword)
            .filter_map(Value::as_str)
            .find(|text| !text.trim().is_empty())
    }

    pub(crate) fn flag(&self, keyword: &str) -> bool {
        self.every(keyword).any(|value| value == true)
    }

    /// The JSON types it allows, without `null`; empty if it doesn't say, and then [`Merged::kind`] may know.
    pub(crate) fn types(&self) -> Vec<&'d str> {
        let mut allowed: Option<Vec<&'d str>> = None;
        for value in self.every("type") {
            let types: Vec<&str> = match value {
                Value::String(name) => vec![name.as_str()],
                Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
                _ => continue,
            };
            allowed = Some(match allowed {
                None => types,
                Some(own) => {
                    let both: Vec<&str> = own.iter().copied().filter(|name| types.contains(name)).collect();
                    // Contradictions ("number" refined to "integer" among them) are settled by the schema's own word.
                    if both.is_empty() { own } else { both }
                }
            });
        }
        let mut types = allowed.unwrap_or_default();
        types.retain(|name| *name != "null");
        types
    }

    /// Whether null fits.
    pub(crate) fn is_nullable(&self) -> bool {
        let has_null = |value: &Value| match value {
            Value::String(name) => name == "null",
            Value::Array(names) => names.iter().any(|name| name == "null"),
            _ => false,
        };
        self.is_nullable || self.get("type").is_some_and(has_null)
    }

    /// The one JSON type it has, stated or implied by its keywords.
    pub(crate) fn kind(&self) -> Option<&'d str> {
        let types = self.types();
        if let [kind] = types[..] {
            return Some(kind);
        }
        if !types.is_empty() {
            return None;
        }
        let has = |keywords: &[&str]| keywords.iter().any(|keyword| self.get(keyword).is_some());
        if has(&[
            "properties",
            "additionalProperties",
            "patternProperties",
            "required",
            "minProperties",
            "maxProperties",
        ]) {
            return Some("object");
        }
        if has(&[
            "items",
            "prefixItems",
            "minItems",
            "maxItems",
            "uniqueItems",
            "contains",
        ]) {
            return Some("array");
        }
        if has(&["pattern", "minLength", "maxLength", "contentMediaType"]) {
            return Some("string");
        }
        if has(&[
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "exclusiveMaximum",
            "multipleOf",
        ]) {
            return Some("number");
        }
        let values: Vec<&Value> = match (self.get("const"), self.get("enum")) {
            (Some(value), _) => vec![value],
            (None, Some(Value::Array(values))) => values.iter().take(MOST_PARTS).collect(),
            _ => return None,
        };
        let mut kinds = values
            .iter()
            .filter(|value| !value.is_null())
            .map(|value| json_type(value));
        let first = kinds.next()?;
        kinds.all(|kind| kind == first).then_some(first)
    }

    /// Properties in order of appearance, inherited ones first, each with every schema that applies to it.
    pub(crate) fn properties(&self) -> Vec<(&'d str, Vec<&'d Value>)> {
        let mut properties: Vec<(&'d str, Vec<&'d Value>)> = Vec::new();
        let mut places = std::collections::HashMap::new();
        for part in &self.parts {
            for (name, schema) in part.get("properties").and_then(Value::as_object).into_iter().flatten() {
                let place = *places.entry(name.as_str()).or_insert_with(|| {
                    properties.push((name.as_str(), Vec::new()));
                    properties.len() - 1
                });
                // The schema's own comes first: it gives name and identity.
                properties[place].1.insert(0, schema);
            }
        }
        properties
    }

    /// The names it requires.
    pub(crate) fn required(&self) -> HashSet<&'d str> {
        self.every("required")
            .filter_map(Value::as_array)
            .flatten()
            .filter_map(Value::as_str)
            .collect()
    }

    /// Every `oneOf` and `anyOf` with a real choice, its null alternatives left out.
    pub(crate) fn choices(&self) -> Vec<(Composition, Vec<&'d Value>)> {
        let lists = self.parts.iter().flat_map(|part| alternatives(part));
        lists
            .map(|(composition, list)| {
                (
                    composition,
                    list.iter().filter(|item| !is_null_type(item)).collect::<Vec<_>>(),
                )
            })
            .filter(|(_, list)| list.len() > 1)
            .collect()
    }
}

/// The `oneOf` and `anyOf` of one schema object.
fn alternatives(map: &Map<String, Value>) -> impl Iterator<Item = (Composition, &Vec<Value>)> {
    [("oneOf", Composition::OneOf), ("anyOf", Composition::AnyOf)]
        .into_iter()
        .filter_map(|(field, composition)| Some((composition, map.get(field)?.as_array()?)))
}

/// The only real alternative of a schema: `anyOf: [X, {type: null}]` is X, or null.
fn only_alternative(map: &Map<String, Value>) -> Option<&Value> {
    alternatives(map).find_map(|(_, list)| {
        let mut real = list.iter().filter(|item| !is_null_type(item));
        let first = real.next()?;
        real.next().is_none().then_some(first)
    })
}

fn is_null_type(schema: &Value) -> bool {
    schema
        .get("type")
        .is_some_and(|kind| kind == "null" || *kind == serde_json::json!(["null"]))
        || schema.get("const").is_some_and(Value::is_null)
}

/// The JSON Schema type of a value.
pub(crate) fn json_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
