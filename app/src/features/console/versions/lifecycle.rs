//! Publish a draft; retire a version for good.

use axum::extract::Path;
use domain::catalog::{VersionState, query::VersionDetail};
use leptos::prelude::*;

use super::show::VersionPath;
use crate::{
    cx::Cx,
    form::{FormData, FormState},
    href,
    page::{ConsoleSection, Page, PageResult, Reply, ReplyResult},
    ui::{Button, ButtonKind, Card, ConfirmByName, Crumbs, ErrorSummary, LinkButton, PageTitle, Place},
};

/// The next step of the version's life.
#[component]
pub(super) fn LifecycleCard(
    /// The version.
    detail: VersionDetail,
) -> impl IntoView {
    let (org, api, version) = (
        detail.organization.slug.clone(),
        detail.api.slug.clone(),
        detail.version.name.clone(),
    );
    match detail.version.state {
        VersionState::Draft => {
            let has_answers = detail.version.upstream.is_some() || detail.is_mocked;
            let is_ready = has_answers && !detail.revisions.is_empty();
            let count = detail.operations.len();
            is_ready
                .then(|| {
                    view! {
                        <Card title="Ready to publish" id="lifecycle">
                            <form method="post" action=href::version_action(&org, &api, &version, "publish") class="stack">
                                <p>
                                    {format!(
                                        "Publishing lists {version} in the portal and routes {} through the gateway.",
                                        crate::ui::counted(count as u64, "operation", "operations"),
                                    )}
                                </p>
                                <div class="btn-row">
                                    <Button kind=ButtonKind::Primary>{format!("Publish {version}")}</Button>
                                </div>
                            </form>
                        </Card>
                    }
                })
                .into_any()
        }
        VersionState::Published | VersionState::Deprecated => view! {
            <Card title="Lifecycle" id="lifecycle">
                <div class="row" data-between=true>
                    <p class="muted">
                        "Retiring stops all calls at once. "
                        {(detail.version.state == VersionState::Published)
                            .then(|| {
                                view! {
                                    <a href="#deprecation-card">"Announce the end"</a>
                                    " first, so that consumers can move."
                                }
                            })}
                    </p>
                    <LinkButton href=href::version_action(&org, &api, &version, "retire") kind=ButtonKind::Danger>
                        {format!("Retire {version}")}
                    </LinkButton>
                </div>
            </Card>
        }
        .into_any(),
        VersionState::Retired => ().into_any(),
    }
}

/// `GET …/retire`: asks first, because nothing brings a retired version back.
pub(super) async fn ask_retire(cx: Cx, Path((org, api, version)): VersionPath) -> PageResult {
    retire_page(&cx, (&org, &api, &version), FormState::default()).await
}

/// `POST …/retire`
pub(super) async fn retire(cx: Cx, Path((org, api, version)): VersionPath, form: FormData) -> ReplyResult {
    let detail = cx
        .services()
        .catalog_reads
        .console_version(cx.actor(), &org, &api, &version)
        .await?;
    if form.text("confirm") != version {
        let error = domain::error::DomainError::field("confirm", format!("Type {version} to retire it."));
        return Ok(
            retire_page(&cx, (&org, &api, &version), FormState::refused(form, error)?)
                .await?
                .into(),
        );
    }
    match cx.services().catalog.retire(cx.actor(), detail.version.id).await {
        Ok(_) => Ok(Reply::redirect(href::console_version(&org, &api, &version))
            .flash(format!("{version} is retired. Calls get 410 from now on."))),
        Err(error) => Ok(
            retire_page(&cx, (&org, &api, &version), FormState::refused(form, error)?)
                .await?
                .into(),
        ),
    }
}

async fn retire_page(cx: &Cx, (org, api, version): (&str, &str, &str), form: FormState) -> PageResult {
    let detail = cx
        .services()
        .catalog_reads
        .console_version(cx.actor(), org, api, version)
        .await?;
    cx.actor()
        .require(domain::authz::Action::PublishVersion, detail.organization.id)?;
    let organization = detail.organization.clone();
    let status = form.status();
    let (org, api) = (org.to_owned(), api.to_owned());
    let version = version.to_owned();
    let page = Page::new(format!("Retire {} {version}", detail.api.name), move || {
        view! {
            <div class="stack" data-gap="lg">
                <Crumbs
                    above=vec![
                        Place::new("APIs", href::console_apis(&org)),
                        Place::new(detail.api.name.clone(), href::console_api(&org, &api)),
                        Place::new(version.clone(), href::console_version(&org, &api, &version)),
                    ]
                    current="Retire"
                />
                <PageTitle title=format!("Retire {} {version}", detail.api.name) />
                <ErrorSummary errors=form.errors.clone() />
                <Card title="What happens" id="retire">
                    <ConfirmByName
                        action=href::version_action(&org, &api, &version, "retire")
                        name=version.clone()
                        purpose="to retire it"
                        button=format!("Retire {version}")
                        cancel_href=href::console_version(&org, &api, &version)
                        cancel="Keep it"
                        error=form.error("confirm")
                    >
                        <p>
                            "Every call to this version gets 410 at once, with a link to its successor if there is one. Nothing brings a retired version back."
                        </p>
                    </ConfirmByName>
                </Card>
            </div>
        }
    });
    Ok(page.console(&organization, ConsoleSection::Apis).status(status))
}
