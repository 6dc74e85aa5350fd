//! What a schema is made of: properties, items, and schemas under other keywords.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;

use super::choices;
use super::fact::{Fact, Kind, Property};
use super::graph::{Edge, Graph, Step};
use super::view::View;
use super::words;
use crate::diff::source::At;

/// Keywords with one schema: keyword, rule where it is new, rule where it is gone.
const SINGLE: [(&str, &str, &str); 8] = [
    ("contains", "contains-added", "contains-removed"),
    ("propertyNames", "property-names-added", "property-names-removed"),
    (
        "unevaluatedItems",
        "unevaluated-items-added",
        "unevaluated-items-removed",
    ),
    (
        "unevaluatedProperties",
        "unevaluated-properties-added",
        "unevaluated-properties-removed",
    ),
    ("if", "if-added", "if-removed"),
    ("then", "then-added", "then-removed"),
    ("else", "else-added", "else-removed"),
    ("contentSchema", "content-schema-added", "content-schema-removed"),
];

/// Compares what is inside two schemas; gives the ways to the pairs in there.
pub(super) fn compare<'d>(
    graph: &mut Graph<'d>,
    old: &View<'d>,
    new: &View<'d>,
    has_types: bool,
    facts: &mut Vec<Fact>,
) -> Vec<Edge<'d>> {
    let mut edges = Vec::new();
    choices::compare(graph, old, new, has_types, facts, &mut edges);
    properties(graph, old, new, facts, &mut edges);
    additional(graph, old, new, facts, &mut edges);
    if let (Some(before), Some(after)) = (schema(graph, old, "items", true), schema(graph, new, "items", false)) {
        edge(graph, Step::Items, before, after, &mut edges);
    }
    prefix_items(graph, old, new, facts, &mut edges);
    for (keyword, added, removed) in SINGLE {
        match (schema(graph, old, keyword, true), schema(graph, new, keyword, false)) {
            (Some(before), Some(after)) => edge(graph, Step::Keyword(keyword, ""), before, after, &mut edges),
            (None, Some(_)) => facts.push(Fact::plain(added, keyword, format!("got {keyword}"))),
            (Some(_), None) => facts.push(Fact::plain(removed, keyword, format!("lost {keyword}")).gone()),
            (None, None) => {}
        }
    }
    for (keyword, added, removed) in [
        (
            "patternProperties",
            "pattern-property-added",
            "pattern-property-removed",
        ),
        ("dependentSchemas", "dependent-schema-added", "dependent-schema-removed"),
    ] {
        named(graph, keyword, [added, removed], old, new, facts, &mut edges);
    }
    dependent_required(old, new, facts);
    not(graph, old, new, facts);
    edges
}

/// A keyword whose value is a schema object; booleans say nothing that could be compared.
fn schema<'d>(graph: &mut Graph<'d>, view: &View<'d>, keyword: &'static str, is_old: bool) -> Option<At<'d>> {
    let source = if is_old { &mut graph.old } else { &mut graph.new };
    view.get(keyword).filter(|value| value.is_object())?;
    view.at(source, keyword)
}

fn edge<'d>(graph: &mut Graph<'d>, step: Step<'d>, old: At<'d>, new: At<'d>, edges: &mut Vec<Edge<'d>>) {
    let to = graph.pair(old, new);
    edges.push(Edge {
        step,
        was_required: false,
        to,
    });
}

fn properties<'d>(
    graph: &mut Graph<'d>,
    old: &View<'d>,
    new: &View<'d>,
    facts: &mut Vec<Fact>,
    edges: &mut Vec<Edge<'d>>,
) {
    let was_required: HashSet<&str> = old.required().collect();
    let is_required: HashSet<&str> = new.required().collect();
    let (before, after) = (old.object("properties"), new.object("properties"));
    let (before_at, after_at) = (
        old.at(&mut graph.old, "properties"),
        new.at(&mut graph.new, "properties"),
    );
    for (name, schema) in before.into_iter().flatten() {
        let Some(at) = before_at else { break };
        let place = graph.old.below(at.place, name);
        let old_at = At { value: schema, place };
        let was = was_required.contains(name.as_str());
        let now = is_required.contains(name.as_str());
        let Some((new_schema, after_at)) = after.and_then(|after| after.get(name)).zip(after_at) else {
            let known = property(View::new(&mut graph.old, old_at), was);
            let fact = Fact::new(Kind::PropertyRemoved(known), "properties", "was removed");
            facts.push(fact.gone().below(name.as_str()).of(name));
            continue;
        };
        let place = graph.new.below(after_at.place, name);
        let new_at = At {
            value: new_schema,
            place,
        };
        let to = graph.pair(old_at, new_at);
        edges.push(Edge {
            step: Step::Property(name),
            was_required: was,
            to,
        });
        if was != now {
            let known = property(View::new(&mut graph.new, new_at), now);
            facts.push(if now {
                Fact::new(Kind::BecameRequired(known), "required", "became required").of(name)
            } else {
                Fact::new(Kind::BecameOptional(known), "properties", "became optional")
                    .below(name.as_str())
                    .of(name)
            });
        }
    }
    for (name, schema) in after.into_iter().flatten() {
        let Some(at) = after_at.filter(|_| before.is_none_or(|before| !before.contains_key(name))) else {
            continue;
        };
        let place = graph.new.below(at.place, name);
        let known = property(
            View::new(&mut graph.new, At { value: schema, place }),
            is_required.contains(name.as_str()),
        );
        let predicate = if known.is_required {
            "is new and required"
        } else {
            "is new"
        };
        let fact = Fact::new(Kind::PropertyAdded(known), "properties", predicate);
        facts.push(fact.below(name.as_str()).of(name));
    }
}

fn property(schema: View<'_>, is_required: bool) -> Property {
    Property {
        is_required,
        has_default: schema.get("default").is_some_and(|value| !value.is_null()),
        is_read_only: schema.flag("readOnly"),
        is_write_only: schema.flag("writeOnly"),
    }
}

fn additional<'d>(
    graph: &mut Graph<'d>,
    old: &View<'d>,
    new: &View<'d>,
    facts: &mut Vec<Fact>,
    edges: &mut Vec<Edge<'d>>,
) {
    const KEYWORD: &str = "additionalProperties";
    if let (Some(before), Some(after)) = (schema(graph, old, KEYWORD, true), schema(graph, new, KEYWORD, false)) {
        return edge(graph, Step::Others, before, after, edges);
    }
    let is_closed = |view: &View<'_>| view.get(KEYWORD) == Some(&Value::Bool(false));
    match (is_closed(old), is_closed(new)) {
        (false, true) => facts.push(Fact::plain(
            "additional-properties-forbidden",
            KEYWORD,
            "no longer allows other properties than those listed",
        )),
        (true, false) => facts.push(
            Fact::plain(
                "additional-properties-allowed",
                KEYWORD,
                "now allows other properties than those listed",
            )
            .gone(),
        ),
        _ => {}
    }
}

fn prefix_items<'d>(
    graph: &mut Graph<'d>,
    old: &View<'d>,
    new: &View<'d>,
    facts: &mut Vec<Fact>,
    edges: &mut Vec<Edge<'d>>,
) {
    const KEYWORD: &str = "prefixItems";
    let (before, after) = (old.array(KEYWORD), new.array(KEYWORD));
    if let (Some(old_at), Some(new_at)) = (old.at(&mut graph.old, KEYWORD), new.at(&mut graph.new, KEYWORD)) {
        for (index, (before, after)) in before.iter().zip(after).enumerate() {
            let old_at = At {
                value: before,
                place: graph.old.item(old_at.place, index),
            };
            let new_at = At {
                value: after,
                place: graph.new.item(new_at.place, index),
            };
            edge(graph, Step::Item(index), old_at, new_at, edges);
        }
    }
    if after.len() > before.len() {
        let predicate = format!("describes {} more items by position", after.len() - before.len());
        facts.push(Fact::plain("prefix-items-added", KEYWORD, predicate));
    }
    if after.len() < before.len() {
        let predicate = format!("describes {} items by position less", before.len() - after.len());
        facts.push(Fact::plain("prefix-items-removed", KEYWORD, predicate).gone());
    }
}

fn named<'d>(
    graph: &mut Graph<'d>,
    keyword: &'static str,
    [added, removed]: [&'static str; 2],
    old: &View<'d>,
    new: &View<'d>,
    facts: &mut Vec<Fact>,
    edges: &mut Vec<Edge<'d>>,
) {
    let (before, after) = (old.object(keyword), new.object(keyword));
    let places = old.at(&mut graph.old, keyword).zip(new.at(&mut graph.new, keyword));
    for (name, schema) in before.into_iter().flatten() {
        match after.and_then(|after| after.get(name)).zip(places) {
            Some((new_schema, (old_at, new_at))) => {
                let old_at = At {
                    value: schema,
                    place: graph.old.below(old_at.place, name),
                };
                let new_at = At {
                    value: new_schema,
                    place: graph.new.below(new_at.place, name),
                };
                let step = if keyword == "patternProperties" {
                    Step::Matching(name)
                } else {
                    Step::Keyword(keyword, name)
                };
                edge(graph, step, old_at, new_at, edges);
            }
            None => {
                let predicate = format!("no longer has {} in {keyword}", words::quoted(name));
                facts.push(Fact::plain(removed, keyword, predicate).gone().below(name.as_str()));
            }
        }
    }
    for name in after.into_iter().flatten().map(|(name, _)| name) {
        if before.is_none_or(|before| !before.contains_key(name)) {
            let predicate = format!("has {} in {keyword}", words::quoted(name));
            facts.push(Fact::plain(added, keyword, predicate).below(name.as_str()));
        }
    }
}

fn dependent_required(old: &View<'_>, new: &View<'_>, facts: &mut Vec<Fact>) {
    const KEYWORD: &str = "dependentRequired";
    let (before, after) = (old.object(KEYWORD), new.object(KEYWORD));
    for (name, needed) in before.into_iter().flatten() {
        let name_shown = words::quoted(name);
        match after.and_then(|after| after.get(name)) {
            None => facts.push(
                Fact::plain(
                    "dependent-required-removed",
                    KEYWORD,
                    format!("no longer requires other properties beside {name_shown}"),
                )
                .gone()
                .below(name.as_str()),
            ),
            Some(now) if now != needed => facts.push(
                Fact::plain(
                    "dependent-required-changed",
                    KEYWORD,
                    format!(
                        "requires {} beside {name_shown}, no longer {}",
                        words::value(now),
                        words::value(needed)
                    ),
                )
                .below(name.as_str()),
            ),
            Some(_) => {}
        }
    }
    for (name, needed) in after.into_iter().flatten() {
        if before.is_none_or(|before| !before.contains_key(name)) {
            let predicate = format!("requires {} beside {}", words::value(needed), words::quoted(name));
            facts.push(Fact::plain("dependent-required-added", KEYWORD, predicate).below(name.as_str()));
        }
    }
}

/// `not` turns every direction around; only that something is different is said.
fn not<'d>(graph: &mut Graph<'d>, old: &View<'d>, new: &View<'d>, facts: &mut Vec<Fact>) {
    const KEYWORD: &str = "not";
    match (old.get(KEYWORD), new.get(KEYWORD)) {
        (None, Some(_)) => facts.push(Fact::plain("not-added", KEYWORD, "excludes more values (not)")),
        (Some(_), None) => facts.push(Fact::plain("not-removed", KEYWORD, "excludes less values (not)").gone()),
        (Some(before), Some(after)) if graph.hash(before) != graph.hash(after) => {
            facts.push(Fact::plain("not-changed", KEYWORD, "excludes other values (not)"));
        }
        _ => {}
    }
}

/// Hashes of values, each computed once.
#[derive(Debug, Default)]
pub(super) struct Hashes {
    known: HashMap<usize, u64>,
}

impl Hashes {
    /// The same number for values that say the same: the order of members and words for people don't matter.
    pub(super) fn of(&mut self, value: &Value) -> u64 {
        let key = std::ptr::from_ref(value) as usize;
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let mut hasher = DefaultHasher::new();
        match value {
            Value::Object(map) => {
                // A sum doesn't depend on the order.
                let sum = map
                    .iter()
                    .filter(|(key, _)| !is_annotation(key))
                    .fold(0u64, |sum, (key, value)| {
                        let mut hasher = DefaultHasher::new();
                        key.hash(&mut hasher);
                        self.of(value).hash(&mut hasher);
                        sum.wrapping_add(hasher.finish())
                    });
                ('o', sum).hash(&mut hasher);
            }
            Value::Array(items) => {
                'a'.hash(&mut hasher);
                for item in items {
                    self.of(item).hash(&mut hasher);
                }
            }
            Value::String(text) => ('s', text).hash(&mut hasher),
            other => ('v', other.to_string()).hash(&mut hasher),
        }
        let hash = hasher.finish();
        if value.is_object() || value.is_array() {
            self.known.insert(key, hash);
        }
        hash
    }
}

/// Keywords that only speak to people. A property may have such a name; then a change in it shows as one of the choice.
fn is_annotation(key: &str) -> bool {
    matches!(
        key,
        "description" | "examples" | "example" | "$comment" | "externalDocs"
    )
}
