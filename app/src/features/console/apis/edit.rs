//! `/console/{org}/apis/{api}/edit`: name, summary, visibility, tags.

use axum::extract::Path;
use domain::catalog::{Visibility, query::ApiDetail, service::ApiInput};
use leptos::prelude::*;

use super::tags_of;
use crate::{
    cx::Cx,
    form::{FormData, FormState},
    href,
    page::{ConsoleSection, Page, PageResult, Reply, ReplyResult},
    ui::{Button, ButtonKind, Choice, Crumbs, ErrorSummary, PageTitle, Place, RadioCards, TextField},
};

pub(super) async fn show(cx: Cx, Path((org, api)): Path<(String, String)>) -> PageResult {
    let detail = cx.services().catalog_reads.console_api(cx.actor(), &org, &api).await?;
    let values = FormData::from_pairs([
        ("name", detail.api.name.clone()),
        ("summary", detail.api.summary.clone()),
        ("tags", detail.api.tags.join(", ")),
        ("visibility", detail.api.visibility.as_str().to_owned()),
    ]);
    Ok(page(&detail, FormState::showing(values)))
}

pub(super) async fn save(cx: Cx, Path((org, api)): Path<(String, String)>, form: FormData) -> ReplyResult {
    let detail = cx.services().catalog_reads.console_api(cx.actor(), &org, &api).await?;
    let input = ApiInput {
        slug: api.clone(),
        name: form.text("name").to_owned(),
        summary: form.text("summary").to_owned(),
        visibility: if form.text("visibility") == "private" {
            Visibility::Private
        } else {
            Visibility::Public
        },
        tags: tags_of(form.text("tags")),
    };
    match cx.services().catalog.update_api(cx.actor(), detail.api.id, input).await {
        Ok(_) => Ok(Reply::redirect(href::console_api(&org, &api)).flash("Saved.")),
        Err(error) => Ok(page(&detail, FormState::refused(form, error)?).into()),
    }
}

fn page(detail: &ApiDetail, form: FormState) -> Page {
    let (org, api) = (detail.organization.slug.clone(), detail.api.clone());
    let status = form.status();
    let page = Page::new(format!("Edit {}", api.name), move || {
        let visibility = vec![
            Choice::new("public", "Public", "Everybody finds it once a version is published."),
            Choice::new(
                "private",
                "Private",
                "Only members of your organization see it. Subscriptions go on.",
            ),
        ];
        view! {
            <div class="stack" data-gap="lg">
                <Crumbs
                    above=vec![
                        Place::new("APIs", href::console_apis(&org)),
                        Place::new(api.name.clone(), href::console_api(&org, &api.slug)),
                    ]
                    current="Edit"
                />
                <PageTitle title=format!("Edit {}", api.name) />
                <ErrorSummary errors=form.errors.clone() />
                <form method="post" action=href::edit_api(&org, &api.slug) class="stack" data-gap="lg">
                    <div class="form-grid">
                        <TextField name="name" label="Name" value=form.value("name") error=form.error("name") max_length=100 />
                        <TextField
                            name="tags"
                            label="Tags"
                            value=form.value("tags")
                            error=form.error("tags")
                            optional=true
                            help="Words to find it by, separated by commas."
                        />
                        <TextField
                            name="summary"
                            label="Summary"
                            value=form.value("summary")
                            error=form.error("summary")
                            optional=true
                            wide=true
                            max_length=300
                        />
                    </div>
                    <RadioCards legend="Visibility" name="visibility" choices=visibility value=form.value("visibility") />
                    <div class="btn-row">
                        <Button kind=ButtonKind::Primary>"Save changes"</Button>
                        <a class="btn" data-kind="quiet" href=href::console_api(&org, &api.slug)>"Cancel"</a>
                    </div>
                </form>
            </div>
        }
    });
    page.console(&detail.organization, ConsoleSection::Apis).status(status)
}
