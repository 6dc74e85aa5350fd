//! The page of a version: what it is, where it answers, its operations.

use std::sync::Arc;

use axum::extract::{Path, Query};
use leptos::prelude::*;

use super::{
    navigation,
    operation_list::{self, ListQuery},
    reading::Reading,
    security, twins,
};
use crate::{
    cx::Cx,
    document::{authentication, chapters, description, has_ended, lifecycle_notice},
    error::PageError,
    href,
    page::{Page, PageResult},
    ui::{
        Copyline, Fact, Facts, IconName, LinkButton, Marker, MarkerSize, StateBadge, Tab, Tabs, VersionTag,
        markdown::plain_text,
        text::{short_text, visible_text},
    },
};

pub(super) async fn version_page(
    cx: Cx,
    Path((organization, api, version)): Path<(String, String, String)>,
    query: Result<Query<ListQuery>, axum::extract::rejection::QueryRejection>,
) -> PageResult {
    let Query(query) = query.map_err(|_| PageError::not_found("page"))?;
    let reading = Arc::new(Reading::load(&cx, &organization, &api, &version).await?);
    let about = reading
        .document()
        .description()
        .map(|source| plain_text(source, 200))
        .filter(|text| !text.is_empty());
    let about = about.unwrap_or_else(|| format!("The operations of {}.", reading.name()));
    // Parts of the list are not for search engines: each operation has a page.
    let is_listed = reading.is_listed() && !query.is_part();
    let of_twin = Arc::clone(&reading);
    let page = Page::new(format!("{} reference", reading.name()), move || view(&reading, &query))
        .description(about)
        .with_islands()
        .with_twin(move || twins::version_twin(&of_twin));
    Ok(page.listed_if(is_listed))
}

/// The page's views.
pub(super) fn view(reading: &Reading, query: &ListQuery) -> AnyView {
    let chapters = chapters(reading.document());
    let description = (!query.is_part()).then(|| description(reading.document(), None));
    view! {
        <div class="reference" data-wide=true>
            {navigation::side(reading, &chapters, None, Some(&query.chapter))}
            <main id="main" class="stack" data-gap="lg">
                <div class="stack">
                    {head(reading)}
                    {facts(reading)}
                    {description}
                </div>
                {operation_list::section(reading, &chapters, query)}
            </main>
        </div>
    }
    .into_any()
}

fn head(reading: &Reading) -> impl IntoView + use<> {
    let detail = &reading.reference.detail;
    let version = &reading.reference.version;
    let [organization, api, name] = reading.place();
    let title = visible_text(&detail.api.name).into_owned();
    let switch = reading.version_switch(|other| href::reference(&organization, &api, other));
    let overview = href::api(&organization, &api);
    let mut tabs = vec![
        Tab::new("Overview", overview.clone(), false),
        Tab::new("Reference", reading.href(), true).count(reading.document().counts().operations as u64),
    ];
    if !detail.plans.is_empty() {
        tabs.push(Tab::new("Plans", format!("{overview}#plans"), false).count(detail.plans.len() as u64));
    }
    view! {
        <div class="row" data-between=true>
            {reading.crumbs(version.name.as_str(), true)}
            {switch}
        </div>
        <div class="page-head-title row">
            <Marker name=title.clone() size=MarkerSize::Large />
            <h1>{title.clone()}</h1>
            <VersionTag name=name.clone() />
            <StateBadge state=version.state />
            <span class="end">
                <LinkButton href=href::enriched(&organization, &api, &name) icon=IconName::Download>"Download document"</LinkButton>
            </span>
        </div>
        {lifecycle_notice(detail, version, reading.now, true)}
        <Tabs label=title tabs=tabs />
    }
}

fn facts(reading: &Reading) -> impl IntoView + use<> {
    let version = &reading.reference.version;
    let document = reading.document();
    let is_answered = version.state.is_listed() && !has_ended(version, reading.now);
    let base = is_answered.then(|| {
        let text = reading.base_url();
        view! {
            <Fact name="Base URL">
                <Copyline text=text label="Copy the base URL" />
            </Fact>
        }
    });
    let schemes = document
        .root()
        .get("security")
        .and_then(|_| document.operations().first());
    let upstream = schemes
        .and_then(|entry| document.operation(&entry.slug))
        .filter(|operation| operation.value().get("security").is_none())
        .and_then(|operation| security::in_words(&operation.security()))
        .map(|words| view! { <Fact name="In the document">{words}</Fact> });
    let servers: Vec<_> = document.servers().iter().take(4).collect();
    let servers = (!servers.is_empty()).then(|| {
        let list = servers
            .iter()
            .map(|server| {
                let about = server
                    .description
                    .as_deref()
                    .map(|source| format!(" {}", plain_text(source, 100)));
                view! { <li><code>{short_text(&server.url, 200)}</code> <span class="muted">{about}</span></li> }
            })
            .collect_view();
        view! {
            <Fact name="Provider's servers">
                <ul role="list">{list}</ul>
            </Fact>
        }
    });
    let format = format!("{}, {}", document.format().title(), short_text(document.title(), 100));
    let number = Some(document.version().trim()).filter(|text| !text.is_empty());
    let format = match number {
        Some(number) => format!("{format}, version {}", short_text(number, 60)),
        None => format,
    };
    let authentication = authentication(&reading.reference.accepted());
    view! {
        <Facts inline=true>
            {base}
            <Fact name="Authentication">{authentication}</Fact>
            {upstream}
            {servers}
            <Fact name="Document">{format}</Fact>
        </Facts>
    }
}
