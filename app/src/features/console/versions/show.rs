//! The page of a version: what is published, where calls go, what can be done next.

use axum::extract::Path;
use domain::{
    authz::Action,
    catalog::{VersionState, query::VersionDetail, version::Access},
};
use leptos::prelude::*;

use super::{
    cache::CacheCard,
    changes::ChangesCard,
    checks::{ChecksCard, may_check},
    deprecation::DeprecationCard,
    lifecycle::LifecycleCard,
    operations::OperationsCard,
    routing::RoutingCard,
    spec::SpecCard,
    upstream::{AccessCard, UpstreamCard},
};
use crate::{
    cx::Cx,
    document::base_url,
    features::console::spec_fields::DiagnosticCard,
    form::FormState,
    href,
    page::{ConsoleSection, Page, PageResult},
    ui::{Callout, Crumbs, ErrorSummary, IconName, LinkButton, PageTitle, Place, StateBadge, Tone},
};

/// Which of the page's forms was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Spec,
    Upstream,
    Access,
    Routing,
    Cache,
    Deprecation,
    Lifecycle,
}

/// Names of the version a page is about, from its path.
pub(super) type VersionPath = Path<(String, String, String)>;

/// `GET /console/{org}/apis/{api}/versions/{version}`
pub(super) async fn show(cx: Cx, Path((org, api, version)): VersionPath) -> PageResult {
    page(&cx, (&org, &api, &version), None).await
}

/// The page, with a refused form in its section.
pub(super) async fn page(
    cx: &Cx,
    (org, api, version): (&str, &str, &str),
    refused: Option<(Section, FormState)>,
) -> PageResult {
    let detail = cx
        .services()
        .catalog_reads
        .console_version(cx.actor(), org, api, version)
        .await?;
    let status = refused
        .as_ref()
        .map_or(axum::http::StatusCode::OK, |(_, form)| form.status());
    let organization = detail.organization.clone();
    let title = format!("{} {}", detail.api.name, detail.version.name);
    let may_edit = cx.actor().require(Action::EditApi, organization.id).is_ok();
    let may_publish = cx.actor().require(Action::PublishVersion, organization.id).is_ok();
    let may_check = may_check(cx, &detail);
    let has_plan = !cx
        .services()
        .catalog_reads
        .console_api(cx.actor(), org, api)
        .await?
        .plans
        .is_empty();
    let gateway_url = cx.settings().gateway_url.clone();
    let now = cx.now();
    let body = move || {
        let form_of = |section: Section| match &refused {
            Some((at, form)) if *at == section => Some(form.clone()),
            _ => None,
        };
        let errors = refused
            .as_ref()
            .map(|(_, form)| form.errors.clone())
            .unwrap_or_default();
        let state = detail.version.state;
        let is_open = state != VersionState::Retired;
        let is_served = matches!(state, VersionState::Published | VersionState::Deprecated);
        let (org, api, name) = (
            detail.organization.slug.clone(),
            detail.api.slug.clone(),
            detail.version.name.clone(),
        );
        let base = base_url(&gateway_url, org.as_str(), api.as_str(), &detail.version);
        let has_document = !detail.revisions.is_empty();
        let actions = view! {
            <LinkButton href=href::version_action(&org, &api, &name, "policies") icon=IconName::Shield>"Policies"</LinkButton>
            {has_document.then(|| view! {
                <LinkButton href=href::reference(&org, &api, &name) icon=IconName::Eye>
                    {if state == VersionState::Draft { "Preview" } else { "View in portal" }}
                </LinkButton>
            })}
        };
        view! {
            <div class="stack" data-gap="lg">
                <Crumbs
                    above=vec![
                        Place::new("APIs", href::console_apis(&org)),
                        Place::new(detail.api.name.clone(), href::console_api(&org, &api)),
                    ]
                    current=name.to_string()
                />
                <PageTitle
                    title=format!("{} {}", detail.api.name, name)
                    about=view! { <StateBadge state=state /> <code class="inline-code">{base}</code> }.into_any()
                    actions=actions.into_any()
                />
                <ErrorSummary errors />
                {missing(&detail)}
                {(!has_plan && detail.version.access == Access::Key && state.is_listed() && is_open)
                    .then(|| without_plan(&detail))}
                {may_publish.then(|| view! { <LifecycleCard detail=detail.clone() /> })}
                <SpecCard detail=detail.clone() form=form_of(Section::Spec) may_edit=may_edit && is_open now />
                {detail
                    .revisions
                    .first()
                    .map(|revision| view! { <DiagnosticCard diagnostics=revision.diagnostics.clone() /> })}
                {has_document.then(|| view! { <ChecksCard detail=detail.clone() may_edit=may_check /> })}
                <ChangesCard detail=detail.clone() />
                <OperationsCard detail=detail.clone() />
                <UpstreamCard detail=detail.clone() form=form_of(Section::Upstream) may_edit=may_edit && is_open />
                <AccessCard detail=detail.clone() form=form_of(Section::Access) may_edit=may_edit && is_open />
                <RoutingCard detail=detail.clone() form=form_of(Section::Routing) may_edit=may_edit && is_open />
                {(detail.is_cached && is_served)
                    .then(|| view! { <CacheCard detail=detail.clone() form=form_of(Section::Cache) may_edit /> })}
                {is_served
                    .then(|| {
                        view! {
                            <DeprecationCard
                                detail=detail.clone()
                                form=form_of(Section::Deprecation)
                                may_publish
                                now
                            />
                        }
                    })}
            </div>
        }
    };
    Ok(Page::new(title, body)
        .console(&organization, ConsoleSection::Apis)
        .status(status))
}

/// Nobody can get a key for an api that no plan covers.
fn without_plan(detail: &VersionDetail) -> impl IntoView + use<> {
    let org = detail.organization.slug.clone();
    view! {
        <Callout tone=Tone::Warn title="No plan covers this API">
            <p>"Without one nobody can subscribe and get a key."</p>
            <div class="btn-row">
                <LinkButton href=href::new_plan(&org)>"Create a plan"</LinkButton>
                <LinkButton href=href::console_plans(&org)>"Add it to a plan"</LinkButton>
            </div>
        </Callout>
    }
}

/// What a draft still lacks before it can be published.
fn missing(detail: &VersionDetail) -> Option<impl IntoView + use<>> {
    let lacks_spec = detail.revisions.is_empty();
    let lacks_upstream = detail.version.upstream.is_none() && !detail.is_mocked;
    (detail.version.state == VersionState::Draft && (lacks_spec || lacks_upstream)).then(|| {
        view! {
            <Callout tone=Tone::Info title="Before you can publish">
                <ul>
                    {lacks_spec.then(|| view! { <li><a href="#spec-card">"Bring an OpenAPI document"</a></li> })}
                    {lacks_upstream.then(|| view! { <li><a href="#upstream-card">"Say where calls go"</a></li> })}
                </ul>
            </Callout>
        }
    })
}
