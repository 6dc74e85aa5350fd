//! Security requirements. A list is a choice between alternatives; the schemes of one alternative are all needed.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use super::change::Side;
use super::comparison::Comparison;
use super::schema::quoted;
use super::source::{At, Place};

/// One alternative: scheme to scopes.
type Alternative = BTreeMap<String, BTreeSet<String>>;

/// Compares what an operation requires.
pub(super) fn of_operation<'d>(comparison: &mut Comparison<'d>, operation: u32, old: At<'d>, new: At<'d>) {
    compare(comparison, Some(operation), "api-security", "the endpoint", old, new);
}

/// Compares what the document requires of all operations that say nothing themselves.
pub(super) fn of_document(comparison: &mut Comparison<'_>) {
    let (old, new) = (comparison.graph.old.root(), comparison.graph.new.root());
    compare(comparison, None, "api-global-security", "the API", old, new);
}

fn alternatives(at: At<'_>) -> Vec<Alternative> {
    let list = at.value.get("security").and_then(Value::as_array);
    let scopes = |value: &Value| -> BTreeSet<String> {
        let scopes = value.as_array().into_iter().flatten();
        scopes.filter_map(|scope| Some(scope.as_str()?.to_owned())).collect()
    };
    list.into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .map(|map| {
            map.iter()
                .map(|(scheme, value)| (scheme.clone(), scopes(value)))
                .collect()
        })
        .collect()
}

fn names(alternative: &Alternative) -> String {
    alternative.keys().cloned().collect::<Vec<_>>().join(" AND ")
}

fn compare<'d>(
    comparison: &mut Comparison<'d>,
    operation: Option<u32>,
    rule: &str,
    thing: &str,
    old: At<'d>,
    new: At<'d>,
) {
    let (before, after) = (alternatives(old), alternatives(new));
    if before == after {
        return;
    }
    let place = |comparison: &mut Comparison<'d>, side: Side| -> (Side, Place) {
        let at = if side == Side::Old { old } else { new };
        let found = comparison.source(side).member(at, "security");
        (side, found.map_or(at.place, |found| found.place))
    };
    // The same with the same scopes first; then those of the same schemes are the same with other scopes.
    let mut open: HashMap<&Alternative, usize> = HashMap::new();
    for alternative in &after {
        *open.entry(alternative).or_default() += 1;
    }
    let mut take = |alternative: &Alternative| -> bool {
        match open.get_mut(alternative) {
            Some(count) if *count > 0 => {
                *count -= 1;
                true
            }
            _ => false,
        }
    };
    let left: Vec<&Alternative> = before.iter().filter(|alternative| !take(alternative)).collect();
    let mut rest: HashMap<String, Vec<&Alternative>> = HashMap::new();
    for (alternative, count) in open {
        let list = rest.entry(names(alternative)).or_default();
        list.extend(std::iter::repeat_n(alternative, count));
    }
    for alternative in left {
        let name = names(alternative);
        let Some(other) = rest.get_mut(&name).and_then(Vec::pop) else {
            if !name.is_empty() {
                let message = format!("{thing} no longer accepts {}", quoted(&name));
                let place = place(comparison, Side::Old);
                comparison.found(&format!("{rule}-removed"), operation, place, message);
            }
            continue;
        };
        for (scheme, scopes) in alternative {
            let now = &other[scheme];
            for scope in now.difference(scopes) {
                let message = format!("{thing} requires the scope {} of {}", quoted(scope), quoted(scheme));
                let place = place(comparison, Side::New);
                comparison.found(&format!("{rule}-scope-added"), operation, place, message);
            }
            for scope in scopes.difference(now) {
                let message = format!(
                    "{thing} no longer requires the scope {} of {}",
                    quoted(scope),
                    quoted(scheme)
                );
                let place = place(comparison, Side::Old);
                comparison.found(&format!("{rule}-scope-removed"), operation, place, message);
            }
        }
    }
    let mut added: Vec<String> = rest
        .into_iter()
        .flat_map(|(name, list)| std::iter::repeat_n(name, list.len()))
        .filter(|name| !name.is_empty())
        .collect();
    added.sort_unstable();
    for name in added {
        let message = format!("{thing} accepts {}", quoted(&name));
        let place = place(comparison, Side::New);
        comparison.found(&format!("{rule}-added"), operation, place, message);
    }
}
