//! `GET /console/{org}/plans`

use axum::extract::Path;
use domain::{authz::Action, plan::grouped};
use leptos::prelude::*;

use crate::{
    cx::Cx,
    href,
    page::{ConsoleSection, Page, PageResult},
    ui::{ButtonKind, Column, Empty, IconName, LinkButton, PageTitle, Row, Table, limits_in_words},
};

pub(super) async fn show(cx: Cx, Path(slug): Path<String>) -> PageResult {
    let organization = cx.services().organizations.for_console(cx.actor(), &slug).await?;
    let plans = cx.services().plans.list(cx.actor(), organization.id).await?;
    let may_edit = cx.actor().require(Action::EditPlan, organization.id).is_ok();
    let page = Page::new("Plans", move || {
        let new = may_edit.then(|| {
            view! {
                <LinkButton href=href::new_plan(&slug) kind=ButtonKind::Primary icon=IconName::Plus>
                    "New plan"
                </LinkButton>
            }
        });
        if plans.is_empty() {
            return view! {
                <div class="stack" data-gap="lg">
                    <PageTitle title="Plans" />
                    <Empty
                        title="No plan yet"
                        text="A plan says what a subscription costs and allows. Consumers need one to get a key for your APIs."
                    >
                        {new}
                    </Empty>
                </div>
            }
            .into_any();
        }
        let rows = plans
            .iter()
            .map(|entry| {
                Row::linked(entry.plan.name.clone(), href::edit_plan(&slug, &entry.plan.slug))
                    .cell(entry.api_names.join(", "))
                    .cell(limits_in_words(&entry.plan).join(". "))
                    .cell("Free")
                    .cell(grouped(entry.subscriptions))
            })
            .collect();
        view! {
            <div class="stack" data-gap="lg">
                <PageTitle title="Plans" actions=new.into_any() />
                <div class="card" data-flush=true>
                    <Table
                        caption="Plans"
                        columns=vec![
                            Column::text("Plan"),
                            Column::text("APIs"),
                            Column::text("Allows"),
                            Column::text("Price"),
                            Column::number("Subscriptions"),
                        ]
                        rows=rows
                    />
                </div>
            </div>
        }
        .into_any()
    });
    Ok(page.console(&organization, ConsoleSection::Plans))
}
