//! Components that nothing refers to.

use std::collections::HashSet;

use super::members;
use crate::lint::collector::Collector;
use crate::lint::view::View;
use crate::model::Format;

const SECTIONS: [&str; 8] = [
    "schemas",
    "responses",
    "parameters",
    "examples",
    "requestBodies",
    "headers",
    "links",
    "callbacks",
];

pub(super) fn unused(view: &View<'_>, collector: &mut Collector) {
    let targets: HashSet<&[String]> = view.used_paths().collect();
    if collector.format() == Format::OpenApi20 {
        for (name, _) in members(view.root.get("definitions")) {
            let path = vec!["definitions".to_owned(), name.to_owned()];
            if !targets.contains(path.as_slice()) {
                collector.describe("oas2-unused-definition", path);
            }
        }
        return;
    }
    for section in SECTIONS {
        let named = view
            .root
            .get("components")
            .and_then(|components| components.get(section));
        for (name, _) in members(named) {
            let path = vec!["components".to_owned(), section.to_owned(), name.to_owned()];
            if !targets.contains(path.as_slice()) {
                collector.describe("oas3-unused-component", path);
            }
        }
    }
}
