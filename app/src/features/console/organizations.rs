//! The actor's organizations, and a new one.

use axum::{Router, routing::get};
use leptos::prelude::*;

use crate::{
    cx::{AppState, Cx},
    form::{FormData, FormState},
    href,
    page::{Page, PageResult, Reply, ReplyResult},
    ui::{Button, ButtonKind, Column, Empty, ErrorSummary, IconName, LinkButton, PageTitle, Row, Table, TextField},
};

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/console", get(list))
        .route("/console/new", get(show_new).post(create))
}

/// `GET /console`
async fn list(cx: Cx) -> ReplyResult {
    let account = cx
        .actor()
        .account()
        .ok_or(domain::error::DomainError::Unauthenticated)?;
    let memberships: Vec<_> = account
        .memberships
        .iter()
        .map(|m| (m.slug.to_string(), m.name.clone(), m.role.as_str()))
        .collect();
    if let [(slug, ..)] = memberships.as_slice() {
        return Ok(Reply::redirect(href::console_overview(slug)));
    }
    let page = Page::new("Console", move || {
        let new = view! {
            <LinkButton href=href::new_organization() kind=ButtonKind::Primary icon=IconName::Plus>
                "New organization"
            </LinkButton>
        };
        let body = if memberships.is_empty() {
            view! {
                <Empty
                    title="No organization yet"
                    text="An organization publishes APIs and plans. Create one to bring your first OpenAPI document."
                >
                    {new}
                </Empty>
            }
            .into_any()
        } else {
            let rows = memberships
                .into_iter()
                .map(|(slug, name, role)| Row::linked(name, href::console_overview(&slug)).cell(slug).cell(role))
                .collect();
            view! {
                <div class="card" data-flush=true>
                    <Table
                        caption="Your organizations"
                        columns=vec![Column::text("Name"), Column::text("Short name"), Column::text("Your role")]
                        rows=rows
                    />
                </div>
                {new}
            }
            .into_any()
        };
        view! {
            <main id="main" class="wrap stack page-top">
                <PageTitle title="Your organizations" />
                {body}
            </main>
        }
    });
    Ok(page.unlisted().into())
}

/// `GET /console/new`
async fn show_new(cx: Cx) -> PageResult {
    cx.actor()
        .account()
        .ok_or(domain::error::DomainError::Unauthenticated)?;
    Ok(new_page(&FormState::default()))
}

/// `POST /console/new`
async fn create(cx: Cx, form: FormData) -> ReplyResult {
    match cx
        .services()
        .organizations
        .create(cx.actor(), form.text("slug"), form.text("name"))
        .await
    {
        Ok(organization) => {
            let welcome = format!("{} is ready. Bring your first API.", organization.name);
            Ok(Reply::redirect(href::console_overview(&organization.slug)).flash(welcome))
        }
        Err(error) => Ok(new_page(&FormState::refused(form, error)?).into()),
    }
}

fn new_page(form: &FormState) -> Page {
    let errors = form.errors.clone();
    let (name, slug) = (form.value("name"), form.value("slug"));
    let (name_error, slug_error) = (form.error("name"), form.error("slug"));
    Page::new("New organization", move || {
        view! {
            <main id="main" class="wrap narrow">
                <div class="card stack form-card">
                    <h1>"New organization"</h1>
                    <ErrorSummary errors />
                    <form method="post" action=href::new_organization() class="stack">
                        <TextField
                            name="name"
                            label="Name"
                            value=name
                            error=name_error
                            help="Shown to everybody beside your APIs."
                            max_length=100
                        />
                        <TextField
                            name="slug"
                            label="Short name"
                            value=slug
                            error=slug_error
                            mono=true
                            help="Begins the path of your APIs at the gateway. Small letters, digits and hyphens; it cannot be changed later."
                            max_length=63
                        />
                        <Button kind=ButtonKind::Primary>"Create organization"</Button>
                    </form>
                </div>
            </main>
        }
    })
    .status(form.status())
    .unlisted()
}
