//! Rules about the document itself: `info`, `tags`, `host`.

use std::collections::HashSet;

use serde_json::Value;

use super::{closest, items};
use crate::lint::collector::Collector;
use crate::lint::json_schema::is_truthy;
use crate::lint::view::{View, children};
use crate::model::Format;

pub(super) fn run(view: &View<'_>, collector: &mut Collector) {
    let field = |path: &[&str]| path.iter().try_fold(view.root, |value, key| view.get(value, key));
    for (rule, path) in [
        ("info-contact", ["info", "contact"].as_slice()),
        ("info-description", &["info", "description"]),
        ("info-license", &["info", "license"]),
        ("license-url", &["info", "license", "url"]),
        ("oas2-api-host", &["host"]),
    ] {
        if !is_truthy(field(path)) {
            collector.describe(rule, closest(view, path));
        }
    }
    if let Some(contact) = field(&["info", "contact"]) {
        for key in ["name", "url", "email"] {
            let is_there = if contact.is_object() {
                is_truthy(view.get(contact, key))
            } else {
                is_truthy(Some(contact))
            };
            if !is_there {
                collector.describe("contact-properties", closest(view, &["info", "contact", key]));
            }
        }
    }
    let is_list = |value: Option<&Value>, is_item: fn(&Value) -> bool| {
        let list = value.and_then(Value::as_array);
        list.is_some_and(|list| !list.is_empty() && list.iter().all(|item| is_item(view.value(item))))
    };
    if !is_list(field(&["schemes"]), Value::is_string) {
        collector.describe("oas2-api-schemes", first_wrong(view, "schemes", Value::is_string));
    }
    if !is_list(field(&["servers"]), Value::is_object) {
        collector.describe("oas3-api-servers", first_wrong(view, "servers", Value::is_object));
    }
    if !is_list(field(&["tags"]), |_| true) {
        collector.describe("openapi-tags", closest(view, &["tags"]));
    }
    if let Some(host) = field(&["host"]).and_then(Value::as_str) {
        if host.contains("example.com") {
            collector.describe("oas2-host-not-example", closest(view, &["host"]));
        }
        if host.ends_with('/') {
            collector.describe("oas2-host-trailing-slash", closest(view, &["host"]));
        }
    }
    tags(view, collector);
}

/// Where a list is wrong: at its first wrong item, or the list itself.
fn first_wrong(view: &View<'_>, key: &str, is_item: fn(&Value) -> bool) -> Vec<String> {
    let list = view.get(view.root, key);
    let wrong = items(list).find(|(_, item)| !is_item(view.value(item)));
    match wrong {
        Some((index, _)) => closest(view, &[key, &index.to_string()]),
        None => closest(view, &[key]),
    }
}

fn tags(view: &View<'_>, collector: &mut Collector) {
    let tags = view.get(view.root, "tags");
    for (step, tag) in tags.into_iter().flat_map(children) {
        let step = step.text();
        let tag = view.value(tag);
        let is_described = if tag.is_object() {
            is_truthy(view.get(tag, "description"))
        } else {
            is_truthy(Some(tag))
        };
        if !is_described {
            collector.describe("tag-description", closest(view, &["tags", &step, "description"]));
        }
    }
    let Some(Value::Array(list)) = tags else { return };
    let names: Vec<Option<&Value>> = list.iter().map(|tag| view.get(tag, "name")).collect();
    let texts: Option<Vec<&str>> = names.iter().map(|name| name.and_then(Value::as_str)).collect();
    let Some(texts) = texts else {
        let is_name = |name: &Value| name.is_string() || name.is_number();
        if list.len() > 1 && !names.iter().all(|name| name.is_some_and(is_name)) {
            collector.describe("openapi-tags-alphabetical", closest(view, &["tags"]));
        }
        return;
    };
    let mut known = HashSet::new();
    for (index, name) in texts.iter().enumerate() {
        if !known.insert(*name) {
            let message = format!("\"tags\" object contains duplicate tag name \"{name}\".");
            let path = closest(view, &["tags", &index.to_string(), "name"]);
            collector.add("openapi-tags-uniqueness", path, message);
        }
    }
    if texts.windows(2).any(|pair| collation(pair[0]) > collation(pair[1])) {
        collector.describe("openapi-tags-alphabetical", closest(view, &["tags"]));
    }
}

/// A key that sorts texts about as people do: letters of both cases together, the small one first.
pub(in crate::lint) fn collation(text: &str) -> (String, Vec<bool>) {
    let letters = text.chars().filter(|character| character.is_alphanumeric());
    let plain = letters.clone().flat_map(char::to_lowercase).collect();
    (plain, letters.map(char::is_uppercase).collect())
}

/// The version of a document as Spectral detects it.
pub(in crate::lint) fn detect(root: &Value) -> Option<Format> {
    let text = |key: &str| match root.get(key)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    if text("swagger").is_some_and(|version| version.trim_start().starts_with('2')) {
        return Some(Format::OpenApi20);
    }
    let version = text("openapi")?;
    let minor = version.strip_prefix("3.")?.split('.').next()?;
    match minor {
        "0" => Some(Format::OpenApi30),
        "1" => Some(Format::OpenApi31),
        "2" => Some(Format::OpenApi32),
        _ => None,
    }
}
