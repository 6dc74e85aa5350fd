//! Create and change a plan.

use axum::extract::Path;
use domain::{authz::Action, error::DomainError, id::ApiId, organization::Organization, plan::Plan};
use leptos::prelude::*;

use super::fields::{PlanFields, form_of, input_of};
use crate::{
    cx::Cx,
    error::PageError,
    form::{FormData, FormState},
    href,
    page::{ConsoleSection, Page, PageResult, Reply, ReplyResult},
    ui::{Button, ButtonKind, Crumbs, Empty, ErrorSummary, LinkButton, PageTitle, Place},
};

/// `GET /console/{org}/plans/new`
pub(super) async fn show_new(cx: Cx, Path(slug): Path<String>) -> PageResult {
    let organization = load(&cx, &slug).await?;
    page(&cx, &organization, None, FormState::default()).await
}

/// `POST /console/{org}/plans/new`
pub(super) async fn create(cx: Cx, Path(slug): Path<String>, form: FormData) -> ReplyResult {
    let organization = load(&cx, &slug).await?;
    let result = match input_of(&form) {
        Ok(input) => cx.services().plans.create(cx.actor(), organization.id, input).await,
        Err(errors) => Err(DomainError::Invalid(errors)),
    };
    match result {
        Ok(plan) => {
            Ok(Reply::redirect(href::console_plans(&slug)).flash(format!("{} is open for subscriptions.", plan.name)))
        }
        Err(error) => Ok(page(&cx, &organization, None, FormState::refused(form, error)?)
            .await?
            .into()),
    }
}

/// `GET /console/{org}/plans/{plan}`
pub(super) async fn show_edit(cx: Cx, Path((slug, plan)): Path<(String, String)>) -> PageResult {
    let organization = load(&cx, &slug).await?;
    let plan = cx.services().plans.by_slug(cx.actor(), organization.id, &plan).await?;
    let form = FormState::showing(form_of(&plan));
    page(&cx, &organization, Some(&plan), form).await
}

/// `POST /console/{org}/plans/{plan}`
pub(super) async fn update(cx: Cx, Path((slug, plan)): Path<(String, String)>, form: FormData) -> ReplyResult {
    let organization = load(&cx, &slug).await?;
    let plan = cx.services().plans.by_slug(cx.actor(), organization.id, &plan).await?;
    let result = match input_of(&form) {
        Ok(input) => cx.services().plans.update(cx.actor(), plan.id, input).await,
        Err(errors) => Err(DomainError::Invalid(errors)),
    };
    match result {
        Ok(plan) => Ok(Reply::redirect(href::console_plans(&slug)).flash(format!("{} is saved.", plan.name))),
        Err(error) => Ok(page(&cx, &organization, Some(&plan), FormState::refused(form, error)?)
            .await?
            .into()),
    }
}

async fn load(cx: &Cx, slug: &str) -> Result<Organization, PageError> {
    let organization = cx.services().organizations.for_console(cx.actor(), slug).await?;
    cx.actor().require(Action::EditPlan, organization.id)?;
    Ok(organization)
}

async fn page(cx: &Cx, organization: &Organization, plan: Option<&Plan>, form: FormState) -> PageResult {
    let apis: Vec<(ApiId, String)> = cx
        .services()
        .catalog_reads
        .console_apis(cx.actor(), organization.slug.as_str())
        .await?
        .into_iter()
        .map(|entry| (entry.api.id, entry.api.name))
        .collect();
    let slug = organization.slug.clone();
    let status = form.status();
    let stored = plan.map(|plan| (plan.slug.clone(), plan.name.clone()));
    let title = stored
        .as_ref()
        .map_or_else(|| "New plan".to_owned(), |(_, name)| name.clone());
    let page = Page::new(title.clone(), move || {
        let crumbs =
            view! { <Crumbs above=vec![Place::new("Plans", href::console_plans(&slug))] current=title.clone() /> };
        if apis.is_empty() {
            return view! {
                <div class="stack" data-gap="lg">
                    {crumbs}
                    <Empty title="A plan covers APIs" text="Create an API first, then a plan for it.">
                        <LinkButton href=href::new_api(&slug) kind=ButtonKind::Primary>"New API"</LinkButton>
                    </Empty>
                </div>
            }
            .into_any();
        }
        let (action, button) = match &stored {
            Some((plan, _)) => (href::edit_plan(&slug, plan), "Save changes"),
            None => (href::new_plan(&slug), "Create plan"),
        };
        let delete = stored.as_ref().map(|(plan, _)| {
            view! {
                <LinkButton href=href::delete_plan(&slug, plan) kind=ButtonKind::Danger>"Delete plan"</LinkButton>
            }
        });
        view! {
            <div class="stack" data-gap="lg">
                {crumbs}
                <PageTitle title=title.clone() actions=delete.into_any() />
                <ErrorSummary errors=form.errors.clone() />
                <form method="post" action=action class="stack" data-gap="lg">
                    <PlanFields form=form.clone() apis=apis is_stored=stored.is_some() />
                    <div class="btn-row">
                        <Button kind=ButtonKind::Primary>{button}</Button>
                        <a class="btn" data-kind="quiet" href=href::console_plans(&slug)>"Cancel"</a>
                    </div>
                </form>
            </div>
        }
        .into_any()
    });
    Ok(page.console(organization, ConsoleSection::Plans).status(status))
}
