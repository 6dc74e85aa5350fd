//! What is sent in path, query, headers and cookies.

use leptos::prelude::*;
use openapi::{
    Direction, Example, Operation, Parameter, ParameterLocation,
    schema::{Constraint, SchemaNode},
};
use serde_json::Value;

use super::trees::Trees;
use crate::ui::{SchemaList, SectionHead, grouped, text::short_text};

/// Most parameters of one place that are shown.
pub(super) const SHOWN: usize = 200;
/// Nodes of one parameter's tree: most have one.
const NODES: usize = 60;

/// Where parameters are sent, in the order that they are shown in.
pub(super) const LOCATIONS: [ParameterLocation; 5] = [
    ParameterLocation::Path,
    ParameterLocation::Query,
    ParameterLocation::QueryString,
    ParameterLocation::Header,
    ParameterLocation::Cookie,
];

/// The section; nothing where there are no parameters.
pub(super) fn section(operation: &Operation<'_>, trees: &Trees<'_>) -> AnyView {
    let parameters = operation.parameters();
    if parameters.is_empty() {
        return ().into_any();
    }
    let groups = LOCATIONS
        .into_iter()
        .filter_map(|location| {
            let own: Vec<_> = parameters
                .iter()
                .filter(|parameter| parameter.location == location)
                .collect();
            let hidden = own.len().saturating_sub(SHOWN);
            let nodes: Vec<_> = own
                .iter()
                .take(SHOWN)
                .map(|parameter| parameter_node(parameter, trees))
                .collect();
            (!nodes.is_empty()).then(|| {
                view! {
                    <h3 class="small">{heading(location)}</h3>
                    <SchemaList nodes />
                    {more(hidden)}
                }
            })
        })
        .collect_view();
    view! {
        <section aria-labelledby="parameters">
            <SectionHead title="Parameters" id="parameters" />
            <div class="stack" data-gap="sm">{groups}</div>
        </section>
    }
    .into_any()
}

/// Says how many things of a list are left out.
pub(super) fn more(hidden: usize) -> Option<AnyView> {
    more_in_words(hidden).map(|text| view! { <p class="help">{text}</p> }.into_any())
}

/// The same as words.
pub(super) fn more_in_words(hidden: usize) -> Option<String> {
    (hidden > 0).then(|| format!("{} more are in the document.", grouped(hidden as u64)))
}

/// The words above the parameters of one place.
pub(super) const fn heading(location: ParameterLocation) -> &'static str {
    match location {
        ParameterLocation::Path => "Path",
        ParameterLocation::Query => "Query",
        ParameterLocation::QueryString => "The whole query",
        ParameterLocation::Header => "Headers",
        ParameterLocation::Cookie => "Cookies",
    }
}

/// A parameter as a node of a tree.
pub(super) fn parameter_node(parameter: &Parameter<'_>, trees: &Trees<'_>) -> SchemaNode {
    let mut node = value_node(parameter.schema, Direction::Request, trees, &parameter.examples);
    node.name = Some(short_text(parameter.name, 200));
    node.required = parameter.required;
    node.deprecated |= parameter.deprecated;
    if let Some(description) = parameter.description {
        node.description = Some(description.to_owned());
    }
    node.constraints.extend(serialization(parameter));
    node
}

/// The node of a value that has a name of its own: a parameter or a header.
pub(super) fn value_node(
    schema: Option<&Value>,
    direction: Direction,
    trees: &Trees<'_>,
    examples: &[Example<'_>],
) -> SchemaNode {
    let mut node = match schema {
        Some(schema) => trees.tree(schema, direction, NODES),
        None => SchemaNode {
            type_label: "any".to_owned(),
            ..SchemaNode::default()
        },
    };
    let own = examples.iter().filter_map(|example| example.value).take(3);
    let values: Vec<String> = own.map(|value| short_text(&example_text(trees, value), 200)).collect();
    if !values.is_empty() {
        // The value's own examples replace those of its schema (OpenAPI 3.1 §4.8.12.2).
        node.constraints
            .retain(|constraint| !constraint.label.starts_with("example"));
        let label = if values.len() == 1 { "example" } else { "examples" };
        node.constraints.push(Constraint {
            label: label.to_owned(),
            values,
        });
    }
    node
}

/// A text as it is, everything else as JSON.
fn example_text(trees: &Trees<'_>, value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => trees.document().display(other),
    }
}

/// How lists and objects travel, where that is not what everybody expects.
fn serialization(parameter: &Parameter<'_>) -> Option<Constraint> {
    let (label, value) = match (parameter.style, parameter.explode) {
        _ if parameter.content.is_some() => {
            let name = parameter.content.as_ref().map(|media| short_text(media.name, 100))?;
            ("written as", Some(name))
        }
        ("deepObject", _) => (
            "written as",
            Some(format!("{}[key]=value", short_text(parameter.name, 60))),
        ),
        ("spaceDelimited", _) => ("several values separated by spaces", None),
        ("pipeDelimited", _) => ("several values separated by", Some("|".to_owned())),
        ("form", false) if parameter.location == ParameterLocation::Query => {
            ("several values separated by commas", None)
        }
        _ => return None,
    };
    Some(Constraint {
        label: label.to_owned(),
        values: value.into_iter().collect(),
    })
}
