//! The overview of an api: what it does, the first request, plans, versions, operations, facts.

use std::sync::Arc;

use axum::extract::Path;
use domain::{
    catalog::{
        Version, Visibility,
        query::{ApiDetail, Reference},
    },
    clock::Timestamp,
};
use leptos::prelude::*;

use super::{facts, plans, quickstart, twins, versions};
use crate::{
    cx::{Cx, Settings},
    document::{Chapter, OperationTable, chapters, description, lifecycle_notice, shown_version},
    href,
    page::{Page, PageResult},
    ui::{
        ButtonKind, ButtonRow, Callout, Crumbs, IconName, LinkButton, Marker, MarkerSize, Place, SectionHead,
        StateBadge, Tab, Tabs, Tone, VersionTag,
        text::{counted, short_text, visible_text},
    },
};

/// Most operations that the overview lists; the reference has them all.
const LISTED: usize = 40;

pub(super) async fn api_page(cx: Cx, Path((organization, api)): Path<(String, String)>) -> PageResult {
    let reads = &cx.services().catalog_reads;
    let detail = reads.api(cx.actor(), &organization, &api).await?;
    let shown = shown_version(&detail.versions).cloned();
    let reference = match shown.as_ref().filter(|version| version.revision_id.is_some()) {
        Some(version) => Some(
            reads
                .reference(cx.actor(), &organization, &api, version.name.as_str())
                .await?,
        ),
        None => None,
    };
    let is_listed =
        detail.api.visibility == Visibility::Public && shown.as_ref().is_some_and(|version| version.state.is_listed());
    let overview = Overview {
        detail,
        shown,
        reference,
        settings: Arc::clone(&cx.app.settings),
        now: cx.now(),
    };
    let title = format!(
        "{} by {}",
        visible_text(&overview.detail.api.name),
        visible_text(&overview.detail.organization.name)
    );
    let description = short_text(&overview.detail.api.summary, 300);
    let overview = Arc::new(overview);
    let of_twin = Arc::clone(&overview);
    let page = Page::new(title, move || overview.view())
        .description(description)
        .with_islands()
        .with_twin(move || twins::api_twin(&of_twin));
    Ok(page.listed_if(is_listed))
}

/// Everything the page shows.
pub(super) struct Overview {
    pub(super) detail: ApiDetail,
    /// The version that a reader should start with.
    pub(super) shown: Option<Version>,
    /// Its document, if it has one.
    pub(super) reference: Option<Reference>,
    pub(super) settings: Arc<Settings>,
    pub(super) now: Timestamp,
}

impl Overview {
    pub(super) fn place(&self, version: &Version) -> [String; 3] {
        [
            self.detail.organization.slug.to_string(),
            self.detail.api.slug.to_string(),
            version.name.to_string(),
        ]
    }

    fn view(&self) -> AnyView {
        let name = visible_text(&self.detail.api.name).into_owned();
        view! {
            <main id="main" class="wrap">
                <div class="page-head">
                    {self.head(&name)}
                    {self.notice()}
                    {self.tabs(&name)}
                </div>
                <div class="with-rail">
                    <div class="stack" data-gap="lg">
                        {self.about()}
                        {quickstart::section(self)}
                        {plans::section(self)}
                        {versions::section(self)}
                        {self.operations()}
                    </div>
                    <aside aria-label=format!("Facts about {name}") class="stack">{facts::card(self)}</aside>
                </div>
            </main>
        }
        .into_any()
    }

    fn head(&self, name: &str) -> impl IntoView + use<> {
        let organization = visible_text(&self.detail.organization.name).into_owned();
        let provider = href::provider(&self.detail.organization.slug);
        let version = self.shown.as_ref().map(|version| {
            view! {
                <span class="row">
                    <VersionTag name=version.name.to_string() href=self.reference_href(version) />
                    <StateBadge state=version.state />
                </span>
            }
        });
        let reference = self.shown.as_ref().filter(|version| version.revision_id.is_some()).map(|version| {
            view! { <LinkButton href=self.reference_href(version) icon=IconName::Doc>"Read the reference"</LinkButton> }
        });
        let key = (!self.detail.plans.is_empty()).then(|| {
            view! { <LinkButton href="#plans" kind=ButtonKind::Primary icon=IconName::Key>"Get a key"</LinkButton> }
        });
        let above = vec![
            Place::new("Catalog", href::catalog()),
            Place::new(organization.clone(), provider.clone()),
        ];
        view! {
            <Crumbs above=above current=name.to_owned() />
            <div class="title">
                <Marker name=name.to_owned() size=MarkerSize::Large />
                <div class="stack" data-gap="xs">
                    <h1>{name.to_owned()}</h1>
                    <p class="muted">"by " <a href=provider>{organization}</a></p>
                </div>
                {version}
                <ButtonRow>
                    {reference}
                    {key}
                </ButtonRow>
            </div>
        }
    }

    /// What must be known before anything else: a draft, the end of the shown version, the nearest end of another one.
    fn notice(&self) -> impl IntoView + use<> {
        let shown = self
            .shown
            .as_ref()
            .and_then(|version| lifecycle_notice(&self.detail, version, self.now, true));
        let private = (self.detail.api.visibility == Visibility::Private).then(|| {
            let title = format!(
                "Private: only members of {} see this API",
                visible_text(&self.detail.organization.name)
            );
            view! { <Callout tone=Tone::Info title=title /> }
        });
        let ending = shown
            .is_none()
            .then(|| versions::next_to_end(&self.detail.versions, self.now))
            .flatten();
        let ending = ending.and_then(|version| lifecycle_notice(&self.detail, version, self.now, true));
        view! {
            {private}
            {shown}
            {ending}
        }
    }

    fn tabs(&self, name: &str) -> impl IntoView + use<> {
        let own = href::api(&self.detail.organization.slug, &self.detail.api.slug);
        let mut tabs = vec![Tab::new("Overview", own, true)];
        if let Some((version, reference)) = self.shown.as_ref().zip(self.reference.as_ref()) {
            let count = reference.document.counts().operations as u64;
            tabs.push(Tab::new("Reference", self.reference_href(version), false).count(count));
        }
        if !self.detail.plans.is_empty() {
            tabs.push(Tab::new("Plans", "#plans", false).count(self.detail.plans.len() as u64));
        }
        if !self.detail.versions.is_empty() {
            tabs.push(Tab::new("Versions", "#versions", false).count(self.detail.versions.len() as u64));
        }
        let changelog = href::changelog(&self.detail.organization.slug, &self.detail.api.slug);
        tabs.push(Tab::new("Changelog", changelog, false));
        view! { <Tabs label=name.to_owned() tabs=tabs /> }
    }

    fn about(&self) -> Option<AnyView> {
        let summary = self.detail.api.summary.as_str();
        let text = match &self.reference {
            Some(reference) => description(&reference.document, Some(summary))?,
            None if summary.trim().is_empty() => return None,
            None => view! { <p class="lead">{visible_text(summary).into_owned()}</p> }.into_any(),
        };
        let section = view! {
            <section class="stack" data-gap="sm" aria-labelledby="what">
                <h2 id="what">"What it does"</h2>
                {text}
            </section>
        };
        Some(section.into_any())
    }

    /// The first operations of each chapter, or the chapters where there are many.
    fn operations(&self) -> AnyView {
        let Some((version, reference)) = self.shown.as_ref().zip(self.reference.as_ref()) else {
            return ().into_any();
        };
        let document = &reference.document;
        let total = document.operations().len();
        if total == 0 {
            return ().into_any();
        }
        let chapters = chapters(document);
        let all = self.reference_href(version);
        let place = self.place(version);
        let words = format!(
            "All {}",
            counted(document.counts().operations as u64, "operation", "operations")
        );
        let list = if total <= LISTED {
            chapters
                .iter()
                .map(|chapter| {
                    let heading = (chapters.len() > 1).then(|| view! { <h3>{short_text(&chapter.title, 100)}</h3> });
                    let caption = format!("Operations: {}", short_text(&chapter.title, 100));
                    let entries = chapter
                        .entries
                        .iter()
                        .copied()
                        .filter(|entry| chapter.is_home_of(entry))
                        .collect();
                    view! {
                        {heading}
                        <OperationTable caption=caption place=place.clone() entries=entries />
                    }
                })
                .collect_view()
                .into_any()
        } else {
            chapter_links(&chapters, &all)
        };
        view! {
            <section class="stack" data-gap="sm" aria-labelledby="operations">
                <SectionHead title="Operations" id="operations">
                    <a href=all>{words}</a>
                </SectionHead>
                {list}
            </section>
        }
        .into_any()
    }

    pub(super) fn reference_href(&self, version: &Version) -> String {
        href::reference(&self.detail.organization.slug, &self.detail.api.slug, &version.name)
    }
}

/// Chapters with the number of their operations.
fn chapter_links(chapters: &[Chapter<'_>], reference: &str) -> AnyView {
    const SHOWN: usize = 60;
    let links = chapters
        .iter()
        .take(SHOWN)
        .map(|chapter| {
            let href = href::with_query(reference, &[("chapter", &chapter.slug)]);
            view! {
                <li>
                    <a class="card chapter-card" href=href>
                        <strong>{short_text(&chapter.title, 100)}</strong>
                        <span class="small muted">{counted(chapter.entries.len() as u64, "operation", "operations")}</span>
                    </a>
                </li>
            }
        })
        .collect_view();
    view! { <ul class="provider-grid" role="list">{links}</ul> }.into_any()
}
