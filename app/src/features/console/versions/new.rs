//! A new version of an api.

use axum::extract::Path;
use domain::catalog::query::ApiDetail;
use leptos::prelude::*;

use crate::features::console::spec_fields::{SpecFields, spec_of};
use crate::{
    cx::Cx,
    form::{FormData, FormState},
    href,
    page::{ConsoleSection, Page, PageResult, Reply, ReplyResult},
    ui::{Button, ButtonKind, Crumbs, ErrorSummary, PageTitle, Place, TextField},
};

/// `GET /console/{org}/apis/{api}/versions/new`
pub(super) async fn show(cx: Cx, Path((org, api)): Path<(String, String)>) -> PageResult {
    let detail = load(&cx, &org, &api).await?;
    let values = FormData::from_pairs([("version", format!("v{}", detail.versions.len() + 1))]);
    Ok(page(&detail, FormState::showing(values)))
}

/// `POST /console/{org}/apis/{api}/versions/new`
pub(super) async fn create(cx: Cx, Path((org, api)): Path<(String, String)>, form: FormData) -> ReplyResult {
    let detail = load(&cx, &org, &api).await?;
    let result = match spec_of(&cx, &form).await {
        Ok(spec) => {
            cx.services()
                .catalog
                .create_version(cx.actor(), detail.api.id, form.text("version"), spec)
                .await
        }
        Err(error) => Err(error),
    };
    match result {
        Ok(version) => Ok(
            Reply::redirect(href::console_version(&org, &api, &version.name)).flash(format!(
                "{} is a draft. Set its upstream, then publish it.",
                version.name
            )),
        ),
        Err(error) => Ok(page(&detail, FormState::refused(form, error)?).into()),
    }
}

async fn load(cx: &Cx, org: &str, api: &str) -> Result<ApiDetail, crate::error::PageError> {
    let detail = cx.services().catalog_reads.console_api(cx.actor(), org, api).await?;
    cx.actor()
        .require(domain::authz::Action::EditApi, detail.organization.id)?;
    Ok(detail)
}

fn page(detail: &ApiDetail, form: FormState) -> Page {
    let (org, api) = (detail.organization.slug.clone(), detail.api.clone());
    let status = form.status();
    let page = Page::new(format!("New version of {}", api.name), move || {
        view! {
            <div class="stack" data-gap="lg">
                <Crumbs
                    above=vec![
                        Place::new("APIs", href::console_apis(&org)),
                        Place::new(api.name.clone(), href::console_api(&org, &api.slug)),
                    ]
                    current="New version"
                />
                <PageTitle title=format!("New version of {}", api.name) />
                <ErrorSummary errors=form.errors.clone() />
                <form
                    method="post"
                    action=href::new_version(&org, &api.slug)
                    enctype="multipart/form-data"
                    class="stack"
                    data-gap="lg"
                >
                    <TextField
                        name="version"
                        label="Version"
                        value=form.value("version")
                        error=form.error("version")
                        mono=true
                        help="Stands in the path of its calls, for example v2."
                        max_length=40
                    />
                    <SpecFields form=form.clone() />
                    <div class="btn-row">
                        <Button kind=ButtonKind::Primary>"Create version"</Button>
                        <a class="btn" data-kind="quiet" href=href::console_api(&org, &api.slug)>"Cancel"</a>
                    </div>
                </form>
            </div>
        }
    });
    page.console(&detail.organization, ConsoleSection::Apis).status(status)
}
