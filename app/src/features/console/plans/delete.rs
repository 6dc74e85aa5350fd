//! Delete a plan that nobody is subscribed to.

use axum::extract::Path;
use domain::authz::Action;
use leptos::prelude::*;

use crate::{
    cx::Cx,
    form::{FormData, FormState},
    href,
    page::{ConsoleSection, Page, PageResult, Reply, ReplyResult},
    ui::{Button, ButtonKind, Card, Crumbs, ErrorSummary, PageTitle, Place},
};

/// `GET /console/{org}/plans/{plan}/delete`
pub(super) async fn ask(cx: Cx, Path((slug, plan)): Path<(String, String)>) -> PageResult {
    page(&cx, &slug, &plan, FormState::default()).await
}

/// `POST /console/{org}/plans/{plan}/delete`
pub(super) async fn delete(cx: Cx, Path((slug, plan)): Path<(String, String)>) -> ReplyResult {
    let organization = cx.services().organizations.for_console(cx.actor(), &slug).await?;
    let stored = cx.services().plans.by_slug(cx.actor(), organization.id, &plan).await?;
    match cx.services().plans.delete(cx.actor(), stored.id).await {
        Ok(()) => Ok(Reply::redirect(href::console_plans(&slug)).flash(format!("{} is deleted.", stored.name))),
        Err(error) => Ok(page(&cx, &slug, &plan, FormState::refused(FormData::default(), error)?)
            .await?
            .into()),
    }
}

async fn page(cx: &Cx, slug: &str, plan: &str, form: FormState) -> PageResult {
    let organization = cx.services().organizations.for_console(cx.actor(), slug).await?;
    cx.actor().require(Action::EditPlan, organization.id)?;
    let plan = cx.services().plans.by_slug(cx.actor(), organization.id, plan).await?;
    let slug = organization.slug.clone();
    let status = form.status();
    let page = Page::new(format!("Delete {}", plan.name), move || {
        view! {
            <div class="stack" data-gap="lg">
                <Crumbs
                    above=vec![
                        Place::new("Plans", href::console_plans(&slug)),
                        Place::new(plan.name.clone(), href::edit_plan(&slug, &plan.slug)),
                    ]
                    current="Delete"
                />
                <PageTitle title=format!("Delete {}", plan.name) />
                <ErrorSummary errors=form.errors.clone() />
                <Card title="What happens" id="delete">
                    <form method="post" action=href::delete_plan(&slug, &plan.slug) class="stack">
                        <p>"Nobody can subscribe to it any more. A plan with subscriptions cannot be deleted."</p>
                        <div class="btn-row">
                            <a class="btn" href=href::edit_plan(&slug, &plan.slug)>"Keep the plan"</a>
                            <Button kind=ButtonKind::DangerFill>"Delete plan"</Button>
                        </div>
                    </form>
                </Card>
            </div>
        }
    });
    Ok(page.console(&organization, ConsoleSection::Plans).status(status))
}
