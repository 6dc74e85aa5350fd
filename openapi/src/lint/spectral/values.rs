//! Rules that look at every value of the document.

use serde_json::Value;

use super::{enums, examples, is_modern};
use crate::lint::collector::Collector;
use crate::lint::json_schema::is_truthy;
use crate::lint::place::Place;
use crate::lint::view::{View, children};
use crate::lint::walk::{Context, Key, Visit, walk};
use crate::model::Format;

pub(super) fn run(view: &View<'_>, collector: &mut Collector) {
    let format = collector.format();
    let is_recursive = view.has_circles() && collector.is_on("recursive-schema-example");
    let circles = is_recursive.then(|| View::with_circles(view.root));
    let circles = circles.as_ref();
    let mut examples = examples::Examples::new(view, circles, format);
    walk(view, &mut |visit| {
        if let Some(text) = visit.value.as_str().filter(|_| visit.key == Key::Text) {
            if text.contains("eval(") {
                collector.describe_at("no-eval-in-markdown", visit.place);
            }
            if text.contains("<script") {
                collector.describe_at("no-script-tags-in-markdown", visit.place);
            }
        }
        if !visit.value.is_object() {
            if format == Format::OpenApi20 {
                combinators(visit, collector);
            }
            return;
        }
        enums::check(view, visit, collector);
        examples.check(visit, collector);
        match format {
            Format::OpenApi20 => {
                combinators(visit, collector);
                if visit.context.has(Context::PARAMETER) && is_truthy(view.get(visit.value, "in")) {
                    description("oas2-parameter-description", view, visit, collector);
                }
            }
            _ => examples::value_or_external(visit, collector),
        }
        if format == Format::OpenApi32
            && let Some(xml) = visit.value.get("xml")
            && view.get(view.value(xml), "attribute").is_some_and(|flag| *flag == true)
        {
            let path = view.closest(visit.place, ["xml"]);
            collector.describe("oas3_2-no-deprecated-xml-attribute", path);
        }
    });
    drop(examples);
    if format == Format::OpenApi20 {
        let definitions = view.root.get("definitions").and_then(Value::as_object);
        for (name, schema) in definitions.into_iter().flatten() {
            discriminator(view, name, view.value(schema), collector);
        }
    } else {
        parameter_descriptions(view, collector);
        examples::of_components(view, collector);
    }
}

fn combinators(visit: &Visit<'_, '_>, collector: &mut Collector) {
    let (rule, word) = match visit.key {
        Key::AnyOf => ("oas2-anyOf", "anyOf"),
        Key::OneOf => ("oas2-oneOf", "oneOf"),
        _ => return,
    };
    if collector.is_on(rule) {
        let message = format!("\"{word}\" keyword must not be used in OpenAPI v2 document.");
        collector.add(rule, visit.place.path(), message);
    }
}

fn description(rule: &str, view: &View<'_>, visit: &Visit<'_, '_>, collector: &mut Collector) {
    if collector.is_on(rule) && !is_truthy(view.get(visit.value, "description")) {
        collector.describe(rule, view.closest(visit.place, ["description"]));
    }
}

fn parameter_descriptions(view: &View<'_>, collector: &mut Collector) {
    let rule = "oas3-parameter-description";
    if !collector.is_on(rule) {
        return;
    }
    let mut check = |base: &[&str], parameters: Option<&Value>| {
        for (step, parameter) in parameters.into_iter().flat_map(children) {
            let parameter = view.value(parameter);
            if is_truthy(view.get(parameter, "in")) && !is_truthy(view.get(parameter, "description")) {
                let step = step.text();
                let steps = base.iter().copied().chain(["parameters", &step, "description"]);
                collector.describe(rule, view.closest(&Place::ROOT, steps));
            }
        }
    };
    check(&["components"], view.root.pointer("/components/parameters"));
    for (path, item) in super::members(view.get(view.root, "paths")) {
        check(&["paths", path], view.get(item, "parameters"));
    }
    for operation in super::operations(view) {
        check(
            &["paths", operation.path, operation.method],
            view.get(operation.value, "parameters"),
        );
    }
}

fn discriminator(view: &View<'_>, name: &str, schema: &Value, collector: &mut Collector) {
    let Some(property) = schema
        .get("discriminator")
        .and_then(Value::as_str)
        .filter(|name| !name.is_empty())
    else {
        return;
    };
    let at = |key: &str| view.closest(&Place::ROOT, ["definitions", name, key]);
    if schema
        .get("properties")
        .is_none_or(|properties| view.get(properties, property).is_none())
    {
        let message = "The discriminator property must be defined in this schema.";
        collector.add("oas2-discriminator", at("properties"), message);
    }
    let required = schema.get("required").and_then(Value::as_array);
    if !required.is_some_and(|required| required.iter().any(|name| name == property)) {
        let message = "The discriminator property must be in the required property list.";
        collector.add("oas2-discriminator", at("required"), message);
    }
}

/// `array-items`, on the document as it was written.
pub(super) fn array_items(value: &Value, place: &Place<'_>, collector: &mut Collector) {
    if !collector.is_on("array-items") {
        return;
    }
    for (step, inner) in children(value) {
        let place = Place::Below(place, step);
        if let Some(map) = inner.as_object() {
            let is_array = match map.get("type") {
                Some(Value::String(name)) => name == "array",
                Some(Value::Array(names)) => is_modern(collector.format()) && names.iter().any(|name| name == "array"),
                _ => false,
            };
            if is_array && !is_truthy(map.get("items")) {
                let items = place.key("items");
                let place = if map.contains_key("items") { &items } else { &place };
                collector.describe_at("array-items", place);
            }
        }
        if inner.is_object() || inner.is_array() {
            array_items(inner, &place, collector);
        }
    }
}
