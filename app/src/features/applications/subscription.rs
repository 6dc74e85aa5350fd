//! Cancel a subscription.

use super::{
    application_id,
    ask::{self, Question},
};
use crate::{
    cx::Cx,
    error::PageError,
    form::FormState,
    href,
    page::{PageResult, Reply, ReplyResult},
    ui::visible_text,
};
use axum::extract::Path;
use domain::{
    application::service::SubscriptionView, id::ApplicationId, id::SubscriptionId, subscription::SubscriptionState,
};

/// `GET …/subscriptions/{subscription}/cancel`
pub(super) async fn ask_cancel(cx: Cx, Path((id, subscription)): Path<(String, String)>) -> PageResult {
    let (id, name, view) = load(&cx, &id, &subscription).await?;
    let apis: Vec<_> = view.apis.iter().map(|(_, name)| visible_text(name)).collect();
    let question = Question {
        title: "Cancel subscription",
        heading: format!("Cancel {}", visible_text(&view.plan.name)),
        what_happens: format!(
            "Calls of {name} to {} get 403 at once. You can subscribe again; the counters of the period go on.",
            apis.join(", "),
        ),
        post_to: href::cancel_subscription(id, view.subscription.id),
        keep: "Keep the subscription",
        typed: None,
    };
    Ok(ask::page(id, name, question, FormState::default()))
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
