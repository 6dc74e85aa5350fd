//! What a version's document changed: the card on its page, and the changes on a page of their own.

use axum::extract::{Path, Query};
use domain::catalog::{
    query::VersionDetail,
    report::{ChangeLevel, RevisionChanges},
    reports::Against,
};
use leptos::prelude::*;
use serde::Deserialize;

use super::show::VersionPath;
use crate::{
    cx::Cx,
    document::{ChangeGroups, change_counts},
    href,
    page::{ConsoleSection, Page, PageResult},
    ui::{
        Button, ButtonSize, Callout, Card, Crumbs, Empty, LinkButton, PageTitle, Place, SelectField, Tone, visible_text,
    },
};

/// What is compared with.
#[derive(Deserialize)]
pub(super) struct Chosen {
    /// `revision:3` or `version:v1`; empty for the revision before.
    #[serde(default)]
    against: String,
}

/// `GET …/changes`
pub(super) async fn show(cx: Cx, Path((org, api, version)): VersionPath, Query(chosen): Query<Chosen>) -> PageResult {
    let reads = &cx.services().catalog_reads;
    let detail = reads.console_version(cx.actor(), &org, &api, &version).await?;
    let changes = match read(&chosen.against) {
        Some(against) => Some(reads.comparison(cx.actor(), &detail, &against).await?),
        None => match detail.report.as_ref().and_then(|report| report.changes.clone()) {
            Some(changes) => Some(changes),
            None => match before(&detail) {
                Some(against) => Some(reads.comparison(cx.actor(), &detail, &against).await?),
                None => None,
            },
        },
    };
    let organization = detail.organization.clone();
    let page = Page::new(
        format!("Changes: {} {}", detail.api.name, detail.version.name),
        move || view(&detail, changes.as_ref(), &chosen.against),
    );
    Ok(page.console(&organization, ConsoleSection::Apis))
}

fn read(against: &str) -> Option<Against> {
    match against.split_once(':')? {
        ("revision", number) => number.parse().ok().map(Against::Revision),
        ("version", name) => Some(Against::Version(name.to_owned())),
        _ => None,
    }
}

/// The revision before the current one.
fn before(detail: &VersionDetail) -> Option<Against> {
    let earlier = detail
        .revisions
        .iter()
        .find(|revision| Some(revision.id) != detail.version.revision_id)?;
    Some(Against::Revision(earlier.number))
}

/// The card on the version's page; nothing for a first revision.
#[component]
pub(super) fn ChangesCard(
    /// The version.
    detail: VersionDetail,
) -> impl IntoView {
    let changes = detail.report.as_ref().and_then(|report| report.changes.clone());
    let href = href::version_action(
        &detail.organization.slug,
        &detail.api.slug,
        &detail.version.name,
        "changes",
    );
    changes.map(|changes| {
        let actions = view! { <LinkButton href size=ButtonSize::Small>"All changes"</LinkButton> };
        view! {
            <Card title=format!("Changes since {}", changes.before) id="changes" actions=actions.into_any()>
                <div class="stack" data-gap="sm">{change_counts(&changes)} {suggestion(&changes)}</div>
            </Card>
        }
    })
}

fn suggestion(changes: &RevisionChanges) -> impl IntoView + use<> {
    let reason = changes.reason.clone();
    changes.suggested_version.as_ref().map(|version| {
        let version = visible_text(version).into_owned();
        view! { <p class="muted">"Suggested version: " <code class="inline-code">{version}</code> ", because " {reason} "."</p> }
    })
}

fn view(detail: &VersionDetail, changes: Option<&RevisionChanges>, against: &str) -> AnyView {
    let (org, api, name) = (&detail.organization.slug, &detail.api.slug, &detail.version.name);
    let own = href::version_action(org, api, name, "changes");
    let options = choices(detail);
    let chosen = options
        .iter()
        .find(|(value, _)| value == against)
        .or(options.first())
        .map(|(value, _)| value.clone())
        .unwrap_or_default();
    let choose = (!options.is_empty()).then(|| {
        view! {
            <form method="get" action=own class="filter-row">
                <SelectField name="against" label="Compared with" value=chosen options />
                <Button>"Compare"</Button>
            </form>
        }
    });
    let body = match changes {
        Some(changes) if changes.is_empty() => {
            view! { <Callout tone=Tone::Ok title=format!("Nothing is different from {}.", changes.before) /> }.into_any()
        }
        Some(changes) => view! {
            {(changes.count(ChangeLevel::Error) > 0)
                .then(|| view! { <Callout tone=Tone::Danger title="Some changes break callers." /> })}
            <div class="stack" data-gap="sm">{change_counts(changes)} {suggestion(changes)}</div>
            <ChangeGroups changes=changes.clone() has_places=true />
        }
        .into_any(),
        None => view! {
            <Empty
                title="Nothing to compare with yet"
                text="Upload a new revision of the document, or publish another version, to see what changes for callers."
            />
        }
        .into_any(),
    };
    view! {
        <div class="stack" data-gap="lg">
            <Crumbs
                above=vec![
                    Place::new("APIs", href::console_apis(org)),
                    Place::new(detail.api.name.clone(), href::console_api(org, api)),
                    Place::new(name.to_string(), href::console_version(org, api, name)),
                ]
                current="Changes"
            />
            <PageTitle title=format!("Changes in {} {name}", detail.api.name) />
            {choose}
            {body}
        </div>
    }
    .into_any()
}

/// What the current document can be compared with: earlier revisions, newest first, then other versions.
fn choices(detail: &VersionDetail) -> Vec<(String, String)> {
    const SHOWN: usize = 50;
    let revisions = detail
        .revisions
        .iter()
        .filter(|revision| Some(revision.id) != detail.version.revision_id)
        .take(SHOWN)
        .map(|revision| {
            let document = visible_text(&revision.document_version);
            (
                format!("revision:{}", revision.number),
                format!("Revision {} (document version {document})", revision.number),
            )
        });
    let versions = detail
        .siblings
        .iter()
        .filter(|version| version.revision_id.is_some())
        .map(|version| (format!("version:{}", version.name), format!("Version {}", version.name)));
    revisions.chain(versions).collect()
}
