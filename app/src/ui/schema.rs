//! Schemas as a tree that opens on demand: parameters, bodies and responses.

use leptos::prelude::*;
use openapi::schema::{Composition, Constraint, Cut, SchemaNode};

use super::{Markdown, Shape, State, StateBadge, Tone, text::visible_text};

/// Children of the first level that may be open at the start.
const OPEN_CHILDREN: usize = 8;
/// Descriptions longer than this are cut: the tree is for looking up, the prose stands above it.
const MAX_DESCRIPTION: usize = 2_000;

/// The properties of a schema, or the schema itself where it has none. Small objects of the first level are open.
#[component]
pub fn SchemaTree(
    /// The root; an object's properties are listed without it.
    node: SchemaNode,
) -> impl IntoView {
    let is_plain_object = node.name.is_none() && node.composition.is_none() && !node.children.is_empty();
    let (rows, cut) = if is_plain_object && node.type_label == "object" {
        (node.children, node.cut)
    } else {
        (vec![node], None)
    };
    view! {
        <div class="schema">
            <ul role="list">
                {rows.into_iter().map(|node| branch(node, 0)).collect_view()}
                {cut.map(cut_row)}
            </ul>
        </div>
    }
}

/// Several named schemas in one frame: the parameters of one place.
#[component]
pub fn SchemaList(
    /// In order.
    nodes: Vec<SchemaNode>,
) -> impl IntoView {
    view! {
        <div class="schema">
            <ul role="list">{nodes.into_iter().map(|node| branch(node, 0)).collect_view()}</ul>
        </div>
    }
}

fn branch(node: SchemaNode, depth: usize) -> AnyView {
    let line = head(&node);
    if node.children.is_empty() {
        let cut = node
            .cut
            .map(|cut| view! { <span class="desc">{cut_words(&cut)}</span> });
        return view! {
            <li>
                <div class="prop">
                    {line}
                    {cut}
                </div>
            </li>
        }
        .into_any();
    }
    let is_open = depth == 0 && node.children.len() <= OPEN_CHILDREN;
    let children = node
        .children
        .into_iter()
        .map(|child| branch(child, depth + 1))
        .collect_view();
    let composition = node.composition.map(|composition| {
        view! {
            <li>
                <p class="prop combine">{composition_words(composition)}</p>
            </li>
        }
    });
    let cut = node.cut.map(cut_row);
    view! {
        <li>
            <details open=is_open>
                <summary>{line}</summary>
                <ul role="list">
                    {composition}
                    {children}
                    {cut}
                </ul>
            </details>
        </li>
    }
    .into_any()
}

/// Name, type, marks, description and constraints of one schema.
fn head(node: &SchemaNode) -> impl IntoView + use<> {
    let name = match (&node.name, &node.title) {
        (Some(name), _) => Some(visible_text(name).into_owned()),
        (None, Some(title)) => Some(visible_text(title).into_owned()),
        (None, None) => None,
    };
    let name = name.map(|name| view! { <span class="name">{name}</span> });
    let badge = node
        .deprecated
        .then(|| view! { <StateBadge state=State::new(Shape::Half, "Deprecated", Tone::Warn) /> });
    let description = node
        .description
        .as_deref()
        .filter(|text| !text.trim().is_empty())
        .map(|text| {
            let end = text
                .char_indices()
                .nth(MAX_DESCRIPTION)
                .map_or(text.len(), |(at, _)| at);
            let source = if end < text.len() {
                format!("{}…", &text[..end])
            } else {
                text.to_owned()
            };
            view! {
                <div class="desc">
                    <Markdown source />
                </div>
            }
        });
    let facts = (!node.constraints.is_empty()).then(|| {
        let facts = node.constraints.iter().map(fact).collect_view();
        view! { <span class="facts">{facts}</span> }
    });
    view! {
        <span class=if node.deprecated { "prop-line gone" } else { "prop-line" }>
            {name}
            <span class="type">{visible_text(&node.type_label).into_owned()}</span>
            {node.required.then(|| view! { <span class="req">"required"</span> })}
            {node.read_only.then(|| view! { <span class="opt">"only in responses"</span> })}
            {node.write_only.then(|| view! { <span class="opt">"only in requests"</span> })}
            {badge}
        </span>
        {description}
        {facts}
    }
}

fn fact(constraint: &Constraint) -> impl IntoView + use<> {
    let values = constraint
        .values
        .iter()
        .map(|value| view! { " " <code>{visible_text(value).into_owned()}</code> })
        .collect_view();
    view! { <span>{visible_text(&constraint.label).into_owned()} {values}</span> }
}

fn cut_row(cut: Cut) -> impl IntoView {
    view! {
        <li>
            <p class="prop desc">{cut_words(&cut)}</p>
        </li>
    }
}

fn cut_words(cut: &Cut) -> String {
    match cut {
        Cut::Recursive(name) => format!("The same as {} above.", visible_text(name)),
        Cut::Depth => "Goes deeper than this page shows.".to_owned(),
        Cut::Budget { hidden: 1 } => "1 more is not shown here.".to_owned(),
        Cut::Budget { hidden } => format!("{} more are not shown here.", domain::plan::grouped(*hidden as u64)),
    }
}

const fn composition_words(composition: Composition) -> &'static str {
    match composition {
        Composition::AllOf => "All of these hold",
        Composition::OneOf => "Exactly one of these",
        Composition::AnyOf => "At least one of these",
        Composition::Not => "Must not be",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn property(name: &str, children: Vec<SchemaNode>) -> SchemaNode {
        SchemaNode {
            name: Some(name.to_owned()),
            type_label: "object".to_owned(),
            children,
            ..SchemaNode::default()
        }
    }

    fn html(node: SchemaNode) -> String {
        view! { <SchemaTree node /> }.to_html()
    }

    #[test]
    fn an_object_without_a_name_is_its_properties() {
        let root = SchemaNode {
            type_label: "object".to_owned(),
            children: vec![
                property("a", Vec::new()),
                property("b", vec![property("c", Vec::new())]),
            ],
            ..SchemaNode::default()
        };
        let html = html(root);
        assert_eq!(html.matches("<li").count(), 3);
        assert_eq!(html.matches("<details open").count(), 1);
    }

    #[test]
    fn names_of_strangers_are_escaped_and_made_visible() {
        let html = html(property("<img src=x>\u{202E}", Vec::new()));
        assert!(html.contains("&lt;img src=x&gt;[U+202E]"), "{html}");
    }

    #[test]
    fn what_is_missing_is_said() {
        let node = SchemaNode {
            cut: Some(Cut::Budget { hidden: 1200 }),
            ..property("big", vec![property("x", Vec::new())])
        };
        assert!(html(node).contains("1,200 more are not shown here."));
    }
}
