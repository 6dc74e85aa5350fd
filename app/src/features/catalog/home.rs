//! The first page: search, the sign, the first cards of the catalog, the providers.

use domain::catalog::query::{ApiCard, CatalogAnswer, CatalogFilter, FacetCount};
use leptos::prelude::*;

use super::cards;
use crate::{
    cx::Cx,
    href,
    page::{Page, PageResult},
    ui::{
        ApiGrid, Icon, IconName, IconSize, LinkButton, Marker, SectionHead,
        text::{counted, short_text},
    },
};

/// Apis on the sign.
const ON_THE_SIGN: usize = 3;
/// Cards below it.
const CARDS: usize = 12;

pub(super) async fn home_page(cx: Cx) -> PageResult {
    let answer = cx
        .services()
        .catalog_reads
        .search(cx.actor(), &CatalogFilter::default())
        .await?;
    let empty = (answer.total == 0).then(|| cards::nothing_published(cx.actor()));
    let lead = lead(&answer);
    let description = format!(
        "{} on {}: find one, read it, call it.",
        counted(answer.total, "API", "APIs"),
        cx.settings().name
    );
    let page = Page::new("APIs", move || {
        let sign = (!answer.apis.items.is_empty()).then(|| sign(&answer.apis.items));
        let topics = (!answer.tags.is_empty()).then(|| topics(&answer.tags));
        let rest = match empty {
            Some(empty) => empty,
            None => view! {
                {catalog(&answer)}
                {providers(&answer.providers)}
            }
            .into_any(),
        };
        view! {
            <main id="main">
                <div class="wrap">
                    <section class="hero" aria-labelledby="h">
                        <div class="stack">
                            <h1 id="h">"Find an API, read it, call\u{a0}it."</h1>
                            <p class="lead">{lead}</p>
                            <div class="stack" data-gap="sm">
                                <HeroSearch />
                                {topics}
                            </div>
                        </div>
                        {sign}
                    </section>
                </div>
                <hr />
                <div class="wrap stack page-head" data-gap="lg">{rest}</div>
            </main>
        }
    });
    Ok(page.description(description))
}

fn lead(answer: &CatalogAnswer) -> String {
    if answer.total == 0 {
        return "Every API that is published here gets a page for each operation and a request you can send."
            .to_owned();
    }
    format!(
        "{} from {}. Every operation has a page and a request you can send.",
        counted(answer.total, "API", "APIs"),
        counted(answer.providers.len() as u64, "provider", "providers"),
    )
}

#[component]
fn HeroSearch() -> impl IntoView {
    view! {
        <form class="hero-search" role="search" action=href::catalog()>
            <div class="input-group">
                <Icon name=IconName::Search size=IconSize::Large />
                <label class="visually-hidden" for="q">"Search APIs"</label>
                <input
                    class="input"
                    data-size="lg"
                    id="q"
                    name="q"
                    type="search"
                    maxlength="200"
                    placeholder="weather, payments, postal code"
                />
            </div>
            <button class="btn" data-kind="primary" data-size="lg">"Search"</button>
        </form>
    }
}

/// The most frequent tags as links.
fn topics(tags: &[FacetCount]) -> impl IntoView + use<> {
    const SHOWN: usize = 5;
    let links = tags
        .iter()
        .take(SHOWN)
        .map(|tag| view! { <a href=href::with_query(&href::catalog(), &[("tag", &tag.value)])>{short_text(&tag.label, 40)}</a> })
        .collect_view();
    view! {
        <p class="try">
            <span>"Topics:"</span>
            {links}
        </p>
    }
}

/// The one filled plate of the page: where to begin.
fn sign(apis: &[ApiCard]) -> impl IntoView + use<> {
    let rows = apis
        .iter()
        .take(ON_THE_SIGN)
        .map(|card| {
            let price = cards::price_line(&card.plans)
                .map(|price| format!(", {}", price.to_lowercase()))
                .unwrap_or_default();
            let via = format!(
                "{}, by {}{price}",
                card.version.name,
                short_text(&card.organization.name, 40)
            );
            let noun = if card.operations == 1 {
                "operation"
            } else {
                "operations"
            };
            view! {
                <li>
                    <Marker name=card.api.name.clone() />
                    <div>
                        <a class="dest" href=href::api(&card.organization.slug, &card.api.slug)>
                            {short_text(&card.api.name, 60)}
                        </a>
                        <span class="via">{via}</span>
                    </div>
                    <span class="dist">
                        {domain::plan::grouped(card.operations.into())}
                        <small>{noun}</small>
                    </span>
                </li>
            }
        })
        .collect_view();
    view! {
        <section class="sign gantry" aria-labelledby="g">
            <h2 id="g">"Begin here"</h2>
            <ul role="list">{rows}</ul>
        </section>
    }
}

fn catalog(answer: &CatalogAnswer) -> impl IntoView + use<> {
    let apis: Vec<_> = answer.apis.items.iter().take(CARDS).map(cards::summary).collect();
    let shown = apis.len() as u64;
    let all = (answer.total > shown).then(|| {
        view! {
            <p>
                <LinkButton href=href::catalog() end_icon=IconName::Right>
                    {format!("All {}", counted(answer.total, "API", "APIs"))}
                </LinkButton>
            </p>
        }
    });
    view! {
        <section aria-labelledby="catalog" class="stack">
            <SectionHead title="Catalog" id="catalog">
                <a href=href::catalog()>"Filter by topic and provider"</a>
            </SectionHead>
            <ApiGrid apis />
            {all}
        </section>
    }
}

fn providers(providers: &[FacetCount]) -> impl IntoView + use<> {
    const SHOWN: usize = 24;
    let rows = providers
        .iter()
        .take(SHOWN)
        .map(|provider| {
            view! {
                <li>
                    <a class="card provider-card" href=href::provider(&provider.value)>
                        <Marker name=provider.label.clone() />
                        <span>
                            <strong>{short_text(&provider.label, 80)}</strong>
                            <span class="small muted">{counted(provider.count, "API", "APIs")}</span>
                        </span>
                    </a>
                </li>
            }
        })
        .collect_view();
    view! {
        <section aria-labelledby="providers" class="stack">
            <SectionHead title="Providers" id="providers" />
            <ul class="provider-grid" role="list">{rows}</ul>
        </section>
    }
}
