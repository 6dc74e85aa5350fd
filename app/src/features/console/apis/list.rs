//! `GET /console/{org}/apis`: every api with its versions and today's calls.

use axum::extract::Path;
use domain::{authz::Action, plan::grouped};
use leptos::prelude::*;

use crate::{
    cx::Cx,
    href,
    page::{ConsoleSection, Page, PageResult},
    ui::{ButtonKind, Column, Empty, IconName, LinkButton, PageTitle, Row, StateBadge, Table, VersionTag},
};

pub(super) async fn show(cx: Cx, Path(slug): Path<String>) -> PageResult {
    let organization = cx.services().organizations.for_console(cx.actor(), &slug).await?;
    let apis = cx.services().catalog_reads.console_apis(cx.actor(), &slug).await?;
    let may_edit = cx.actor().require(Action::EditApi, organization.id).is_ok();
    let page = Page::new("APIs", move || {
        let new = may_edit.then(|| {
            view! {
                <LinkButton href=href::new_api(&slug) kind=ButtonKind::Primary icon=IconName::Plus>
                    "New API"
                </LinkButton>
            }
        });
        if apis.is_empty() {
            return view! {
                <div class="stack" data-gap="lg">
                    <PageTitle title="APIs" />
                    <Empty
                        title="No API yet"
                        text="Bring an OpenAPI document: you see at once what it describes, then you set where calls go and publish it."
                    >
                        {new}
                    </Empty>
                </div>
            }
            .into_any();
        }
        let rows = apis
            .iter()
            .map(|entry| {
                let versions = entry
                    .versions
                    .iter()
                    .map(|version| {
                        let to = href::console_version(&slug, &entry.api.slug, &version.name);
                        view! {
                            <span class="row" data-gap="xs">
                                <VersionTag name=version.name.to_string() href=to />
                                <StateBadge state=version.state />
                            </span>
                        }
                    })
                    .collect_view();
                Row::linked(entry.api.name.clone(), href::console_api(&slug, &entry.api.slug))
                    .cell(view! { <span class="row">{versions}</span> })
                    .cell(entry.api.visibility.as_str())
                    .cell(grouped(entry.calls_24h))
            })
            .collect();
        view! {
            <div class="stack" data-gap="lg">
                <PageTitle title="APIs" actions=new.into_any() />
                <div class="card" data-flush=true>
                    <Table
                        caption="APIs"
                        columns=vec![
                            Column::text("API"),
                            Column::text("Versions"),
                            Column::text("Visibility"),
                            Column::number("Calls in 24 h"),
                        ]
                        rows=rows
                    />
                </div>
            </div>
        }
        .into_any()
    });
    Ok(page.console(&organization, ConsoleSection::Apis))
}
