//! The changelog of an api: what its documents changed for callers, and when versions came and go.

mod events;
mod feed;
mod twin;

use axum::extract::Path;
use domain::{
    catalog::{Visibility, reports::Changelog},
    clock::Timestamp,
};
use leptos::prelude::*;

use self::events::{Event, events};
pub(super) use self::feed::changelog_feed;
use crate::{
    cx::Cx,
    document::{ChangeGroups, change_counts, shown_version},
    href,
    page::{Page, PageResult},
    ui::{
        Crumbs, Day, Empty, LinkButton, MoreSummary, PageTitle, Place, VersionTag,
        text::{short_text, visible_text},
    },
};

/// Changes that are listed of one level in one entry.
const SHOWN: usize = 50;

/// `GET /apis/{organization}/{api}/changelog`
pub(super) async fn changelog_page(cx: Cx, Path((organization, api)): Path<(String, String)>) -> PageResult {
    let reads = &cx.services().catalog_reads;
    let changelog = reads.changelog(cx.actor(), &organization, &api).await?;
    let detail = &changelog.detail;
    let is_listed = detail.api.visibility == Visibility::Public
        && shown_version(&detail.versions).is_some_and(|version| version.state.is_listed());
    let name = visible_text(&detail.api.name).into_owned();
    let of_twin = changelog.clone();
    let page = Page::new(format!("Changelog of {name}"), move || view(changelog))
        .description(format!("What changed in {name}, for those who call it."))
        .with_twin(move || twin::changelog_twin(of_twin))
        .listed_if(is_listed);
    Ok(if is_listed {
        page.with_feed(href::changelog_feed(&organization, &api))
    } else {
        page
    })
}

fn view(changelog: Changelog) -> AnyView {
    let organization = changelog.detail.organization.clone();
    let api = changelog.detail.api.clone();
    let name = visible_text(&api.name).into_owned();
    let overview = href::api(&organization.slug, &api.slug);
    let events = events(changelog);
    let is_empty = events.is_empty();
    let items = events
        .into_iter()
        .map(|(at, event)| item(at, event, organization.slug.as_str(), api.slug.as_str()))
        .collect_view();
    view! {
        <main id="main" class="wrap"><div class="stack page-top" data-gap="lg">
            <Crumbs
                above=vec![
                    Place::new("Catalog", href::catalog()),
                    Place::new(
                        visible_text(&organization.name).into_owned(),
                        href::provider(&organization.slug),
                    ),
                    Place::new(name.clone(), overview.clone()),
                ]
                current="Changelog"
            />
            <PageTitle
                title=format!("Changelog of {name}")
                about=view! { <span>"What changed for those who call it, newest first."</span> }.into_any()
                actions=view! { <LinkButton href=overview>"Overview"</LinkButton> }.into_any()
            />
            {is_empty
                .then(|| view! { <Empty title="Nothing changed yet" text="What changes for callers will be written down here." /> })}
            <ol class="changelog" role="list">{items}</ol>
        </div></main>
    }
    .into_any()
}

fn item(at: Timestamp, event: Event, organization: &str, api: &str) -> AnyView {
    let tag = |version: &str| {
        let href = href::reference(organization, api, version);
        view! { <VersionTag name=version.to_owned() href=href /> }
    };
    let (version, body) = match event {
        Event::Published(version) => (version.name, view! { <p>"Published."</p> }.into_any()),
        Event::Ends(version) => (
            version.name,
            view! { <p>"Ends: calls are refused from this day on."</p> }.into_any(),
        ),
        Event::Deprecated(version) => {
            let guide = href::deprecation_guide(organization, api, &version.name);
            let body = view! { <p>"Deprecated. " <a href=guide>"What to do"</a></p> };
            (version.name, body.into_any())
        }
        Event::Changed(entry) => {
            let document = short_text(&entry.document_version, 60);
            let changes = entry.changes;
            let has_changes = !changes.is_empty();
            let details = has_changes.then(|| {
                view! {
                    <details class="twin">
                        <MoreSummary text="Show the changes" />
                        <div class="stack"><ChangeGroups changes=changes.clone() has_places=false heading_level=3 shown=SHOWN /></div>
                    </details>
                }
            });
            let body = view! {
                <p>"New description, document version " <code class="inline-code">{document}</code> "."</p>
                {change_counts(&changes)}
                {details}
            };
            (entry.version, body.into_any())
        }
    };
    view! {
        <li class="changelog-entry">
            <p class="muted small"><Day at /></p>
            <div class="stack" data-gap="sm">
                <h2>{tag(version.as_str())}</h2>
                {body}
            </div>
        </li>
    }
    .into_any()
}
