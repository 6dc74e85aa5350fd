//! The page of one operation.

use axum::extract::{Path, Query};
use leptos::prelude::*;
use openapi::{Operation, OperationKind};
use serde::Deserialize;

use super::{bodies, navigation, parameters, reading::Reading, responses, security, side, trees::Trees, twins};
use crate::{
    cx::Cx,
    document::{Chapter, authentication, chapters, external_link, lifecycle_notice, neighbours},
    error::PageError,
    href,
    page::{Page, Reply, ReplyResult},
    ui::{
        Barrier, Copyline, Fact, Facts, Icon, IconName, Markdown, Method, Shape, State, StateBadge, Tone,
        markdown::plain_text,
        text::{short_text, visible_text},
    },
};

/// The URL's query.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct OperationQuery {
    /// The version that the reader comes from by the version switch.
    from: String,
}

pub(super) async fn operation_page(
    cx: Cx,
    Path((organization, api, version, slug)): Path<(String, String, String, String)>,
    query: Result<Query<OperationQuery>, axum::extract::rejection::QueryRejection>,
) -> ReplyResult {
    let reading = Reading::load(&cx, &organization, &api, &version).await?;
    let Some(operation) = reading.document().operation(&slug) else {
        // Whoever switches versions lands on the version at least, and is told why.
        return if query.is_ok_and(|Query(query)| !query.from.is_empty()) {
            Ok(Reply::redirect(reading.href()).flash_problem(format!("{version} does not have this operation.")))
        } else {
            Err(PageError::not_found("operation"))
        };
    };
    let title = format!("{}, {}", short_text(&operation.entry().title(), 120), reading.name());
    let about = match operation.description().map(|source| plain_text(source, 200)) {
        Some(text) if !text.is_empty() => text,
        _ => format!(
            "{} {}",
            operation.entry().method,
            short_text(&operation.entry().path, 150)
        ),
    };
    let is_listed = reading.is_listed();
    let reading = std::sync::Arc::new(reading);
    let (of_twin, its_slug) = (std::sync::Arc::clone(&reading), slug.clone());
    let page = Page::new(title, move || view(&reading, &slug))
        .description(about)
        .with_islands()
        .with_twin(move || twins::operation_twin(&of_twin, &its_slug));
    Ok(page.listed_if(is_listed).into())
}

/// The page's views; empty where there is no such operation.
pub(super) fn view(reading: &Reading, slug: &str) -> AnyView {
    let document = reading.document();
    let Some(operation) = document.operation(slug) else {
        return ().into_any();
    };
    let trees = Trees::new(document);
    let chapters = chapters(document);
    let main = view! {
        <main id="main" class="stack" data-gap="lg">
            <div class="stack">
                {head(reading, &operation)}
                {about(&operation)}
                {facts(reading, &operation)}
            </div>
            {parameters::section(&operation, &trees)}
            {bodies::section(&operation, &trees)}
            {responses::section(&operation, &trees)}
            {pager(reading, &chapters, &operation)}
        </main>
    };
    view! {
        <div class="reference">
            {navigation::side(reading, &chapters, Some(operation.entry()), None)}
            {main}
            {side::samples(reading, &operation)}
        </div>
    }
    .into_any()
}

fn head(reading: &Reading, operation: &Operation<'_>) -> impl IntoView + use<> {
    let entry = operation.entry();
    let title = short_text(&entry.title(), 200);
    let [organization, api, version] = reading.place();
    let path = match entry.kind {
        OperationKind::Path => format!("/{organization}/{api}/{version}{}", entry.path),
        OperationKind::Webhook => entry.path.clone(),
    };
    let from = reading.reference.version.name.to_string();
    let switch = reading.version_switch(|other| {
        let there = href::operation(&organization, &api, other, &entry.slug);
        if other == from {
            there
        } else {
            href::with_query(&there, &[("from", &from)])
        }
    });
    let deprecated = entry
        .deprecated
        .then(|| view! { <StateBadge state=State::new(Shape::Half, "Deprecated", Tone::Warn) /> });
    let method = view! { <Method method=entry.method.clone() /> }.into_any();
    let notice = lifecycle_notice(&reading.reference.detail, &reading.reference.version, reading.now, true);
    view! {
        <div class="row" data-between=true>
            {reading.crumbs(&title, false)}
            {switch}
        </div>
        {notice}
        <div class="stack" data-gap="sm">
            <div class="row">
                <h1>{title}</h1>
                {deprecated}
            </div>
            <Copyline text=short_text(&path, 1_000) label="Copy the path" lead=method />
        </div>
    }
}

fn about(operation: &Operation<'_>) -> impl IntoView + use<> {
    let deprecated = operation.deprecated().then(|| {
        view! {
            <Barrier title="This operation is deprecated" id="operation-deprecated">
                <p>"It still answers. Look in its description for what to use instead."</p>
            </Barrier>
        }
    });
    let description = operation.description().map(|source| {
        view! {
            <div class="prose">
                <Markdown source=source.to_owned() />
            </div>
        }
    });
    view! {
        {deprecated}
        {description}
    }
}

fn facts(reading: &Reading, operation: &Operation<'_>) -> impl IntoView + use<> {
    let entry = operation.entry();
    let direction = match entry.kind {
        OperationKind::Path => {
            let words = authentication(&reading.reference.accepted_by(entry));
            view! { <Fact name="Authentication">{words}</Fact> }.into_any()
        }
        OperationKind::Webhook => view! { <Fact name="Webhook">"The API calls it at your server."</Fact> }.into_any(),
    };
    let upstream =
        security::in_words(&operation.security()).map(|words| view! { <Fact name="In the document">{words}</Fact> });
    let id = entry.operation_id.as_deref().map(|id| {
        let id = short_text(id, 120);
        view! {
            <Fact name="Operation id">
                <code>{id}</code>
            </Fact>
        }
    });
    let docs = operation.external_docs().map(|docs| {
        let words = docs
            .description
            .map_or_else(|| docs.url.to_owned(), |source| plain_text(source, 120));
        let link = external_link(docs.url, &words);
        view! { <Fact name="More">{link}</Fact> }
    });
    let callbacks = operation.callbacks();
    let callbacks = (!callbacks.is_empty()).then(|| {
        let names = callbacks
            .iter()
            .take(8)
            .map(|name| view! { <code>{short_text(name, 80)}</code> " " })
            .collect_view();
        view! { <Fact name="Calls you back">{names}</Fact> }
    });
    view! {
        <Facts inline=true>
            {direction}
            {upstream}
            {id}
            {docs}
            {callbacks}
        </Facts>
    }
}

fn pager(reading: &Reading, chapters: &[Chapter<'_>], operation: &Operation<'_>) -> impl IntoView + use<> {
    let near = neighbours(chapters, operation.entry());
    let words = |entry: &openapi::OperationEntry| visible_text(&short_text(&entry.title(), 60)).into_owned();
    let previous = near.previous.map(|entry| {
        view! { <a class="btn" rel="prev" href=reading.operation_href(&entry.slug)>{words(entry)}</a> }
    });
    let next = near.next.map(|entry| {
        view! {
            <a class="btn" rel="next" href=reading.operation_href(&entry.slug)>
                {words(entry)}
                <Icon name=IconName::Arrow />
            </a>
        }
    });
    view! {
        <nav class="pager" aria-label="Neighbouring operations">
            <span class="start">{previous}</span>
            <span class="end">{next}</span>
        </nav>
    }
}
