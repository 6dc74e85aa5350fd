//! The operations on a version's page: all of a small document, chapters of a large one, the matches of a search.

use leptos::prelude::*;
use openapi::OperationEntry;
use serde::Deserialize;

use super::reading::Reading;
use crate::{
    document::{Chapter, OperationTable},
    href,
    ui::{
        ButtonRow, Empty, Icon, IconName, LinkButton, Markdown, Pager, grouped,
        markdown::plain_text,
        text::{counted, short_text},
    },
};

/// Documents of up to this many operations are listed whole.
const WHOLE: usize = 200;
/// Operations on one page of a longer list.
const PAGE: usize = 100;
/// Chapters that are listed.
const CHAPTERS: usize = 500;

/// The URL's query.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ListQuery {
    /// Words that must all occur in method, path, summary or operationId.
    pub(super) q: String,
    /// Slug of a chapter.
    pub(super) chapter: String,
    /// Slug of the last operation of the page before.
    pub(super) after: String,
}

impl ListQuery {
    /// Whether it asks for less than the whole page.
    pub(super) fn is_part(&self) -> bool {
        [&self.q, &self.chapter, &self.after]
            .iter()
            .any(|text| !text.trim().is_empty())
    }
}

/// The list.
pub(super) fn section(reading: &Reading, chapters: &[Chapter<'_>], query: &ListQuery) -> AnyView {
    let total = reading.document().operations().len();
    let words: Vec<String> = query.q.split_whitespace().take(12).map(str::to_lowercase).collect();
    let list = if !words.is_empty() {
        matches(reading, query, &words)
    } else if let Some(chapter) = chapters.iter().find(|chapter| chapter.slug == query.chapter) {
        one_chapter(reading, chapter, query)
    } else if total == 0 {
        let text = "This document has no operations: it may only have schemas.";
        view! { <Empty title="No operations" text=text /> }.into_any()
    } else if total <= WHOLE {
        chapters
            .iter()
            .map(|chapter| whole_chapter(reading, chapter, chapters.len() == 1))
            .collect_view()
            .into_any()
    } else if let [only] = chapters {
        one_chapter(reading, only, query)
    } else {
        overview(reading, chapters)
    };
    let counts = reading.document().counts();
    let webhooks =
        (counts.webhooks > 0).then(|| format!(", {}", counted(counts.webhooks as u64, "webhook", "webhooks")));
    let count = format!(
        "{}{}",
        counted(counts.operations as u64, "operation", "operations"),
        webhooks.unwrap_or_default()
    );
    let search = (total > 10).then(|| search_form(reading, query, total));
    view! {
        <section class="stack" aria-labelledby="operations">
            <div class="section-head">
                <h2 id="operations">"Operations"</h2>
                <p role="status">{count}</p>
            </div>
            {search}
            {list}
        </section>
    }
    .into_any()
}

fn search_form(reading: &Reading, query: &ListQuery, total: usize) -> AnyView {
    let words = format!("Search {} operations", grouped(total as u64));
    view! {
        <form class="hero-search" role="search" action=reading.href()>
            <div class="input-group">
                <Icon name=IconName::Search />
                <input
                    class="input"
                    type="search"
                    name="q"
                    maxlength="200"
                    value=query.q.clone()
                    aria-label=words.clone()
                    placeholder=words
                />
            </div>
            <button class="btn">"Search"</button>
        </form>
    }
    .into_any()
}

fn matches(reading: &Reading, query: &ListQuery, words: &[String]) -> AnyView {
    let found: Vec<_> = reading
        .document()
        .operations()
        .iter()
        .filter(|entry| has_words(entry, words))
        .collect();
    let asked = short_text(query.q.trim(), 60);
    if found.is_empty() {
        let title = format!("No operation for “{asked}”");
        let text = "All words must occur in the method, the path, the summary or the operation id.";
        let all = reading.href();
        return view! {
            <Empty title=title text=text>
                <ButtonRow>
                    <LinkButton href=all>"Show all operations"</LinkButton>
                </ButtonRow>
            </Empty>
        }
        .into_any();
    }
    let count = format!(
        "{} for “{asked}”",
        counted(found.len() as u64, "operation", "operations")
    );
    let list = paged(reading, &found, query, "Operations that match");
    view! {
        <p class="muted" role="status">{count} ". " <a href=reading.href()>"Show all operations"</a></p>
        {list}
    }
    .into_any()
}

fn has_words(entry: &OperationEntry, words: &[String]) -> bool {
    let fields = [
        Some(&entry.method),
        Some(&entry.path),
        entry.summary.as_ref(),
        entry.operation_id.as_ref(),
    ];
    let text = fields
        .into_iter()
        .flatten()
        .map(|text| text.to_lowercase())
        .collect::<Vec<_>>()
        .join("\n");
    words.iter().all(|word| text.contains(word.as_str()))
}

fn whole_chapter(reading: &Reading, chapter: &Chapter<'_>, is_only: bool) -> AnyView {
    let id = format!("chapter-{}", chapter.slug);
    let title = short_text(&chapter.title, 120);
    let heading = (!is_only).then(|| view! { <h3>{title.clone()}</h3> });
    let caption = format!("Operations: {title}");
    view! {
        <div class="stack" data-gap="sm" id=id>
            {heading}
            {description(chapter)}
            <OperationTable caption=caption place=reading.place() entries=chapter.entries.clone() />
        </div>
    }
    .into_any()
}

fn one_chapter(reading: &Reading, chapter: &Chapter<'_>, query: &ListQuery) -> AnyView {
    let title = short_text(&chapter.title, 120);
    let list = paged(reading, &chapter.entries, query, &format!("Operations: {title}"));
    let all =
        (!query.chapter.is_empty()).then(|| view! { <p class="small"><a href=reading.href()>"All chapters"</a></p> });
    view! {
        <div class="stack" data-gap="sm">
            <h3>{title}</h3>
            {all}
            {description(chapter)}
            {list}
        </div>
    }
    .into_any()
}

fn description(chapter: &Chapter<'_>) -> Option<AnyView> {
    chapter
        .description
        .filter(|text| !text.trim().is_empty())
        .map(|source| {
            view! {
                <div class="prose chapter-about">
                    <Markdown source=source.to_owned() />
                </div>
            }
            .into_any()
        })
}

/// A page of a list, after the operation that the query names.
fn paged(reading: &Reading, entries: &[&OperationEntry], query: &ListQuery, caption: &str) -> AnyView {
    let start = entries
        .iter()
        .position(|entry| entry.slug == query.after)
        .map_or(0, |at| at + 1);
    let end = (start + PAGE).min(entries.len());
    let shown = entries[start.min(end)..end].to_vec();
    let here = |after: &str| {
        href::with_query(
            &reading.href(),
            &[("q", query.q.trim()), ("chapter", &query.chapter), ("after", after)],
        )
    };
    let first = (start > 0).then(|| here(""));
    let next = (end < entries.len())
        .then(|| shown.last().map(|last| here(&last.slug)))
        .flatten();
    let summary = format!(
        "{} to {} of {}",
        grouped((start + 1).min(end) as u64),
        grouped(end as u64),
        grouped(entries.len() as u64)
    );
    let pager = (first.is_some() || next.is_some())
        .then(|| view! { <Pager label="Pages of operations" summary=summary first=first next=next /> });
    view! {
        <OperationTable caption=caption.to_owned() place=reading.place() entries=shown />
        {pager}
    }
    .into_any()
}

/// The chapters of a large document.
fn overview(reading: &Reading, chapters: &[Chapter<'_>]) -> AnyView {
    let cards = chapters
        .iter()
        .take(CHAPTERS)
        .map(|chapter| {
            let href = href::with_query(&reading.href(), &[("chapter", &chapter.slug)]);
            let about = chapter.description.map(|source| plain_text(source, 120)).filter(|text| !text.is_empty());
            view! {
                <li>
                    <a class="card chapter-card" href=href>
                        <strong>{short_text(&chapter.title, 100)}</strong>
                        <span class="small muted">{counted(chapter.entries.len() as u64, "operation", "operations")}</span>
                        {about.map(|text| view! { <span class="small muted">{text}</span> })}
                    </a>
                </li>
            }
        })
        .collect_view();
    let hidden = chapters.len().saturating_sub(CHAPTERS);
    let more = (hidden > 0).then(|| {
        view! { <p class="help">{format!("{} more chapters: search finds their operations.", grouped(hidden as u64))}</p> }
    });
    view! {
        <ul class="provider-grid" role="list">{cards}</ul>
        {more}
    }
    .into_any()
}
