//! A new application.

use domain::error::DomainError;
use leptos::prelude::*;

use crate::{
    cx::Cx,
    form::{FormData, FormState},
    href,
    page::{DashboardSection, Page, PageResult, Reply, ReplyResult},
    ui::{Button, ButtonKind, Crumbs, ErrorSummary, PageTitle, Place, TextArea, TextField},
};

/// `GET /dashboard/applications/new`
pub(super) async fn show(cx: Cx) -> PageResult {
    cx.actor().account().ok_or(DomainError::Unauthenticated)?;
    Ok(page(FormState::default()))
}

/// `POST /dashboard/applications/new`
pub(super) async fn create(cx: Cx, form: FormData) -> ReplyResult {
    let applications = &cx.services().applications;
    match applications
        .create(cx.actor(), form.text("name"), "", form.text("description"))
        .await
    {
        Ok(application) => Ok(Reply::redirect(href::application(application.id))
            .flash(format!("{} is ready. Subscribe it to a plan.", application.name))),
        Err(error) => Ok(page(FormState::refused(form, error)?).into()),
    }
}

fn page(form: FormState) -> Page {
    let status = form.status();
    Page::new("New application", move || {
        view! {
            <div class="stack" data-gap="lg">
                <Crumbs above=vec![Place::new("Dashboard", href::dashboard())] current="New application" />
                <PageTitle title="New application" />
                <ErrorSummary errors=form.errors.clone() />
                <form method="post" action=href::new_application() class="stack">
                    <TextField
                        name="name"
                        label="Name"
                        value=form.value("name")
                        error=form.error("name")
                        help="Shown to providers when you subscribe."
                        max_length=100
                    />
                    <TextArea
                        name="description"
                        label="What it does"
                        value=form.value("description")
                        error=form.error("description")
                        optional=true
                        help="Helps providers who approve subscriptions by hand."
                    />
                    <div class="btn-row">
                        <Button kind=ButtonKind::Primary>"Create application"</Button>
                        <a class="btn" data-kind="quiet" href=href::dashboard()>"Cancel"</a>
                    </div>
                </form>
            </div>
        }
    })
    .dashboard(DashboardSection::Overview)
    .status(status)
}
