//! The page that says how to move off a version. Gateways link to it on every answer of a deprecated version.

use axum::extract::Path;
use domain::catalog::{Visibility, query::ApiDetail};
use leptos::prelude::*;

use crate::{
    cx::Cx,
    document::{lifecycle_notice, successor},
    error::PageError,
    href,
    page::{Page, PageResult},
    ui::{Crumbs, Day, Fact, Facts, LinkButton, Markdown, Place, text::visible_text},
};

pub(super) async fn deprecation_page(
    cx: Cx,
    Path((organization, api, version)): Path<(String, String, String)>,
) -> PageResult {
    let detail = cx.services().catalog_reads.api(cx.actor(), &organization, &api).await?;
    let index = detail
        .versions
        .iter()
        .position(|other| other.name.as_str() == version && other.deprecation.is_some())
        .ok_or_else(|| PageError::not_found("deprecation"))?;
    let now = cx.now();
    let title = format!("Move off {} {version}", visible_text(&detail.api.name));
    let is_public = detail.api.visibility == Visibility::Public;
    let page = Page::new(title.clone(), move || view(&detail, index, &title, now))
        .description(format!("When {version} ends, and what to use instead."));
    Ok(if is_public { page } else { page.unlisted() })
}

fn view(detail: &ApiDetail, index: usize, title: &str, now: domain::clock::Timestamp) -> AnyView {
    let Some((version, end)) = detail
        .versions
        .get(index)
        .and_then(|version| Some((version, version.deprecation.as_ref()?)))
    else {
        return ().into_any();
    };
    let (organization, api) = (&detail.organization, &detail.api);
    let reference = href::reference(&organization.slug, &api.slug, &version.name);
    let above = vec![
        Place::new("Catalog", href::catalog()),
        Place::new(visible_text(&organization.name), href::provider(&organization.slug)),
        Place::new(visible_text(&api.name), href::api(&organization.slug, &api.slug)),
        Place::new(version.name.to_string(), reference.clone()),
    ];
    let sunset = match end.sunset {
        Some(at) => view! { <Day at /> ", then calls are answered with 410 Gone" }.into_any(),
        None => "Not set yet".into_any(),
    };
    let next = match successor(&detail.versions, version) {
        Some(next) => {
            let href = href::reference(&organization.slug, &api.slug, &next.name);
            view! { <a href=href>{next.name.to_string()}</a> }.into_any()
        }
        None => "None is named".into_any(),
    };
    let guide = match end.guide.as_deref().filter(|text| !text.trim().is_empty()) {
        Some(source) => view! {
            <section class="prose" aria-labelledby="guide">
                <h2 id="guide">"How to move"</h2>
                <Markdown source=source.to_owned() />
            </section>
        }
        .into_any(),
        None => {
            let text = format!(
                "{} has not written a guide for this move.",
                visible_text(&organization.name)
            );
            let words = format!("Reference of {}", version.name);
            view! {
                <section class="stack" data-gap="sm" aria-labelledby="guide">
                    <h2 id="guide">"How to move"</h2>
                    <p class="muted">{text}</p>
                    <p>
                        <LinkButton href=reference>{words}</LinkButton>
                    </p>
                </section>
            }
            .into_any()
        }
    };
    let since = end.since;
    view! {
        <main id="main" class="wrap">
            <div class="page-head">
                <Crumbs above=above current="Deprecation" />
                <h1>{title.to_owned()}</h1>
                {lifecycle_notice(detail, version, now, false)}
            </div>
            <div class="stack" data-gap="lg">
                <Facts inline=true>
                    <Fact name="Deprecated since">
                        <Day at=since />
                    </Fact>
                    <Fact name="Ends">{sunset}</Fact>
                    <Fact name="Use instead">{next}</Fact>
                </Facts>
                {guide}
            </div>
        </main>
    }
    .into_any()
}
