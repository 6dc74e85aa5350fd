//! Rules about servers and their variables.

use std::fmt::Write as _;

use serde_json::Value;

use super::{closest, items, members, operations};
use crate::lint::collector::Collector;
use crate::lint::view::{View, children};

/// Combinations of values of variables that are tried.
const MOST_SUBSTITUTIONS: usize = 1000;

pub(super) fn run(view: &View<'_>, collector: &mut Collector) {
    for (step, server) in view.get(view.root, "servers").into_iter().flat_map(children) {
        let Some(url) = view.get(server, "url").and_then(Value::as_str) else {
            continue;
        };
        let step = step.text();
        let path = ["servers", &step, "url"];
        if url.len() > 1 && url.ends_with('/') {
            collector.describe("oas3-server-trailing-slash", closest(view, &path));
        }
        if url.contains("example.com") {
            collector.describe("oas3-server-not-example.com", closest(view, &path));
        }
    }
    variables(view, collector);
}

fn variables(view: &View<'_>, collector: &mut Collector) {
    let mut places: Vec<Vec<String>> = Vec::new();
    let mut list = |base: &[&str], servers: Option<&Value>| {
        for (step, _) in servers.into_iter().flat_map(children) {
            let steps = base.iter().map(|step| (*step).to_owned());
            places.push(steps.chain(["servers".to_owned(), step.text()]).collect());
        }
    };
    list(&[], view.get(view.root, "servers"));
    for (path, item) in members(view.get(view.root, "paths")) {
        list(&["paths", path], view.get(item, "servers"));
    }
    for operation in operations(view) {
        let base = ["paths", operation.path, operation.method];
        list(&base, view.get(operation.value, "servers"));
    }
    let mut links = |base: &[&str], holder: Option<&Value>| {
        for (name, _) in members(holder) {
            let path = closest(view, &[base, &[name, "server"]].concat());
            if path.last().is_some_and(|step| step == "server") {
                places.push(path);
            }
        }
    };
    let components = view.get(view.root, "components");
    let section = |name: &str| components.and_then(|components| view.get(components, name));
    links(&["components", "links"], section("links"));
    for (name, response) in members(section("responses")) {
        links(&["components", "responses", name, "links"], view.get(response, "links"));
    }
    for operation in operations(view) {
        for (status, response) in members(view.get(operation.value, "responses")) {
            let base = ["paths", operation.path, operation.method, "responses", status, "links"];
            links(&base, view.get(response, "links"));
        }
    }
    for path in places {
        let steps: Vec<&str> = path.iter().map(String::as_str).collect();
        let start = steps.iter().try_fold(view.root, |value, step| {
            Some(view.value(crate::lint::view::child(value, step)?))
        });
        if let Some(server) = start {
            check(view, server, &steps, collector);
        }
    }
}

fn check(view: &View<'_>, server: &Value, path: &[&str], collector: &mut Collector) {
    let at = |extra: &[&str]| closest(view, &[path, extra].concat());
    let variables = server.get("variables");
    let url = server.get("url").and_then(Value::as_str);
    let is_variable = |value: &Value| {
        let Some(map) = value.as_object() else { return false };
        map.iter().all(|(key, value)| match key.as_str() {
            "enum" => value.as_array().is_some_and(|list| list.iter().all(Value::is_string)),
            "default" | "description" | "examples" => value.is_string(),
            key => key.starts_with("x-"),
        })
    };
    let are_variables =
        variables.is_none_or(|value| value.as_object().is_some_and(|map| map.values().all(is_variable)));
    let Some(url) = url.filter(|_| are_variables && server.is_object()) else {
        collector.add("oas3-server-variables", at(&[]), "Invalid Server Object");
        return;
    };
    let found = parse(url);
    let defined: Vec<&str> = members(variables).map(|(name, _)| name).collect();
    for name in defined.iter().filter(|name| !found.contains(name)) {
        let message = format!("Server's \"variables\" object has unused defined \"{name}\" url variable.");
        collector.add("oas3-server-variables", at(&["variables", name]), message);
    }
    if found.is_empty() {
        return;
    }
    let missing: Vec<&str> = found.iter().filter(|name| !defined.contains(name)).copied().collect();
    if !missing.is_empty() {
        let names = missing.join(", ");
        let message = format!("Not all server's variables are described with \"variables\" object. Missed: {names}.");
        collector.add("oas3-server-variables", at(&["variables"]), message);
    }
    let mut pairs: Vec<(&str, Vec<&str>)> = Vec::new();
    for (name, variable) in members(variables).filter(|(name, _)| found.contains(name)) {
        let default = variable.get("default").and_then(Value::as_str);
        if let Some(listed) = variable.get("enum") {
            let listed: Vec<&str> = items(Some(listed)).filter_map(|(_, value)| value.as_str()).collect();
            if default.is_some_and(|default| !listed.contains(&default)) {
                let message = format!("Server Variable \"{name}\" has a default not listed in the enum.");
                collector.add("oas3-server-variables", at(&["variables", name, "default"]), message);
            }
            pairs.push((name, listed));
        } else {
            pairs.push((name, default.into_iter().collect()));
        }
        if default.is_none() {
            let message = format!("Server Variable \"{name}\" has a missing default.");
            collector.add("oas3-server-variables", at(&["variables", name]), message);
        }
    }
    let invalid = invalid_urls(url, &pairs);
    if !invalid.is_empty() {
        let count = if invalid.len() == 5 { "At least 5" } else { "A few" };
        let more = if invalid.len() == 5 { " and more" } else { "" };
        let urls = invalid.join(", ");
        let message = format!("{count} substitutions of server variables resulted in invalid URLs: {urls}{more}");
        collector.add("oas3-server-variables", at(&["variables"]), message);
    }
}

/// The names between braces.
fn parse(url: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut rest = url;
    while let Some((_, after)) = rest.split_once('{') {
        let Some((name, after)) = after
            .get(1..)
            .and_then(|tail| tail.find('}'))
            .map(|at| (&after[..=at], &after[at + 2..]))
        else {
            break;
        };
        names.push(name);
        rest = after;
    }
    names
}

fn invalid_urls(url: &str, pairs: &[(&str, Vec<&str>)]) -> Vec<String> {
    let mut invalid = Vec::new();
    if pairs.is_empty() || pairs.iter().any(|(_, values)| values.is_empty()) {
        return invalid;
    }
    let total = pairs
        .iter()
        .fold(1usize, |total, (_, values)| total.saturating_mul(values.len()));
    for number in 0..total.min(MOST_SUBSTITUTIONS) {
        let mut rest = number;
        let mut substituted = url.to_owned();
        for (name, values) in pairs.iter().rev() {
            substituted = substituted.replace(&format!("{{{name}}}"), &encode(values[rest % values.len()]));
            rest /= values.len();
        }
        if !is_url(&substituted) {
            invalid.push(substituted);
            if invalid.len() == 5 {
                break;
            }
        }
    }
    invalid
}

/// `encodeURI`.
fn encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'();/?:@&=+$,#".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// Whether `new URL(text)` succeeds, near enough: an absolute URL with a host, where its scheme wants one.
fn is_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.trim().split_once(':') else {
        return false;
    };
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    if !is_scheme {
        return false;
    }
    if !matches!(
        scheme.to_ascii_lowercase().as_str(),
        "http" | "https" | "ws" | "wss" | "ftp"
    ) {
        return true;
    }
    let authority = rest.trim_start_matches(['/', '\\']);
    let authority = authority.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (name, port) = match host.rsplit_once(':').filter(|_| !host.ends_with(']')) {
        Some((name, port)) => (name, port),
        None => (host, ""),
    };
    let is_port = port.is_empty() || port.parse::<u16>().is_ok();
    let forbidden = |character: char| character.is_control() || " #%/:<>?@[\\]^|".contains(character);
    !name.is_empty() && is_port && (name.starts_with('[') || !name.contains(forbidden))
}
