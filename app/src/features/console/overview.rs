//! An organization's first page: traffic, what needs somebody, the busiest operations.

use axum::{Router, extract::Path, extract::Query, routing::get};
use domain::{
    plan::grouped,
    subscription::SubscriptionState,
    usage::{
        OperationUsage, UsagePoint,
        query::{TimeRange, UsageScope, UsageTotals},
    },
};
use leptos::prelude::*;
use serde::Deserialize;
use time::Duration;

use crate::{
    cx::{AppState, Cx},
    href,
    page::{ConsoleSection, Page, PageResult},
    ui::{
        ButtonKind, Card, ChartData, Column, Empty, Icon, IconName, LineChart, LinkButton, Look, PageTitle, Row,
        Segmented, Series, Stat, Stats, Tab, Table, Unit, counted, mean_in_ms, moment, percent_in_words, visible_text,
    },
};

pub(super) fn router() -> Router<AppState> {
    Router::new().route("/console/{org}", get(show))
}

#[derive(Deserialize)]
struct Range {
    #[serde(default)]
    range: String,
}

/// Ranges: name in the URL, words, length, steps of the chart.
const RANGES: [(&str, &str, Duration, u32); 4] = [
    ("1h", "1 h", Duration::HOUR, 60),
    ("24h", "24 h", Duration::DAY, 96),
    ("7d", "7 d", Duration::days(7), 84),
    ("30d", "30 d", Duration::days(30), 90),
];

/// `GET /console/{org}`
async fn show(cx: Cx, Path(slug): Path<String>, Query(query): Query<Range>) -> PageResult {
    let organization = cx.services().organizations.for_console(cx.actor(), &slug).await?;
    let (range_name, _, length, steps) = RANGES
        .into_iter()
        .find(|(name, ..)| *name == query.range)
        .unwrap_or(RANGES[1]);
    // The range ends with the step that is under way, so that steps begin at round times.
    let end = moment::end_of_step(cx.now(), length / steps);
    let range = TimeRange {
        from: end - length,
        to: end,
    };
    let before = TimeRange {
        from: end - length - length,
        to: end - length,
    };
    let scope = UsageScope::Organization(organization.id);
    let usage = &cx.services().usage;
    let totals = usage.totals(cx.actor(), scope, range).await?;
    let previous = usage.totals(cx.actor(), scope, before).await?;
    let timeline = usage.timeline(cx.actor(), scope, range, steps).await?;
    let operations = usage.by_operation(cx.actor(), scope, range).await?;
    let apis = cx.services().catalog_reads.console_apis(cx.actor(), &slug).await?;
    let pending = cx
        .services()
        .subscriptions
        .subscribers(cx.actor(), organization.id)
        .await?
        .iter()
        .filter(|s| s.subscription.state == SubscriptionState::Pending)
        .count();
    let is_long = length > Duration::DAY;
    let page = Page::new("Overview", move || {
        let ranges = RANGES
            .iter()
            .map(|(name, words, ..)| {
                let to = href::with_query(&href::console_overview(&slug), &[("range", name)]);
                Tab::new(*words, to, *name == range_name)
            })
            .collect();
        let new_api = view! {
            <Segmented label="Time range" choices=ranges />
            <LinkButton href=href::new_api(&slug) kind=ButtonKind::Primary icon=IconName::Plus>"New API"</LinkButton>
        };
        let approvals = (pending > 0).then(|| {
            view! {
                <section class="card" data-flush=true aria-labelledby="needs">
                    <div class="card-head"><h2 id="needs">"Needs you"</h2></div>
                    <div class="needs-wrap">
                        <ul class="needs">
                            <li data-tone="info">
                                <Icon name=IconName::Inbox />
                                <div>
                                    <h3>{format!("{} for approval", counted(pending as u64, "subscription waits", "subscriptions wait"))}</h3>
                                    <p>"Applications cannot call before you decide."</p>
                                </div>
                                <LinkButton href=href::subscribers(&slug)>"Review"</LinkButton>
                            </li>
                        </ul>
                    </div>
                </section>
            }
        });
        if apis.is_empty() {
            return view! {
                <div class="stack" data-gap="lg">
                    <PageTitle title="Overview" />
                    <Empty
                        title="No API yet"
                        text="Bring an OpenAPI document: you see at once what it describes, then you set where calls go and publish it."
                    >
                        <LinkButton href=href::new_api(&slug) kind=ButtonKind::Primary icon=IconName::Plus>"New API"</LinkButton>
                    </Empty>
                </div>
            }
            .into_any();
        }
        view! {
            <div class="stack" data-gap="lg">
                <PageTitle title="Overview" actions=new_api.into_any() />
                {approvals}
                {headline(&totals, &previous)}
                {chart(&timeline, is_long)}
                {busiest(&slug, &operations)}
            </div>
        }
        .into_any()
    });
    Ok(page.console(&organization, ConsoleSection::Overview))
}

fn headline(totals: &UsageTotals, previous: &UsageTotals) -> impl IntoView + use<> {
    let calls = totals.sums.calls;
    let (errors, refused) = (totals.errors, totals.refused);
    let share = move |part: u64| {
        percent_in_words(if calls == 0 {
            0.0
        } else {
            part as f64 / calls as f64 * 100.0
        })
    };
    let change = (previous.sums.calls > 0).then(|| {
        let percent = (calls as f64 / previous.sums.calls as f64 - 1.0) * 100.0;
        format!("{percent:+.1} %")
    });
    let note = change.as_ref().map(|_| "on the period before".to_owned());
    // Refusals are made here within microseconds; they say nothing about the upstream.
    let mean = mean_in_ms(totals.sums.latency_us, calls - refused);
    view! {
        <Stats>
            {match (change, note) {
                (Some(change), Some(note)) => {
                    view! { <Stat name="Requests" value=grouped(calls) change=change note=note /> }.into_any()
                }
                _ => view! { <Stat name="Requests" value=grouped(calls) /> }.into_any(),
            }}
            <Stat name="Server errors" value=grouped(errors) note=format!("{} of requests", share(errors)) />
            <Stat name="Mean latency" value=mean unit="ms" note="to the first byte" />
            <Stat name="Refused by the gateway" value=grouped(refused) note="never counted against a quota" />
        </Stats>
    }
}

fn chart(timeline: &[UsagePoint], is_long: bool) -> impl IntoView + use<> {
    let label = |at| {
        if is_long {
            moment::day_month(at)
        } else {
            moment::hour_minute(at)
        }
    };
    let series = |name: &str, look, read: fn(&UsagePoint) -> u64| Series {
        name: name.to_owned(),
        look,
        values: timeline.iter().map(|point| Some(read(point) as f64)).collect(),
        total: Some(grouped(timeline.iter().map(read).sum())),
    };
    let requests: u64 = timeline.iter().map(|p| p.calls).sum();
    let errors: u64 = timeline.iter().map(|p| p.errors).sum();
    let data = ChartData {
        name: "Requests and errors".into(),
        finding: format!(
            "{}, {} with a server error.",
            counted(requests, "request", "requests"),
            grouped(errors)
        ),
        unit: Unit::Count,
        axis: "Time, UTC",
        points: timeline.iter().map(|point| label(point.at)).collect(),
        series: vec![
            series("Requests", Look::First, |p| p.calls),
            series("Refused", Look::Second, |p| p.refused),
            series("Server errors", Look::Danger, |p| p.errors),
        ],
        empty: "No calls in this range".into(),
    };
    view! {
        <Card title="Requests and errors" id="traffic">
            <LineChart data />
        </Card>
    }
}

fn busiest(slug: &str, operations: &[OperationUsage]) -> Option<impl IntoView + use<>> {
    const SHOWN: usize = 10;
    if operations.is_empty() {
        return None;
    }
    let all: u64 = operations.iter().map(|o| o.calls).sum();
    let rows = operations
        .iter()
        .take(SHOWN)
        .map(|operation| {
            let route = if operation.route.is_empty() {
                "No operation matched".to_owned()
            } else {
                operation.route.clone()
            };
            let place = format!("{} {}", operation.api_name, operation.version);
            let to = href::console_version(slug, &operation.api, &operation.version);
            Row::linked(visible_text(&route).into_owned(), to)
                .cell(visible_text(&place).into_owned())
                .cell(grouped(operation.calls))
                .cell(percent_in_words(operation.calls as f64 / all.max(1) as f64 * 100.0))
                .cell(grouped(operation.errors))
                .cell(grouped(operation.refused))
                .cell(format!("{:.1} ms", operation.mean_latency_us as f64 / 1_000.0))
        })
        .collect();
    Some(view! {
        <Card title="Busiest operations" id="busiest" flush=true>
            <Table
                caption="Busiest operations"
                columns=vec![
                    Column::text("Operation"),
                    Column::text("API"),
                    Column::number("Requests"),
                    Column::number("Share"),
                    Column::number("Errors"),
                    Column::number("Refused"),
                    Column::number("Mean latency"),
                ]
                rows=rows
            />
        </Card>
    })
}
