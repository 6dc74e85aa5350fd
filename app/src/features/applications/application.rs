//! The page of an application: subscriptions, keys, OAuth clients, today's calls.

use axum::extract::Path;
use domain::{
    application::service::{ApplicationDetail, SubscriptionView},
    id::ApplicationId,
    plan::{Period, grouped},
    subscription::SubscriptionState,
    usage::{
        OperationUsage,
        query::{TimeRange, UsageScope},
    },
};
use leptos::prelude::*;

use super::{application_id, clients, keys};
use crate::{
    cx::Cx,
    form::FormState,
    href,
    page::{DashboardSection, Page, PageResult},
    ui::{
        ButtonKind, ButtonSize, Card, Column, Crumbs, Empty, ErrorSummary, IconName, LinkButton, Meter, PageTitle,
        Place, Row, StateBadge, Table, limits_in_words, visible_text,
    },
};

/// `GET /dashboard/applications/{id}`
pub(super) async fn show(cx: Cx, Path(id): Path<String>) -> PageResult {
    page(&cx, application_id(&id)?, FormState::default()).await
}

/// The page; `key_form` is the refused form of a new key or OAuth client.
pub(super) async fn page(cx: &Cx, id: ApplicationId, key_form: FormState) -> PageResult {
    let detail = cx.services().applications.detail(cx.actor(), id).await?;
    let now = cx.now();
    let today = TimeRange {
        from: Period::Day.start(now),
        to: now,
    };
    let calls = cx
        .services()
        .usage
        .by_operation(cx.actor(), UsageScope::Application(id), today)
        .await?;
    let status = key_form.status();
    let page = Page::new(detail.application.name.clone(), move || {
        let application = &detail.application;
        let actions = view! { <LinkButton href=href::edit_application(id) icon=IconName::Gear>"Edit"</LinkButton> };
        view! {
            <div class="stack" data-gap="lg">
                <Crumbs above=vec![Place::new("Dashboard", href::dashboard())] current=application.name.clone() />
                <PageTitle
                    title=application.name.clone()
                    about=view! { <span>{visible_text(&application.description).into_owned()}</span> }.into_any()
                    actions=actions.into_any()
                />
                <ErrorSummary errors=key_form.errors.clone() />
                {subscriptions_card(&detail)}
                {keys::card(&detail, &key_form, now)}
                {clients::card(&detail, &key_form, now)}
                {calls_card(&calls)}
            </div>
        }
    });
    Ok(page.dashboard(DashboardSection::Overview).status(status))
}

fn subscriptions_card(detail: &ApplicationDetail) -> impl IntoView + use<> {
    let find = || view! { <LinkButton href=href::catalog() size=ButtonSize::Small icon=IconName::Plus>"Subscribe"</LinkButton> };
    if detail.subscriptions.is_empty() {
        return view! {
            <Card title="Subscriptions" id="subscriptions">
                <Empty
                    title="No subscription yet"
                    text="Find an API and choose one of its plans; the application's keys then work for it."
                >
                    <LinkButton href=href::catalog() kind=ButtonKind::Primary>"Find an API"</LinkButton>
                </Empty>
            </Card>
        }
        .into_any();
    }
    let items = detail
        .subscriptions
        .iter()
        .map(|view| subscription(detail.application.id, view))
        .collect_view();
    view! {
        <Card title="Subscriptions" id="subscriptions" actions=find().into_any()>
            <ul class="stack" role="list">{items}</ul>
        </Card>
    }
    .into_any()
}

fn subscription(application: ApplicationId, view: &SubscriptionView) -> impl IntoView + use<> {
    let apis = view
        .apis
        .iter()
        .map(|(slug, name)| {
            let to = href::api(&view.organization.slug, slug);
            view! { <a href=to>{visible_text(name).into_owned()}</a> }
        })
        .collect_view();
    let meter = view
        .quota
        .allowed
        .filter(|_| view.subscription.state != SubscriptionState::Canceled)
        .map(|allowed| {
            view! { <Meter name="Used in this period" used=view.quota.used allowed unit="calls" /> }
        });
    let scopes = (!view.subscription.scopes.is_empty()).then(|| {
        view! { <p class="small muted">{format!("Scopes of access tokens: {}", view.subscription.scopes.join(" "))}</p> }
    });
    let cancel = (view.subscription.state != SubscriptionState::Canceled).then(|| {
        view! {
            <LinkButton
                href=href::change_plan(application, view.subscription.id)
                size=ButtonSize::Small
                label=format!("Change plan {}", view.plan.name)
            >
                "Change plan"
            </LinkButton>
            <LinkButton
                href=href::cancel_subscription(application, view.subscription.id)
                size=ButtonSize::Small
                kind=ButtonKind::Danger
                label=format!("Cancel {}", view.plan.name)
            >
                "Cancel"
            </LinkButton>
        }
    });
    view! {
        <li class="stack" data-gap="sm">
            <div class="row" data-between=true>
                <div class="row">
                    <strong>{visible_text(&view.plan.name).into_owned()}</strong>
                    <span class="muted">{format!("of {}", visible_text(&view.organization.name))}</span>
                    <StateBadge state=view.subscription.state />
                </div>
                <div class="btn-row">{cancel}</div>
            </div>
            <p class="small muted">{limits_in_words(&view.plan).join(". ")} "."</p>
            <p class="small row">{apis}</p>
            {scopes}
            {meter}
        </li>
    }
}

fn calls_card(calls: &[OperationUsage]) -> impl IntoView + use<> {
    let rows: Vec<Row> = calls
        .iter()
        .map(|usage| {
            let route = if usage.route.is_empty() {
                "No operation matched".to_owned()
            } else {
                usage.route.clone()
            };
            Row::new(visible_text(&route).into_owned())
                .cell(visible_text(&format!("{} {}", usage.api_name, usage.version)).into_owned())
                .cell(grouped(usage.calls))
                .cell(grouped(usage.units))
                .cell(grouped(usage.refused))
                .cell(grouped(usage.errors))
        })
        .collect();
    let body = if rows.is_empty() {
        view! { <p class="card-note muted">"No call since midnight UTC."</p> }.into_any()
    } else {
        view! {
            <Table
                caption="Calls today per operation"
                columns=vec![
                    Column::text("Operation"),
                    Column::text("API"),
                    Column::number("Calls"),
                    Column::number("Counted"),
                    Column::number("Refused"),
                    Column::number("Errors"),
                ]
                rows=rows
            />
        }
        .into_any()
    };
    let more = view! { <a class="small" href=href::usage()>"Explore usage"</a> };
    view! {
        <Card title="Calls today" id="calls" flush=true actions=more.into_any()>
            {body}
        </Card>
    }
}
