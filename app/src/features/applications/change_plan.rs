//! Move a subscription to another plan of the same provider.

use axum::extract::Path;
use domain::{application::service::SubscriptionView, id::PlanId, plan::Plan};
use leptos::prelude::*;

use super::subscription::load;
use crate::{
    cx::Cx,
    error::PageError,
    form::{FormData, FormState},
    href,
    page::{DashboardSection, Page, PageResult, Reply, ReplyResult},
    ui::{
        Button, ButtonKind, Crumbs, Empty, ErrorSummary, LinkButton, PageTitle, Place, PlanCard, Plans, visible_text,
    },
};

/// `GET …/subscriptions/{subscription}/plan`
pub(super) async fn choose(cx: Cx, Path((id, subscription)): Path<(String, String)>) -> PageResult {
    page(&cx, &id, &subscription, FormState::default()).await
}

/// `POST …/subscriptions/{subscription}/plan`
pub(super) async fn change(cx: Cx, Path((id, subscription)): Path<(String, String)>, form: FormData) -> ReplyResult {
    let (application, _, view) = load(&cx, &id, &subscription).await?;
    let plan: PlanId = form.text("plan").parse().map_err(|_| PageError::not_found("plan"))?;
    match cx
        .services()
        .subscriptions
        .change_plan(cx.actor(), view.subscription.id, plan)
        .await
    {
        Ok(_) => Ok(Reply::redirect(href::application(application))
            .flash("The plan is changed. What was used in this period still counts.")),
        Err(error) => Ok(page(&cx, &id, &subscription, FormState::refused(form, error)?)
            .await?
            .into()),
    }
}

/// Plans of the provider that cover at least the same apis, the present one among them.
async fn candidates(cx: &Cx, view: &SubscriptionView) -> Result<Vec<Plan>, PageError> {
    let Some((api, _)) = view.apis.first() else {
        return Ok(Vec::new());
    };
    let detail = cx
        .services()
        .catalog_reads
        .api(cx.actor(), view.organization.slug.as_str(), api)
        .await?;
    Ok(detail
        .plans
        .into_iter()
        .filter(|plan| view.plan.apis.iter().all(|api| plan.apis.contains(api)))
        .collect())
}

async fn page(cx: &Cx, id: &str, subscription: &str, form: FormState) -> PageResult {
    let (application, name, view) = load(cx, id, subscription).await?;
    let plans = candidates(cx, &view).await?;
    let status = form.status();
    let page = Page::new("Change plan", move || {
        let to = href::change_plan(application, view.subscription.id);
        let has_other = plans.iter().any(|plan| plan.id != view.plan.id);
        let cards = plans
            .into_iter()
            .map(|plan| {
                let is_current = plan.id == view.plan.id;
                let button = (!is_current).then(|| {
                    let words = format!("Change to {}", visible_text(&plan.name));
                    view! {
                        <form method="post" action=to.clone()>
                            <input type="hidden" name="plan" value=plan.id.to_string() />
                            <Button kind=ButtonKind::Primary>{words}</Button>
                        </form>
                    }
                });
                view! { <PlanCard plan is_current action=button.into_any() /> }
            })
            .collect_view();
        let body = if has_other {
            view! { <Plans>{cards}</Plans> }.into_any()
        } else {
            view! {
                <Empty title="No other plan" text="The provider has no other plan for the same APIs.">
                    <LinkButton href=href::application(application)>"Back to the application"</LinkButton>
                </Empty>
            }
            .into_any()
        };
        view! {
            <div class="stack" data-gap="lg">
                <Crumbs
                    above=vec![
                        Place::new("Dashboard", href::dashboard()),
                        Place::new(name.clone(), href::application(application)),
                    ]
                    current="Change plan"
                />
                <PageTitle title=format!("Change the plan of {name}") />
                <ErrorSummary errors=form.errors.clone() />
                {body}
            </div>
        }
    });
    Ok(page.dashboard(DashboardSection::Overview).status(status))
}
