//! Types, formats, and choices between plain types.

use serde_json::Value;

use super::fact::{Fact, Kind, TypeChange};
use super::view::View;
use super::words;
use crate::model::Document;

/// Compares `type` and `format`, and `oneOf` or `anyOf` of plain types. Says whether the choice of types changed, which
/// then stands for what changed in `oneOf` and `anyOf`.
pub(super) fn compare<'d>(
    old: (&View<'d>, &'d Document),
    new: (&View<'d>, &'d Document),
    facts: &mut Vec<Fact>,
) -> bool {
    let lists = lists(old, new);
    let (old, new) = (old.0, new.0);
    if let Some((added, removed)) = &lists
        && !(added.is_empty() && removed.is_empty())
    {
        let keyword = ["oneOf", "anyOf", "type"]
            .into_iter()
            .find(|keyword| new.get(keyword).is_some())
            .unwrap_or("type");
        let predicate = match (added.is_empty(), removed.is_empty()) {
            (false, true) => format!("also allows the type {}", words::list(added)),
            (true, false) => format!("no longer allows the type {}", words::list(removed)),
            _ => format!(
                "allows the type {} and no longer {}",
                words::list(added),
                words::list(removed)
            ),
        };
        let kind = Kind::Types {
            has_added: !added.is_empty(),
            has_removed: !removed.is_empty(),
        };
        facts.push(Fact::new(kind, keyword, predicate));
    }
    if lists.is_none()
        && let Some((change, predicate)) = change(old, new)
    {
        facts.push(Fact::new(Kind::Type(change), "type", predicate));
    }
    lists.is_some()
}

fn change(old: &View<'_>, new: &View<'_>) -> Option<(TypeChange, String)> {
    let (old_types, new_types) = (old.types(), new.types());
    let missing = |from: &[&'_ str], to: &[&'_ str]| from.iter().filter(|name| !to.contains(name)).count();
    let is_type_changed = missing(&old_types, &new_types) + missing(&new_types, &old_types) > 0;
    let (old_format, new_format) = (
        old.text("format").unwrap_or_default(),
        new.text("format").unwrap_or_default(),
    );
    let is_format_changed = old_format != new_format;
    if !is_type_changed && !is_format_changed {
        return None;
    }
    let breaks = |from: &[&str], to: &[&str], from_format, to_format, is_strict| {
        // The format of another type says nothing.
        if is_type_changed {
            !is_type_within(from, to, is_strict)
        } else {
            !is_format_within(&new_types, from_format, to_format)
        }
    };
    let change = TypeChange {
        breaks_request: breaks(&old_types, &new_types, old_format, new_format, true),
        breaks_loose_request: breaks(&old_types, &new_types, old_format, new_format, false),
        breaks_response: breaks(&new_types, &old_types, new_format, old_format, true),
        breaks_loose_response: breaks(&new_types, &old_types, new_format, old_format, false),
    };
    let predicate = match (is_type_changed, is_format_changed) {
        (true, false) => format!(
            "changed its type from {} to {}",
            words::types(&old_types),
            words::types(&new_types)
        ),
        (false, _) => format!(
            "changed its format from {} to {}",
            words::or_none(old_format),
            words::or_none(new_format)
        ),
        (true, true) => format!(
            "changed its type from {} ({}) to {} ({})",
            words::types(&old_types),
            words::or_none(old_format),
            words::types(&new_types),
            words::or_none(new_format)
        ),
    };
    Some((change, predicate))
}

/// Whether what was valid for `from` is still valid for `to`.
fn is_type_within(from: &[&str], to: &[&str], is_strict: bool) -> bool {
    let added: Vec<&str> = to.iter().copied().filter(|name| !from.contains(name)).collect();
    let removed: Vec<&str> = from.iter().copied().filter(|name| !to.contains(name)).collect();
    if let (["number"], ["integer"]) = (added.as_slice(), removed.as_slice()) {
        return true;
    }
    // Where a value has no type of its own on the wire, anything is a text.
    !is_strict && (added.is_empty() || matches!(added.as_slice(), ["string"]))
}

/// Whether a value of format `from` always is one of format `to`.
fn is_format_within(types: &[&str], from: &str, to: &str) -> bool {
    match types {
        ["number"] => to == "double" && from == "float",
        ["integer"] => matches!((to, from), ("int64" | "bigint", "int32") | ("bigint", "int64")),
        ["string"] => to == "date-time" && matches!(from, "date" | "time"),
        _ => false,
    }
}

/// The plain types that a schema lets choose from.
struct Pattern<'d> {
    types: Vec<&'d str>,
    is_list: bool,
    /// Whether the types are all that is said.
    is_bare: bool,
}

/// The types that are new, and those that are gone, where at least one side is a choice between plain types. None of both
/// if the same types are only written in another way.
fn lists<'d>(old: (&View<'d>, &'d Document), new: (&View<'d>, &'d Document)) -> Option<(Vec<&'d str>, Vec<&'d str>)> {
    let (before, after) = (pattern(old.0, old.1)?, pattern(new.0, new.1)?);
    if !before.is_list && !after.is_list {
        return None;
    }
    let missing = |from: &[&'d str], to: &[&'d str]| -> Vec<&'d str> {
        let mut names: Vec<&str> = from.iter().filter(|name| !to.contains(name)).copied().collect();
        names.dedup();
        names
    };
    let added = missing(&after.types, &before.types);
    let removed = missing(&before.types, &after.types);
    let is_rewritten = before.is_list != after.is_list && before.is_bare && after.is_bare;
    (is_rewritten || !added.is_empty() || !removed.is_empty()).then_some((added, removed))
}

fn pattern<'d>(schema: &View<'d>, document: &'d Document) -> Option<Pattern<'d>> {
    let has_any = |keyword: &str| match schema.get(keyword) {
        Some(Value::Array(items)) => !items.is_empty(),
        Some(Value::Object(map)) => keyword == "not" || !map.is_empty(),
        Some(_) => keyword == "not",
        None => false,
    };
    if has_any("not") || has_any("allOf") || has_any("properties") {
        return None;
    }
    let types = schema.types();
    if !types.is_empty() {
        return Some(Pattern {
            types,
            is_list: false,
            is_bare: true,
        });
    }
    for keyword in ["oneOf", "anyOf"] {
        let choices = schema.array(keyword);
        if let Some(types) = plain_types(choices, document) {
            let has_only_type = |choice: &Value| choice.as_object().is_some_and(|map| map.len() == 1);
            return Some(Pattern {
                types,
                is_list: true,
                is_bare: choices.iter().all(has_only_type),
            });
        }
    }
    None
}

/// The one type of each schema; `None` if one of them is more than a type with its constraints.
fn plain_types<'d>(choices: &'d [Value], document: &'d Document) -> Option<Vec<&'d str>> {
    // A longer list isn't a choice between plain types; there are seven.
    if choices.is_empty() || choices.len() > 32 {
        return None;
    }
    choices
        .iter()
        .map(|choice| {
            let choice = document.resolve(choice).ok()?.value;
            let is_plain = ["properties", "oneOf", "anyOf", "allOf"]
                .iter()
                .all(|keyword| choice.get(keyword).is_none());
            let name = match choice.get("type")? {
                Value::String(name) => name.as_str(),
                Value::Array(names) => match names.iter().filter(|name| *name != "null").collect::<Vec<_>>()[..] {
                    [name] => name.as_str()?,
                    _ => return None,
                },
                _ => return None,
            };
            is_plain.then_some(name)
        })
        .collect()
}
