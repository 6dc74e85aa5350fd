//! The audit log of an organization.

use axum::{
    Router,
    extract::{Path, Query},
    routing::get,
};
use leptos::prelude::*;
use serde::Deserialize;

use crate::{
    cx::{AppState, Cx},
    href,
    page::{ConsoleSection, Page, PageResult},
    ui::{Column, Empty, Moment, PageTitle, Pager, Row, Table, visible_text},
};

pub(super) fn router() -> Router<AppState> {
    Router::new().route("/console/{org}/audit", get(show))
}

#[derive(Deserialize)]
struct After {
    #[serde(default)]
    after: String,
}

/// `GET /console/{org}/audit`
async fn show(cx: Cx, Path(slug): Path<String>, Query(query): Query<After>) -> PageResult {
    let organization = cx.services().organizations.for_console(cx.actor(), &slug).await?;
    let cursor = (!query.after.is_empty()).then_some(query.after);
    let entries = cx
        .services()
        .audit
        .list(cx.actor(), organization.id, cursor.as_deref())
        .await?;
    let page = Page::new("Audit log", move || {
        if entries.items.is_empty() {
            return view! {
                <div class="stack" data-gap="lg">
                    <PageTitle title="Audit log" />
                    <Empty title="Nothing happened yet" text="Every change to this organization is written down here." />
                </div>
            }
            .into_any();
        }
        let first = cursor.is_some().then(|| href::audit(&slug));
        let next = entries
            .next
            .as_ref()
            .map(|next| href::with_query(&href::audit(&slug), &[("after", next)]));
        let count = entries.items.len();
        let rows = entries
            .items
            .into_iter()
            .map(|entry| {
                let who = entry
                    .account_email
                    .map_or_else(|| "Installation".to_owned(), |e| visible_text(&e).into_owned());
                Row::new(view! { <Moment at=entry.at /> })
                    .cell(who)
                    .cell(view! { <code class="mono small">{entry.action}</code> })
                    .cell(visible_text(&entry.detail).into_owned())
                    .cell(view! { <code class="mono xs">{entry.target}</code> })
            })
            .collect();
        view! {
            <div class="stack" data-gap="lg">
                <PageTitle title="Audit log" />
                <div class="card" data-flush=true>
                    <Table
                        caption="Audit log, newest first"
                        columns=vec![
                            Column::text("When"),
                            Column::text("Who"),
                            Column::text("What"),
                            Column::text("Detail"),
                            Column::text("Target"),
                        ]
                        rows=rows
                    />
                </div>
                <Pager label="Audit log" summary=format!("{count} shown") first next />
            </div>
        }
        .into_any()
    });
    Ok(page.console(&organization, ConsoleSection::Audit))
}
