//! How good a version's document is: the card on its page, and the findings on a page of their own.

use std::collections::BTreeMap;

use axum::extract::{Path, Query};
use domain::{
    authz::Action,
    catalog::{VersionState, query::VersionDetail, report::Checks},
    clock::Timestamp,
};
use leptos::prelude::*;
use openapi::{
    Diagnostic, Severity,
    lint::{Origin, rule},
};
use serde::Deserialize;

use super::show::{Section, VersionPath, page as version_page};
use crate::{
    cx::Cx,
    features::console::spec_fields::FindingItem,
    form::{FormData, FormState},
    href,
    page::{ConsoleSection, Page, PageResult, Reply, ReplyResult},
    ui::{
        Ago, Badge, Button, ButtonSize, Callout, Card, Crumbs, LinkButton, MoreSummary, PageTitle, Place, Segmented,
        Stat, Stats, Tab, Tone, counted, visible_text,
    },
};

/// Which findings are listed.
#[derive(Deserialize)]
pub(super) struct Filter {
    #[serde(default)]
    severity: String,
}

/// The word of a filter in URLs, what people read, and whether a finding is one of them.
type Choice = (&'static str, &'static str, fn(Severity) -> bool);

/// What can be chosen.
const FILTERS: [Choice; 4] = [
    ("", "All", |_| true),
    ("error", "Errors", |severity| matches!(severity, Severity::Error)),
    ("warning", "Warnings", |severity| matches!(severity, Severity::Warning)),
    ("note", "Notes", |severity| {
        matches!(severity, Severity::Info | Severity::Hint)
    }),
];

/// `GET …/checks`
pub(super) async fn show(cx: Cx, Path((org, api, version)): VersionPath, Query(filter): Query<Filter>) -> PageResult {
    let reads = &cx.services().catalog_reads;
    let detail = reads.console_version(cx.actor(), &org, &api, &version).await?;
    let organization = detail.organization.clone();
    let may_edit = may_check(&cx, &detail);
    let now = cx.now();
    let page = Page::new(
        format!("Checks: {} {}", detail.api.name, detail.version.name),
        move || view(&detail, &filter.severity, may_edit, now),
    );
    Ok(page.console(&organization, ConsoleSection::Apis))
}

/// `POST …/checks`: judges the current revision anew.
pub(super) async fn check_again(cx: Cx, Path((org, api, version)): VersionPath, form: FormData) -> ReplyResult {
    let reads = &cx.services().catalog_reads;
    let detail = reads.console_version(cx.actor(), &org, &api, &version).await?;
    match cx.services().catalog.check_again(cx.actor(), detail.version.id).await {
        Ok(()) => Ok(Reply::redirect(href::version_action(&org, &api, &version, "checks")).flash("Checked.")),
        Err(error) => {
            let form = FormState::refused(form, error)?;
            let refused = Some((Section::Spec, form));
            Ok(version_page(&cx, (&org, &api, &version), refused).await?.into())
        }
    }
}

/// Whether the reader may have the document checked again.
pub(super) fn may_check(cx: &Cx, detail: &VersionDetail) -> bool {
    detail.version.state != VersionState::Retired && cx.actor().require(Action::EditApi, detail.organization.id).is_ok()
}

/// The card on the version's page.
#[component]
pub(super) fn ChecksCard(
    /// The version.
    detail: VersionDetail,
    /// Whether it can be checked again.
    may_edit: bool,
) -> impl IntoView {
    let (org, api, version) = (&detail.organization.slug, &detail.api.slug, &detail.version.name);
    let actions = detail.report.is_some().then(|| {
        let checks = href::version_action(org, api, version, "checks");
        view! { <LinkButton href=checks size=ButtonSize::Small>"All findings"</LinkButton> }.into_any()
    });
    let body = match &detail.report {
        Some(report) => view! { <ChecksNumbers checks=report.checks.clone() /> }.into_any(),
        None => view! { <p class="muted">"This revision has not been checked yet."</p> }.into_any(),
    };
    let again = again(&detail, may_edit);
    view! {
        <Card title="Quality" id="quality" actions=actions.into_any()>
            <div class="stack">{body} {again}</div>
        </Card>
    }
}

/// Says that the report is old or missing, with the button.
fn again(detail: &VersionDetail, may_edit: bool) -> Option<impl IntoView + use<>> {
    let is_needed = detail.report.is_none() || detail.is_report_outdated;
    let action = href::version_action(
        &detail.organization.slug,
        &detail.api.slug,
        &detail.version.name,
        "checks",
    );
    let reason = detail
        .is_report_outdated
        .then(|| view! { <p class="muted">"The organization's rules have changed since this was checked."</p> });
    is_needed.then(|| {
        view! {
            {reason}
            {may_edit.then(|| view! {
                <form method="post" action=action class="btn-row"><Button size=ButtonSize::Small>"Check again"</Button></form>
            })}
        }
    })
}

/// Score and counts.
#[component]
fn ChecksNumbers(
    /// Of a revision.
    checks: Checks,
) -> impl IntoView {
    view! {
        <Stats>
            <Stat name="Score" value=checks.score.to_string() unit="of 100" />
            <Stat name="Errors" value=domain::plan::grouped(checks.errors as u64) />
            <Stat name="Warnings" value=domain::plan::grouped(checks.warnings as u64) />
            <Stat name="Notes" value=domain::plan::grouped(checks.notes as u64) />
        </Stats>
    }
}

fn view(detail: &VersionDetail, severity: &str, may_edit: bool, now: Timestamp) -> AnyView {
    let (org, api, name) = (&detail.organization.slug, &detail.api.slug, &detail.version.name);
    let rules = href::organization_rules(org);
    let title = view! {
        <Crumbs
            above=vec![
                Place::new("APIs", href::console_apis(org)),
                Place::new(detail.api.name.clone(), href::console_api(org, api)),
                Place::new(name.to_string(), href::console_version(org, api, name)),
            ]
            current="Checks"
        />
        <PageTitle
            title=format!("Checks of {} {name}", detail.api.name)
            about=detail
                .report
                .as_ref()
                .map(|report| view! { <span>"Checked " <Ago at=report.made_at now /></span> })
                .into_any()
            actions=view! { <LinkButton href=rules>"Rules"</LinkButton> }.into_any()
        />
    };
    let Some(report) = &detail.report else {
        return view! {
            <div class="stack" data-gap="lg">
                {title}
                <ChecksCard detail=detail.clone() may_edit />
            </div>
        }
        .into_any();
    };
    let checks = &report.checks;
    let own = href::version_action(org, api, name, "checks");
    let (_, _, is_shown) = FILTERS
        .into_iter()
        .find(|(word, ..)| *word == severity)
        .unwrap_or(FILTERS[0]);
    let choices = FILTERS.map(|(word, text, _)| {
        let href = href::with_query(&own, &[("severity", word)]);
        Tab::new(text, href, word == severity)
    });
    let groups = groups(&checks.findings, is_shown);
    let is_empty = groups.is_empty();
    let omitted = (checks.omitted > 0).then(|| {
        let words = counted(checks.omitted as u64, "finding more is", "findings more are");
        view! { <p class="muted">{format!("{words} counted but not listed.")}</p> }
    });
    view! {
        <div class="stack" data-gap="lg">
            {title}
            <ChecksNumbers checks=checks.clone() />
            <p class="muted small">{areas(checks)}</p>
            {again(detail, may_edit)}
            <Segmented label="Severity" choices=choices.to_vec() />
            {is_empty.then(|| view! { <Callout tone=Tone::Ok title="Nothing was found here." /> })}
            {groups}
            {omitted}
            {accepted(checks)}
        </div>
    }
    .into_any()
}

/// `structure 98, documentation 71, …`
fn areas(checks: &Checks) -> String {
    let areas: Vec<_> = checks
        .areas
        .iter()
        .map(|(name, score)| format!("{name} {score}"))
        .collect();
    format!("Score by area: {}.", areas.join(", "))
}

/// A card for each rule that found something, the worst first.
fn groups(findings: &[Diagnostic], is_shown: fn(Severity) -> bool) -> Vec<AnyView> {
    let mut by_rule: BTreeMap<(Severity, &str), Vec<&Diagnostic>> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| is_shown(finding.severity)) {
        by_rule
            .entry((finding.severity, finding.code.as_ref()))
            .or_default()
            .push(finding);
    }
    let groups = by_rule.into_iter().enumerate();
    groups.map(|(at, ((_, name), found))| group(at, name, &found)).collect()
}

fn group(at: usize, name: &str, found: &[&Diagnostic]) -> AnyView {
    const SHOWN: usize = 100;
    let known = rule(name);
    let about = known.map(|rule| {
        let link = (rule.origin == Origin::Spectral).then(|| {
            let href = format!(
                "https://github.com/stoplightio/spectral/blob/develop/docs/reference/openapi-rules.md#{}",
                rule.name.to_lowercase()
            );
            view! { " " <a href=href rel="noopener noreferrer">"About the rule"</a> }
        });
        view! { <p class="muted small">{rule.description} {link}</p> }
    });
    let items = found
        .iter()
        .take(SHOWN)
        .map(|finding| view! { <FindingItem diagnostic=(*finding).clone() /> })
        .collect_view();
    let more = found.len().saturating_sub(SHOWN);
    view! {
        <Card
            title=visible_text(name).into_owned()
            id=format!("rule-{at}")
            actions=view! { <Badge word=counted(found.len() as u64, "finding", "findings") /> }.into_any()
        >
            {about}
            <ul class="diagnostics" role="list">{items}</ul>
            {(more > 0).then(|| view! { <p class="small muted">{format!("and {more} more")}</p> })}
        </Card>
    }
    .into_any()
}

/// What exceptions of the ruleset cover, with the reasons.
fn accepted(checks: &Checks) -> Option<impl IntoView + use<>> {
    if checks.accepted.is_empty() {
        return None;
    }
    let items = checks
        .accepted
        .iter()
        .map(|accepted| {
            let finding = &accepted.finding;
            view! {
                <li class="diagnostic">
                    <span class="badge">"Accepted"</span>
                    <div>
                        <p>{visible_text(&accepted.reason).into_owned()}</p>
                        <p class="small muted row">
                            <code class="inline-code">{visible_text(&finding.code).into_owned()}</code>
                            <span>{visible_text(&finding.message).into_owned()}</span>
                            <code class="inline-code">{visible_text(&finding.pointer).into_owned()}</code>
                        </p>
                    </div>
                </li>
            }
        })
        .collect_view();
    let words = counted(checks.accepted.len() as u64, "accepted finding", "accepted findings");
    Some(view! {
        <details class="twin">
            <MoreSummary text=words />
            <ul class="diagnostics" role="list">{items}</ul>
        </details>
    })
}
