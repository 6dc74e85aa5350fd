//! `oneOf`, `anyOf`, `allOf` and the discriminator: which schema of before is which of after.

use std::collections::HashMap;

use serde_json::Value;

use super::fact::Fact;
use super::graph::{Edge, Graph, Step};
use super::view::View;
use super::words;
use crate::diff::change::Side;
use crate::diff::source::At;
use crate::reference;

/// Compares the three lists of schemas, and the discriminator. Where `has_types` says that a choice between plain types
/// changed, new and lost choices are said already.
pub(super) fn compare<'d>(
    graph: &mut Graph<'d>,
    old: &View<'d>,
    new: &View<'d>,
    has_types: bool,
    facts: &mut Vec<Fact>,
    edges: &mut Vec<Edge<'d>>,
) {
    for (keyword, added, removed) in [
        ("allOf", "all-of-added", "all-of-removed"),
        ("anyOf", "any-of-added", "any-of-removed"),
        ("oneOf", "one-of-added", "one-of-removed"),
    ] {
        let (before, after) = (old.array(keyword), new.array(keyword));
        if before.is_empty() && after.is_empty() {
            continue;
        }
        let matched = match_up(graph, before, after);
        let places = old.at(&mut graph.old, keyword).zip(new.at(&mut graph.new, keyword));
        for (old_index, new_index) in matched.pairs {
            let Some((old_at, new_at)) = places else { break };
            let label = label(&after[new_index], new_index);
            let old_at = At {
                value: &before[old_index],
                place: graph.old.item(old_at.place, old_index),
            };
            let new_at = At {
                value: &after[new_index],
                place: graph.new.item(new_at.place, new_index),
            };
            let step = if keyword == "allOf" {
                Step::Part
            } else {
                Step::Choice(label)
            };
            let to = graph.pair(old_at, new_at);
            edges.push(Edge {
                step,
                was_required: false,
                to,
            });
        }
        if has_types && keyword != "allOf" {
            continue;
        }
        let names = |indices: &[usize], schemas: &[Value]| -> String {
            let names: Vec<String> = indices.iter().map(|index| label(&schemas[*index], *index)).collect();
            words::list(&names)
        };
        if let Some(first) = matched.added.first() {
            let predicate = format!("has {} new in its {keyword}", names(&matched.added, after));
            facts.push(Fact::plain(added, keyword, predicate).below(first.to_string()));
        }
        if let Some(first) = matched.removed.first() {
            let predicate = format!("no longer has {} in its {keyword}", names(&matched.removed, before));
            facts.push(Fact::plain(removed, keyword, predicate).gone().below(first.to_string()));
        }
    }
    discriminator(old, new, facts);
}

/// What became of each schema of a list.
#[derive(Debug, Default)]
struct Matched {
    pairs: Vec<(usize, usize)>,
    removed: Vec<usize>,
    added: Vec<usize>,
}

/// References match by what they refer to; then all by what they say, so that a schema may get a name, or another one; then
/// those without a reference by title; and if then just one without a title is left on each side, it is the same one, changed.
fn match_up(graph: &mut Graph<'_>, before: &[Value], after: &[Value]) -> Matched {
    let mut matched = Matched::default();
    let mut open: Vec<bool> = vec![true; after.len()];
    let mut by_reference: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut by_hash: HashMap<u64, Vec<usize>> = HashMap::new();
    for (index, schema) in after.iter().enumerate().rev() {
        if let Some(text) = reference::of(schema) {
            by_reference.entry(text).or_default().push(index);
        }
    }
    let mut left: Vec<usize> = Vec::new();
    for (index, schema) in before.iter().enumerate() {
        let found = reference::of(schema).and_then(|text| by_reference.get_mut(text)?.pop());
        match found {
            Some(other) => {
                open[other] = false;
                matched.pairs.push((index, other));
            }
            None => left.push(index),
        }
    }
    for index in (0..after.len()).rev().filter(|index| open[*index]) {
        let hash = graph.hash_of(&after[index], Side::New);
        by_hash.entry(hash).or_default().push(index);
    }
    left.retain(|index| {
        let hash = graph.hash_of(&before[*index], Side::Old);
        let Some(other) = by_hash.get_mut(&hash).and_then(Vec::pop) else {
            return true;
        };
        open[other] = false;
        matched.pairs.push((*index, other));
        false
    });
    let (named, mut left): (Vec<usize>, Vec<usize>) = left
        .into_iter()
        .partition(|index| reference::of(&before[*index]).is_some());
    matched.removed = named;
    let title = |schema: &Value| -> Option<String> {
        let text = schema.get("title")?.as_str()?;
        (!text.is_empty()).then(|| text.to_owned())
    };
    let is_open_inline = |open: &[bool], index: usize| open[index] && reference::of(&after[index]).is_none();
    let mut by_title: HashMap<String, usize> = HashMap::new();
    for index in (0..after.len()).rev().filter(|index| is_open_inline(&open, *index)) {
        if let Some(title) = title(&after[index]) {
            by_title.insert(title, index);
        }
    }
    left.retain(|index| {
        let Some(other) = title(&before[*index]).and_then(|title| by_title.remove(&title)) else {
            return true;
        };
        open[other] = false;
        matched.pairs.push((*index, other));
        false
    });
    let still: Vec<usize> = (0..after.len()).filter(|index| is_open_inline(&open, *index)).collect();
    if let ([one], [other]) = (left.as_slice(), still.as_slice())
        && title(&before[*one]).is_none()
        && title(&after[*other]).is_none()
    {
        open[*other] = false;
        matched.pairs.push((*one, *other));
        left.clear();
    }
    matched.removed.extend(left);
    matched.removed.sort_unstable();
    matched.added = (0..after.len()).filter(|index| open[*index]).collect();
    matched
}

/// The name of a schema in a list: that of its reference, its title, or its number from 1.
fn label(schema: &Value, index: usize) -> String {
    if let Some(name) = reference::of(schema).and_then(|text| text.rsplit('/').next()) {
        return name.to_owned();
    }
    match schema.get("title").and_then(Value::as_str) {
        Some(title) if !title.is_empty() => title.to_owned(),
        _ => format!("#{}", index + 1),
    }
}

fn discriminator(old: &View<'_>, new: &View<'_>, facts: &mut Vec<Fact>) {
    const KEYWORD: &str = "discriminator";
    let (before, after) = match (old.object(KEYWORD), new.object(KEYWORD)) {
        (None, Some(_)) => return facts.push(Fact::plain("discriminator-added", KEYWORD, "got a discriminator")),
        (Some(_), None) => {
            return facts.push(Fact::plain("discriminator-removed", KEYWORD, "lost its discriminator").gone());
        }
        (None, None) => return,
        (Some(before), Some(after)) => (before, after),
    };
    let property = |map: &serde_json::Map<String, Value>| {
        let name = map.get("propertyName").and_then(Value::as_str);
        name.map_or_else(|| "none".to_owned(), words::quoted)
    };
    if before.get("propertyName") != after.get("propertyName") {
        let predicate = format!(
            "changed the property of its discriminator from {} to {}",
            property(before),
            property(after)
        );
        let fact = Fact::plain("discriminator-property-name-changed", KEYWORD, predicate);
        facts.push(fact.below("propertyName"));
    }
    let empty = serde_json::Map::new();
    let mapping = |map: &'_ serde_json::Map<String, Value>| map.get("mapping").and_then(Value::as_object).cloned();
    let (before, after) = (
        mapping(before).unwrap_or_else(|| empty.clone()),
        mapping(after).unwrap_or_else(|| empty.clone()),
    );
    let missing = |from: &serde_json::Map<String, Value>, to: &serde_json::Map<String, Value>| -> Vec<String> {
        from.keys().filter(|key| !to.contains_key(*key)).cloned().collect()
    };
    let (added, removed) = (missing(&after, &before), missing(&before, &after));
    if !added.is_empty() {
        let predicate = format!("has {} new in the mapping of its discriminator", words::list(&added));
        let fact = Fact::plain("discriminator-mapping-added", KEYWORD, predicate);
        facts.push(fact.below("mapping"));
    }
    if !removed.is_empty() {
        let predicate = format!(
            "no longer has {} in the mapping of its discriminator",
            words::list(&removed)
        );
        let fact = Fact::plain("discriminator-mapping-deleted", KEYWORD, predicate);
        facts.push(fact.gone().below("mapping"));
    }
    for (key, value) in &after {
        if let Some(was) = before.get(key).filter(|was| *was != value) {
            let predicate = format!(
                "maps {} to {} in its discriminator, no longer to {}",
                words::quoted(key),
                words::value(value),
                words::value(was)
            );
            let fact = Fact::plain("discriminator-mapping-changed", KEYWORD, predicate);
            facts.push(fact.below("mapping").below(key.as_str()));
        }
    }
}
