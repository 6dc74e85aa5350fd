//! `GET /dashboard`: what needs the reader, then the applications.

use domain::{
    application::service::{ApplicationDetail, ApplicationOverview},
    error::DomainError,
    plan::grouped,
    subscription::SubscriptionState,
};
use leptos::prelude::*;

use crate::{
    cx::Cx,
    href,
    page::{DashboardSection, Page, PageResult},
    ui::{
        Button, ButtonKind, Callout, Card, Column, Empty, Icon, IconName, LinkButton, PageTitle, Row, Table, Tone,
        counted, visible_text,
    },
};

/// Something the reader should know or do.
struct Need {
    tone: &'static str,
    icon: IconName,
    title: String,
    text: String,
    button: (String, &'static str),
}

/// Applications whose details are read for the list of needs; more would make the page slow.
const READ_AT_MOST: usize = 20;
/// From this share of its quota on, a subscription needs attention, in percent.
const QUOTA_NEAR: u64 = 80;

/// `GET /dashboard`
pub(super) async fn show(cx: Cx) -> PageResult {
    let account = cx.actor().account().ok_or(DomainError::Unauthenticated)?;
    let is_unverified = !account.is_verified;
    let email = account.email.clone();
    let applications = cx.services().applications.list(cx.actor()).await?;
    let mut needs = Vec::new();
    for overview in applications.iter().take(READ_AT_MOST) {
        let detail = cx
            .services()
            .applications
            .detail(cx.actor(), overview.application.id)
            .await?;
        needs.extend(needs_of(&detail));
    }
    let has_sink = cx.settings().has_mail_sink;
    Ok(Page::new("Dashboard", move || {
        view! {
            <div class="stack" data-gap="lg">
                <PageTitle title="Dashboard" actions=new_button(!applications.is_empty() && !is_unverified).into_any() />
                {is_unverified.then(|| verify_first(email, has_sink))}
                {needs_card(needs)}
                {applications_card(applications, is_unverified)}
            </div>
        }
    })
    .dashboard(DashboardSection::Overview))
}

fn new_button(is_shown: bool) -> Option<impl IntoView> {
    is_shown.then(|| {
        view! {
            <LinkButton href=href::new_application() kind=ButtonKind::Primary icon=IconName::Plus>
                "New application"
            </LinkButton>
        }
    })
}

fn verify_first(email: String, has_sink: bool) -> impl IntoView {
    view! {
        <Callout tone=Tone::Warn title="Verify your address">
            <p>
                {format!("Open the link that we sent to {email}. Until then you can read, but not create anything.")}
                {has_sink.then(|| view! { " In this demo, mails end in the " <a href="/demo/mail">"demo's mailbox"</a> "." })}
            </p>
            <form method="post" action=href::resend_verification()>
                <Button>"Send it again"</Button>
            </form>
        </Callout>
    }
}

fn needs_of(detail: &ApplicationDetail) -> Vec<Need> {
    let application = visible_text(&detail.application.name).into_owned();
    let to = href::application(detail.application.id);
    let mut needs = Vec::new();
    for view in &detail.subscriptions {
        let plan = visible_text(&view.plan.name).into_owned();
        match view.subscription.state {
            SubscriptionState::Suspended => needs.push(Need {
                tone: "danger",
                icon: IconName::Ban,
                title: format!("{plan} is suspended for {application}"),
                text: format!("{} stopped it. Calls get 403.", visible_text(&view.organization.name)),
                button: (to.clone(), "Look"),
            }),
            SubscriptionState::Pending => needs.push(Need {
                tone: "info",
                icon: IconName::Clock,
                title: format!("{application} waits for {plan}"),
                text: format!("{} has to approve it.", visible_text(&view.organization.name)),
                button: (to.clone(), "Look"),
            }),
            SubscriptionState::Active => {
                if let Some(allowed) = view.quota.allowed
                    && view.quota.used.saturating_mul(100) >= allowed.saturating_mul(QUOTA_NEAR)
                {
                    let (used, allowed) = (grouped(view.quota.used), grouped(allowed));
                    needs.push(Need {
                        tone: "warn",
                        icon: IconName::Warn,
                        title: if view.quota.used >= view.quota.allowed.unwrap_or(u64::MAX) {
                            format!("{application} has used up the quota of {plan}")
                        } else {
                            format!("{application} nears the quota of {plan}")
                        },
                        text: format!("{used} of {allowed} calls are used."),
                        button: (to.clone(), "Look"),
                    });
                }
            }
            SubscriptionState::Canceled => {}
        }
    }
    needs
}

fn needs_card(needs: Vec<Need>) -> Option<impl IntoView> {
    if needs.is_empty() {
        return None;
    }
    let count = counted(needs.len() as u64, "thing", "things");
    let items = needs
        .into_iter()
        .map(|need| {
            let (to, word) = need.button;
            view! {
                <li data-tone=need.tone>
                    <Icon name=need.icon />
                    <div>
                        <h3>{need.title.clone()}</h3>
                        <p>{need.text}</p>
                    </div>
                    <LinkButton href=to label=format!("{word}: {}", need.title)>{word}</LinkButton>
                </li>
            }
        })
        .collect_view();
    Some(view! {
        <Card title="Needs you" id="needs" flush=true actions=view! { <span class="muted small">{count}</span> }.into_any()>
            <div class="needs-wrap"><ul class="needs">{items}</ul></div>
        </Card>
    })
}

fn applications_card(applications: Vec<ApplicationOverview>, is_unverified: bool) -> impl IntoView {
    if applications.is_empty() {
        let begin = (!is_unverified).then(|| {
            view! {
                <LinkButton href=href::new_application() kind=ButtonKind::Primary icon=IconName::Plus>
                    "New application"
                </LinkButton>
            }
        });
        return view! {
            <Empty
                title="No application yet"
                text="An application is what calls APIs for you: a website, a script, a device. It holds subscriptions and keys."
            >
                {begin}
                <LinkButton href=href::catalog()>"Find an API"</LinkButton>
            </Empty>
        }
        .into_any();
    }
    let rows = applications
        .into_iter()
        .map(|overview| {
            let name = visible_text(&overview.application.name).into_owned();
            Row::linked(name, href::application(overview.application.id))
                .cell(grouped(overview.subscriptions))
                .cell(grouped(overview.keys))
                .cell(grouped(overview.calls_today))
        })
        .collect();
    view! {
        <Card title="Applications" id="applications" flush=true>
            <Table
                caption="Your applications"
                columns=vec![
                    Column::text("Application"),
                    Column::number("Subscriptions"),
                    Column::number("Keys"),
                    Column::number("Calls today"),
                ]
                rows=rows
            />
        </Card>
    }
    .into_any()
}
