//! `path-params`: the parameters of a path and its template name the same things.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::{METHODS, closest, items, members};
use crate::lint::collector::Collector;
use crate::lint::view::View;

const RULE: &str = "path-params";

pub(super) fn run(view: &View<'_>, collector: &mut Collector) {
    let mut templates: HashMap<String, &str> = HashMap::new();
    for (path, item) in members(view.get(view.root, "paths")) {
        let item = view.value(item);
        if !item.is_object() && !item.is_array() {
            continue;
        }
        let (normalized, found) = parse(path);
        match templates.get(&normalized) {
            Some(first) => {
                let message = format!("Paths \"{first}\" and \"{path}\" must not be equivalent.");
                collector.add(RULE, closest(view, &["paths", path]), message);
            }
            None => {
                templates.insert(normalized, path);
            }
        }
        let mut expected: Vec<String> = Vec::new();
        let mut known: HashSet<String> = HashSet::new();
        for name in found {
            if known.insert(name.clone()) {
                expected.push(name);
            } else {
                let message = format!("Path \"{path}\" must not use parameter \"{{{name}}}\" multiple times.");
                collector.add(RULE, closest(view, &["paths", path]), message);
            }
        }
        let shared = declared(view, item, &["paths", path], collector);
        for (method, operation) in members(Some(item)).filter(|(method, _)| METHODS.contains(method)) {
            let operation = view.value(operation);
            if !operation.is_object() && !operation.is_array() {
                continue;
            }
            let mut all = shared.clone();
            let mut at: HashMap<String, usize> = all
                .iter()
                .enumerate()
                .map(|(at, (name, _))| (name.clone(), at))
                .collect();
            for (name, place) in declared(view, operation, &["paths", path, method], collector) {
                if let Some(known) = at.get(&name) {
                    all[*known].1 = place;
                } else {
                    at.insert(name.clone(), all.len());
                    all.push((name, place));
                }
            }
            for (name, place) in all.iter().filter(|(name, _)| !known.contains(name)) {
                let message = format!("Parameter \"{name}\" must be used in path \"{path}\".");
                let steps: Vec<&str> = place.iter().map(String::as_str).collect();
                collector.add(RULE, closest(view, &steps), message);
            }
            let names: HashSet<&String> = all.iter().map(|(name, _)| name).collect();
            for name in expected.iter().filter(|name| !names.contains(name)) {
                let message = format!("Operation must define parameter \"{{{name}}}\" as expected by path \"{path}\".");
                collector.add(RULE, closest(view, &["paths", path, method]), message);
            }
        }
    }
}

/// The path parameters of an object, with their places.
fn declared(view: &View<'_>, holder: &Value, base: &[&str], collector: &mut Collector) -> Vec<(String, Vec<String>)> {
    let mut declared: Vec<(String, Vec<String>)> = Vec::new();
    let mut known = HashSet::new();
    let list = holder.as_object().and_then(|map| map.get("parameters"));
    for (index, parameter) in items(list) {
        let parameter = view.value(parameter);
        let is_path = parameter.get("in").is_some_and(|place| *place == "path");
        let Some(name) = parameter.get("name").filter(|_| is_path) else {
            continue;
        };
        let name = name.as_str().map_or_else(|| name.to_string(), ToOwned::to_owned);
        let index = index.to_string();
        let steps = [base, &["parameters", &index]].concat();
        if parameter.get("required").is_none_or(|flag| *flag != true) {
            let message = format!("Path parameter \"{name}\" must have \"required\" property that is set to \"true\".");
            collector.add(RULE, closest(view, &steps), message);
        }
        if known.insert(name.clone()) {
            declared.push((name, steps.iter().map(|step| (*step).to_owned()).collect()));
        } else {
            let message = format!("Path parameter \"{name}\" must not be defined multiple times.");
            collector.add(RULE, closest(view, &steps), message);
        }
    }
    declared
}

/// A path with its parameters replaced, and their names: `{name}`, also as `{?name}`, `{;name}` and `{name*}`.
fn parse(path: &str) -> (String, Vec<String>) {
    let (mut normalized, mut names) = (String::new(), Vec::new());
    let mut rest = path;
    while let Some(at) = rest.find('{') {
        normalized.push_str(&rest[..at]);
        let inner = &rest[at + 1..];
        let skipped = inner.strip_prefix(';').unwrap_or(inner);
        let skipped = skipped.strip_prefix('?').unwrap_or(skipped);
        let is_name = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
        let end = skipped.find(|character| !is_name(character)).unwrap_or(skipped.len());
        let after = &skipped[end..];
        let after = after.strip_prefix('*').unwrap_or(after);
        match after.strip_prefix('}').filter(|_| end > 0) {
            Some(after) => {
                names.push(skipped[..end].to_owned());
                normalized.push('%');
                rest = after;
            }
            None => {
                normalized.push('{');
                rest = inner;
            }
        }
    }
    normalized.push_str(rest);
    (normalized, names)
}
