//! What belongs to the whole document: servers, security, named schemas, security schemes.

use serde_json::{Map, Value};

use super::change::Side;
use super::comparison::Comparison;
use super::schema::{quoted, value};
use super::security;
use super::source::{At, Place};

/// Compares what belongs to the whole document.
pub(super) fn compare(comparison: &mut Comparison<'_>) {
    security::of_document(comparison);
    servers(comparison);
    schemas(comparison);
    schemes(comparison);
}

fn servers(comparison: &mut Comparison<'_>) {
    let urls = |root: &Value| -> Vec<String> {
        let servers = root.get("servers").and_then(Value::as_array).into_iter().flatten();
        let mut urls: Vec<String> = servers
            .filter_map(|server| Some(server.get("url")?.as_str()?.trim_end_matches('/').to_owned()))
            .collect();
        urls.sort_unstable();
        urls.dedup();
        urls
    };
    let (old, new) = (comparison.graph.old.root(), comparison.graph.new.root());
    let (before, after) = (urls(old.value), urls(new.value));
    for (side, root, from, to, rule, word) in [
        (
            Side::Old,
            old,
            &before,
            &after,
            "api-server-removed",
            "is no longer listed",
        ),
        (Side::New, new, &after, &before, "api-server-added", "is new"),
    ] {
        for url in from.iter().filter(|url| to.binary_search(url).is_err()) {
            let found = comparison.source(side).member(root, "servers");
            let place = found.map_or(Place::ROOT, |found| found.place);
            let message = format!("the server {} {word}", quoted(url));
            comparison.found(rule, None, (side, place), message);
        }
    }
}

/// One kind of named components, on both sides.
fn named<'d>(comparison: &mut Comparison<'d>, kind: &'d str) -> (Option<At<'d>>, Option<At<'d>>) {
    let (old, new) = (comparison.graph.old.root(), comparison.graph.new.root());
    let (before, after) = comparison.members(old, new, "components");
    let before = before.and_then(|at| comparison.graph.old.member(at, kind));
    let after = after.and_then(|at| comparison.graph.new.member(at, kind));
    (before, after)
}

fn map(at: Option<At<'_>>) -> Option<&Map<String, Value>> {
    at?.value.as_object()
}

fn schemas(comparison: &mut Comparison<'_>) {
    let (before, after) = named(comparison, "schemas");
    let Some(before) = before else { return };
    for (name, _) in before.value.as_object().into_iter().flatten() {
        if map(after).is_none_or(|after| !after.contains_key(name)) {
            let place = comparison.graph.old.below(before.place, name);
            let message = format!("the schema {} was removed", quoted(name));
            comparison.found("api-schema-removed", None, (Side::Old, place), message);
        }
    }
}

fn schemes(comparison: &mut Comparison<'_>) {
    let (before, after) = named(comparison, "securitySchemes");
    for (name, _) in map(before).into_iter().flatten() {
        let Some(old) = before.and_then(|at| comparison.graph.old.member(at, name)) else {
            continue;
        };
        match after.and_then(|at| comparison.graph.new.member(at, name)) {
            Some(new) => scheme(comparison, name, old, new),
            None => {
                let message = format!("the security scheme {} was removed", quoted(name));
                let place = (Side::Old, old.place);
                comparison.found("api-security-component-removed", None, place, message);
            }
        }
    }
    for (name, _) in map(after).into_iter().flatten() {
        let is_new = map(before).is_none_or(|before| !before.contains_key(name));
        let at = after.and_then(|at| comparison.graph.new.member(at, name));
        if let (true, Some(new)) = (is_new, at) {
            let message = format!("the security scheme {} is new", quoted(name));
            let place = (Side::New, new.place);
            comparison.found("api-security-component-added", None, place, message);
        }
    }
}

fn scheme<'d>(comparison: &mut Comparison<'d>, name: &str, old: At<'d>, new: At<'d>) {
    let old = comparison.graph.old.resolve(old);
    let new = comparison.graph.new.resolve(new);
    let shown = |value: Option<&Value>| value.map_or_else(|| "none".to_owned(), self::value);
    let changed = |comparison: &mut Comparison<'d>, rule: &str, place: Place, what: &str, pair: [Option<&Value>; 2]| {
        let [before, after] = pair;
        if before != after {
            let message = format!(
                "the {what} of the security scheme {} changed from {} to {}",
                quoted(name),
                shown(before),
                shown(after)
            );
            comparison.found(rule, None, (Side::New, place), message);
        }
    };
    let pair = [old.value.get("type"), new.value.get("type")];
    changed(
        comparison,
        "api-security-component-type-changed",
        new.place,
        "type",
        pair,
    );
    for flow in [
        "implicit",
        "password",
        "clientCredentials",
        "authorizationCode",
        "deviceAuthorization",
    ] {
        let flow_of = |at: At<'d>| at.value.get("flows").and_then(|flows| flows.get(flow));
        let (Some(before), Some(after)) = (flow_of(old), flow_of(new)) else {
            continue;
        };
        for (field, rule, what) in [
            (
                "authorizationUrl",
                "api-security-component-oauth-url-changed",
                "authorization address",
            ),
            (
                "tokenUrl",
                "api-security-component-oauth-token-url-changed",
                "token address",
            ),
        ] {
            changed(comparison, rule, new.place, what, [before.get(field), after.get(field)]);
        }
        scopes(comparison, name, (old.place, before), (new.place, after));
    }
}

fn scopes(comparison: &mut Comparison<'_>, name: &str, old: (Place, &Value), new: (Place, &Value)) {
    let scopes = |flow: &Value| {
        flow.get("scopes")
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default()
    };
    let (before, after) = (scopes(old.1), scopes(new.1));
    let name = quoted(name);
    for (scope, words) in &before {
        match after.get(scope) {
            None => {
                let message = format!("the security scheme {name} no longer has the scope {}", quoted(scope));
                let place = (Side::Old, old.0);
                comparison.found("api-security-component-oauth-scope-removed", None, place, message);
            }
            Some(now) if now != words => {
                let message = format!("the security scheme {name} describes the scope {} anew", quoted(scope));
                let place = (Side::New, new.0);
                comparison.found("api-security-component-oauth-scope-changed", None, place, message);
            }
            Some(_) => {}
        }
    }
    for scope in after.keys().filter(|scope| !before.contains_key(*scope)) {
        let message = format!("the security scheme {name} has the new scope {}", quoted(scope));
        let place = (Side::New, new.0);
        comparison.found("api-security-component-oauth-scope-added", None, place, message);
    }
}
