//! Subscribers of an organization, and the ones that wait for approval.

use axum::{
    Router,
    extract::Path,
    routing::{get, post},
};
use domain::{
    authz::Action,
    id::SubscriptionId,
    plan::grouped,
    subscription::{SubscriptionState, service::SubscriberView},
};
use leptos::prelude::*;

use crate::{
    cx::{AppState, Cx},
    error::PageError,
    form::{FormData, FormState},
    href,
    page::{ConsoleSection, Page, PageResult, Reply, ReplyResult},
    ui::{
        Ago, Button, ButtonKind, ButtonSize, Card, Column, Empty, Icon, IconName, PageTitle, Row, StateBadge, Table,
        visible_text,
    },
};

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/console/{org}/subscribers", get(show))
        .route("/console/{org}/subscribers/{id}/{action}", post(act))
}

/// `GET /console/{org}/subscribers`
async fn show(cx: Cx, Path(slug): Path<String>) -> PageResult {
    let organization = cx.services().organizations.for_console(cx.actor(), &slug).await?;
    let subscribers = cx
        .services()
        .subscriptions
        .subscribers(cx.actor(), organization.id)
        .await?;
    let may_manage = cx.actor().require(Action::ManageSubscribers, organization.id).is_ok();
    let now = cx.now();
    let page = Page::new("Subscribers", move || {
        if subscribers.is_empty() {
            return view! {
                <div class="stack" data-gap="lg">
                    <PageTitle title="Subscribers" />
                    <Empty
                        title="No subscriber yet"
                        text="Applications show up here when they subscribe to one of your plans."
                    />
                </div>
            }
            .into_any();
        }
        let (pending, others): (Vec<_>, Vec<_>) = subscribers
            .into_iter()
            .partition(|s| s.subscription.state == SubscriptionState::Pending);
        let approvals = (!pending.is_empty()).then(|| {
            let items = pending
                .iter()
                .map(|s| approval(&slug, s, may_manage, now))
                .collect_view();
            view! {
                <Card title="Waiting for approval" id="approvals" flush=true>
                    <div class="needs-wrap"><ul class="needs">{items}</ul></div>
                </Card>
            }
        });
        let rows = others.iter().map(|s| row(&slug, s, may_manage, now)).collect();
        let table = (!others.is_empty()).then(|| {
            view! {
                <Card title="Subscriptions" id="subscriptions" flush=true>
                    <Table
                        caption="Subscriptions"
                        columns=vec![
                            Column::text("Application"),
                            Column::text("Owner"),
                            Column::text("Plan"),
                            Column::text("State"),
                            Column::number("Used"),
                            Column::number("Calls in 24 h"),
                            Column::text("Since"),
                            Column::text("Action"),
                        ]
                        rows=rows
                    />
                </Card>
            }
        });
        view! {
            <div class="stack" data-gap="lg">
                <PageTitle title="Subscribers" />
                {approvals}
                {table}
            </div>
        }
        .into_any()
    });
    Ok(page.console(&organization, ConsoleSection::Subscribers))
}

fn approval(
    slug: &str,
    subscriber: &SubscriberView,
    may_manage: bool,
    now: domain::clock::Timestamp,
) -> impl IntoView + use<> {
    let id = subscriber.subscription.id;
    let application = visible_text(&subscriber.application.name).into_owned();
    let description = visible_text(&subscriber.application.description).into_owned();
    let buttons = may_manage.then(|| {
        view! {
            <div class="btn-row">
                {act_button(slug, id, "refuse", "Refuse", &application, ButtonKind::Secondary)}
                {act_button(slug, id, "approve", "Approve", &application, ButtonKind::Primary)}
            </div>
        }
    });
    view! {
        <li data-tone="info">
            <Icon name=IconName::Inbox />
            <div>
                <h3>{application.clone()} <span class="muted">{format!(" wants {}", subscriber.plan.name)}</span></h3>
                <p>
                    {format!("{}, ", visible_text(&subscriber.owner.email))} <Ago at=subscriber.subscription.created_at now />
                    {(!description.is_empty()).then(|| format!(". {description}"))}
                </p>
            </div>
            {buttons}
        </li>
    }
}

fn row(slug: &str, subscriber: &SubscriberView, may_manage: bool, now: domain::clock::Timestamp) -> Row {
    let id = subscriber.subscription.id;
    let application = visible_text(&subscriber.application.name).into_owned();
    let used = match subscriber.quota.allowed {
        Some(allowed) => format!("{} of {}", grouped(subscriber.quota.used), grouped(allowed)),
        None => grouped(subscriber.quota.used),
    };
    let action = may_manage.then(|| match subscriber.subscription.state {
        SubscriptionState::Active => Some(act_button(
            slug,
            id,
            "suspend",
            "Suspend",
            &application,
            ButtonKind::Danger,
        )),
        SubscriptionState::Suspended => Some(act_button(
            slug,
            id,
            "resume",
            "Resume",
            &application,
            ButtonKind::Secondary,
        )),
        SubscriptionState::Pending | SubscriptionState::Canceled => None,
    });
    let to = href::subscriber(slug, id);
    Row::new(view! { <a href=to>{application}</a> })
        .cell(visible_text(&subscriber.owner.email).into_owned())
        .cell(subscriber.plan.name.clone())
        .cell(view! { <StateBadge state=subscriber.subscription.state /> })
        .cell(used)
        .cell(grouped(subscriber.calls_24h))
        .cell(view! { <Ago at=subscriber.subscription.created_at now /> })
        .cell(action)
}

fn act_button(
    slug: &str,
    id: SubscriptionId,
    action: &'static str,
    word: &'static str,
    application: &str,
    kind: ButtonKind,
) -> AnyView {
    view! {
        <form method="post" action=href::subscriber_action(slug, id, action)>
            <Button kind size=ButtonSize::Small label=format!("{word} {application}")>{word}</Button>
        </form>
    }
    .into_any()
}

/// `POST /console/{org}/subscribers/{id}/{action}`
async fn act(cx: Cx, Path((slug, id, action)): Path<(String, String, String)>) -> ReplyResult {
    let id: SubscriptionId = id.parse().map_err(|_| PageError::not_found("subscription"))?;
    let (service, actor) = (&cx.services().subscriptions, cx.actor());
    let (result, done) = match action.as_str() {
        "approve" => (service.approve(actor, id).await, "The subscription is approved."),
        "refuse" => (service.refuse(actor, id).await, "The subscription is refused."),
        "suspend" => (
            service.suspend(actor, id).await,
            "The subscription is suspended: its calls get 403.",
        ),
        "resume" => (service.resume(actor, id).await, "The subscription goes on."),
        _ => return Err(PageError::not_found("page")),
    };
    let back = Reply::redirect(href::subscribers(&slug));
    match result {
        Ok(_) => Ok(back.flash(done)),
        Err(error) => match FormState::refused(FormData::default(), error)?
            .errors
            .into_iter()
            .next()
        {
            Some(error) => Ok(back.flash_problem(error.message)),
            None => Ok(back),
        },
    }
}
