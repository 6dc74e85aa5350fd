//! A provider: who it is and its apis.

use axum::extract::{Path, Query};
use domain::catalog::query::CatalogFilter;
use leptos::prelude::*;
use serde::Deserialize;

use super::cards;
use crate::{
    cx::Cx,
    error::PageError,
    href,
    page::{Page, PageResult},
    ui::{
        ApiGrid, ButtonRow, Crumbs, Empty, IconName, LinkButton, Marker, MarkerSize, Pager, Place,
        text::{counted, visible_text},
    },
};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ProviderQuery {
    after: String,
}

pub(super) async fn provider_page(
    cx: Cx,
    Path(slug): Path<String>,
    query: Result<Query<ProviderQuery>, axum::extract::rejection::QueryRejection>,
) -> PageResult {
    let Query(query) = query.map_err(|_| PageError::not_found("page"))?;
    let organization = cx.services().organizations.for_portal(cx.actor(), &slug).await?;
    let cursor = Some(query.after).filter(|after| !after.is_empty());
    let is_first = cursor.is_none();
    let filter = CatalogFilter {
        provider: Some(slug),
        cursor,
        ..CatalogFilter::default()
    };
    let answer = cx.services().catalog_reads.search(cx.actor(), &filter).await?;
    let is_member = cx.actor().role_in(organization.id).is_some();
    let name = visible_text(&organization.name).into_owned();
    let description = format!("{} by {name}.", counted(answer.total, "API", "APIs"));
    let page = Page::new(name.clone(), move || {
        let own = href::provider(&organization.slug);
        let console = is_member.then(|| {
            view! {
                <ButtonRow>
                    <LinkButton href=href::console_overview(&organization.slug) icon=IconName::Gear>"Open the console"</LinkButton>
                </ButtonRow>
            }
        });
        let total = counted(answer.total, "API", "APIs");
        let list = if answer.apis.items.is_empty() {
            let text = format!("{name} has not published an API.");
            view! {
                <Empty title="Nothing here yet" text=text>
                    <LinkButton href=href::catalog()>"Show all APIs"</LinkButton>
                </Empty>
            }
            .into_any()
        } else {
            let next = answer
                .apis
                .next
                .as_ref()
                .map(|cursor| href::with_query(&own, &[("after", cursor)]));
            let first = (!is_first).then(|| own.clone());
            let summary = format!("{} of {total}", answer.apis.items.len());
            let pager = (next.is_some() || first.is_some())
                .then(|| view! { <Pager label="Pages of this provider" summary=summary first=first next=next /> });
            view! {
                <ApiGrid apis=answer.apis.items.iter().map(cards::summary).collect() />
                {pager}
            }
            .into_any()
        };
        view! {
            <main id="main" class="wrap">
                <div class="page-head">
                    <Crumbs above=vec![Place::new("Catalog", href::catalog())] current=name.clone() />
                    <div class="title">
                        <Marker name=name.clone() size=MarkerSize::Large />
                        <div class="stack" data-gap="xs">
                            <h1>{name.clone()}</h1>
                            <p class="muted">{total.clone()}</p>
                        </div>
                        {console}
                    </div>
                </div>
                <section class="stack" aria-labelledby="apis">
                    <h2 id="apis">"APIs"</h2>
                    {list}
                </section>
            </main>
        }
    });
    Ok(if is_first {
        page.description(description)
    } else {
        page.unlisted()
    })
}
