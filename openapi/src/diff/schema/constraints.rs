//! Constraints on the value itself: bounds, enumerations, patterns, defaults, constants.

use std::collections::HashSet;

use serde_json::Value;

use super::fact::{Fact, Kind};
use super::view::View;
use super::words;
use crate::diff::lifecycle;

/// A numeric keyword.
struct Bound {
    keyword: &'static str,
    rule: &'static str,
    /// Whether the missing keyword means zero.
    is_zero_by_default: bool,
    /// Whether a smaller number is the stricter one.
    is_upper: bool,
}

const fn bound(keyword: &'static str, rule: &'static str, is_zero_by_default: bool, is_upper: bool) -> Bound {
    Bound {
        keyword,
        rule,
        is_zero_by_default,
        is_upper,
    }
}

const BOUNDS: [Bound; 12] = [
    bound("minimum", "min", false, false),
    bound("maximum", "max", false, true),
    bound("exclusiveMinimum", "exclusive-min", false, false),
    bound("exclusiveMaximum", "exclusive-max", false, true),
    bound("minLength", "min-length", true, false),
    bound("maxLength", "max-length", false, true),
    bound("minItems", "min-items", true, false),
    bound("maxItems", "max-items", false, true),
    bound("minContains", "min-contains", false, false),
    bound("maxContains", "max-contains", false, true),
    bound("minProperties", "min-properties", true, false),
    bound("maxProperties", "max-properties", false, true),
];

/// Compares the keywords that constrain the value itself.
pub(super) fn compare(old: &View<'_>, new: &View<'_>, facts: &mut Vec<Fact>) {
    nullable(old, new, facts);
    for bound in &BOUNDS {
        bounds(bound, old, new, facts);
    }
    multiple_of(old, new, facts);
    enumeration(old, new, facts);
    extensible_enumeration(old, new, facts);
    pattern(old, new, facts);
    for (keyword, added, removed, changed) in [
        (
            "default",
            "default-value-added",
            "default-value-removed",
            "default-value-changed",
        ),
        ("const", "const-added", "const-removed", "const-changed"),
    ] {
        value(keyword, [added, removed, changed], old, new, facts);
    }
    for (keyword, rule) in [
        ("contentEncoding", "content-encoding-changed"),
        ("contentMediaType", "content-media-type-changed"),
    ] {
        let (before, after) = (old.text(keyword), new.text(keyword));
        if before != after {
            let predicate = format!(
                "changed its {keyword} from {} to {}",
                words::or_none(before.unwrap_or_default()),
                words::or_none(after.unwrap_or_default())
            );
            facts.push(Fact::plain(rule, keyword, predicate));
        }
    }
    for (keyword, name) in [("readOnly", "read-only"), ("writeOnly", "write-only")] {
        let (before, after) = (old.flag(keyword), new.flag(keyword));
        if before != after {
            let predicate = format!("{} {name}", if after { "became" } else { "is no longer" });
            facts.push(Fact::new(
                Kind::Mutability {
                    keyword: name,
                    is_on: after,
                },
                keyword,
                predicate,
            ));
        }
    }
    deprecation(old, new, facts);
}

fn nullable(old: &View<'_>, new: &View<'_>, facts: &mut Vec<Fact>) {
    match (old.is_nullable(), new.is_nullable()) {
        (false, true) => facts.push(Fact::plain("became-nullable", "type", "may now be null")),
        (true, false) => facts.push(Fact::plain("became-not-nullable", "type", "may no longer be null")),
        _ => {}
    }
}

fn bounds(bound: &Bound, old: &View<'_>, new: &View<'_>, facts: &mut Vec<Fact>) {
    let keyword = bound.keyword;
    let read = |view: &View<'_>| view.get(keyword).and_then(Value::as_f64);
    let (mut before, mut after) = (read(old), read(new));
    if bound.is_zero_by_default {
        before = before.or(Some(0.0));
        after = after.or(Some(0.0));
    }
    let shown = |view: &View<'_>| view.get(keyword).map_or_else(|| "`0`".to_owned(), words::value);
    let (word, predicate) = match (before, after) {
        (None, Some(_)) => ("set", format!("has a new {keyword} of {}", shown(new))),
        (Some(_), None) => ("unset", format!("no longer has a {keyword} (was {})", shown(old))),
        (Some(before), Some(after)) if before.total_cmp(&after).is_ne() => {
            let word = if before < after { "increased" } else { "decreased" };
            let is_stricter = (before < after) != bound.is_upper;
            let how = if is_stricter { "tightened" } else { "relaxed" };
            (
                word,
                format!("{how} its {keyword} from {} to {}", shown(old), shown(new)),
            )
        }
        _ => return,
    };
    let fact = Fact::plain(format!("{}-{word}", bound.rule), keyword, predicate);
    facts.push(if word == "unset" { fact.gone() } else { fact });
}

fn multiple_of(old: &View<'_>, new: &View<'_>, facts: &mut Vec<Fact>) {
    let read = |view: &View<'_>| view.get("multipleOf").and_then(Value::as_f64);
    let shown = |view: &View<'_>| view.get("multipleOf").map_or_else(String::new, words::value);
    let (word, predicate) = match (read(old), read(new)) {
        (None, Some(_)) => ("multiple-of-set", format!("must now be a multiple of {}", shown(new))),
        (Some(before), Some(after)) if before.total_cmp(&after).is_ne() => (
            "multiple-of-changed",
            format!("must be a multiple of {}, no longer of {}", shown(new), shown(old)),
        ),
        _ => return,
    };
    facts.push(Fact::plain(word, "multipleOf", predicate));
}

/// A value as a key: equal for what JSON Schema calls equal, so `1` and `1.0` are the same.
fn key(value: &Value) -> String {
    match value {
        Value::Number(number) => match number.as_f64() {
            Some(float) if float.fract() == 0.0 && float.abs() < 9e15 => format!("{float:.0}"),
            _ => number.to_string(),
        },
        other => other.to_string(),
    }
}

/// The values of `before` that `after` doesn't have, each with its index.
fn missing<'v>(before: &'v [Value], after: &[Value]) -> Vec<(usize, &'v Value)> {
    if before.is_empty() {
        return Vec::new();
    }
    let known: HashSet<String> = after.iter().map(key).collect();
    before
        .iter()
        .enumerate()
        .filter(|(_, value)| !known.contains(&key(value)))
        .collect()
}

fn enumeration(old: &View<'_>, new: &View<'_>, facts: &mut Vec<Fact>) {
    let (before, after) = (old.array("enum"), new.array("enum"));
    if old.get("enum").is_none() && !after.is_empty() {
        let names: Vec<String> = after
            .iter()
            .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
            .collect();
        facts.push(Fact::new(
            Kind::BecameEnum,
            "enum",
            format!("is now limited to the values {}", words::list(&names)),
        ));
    }
    for (at, value) in missing(before, after) {
        let predicate = format!("no longer has the value {}", words::value(value));
        let kind = Kind::EnumValue { is_added: false };
        facts.push(Fact::new(kind, "enum", predicate).gone().below(at.to_string()));
    }
    for (at, value) in missing(after, before) {
        let predicate = format!("has the new value {}", words::value(value));
        let kind = Kind::EnumValue { is_added: true };
        facts.push(Fact::new(kind, "enum", predicate).below(at.to_string()));
    }
}

fn extensible_enumeration(old: &View<'_>, new: &View<'_>, facts: &mut Vec<Fact>) {
    const KEYWORD: &str = "x-extensible-enum";
    if new.get(KEYWORD).is_none() {
        return;
    }
    for (at, value) in missing(old.array(KEYWORD), new.array(KEYWORD)) {
        let predicate = format!("no longer has the value {} in {KEYWORD}", words::value(value));
        let fact = Fact::plain("x-extensible-enum-value-removed", KEYWORD, predicate);
        facts.push(fact.gone().below(at.to_string()));
    }
}

fn pattern(old: &View<'_>, new: &View<'_>, facts: &mut Vec<Fact>) {
    let read = |view: &View<'_>| -> Option<String> {
        let text = view.text("pattern").unwrap_or_default();
        (!text.is_empty()).then(|| words::quoted(text))
    };
    if old.text("pattern") == new.text("pattern") {
        return;
    }
    match (read(old), read(new)) {
        (None, Some(after)) => facts.push(Fact::plain(
            "pattern-added",
            "pattern",
            format!("must now match the pattern {after}"),
        )),
        (Some(before), None) => facts.push(
            Fact::plain(
                "pattern-removed",
                "pattern",
                format!("no longer has to match the pattern {before}"),
            )
            .gone(),
        ),
        (Some(before), Some(after)) => {
            let rule = if new.text("pattern") == Some(".*") {
                "pattern-generalized"
            } else {
                "pattern-changed"
            };
            let predicate = format!("changed its pattern from {before} to {after}");
            facts.push(Fact::plain(rule, "pattern", predicate));
        }
        (None, None) => {}
    }
}

fn value(keyword: &'static str, rules: [&'static str; 3], old: &View<'_>, new: &View<'_>, facts: &mut Vec<Fact>) {
    let read = |view: &View<'_>| -> Option<String> {
        let value = view.get(keyword)?;
        (!value.is_null() || keyword == "const").then(|| key(value))
    };
    let shown = |view: &View<'_>| view.get(keyword).map_or_else(String::new, words::value);
    let [added, removed, changed] = rules;
    let (rule, predicate) = match (read(old), read(new)) {
        (None, Some(_)) => (added, format!("has a new {keyword} value {}", shown(new))),
        (Some(_), None) => (removed, format!("no longer has the {keyword} value {}", shown(old))),
        (Some(before), Some(after)) if before != after => (
            changed,
            format!("changed its {keyword} value from {} to {}", shown(old), shown(new)),
        ),
        _ => return,
    };
    let kind = if keyword == "default" {
        Kind::Default(rule)
    } else {
        Kind::Plain(rule.into())
    };
    let fact = Fact::new(kind, keyword, predicate);
    facts.push(if rule == removed { fact.gone() } else { fact });
}

fn deprecation(old: &View<'_>, new: &View<'_>, facts: &mut Vec<Fact>) {
    let (before, after) = (old.flag("deprecated"), new.flag("deprecated"));
    if before && !after {
        let kind = Kind::Lifecycle("reactivated");
        facts.push(Fact::new(kind, "deprecated", "is no longer deprecated").gone());
    }
    if !before && after {
        facts.push(match lifecycle::sunset(new.get("x-sunset")) {
            lifecycle::Sunset::None => Fact::new(Kind::Lifecycle("deprecated"), "deprecated", "is deprecated"),
            lifecycle::Sunset::Unreadable(text) => Fact::new(
                Kind::Lifecycle("deprecated-sunset-invalid"),
                "x-sunset",
                format!("is deprecated with a sunset that is no date: {}", words::quoted(&text)),
            ),
            lifecycle::Sunset::On(date) => Fact::new(
                Kind::Deprecated(date),
                "x-sunset",
                format!("is deprecated and goes on {date}"),
            ),
        });
    }
    let stability = |view: &View<'_>| view.get("x-stability-level").and_then(lifecycle::Stability::read);
    if let (Some(before), Some(after)) = (stability(old), stability(new))
        && before != after
    {
        let rule = if after < before {
            "stability-decreased"
        } else {
            "stability-increased"
        };
        let predicate = format!("changed its stability from {} to {}", before.label(), after.label());
        facts.push(Fact::new(Kind::Lifecycle(rule), "x-stability-level", predicate));
    }
}
