//! Rules about `$ref`.

use std::collections::HashSet;

use serde_json::Value;

use crate::lint::collector::Collector;
use crate::lint::place::{Place, Step};
use crate::lint::view::{View, children};

/// `invalid-ref`: a reference to nothing. Each target is reported once, where it is referred to first.
pub(super) fn broken(view: &View<'_>, collector: &mut Collector) {
    let mut known = HashSet::new();
    for broken in view.broken() {
        if broken.is_external || !known.insert(&broken.reference) {
            continue;
        }
        let mut path = broken.path.clone();
        path.push("$ref".to_owned());
        collector.add("invalid-ref", path, format!("'{}' does not exist", broken.reference));
    }
}

/// `no-$ref-siblings`: what stands beside a reference is ignored up to 3.0.
pub(super) fn siblings(view: &View<'_>, collector: &mut Collector) {
    if collector.is_on("no-$ref-siblings") {
        below(view.root, &Place::ROOT, collector);
    }
}

fn below(value: &Value, place: &Place<'_>, collector: &mut Collector) {
    if let Some(map) = value.as_object().filter(|map| map.contains_key("$ref")) {
        for key in map.keys().filter(|key| *key != "$ref") {
            let message = "$ref must not be placed next to any other properties";
            collector.add("no-$ref-siblings", place.key(key).path(), message);
        }
    }
    for (step, inner) in children(value) {
        if inner.is_object() || inner.is_array() {
            let place = match step {
                Step::Key(key) => place.key(key),
                Step::Index(index) => place.index(index),
            };
            below(inner, &place, collector);
        }
    }
}
