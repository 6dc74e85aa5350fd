//! The consumer's usage explorer.

use axum::{Router, extract::Query, routing::get};
use domain::{
    application::service::ApplicationOverview,
    error::DomainError,
    id::ApplicationId,
    plan::grouped,
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
    error::PageError,
    href,
    page::{DashboardSection, Page, PageResult},
    ui::{
        BarChart, Button, Card, ChartData, Column, Empty, LinkButton, Look, PageTitle, Row, Segmented, SelectField,
        Series, Stat, Stats, Tab, Table, Unit, counted, mean_in_ms, moment, visible_text,
    },
};

/// Routes of this feature.
pub fn router() -> Router<AppState> {
    Router::new().route("/dashboard/usage", get(show))
}

/// What is shown is the URL.
#[derive(Deserialize)]
struct View {
    #[serde(default)]
    range: String,
    #[serde(default)]
    application: String,
}

/// Ranges: name in the URL, words, length, steps of the chart.
const RANGES: [(&str, &str, Duration, u32); 4] = [
    ("1h", "1 h", Duration::HOUR, 60),
    ("24h", "24 h", Duration::DAY, 24),
    ("7d", "7 d", Duration::days(7), 28),
    ("30d", "30 d", Duration::days(30), 30),
];

/// `GET /dashboard/usage`
async fn show(cx: Cx, Query(view): Query<View>) -> PageResult {
    cx.actor().account().ok_or(DomainError::Unauthenticated)?;
    let (range_name, _, length, steps) = RANGES
        .into_iter()
        .find(|(name, ..)| *name == view.range)
        .unwrap_or(RANGES[1]);
    let chosen: Option<ApplicationId> = match view.application.as_str() {
        "" => None,
        id => Some(id.parse().map_err(|_| PageError::not_found("application"))?),
    };
    let scope = chosen.map_or(UsageScope::MyApplications, UsageScope::Application);
    // The range ends with the step that is under way, so that steps begin at round times.
    let end = moment::end_of_step(cx.now(), length / steps);
    let range = TimeRange {
        from: end - length,
        to: end,
    };
    let usage = &cx.services().usage;
    let totals = usage.totals(cx.actor(), scope, range).await?;
    let timeline = usage.timeline(cx.actor(), scope, range, steps).await?;
    let operations = usage.by_operation(cx.actor(), scope, range).await?;
    let applications = cx.services().applications.list(cx.actor()).await?;
    let is_long = length > Duration::DAY;
    let application = chosen.map(|id| id.to_string()).unwrap_or_default();
    Ok(Page::new("Usage", move || {
        if applications.is_empty() {
            return view! {
                <div class="stack" data-gap="lg">
                    <PageTitle title="Usage" />
                    <Empty title="Nothing to count yet" text="Create an application, subscribe it to a plan and call an API.">
                        <LinkButton href=href::catalog()>"Find an API"</LinkButton>
                    </Empty>
                </div>
            }
            .into_any();
        }
        let ranges = RANGES
            .iter()
            .map(|(name, words, ..)| {
                let to = href::with_query(&href::usage(), &[("range", name), ("application", &application)]);
                Tab::new(*words, to, *name == range_name)
            })
            .collect();
        view! {
            <div class="stack" data-gap="lg">
                <PageTitle title="Usage" actions=view! { <Segmented label="Time range" choices=ranges /> }.into_any() />
                {filter(applications, &application, range_name)}
                {headline(&totals)}
                {chart(&timeline, is_long)}
                {table(&operations)}
            </div>
        }
        .into_any()
    })
    .dashboard(DashboardSection::Usage))
}

fn filter(applications: Vec<ApplicationOverview>, chosen: &str, range: &'static str) -> impl IntoView + use<> {
    let options = std::iter::once((String::new(), "All applications".to_owned()))
        .chain(applications.into_iter().map(|overview| {
            (
                overview.application.id.to_string(),
                visible_text(&overview.application.name).into_owned(),
            )
        }))
        .collect();
    view! {
        <form method="get" action=href::usage() class="filter-row">
            <input type="hidden" name="range" value=range />
            <SelectField name="application" label="Application" options=options value=chosen />
            <Button>"Show"</Button>
        </form>
    }
}

fn headline(totals: &UsageTotals) -> impl IntoView + use<> {
    let UsageTotals { sums, refused, errors } = *totals;
    let calls = sums.calls;
    // Refusals are made here within microseconds; they say nothing about the upstream.
    let mean = mean_in_ms(sums.latency_us, calls - refused);
    view! {
        <Stats>
            <Stat name="Calls" value=grouped(calls) />
            <Stat name="Counted" value=grouped(sums.units) note="against your quotas" />
            <Stat name="Refused" value=grouped(refused) note="never counted" />
            <Stat name="Server errors" value=grouped(errors) />
            <Stat name="Mean latency" value=mean unit="ms" />
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
    let total: u64 = timeline.iter().map(|p| p.calls).sum();
    let refused: u64 = timeline.iter().map(|p| p.refused).sum();
    let series = |name: &str, look, total: u64, read: fn(&UsagePoint) -> u64| Series {
        name: name.to_owned(),
        look,
        values: timeline.iter().map(|point| Some(read(point) as f64)).collect(),
        total: Some(grouped(total)),
    };
    let data = ChartData {
        name: "Calls over time".into(),
        finding: format!("{}, {} refused.", counted(total, "call", "calls"), grouped(refused)),
        unit: Unit::Count,
        axis: "Time, UTC",
        points: timeline.iter().map(|point| label(point.at)).collect(),
        series: vec![
            series("Answered", Look::First, total - refused, |p| p.calls - p.refused),
            series("Refused", Look::Danger, refused, |p| p.refused),
        ],
        empty: "No calls in this range".into(),
    };
    view! {
        <Card title="Calls over time" id="calls">
            <BarChart data />
        </Card>
    }
}

fn table(operations: &[OperationUsage]) -> Option<impl IntoView + use<>> {
    if operations.is_empty() {
        return None;
    }
    let rows = operations
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
                .cell(format!("{:.1} ms", usage.mean_latency_us as f64 / 1_000.0))
        })
        .collect();
    Some(view! {
        <Card title="By operation" id="operations" flush=true>
            <Table
                caption="Calls per operation"
                columns=vec![
                    Column::text("Operation"),
                    Column::text("API"),
                    Column::number("Calls"),
                    Column::number("Counted"),
                    Column::number("Refused"),
                    Column::number("Errors"),
                    Column::number("Mean latency"),
                ]
                rows=rows
            />
        </Card>
    })
}
