//! Bodies: a schema for each media type, examples on demand.

use leptos::prelude::*;
use openapi::{Direction, Example, MediaType, Operation};

use super::{parameters::more, trees::Trees};
use crate::{
    document::{Pretty, external_link, pretty},
    ui::{
        CodeBlock, Language, Markdown, MoreSummary, ResponseBody, ResponsePanel, SchemaTree, SectionHead,
        text::short_text,
    },
};

/// Nodes of one body's tree.
const NODES: usize = 400;
/// Most media types of one body that are shown.
const SHOWN: usize = 8;
/// Most examples of one media type that are shown.
const EXAMPLES: usize = 4;
/// Most lines of one example.
const EXAMPLE_LINES: usize = 120;

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
    let groups = same_schemas(&body.content);
    let (remark, content) = match groups.as_slice() {
        [] => (
            need.to_owned(),
            view! { <p class="muted">"The document says nothing about its form."</p> }.into_any(),
        ),
        [only] => (need.to_owned(), media(only, Direction::Request, trees, 0)),
        several => {
            let panels = several
                .iter()
                .take(SHOWN)
                .enumerate()
                .map(|(at, group)| {
                    let content = media(group, Direction::Request, trees, 0);
                    let mark = (at + 1).to_string();
                    view! { <ResponsePanel code=mark summary=names(group) open=at == 0>{content}</ResponsePanel> }
                })
                .collect_view();
            let remark = format!("one of {} forms, {need}", several.len());
            (
                remark,
                view! { <div class="stack" data-gap="sm">{panels} {more(several.len().saturating_sub(SHOWN))}</div> }
                    .into_any(),
            )
        }
    };
    let single = match groups.as_slice() {
        [only] => Some(view! { <span class="mono">{names(only)}</span> ", " }),
        _ => None,
    };
    view! {
        <section aria-labelledby="body">
            <SectionHead title="Body" id="body">
                <p class="small">{single} {remark}</p>
            </SectionHead>
            <div class="stack" data-gap="sm">
                {description}
                {content}
            </div>
        </section>
    }
    .into_any()
}

/// The content of a response: each media type with its schema. `skip` examples are shown elsewhere.
pub(super) fn content(content: &[MediaType<'_>], trees: &Trees<'_>, skip: usize) -> AnyView {
    let groups = same_schemas(content);
    let hidden = groups.len().saturating_sub(SHOWN);
    let shown = groups
        .iter()
        .take(SHOWN)
        .map(|group| {
            view! {
                <p class="response-part mono">{names(group)}</p>
                {media(group, Direction::Response, trees, skip)}
            }
        })
        .collect_view();
    view! {
        {shown}
        {more(hidden)}
    }
    .into_any()
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

fn media(group: &[&MediaType<'_>], direction: Direction, trees: &Trees<'_>, skip: usize) -> AnyView {
    let Some(first) = group.first() else {
        return ().into_any();
    };
    let tree = match (first.schema, first.item_schema) {
        (Some(schema), _) => view! { <SchemaTree node=trees.tree(schema, direction, NODES) /> }.into_any(),
        (None, Some(schema)) => {
            let mut node = trees.tree(schema, direction, NODES);
            node.type_label = format!("stream of {}", node.type_label);
            view! { <SchemaTree node /> }.into_any()
        }
        (None, None) => view! { <ResponseBody><p>"The document gives no schema for it."</p></ResponseBody> }.into_any(),
    };
    view! {
        {tree}
        {examples(first, trees, skip)}
    }
    .into_any()
}

/// The examples of the document, folded.
fn examples(media: &MediaType<'_>, trees: &Trees<'_>, skip: usize) -> AnyView {
    if media.examples.len() <= skip {
        return ().into_any();
    }
    let shown = media
        .examples
        .iter()
        .skip(skip)
        .take(EXAMPLES)
        .map(|example| {
            let title = example
                .summary
                .or(example.name)
                .map_or_else(|| "Example".to_owned(), |name| format!("Example: {name}"));
            view! {
                <details class="twin">
                    <MoreSummary text=short_text(&title, 120) />
                    {example_body(example, media.name, trees)}
                </details>
            }
        })
        .collect_view();
    let hidden = media.examples.len().saturating_sub(EXAMPLES + skip);
    view! {
        <ResponseBody>
            {shown}
            {more(hidden)}
        </ResponseBody>
    }
    .into_any()
}

fn example_body(example: &Example<'_>, media_type: &str, trees: &Trees<'_>) -> AnyView {
    let description = example
        .description
        .map(|source| view! { <Markdown source=source.to_owned() /> });
    let value = match (example.value, example.external_value) {
        (Some(value), _) => {
            let Pretty { text, is_cut } = example_text(trees, value);
            let text = if is_cut { format!("{text}\n…") } else { text };
            let language = if media_type.contains("json") {
                Language::Json
            } else {
                Language::Plain
            };
            view! { <CodeBlock title=short_text(media_type, 100) language=language text=text /> }.into_any()
        }
        (None, Some(address)) => view! { <p>"It is at " {external_link(address, address)}</p> }.into_any(),
        (None, None) => ().into_any(),
    };
    view! {
        {description}
        {value}
    }
    .into_any()
}

/// A text as it is, everything else as JSON; both bounded.
pub(super) fn example_text(trees: &Trees<'_>, value: &serde_json::Value) -> Pretty {
    const LONGEST: usize = 8_000;
    match value {
        serde_json::Value::String(text) => {
            let lines = text.lines().take(EXAMPLE_LINES).collect::<Vec<_>>().join("\n");
            let end = lines.char_indices().nth(LONGEST).map_or(lines.len(), |(at, _)| at);
            let is_cut = end < lines.len() || text.lines().nth(EXAMPLE_LINES).is_some();
            Pretty {
                text: crate::ui::text::visible_lines(&lines[..end]).into_owned(),
                is_cut,
            }
        }
        value => pretty(trees.document(), value, EXAMPLE_LINES),
    }
}
