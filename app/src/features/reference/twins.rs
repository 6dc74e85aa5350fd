//! The Markdown twins of a version and of an operation.

use std::fmt::Write as _;

use domain::catalog::VersionState;
use openapi::{Direction, MediaType, Operation, OperationEntry, OperationKind};

use super::{
    bodies,
    parameters::{self, LOCATIONS, heading, more_in_words, parameter_node},
    reading::Reading,
    responses::{self, HEADERS, header_node, phrase},
    trees::Trees,
};
use crate::{
    document::{
        authentication_in_markdown, chapters, curl, example_answer_text, example_body, has_ended, lifecycle_in_words,
    },
    href,
    twin::{self, Markdown, schema_list},
    ui::{markdown::plain_text, text::short_text},
};

/// A version: what it is, where it answers, its operations by chapter, each with its twin.
pub(super) fn version_twin(reading: &Reading) -> String {
    let document = reading.document();
    let mut text = Markdown::new().heading(1, &format!("{} reference", reading.name()));
    text = text.list(facts(reading));
    text = lifecycle(reading, text);
    if let Some(description) = document.description() {
        text = text.source(description, 1);
    }
    for chapter in chapters(document) {
        if text.is_full() {
            break;
        }
        text = text.heading(2, &short_text(&chapter.title, 100));
        if let Some(description) = chapter.description {
            text = text.paragraph(&plain_text(description, 400));
        }
        let entries = chapter.entries.iter().filter(|entry| chapter.is_home_of(entry));
        text = text.list(entries.map(|entry| operation_item(reading, entry)));
    }
    text.finish()
}

/// `GET /pets: List all pets`, linked.
fn operation_item(reading: &Reading, entry: &OperationEntry) -> String {
    let name = format!("{} {}", entry.method, short_text(&entry.path, 300));
    let link = twin::link(&name, &twin::href(&reading.operation_href(&entry.slug)));
    let about = entry.summary.as_deref().map(|summary| short_text(summary, 160));
    let about = about.filter(|about| !about.is_empty());
    let about = about.map_or_else(String::new, |about| format!(": {}", twin::escape(&about)));
    let end = if entry.deprecated { " (deprecated)" } else { "" };
    format!("{link}{about}{end}")
}

/// Where the version answers and how calls are let in.
fn facts(reading: &Reading) -> Vec<String> {
    let version = &reading.reference.version;
    let [organization, api, name] = reading.place();
    let overview = twin::href(&href::api(&organization, &api));
    let mut facts = vec![
        format!("API: {}", twin::link(&reading.reference.detail.api.name, &overview)),
        format!("Version: {}, {}", twin::code_span(&name), version.state.as_str()),
    ];
    if version.state.is_listed() && !has_ended(version, reading.now) {
        facts.push(format!("Base URL: {}", twin::code_span(&reading.base_url())));
        facts.push(format!(
            "Authentication: {}",
            authentication_in_markdown(&reading.reference.accepted())
        ));
    }
    let enriched = href::enriched(&organization, &api, &name);
    let mut document = format!("Document: {}", twin::link("as it holds at the gateway", &enriched));
    // What overlays took out of it is not for everybody.
    if reading.reference.revision.overlays.is_empty() {
        let original = twin::link("as uploaded", &href::original(&organization, &api, &name));
        let _ = write!(document, "; {original} ({})", reading.document().format().title());
    }
    facts.push(document);
    facts
}

/// The notice of a version that ends or has ended.
fn lifecycle(reading: &Reading, text: Markdown) -> Markdown {
    let version = &reading.reference.version;
    if !matches!(version.state, VersionState::Deprecated | VersionState::Retired) {
        return text;
    }
    let (title, words) = lifecycle_in_words(version, reading.now);
    let text = text.block(&format!("**{}.** {}", twin::escape(&title), twin::escape(&words)));
    let [organization, api, name] = reading.place();
    match version.deprecation {
        Some(_) => text.block(&twin::link(
            "How to move to another version",
            &href::deprecation_guide(organization, api, name),
        )),
        None => text,
    }
}

/// An operation: everything its page shows; empty where there is no such operation.
pub(super) fn operation_twin(reading: &Reading, slug: &str) -> String {
    let Some(operation) = reading.document().operation(slug) else {
        return String::new();
    };
    let operation = &operation;
    let entry = operation.entry();
    let trees = Trees::new(operation.document());
    let mut text = Markdown::new().heading(1, &short_text(&entry.title(), 200));
    text = text.block(&address(reading, entry));
    text = lifecycle(reading, text);
    if operation.deprecated() {
        text = text.block("**This operation is deprecated.** It still answers.");
    }
    if let Some(description) = operation.description() {
        text = text.source(description, 1);
    }
    let mut items = vec![format!(
        "Part of: {}",
        twin::link(&reading.name(), &twin::href(&reading.href()))
    )];
    if entry.kind == OperationKind::Path {
        items.push(format!(
            "Authentication: {}",
            authentication_in_markdown(&reading.reference.accepted_by(entry))
        ));
    }
    if let Some(id) = &entry.operation_id {
        items.push(format!("Operation id: {}", twin::code_span(&short_text(id, 120))));
    }
    text = text.list(items);
    text = sent_parameters(operation, &trees, text);
    text = body(operation, &trees, text);
    text = answers(operation, &trees, text);
    samples(reading, operation, text).finish()
}

fn address(reading: &Reading, entry: &OperationEntry) -> String {
    match entry.kind {
        OperationKind::Path => {
            let url = format!("{}{}", reading.base_url(), entry.path);
            twin::code_span(&format!("{} {}", entry.method, short_text(&url, 1_000)))
        }
        OperationKind::Webhook => format!(
            "Webhook {}: the API calls it at your server with {}.",
            twin::code_span(&short_text(&entry.path, 300)),
            twin::code_span(&entry.method)
        ),
    }
}

/// Says how many things of a list are left out.
fn more(hidden: usize, text: Markdown) -> Markdown {
    match more_in_words(hidden) {
        Some(words) => text.paragraph(&words),
        None => text,
    }
}

fn sent_parameters(operation: &Operation<'_>, trees: &Trees<'_>, mut text: Markdown) -> Markdown {
    let all = operation.parameters();
    if all.is_empty() {
        return text;
    }
    text = text.heading(2, "Parameters");
    for location in LOCATIONS {
        let own = || all.iter().filter(|parameter| parameter.location == location);
        let list: String = own()
            .take(parameters::SHOWN)
            .map(|parameter| schema_list(&parameter_node(parameter, trees)))
            .collect();
        if !list.is_empty() {
            text = text.heading(3, heading(location)).block(&list);
            text = more(own().count().saturating_sub(parameters::SHOWN), text);
        }
    }
    text
}

fn body(operation: &Operation<'_>, trees: &Trees<'_>, mut text: Markdown) -> Markdown {
    let Some(body) = operation.request_body() else {
        return text;
    };
    text = text
        .heading(2, "Body")
        .paragraph(if body.required { "Required." } else { "Optional." });
    if let Some(description) = body.description {
        text = text.source(description, 2);
    }
    forms(&body.content, Direction::Request, trees, text)
}

fn answers(operation: &Operation<'_>, trees: &Trees<'_>, mut text: Markdown) -> Markdown {
    text = text.heading(2, "Responses");
    let all = operation.responses();
    if all.is_empty() {
        return text.paragraph("The document describes no answers.");
    }
    for response in all.iter().take(responses::SHOWN) {
        if text.is_full() {
            break;
        }
        text = text.heading(3, &short_text(response.status, 20));
        text = match response.description.trim() {
            "" => text.paragraph(&phrase(response.status)),
            description => text.source(description, 3),
        };
        let headers: String = response
            .headers
            .iter()
            .take(HEADERS)
            .map(|header| schema_list(&header_node(header, trees)))
            .collect();
        if !headers.is_empty() {
            text = text.paragraph("Headers:").block(&headers);
            text = more(response.headers.len().saturating_sub(HEADERS), text);
        }
        text = forms(&response.content, Direction::Response, trees, text);
    }
    more(all.len().saturating_sub(responses::SHOWN), text)
}

/// The media types of a body.
fn forms(content: &[MediaType<'_>], direction: Direction, trees: &Trees<'_>, mut text: Markdown) -> Markdown {
    for media in content.iter().take(bodies::SHOWN) {
        text = form(media, direction, trees, text);
    }
    more(content.len().saturating_sub(bodies::SHOWN), text)
}

/// A media type with its schema.
fn form(media: &MediaType<'_>, direction: Direction, trees: &Trees<'_>, text: Markdown) -> Markdown {
    let name = twin::code_span(&short_text(media.name, 100));
    let Some(schema) = media.schema.or(media.item_schema) else {
        return text.block(&format!("{name}, without a schema."));
    };
    let node = trees.tree(schema, direction, bodies::NODES);
    let stream = if media.schema.is_none() { "stream of " } else { "" };
    let label = match node.type_label.as_str() {
        "object" if stream.is_empty() => String::new(),
        label => format!(", {stream}{}", twin::escape(label)),
    };
    text.block(&format!("{name}{label}:")).block(&schema_list(&node))
}

/// The request as a command and the answer to it.
fn samples(reading: &Reading, operation: &Operation<'_>, mut text: Markdown) -> Markdown {
    let version = &reading.reference.version;
    match operation.entry().kind {
        OperationKind::Path if !has_ended(version, reading.now) => {
            let access = reading.reference.accepted_by(operation.entry());
            let command = curl(operation, &reading.base_url(), &access);
            text = text.heading(2, "Example request").code("sh", &command);
        }
        OperationKind::Path => {}
        OperationKind::Webhook => {
            let body = operation.request_body();
            let media = body.as_ref().and_then(|body| crate::document::telling(&body.content));
            let example = media.and_then(|media| example_body(operation.document(), media, Direction::Request));
            if let Some(example) = example {
                text = text.heading(2, "What is sent to you").code("", &example.text);
            }
        }
    }
    match example_answer_text(operation) {
        Some((status, example)) => text
            .heading(2, &format!("Example answer, {}", short_text(status, 20)))
            .code("", &example.text),
        None => text,
    }
}
