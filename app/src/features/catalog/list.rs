//! The catalog: search, facets, cards, page by page. All of its state is in the URL.

use axum::extract::Query;
use domain::catalog::query::{CatalogAnswer, CatalogFilter, FacetCount};
use leptos::prelude::*;
use serde::Deserialize;

use super::cards;
use crate::{
    cx::Cx,
    error::PageError,
    href,
    page::{Page, PageResult},
    ui::{
        ApiGrid, ButtonRow, Empty, Icon, IconName, LinkButton, Pager,
        text::{counted, short_text},
    },
};

/// The URL's query.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ListQuery {
    q: String,
    tag: String,
    provider: String,
    after: String,
}

impl ListQuery {
    fn filter(&self) -> CatalogFilter {
        let given = |text: &str| Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned);
        CatalogFilter {
            text: self.q.trim().chars().take(200).collect(),
            tag: given(&self.tag),
            provider: given(&self.provider),
            cursor: given(&self.after),
        }
    }

    fn is_filtered(&self) -> bool {
        [&self.q, &self.tag, &self.provider]
            .iter()
            .any(|text| !text.trim().is_empty())
    }

    /// The list from its beginning, with one facet changed.
    fn with(&self, facet: &str, value: &str) -> String {
        let kept = |name: &str, own: &str| {
            if name == facet {
                value.to_owned()
            } else {
                own.to_owned()
            }
        };
        let (q, tag, provider) = (
            kept("q", &self.q),
            kept("tag", &self.tag),
            kept("provider", &self.provider),
        );
        href::with_query(&href::catalog(), &[("q", &q), ("tag", &tag), ("provider", &provider)])
    }
}

pub(super) async fn list_page(
    cx: Cx,
    query: Result<Query<ListQuery>, axum::extract::rejection::QueryRejection>,
) -> PageResult {
    let Query(query) = query.map_err(|_| PageError::not_found("page"))?;
    let answer = cx.services().catalog_reads.search(cx.actor(), &query.filter()).await?;
    let is_first = query.after.is_empty();
    let empty = answer.apis.items.is_empty().then(|| {
        if query.is_filtered() || !is_first {
            nothing_found(&query)
        } else {
            cards::nothing_published(cx.actor())
        }
    });
    let is_filtered = query.is_filtered();
    let page = Page::new(title(&query), move || {
        let count = count(&query, &answer);
        let results = match empty {
            Some(empty) => empty,
            None => results(&query, &answer),
        };
        let facets = (answer.total > 0 || query.is_filtered()).then(|| facets(&query, &answer));
        view! {
            <main id="main" class="wrap">
                <div class="page-head">
                    <div class="title">
                        <h1>"Catalog"</h1>
                        <p class="muted" role="status">{count}</p>
                    </div>
                    <SearchForm query=query.clone() />
                </div>
                <div class="catalog">
                    {facets}
                    <div class="stack">{results}</div>
                </div>
            </main>
        }
    });
    // Search results are not for search engines; the list itself is.
    Ok(if is_filtered || !is_first {
        page.unlisted()
    } else {
        page.description("All APIs that are published here.")
    })
}

fn title(query: &ListQuery) -> String {
    match query.q.trim() {
        "" => "Catalog".to_owned(),
        text => format!("“{}” in the catalog", short_text(text, 60)),
    }
}

fn count(query: &ListQuery, answer: &CatalogAnswer) -> String {
    let total = counted(answer.total, "API", "APIs");
    match query.q.trim() {
        "" if query.is_filtered() => format!("{total} with this filter"),
        "" => total,
        text => format!("{total} for “{}”", short_text(text, 60)),
    }
}

#[component]
fn SearchForm(query: ListQuery) -> impl IntoView {
    let hidden = [("tag", query.tag), ("provider", query.provider)]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
        .collect_view();
    view! {
        <form class="hero-search" role="search" action=href::catalog()>
            <div class="input-group">
                <Icon name=IconName::Search />
                <label class="visually-hidden" for="q">"Search APIs"</label>
                <input class="input" id="q" name="q" type="search" maxlength="200" value=query.q placeholder="weather, payments, postal code" />
            </div>
            {hidden}
            <button class="btn">"Search"</button>
        </form>
    }
}

fn results(query: &ListQuery, answer: &CatalogAnswer) -> AnyView {
    let apis: Vec<_> = answer.apis.items.iter().map(cards::summary).collect();
    let first = (!query.after.is_empty()).then(|| query.with("", ""));
    let next = answer.apis.next.as_ref().map(|cursor| {
        let pairs = [
            ("q", &*query.q),
            ("tag", &*query.tag),
            ("provider", &*query.provider),
            ("after", cursor),
        ];
        href::with_query(&href::catalog(), &pairs)
    });
    let summary = format!(
        "{} of {}",
        domain::plan::grouped(apis.len() as u64),
        counted(answer.total, "API", "APIs")
    );
    let pager = (first.is_some() || next.is_some())
        .then(|| view! { <Pager label="Pages of the catalog" summary=summary first=first next=next /> });
    view! {
        <h2 class="visually-hidden">"Results"</h2>
        <ApiGrid apis />
        {pager}
    }
    .into_any()
}

fn nothing_found(query: &ListQuery) -> AnyView {
    let (title, text) = if query.q.trim().is_empty() {
        (
            "No API with this filter".to_owned(),
            "Nothing is published with this topic and provider.",
        )
    } else {
        let title = format!("No API for “{}”", short_text(query.q.trim(), 60));
        (
            title,
            "All words must occur in the name, the summary, the provider or the tags. Try fewer of them.",
        )
    };
    view! {
        <Empty title=title text=text>
            <ButtonRow>
                <LinkButton href=href::catalog()>"Show all APIs"</LinkButton>
            </ButtonRow>
        </Empty>
    }
    .into_any()
}

/// Topics and providers among the matches, as links that set or clear one of them.
fn facets(query: &ListQuery, answer: &CatalogAnswer) -> impl IntoView + use<> {
    let groups = [
        ("Topic", "tag", &query.tag, &answer.tags),
        ("Provider", "provider", &query.provider, &answer.providers),
    ]
    .into_iter()
    .map(|(title, name, chosen, values)| facet(title, name, chosen, values, query))
    .collect_view();
    let clear = query
        .is_filtered()
        .then(|| view! { <p><a class="small" href=href::catalog()>"Clear search and filter"</a></p> });
    view! {
        <details class="sidenav facets" open=query.is_filtered()>
            <summary>
                <Icon name=IconName::Log />
                "Filter"
                <Icon name=IconName::Down />
            </summary>
            <nav aria-label="Filter the catalog">
                {groups}
                {clear}
            </nav>
        </details>
    }
}

fn facet(
    title: &'static str,
    name: &'static str,
    chosen: &str,
    values: &[FacetCount],
    query: &ListQuery,
) -> impl IntoView + use<> {
    const SHOWN: usize = 30;
    // A chosen value stays in sight, even where nothing matches it.
    let missing = (!chosen.is_empty() && values.iter().take(SHOWN).all(|value| value.value != chosen)).then(|| {
        let known = values.iter().find(|value| value.value == chosen);
        known.cloned().unwrap_or_else(|| FacetCount {
            value: chosen.to_owned(),
            label: chosen.to_owned(),
            count: 0,
        })
    });
    let links = missing
        .iter()
        .chain(values.iter().take(SHOWN))
        .map(|value| {
            let is_chosen = value.value == chosen;
            let href = query.with(name, if is_chosen { "" } else { &value.value });
            let remove = is_chosen.then(|| view! { <i class="visually-hidden">", chosen; follow to clear"</i> });
            view! {
                <li>
                    <a href=href aria-current=is_chosen.then_some("true") rel="nofollow">
                        <span>{short_text(&value.label, 60)}</span>
                        {remove}
                        <span class="n">{domain::plan::grouped(value.count)}</span>
                    </a>
                </li>
            }
        })
        .collect_view();
    (!values.is_empty() || missing.is_some()).then(|| {
        view! {
            <div>
                <p class="nav-head">{title}</p>
                <ul role="list">{links}</ul>
            </div>
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facets_keep_the_rest_of_the_search_and_begin_at_the_first_page() {
        let query = ListQuery {
            q: "cats & dogs".into(),
            tag: "pets".into(),
            provider: "acme".into(),
            after: "x".into(),
        };
        assert_eq!(query.with("tag", ""), "/apis?q=cats+%26+dogs&provider=acme");
        assert_eq!(
            query.with("provider", "isobar"),
            "/apis?q=cats+%26+dogs&tag=pets&provider=isobar"
        );
        assert_eq!(query.with("", ""), "/apis?q=cats+%26+dogs&tag=pets&provider=acme");
        assert_eq!(query.filter().cursor.as_deref(), Some("x"));
    }
}
