//! The rules of Spectral's ruleset `spectral:oas`, by their names, with the same findings.
//!
//! Most rules look at the document with its references followed ([`View`]), some at what was written; each function says
//! which by what it takes. Paths of findings are those of the uploaded document.

mod components;
mod enums;
mod examples;
mod info;
mod operations;
mod path_params;
mod references;
mod servers;
mod structure;
mod values;

use serde_json::{Map, Value};

pub(in crate::lint) use info::{collation, detect};

use super::collector::Collector;
use super::place::Place;
use super::view::View;
use crate::model::Format;

/// Runs the rules that are on.
pub(super) fn run(view: &View<'_>, collector: &mut Collector) {
    references::broken(view, collector);
    info::run(view, collector);
    servers::run(view, collector);
    operations::run(view, collector);
    path_params::run(view, collector);
    references::siblings(view, collector);
    values::array_items(view.root, &Place::ROOT, collector);
    components::unused(view, collector);
    structure::run(view, collector);
    values::run(view, collector);
}

/// The methods that Spectral's functions know.
const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// An operation.
pub(in crate::lint) struct Operation<'d> {
    pub(in crate::lint) path: &'d str,
    pub(in crate::lint) method: &'d str,
    pub(in crate::lint) value: &'d Value,
}

/// Every operation below `paths`, with references followed, in document order.
pub(in crate::lint) fn operations<'d>(view: &View<'d>) -> Vec<Operation<'d>> {
    let mut operations = Vec::new();
    for (path, item) in members(view.get(view.root, "paths")) {
        for (method, value) in members(Some(view.value(item))) {
            if METHODS.contains(&method) {
                let value = view.value(value);
                operations.push(Operation { path, method, value });
            }
        }
    }
    operations
}

/// The members of what should be an object.
pub(in crate::lint) fn members<'d>(value: Option<&'d Value>) -> impl Iterator<Item = (&'d str, &'d Value)> {
    let map: Option<&'d Map<String, Value>> = value.and_then(Value::as_object);
    map.into_iter().flatten().map(|(key, value)| (key.as_str(), value))
}

/// The items of what should be a list.
pub(in crate::lint) fn items(value: Option<&Value>) -> impl Iterator<Item = (usize, &Value)> {
    value.and_then(Value::as_array).into_iter().flatten().enumerate()
}

/// The path of a finding below the root.
pub(in crate::lint) fn closest(view: &View<'_>, steps: &[&str]) -> Vec<String> {
    view.closest(&Place::ROOT, steps.iter().copied())
}

/// Whether documents of this version follow JSON Schema 2020-12.
fn is_modern(format: Format) -> bool {
    matches!(format, Format::OpenApi31 | Format::OpenApi32)
}
