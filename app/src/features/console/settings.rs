//! Name and members of an organization.

use axum::{Router, extract::Path, routing::get};
use domain::{authz::Action, organization::Organization};
use leptos::prelude::*;

use crate::{
    cx::{AppState, Cx},
    form::{FormData, FormState},
    href,
    page::{ConsoleSection, Page, PageResult, Reply, ReplyResult},
    ui::{Button, ButtonKind, Card, Column, ErrorSummary, PageTitle, Row, Table, TextField, visible_text},
};

pub(super) fn router() -> Router<AppState> {
    Router::new().route("/console/{org}/settings", get(show).post(rename))
}

/// `GET /console/{org}/settings`
async fn show(cx: Cx, Path(slug): Path<String>) -> PageResult {
    let organization = cx.services().organizations.for_console(cx.actor(), &slug).await?;
    let form = FormState::showing(FormData::from_pairs([("name", organization.name.clone())]));
    page(&cx, &organization, form).await
}

/// `POST /console/{org}/settings`
async fn rename(cx: Cx, Path(slug): Path<String>, form: FormData) -> ReplyResult {
    let organization = cx.services().organizations.for_console(cx.actor(), &slug).await?;
    match cx
        .services()
        .organizations
        .rename(cx.actor(), organization.id, form.text("name"))
        .await
    {
        Ok(()) => Ok(Reply::redirect(href::organization_settings(&slug)).flash("Saved.")),
        Err(error) => Ok(page(&cx, &organization, FormState::refused(form, error)?).await?.into()),
    }
}

async fn page(cx: &Cx, organization: &Organization, form: FormState) -> PageResult {
    let members = cx.services().organizations.members(cx.actor(), organization.id).await?;
    let may_rename = cx.actor().require(Action::ManageMembers, organization.id).is_ok();
    let slug = organization.slug.clone();
    let status = form.status();
    let page = Page::new("Settings", move || {
        let rows = members
            .into_iter()
            .map(|member| {
                Row::new(visible_text(&member.name).into_owned())
                    .cell(visible_text(&member.email).into_owned())
                    .cell(member.role.as_str())
            })
            .collect();
        let (errors, value, error) = (form.errors.clone(), form.value("name"), form.error("name"));
        let name = may_rename.then(|| {
            view! {
                <Card title="Name" id="profile">
                    <form method="post" action=href::organization_settings(&slug) class="stack">
                        <TextField name="name" label="Name" value=value error=error max_length=100 />
                        <div class="btn-row"><Button kind=ButtonKind::Primary>"Save name"</Button></div>
                    </form>
                </Card>
            }
        });
        view! {
            <div class="stack" data-gap="lg">
                <PageTitle title="Settings" />
                <ErrorSummary errors />
                {name}
                <Card title="Members" id="members" flush=true>
                    <Table
                        caption="Members"
                        columns=vec![Column::text("Name"), Column::text("E-mail"), Column::text("Role")]
                        rows=rows
                    />
                </Card>
            </div>
        }
    });
    Ok(page.console(organization, ConsoleSection::Settings).status(status))
}
