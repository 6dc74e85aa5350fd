//! A new api: bring a spec, see at once what it describes.

use axum::extract::Path;
use domain::{
    catalog::{Visibility, service::ApiInput},
    error::DomainError,
    organization::Organization,
    slug::Slug,
};
use leptos::prelude::*;

use super::tags_of;
use crate::{
    cx::Cx,
    features::console::spec_fields::{SpecFields, spec_of},
    form::{FormData, FormState},
    href,
    page::{ConsoleSection, Page, PageResult, Reply, ReplyResult},
    ui::{Button, ButtonKind, Choice, Crumbs, ErrorSummary, PageTitle, Place, RadioCards, TextField},
};

/// `GET /console/{org}/apis/new`
pub(super) async fn show(cx: Cx, Path(slug): Path<String>) -> PageResult {
    let organization = cx.services().organizations.for_console(cx.actor(), &slug).await?;
    cx.actor().require(domain::authz::Action::EditApi, organization.id)?;
    let values = FormData::from_pairs([("version", "v1")]);
    Ok(page(&organization, FormState::showing(values)))
}

/// `POST /console/{org}/apis/new`
pub(super) async fn create(cx: Cx, Path(slug): Path<String>, form: FormData) -> ReplyResult {
    let organization = cx.services().organizations.for_console(cx.actor(), &slug).await?;
    cx.actor().require(domain::authz::Action::EditApi, organization.id)?;
    let spec = match spec_of(&cx, &form).await {
        Ok(None) => {
            let error = DomainError::field("spec", "Choose a file, paste the document or give its URL.");
            return Ok(page(&organization, FormState::refused(form, error)?).into());
        }
        Ok(spec) => spec,
        Err(error) => return Ok(page(&organization, FormState::refused(form, error)?).into()),
    };
    let input = ApiInput {
        slug: slug_of(&form),
        name: form.text("name").to_owned(),
        summary: form.text("summary").to_owned(),
        visibility: if form.text("visibility") == "private" {
            Visibility::Private
        } else {
            Visibility::Public
        },
        tags: tags_of(form.text("tags")),
    };
    match cx
        .services()
        .catalog
        .create_api(cx.actor(), organization.id, input, form.text("version"), spec)
        .await
    {
        Ok((api, version)) => {
            let to = href::console_version(&organization.slug, &api.slug, &version.name);
            Ok(Reply::redirect(to).flash(format!("{} is a draft. Set its upstream, then publish it.", api.name)))
        }
        Err(error) => Ok(page(&organization, FormState::refused(form, error)?).into()),
    }
}

/// The short name as typed, or one made from the name.
fn slug_of(form: &FormData) -> String {
    let typed = form.text("slug");
    if typed.is_empty() {
        Slug::suggest(form.text("name")).map(String::from).unwrap_or_default()
    } else {
        typed.to_owned()
    }
}

fn page(organization: &Organization, form: FormState) -> Page {
    let slug = organization.slug.clone();
    let status = form.status();
    let page = Page::new("New API", move || {
        let visibility = vec![
            Choice::new("public", "Public", "Everybody finds it once a version is published."),
            Choice::new("private", "Private", "Only members of your organization see it."),
        ];
        view! {
            <div class="stack" data-gap="lg">
                <Crumbs above=vec![Place::new("APIs", href::console_apis(&slug))] current="New API" />
                <PageTitle title="New API" />
                <ErrorSummary errors=form.errors.clone() />
                <form method="post" action=href::new_api(&slug) enctype="multipart/form-data" class="stack" data-gap="lg">
                    <SpecFields form=form.clone() />
                    <div class="form-grid">
                        <TextField
                            name="name"
                            label="Name"
                            value=form.value("name")
                            error=form.error("name")
                            optional=true
                            help="Taken from the document's title if you leave it empty."
                            max_length=100
                        />
                        <TextField
                            name="slug"
                            label="Short name"
                            value=form.value("slug")
                            error=form.error("slug")
                            mono=true
                            help=format!("Calls go to /{slug}/short-name/version. It cannot be changed later.")
                            max_length=63
                        />
                        <TextField
                            name="version"
                            label="Version"
                            value=form.value("version")
                            error=form.error("version")
                            mono=true
                            help="The first line of this API, usually v1."
                            max_length=40
                        />
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
                            help="One sentence for the catalog."
                            max_length=300
                        />
                    </div>
                    <RadioCards legend="Visibility" name="visibility" choices=visibility value=form.value("visibility") />
                    <div class="btn-row">
                        <Button kind=ButtonKind::Primary>"Create API"</Button>
                        <a class="btn" data-kind="quiet" href=href::console_apis(&slug)>"Cancel"</a>
                    </div>
                </form>
            </div>
        }
    });
    page.console(organization, ConsoleSection::Apis).status(status)
}
