//! What a schema is, in a few words.

use serde_json::Value;

use super::Composition;
use super::merge::{Merged, json_type};

/// Levels of "list of list of …" that a label spells out.
pub(super) const DEPTH: usize = 4;
/// Alternatives that a label looks at.
const MOST_ALTERNATIVES: usize = 12;

/// The label of a schema, with "or null" where that fits.
pub(super) fn label(schema: &Merged<'_>, depth: usize) -> String {
    let label = plain(schema, depth);
    if schema.is_nullable() && label != "null" && label != "anything" {
        format!("{label} or null")
    } else {
        label
    }
}

fn plain(schema: &Merged<'_>, depth: usize) -> String {
    if schema.is_never {
        return "nothing".to_owned();
    }
    if schema.broken.is_some() && schema.kind().is_none() {
        return "unknown".to_owned();
    }
    if depth == 0 {
        return "…".to_owned();
    }
    let types = schema.types();
    if types.len() > 1 {
        return join(types.iter().map(|kind| word(kind).to_owned()));
    }
    match schema.kind() {
        Some("array") => list(schema, depth),
        Some("object") => object(schema, depth),
        Some(kind) if schema.choices().is_empty() => word(kind).to_owned(),
        kind => match schema.choices().first() {
            Some((composition, list)) => choice(schema, *composition, list, depth),
            None => match (kind, schema.is_nullable(), schema.get("enum")) {
                (Some(kind), _, _) => word(kind).to_owned(),
                (None, true, _) if schema.every("type").next().is_some() => "null".to_owned(),
                (None, _, Some(Value::Array(values))) if !values.is_empty() => join(
                    values
                        .iter()
                        .take(MOST_ALTERNATIVES)
                        .map(|value| word(json_type(value)).to_owned()),
                ),
                _ => schema.name.clone().unwrap_or_else(|| "anything".to_owned()),
            },
        },
    }
}

fn list(schema: &Merged<'_>, depth: usize) -> String {
    match schema.get("items") {
        Some(items @ Value::Object(map)) if !map.is_empty() => {
            format!("list of {}", label(&Merged::of(schema.doc, &[items]), depth - 1))
        }
        _ => "list".to_owned(),
    }
}

fn object(schema: &Merged<'_>, depth: usize) -> String {
    if let Some(name) = &schema.name {
        return name.clone();
    }
    let has_properties = schema
        .get("properties")
        .is_some_and(|properties| properties.as_object().is_some_and(|map| !map.is_empty()));
    match schema.choices().first() {
        Some((composition, list)) if !has_properties => return choice(schema, *composition, list, depth),
        _ => {}
    }
    match schema.get("additionalProperties") {
        Some(values @ Value::Object(map)) if !map.is_empty() && !has_properties => {
            format!("map of {}", label(&Merged::of(schema.doc, &[values]), depth - 1))
        }
        Some(Value::Bool(true) | Value::Object(_)) if !has_properties => "map".to_owned(),
        _ => "object".to_owned(),
    }
}

/// `string or integer` when the alternatives are short to say, `one of 3 objects` when they are not.
fn choice(schema: &Merged<'_>, composition: Composition, list: &[&Value], depth: usize) -> String {
    let combine = if composition == Composition::AnyOf {
        "any of"
    } else {
        "one of"
    };
    let count = list.len();
    if count > MOST_ALTERNATIVES {
        return format!("{combine} {count}");
    }
    let alternatives: Vec<Merged<'_>> = list.iter().map(|item| Merged::of(schema.doc, &[item])).collect();
    let is_object = |item: &Merged<'_>| item.kind() == Some("object");
    if alternatives.iter().all(is_object) {
        return format!("{combine} {count} objects");
    }
    let is_short = |item: &Merged<'_>| item.choices().is_empty() && !is_object(item);
    if count <= 3 && alternatives.iter().all(is_short) {
        return join(alternatives.iter().map(|item| label(item, depth - 1)));
    }
    format!("{combine} {count} types")
}

/// `a`, `a or b`, `a, b or c`; each once.
fn join(words: impl Iterator<Item = String>) -> String {
    let mut distinct: Vec<String> = Vec::new();
    for word in words {
        if !distinct.contains(&word) {
            distinct.push(word);
        }
    }
    match distinct.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

fn word(kind: &str) -> &str {
    match kind {
        "array" => "list",
        other => other,
    }
}
