//! Cancel a subscription.

use axum::extract::Path;
use domain::{
    application::service::SubscriptionView, id::ApplicationId, id::SubscriptionId, subscription::SubscriptionState,
};
use leptos::prelude::*;

use super::application_id;
use crate::{
    cx::Cx,
    error::PageError,
    href,
    page::{DashboardSection, Page, PageResult, Reply, ReplyResult},
    ui::{Button, ButtonKind, Card, Crumbs, PageTitle, Place, visible_text},
};

/// `GET …/subscriptions/{subscription}/cancel`
pub(super) async fn ask_cancel(cx: Cx, Path((id, subscription)): Path<(String, String)>) -> PageResult {
    let (id, name, view) = load(&cx, &id, &subscription).await?;
    Ok(Page::new("Cancel subscription", move || {
        let plan = visible_text(&view.plan.name).into_owned();
        let apis: Vec<_> = view.apis.iter().map(|(_, name)| visible_text(name).into_owned()).collect();
        view! {
            <div class="stack" data-gap="lg">
                <Crumbs
                    above=vec![Place::new("Dashboard", href::dashboard()), Place::new(name.clone(), href::application(id))]
                    current="Cancel subscription"
                />
                <PageTitle title=format!("Cancel {plan}") />
                <Card title="What happens" id="cancel">
                    <form method="post" action=href::cancel_subscription(id, view.subscription.id) class="stack">
                        <p>
                            {format!(
                                "Calls of {name} to {} get 403 at once. You can subscribe again; the counters of the period go on.",
                                apis.join(", "),
                            )}
                        </p>
                        <div class="btn-row">
                            <a class="btn" href=href::application(id)>"Keep the subscription"</a>
                            <Button kind=ButtonKind::DangerFill>"Cancel subscription"</Button>
                        </div>
                    </form>
                </Card>
            </div>
        }
    })
    .dashboard(DashboardSection::Overview))
}

/// `POST …/subscriptions/{subscription}/cancel`
pub(super) async fn cancel(cx: Cx, Path((id, subscription)): Path<(String, String)>) -> ReplyResult {
    let (id, _, view) = load(&cx, &id, &subscription).await?;
    cx.services()
        .subscriptions
        .cancel(cx.actor(), view.subscription.id)
        .await?;
    Ok(Reply::redirect(href::application(id)).flash(format!("{} is canceled.", view.plan.name)))
}

pub(super) async fn load(
    cx: &Cx,
    id: &str,
    subscription: &str,
) -> Result<(ApplicationId, String, SubscriptionView), PageError> {
    let id = application_id(id)?;
    let detail = cx.services().applications.detail(cx.actor(), id).await?;
    let wanted: SubscriptionId = subscription.parse().map_err(|_| PageError::not_found("subscription"))?;
    let view = detail
        .subscriptions
        .into_iter()
        .find(|view| view.subscription.id == wanted && view.subscription.state != SubscriptionState::Canceled)
        .ok_or_else(|| PageError::not_found("subscription"))?;
    Ok((id, detail.application.name, view))
}
