//! Delete an application.

use axum::extract::Path;
use domain::{error::DomainError, key::KeyState, subscription::SubscriptionState};
use leptos::prelude::*;

use super::application_id;
use crate::{
    cx::Cx,
    form::{FormData, FormState},
    href,
    page::{DashboardSection, Page, PageResult, Reply, ReplyResult},
    ui::{Card, ConfirmByName, Crumbs, ErrorSummary, PageTitle, Place, counted},
};

/// `GET /dashboard/applications/{id}/delete`
pub(super) async fn ask(cx: Cx, Path(id): Path<String>) -> PageResult {
    page(&cx, &id, FormState::default()).await
}

/// `POST /dashboard/applications/{id}/delete`
pub(super) async fn delete(cx: Cx, Path(id): Path<String>, form: FormData) -> ReplyResult {
    let detail = cx
        .services()
        .applications
        .detail(cx.actor(), application_id(&id)?)
        .await?;
    let name = detail.application.name.clone();
    let result = if form.text("confirm") == name {
        cx.services()
            .applications
            .delete(cx.actor(), detail.application.id)
            .await
    } else {
        Err(DomainError::field("confirm", format!("Type {name} to delete it.")))
    };
    match result {
        Ok(()) => Ok(Reply::redirect(href::dashboard()).flash(format!("{name} is deleted."))),
        Err(error) => Ok(page(&cx, &id, FormState::refused(form, error)?).await?.into()),
    }
}

async fn page(cx: &Cx, id: &str, form: FormState) -> PageResult {
    let detail = cx
        .services()
        .applications
        .detail(cx.actor(), application_id(id)?)
        .await?;
    let status = form.status();
    let keys = detail.keys.iter().filter(|key| key.state == KeyState::Active).count() as u64;
    let subscriptions = detail
        .subscriptions
        .iter()
        .filter(|s| s.subscription.state != SubscriptionState::Canceled)
        .count() as u64;
    let application = detail.application;
    let page = Page::new(format!("Delete {}", application.name), move || {
        let id = application.id;
        view! {
            <div class="stack" data-gap="lg">
                <Crumbs
                    above=vec![
                        Place::new("Dashboard", href::dashboard()),
                        Place::new(application.name.clone(), href::application(id)),
                    ]
                    current="Delete"
                />
                <PageTitle title=format!("Delete {}", application.name) />
                <ErrorSummary errors=form.errors.clone() />
                <Card title="What happens" id="delete">
                    <ConfirmByName
                        action=href::delete_application(id)
                        name=application.name.clone()
                        purpose="to delete it"
                        button="Delete application"
                        cancel_href=href::application(id)
                        cancel="Keep the application"
                        error=form.error("confirm")
                    >
                        <p>
                            {format!(
                                "{} stop working at once and {} end. Its usage stays in the books. Nothing brings it back.",
                                counted(keys, "key", "keys"),
                                counted(subscriptions, "subscription", "subscriptions"),
                            )}
                        </p>
                    </ConfirmByName>
                </Card>
            </div>
        }
    });
    Ok(page.dashboard(DashboardSection::Overview).status(status))
}
