//! Rules about who may call what, and over which connection.

use std::collections::HashSet;

use serde_json::Value;

use crate::lint::collector::Collector;
use crate::lint::spectral::{Operation, closest, items, members, operations};
use crate::lint::view::View;
use crate::model::Format;

pub(super) fn run(view: &View<'_>, collector: &mut Collector) {
    let shared = view.get(view.root, "security");
    let note = |requirements: Option<&Value>| -> Vec<String> {
        items(requirements)
            .flat_map(|(_, requirement)| members(Some(requirement)).map(|(name, _)| name.to_owned()))
            .collect()
    };
    let mut names: HashSet<String> = note(shared).into_iter().collect();
    for operation in operations(view) {
        let own = view.get(operation.value, "security");
        names.extend(note(own));
        unprotected(view, &operation, own.or(shared), collector);
    }
    schemes(view, &names, collector);
    servers(view, collector);
}

fn unprotected(view: &View<'_>, operation: &Operation<'_>, requirements: Option<&Value>, collector: &mut Collector) {
    if !matches!(operation.method, "post" | "put" | "patch" | "delete") {
        return;
    }
    let is_open = |requirement: &Value| requirement.as_object().is_none_or(serde_json::Map::is_empty);
    let list: Vec<&Value> = items(requirements)
        .map(|(_, requirement)| view.value(requirement))
        .collect();
    if list.is_empty() || list.iter().any(|requirement| is_open(requirement)) {
        let path = closest(view, &["paths", operation.path, operation.method]);
        collector.describe("write-operation-unprotected", path);
    }
}

fn schemes(view: &View<'_>, used: &HashSet<String>, collector: &mut Collector) {
    let (base, named): (&[&str], _) = if collector.format() == Format::OpenApi20 {
        (&["securityDefinitions"], view.root.get("securityDefinitions"))
    } else {
        (
            &["components", "securitySchemes"],
            view.root.pointer("/components/securitySchemes"),
        )
    };
    for (name, scheme) in members(named) {
        let scheme = view.value(scheme);
        let at = |extra: &[&str]| closest(view, &[base, &[name], extra].concat());
        let is = |key: &str, expected: &str| {
            let text = scheme.get(key).and_then(Value::as_str);
            text.is_some_and(|text| text.eq_ignore_ascii_case(expected))
        };
        if is("type", "apiKey") && is("in", "query") {
            collector.describe("api-key-in-query", at(&["in"]));
        }
        if is("type", "basic") || (is("type", "http") && is("scheme", "basic")) {
            collector.describe("basic-authentication", at(&[]));
        }
        if is("flow", "implicit") || is("flow", "password") {
            collector.describe("oauth2-outdated-flow", at(&["flow"]));
        }
        for flow in ["implicit", "password"] {
            if scheme.get("flows").is_some_and(|flows| flows.get(flow).is_some()) {
                collector.describe("oauth2-outdated-flow", at(&["flows", flow]));
            }
        }
        if !used.contains(name) {
            collector.describe("security-scheme-unused", at(&[]));
        }
    }
}

fn servers(view: &View<'_>, collector: &mut Collector) {
    if collector.format() == Format::OpenApi20 {
        for (index, scheme) in items(view.root.get("schemes")) {
            if matches!(scheme.as_str(), Some("http" | "ws")) {
                collector.describe("server-not-https", closest(view, &["schemes", &index.to_string()]));
            }
        }
        return;
    }
    let mut check = |base: &[&str], holder: &Value| {
        for (index, server) in items(view.get(holder, "servers")) {
            let url = view.get(server, "url").and_then(Value::as_str).unwrap_or_default();
            if is_plain(url) {
                let index = index.to_string();
                let path = closest(view, &[base, &["servers", &index, "url"]].concat());
                collector.describe("server-not-https", path);
            }
        }
    };
    check(&[], view.root);
    for (path, item) in members(view.get(view.root, "paths")) {
        check(&["paths", path], view.value(item));
    }
    for operation in operations(view) {
        check(&["paths", operation.path, operation.method], operation.value);
    }
}

/// Whether requests to this address can be read on their way; those to the same machine can't.
fn is_plain(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else {
        return false;
    };
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("ws") {
        return false;
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let is_local = ["localhost", "127.0.0.1", "[::1]"].iter().any(|local| {
        host.strip_prefix(local)
            .is_some_and(|port| port.is_empty() || port.starts_with(':'))
    });
    !is_local
}
