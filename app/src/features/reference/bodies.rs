//! Bodies: a schema for each media type, examples on demand.

use leptos::prelude::*;
use openapi::{Direction, Example, MediaType, Operation, schema::Constraint};

use super::{parameters::more, trees::Trees};
use crate::{
    document::{example_block, example_text, external_link},
    ui::{
        Icon, IconName, Markdown, MoreSummary, ResponseBody, SchemaTree, SectionHead,
        text::{short_text, visible_text},
    },
};

/// Nodes of one body's tree.
pub(super) const NODES: usize = 400;
/// Most media types of one body that are shown.
pub(super) const SHOWN: usize = 8;
/// Most examples of one media type that are shown.
const EXAMPLES: usize = 4;

/// What is sent as the body; nothing where there is none.
pub(super) fn section(operation: &Operation<'_>, trees: &Trees<'_>) -> AnyView {
    let Some(body) = operation.request_body() else {
        return ().into_any();
    };
    let description = body.description.map(|source| {
        view! {
            <div class="prose">
                <Markdown source=source.to_owned() />
            </div>
        }
    });
    let need = if body.required { "required" } else { "optional" };
    let mut forms = forms(&body.content, Direction::Request, trees, None);
    let (remark, content) = match forms.len() {
        0 => {
            let nothing = view! { <p class="muted">"The document says nothing about its form."</p> };
            (need.into_any(), nothing.into_any())
        }
        1 => {
            let Form { names, label, content } = forms.remove(0);
            let label = label.map(|label| format!(", {label}"));
            (
                view! { <span class="mono">{names}</span> {label} ", " {need} }.into_any(),
                content,
            )
        }
        count => {
            let panels = forms
                .into_iter()
                .enumerate()
                .map(|(at, form)| form_panel(form, at == 0))
                .collect_view();
            (format!("one of {count} forms, {need}").into_any(), panels.into_any())
        }
    };
    view! {
        <section aria-labelledby="body">
            <SectionHead title="Body" id="body">
                <p class="small">{remark}</p>
            </SectionHead>
            <div class="stack" data-gap="sm">
                {description}
                {content}
                {more(body.content.len().saturating_sub(SHOWN))}
            </div>
        </section>
    }
    .into_any()
}

/// One of several forms of a request's body.
fn form_panel(form: Form, is_open: bool) -> impl IntoView {
    let label = form.label.map(|label| view! { <span class="muted">{label}</span> });
    view! {
        <details class="response" open=is_open>
            <summary>
                <span class="mono">{form.names}</span>
                {label}
                <Icon name=IconName::Down />
            </summary>
            {form.content}
        </details>
    }
}

/// The content of a response: each media type with its schema, without the example that is shown beside.
pub(super) fn content(content: &[MediaType<'_>], trees: &Trees<'_>, beside: Option<&Example<'_>>) -> AnyView {
    let shown = forms(content, Direction::Response, trees, beside)
        .into_iter()
        .map(|form| {
            let label = form.label.map(|label| view! { ", " <span class="name">{label}</span> });
            view! {
                <p class="response-part mono">{form.names} {label}</p>
                {form.content}
            }
        })
        .collect_view();
    view! {
        {shown}
        {more(content.len().saturating_sub(SHOWN))}
    }
    .into_any()
}

/// One form that a body may have.
struct Form {
    /// Its media types.
    names: String,
    /// What it is as a whole, where the rows below are its properties: `Pet`, `list of Pet`.
    label: Option<String>,
    /// Schema and examples.
    content: AnyView,
}

fn forms(
    content: &[MediaType<'_>],
    direction: Direction,
    trees: &Trees<'_>,
    beside: Option<&Example<'_>>,
) -> Vec<Form> {
    let shown = &content[..content.len().min(SHOWN)];
    same_schemas(shown)
        .into_iter()
        .filter_map(|group| {
            let (first, names) = (*group.first()?, names(&group));
            let (label, tree) = schema(first, direction, trees);
            let examples = examples(first, trees, beside);
            Some(Form {
                names,
                label,
                content: view! { {tree} {examples} }.into_any(),
            })
        })
        .collect()
}

/// The tree of a media type, and what its root is, if only the properties are listed.
fn schema(media: &MediaType<'_>, direction: Direction, trees: &Trees<'_>) -> (Option<String>, AnyView) {
    let (schema, is_stream) = match (media.schema, media.item_schema) {
        (Some(schema), _) => (schema, false),
        (None, Some(item)) => (item, true),
        (None, None) => {
            let nothing = view! { <ResponseBody><p>"The document gives no schema for it."</p></ResponseBody> };
            return (None, nothing.into_any());
        }
    };
    let mut node = trees.tree(schema, direction, NODES);
    if is_stream {
        node.type_label = format!("stream of {}", node.type_label);
    }
    if node.children.is_empty() || node.composition.is_some() {
        return (None, view! { <SchemaTree node /> }.into_any());
    }
    let label = std::mem::replace(&mut node.type_label, "object".to_owned());
    let title = node.title.take();
    let says_more = |text: &String| ![Some(&label), title.as_ref(), node.reference.as_ref()].contains(&Some(text));
    let description = node
        .description
        .take()
        .filter(says_more)
        .map(|source| view! { <Markdown source /> });
    let constraints = std::mem::take(&mut node.constraints)
        .into_iter()
        .map(constraint)
        .collect::<Vec<_>>();
    let about = (description.is_some() || !constraints.is_empty()).then(|| {
        view! {
            <div class="body-about">
                {description}
                {(!constraints.is_empty()).then(|| view! { <p>{constraints}</p> })}
            </div>
        }
    });
    let label = Some(visible_text(&label).into_owned()).filter(|label| label != "object");
    (label, view! { {about} <SchemaTree node /> }.into_any())
}

/// Media types that share a schema are one form with several names.
fn same_schemas<'c, 'd>(content: &'c [MediaType<'d>]) -> Vec<Vec<&'c MediaType<'d>>> {
    let mut groups: Vec<Vec<&MediaType<'_>>> = Vec::new();
    for media in content {
        let is_same = |group: &&mut Vec<&MediaType<'_>>| {
            let reference = |media: &MediaType<'_>| media.schema.and_then(|schema| schema.get("$ref")).cloned();
            let (own, first) = (reference(media), group.first().and_then(|first| reference(first)));
            own.is_some() && own == first && media.examples.is_empty() && media.item_schema.is_none()
        };
        match groups.iter_mut().find(is_same) {
            Some(group) => group.push(media),
            None => groups.push(vec![media]),
        }
    }
    groups
}

fn names(group: &[&MediaType<'_>]) -> String {
    const NAMED: usize = 6;
    let names: Vec<_> = group
        .iter()
        .take(NAMED)
        .map(|media| short_text(media.name, 100))
        .collect();
    let rest = if group.len() > NAMED { " and others" } else { "" };
    format!("{}{rest}", names.join(", "))
}

/// One thing asked of a body as a whole, as a sentence.
fn constraint(constraint: Constraint) -> impl IntoView {
    let mut label = visible_text(&constraint.label).into_owned();
    if let Some(first) = label.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let values = constraint
        .values
        .into_iter()
        .map(|value| view! { " " <code>{visible_text(&value).into_owned()}</code> });
    view! { {label}{values.collect_view()}". " }
}

/// The examples of the document, folded.
fn examples(media: &MediaType<'_>, trees: &Trees<'_>, beside: Option<&Example<'_>>) -> Option<AnyView> {
    let is_beside = |example: &Example<'_>| beside.is_some_and(|beside| std::ptr::eq(beside, example));
    let folded: Vec<_> = media.examples.iter().filter(|example| !is_beside(example)).collect();
    let shown = folded
        .iter()
        .take(EXAMPLES)
        .map(|example| {
            let name = example.summary.or(example.name);
            let title = name.map_or_else(|| "Example".to_owned(), |name| format!("Example: {name}"));
            view! {
                <details class="twin">
                    <MoreSummary text=short_text(&title, 120) />
                    {example_body(example, media.name, trees)}
                </details>
            }
        })
        .collect_view();
    (!folded.is_empty()).then(|| {
        view! {
            <div class="examples">
                {shown}
                {more(folded.len().saturating_sub(EXAMPLES))}
            </div>
        }
        .into_any()
    })
}

fn example_body(example: &Example<'_>, media_type: &str, trees: &Trees<'_>) -> AnyView {
    let description = example
        .description
        .map(|source| view! { <Markdown source=source.to_owned() /> });
    let value = match (example.value, example.external_value) {
        (Some(value), _) => example_block(media_type, example_text(trees.document(), value), None),
        (None, Some(address)) => view! { <p>"It is at " {external_link(address, address)}</p> }.into_any(),
        (None, None) => ().into_any(),
    };
    view! {
        {description}
        {value}
    }
    .into_any()
}
