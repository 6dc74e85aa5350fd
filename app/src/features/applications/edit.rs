//! Name and description of an application.

use axum::extract::Path;
use domain::application::Application;
use leptos::prelude::*;

use super::application_id;
use crate::{
    cx::Cx,
    form::{FormData, FormState},
    href,
    page::{DashboardSection, Page, PageResult, Reply, ReplyResult},
    ui::{Button, ButtonKind, Crumbs, ErrorSummary, LinkButton, PageTitle, Place, TextArea, TextField},
};

/// `GET /dashboard/applications/{id}/edit`
pub(super) async fn show(cx: Cx, Path(id): Path<String>) -> PageResult {
    let application = cx
        .services()
        .applications
        .detail(cx.actor(), application_id(&id)?)
        .await?
        .application;
    let values = FormData::from_pairs([
        ("name", application.name.clone()),
        ("description", application.description.clone()),
    ]);
    Ok(page(application, FormState::showing(values)))
}

/// `POST /dashboard/applications/{id}/edit`
pub(super) async fn save(cx: Cx, Path(id): Path<String>, form: FormData) -> ReplyResult {
    let id = application_id(&id)?;
    let applications = &cx.services().applications;
    match applications
        .update(cx.actor(), id, form.text("name"), form.text("description"))
        .await
    {
        Ok(_) => Ok(Reply::redirect(href::application(id)).flash("Saved.")),
        Err(error) => {
            let application = applications.detail(cx.actor(), id).await?.application;
            Ok(page(application, FormState::refused(form, error)?).into())
        }
    }
}

fn page(application: Application, form: FormState) -> Page {
    let status = form.status();
    Page::new(format!("Edit {}", application.name), move || {
        let id = application.id;
        let delete = view! {
            <LinkButton href=href::delete_application(id) kind=ButtonKind::Danger>"Delete application"</LinkButton>
        };
        view! {
            <div class="stack" data-gap="lg">
                <Crumbs
                    above=vec![
                        Place::new("Dashboard", href::dashboard()),
                        Place::new(application.name.clone(), href::application(id)),
                    ]
                    current="Edit"
                />
                <PageTitle title=format!("Edit {}", application.name) actions=delete.into_any() />
                <ErrorSummary errors=form.errors.clone() />
                <form method="post" action=href::edit_application(id) class="stack">
                    <TextField name="name" label="Name" value=form.value("name") error=form.error("name") max_length=100 />
                    <TextArea
                        name="description"
                        label="What it does"
                        value=form.value("description")
                        error=form.error("description")
                        optional=true
                    />
                    <div class="btn-row">
                        <Button kind=ButtonKind::Primary>"Save changes"</Button>
                        <a class="btn" data-kind="quiet" href=href::application(id)>"Cancel"</a>
                    </div>
                </form>
            </div>
        }
    })
    .dashboard(DashboardSection::Overview)
    .status(status)
}
